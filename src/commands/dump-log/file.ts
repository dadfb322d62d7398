/** The files that `dump-log` looks at: opened for reading alone, read in pieces, never locked. */
import { type Int64, toInt64 } from '../../bytes/int64.ts'
import { count } from '../../count.ts'
import { TerseError } from '../../errors.ts'
import { type FileSystem, readRange } from '../../os/file-system.ts'
import { HEADER_SIZE_UP_TO_MAGIC, LENGTH_POSITION, LOG_OVERHEAD } from '../../record/batch-header.ts'
import { RECORD_BATCH_OVERHEAD } from '../../record/record-batch.ts'

const CHUNK = 1024 * 1024
/** Of a message of the oldest format; stricter tests come later. */
const MIN_RECORD_SIZE = 14

/** Kafka's own line first, what it means behind it. */
export function problem(kafkasLine: string, meaning: string): TerseError {
  return new TerseError(`${kafkasLine}\n${meaning}`)
}

/** int64 addition as in Java, which goes round. */
export function addInt64(a: Int64, b: number): Int64 {
  const sum = typeof a === 'number' ? a + b : Number.NaN
  if (Number.isSafeInteger(sum)) return sum
  return toInt64(BigInt(a) + BigInt(b))
}

/** As `file1.getName().split("\\.")[0]` parsed as a long: the offset that a segment's files are named by. */
export function offsetInName(name: string): Int64 {
  const text = name.split('.')[0]
  const offset = /^[+-]?\d{1,60}$/.test(text) ? BigInt(text) : undefined
  if (offset === undefined || offset !== BigInt.asIntN(64, offset)) {
    throw problem(
      `For input string: "${text}"`,
      `${name} is not named by an offset as the files of a segment are (00000000000000000000.log).`,
    )
  }
  return Number.isSafeInteger(Number(offset)) ? Number(offset) : offset
}

/** A stored batch: its bytes are buffer[at, at + size), good until the next one is read. */
export interface StoredBatch {
  readonly buffer: Buffer
  readonly at: number
  readonly position: number
  readonly size: number
}

/** All bytes of a small file. */
export function readWhole(fs: FileSystem, path: string): Buffer {
  const file = DumpFile.open(fs, path)
  try {
    return file.readAll()
  } finally {
    file.close()
  }
}

export class DumpFile {
  readonly path: string
  readonly size: number
  readonly #fs: FileSystem
  readonly #fd: number
  #chunk = Buffer.alloc(0)
  #chunkStart = 0
  #chunkEnd = 0

  private constructor(fs: FileSystem, path: string, fd: number) {
    this.#fs = fs
    this.path = path
    this.#fd = fd
    this.size = fs.fstat(fd).size
  }

  /** Throws a TerseError that names the file when it cannot be read. */
  static open(fs: FileSystem, path: string): DumpFile {
    let fd: number
    try {
      fd = fs.openUserFile(path)
    } catch (error) {
      throw unreadable(path, error)
    }
    return new DumpFile(fs, path, fd)
  }

  close(): void {
    this.#fs.close(this.#fd)
  }

  /** All bytes; for the small files. */
  readAll(): Buffer {
    const bytes = Buffer.alloc(this.size)
    return bytes.subarray(0, this.#read(bytes, 0, this.size, 0))
  }

  /**
   * The batch at `position` as the genuine reader frames it, undefined where no whole one lies before `end`.
   * `headerOnly` reads no more than the header (where there is that much).
   */
  batchAt(position: number, end: number, headerOnly = false): StoredBatch | undefined {
    if (position >= end - HEADER_SIZE_UP_TO_MAGIC) return undefined
    const header = Math.min(RECORD_BATCH_OVERHEAD, end - position)
    let at = this.#need(position, header)
    const length = this.#chunk.readInt32BE(at + LENGTH_POSITION)
    if (length < MIN_RECORD_SIZE) {
      throw problem(
        `Found record size ${length} smaller than minimum record overhead (${MIN_RECORD_SIZE}) in file ${this.path}.`,
        `What stands at position ${position} is no batch; the file has ${count(this.size, 'byte')}.`,
      )
    }
    if (position > end - LOG_OVERHEAD - length) return undefined
    const size = LOG_OVERHEAD + length
    if (!headerOnly) at = this.#need(position, size)
    return { buffer: this.#chunk, at, position, size }
  }

  /** Makes sure of `length` bytes at `position`; returns where they lie in the chunk. */
  #need(position: number, length: number): number {
    if (position < this.#chunkStart || position + length > this.#chunkEnd) {
      if (this.#chunk.length < length) this.#chunk = Buffer.allocUnsafe(Math.max(length, CHUNK))
      this.#chunkStart = position
      this.#chunkEnd = position + this.#read(this.#chunk, 0, this.#chunk.length, position)
      if (this.#chunkEnd < position + length) {
        throw new TerseError(`${this.path}: the file became shorter while it was read`)
      }
    }
    return position - this.#chunkStart
  }

  #read(buffer: Buffer, offset: number, length: number, position: number): number {
    try {
      return readRange(this.#fs, this.#fd, buffer, offset, length, position)
    } catch (error) {
      throw unreadable(this.path, error)
    }
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file.',
  ENOTDIR: 'There is no such file.',
  EACCES: 'Reading it is not permitted.',
  EPERM: 'Reading it is not permitted.',
}

/** Java's message for a file that cannot be opened is the path alone. */
function unreadable(path: string, error: unknown): TerseError {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  if (code === 'EISDIR') return problem('Is a directory', `${path} is a folder, no file.`)
  return problem(path, REASONS[code] ?? message)
}
