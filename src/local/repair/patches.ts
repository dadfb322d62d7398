/**
 * Finds what is damaged in one segment: which of its bytes go, and which offsets are lost with them. Only reads.
 */
import type { Int64 } from '../../bytes/int64.ts'
import { CorruptRecordError } from '../../errors.ts'
import { findBatchBehind } from '../../log/segment/bad-batch.ts'
import { type BatchCursor, maxTimestampAt } from '../../log/segment/batch-cursor.ts'
import type { LogSegment } from '../../log/segment/log-segment.ts'
import type { FileSystem } from '../../os/file-system.ts'
import * as header from '../../record/batch-header.ts'
import { firstOffsetAt, withRightOffset } from './renumber.ts'

/** What a broker takes in one request (socket.request.max.bytes). */
const LARGEST_BATCH = 100 * 1024 * 1024

/** Bytes of a segment that go, and the offsets that are filled in their place. */
export interface Patch {
  readonly start: number
  readonly end: number
  readonly fromOffset: number
  readonly untilOffset: number
  readonly timestamp: Int64
  readonly leaderEpoch: number
  /** Of the batch in front of it, below which no epoch goes; -1 where none is there. */
  readonly epochBefore?: number
  /** What stands there, with its offset put right. */
  readonly batch?: Buffer
}

/** A patch, and what was the log's next offset in front of it. */
export type FoundPatch = Patch & { readonly nextOffset: number }

interface Bounds {
  readonly segment: LogSegment
  /** Of the file. */
  readonly size: number
  /** Where the segment behind this one begins; undefined for the last one. */
  readonly nextBase: number | undefined
  /** Where the log is known to end, in its last segment. */
  readonly endOffset: number | undefined
}

/** `from` is the log's next offset where the segment begins. In a compacted log missing offsets are nothing unusual. */
export function findPatches(
  fs: FileSystem,
  segment: LogSegment,
  from: number,
  nextBase: number | undefined,
  { compacted, endOffset }: { readonly compacted: boolean; readonly endOffset?: number },
): { readonly patches: readonly FoundPatch[]; readonly next: number } {
  const size = segment.fileSize()
  const bounds = { segment, size, nextBase, endOffset }
  const found = new PatchList(from, compacted)
  for (let position = 0; position < size; ) {
    const cursor = segment.cursor(position, size, found.next)
    const stop = found.walk(cursor, bounds)
    if (stop === 'misnumbered') return found
    if (stop === 'mended') {
      position = cursor.position + cursor.size
      continue
    }
    if (cursor.problem === undefined) break
    position = cursor.position
    const { offsetIndex: index } = segment
    const behind = findBatchBehind(fs, segment.fd(), { position, nextOffset: found.next, size, index })
    if (found.renumber(position, behind ?? size, bounds)) {
      position = behind ?? size
      continue
    }
    if (behind === undefined) {
      // A torn end is cut by the log's recovery; what was there for certain leaves its offsets.
      if (nextBase === undefined) found.fill(position, size, endOffset ?? found.next)
      else found.lost(position, size, nextBase)
      return found
    }
    const cursorBehind = segment.cursor(behind, size, found.next)
    cursorBehind.next()
    found.goOnAt(cursorBehind, position, behind)
    position = behind
  }
  if (nextBase !== undefined && nextBase > found.next) found.lost(size, size, nextBase)
  if (endOffset !== undefined) found.fill(size, size, endOffset)
  return found
}

/** What is to be replaced in one segment, and the offset at which the log goes on behind what was looked at. */
class PatchList {
  readonly patches: FoundPatch[] = []
  next: number
  readonly #compacted: boolean
  /** Of the batch before: a patch takes them over. */
  #timestamp: Int64 = 0
  #leaderEpoch: number | undefined
  #epochBehind = 0

  constructor(from: number, compacted: boolean) {
    this.next = from
    this.#compacted = compacted
  }

