/**
 * One look at a partition's log for those who clean it or explain why it is not cleaned: segments with their sizes and
 * times, offsets, what is left to be unlinked. Reads only, takes no lock.
 */
import { join } from 'node:path'
import type { CorruptRecordError } from '../../errors.ts'
import type { FileStat } from '../../os/file-system.ts'
import type { Os } from '../../os/os.ts'
import type { LocalLog } from '../local-log.ts'
import type { LogConfig } from '../log-config.ts'
import type { LogDirCheckpoints } from '../log-dir-checkpoints.ts'
import {
  type ExpiredSegment,
  expiredSegments,
  type RetainedSegment,
  type RetentionConfig,
} from '../log-retention.ts'
import { judgedLog } from '../opening/known-end.ts'
import { ProducerStateKeeper } from '../producers/producer-state-keeper.ts'
import { ProducerStateManager } from '../producers/producer-state-manager.ts'
import { maxTimestampAt } from '../segment/batch-cursor.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import type { AbortedTxn } from '../segment/transaction-index.ts'

export interface SurveyedSegment extends RetainedSegment {
  /** Offset behind it: the next segment's base, or the log's end. */
  readonly nextOffset: number
  /** Of its first batch, in ms; when the file was last changed where that has none. */
  readonly firstTimestamp: number
  readonly indexSize: number
  readonly timeIndexSize: number
  /** False: its times are those of the file. */
  readonly hasTimestamps: boolean
}

export class LogSurvey {
  readonly local: LocalLog
  readonly topicPartition: string
  readonly config: LogConfig
  segments: readonly SurveyedSegment[]
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** Where cleaning had got to, by cleaner-offset-checkpoint. */
  readonly cleanerCheckpoint: number | undefined
  /** Files of deleted segments whose delay is over. */
  readonly dueDeletions: number
  readonly #os: Os
  readonly #producers: ProducerStateKeeper

