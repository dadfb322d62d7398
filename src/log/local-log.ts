/**
 * The segments of a partition as this process knows them, and the log's end.
 *
 * Invariant: all of this is a cache of the disk. `refresh` compares the folder's time, the active segment's inode and
 * its size with what was seen, walks over what others appended, and lists again when files came or went. Work is
 * bounded by what is new; at opening by the index interval: it jumps to the last index entry that the log confirms and
 * walks from there, checking the CRC of each batch behind it.
 */
import { readUInt32 } from '../bytes/int32.ts'
import { readInt64Rounded } from '../bytes/int64.ts'
import { type CorruptRecordError, TerseError } from '../errors.ts'
import type { Os } from '../os/os.ts'
import * as header from '../record/batch-header.ts'
import { findBatchBehind } from './bad-batch.ts'
import type { BatchCursor } from './batch-cursor.ts'
import { logFile } from './log-files.ts'
import type { LogListing } from './log-loader.ts'
import { listLog } from './log-loader.ts'
import { LogSegment } from './log-segment.ts'
import { emptyTail, type LogTail } from './log-tail.ts'
import type { TimestampOffset } from './time-index.ts'

/** Of more than this that others appended, only what stands behind the last index entry is walked over. */
const JUMP_ABOVE_BYTES = 128 * 1024

/** With no index to jump by, only this much at the end has its CRCs checked at opening. */
const UNINDEXED_CRC_BYTES = 1024 * 1024

export class LocalLog {
  readonly os: Os
  readonly dir: string
  segments: LogSegment[] = []
  snapshots: number[] = []
  listing: LogListing | undefined
  tail: LogTail = emptyTail(0)
  /** Damage in the middle that was met: the log is not to be appended to. */
  corrupt: CorruptRecordError | undefined
  #loaded = false
  #dirTime = -1
  #dirIno = -1
  #mark = ''

  constructor(os: Os, dir: string) {
    this.os = os
    this.dir = dir
  }

  get active(): LogSegment | undefined {
    return this.segments[this.segments.length - 1]
  }

  get isLoaded(): boolean {
    return this.#loaded
  }

  /** Bytes of segment `i` that are whole batches as far as is known. */
  endOf(i: number): number {
    return i === this.segments.length - 1 ? this.tail.end : this.segments[i].closedSize()
  }

