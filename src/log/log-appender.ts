/**
 * Appends whole batches at the log's end, under the partition's lock.
 *
 * Bytes: the caller's batches with base offset and leader epoch patched in (both outside the CRC), one write per
 * segment touched. Invariant: what `prepare` found is the whole truth about the end (nobody else may write while the
 * lock is held), the file ends with the last whole batch before a write begins, and the log's end moves right behind
 * the write, before any index is written (or the same offsets would be written twice: KAFKA-7866).
 * Crash: a torn last batch, cut by the next writer; an index that is short, mended by the next writer. The disk full:
 * whole batches stay, the torn one is cut at once.
 */

import { readInt32 } from '../bytes/int32.ts'
import { type Int64, readExactInt64, readInt64 } from '../bytes/int64.ts'
import { CorruptRecordError, KafkaError, TerseError } from '../errors.ts'
import { someWritten } from '../os/file-system.ts'
import { systemErrorText } from '../os/system-error.ts'
import * as header from '../record/batch-header.ts'
import type { LeaderEpochFileCache } from './leader-epoch-file-cache.ts'
import type { LocalLog } from './local-log.ts'
import type { LogAppendInfo } from './log-append-info.ts'
import { PartialAppendError } from './log-append-info.ts'
import type { LogFlusher } from './log-flusher.ts'
import { confirmLastEpoch, epochsInLog, writeIndexes } from './log-repair.ts'
import type { LogRoller } from './log-roller.ts'
import type { LogSettings } from './log-settings.ts'
import type { ProducerStateKeeper } from './producers/producer-state-keeper.ts'
import type { ProducerStateManager } from './producers/producer-state-manager.ts'
import { headerProblem } from './segment/batch-cursor.ts'
import type { AbortedTxn } from './segment/transaction-index.ts'

interface Run {
  readonly start: number
  readonly end: number
}

export class LogAppender {
  readonly #local: LocalLog
  readonly #settings: LogSettings
  readonly #epochs: LeaderEpochFileCache
  readonly #producers: ProducerStateKeeper
  readonly #roller: LogRoller
  readonly #flusher: LogFlusher
  /** Of the append that is under way: behind the last batch that is in the log. */
  #behind = 0

  constructor(
    local: LocalLog,
    settings: LogSettings,
    epochs: LeaderEpochFileCache,
    producers: ProducerStateKeeper,
    roller: LogRoller,
    flusher: LogFlusher,
  ) {
    this.#local = local
    this.#settings = settings
    this.#epochs = epochs
    this.#producers = producers
    this.#roller = roller
    this.#flusher = flusher
  }

