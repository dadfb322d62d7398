/**
 * Walks over the batches of a .log file, headers only where no more is asked for: large batches are stepped over
 * without being read. One buffer, no object a batch. A message of format 0 or 1 shows as a batch of format 2 that says
 * the same: its header at once, its records when it is loaded.
 */
import { readInt32 } from '../../bytes/int32.ts'
import { type Int64, isSafeInt64, readExactInt64 } from '../../bytes/int64.ts'
import { count } from '../../count.ts'
import { CorruptRecordError } from '../../errors.ts'
import type { FileSystem } from '../../os/file-system.ts'
import { readRange } from '../../os/file-system.ts'
import * as header from '../../record/batch-header.ts'
import { equalBatch } from '../../record/legacy-batches.ts'
import * as legacy from '../../record/legacy-message.ts'
import { RecordBatch } from '../../record/record-batch.ts'

const CHUNK = 64 * 1024
/** Above this, reading bodies only to step over them costs more than a read(2) per header. */
const STEP_OVER = 8 * 1024

/** As headerProblem, of a batch or message of any format. */
export function storedProblem(
  buffer: Buffer,
  at: number,
  room: number,
  minOffset: number,
): string | undefined {
  return isLegacy(buffer, at, room)
    ? legacy.legacyProblem(buffer, at, room, minOffset)
    : headerProblem(buffer, at, room, minOffset)
}

/** Why the whole batch or message, whose header will do, is not as it was written; undefined when its checksum is right. */
export function checksumProblem(buffer: Buffer, at: number, size: number): string | undefined {
  if (legacy.isLegacyAt(buffer, at)) return legacy.legacyCrcProblem(buffer, at, size)
  const batch = new RecordBatch(buffer, at, at + size)
  if (batch.isValid()) return undefined
  try {
    batch.ensureValid()
  } catch (error) {
    if (error instanceof CorruptRecordError) return error.detail
    throw error
  }
  return undefined
}

/** Offset of the last record of a batch or message of any format. */
export function lastStoredOffset(buffer: Buffer, at: number): number {
  return legacy.isLegacyAt(buffer, at) ? header.baseOffsetAt(buffer, at) : header.lastOffsetAt(buffer, at)
}

function isLegacy(buffer: Buffer, at: number, room: number): boolean {
  return room >= legacy.SMALLEST_MESSAGE && legacy.isLegacyAt(buffer, at)
}

/** Why the bytes at `at` (with `room` bytes to the end of the file) are no batch of format 2 at or behind `minOffset`; undefined when the header will do. */
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
  if (storedProblem(behind, behindAt, room, expected) !== undefined) return undefined
  // Of a wrapper that of its last message: the first one lies no higher.
  const next = header.baseOffsetAt(behind, behindAt)
  return next > lastStoredOffset(buffer, at)
    ? undefined
    : `its offset ${baseOffset} cannot be: ${next} stands behind it`
}

