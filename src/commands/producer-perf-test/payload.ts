/** What producer-perf-test sends: random letters, lines of a file, or a counter. */
import { resolve } from 'node:path'
import type { Options, Output } from '../../cli/command.ts'
import { TerseError } from '../../errors.ts'
import { systemOs } from '../../os/system-os.ts'

/** The payload of the i-th record: `buffer[start, end)`, good until the next call. */
export interface Payload {
  readonly buffer: Buffer
  start: number
  end: number
  next(i: number): void
}

/** @throws TerseError when the file is not there or empty */
export function perfPayload(
  options: Options<'payload-file' | 'payload-delimiter' | 'payload-monotonic' | 'record-size'>,
  stdout: Output,
): Payload {
  const file = options.has('payload-file') ? options.value('payload-file') : undefined
  if (file !== undefined) return new FilePayload(file, options.value('payload-delimiter') ?? '\\n', stdout)
  if (options.has('payload-monotonic')) return new CounterPayload()
  return new RandomPayload(options.int('record-size') ?? 0)
}

/** Letters A to Z. Slices of one block that is filled once: making a record must not cost more than sending it. */
class RandomPayload implements Payload {
  readonly buffer: Buffer
  readonly #size: number
  readonly #starts: number
  start = 0
  end = 0

  constructor(size: number) {
    this.#size = size
    this.#starts = 1 << 16
    this.buffer = Buffer.allocUnsafe(size + this.#starts)
    const random = new Random()
    for (let i = 0; i < this.buffer.length; i++) this.buffer[i] = 65 + random.below(26)
  }

  next(i: number): void {
    // A step that shares no factor with the number of starts visits all of them.
    this.start = (i * 40503) % this.#starts
    this.end = this.start + this.#size
  }
}

class CounterPayload implements Payload {
  readonly buffer = Buffer.alloc(20)
  readonly start = 0
  end = 0

  next(i: number): void {
    this.end = this.buffer.write(String(i), 'latin1')
  }
}

class FilePayload implements Payload {
  readonly buffer: Buffer
  readonly #ends: number[] = []
  readonly #random = new Random()
  start = 0
  end = 0

  constructor(file: string, delimiter: string, stdout: Output) {
    stdout.line(`Reading payloads from: ${resolve(file)}`)
    const stat = systemOs.fs.stat(file)
    if (stat === undefined || stat.size === 0)
      throw new TerseError('File does not exist or empty file provided.')
    if (stat.isDirectory())
      throw new TerseError(`--payload-file ${file}: a folder stands where a file should be`)
    const parts = split(systemOs.fs.readUserFile(file).toString('utf8'), delimiter)
    stdout.line(`Number of records read: ${parts.length}`)
    if (parts.length === 0) throw new TerseError(`${file} holds nothing but delimiters`)
    const buffers = parts.map((part) => Buffer.from(part))
    let end = 0
    for (const bytes of buffers) {
      end += bytes.length
      this.#ends.push(end)
    }
    this.buffer = Buffer.concat(buffers)
  }

  next(): void {
    const index = this.#random.below(this.#ends.length)
    this.start = index === 0 ? 0 : this.#ends[index - 1]
    this.end = this.#ends[index]
  }
}

/** As Java's String.split: the delimiter is a pattern, empty parts at the end are dropped. */
function split(text: string, delimiter: string): string[] {
  let pattern: RegExp
  try {
    pattern = new RegExp(delimiter)
  } catch {
    throw new TerseError(`${delimiter} is an invalid pattern for --payload-delimiter`)
  }
  const parts = text.split(pattern)
  while (parts.length > 0 && parts[parts.length - 1] === '') parts.pop()
  return parts
}

/** Deterministic, as in the genuine tool: every run sends the same (xorshift). */
class Random {
  #state = 0x9e3779b9

  below(limit: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state % limit
  }
}
