/** From one line to a record's key, headers and value, as Kafka's LineMessageReader splits it. */
import type { Int64 } from '../../bytes/int64.ts'
import { TerseError } from '../../errors.ts'

/** Reader properties under Kafka's names (LineMessageReader). */
export type ReaderProperties = ReadonlyMap<string, string>

/** The only reader there is, under the genuine class's name. */
export const LINE_MESSAGE_READER = 'org.apache.kafka.tools.LineMessageReader'

const LF = 10
const CR = 13
/** A line longer than this is cut in an error message. */
const SHOWN = 1000

/**
 * Takes a line apart into headers, key and value, as Kafka's LineMessageReader does, but on bytes: what is not UTF-8
 * passes unchanged. The parts of the last line stand in the fields, as positions in the buffer that was handed in
 * (headers: in `headers`, as a record stores them), so that no object is made per line.
 */
export class LineMessageReader {
  /** True when a line is a value and nothing else: `parse` need not be called. */
  readonly plain: boolean
  /** The byte between key and value when a line is these two and nothing else; -1 when it is not so simple. */
  keySeparatorByte: number
  keyStart = 0
  /** -1: no key. */
  keyEnd = -1
  valueStart = 0
  /** -1: a null value. */
  valueEnd = -1
  /** Bytes of the headers, [0, headersEnd). */
  headers: Buffer = EMPTY
  headersEnd = 0
  headersCount = 0
  /** Holds the parts where that is not the buffer that was handed in. */
  source: Buffer | undefined = undefined
  /** The line's own, where it has them. */
  timestamp: Int64 | undefined = undefined
  partition: number | undefined = undefined
  /** How many times longer than its record a line may be, where lines must be whole. */
  growth: number | undefined = undefined

  readonly #parseKey: boolean
  readonly #parseHeaders: boolean
  readonly #ignoreError: boolean
  readonly #keySeparator: Buffer
  readonly #headersDelimiter: Buffer
  readonly #headersSeparator: string
  readonly #headersKeySeparator: string
  readonly #nullMarker: Buffer | undefined
  readonly #splitter: RegExp | string

  /** @throws TerseError in Kafka's words for separators that cannot be told apart */
  constructor(properties: ReaderProperties) {
    const isTrue = (name: string) => properties.get(name)?.trim().toLowerCase() === 'true'
    const text = (name: string, fallback: string) => properties.get(name) ?? fallback
    this.#parseKey = isTrue('parse.key')
    this.#parseHeaders = isTrue('parse.headers')
    this.#ignoreError = isTrue('ignore.error')
    const keySeparator = text('key.separator', '\t')
    const headersDelimiter = text('headers.delimiter', '\t')
    const headersSeparator = text('headers.separator', ',')
    const headersKeySeparator = text('headers.key.separator', ':')
    const nullMarker = properties.get('null.marker')
    checkDistinct('headers.delimiter', headersDelimiter, 'headers.separator', headersSeparator)
    checkDistinct('headers.delimiter', headersDelimiter, 'headers.key.separator', headersKeySeparator)
    checkDistinct('headers.separator', headersSeparator, 'headers.key.separator', headersKeySeparator)
    checkDistinct('null.marker', nullMarker, 'key.separator', keySeparator)
    checkDistinct('null.marker', nullMarker, 'headers.separator', headersSeparator)
    checkDistinct('null.marker', nullMarker, 'headers.delimiter', headersDelimiter)
    checkDistinct('null.marker', nullMarker, 'headers.key.separator', headersKeySeparator)
    this.#keySeparator = Buffer.from(keySeparator)
    this.#headersDelimiter = Buffer.from(headersDelimiter)
    // Header text is handled as latin1, one character a byte, so that any bytes come out as they went in.
    this.#headersSeparator = latin1(headersSeparator)
    this.#headersKeySeparator = latin1(headersKeySeparator)
    this.#splitter = headersSplitter(this.#headersSeparator)
    this.#nullMarker = nullMarker === undefined ? undefined : Buffer.from(nullMarker)
    const simple = !this.#parseHeaders && nullMarker === undefined
    const [first] = this.#keySeparator
    const isByte = this.#keySeparator.length === 1 && first !== LF && first !== CR
    this.plain = simple && !this.#parseKey
    this.keySeparatorByte = simple && this.#parseKey && isByte ? first : -1
  }

