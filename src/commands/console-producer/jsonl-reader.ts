/**
 * `console-producer --input jsonl`: one JSON object a line, in the shape that console-consumer --output jsonl writes.
 * Its own memory holds the record, since decoding may not overwrite a line that is handed in again.
 */
import { type Int64, toInt64 } from '../../bytes/int64.ts'
import { TerseError, UsageError } from '../../errors.ts'
import { encoded, FORMATS, type Format, kindOf } from '../formatters/field-formats.ts'
import { digitsOf, parseExact, stringifyExact } from './exact-json.ts'
import type { Context } from './flags.ts'
import { LineMessageReader } from './line-reader.ts'

/** JSON may take six characters for a byte (\u0000), and base64 four for three. */
const LARGEST_GROWTH = 6

type Fields = Readonly<Record<string, unknown>>

/** @throws UsageError for an input form that does not exist, or flags that do not go together */
export function jsonlReader(options: Context['options']): JsonlMessageReader {
  const input = options.value('input')
  if (input !== 'jsonl') {
    throw new UsageError(`--input ${input} is unknown: choose jsonl (or lines, which is the default)`, false)
  }
  if (options.has('reader-property') || options.has('property') || options.has('reader-config')) {
    throw new UsageError('--input jsonl goes without --reader-property and --reader-config', false)
  }
  const keepPartition = options.has('keep-partition')
  if (keepPartition && options.has('partition')) {
    throw new UsageError('--keep-partition goes without --partition', false)
  }
  return new JsonlMessageReader(keepPartition)
}

/** Takes a line apart. The record's parts are positions in `source`; `timestamp` and `partition` are the line's own. */
export class JsonlMessageReader extends LineMessageReader {
  readonly #keepPartition: boolean
  #lineNumber = 0

  constructor(keepPartition: boolean) {
    super(new Map([['parse.key', 'true']]))
    this.#keepPartition = keepPartition
    this.growth = LARGEST_GROWTH
    this.keySeparatorByte = -1
  }

  override parse(buffer: Buffer, start: number, end: number, lineNumber: number): void {
    this.#lineNumber = lineNumber
    const line = this.#object(buffer, start, end)
    const key = this.#bytes(line, 'key', 'key') ?? null
    const value = this.#bytes(line, 'value', 'value')
    if (value === undefined) throw this.#wrong('value', 'is missing (null makes a tombstone)')
    this.timestamp = this.#timestamp(line)
    const partition = this.#partition(line)
    this.partition = this.#keepPartition ? partition : undefined
    const source = Buffer.concat([key ?? EMPTY, value ?? EMPTY])
    this.source = source
    this.keyStart = 0
    this.keyEnd = key === null ? -1 : key.length
    this.valueStart = key?.length ?? 0
    this.valueEnd = value === null ? -1 : source.length
    this.#putHeaders(line.headers)
  }

  #object(buffer: Buffer, start: number, end: number): Fields {
    let line: unknown
    try {
      line = parseExact(buffer.toString('utf8', start, end))
    } catch (error) {
      const reason = (error as Error).message.replace(/,? (in JSON|"?\.\.\.|is not valid JSON).*$/s, '')
      throw this.#wrong('', `no JSON: ${reason}`)
    }
    if (typeof line !== 'object' || line === null || Array.isArray(line)) {
      throw this.#wrong('', `must be an object with a value, not ${kindOf(line)}`)
    }
    return line as Fields
  }

  /** undefined: no such field. */
  #bytes(fields: Fields, name: string, path: string): Buffer | null | undefined {
    const value = fields[name]
    if (value === undefined || value === null) return value
    const digits = digitsOf(value)
    const isText = typeof value === 'string' && digits === undefined
    const named = fields[`${name}Encoding`] ?? (isText ? 'utf8' : 'json')
    const encoding = FORMATS.find((format) => format === named)
    if (encoding === undefined) {
      throw this.#wrong(`${path}Encoding`, `${JSON.stringify(named)} is unknown: ${FORMATS.join(', ')}`)
    }
    if (encoding === 'json') return Buffer.from(stringifyExact(value), 'utf8')
    // Text of digits is a number for the formats of whole numbers alone.
    const exact = digits === undefined || encoding.startsWith('int') ? (digits ?? value) : Number(digits)
    try {
      return encoded(exact, encoding as Format)
    } catch (error) {
      if (!(error instanceof TerseError)) throw error
      throw this.#wrong(path, error.message)
    }
  }

  /** undefined: absent. */
  #partition({ partition }: Fields): number | undefined {
    if (partition === undefined || partition === null) return undefined
    if (typeof partition !== 'number' || !Number.isSafeInteger(partition) || partition < 0) {
      throw this.#wrong('partition', `${JSON.stringify(partition)} is no partition`)
    }
    return partition
  }

  /** undefined: absent. Beyond 2^53 it comes with the digits of the line. */
  #timestamp({ timestamp }: Fields): Int64 | undefined {
    if (timestamp === undefined || timestamp === null) return undefined
    if (typeof timestamp === 'number' && Number.isSafeInteger(timestamp) && timestamp >= -1) return timestamp
    const text = digitsOf(timestamp) ?? timestamp
    if (typeof text !== 'string' || !/^\d{1,19}$/.test(text) || BigInt(text) >= 1n << 63n) {
      throw this.#wrong('timestamp', `${stringifyExact(timestamp)} is no timestamp`)
    }
    return toInt64(BigInt(text))
  }

  #putHeaders(headers: unknown): void {
    this.headersEnd = 0
    this.headersCount = 0
    if (headers === undefined || headers === null) return
    if (!Array.isArray(headers)) {
      throw this.#wrong('headers', `must be a list of {"key":..,"value":..}, not ${kindOf(headers)}`)
    }
    const parts: Buffer[] = []
    for (const [i, header] of headers.entries()) {
      const path = `headers[${i}]`
      if (typeof header !== 'object' || header === null || Array.isArray(header)) {
        throw this.#wrong(path, `must be an object with key and value, not ${kindOf(header)}`)
      }
      const key = this.#bytes(header as Fields, 'key', `${path}.key`)
      if (key === undefined || key === null) throw this.#wrong(`${path}.key`, 'is missing')
      const value = this.#bytes(header as Fields, 'value', `${path}.value`)
      parts.push(varint(key.length), key, varint(value?.length ?? -1), value ?? EMPTY)
      this.headersCount++
    }
    this.headers = Buffer.concat(parts)
    this.headersEnd = this.headers.length
  }

  #wrong(field: string, what: string): TerseError {
    return new TerseError(`Line ${this.#lineNumber}: ${field === '' ? '' : `${field}: `}${what}`)
  }
}

const EMPTY = Buffer.alloc(0)

/** Zigzag, as records store lengths. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value < 0 ? 1 : value * 2
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}
