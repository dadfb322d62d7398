/**
 * When a new segment begins, and beginning one.
 *
 * Order: the old segment gets its last time index entry and trimmed indexes, the producer snapshot at the new base is
 * written, the old .log is synced, then the new files are made: so after a power cut only the last segment can be torn,
 * and damage in an older one is damage. Crash in between: an old segment that is complete and goes on being appended to (a
 * second last entry in the time index is dropped unless it grows), or an empty new one that is simply used.
 */
import { type Int64, readExactInt64, subtractInt64 } from '../bytes/int64.ts'
import * as header from '../record/batch-header.ts'
import { isLegacyAt, legacyTimestampAt, SMALLEST_MESSAGE } from '../record/legacy-message.ts'
import type { LocalLog } from './local-log.ts'
import type { LogConfig } from './log-config.ts'
import type { LogFlusher } from './log-flusher.ts'
import { removeIndexes, writeIndexes } from './log-repair.ts'
import type { LogSettings } from './log-settings.ts'
import { snapshotFile } from './producers/producer-snapshot.ts'
import type { ProducerStateKeeper } from './producers/producer-state-keeper.ts'
import type { LogSegment } from './segment/log-segment.ts'
import { MAX_RELATIVE_OFFSET } from './segment/offset-index.ts'
import { createSegmentFiles } from './segment/segment-files.ts'
import { isFileError, SideFileError } from './side-file.ts'

export class LogRoller {
  readonly #local: LocalLog
  readonly #settings: LogSettings
  readonly #producers: ProducerStateKeeper
  readonly #flusher: LogFlusher

  constructor(local: LocalLog, settings: LogSettings, producers: ProducerStateKeeper, flusher: LogFlusher) {
    this.#local = local
    this.#settings = settings
    this.#producers = producers
    this.#flusher = flusher
  }

  /** Segments that were rolled and whose files are still open. */
  readonly #ended: LogSegment[] = []

  /**
   * Kafka's rule for the next batch: size, time between the first batch's and this one's timestamps, a full index,
   * an offset too far from the base. `pending` bytes are about to be written before it.
   */
  shouldRoll(pending: number, size: number, maxTimestamp: Int64, lastOffset: number): boolean {
    const { config } = this.#settings
    const segment = this.#local.active!
    const { tail } = this.#local
    const position = tail.end + pending
    if (position === 0) return false
    return (
      position > config.segmentBytes - size ||
      lastOffset - segment.baseOffset > MAX_RELATIVE_OFFSET ||
      segment.offsetIndex.isFull(config.segmentIndexBytes) ||
      segment.timeIndex.isFull(config.segmentIndexBytes, 1) ||
      this.#waited(maxTimestamp) > maxSegmentMs(config) - segmentJitter(config, segment.baseOffset)
    )
  }

  /** Ends the active segment (unless it is empty) and begins one at the log's end. */
  roll(logStartOffset: number): void {
    const local = this.#local
    const old = local.active
    if (old === undefined || local.tail.end === 0) return
    const max = local.tailMax()
    old.timeIndex.maybeAppend(max.timestamp, max.offset)
    const ended = writeIndexes(old, () => {
      old.offsetIndex.trim()
      old.timeIndex.trim()
    })
    // A short one would be believed: nobody looks behind the last entry of a closed segment.
    if (!ended) removeIndexes(old)
    this.snapshot(logStartOffset)
    this.#flusher.sync(old)
    this.begin(local.tail.nextOffset)
    // A run may write thousands of segments; a descriptor that a background sync uses is closed with a later one.
    this.#ended.push(old)
    if (this.#flusher.isBusy) return
    for (const segment of this.#ended) segment.close()
    this.#ended.length = 0
  }

  /**
   * Writes the producer state at the log's end, unless it is there. `needed` when the log is being closed: a broker takes no
   * look at a log that was closed, and would know no producer without it.
   */
  snapshot(logStartOffset: number, needed = false): void {
    const local = this.#local
    const offset = local.tail.nextOffset
    if ((local.snapshots[local.snapshots.length - 1] ?? -1) === offset) return
    const state = this.#producers.get(logStartOffset)
    state.expire(local.os.clock.now())
    try {
      state.writeSnapshot(local.os.fs, local.dir)
    } catch (error) {
      // Made anew from the log where it is missing.
      if (needed || !isFileError(error)) throw SideFileError.of(snapshotFile(local.dir, offset), error)
    }
  }

  /** A new, empty, active segment. */
  begin(baseOffset: number): void {
    const local = this.#local
    createSegmentFiles(local.os, local.dir, baseOffset)
    this.#flusher.folderChanged()
    local.reopenTail()
  }

  #waited(maxTimestamp: Int64): number {
    const { tail, active } = this.#local
    if (tail.firstTimestamp === undefined && tail.end > 0) {
      const length = active!.read(HEAD, 0, HEAD.length, 0)
      if (length >= SMALLEST_MESSAGE && isLegacyAt(HEAD, 0))
        tail.knowFirstTimestamp(legacyTimestampAt(HEAD, 0))
      else if (length === HEAD.length)
        tail.knowFirstTimestamp(readExactInt64(HEAD, header.MAX_TIMESTAMP_POSITION))
    }
    if ((tail.firstTimestamp ?? -1) >= 0) return Number(subtractInt64(maxTimestamp, tail.firstTimestamp!))
    // Without timestamps the segment's age counts; the file's last change stands for it.
    const { fs, clock } = this.#local.os
    return clock.now() - (fs.stat(active!.path)?.mtimeMs ?? clock.now())
  }
}

/** After how long a segment ends: segment.ms, sooner on a compacted topic that is to be cleaned sooner (KIP-354). */
export function maxSegmentMs({ segmentMs, compact, maxCompactionLagMs }: LogConfig): number {
  return compact && maxCompactionLagMs > 0 ? Math.min(maxCompactionLagMs, segmentMs) : segmentMs
}

/** How much sooner a segment ends: spread by base offset, so that all processes agree on it. */
export function segmentJitter({ segmentJitterMs, segmentMs }: LogConfig, baseOffset: number): number {
  const range = Math.min(segmentJitterMs, segmentMs)
  if (range <= 0) return 0
  return (Math.imul((baseOffset ^ 0x9e3779b9) | 0, 0x85ebca6b) >>> 0) % range
}

const HEAD = Buffer.alloc(header.RECORD_BATCH_OVERHEAD)