  /** Index of the segment that holds `offset` or would: the last whose base is at or below it; -1 for none. */
  floor(offset: number): number {
    let low = 0
    let high = this.segments.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      if (this.segments[middle].baseOffset <= offset) low = middle + 1
      else high = middle - 1
    }
    return high
  }

  /** Returns true when something changed on disk since the last look. */
  refresh(): boolean {
    if (!this.#loaded) {
      this.reload()
      return true
    }
    const { fs } = this.os
    let changed = false
    for (let tries = 0; tries < 100; tries++) {
      const stat = fs.stat(this.dir)
      const known = this.active
      // A folder without segments is always listed: the first may come within one tick of the folder's clock.
      if (
        known === undefined ||
        (stat?.mtimeMs ?? -1) !== this.#dirTime ||
        (stat?.ino ?? -1) !== this.#dirIno
      ) {
        this.#list()
        changed = true
      }
      const active = this.active
      if (active === undefined) return changed
      const now = fs.stat(active.path)
      if (now === undefined) {
        // Renamed away between the two looks: list again.
        this.#dirTime = -1
        continue
      }
      if (
        active !== known ||
        now.ino !== active.ino ||
        now.size < this.tail.end ||
        !this.#lastBatchStands(now.size)
      ) {
        active.close()
        this.#loadTail(active)
        changed = true
      } else if (now.size !== this.tail.fileSize || this.#tornChanged(active)) {
        const before = this.tail.nextOffset
        this.#extendTail(active, now.size)
        changed ||= this.tail.nextOffset !== before
      }
      // Somebody who rolled began a segment at the log's end: its name says so whatever the folder's clock does.
      if (this.tail.end === 0 || fs.stat(logFile(this.dir, this.tail.nextOffset)) === undefined)
        return changed
      this.#dirTime = -1
    }
    return changed
  }

  /** Forgets everything and looks at the disk. */
  reload(): void {
    this.close()
    this.#loaded = true
    this.#list()
    const active = this.active
    if (active === undefined) this.tail = emptyTail(0)
    else this.#loadTail(active)
  }

  /** After this process changed names in the folder: lists again, and finds the end of the active segment. */
  reopenTail(): void {
    this.#list()
    const active = this.active
    if (active !== undefined) this.#loadTail(active)
  }

  /** Largest timestamp of the active segment, and the last offset of the first batch that has it. */
  tailMax(): TimestampOffset {
    const active = this.active
    this.tail.max ??= active === undefined ? NO_MAX : this.maxTimestampOf(this.segments.length - 1)
    return this.tail.max
  }

  /** By the time index and the batches behind the last indexed one; timestamp -1 for an empty segment. */
  maxTimestampOf(i: number): TimestampOffset {
    const segment = this.segments[i]
    const isActive = i === this.segments.length - 1
    if (isActive && this.tail.max !== undefined) return this.tail.max
    const end = this.endOf(i)
    const next = isActive ? this.tail.nextOffset : this.segments[i + 1].baseOffset
    let n = segment.timeIndex.count - 1
    while (n >= 0 && segment.timeIndex.entry(n).offset >= next) n--
    let max: TimestampOffset =
      n < 0 ? { timestamp: -1, offset: segment.baseOffset } : segment.timeIndex.entry(n)
    // A closed segment's last entry tells all of it.
    if (n >= 0 && !isActive) return max
    // What the offset index points to is covered by the time index (writeIndexes): eight producers to one partition leave
    // two megabytes of headers between the last entries of the two.
    const cursor = segment.cursor(n < 0 ? 0 : segment.usableEntry(next - 1, end), end)
    while (cursor.next()) {
      const timestamp = maxTimestampAt(cursor)
      if (timestamp > max.timestamp) max = { timestamp, offset: cursor.nextOffset - 1 }
    }
    return max
  }

  /**
   * Position in segment `i` of the batch that holds `offset`, or of the first behind it; undefined when there is none.
   * Steps over damage below it; throws CorruptRecordError where the offset itself is in damaged bytes.
   */
  locate(i: number, offset: number): number | undefined {
    const segment = this.segments[i]
    const end = this.endOf(i)
    let from = segment.usableEntry(offset, end)
    let minOffset = segment.baseOffset
    for (;;) {
      const cursor = segment.cursor(from, end, minOffset)
      while (cursor.next()) if (cursor.nextOffset > offset) return cursor.position
      if (cursor.problem === undefined) return undefined
      const { position, nextOffset } = cursor
      const error = segment.corrupt(cursor.problem, position, nextOffset)
      const behind = this.behind(segment, position, nextOffset, end)
      if (behind === undefined || behind.baseOffset > offset) throw error
      from = behind.position
      minOffset = nextOffset
    }
  }

  /** The first good batch behind damage at `position`. */
  behind(segment: LogSegment, position: number, nextOffset: number, end: number) {
    const bad = { position, nextOffset, size: end, index: segment.offsetIndex }
    const at = findBatchBehind(this.os.fs, segment.fd(), bad)
    if (at === undefined) return undefined
    const cursor = segment.cursor(at, end, nextOffset)
    cursor.next()
    return { position: at, baseOffset: header.baseOffsetAt(cursor.buffer, cursor.at) }
  }

  /**
   * Calls back for each batch from the one that holds `offset` to the log's end. The header is in the cursor's buffer;
   * control batches are there as a whole. Steps over damage. Stops when the visitor returns false.
   */
  walk(offset: number, visit: (cursor: BatchCursor, segment: LogSegment) => boolean | undefined): void {
    for (let i = Math.max(this.floor(offset), 0); i < this.segments.length; i++) {
      const segment = this.segments[i]
      const end = this.endOf(i)
      let from = segment.usableEntry(offset, end)
      let minOffset = segment.baseOffset
      while (from < end) {
        const cursor = segment.cursor(from, end, minOffset)
        while (cursor.next()) {
          if (cursor.nextOffset <= offset) continue
          if ((header.attributesAt(cursor.buffer, cursor.at) & header.CONTROL_FLAG) !== 0) cursor.load()
          if (visit(cursor, segment) === false) return
        }
        if (cursor.problem === undefined) break
        const { position, nextOffset } = cursor
        from =
          findBatchBehind(this.os.fs, segment.fd(), {
            position,
            nextOffset,
            size: end,
            index: segment.offsetIndex,
          }) ?? end
        minOffset = nextOffset
      }
    }
  }

  /** @throws TerseError where damage in the middle was met */
  refuseCorrupt(): void {
    if (this.corrupt === undefined) return
    throw new TerseError(
      `${this.corrupt.message}; nothing is appended to a damaged partition: see tkafka repair`,
    )
  }

  close(): void {
    for (const segment of this.segments) segment.close()
  }

  #list(): void {
    const { fs } = this.os
    const stat = fs.stat(this.dir)
    this.#dirTime = stat?.mtimeMs ?? -1
    this.#dirIno = stat?.ino ?? -1
    const listing = listLog(fs, this.dir)
    this.listing = listing
    this.snapshots = listing?.snapshots ?? []
    const known = new Map(this.segments.map((segment) => [segment.baseOffset, segment]))
    this.segments = (listing?.bases ?? []).map((base) => {
      const segment = known.get(base)
      known.delete(base)
      // The tail's owner is looked at by inode in `refresh`.
      if (segment !== undefined) {
        segment.sameFile()
        // Its indexes may have been added to, trimmed or replaced.
        segment.closeIndexes()
      }
      return segment ?? new LogSegment(fs, this.dir, base)
    })
    for (const gone of known.values()) gone.close()
    if (this.segments.length === 0) this.tail = emptyTail(0)
  }

  #loadTail(segment: LogSegment): void {
    const size = segment.fileSize()
    segment.forget()
    const index = segment.offsetIndex
    const tail = emptyTail(segment.baseOffset)
    tail.fileSize = size
    this.tail = tail
    this.corrupt = undefined
    for (let n = index.count - 1, tries = 0; n >= 0 && tries < 16; n--, tries++) {
      const { offset, position } = index.entry(n)
      if (!segment.isIndexed(offset, position, size)) continue
      this.#scanTail(segment, position, size, position)
      // The indexed batch itself may be the bad one: then an earlier one tells where the log ends.
      if (tail.end > 0) return
      tail.torn = undefined
    }
    this.#scanTail(segment, 0, size, size - UNINDEXED_CRC_BYTES)
  }

  #extendTail(segment: LogSegment, size: number): void {
    this.tail.fileSize = size
    this.tail.torn = undefined
    // Who appended also wrote index entries.
    this.tail.lastIndexed = undefined
    segment.offsetIndex.forget()
    segment.timeIndex.forget()
    if (size - this.tail.end > JUMP_ABOVE_BYTES && this.#jumpTail(segment, size)) return
    this.#scanTail(segment, this.tail.end, size, Number.POSITIVE_INFINITY)
  }

  /**
   * Much was appended (eight producers leave seven megabytes between two of one's turns, 450 headers): as at opening,
   * from the last index entry that the log confirms, with the CRC of all behind it. False, and nothing has changed,
   * when there is none or when not all of that is good: then every header is looked at.
   */
  #jumpTail(segment: LogSegment, size: number): boolean {
    const index = segment.offsetIndex
    const before = { ...this.tail }
    const { corrupt } = this
    for (let n = index.count - 1, tries = 0; n >= 0 && tries < 4; n--, tries++) {
      const { offset, position } = index.entry(n)
      if (position <= before.end || offset <= before.nextOffset) return false
      if (!segment.isIndexed(offset, position, size)) continue
      this.tail.max = undefined
      this.#scanTail(segment, position, size, position)
      if (this.tail.end === size && this.corrupt === corrupt) return true
      this.tail = before
      this.corrupt = corrupt
      return false
    }
    return false
  }

  /** Walks [from, size). Batches at or behind `crcFrom`, and the last one, have their CRC checked. */
  #scanTail(segment: LogSegment, from: number, size: number, crcFrom: number): void {
    const tail = this.tail
    let start = from
    while (start < size) {
      const cursor = segment.cursor(start, size, Math.max(tail.nextOffset, segment.baseOffset))
      let good = true
      while (good && cursor.next()) {
        const isLast = cursor.position + cursor.size >= size
        if ((isLast || cursor.position >= crcFrom) && !cursor.checkCrc()) {
          good = false
          break
        }
        this.#take(cursor)
      }
      if (cursor.problem === undefined) return
      const error = segment.corrupt(cursor.problem, Math.max(tail.end, start), tail.nextOffset)
      const position = Math.max(tail.end, start)
      const behind = findBatchBehind(this.os.fs, segment.fd(), {
        position,
        nextOffset: tail.nextOffset,
        size,
        index: segment.offsetIndex,
      })
      if (behind === undefined) {
        tail.torn = error
        this.#mark = this.#tornMark(segment)
        return
      }
      this.corrupt ??= error
      start = behind
    }
  }

  #take(cursor: BatchCursor): void {
    const tail = this.tail
    const { buffer, at } = cursor
    tail.lastBatchPosition = cursor.position
    tail.lastBatchCrc = readUInt32(buffer, at + header.CRC_POSITION)
    tail.lastEpoch = header.leaderEpochAt(buffer, at)
    tail.end = cursor.position + cursor.size
    tail.nextOffset = cursor.nextOffset
    if (tail.max === undefined) return
    const timestamp = maxTimestampAt(cursor)
    if (timestamp > tail.max.timestamp) tail.max = { timestamp, offset: cursor.nextOffset - 1 }
  }

  /** A torn tail is judged once: again only when other bytes stand there now. */
  #tornChanged(segment: LogSegment): boolean {
    return this.tail.torn !== undefined && this.#tornMark(segment) !== this.#mark
  }

  #tornMark(segment: LogSegment): string {
    const { end, fileSize } = this.tail
    const bytes = Buffer.alloc(128)
    segment.read(bytes, 0, 64, end)
    segment.read(bytes, 64, 64, Math.max(fileSize - 64, end))
    return bytes.toString('latin1')
  }

  /** The last batch we know is still what we knew: nobody cut the log and wrote anew below our end. */
  #lastBatchStands(size: number): boolean {
    const { lastBatchPosition: position, lastBatchCrc, fileSize } = this.tail
    if (position < 0 || size === fileSize) return true
    const active = this.active
    if (active === undefined || active.read(CRC, 0, 4, position + header.CRC_POSITION) < 4) return false
    return readUInt32(CRC, 0) === lastBatchCrc
  }
}

/** Largest timestamp in the batch that the cursor stands on, by its header. */
export function maxTimestampAt(cursor: BatchCursor): number {
  return readInt64Rounded(cursor.buffer, cursor.at + header.MAX_TIMESTAMP_POSITION)
}

const NO_MAX: TimestampOffset = { timestamp: -1, offset: 0 }
const CRC = Buffer.alloc(4)