  /**
   * Parses buffer[start, end), a line without its end.
   * @throws TerseError that names the line's number and what is missing, in Kafka's words
   */
  parse(buffer: Buffer, start: number, end: number, lineNumber: number): void {
    let position = start
    this.headersEnd = 0
    this.headersCount = 0
    this.keyEnd = -1
    if (this.#parseHeaders) {
      const at = find(buffer, start, end, this.#headersDelimiter)
      if (at >= 0) {
        if (!this.#isNull(buffer, start, at)) this.#readHeaders(buffer, start, at, lineNumber)
        position = at + this.#headersDelimiter.length
      } else if (!this.#ignoreError) throw missing('headers delimiter', buffer, start, end, lineNumber)
    }
    if (this.#parseKey) {
      const at = find(buffer, position, end, this.#keySeparator)
      if (at >= 0) {
        this.keyStart = position
        this.keyEnd = this.#isNull(buffer, position, at) ? -1 : at
        position = at + this.#keySeparator.length
      } else if (!this.#ignoreError) throw missing('key separator', buffer, start, end, lineNumber)
    }
    this.valueStart = position
    this.valueEnd = this.#isNull(buffer, position, end) ? -1 : end
  }

  #isNull(buffer: Buffer, start: number, end: number): boolean {
    const marker = this.#nullMarker
    return (
      marker !== undefined &&
      end - start === marker.length &&
      buffer.compare(marker, 0, marker.length, start, end) === 0
    )
  }

  #readHeaders(buffer: Buffer, start: number, end: number, lineNumber: number): void {
    const text = buffer.toString('latin1', start, end)
    const marker = this.#nullMarker?.toString('latin1')
    const separator = this.#headersKeySeparator
    for (const pair of splitAsJava(text, this.#splitter)) {
      const at = pair.indexOf(separator)
      if (at < 0) {
        if (!this.#ignoreError) {
          throw new TerseError(
            `No header key separator found in pair '${utf8(pair)}' on line number ${lineNumber}`,
          )
        }
        this.#addHeader(pair, undefined)
        continue
      }
      const key = pair.slice(0, at)
      if (key === marker) {
        throw new TerseError(
          `Header keys should not be equal to the null marker '${utf8(key)}' as they can't be null\nThat is on line number ${lineNumber}.`,
        )
      }
      const value = pair.slice(at + separator.length)
      this.#addHeader(key, value === marker ? undefined : value)
    }
  }

  /** Appends one header as a record stores it: varint lengths (zigzag; -1 is null), key, value. */
  #addHeader(key: string, value: string | undefined): void {
    const needed = this.headersEnd + key.length + (value?.length ?? 0) + 10
    if (needed > this.headers.length) {
      const grown = Buffer.allocUnsafe(Math.max(256, needed * 2))
      this.headers.copy(grown, 0, 0, this.headersEnd)
      this.headers = grown
    }
    this.#putText(key)
    if (value === undefined) this.headers[this.headersEnd++] = 1
    else this.#putText(value)
    this.headersCount++
  }

  #putText(text: string): void {
    const buffer = this.headers
    let position = this.headersEnd
    let zigzag = text.length * 2
    while (zigzag > 0x7f) {
      buffer[position++] = (zigzag & 0x7f) | 0x80
      zigzag >>>= 7
    }
    buffer[position++] = zigzag
    buffer.write(text, position, text.length, 'latin1')
    this.headersEnd = position + text.length
  }
}

const EMPTY = Buffer.alloc(0)

/** What Java says of a pattern that is one character, and none to it. */
const JAVA_COMPLAINTS: Readonly<Record<string, string>> = {
  '*': "Dangling meta character '*' near index 0",
  '+': "Dangling meta character '+' near index 0",
  '?': "Dangling meta character '?' near index 0",
  '[': 'Unclosed character class near index 0',
  '(': 'Unclosed group near index 1',
  ')': "Unmatched closing ')'",
  '{': 'Illegal repetition',
  '\\': 'Unescaped trailing backslash near index 1',
}

/**
 * `headers.separator` is a regular expression in Kafka; nearly always one plain character.
 * @throws TerseError in Java's words where they are known
 */
function headersSplitter(separator: string): RegExp | string {
  if (!/[\\^$.|?*+()[\]{}]/.test(separator)) return separator
  const complaint = JAVA_COMPLAINTS[separator]
  if (complaint !== undefined) {
    throw new TerseError(`${complaint}\nheaders.separator is a regular expression: put a backslash in front`)
  }
  try {
    return new RegExp(separator, 'g')
  } catch (error) {
    throw new TerseError(
      `headers.separator ${separator} is no regular expression: ${(error as Error).message.replace(/^.*?: (?=[^:]*$)/, '')}`,
    )
  }
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')
const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString()

function checkDistinct(a: string, valueA: string | undefined, b: string, valueB: string): void {
  if (valueA === valueB) throw new TerseError(`${a} and ${b} may not be equal`)
}

/** Position of `separator` in buffer[start, end), -1 when it is not there. Never looks beyond `end`. */
function find(buffer: Buffer, start: number, end: number, separator: Buffer): number {
  const first = separator[0]
  const last = end - separator.length
  if (separator.length === 1) {
    for (let i = start; i <= last; i++) if (buffer[i] === first) return i
    return -1
  }
  if (separator.length === 0) return start
  const at = buffer.subarray(start, end).indexOf(separator)
  return at < 0 ? -1 : start + at
}

/** Java's Pattern.split: empty strings at the end are dropped, an empty match in front splits nothing off. */
function splitAsJava(text: string, separator: RegExp | string): string[] {
  if (text === '') return ['']
  const parts: string[] = []
  if (typeof separator === 'string') parts.push(...text.split(separator))
  else {
    let from = 0
    for (const match of text.matchAll(separator)) {
      if (match.index === 0 && match[0] === '') continue
      parts.push(text.slice(from, match.index))
      from = match.index + match[0].length
    }
    parts.push(text.slice(from))
  }
  while (parts.length > 0 && parts[parts.length - 1] === '') parts.pop()
  return parts
}

function missing(what: string, buffer: Buffer, start: number, end: number, lineNumber: number): TerseError {
  const shown = buffer.toString('utf8', start, Math.min(end, start + SHOWN))
  return new TerseError(
    `No ${what} found on line number ${lineNumber}: '${shown}${end - start > SHOWN ? '...' : ''}'`,
  )
}