  append(
    buffer: Buffer,
    start: number,
    end: number,
    logStartOffset: number,
    logAppendTime: number,
    freshProducerId: boolean,
  ): LogAppendInfo {
    const { tail } = this.#local
    const walked = this.#walk(buffer, start, end, freshProducerId)
    const state = walked.needsState
      ? this.#producers.get(logStartOffset)
      : this.#producers.getIfCheap(logStartOffset)
    const firstOffset = tail.nextOffset
    this.#behind = firstOffset
    if (state !== undefined && !freshProducerId) {
      const { duplicate } = state.check(buffer, start, end, firstOffset)
      if (duplicate !== undefined) {
        return {
          firstOffset: duplicate.firstOffset,
          lastOffset: duplicate.lastOffset,
          logAppendTime,
          maxTimestamp: duplicate.timestamp,
          bytes: 0,
          batches: walked.batches,
          logStartOffset,
          duplicate: true,
        }
      }
    }
    if (this.#epochs.isDamaged) this.#epochs.replace(epochsInLog(this.#local))
    const known = Math.max(this.#settings.leaderEpoch, this.#epochs.latestEpoch ?? 0, 0)
    if (tail.lastEpoch > known) confirmLastEpoch(this.#local)
    const epoch = Math.max(known, tail.lastEpoch)
    this.#epochs.assign(epoch, firstOffset)

    const info = (batches: number, bytes: number, maxTimestamp: Int64): LogAppendInfo => ({
      firstOffset,
      lastOffset: this.#behind - 1,
      logAppendTime,
      maxTimestamp,
      bytes,
      batches,
      logStartOffset,
      duplicate: false,
    })
    const file = this.#local.active?.path ?? this.#local.dir
    let runStart = start
    let nextOffset = firstOffset
    let batches = 0
    let maxTimestamp: Int64 = -1
    try {
      for (let at = start; at < end; ) {
        const size = header.sizeAt(buffer, at)
        const lastOffset = nextOffset + readInt32(buffer, at + header.LAST_OFFSET_DELTA_POSITION)
        const timestamp = readExactInt64(buffer, at + header.MAX_TIMESTAMP_POSITION)
        if (this.#roller.shouldRoll(at - runStart, size, timestamp, lastOffset)) {
          this.#write(buffer, { start: runStart, end: at }, state)
          runStart = at
          this.#roller.roll(logStartOffset)
        }
        header.setBaseOffsetAt(buffer, at, nextOffset)
        header.setLeaderEpochAt(buffer, at, epoch)
        this.#stage(this.#local.tail.end + at - runStart, lastOffset, timestamp)
        if (timestamp > maxTimestamp) maxTimestamp = timestamp
        nextOffset = lastOffset + 1
        batches++
        at += size
      }
      this.#write(buffer, { start: runStart, end }, state)
    } catch (error) {
      this.#producers.forget()
      const appended = this.#behind - firstOffset
      const whole = batchesOf(buffer, start, end, appended)
      // The first failure is the one that is told.
      const isSynced = appended === 0 || this.#counted(appended) === undefined
      if (error instanceof TerseError && appended === 0) throw error
      const some = appended > 0 ? info(whole.batches, whole.bytes, whole.maxTimestamp) : undefined
      throw this.#partial(file, error, some, isSynced)
    }
    const unsynced = this.#counted(nextOffset - firstOffset)
    const all = info(batches, end - start, maxTimestamp)
    if (unsynced !== undefined) throw this.#partial(file, unsynced, all, false)
    return all
  }

  /** Counts what was appended, for flush.messages and flush.ms; what a sync that was due then failed with. */
  #counted(messages: number): unknown {
    try {
      this.#flusher.appended(messages)
      return undefined
    } catch (error) {
      return error
    }
  }

  #partial(
    file: string,
    error: unknown,
    appended: LogAppendInfo | undefined,
    isSynced: boolean,
  ): PartialAppendError {
    const why =
      error instanceof TerseError ? error.message : (systemErrorText(error) ?? (error as Error).message)
    const message = why.startsWith(this.#local.dir) ? why : `${file}: ${why}`
    return new PartialAppendError(message, appended, isSynced, error)
  }

  /** Headers only: sizes, and whether producer state must be known. */
  #walk(buffer: Buffer, start: number, end: number, fresh: boolean) {
    const { segmentBytes } = this.#settings.config
    let batches = 0
    let needsState = false
    for (let at = start; at < end; ) {
      const problem = headerProblem(buffer, at, end - at, Number.NEGATIVE_INFINITY)
      if (problem !== undefined) throw new CorruptRecordError(`batch to append: ${problem}`, at)
      const size = header.sizeAt(buffer, at)
      if (size > segmentBytes) {
        throw new KafkaError(
          'RECORD_LIST_TOO_LARGE',
          `Message batch size is ${size} bytes in append to partition ${this.#settings.topicPartition}, which exceeds ` +
            `the maximum configured segment size of ${segmentBytes}.`,
        )
      }
      if (readInt64(buffer, at + header.PRODUCER_ID_POSITION) >= 0) {
        const special = header.TRANSACTIONAL_FLAG | header.CONTROL_FLAG
        needsState ||= !fresh || (header.attributesAt(buffer, at) & special) !== 0
      }
      batches++
      at += size
    }
    return { batches, needsState }
  }

  /** Notes an index entry for the batch that will stand at `position`, as Kafka does: one an interval. */
  #stage(position: number, lastOffset: number, timestamp: Int64): void {
    const { tail } = this.#local
    const segment = this.#local.active!
    // It must be known to be raised.
    this.#local.tailMax()
    tail.noteTimestamp(timestamp, lastOffset)
    if (position === 0) tail.knowFirstTimestamp(timestamp)
    if (position - (tail.lastIndexed ?? 0) <= this.#settings.config.indexIntervalBytes) return
    segment.offsetIndex.append(lastOffset, position)
    segment.timeIndex.maybeAppend(tail.max!.timestamp, tail.max!.offset)
    tail.indexedUpTo(position)
  }

  #write(buffer: Buffer, run: Run, state: ProducerStateManager | undefined): void {
    if (run.start === run.end) return
    const segment = this.#local.active!
    const { tail } = this.#local
    const { fs } = this.#local.os
    if (state !== undefined) {
      const aborted: AbortedTxn[] = []
      for (let at = run.start; at < run.end; at += header.sizeAt(buffer, at)) {
        const txn = state.update(buffer, at)
        if (txn !== undefined) aborted.push(txn)
      }
      segment.transactionIndex.append(aborted)
    }
    const position = tail.end
    let written = 0
    try {
      const fd = segment.fd(true)
      // The names of an empty folder need not be durable (new-partitions.ts); those of one that holds something must be.
      if (position === 0) this.#flusher.folderChanged(this.#local.segments.length === 1)
      this.#flusher.writing(segment)
      while (written < run.end - run.start) {
        const from = run.start + written
        written += someWritten(fs.write(fd, buffer, from, run.end - from, position + written))
      }
    } catch (error) {
      this.#keepWhole(buffer, run, position, written)
      throw error
    }
    tail.appended(buffer, run.start, run.end)
    this.#behind = tail.nextOffset
    if (!writeIndexes(segment)) tail.forgetIndexed()
  }

  /** A write that failed midway: whole batches stay, the torn one goes. */
  #keepWhole(buffer: Buffer, run: Run, position: number, written: number): void {
    const { fs } = this.#local.os
    const segment = this.#local.active!
    const { tail } = this.#local
    let end = run.start
    while (end < run.end && end + header.sizeAt(buffer, end) - run.start <= written)
      end += header.sizeAt(buffer, end)
    const kept = position + end - run.start
    segment.offsetIndex.unstageFrom(kept)
    tail.appended(buffer, run.start, end)
    this.#behind = tail.nextOffset
    segment.timeIndex.unstageFrom(tail.nextOffset)
    tail.forgetPending()
    writeIndexes(segment)
    try {
      fs.ftruncate(segment.fd(true), kept)
      tail.cut()
      segment.transactionIndex.truncateToOffset(tail.nextOffset)
    } catch {
      // The torn bytes stay for the next writer to cut, who looks at the disk first: this process, too.
      this.#local.forget()
    }
  }
}

/** The batches that hold the first `offsets` offsets. */
function batchesOf(buffer: Buffer, start: number, end: number, offsets: number) {
  let at = start
  let batches = 0
  let maxTimestamp: Int64 = -1
  for (let left = offsets; at < end && left > 0; at += header.sizeAt(buffer, at)) {
    left -= readInt32(buffer, at + header.LAST_OFFSET_DELTA_POSITION) + 1
    const timestamp = readExactInt64(buffer, at + header.MAX_TIMESTAMP_POSITION)
    if (timestamp > maxTimestamp) maxTimestamp = timestamp
    batches++
  }
  return { batches, bytes: at - start, maxTimestamp }
}