  /** Walks to where good batches of this segment end; tells of a batch there whose offsets cannot be. */
  walk(cursor: BatchCursor, bounds: Bounds): 'misnumbered' | 'mended' | undefined {
    const { size, nextBase, endOffset } = bounds
    const limit = nextBase ?? endOffset ?? Number.POSITIVE_INFINITY
    while (cursor.next() && cursor.checkCrc()) {
      const readable = isReadable(cursor)
      // Of a wrapper known now that it is inflated.
      const base = header.baseOffsetAt(cursor.buffer, cursor.at)
      const end = cursor.position + cursor.size
      const isOdd = !readable || (base > this.next && !this.#compacted) || isMislabelled(cursor)
      if (isOdd && cursor.isLegacy && this.renumber(cursor.position, end, bounds)) return 'mended'
      if (cursor.nextOffset > limit) {
        const fits = nextBase === undefined || cursor.nextOffset - base === nextBase - this.next
        if (end === size && fits) {
          this.patches.push({ ...misnumbered(cursor, this.next, limit), nextOffset: this.next })
          this.next = limit
          return 'misnumbered'
        }
        if (nextBase !== undefined) {
          // A whole batch of another segment: the offsets behind this one's are given there.
          this.lost(cursor.position, end, this.next)
          return 'mended'
        }
      }
      if (base > this.next) this.lost(cursor.position, cursor.position, base)
      this.#timestamp = maxTimestampAt(cursor)
      this.#leaderEpoch = header.leaderEpochAt(cursor.buffer, cursor.at)
      if (!readable) this.lost(cursor.position, end, cursor.nextOffset)
      this.next = cursor.nextOffset
    }
    return undefined
  }

  /** A whole batch from `start` to `end` whose offset alone is wrong gets it back. False where that is not so. */
  renumber(start: number, end: number, { segment, size, nextBase, endOffset }: Bounds): boolean {
    const until = end < size ? firstOffsetAt(segment, end, this.next) : (nextBase ?? endOffset)
    const stored = oneBatch(segment, start, end - start)
    if (stored === undefined) return false
    const right = withRightOffset(stored, this.next, until)
    if (right === undefined) return false
    const { batch, lastOffset } = right
    this.#push(start, end, this.next, lastOffset + 1, batch)
    this.next = lastOffset + 1
    return true
  }

  /** The bytes from `start` to `end` go, and with them the offsets up to `until`. */
  lost(start: number, end: number, until: number): void {
    const untilOffset = Math.max(this.next, until)
    // In a compacted log gaps are nothing unusual.
    const fromOffset = this.#compacted ? untilOffset : this.next
    if (end > start || untilOffset > fromOffset) this.#push(start, end, fromOffset, untilOffset)
    this.next = untilOffset
  }

  /** The log is known to reach up to `until`, whether it is compacted or not. */
  fill(start: number, end: number, until: number): void {
    if (until <= this.next) return
    this.#push(start, end, this.next, until)
    this.next = until
  }

  /** Good batches go on at `behind`; without one before, the first of them tells time and epoch. */
  goOnAt(cursor: BatchCursor, start: number, behind: number): void {
    this.#epochBehind = header.leaderEpochAt(cursor.buffer, cursor.at)
    if (this.#timestamp === 0) this.#timestamp = maxTimestampAt(cursor)
    this.lost(start, behind, header.baseOffsetAt(cursor.buffer, cursor.at))
  }

  #push(start: number, end: number, fromOffset: number, untilOffset: number, batch?: Buffer): void {
    const [timestamp, epochBefore, nextOffset] = [this.#timestamp, this.#leaderEpoch ?? -1, this.next]
    const leaderEpoch = this.#leaderEpoch ?? this.#epochBehind
    const offsets = { fromOffset, untilOffset, nextOffset }
    const patch = { start, end, ...offsets, timestamp, leaderEpoch, epochBefore }
    this.patches.push(batch === undefined ? patch : { ...patch, batch })
  }
}

/** A stretch of so many bytes, where it says itself that it is one batch. A damaged one may be as long as the file. */
function oneBatch(segment: LogSegment, start: number, size: number): Buffer | undefined {
  if (size < header.LOG_OVERHEAD || size > LARGEST_BATCH) return undefined
  const head = Buffer.alloc(header.LOG_OVERHEAD)
  if (segment.read(head, 0, head.length, start) < head.length || header.sizeAt(head, 0) !== size)
    return undefined
  const stored = Buffer.alloc(size)
  return segment.read(stored, 0, size, start) < size ? undefined : stored
}

/** The last batch of a log that is known to end at `endOffset`: its checksum is right, and leaves its offset out. */
function misnumbered(cursor: BatchCursor, fromOffset: number, endOffset: number): Patch {
  const length = cursor.nextOffset - header.baseOffsetAt(cursor.buffer, cursor.at)
  const leaderEpoch = header.leaderEpochAt(cursor.buffer, cursor.at)
  const batch = Buffer.from(cursor.stored())
  // Where something else is missing too, the batch goes last.
  const base = Math.max(fromOffset, endOffset - length)
  // A message of format 0 or 1 is stored with its last offset.
  batch.writeBigInt64BE(BigInt(cursor.isLegacy ? base + length - 1 : base), 0)
  return {
    start: cursor.position,
    end: cursor.position + cursor.size,
    fromOffset,
    untilOffset: endOffset,
    timestamp: maxTimestampAt(cursor),
    leaderEpoch,
    batch,
  }
}

/** Whether a wrapper's messages, which say their offsets in format 0, end at another one than its own. */
export function isMislabelled(cursor: BatchCursor): boolean {
  return cursor.isLegacy && cursor.load().lastOffset !== header.baseOffsetAt(cursor.stored(), 0)
}

/** Whether all records that the batch counts can be read. */
export function isReadable(cursor: BatchCursor): boolean {
  try {
    const batch = cursor.load()
    let count = 0
    batch.walk(() => {
      count++
    })
    return count === batch.count
  } catch (error) {
    if (error instanceof CorruptRecordError) return false
    throw error
  }
}
