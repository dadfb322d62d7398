/**
 * Compaction of one log, as Kafka's Cleaner does it: the last offset of each key in the dirty part goes into the offset
 * map, then every segment before its end is copied without the records that a later one replaces.
 *
 * Bytes: `.cleaned` files (cleaner-output.ts), swapped in group by group under the partition's lock (segment-files.ts).
 * Invariant: reading and writing happens beside producers and consumers, on segments that nobody appends to; before a
 * swap it is made sure, under the lock, that the segments read are still the ones that stand there. Crash: the groups
 * that were swapped in stay; the checkpoint has not moved, so the next run cleans the same range again.
 */
import { TerseError } from '../../errors.ts'
import type { Os } from '../../os/os.ts'
import { prepareCodec } from '../../record/compression/compression.ts'
import type { RecordBatch } from '../../record/record-batch.ts'
import type { RecordVisitor } from '../../record/record-view.ts'
import { isDiskFull } from '../full-disk.ts'
import { MAX_RELATIVE_OFFSET } from '../segment/offset-index.ts'
import { replaceSegmentFiles } from '../segment/segment-files.ts'
import { CleanedTransactionMetadata } from './cleaned-transaction-metadata.ts'
import type { LastRecord } from './cleaner-filter.ts'
import { CleanerFilter } from './cleaner-filter.ts'
import { CleanedSegment, MAX_SEGMENT_SIZE } from './cleaner-output.ts'
import { type CleanerPace, CleaningStopped } from './cleaner-pace.ts'
import { CleanerReader } from './cleaner-reader.ts'
import type { LogSurvey, SurveyedSegment } from './cleaner-survey.ts'
import { LegacyFilter } from './legacy-filter.ts'
import type { LogToClean } from './log-to-clean.ts'
import { from, groupSegments } from './log-to-clean.ts'
import type { OffsetMap } from './offset-map.ts'

export interface CleanerOptions {
  readonly map: OffsetMap
  /** log.cleaner.io.buffer.size in bytes. */
  readonly ioBufferSize: number
  readonly pace: CleanerPace
  readonly now: number
  readonly dryRun?: boolean
  /** Runs the swap under the partition's lock; false when the log must not be compacted any more. */
  readonly underLock: (swap: () => void) => Promise<boolean>
  readonly onProgress?: (phase: 'indexing' | 'cleaning', doneBytes: number, totalBytes: number) => void
}

export interface CleanerStats {
  mapBytesRead: number
  bytesRead: number
  bytesWritten: number
  recordsRead: number
  recordsKept: number
  keys: number
  mapUse: number
  /** Bytes of .log files that the swaps freed. */
  bytesFreed: number
}

/** For batches, and for messages of formats 0 and 1. */
interface Filters {
  readonly filter: CleanerFilter
  readonly legacyFilter: LegacyFilter
  /** Tombstones of formats 0 and 1 go in files that were not changed since, ms since the epoch. */
  readonly legacyHorizon: number
}

/** One segment of a pass over the log. */
interface CleaningStep {
  readonly checkCrc: boolean
  /** Bytes in front of the segment, and of all segments. */
  readonly done: number
  readonly total: number
}

export class Cleaner {
  readonly stats: CleanerStats = {
    mapBytesRead: 0,
    bytesRead: 0,
    bytesWritten: 0,
    recordsRead: 0,
    recordsKept: 0,
    keys: 0,
    mapUse: 0,
    bytesFreed: 0,
  }
  readonly #os: Os
  readonly #options: CleanerOptions
  readonly #reader: CleanerReader
  #outputBuffer: Buffer | undefined

  constructor(os: Os, options: CleanerOptions) {
    this.#os = os
    this.#options = options
    this.#reader = new CleanerReader(os, options.ioBufferSize)
  }