  constructor(
    os: Os,
    dir: string,
    checkpoints: LogDirCheckpoints,
    topicPartition: string,
    config: LogConfig,
    now: number,
  ) {
    this.#os = os
    this.topicPartition = topicPartition
    this.config = config
    this.local = judgedLog(os, dir, topicPartition, checkpoints)
    this.local.refresh()
    this.#producers = new ProducerStateKeeper(this.local, {
      topic: '',
      partition: 0,
      topicPartition,
      config,
      leaderEpoch: 0,
      keepBroken: true,
    })
    this.segments = this.local.segments.flatMap((_, i) => this.#describe(i) ?? [])
    const start = checkpoints.offset('log-start', topicPartition) ?? 0
    this.logStartOffset = this.local.startOffset(start)
    this.logEndOffset = Math.max(this.local.tail.nextOffset, this.logStartOffset)
    this.cleanerCheckpoint = checkpoints.offset('cleaner', topicPartition)
    this.dueDeletions = this.#dueDeletions(now)
  }

  get corrupt(): CorruptRecordError | undefined {
    return this.local.corrupt ?? this.local.endDamage?.error
  }

  get active(): SurveyedSegment | undefined {
    return this.segments[this.segments.length - 1]
  }

  /** From here on as if the active segment had just been rolled: for those who ask what would be done behind that. */
  assumeRolled(): void {
    const { active } = this
    if (active === undefined || active.size === 0) return
    const begun = {
      ...active,
      baseOffset: this.logEndOffset,
      nextOffset: this.logEndOffset,
      size: 0,
      indexSize: 0,
      timeIndexSize: 0,
    }
    this.segments = [...this.segments.slice(0, -1), { ...active, active: false }, begun]
  }

  get size(): number {
    return this.segments.reduce((sum, { size }) => sum + size, 0)
  }

  /**
   * What retention lets go, with the times of what is too old read from the batches: an index tells where to look, and is
   * nobody's reason to delete. Costs the headers of the segments that are about to go.
   */
  expired(config: RetentionConfig, now: number): ExpiredSegment[] {
    const confirmed = new Set<number>()
    for (;;) {
      const expired = expiredSegments(this.segments, this.logStartOffset, config, now)
      const next = expired.find(({ reason, baseOffset }) => reason === 'time' && !confirmed.has(baseOffset))
      if (next === undefined) return expired
      confirmed.add(next.baseOffset)
      this.#confirm(next.baseOffset)
    }
  }

  /** By the batches alone. One that cannot be walked to its end may hold anything, and is as young as its file. */
  #confirm(baseOffset: number): void {
    const i = this.local.floor(baseOffset)
    const segment = this.segment(baseOffset)
    const cursor = segment.cursor(0, this.local.endOf(i))
    let largest = -1
    while (cursor.next()) largest = Math.max(largest, Number(maxTimestampAt(cursor)))
    const changed = cursor.problem === undefined ? 0 : (this.#os.fs.stat(segment.path)?.mtimeMs ?? 0)
    segment.close()
    this.segments = this.segments.map((one) =>
      one.baseOffset === baseOffset
        ? { ...one, largestTimestamp: Math.max(one.largestTimestamp, largest, Math.floor(changed)) }
        : one,
    )
  }

  /** Producers and open transactions at the log's end. */
  producers(): ProducerStateManager {
    return this.#producers.get(this.logStartOffset)
  }

  /**
   * Aborted transactions with data at or behind `offset`, as the log's markers tell: a `.txnindex` that is missing or was misread
   * would let records that nobody may see take the place of good ones for good.
   */
  abortedFrom(offset: number): AbortedTxn[] {
    const state = new ProducerStateManager(this.topicPartition, this.config.producerIdExpirationMs)
    const found: AbortedTxn[] = []
    this.local.walk(offset, ({ buffer, at }) => {
      const aborted = state.update(buffer, at)
      if (aborted !== undefined) found.push(aborted)
      return undefined
    })
    return found
  }

  get lastStableOffset(): number {
    return Math.max(this.producers().firstUnstableOffset ?? this.logEndOffset, this.logStartOffset)
  }

  segment(baseOffset: number): LogSegment {
    const segment = this.local.segments[this.local.floor(baseOffset)]
    if (segment?.baseOffset !== baseOffset) throw new Error(`${this.local.dir}: no segment ${baseOffset}`)
    return segment
  }

  close(): void {
    this.local.close()
  }

  /** undefined when the segment vanished meanwhile. */
  #describe(i: number): SurveyedSegment | undefined {
    const segment = this.local.segments[i]
    const stat = segment.stat()
    if (stat === undefined) return undefined
    const active = i === this.local.segments.length - 1
    const size = active ? this.local.tail.end : stat.size
    const largest = this.#largestTimestamp(i)
    const first = this.#firstTimestamp(segment, size, stat)
    const described = {
      baseOffset: segment.baseOffset,
      nextOffset: active ? this.local.tail.nextOffset : this.local.segments[i + 1].baseOffset,
      size,
      indexSize: segment.offsetIndex.size(),
      timeIndexSize: segment.timeIndex.size(),
      largestTimestamp: largest >= 0 ? largest : Math.floor(stat.mtimeMs),
      firstTimestamp: first,
      hasTimestamps: largest >= 0,
      active,
    }
    // Thousands of segments must not hold thousands of descriptors.
    if (!active) segment.close()
    return described
  }

  /**
   * By the time index, and the batches behind its last entry: an index that is short, or ends in zeros, must not make
   * records look older than they are (KAFKA-10207).
   */
  #largestTimestamp(i: number): number {
    const { timestamp, offset } = this.local.maxTimestampOf(i)
    if (i === this.local.segments.length - 1) return Number(timestamp)
    const segment = this.local.segments[i]
    const end = this.local.endOf(i)
    // Entries stand in both indexes at once, so what the last one of the offset index does not cover is behind it.
    const last = segment.offsetIndex.lastEntry()?.offset ?? offset
    const cursor = segment.cursor(segment.usableEntry(last, end), end)
    let largest = Number(timestamp)
    while (cursor.next()) largest = Math.max(largest, Number(maxTimestampAt(cursor)))
    return largest
  }

  #firstTimestamp(segment: LogSegment, size: number, stat: FileStat): number {
    if (size > 0) {
      const cursor = segment.cursor(0, size)
      if (cursor.next()) {
        const timestamp = Number(maxTimestampAt(cursor))
        if (timestamp >= 0) return timestamp
      }
    }
    return Math.floor(stat.mtimeMs)
  }

  #dueDeletions(now: number): number {
    const due = now - this.config.fileDeleteDelayMs
    let count = 0
    for (const { name, file } of this.local.listing?.leftovers ?? []) {
      if (file.state !== 'deleted') continue
      const stat = this.#os.fs.stat(join(this.local.dir, name))
      if (stat !== undefined && (stat.ctimeMs ?? stat.mtimeMs) <= due) count++
    }
    return count
  }
}
