/**
 * Walks over the batches of a .log file, headers only where no more is asked for: large batches are stepped over
 * without being read. One buffer, no object a batch.
 */
import { readInt32 } from '../../bytes/int32.ts'
import { type Int64, isSafeInt64, readExactInt64 } from '../../bytes/int64.ts'
import { count } from '../../count.ts'
import type { FileSystem } from '../../os/file-system.ts'
import { readRange } from '../../os/file-system.ts'
import * as header from '../../record/batch-header.ts'
import { RecordBatch } from '../../record/record-batch.ts'

const CHUNK = 64 * 1024
/** Above this, reading bodies only to step over them costs more than a read(2) per header. */
const STEP_OVER = 8 * 1024

/** Why the bytes at `at` (with `room` bytes to the end of the file) are no batch at or behind `minOffset`; undefined when the header will do. */
export function headerProblem(
  buffer: Buffer,
  at: number,
  room: number,
  minOffset: number,
): string | undefined {
  if (room < header.RECORD_BATCH_OVERHEAD) return `${count(room, 'byte is', 'bytes are')} too few for a batch`
  if (!isSafeInt64(buffer, at)) return 'its offset is none'
  const magic = header.magicAt(buffer, at)
  if (magic !== header.CURRENT_MAGIC) return `magic ${magic} is not 2`
  const size = header.sizeAt(buffer, at)
  if (size < header.RECORD_BATCH_OVERHEAD) return `size ${size} is smaller than a batch's header`
  if (size > room) return `its ${size} bytes reach beyond the ${room} there are`
  const baseOffset = header.baseOffsetAt(buffer, at)
  if (baseOffset < minOffset) return `offset ${baseOffset} is below ${minOffset}, the next one`
  if (readInt32(buffer, at + header.LAST_OFFSET_DELTA_POSITION) < 0)
    return 'its last offset is below its first'
  if (!isSafeInt64(buffer, at + header.PRODUCER_ID_POSITION)) return 'its producer id is none'
  return undefined
}

/**
 * A checksum leaves out its batch's offset, so one that was flipped upwards is told by the batch behind it only: that one
 * goes on below it. Asked where offsets have a gap, as compaction leaves them too; `behind` begins with the header there.
 */
export function offsetContradicted(
  buffer: Buffer,
  at: number,
  expected: number,
  behind: Buffer,
  behindAt: number,
  room: number,
): string | undefined {
  const baseOffset = header.baseOffsetAt(buffer, at)
  if (headerProblem(behind, behindAt, room, expected) !== undefined) return undefined
  const next = header.baseOffsetAt(behind, behindAt)
  return next > header.lastOffsetAt(buffer, at)
    ? undefined
    : `its offset ${baseOffset} cannot be: ${next} stands behind it`
}

export class BatchCursor {
  readonly #fs: FileSystem
  readonly #fd: number
  readonly #end: number
  #start = 0
  #length = 0
  /** Bytes of the file from `position` on are in `buffer` at `at`. */
  buffer: Buffer
  at = 0
  position: number
  /** Of the batch found; 0 before the first. */
  size = 0
  /** What the next batch's offset must not be below. */
  nextOffset: number
  /** Set when `next` returned false before the end. */
  problem: string | undefined

  /** Over [position, end) of the file; offsets begin at `nextOffset` or above. */
  constructor(
    fs: FileSystem,
    fd: number,
    position: number,
    end: number,
    nextOffset: number,
    buffer?: Buffer,
  ) {
    this.#fs = fs
    this.#fd = fd
    this.#end = end
    this.position = position
    this.nextOffset = nextOffset
    this.buffer = buffer ?? Buffer.allocUnsafe(Math.max(Math.min(CHUNK, end - position), 256))
  }

  /** Steps to the next batch; false at the end or at bytes that are none (`problem`, `position`). */
  next(): boolean {
    const position = this.position + this.size
    const stepped = this.size
    if (position >= this.#end) {
      this.position = position
      this.size = 0
      return false
    }
    const room = this.#end - position
    this.#ensure(position, Math.min(room, header.RECORD_BATCH_OVERHEAD), stepped > STEP_OVER ? 1024 : CHUNK)
    // Where a cursor begins within a file, what should come is not known.
    const problem =
      headerProblem(this.buffer, this.at, this.#available(position, room), this.nextOffset) ??
      (stepped > 0 || position === 0 ? this.#contradiction(position, room) : undefined)
    this.position = position
    if (problem !== undefined) {
      this.problem = problem
      this.size = 0
      return false
    }
    this.size = header.sizeAt(this.buffer, this.at)
    this.nextOffset = header.lastOffsetAt(this.buffer, this.at) + 1
    return true
  }

  /** Has the whole batch in `buffer`. */
  load(): RecordBatch {
    this.#ensure(this.position, this.size, this.size)
    return new RecordBatch(this.buffer, this.at, this.at + this.size)
  }

  /** Whether the whole batch's CRC is right; otherwise `problem` says what is wrong. */
  checkCrc(): boolean {
    const batch = this.load()
    if (batch.isValid()) return true
    try {
      batch.ensureValid()
    } catch (error) {
      this.problem = (error as { detail?: string }).detail ?? String(error)
    }
    return false
  }

  /** Only where there is a gap: the one header more that is read is mostly in the buffer. */
  #contradiction(position: number, room: number): string | undefined {
    if (header.baseOffsetAt(this.buffer, this.at) === this.nextOffset) return undefined
    const size = header.sizeAt(this.buffer, this.at)
    if (room - size < header.RECORD_BATCH_OVERHEAD) return undefined
    const behind = position + size
    const within = behind - this.#start
    const isThere = within + header.RECORD_BATCH_OVERHEAD <= this.#length
    const bytes = isThere ? this.buffer : HEAD
    if (!isThere && readRange(this.#fs, this.#fd, HEAD, 0, HEAD.length, behind) < HEAD.length)
      return undefined
    const at = isThere ? within : 0
    return offsetContradicted(this.buffer, this.at, this.nextOffset, bytes, at, room - size)
  }

  #available(position: number, room: number): number {
    // A file that shrank under us: only what was read counts.
    return this.#start + this.#length >= position + Math.min(room, header.RECORD_BATCH_OVERHEAD)
      ? room
      : this.#start + this.#length - position
  }

  #ensure(position: number, length: number, wish: number): void {
    if (position >= this.#start && position + length <= this.#start + this.#length) {
      this.at = position - this.#start
      return
    }
    const want = Math.max(length, Math.min(wish, this.#end - position))
    if (this.buffer.length < want) this.buffer = Buffer.allocUnsafe(want)
    this.#start = position
    this.#length = readRange(this.#fs, this.#fd, this.buffer, 0, want, position)
    this.at = 0
    for (let i = this.#length; i < header.RECORD_BATCH_OVERHEAD; i++) this.buffer[i] = 0
  }
}

const HEAD = Buffer.alloc(header.RECORD_BATCH_OVERHEAD)

/** Largest timestamp in the batch that the cursor stands on, by its header. */
export function maxTimestampAt(cursor: BatchCursor): Int64 {
  return readExactInt64(cursor.buffer, cursor.at + header.MAX_TIMESTAMP_POSITION)
}