  /**
   * One pass: all of the dirty part, or as much of it as the map holds. Returns the offset up to which the log is clean
   * then. Throws CorruptRecordError (nothing is cleaned behind damage), CleaningStopped.
   */
  async clean(survey: LogSurvey, toClean: LogToClean): Promise<number> {
    const { firstDirtyOffset, firstUncleanableOffset } = toClean
    const { map } = this.#options
    await this.#buildOffsetMap(survey, firstDirtyOffset, firstUncleanableOffset)
    const endOffset = map.latestOffset + 1
    if (endOffset <= firstDirtyOffset) {
      throw new TerseError(
        `${survey.topicPartition}: the offset map is too small for even one batch at offset ${firstDirtyOffset}; ` +
          'increase log.cleaner.dedupe.buffer.size',
      )
    }
    this.stats.keys += map.size
    this.stats.mapUse = Math.max(this.stats.mapUse, map.utilization)

    let output: CleanedSegment | undefined
    const transactions = new CleanedTransactionMetadata(
      (offset) => survey.abortedFrom(offset),
      (aborted) => output?.keepAborted(aborted),
    )
    const filter = new CleanerFilter({
      map,
      mapStart: firstDirtyOffset,
      now: this.#options.now,
      deleteRetentionMs: survey.config.deleteRetentionMs,
      transactions,
      lastRecords: lastRecords(survey),
      upperBoundOffset: firstUncleanableOffset,
    })
    const legacyFilter = new LegacyFilter({ map, upperBoundOffset: firstUncleanableOffset })
    const filters = { filter, legacyFilter, legacyHorizon: legacyHorizon(survey, firstDirtyOffset) }
    const { segmentBytes, segmentIndexBytes } = survey.config
    const segments = survey.segments.filter(({ baseOffset }) => baseOffset < endOffset)
    const total = segments.reduce((sum, { size }) => sum + size, 0)
    const groups = groupSegments(segments, segmentBytes, segmentIndexBytes)
    let done = 0
    let sources: SurveyedSegment[] = []
    for (const [i, group] of groups.entries()) {
      sources = [...sources, ...group]
      output ??= this.#begin(survey, group[0])
      try {
        for (const segment of group) {
          // What the map was built from had its checksums looked at then.
          const checked = segment.baseOffset >= firstDirtyOffset && segment.nextOffset <= endOffset
          await this.#cleanInto(survey, segment, filters, output, { checkCrc: !checked, done, total })
          done += segment.size
        }
        // A segment without records, empty or of emptied batches that stay for their producers, leads a broker's look-up
        // by timestamp astray: go on in it.
        const next = groups[i + 1]
        if (!output.hasRecords && next !== undefined && fitsBehind(output, next)) continue
        this.#outputBuffer = output.buffer
        await this.#replace(survey, sources, output)
        output = undefined
        sources = []
      } catch (error) {
        output?.abort()
        throw isDiskFull(error) ? this.#needsRoom(survey, sources, error) : error
      } finally {
        for (const { baseOffset } of group) survey.segment(baseOffset).close()
      }
    }
    // A later pass reads again what the one before kept.
    this.stats.recordsRead += filter.recordsRead + legacyFilter.recordsRead - this.stats.recordsKept
    this.stats.recordsKept = filter.recordsKept + legacyFilter.recordsKept
    return endOffset
  }

  async #buildOffsetMap(survey: LogSurvey, start: number, end: number): Promise<void> {
    const { map, pace, dryRun } = this.#options
    map.begin(start, end)
    pace.beginPass()
    const dirty = from(survey.segments, start).filter(({ baseOffset }) => baseOffset < end)
    const total = dirty.reduce((sum, { size }) => sum + size, 0)
    const transactions = new CleanedTransactionMetadata((offset) => survey.abortedFrom(offset))
    const reader = this.#reader
    const visitor: RecordVisitor = ({ offset, buffer, keyStart, keyEnd }) =>
      keyEnd < 0 || offset < start || map.put(buffer, keyStart, keyEnd, offset)
    let done = 0
    for (const { baseOffset, nextOffset, size } of dirty) {
      const segment = survey.segment(baseOffset)
      reader.begin(segment, segment.usableEntry(start, size), size, untilOf(survey, nextOffset))
      while (reader.next(true)) {
        const batch = reader.batch()
        if (batch.compression === 'zstd') await prepareCodec('zstd')
        if (batch.isControl) transactions.onControlBatchRead(batch)
        else if (!transactions.onBatchRead(batch) && !this.#intoMap(batch, visitor, start, end)) return
        if (batch.lastOffset >= start) map.latestOffset = batch.lastOffset
        this.stats.mapBytesRead += reader.size
        done += reader.size
        if (pace.isDue(reader.size)) {
          this.#options.onProgress?.('indexing', done, total)
          await pace.rest()
          if (dryRun !== true && map.latestOffset >= start && pace.indexedLongEnough) return
        }
      }
      segment.close()
      map.latestOffset = Math.max(map.latestOffset, Math.min(nextOffset, end) - 1)
    }
  }