export class BatchCursor {
  readonly #fs: FileSystem
  readonly #fd: number
  readonly #end: number
  /** Bytes of the file from #start on. */
  #chunk: Buffer
  #start = 0
  #length = 0
  /** Where the batch begins in #chunk. */
  #within = 0
  #isLegacy = false
  #equalHeader: Buffer | undefined
  /** The batch's header is in `buffer` at `at`: as it is stored, or an equal one of a message of format 0 or 1. */
  buffer: Buffer
  at = 0
  position: number
  /** Of the batch found, as it is stored; 0 before the first. */
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
    this.#chunk = buffer ?? Buffer.allocUnsafe(Math.max(Math.min(CHUNK, end - position), 256))
    this.buffer = this.#chunk
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
    const chunk = this.#chunk
    const within = this.#within
    const available = this.#available(position, room)
    this.#isLegacy = isLegacy(chunk, within, available)
    this.buffer = chunk
    this.at = within
    // Where a cursor begins within a file, what should come is not known.
    const isFollowing = stepped > 0 || position === 0
    const problem =
      storedProblem(chunk, within, available, this.nextOffset) ??
      (isFollowing ? this.#contradiction(position, room) : undefined)
    this.position = position
    if (problem !== undefined) {
      this.problem = problem
      this.size = 0
      return false
    }
    this.size = header.sizeAt(chunk, within)
    if (this.#isLegacy) this.#showEqual(isFollowing)
    this.nextOffset = header.lastOffsetAt(this.buffer, this.at) + 1
    return true
  }

  /** Whether what stands there is a message of format 0 or 1. */
  get isLegacy(): boolean {
    return this.#isLegacy
  }

  /** The whole batch's bytes as they are stored. */
  stored(): Buffer {
    this.#ensure(this.position, this.size, this.size)
    return this.#chunk.subarray(this.#within, this.#within + this.size)
  }

  /** Has the whole batch in `buffer`; of a wrapper base offset and count are known from then on. @throws CorruptRecordError where a message of format 0 or 1 holds what cannot be */
  load(): RecordBatch {
    this.#ensure(this.position, this.size, this.size)
    if (this.#isLegacy) return this.#loadEqual()
    this.buffer = this.#chunk
    this.at = this.#within
    return new RecordBatch(this.buffer, this.at, this.at + this.size)
  }

  /** Whether the whole batch's CRC is right; otherwise `problem` says what is wrong. */
  checkCrc(): boolean {
    this.#ensure(this.position, this.size, this.size)
    if (!this.#isLegacy) {
      this.buffer = this.#chunk
      this.at = this.#within
    }
    this.problem = checksumProblem(this.#chunk, this.#within, this.size)
    return this.problem === undefined
  }

  /** The first offset in a wrapper is known only when it is inflated: until then it is taken to begin where it may. */
  #showEqual(isFollowing: boolean): void {
    const lastOffset = header.baseOffsetAt(this.#chunk, this.#within)
    const goesOn = isFollowing && legacy.isWrapperAt(this.#chunk, this.#within)
    const isNear = lastOffset - this.nextOffset <= 0x7fffffff
    this.#writeEqual(goesOn && isNear ? this.nextOffset : lastOffset, 1)
  }

  #loadEqual(): RecordBatch {
    const batch = equalBatch(this.#chunk, this.#within, this.size)
    this.#writeEqual(batch.baseOffset, batch.count)
    return batch
  }

  #writeEqual(baseOffset: number, count: number): void {
    this.#equalHeader ??= Buffer.alloc(header.RECORD_BATCH_OVERHEAD)
    legacy.writeEqualHeader(this.#equalHeader, this.#chunk, this.#within, { baseOffset, count })
    this.buffer = this.#equalHeader
    this.at = 0
  }

  /** Only where there is a gap: the one header more that is read is mostly in the buffer. */
  #contradiction(position: number, room: number): string | undefined {
    const chunk = this.#chunk
    const within = this.#within
    if (header.baseOffsetAt(chunk, within) === this.nextOffset) return undefined
    const size = header.sizeAt(chunk, within)
    if (room - size < header.RECORD_BATCH_OVERHEAD) return undefined
    const behind = position + size
    const behindWithin = behind - this.#start
    const isThere = behindWithin + header.RECORD_BATCH_OVERHEAD <= this.#length
    const bytes = isThere ? chunk : HEAD
    if (!isThere && readRange(this.#fs, this.#fd, HEAD, 0, HEAD.length, behind) < HEAD.length)
      return undefined
    const problem = offsetContradicted(
      chunk,
      within,
      this.nextOffset,
      bytes,
      isThere ? behindWithin : 0,
      room - size,
    )
    return problem !== undefined && this.#fitsByContent(position, size) ? undefined : problem
  }

  /** Whether a wrapper's messages confirm its offset: then what stands behind it is wrong. Asked in doubt only. */
  #fitsByContent(position: number, size: number): boolean {
    if (!this.#isLegacy || !legacy.isWrapperAt(this.#chunk, this.#within)) return false
    const stored = Buffer.allocUnsafe(size)
    if (readRange(this.#fs, this.#fd, stored, 0, size, position) < size) return false
    try {
      const { baseOffset, lastOffset } = equalBatch(stored, 0, size)
      const isAbsolute = header.magicAt(stored, 0) === 0
      return isAbsolute ? lastOffset === header.baseOffsetAt(stored, 0) : baseOffset === this.nextOffset
    } catch (error) {
      if (error instanceof CorruptRecordError) return false
      throw error
    }
  }

  #available(position: number, room: number): number {
    // A file that shrank under us: only what was read counts.
    return this.#start + this.#length >= position + Math.min(room, header.RECORD_BATCH_OVERHEAD)
      ? room
      : this.#start + this.#length - position
  }

  #ensure(position: number, length: number, wish: number): void {
    if (position >= this.#start && position + length <= this.#start + this.#length) {
      this.#within = position - this.#start
      return
    }
    const want = Math.max(length, Math.min(wish, this.#end - position))
    if (this.#chunk.length < want) this.#chunk = Buffer.allocUnsafe(want)
    this.#start = position
    this.#length = readRange(this.#fs, this.#fd, this.#chunk, 0, want, position)
    this.#within = 0
    for (let i = this.#length; i < header.RECORD_BATCH_OVERHEAD; i++) this.#chunk[i] = 0
  }
}

const HEAD = Buffer.alloc(header.RECORD_BATCH_OVERHEAD)

/** Largest timestamp in the batch that the cursor stands on, by its header. */
export function maxTimestampAt(cursor: BatchCursor): Int64 {
  return readExactInt64(cursor.buffer, cursor.at + header.MAX_TIMESTAMP_POSITION)
}