  /** Returns false when the map is full before the batch. */
  #intoMap(batch: RecordBatch, visitor: RecordVisitor, start: number, end: number): boolean {
    const { map } = this.#options
    const walked = () => this.#reader.asFound(() => batch.walk(visitor))
    if (batch.count === 0 || walked()) return true
    if (map.size > 0 || map.latestOffset >= start || batch.baseOffset <= start) return false
    // Nothing but a gap lies before it, wider than the map's range (KAFKA-6264).
    map.begin(batch.baseOffset, end)
    return walked()
  }

  #begin(survey: LogSurvey, { baseOffset }: SurveyedSegment): CleanedSegment {
    const { indexIntervalBytes, segmentIndexBytes } = survey.config
    const options = {
      indexIntervalBytes,
      maxIndexBytes: segmentIndexBytes,
      dryRun: this.#options.dryRun === true,
    }
    return new CleanedSegment(this.#os, survey.local.dir, baseOffset, options, this.#outputBuffer)
  }

  async #cleanInto(
    survey: LogSurvey,
    { baseOffset, nextOffset, size }: SurveyedSegment,
    { filter, legacyFilter, legacyHorizon: horizon }: Filters,
    output: CleanedSegment,
    { checkCrc, done: doneBefore, total }: CleaningStep,
  ): Promise<void> {
    const { pace, onProgress } = this.#options
    const reader = this.#reader
    const segment = survey.segment(baseOffset)
    legacyFilter.tombstonesMayGo = (this.#os.fs.stat(segment.path)?.mtimeMs ?? horizon + 1) <= horizon
    reader.begin(segment, 0, size, untilOf(survey, nextOffset))
    let done = doneBefore
    let before = output.size
    while (reader.next(checkCrc)) {
      if (reader.isLegacy)
        reader.asFound(() => legacyFilter.filter(reader.buffer, reader.at, reader.size, output))
      else {
        const batch = reader.batch()
        if (batch.compression === 'zstd') await prepareCodec('zstd')
        filter.filter(batch, output)
      }
      done += reader.size
      this.stats.bytesRead += reader.size
      this.stats.bytesWritten += output.size - before
      if (pace.isDue(reader.size + output.size - before)) {
        onProgress?.('cleaning', done, total)
        await pace.rest()
      }
      before = output.size
    }
  }

  /** Puts the cleaned segment in the group's place, unless somebody changed the log meanwhile. */
  async #replace(
    survey: LogSurvey,
    group: readonly SurveyedSegment[],
    output: CleanedSegment,
  ): Promise<void> {
    const size = group.reduce((sum, segment) => sum + segment.size, 0)
    // Nothing went: the old file is as good, and readers need not change over.
    const same = group.length === 1 && output.size === size
    output.finish()
    if (same || this.#options.dryRun === true) {
      output.abort()
      if (!same) this.stats.bytesFreed += size - output.size
      return
    }
    const { dir } = survey.local
    const bases = group.map(({ baseOffset }) => baseOffset)
    const sources = bases.map((base) => survey.segment(base))
    const inodes = sources.map(({ ino }) => ino)
    let replaced = false
    const allowed = await this.#options.underLock(() => {
      const { fs } = this.#os
      const unchanged = sources.every(({ path }, i) => {
        const stat = fs.stat(path)
        return stat !== undefined && stat.ino === inodes[i] && stat.size === group[i].size
      })
      if (!unchanged) return
      // The first segment's name is where the log begins; any other that is empty may go.
      const gone = output.size === 0 && output.baseOffset > survey.segments[0].baseOffset
      const cleaned = gone ? [] : [output.baseOffset]
      replaceSegmentFiles(this.#os, dir, cleaned, bases, survey.config.fileDeleteDelayMs)
      if (gone) output.discard()
      replaced = true
    })
    if (!allowed) throw new CleaningStopped('its policy, or the topic itself, changed meanwhile')
    if (!replaced) throw new CleaningStopped('its segments changed meanwhile')
    this.stats.bytesFreed += size - output.size
  }

  #needsRoom(survey: LogSurvey, group: readonly SurveyedSegment[], cause: unknown): TerseError {
    const size = group.reduce((sum, segment) => sum + segment.size, 0)
    return new TerseError(
      `the disk is full: compacting ${group.length === 1 ? 'the segment' : `the ${group.length} segments`} from offset ` +
        `${group[0].baseOffset} of ${survey.topicPartition} needs up to ${size} bytes free; nothing was changed there`,
      { cause },
    )
  }
}

/** Where a segment's offsets end. Where a swap was interrupted, a merged segment has those of the ones behind it, too. */
function untilOf({ local }: LogSurvey, nextOffset: number): number {
  return local.listing?.swapping === true ? Number.POSITIVE_INFINITY : nextOffset
}

/** Whether what is left of a group can stand behind what is there. */
function fitsBehind({ baseOffset, size }: CleanedSegment, group: readonly SurveyedSegment[]): boolean {
  const last = group[group.length - 1]
  if (last.nextOffset - 1 - baseOffset > MAX_RELATIVE_OFFSET) return false
  return group.reduce((sum, segment) => sum + segment.size, size) <= MAX_SEGMENT_SIZE
}

/** delete.retention.ms before the last segment that is clean was changed; 0 where none is. */
function legacyHorizon({ segments, local, config }: LogSurvey, firstDirtyOffset: number): number {
  const clean = segments.findLast(({ baseOffset }) => baseOffset < firstDirtyOffset)
  if (clean === undefined) return 0
  const path = local.segments[local.floor(clean.baseOffset)].path
  return (local.os.fs.stat(path)?.mtimeMs ?? 0) - config.deleteRetentionMs
}

function lastRecords(survey: LogSurvey): Map<number, LastRecord> {
  const last = new Map<number, LastRecord>()
  for (const [producerId, { batches, epoch }] of survey.producers().producers) {
    last.set(producerId, { lastDataOffset: batches[batches.length - 1]?.lastOffset, producerEpoch: epoch })
  }
  return last
}
