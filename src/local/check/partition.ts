/**
 * Checks one partition: reads every batch and record of its log, and every file beside it. The check changes nothing and takes no
 * lock, so what it finds is looked at again if somebody wrote meanwhile (check.ts).
 */
import { join } from 'node:path'
import type { Int64 } from '../../bytes/int64.ts'
import { count as counted } from '../../count.ts'
import { CorruptRecordError } from '../../errors.ts'
import { type LogListing, listLog } from '../../log/opening/log-loader.ts'
import { lostFront, lostFrontDetail } from '../../log/opening/lost-front.ts'
import { unreadFormatAt } from '../../log/opening/unread-format.ts'
import { ProducerStateManager } from '../../log/producers/producer-state-manager.ts'
import { findBatchBehind } from '../../log/segment/bad-batch.ts'
import type { BatchCursor } from '../../log/segment/batch-cursor.ts'
import { maxTimestampAt } from '../../log/segment/batch-cursor.ts'
import { LogSegment } from '../../log/segment/log-segment.ts'
import type { Os } from '../../os/os.ts'
import * as header from '../../record/batch-header.ts'
import type { RecordBatch } from '../../record/record-batch.ts'
import type { PartitionToCheck, SegmentFacts } from './partition-facts.ts'
import type { CheckReport } from './report.ts'
import { checkEpochs, checkIndexes, checkSnapshot, checkSnapshotFiles } from './side-files.ts'

export interface CheckedPartition {
  readonly logEndOffset: number
}

export function checkPartition(os: Os, report: CheckReport, partition: PartitionToCheck): CheckedPartition {
  const { place, dir } = partition
  const listing = listLog(os.fs, dir)
  const bases = listing?.bases ?? []
  const snapshots = new Set(listing?.snapshots ?? [])
  const epochs = checkEpochs(os.fs, report, partition)
  const state = new ProducerStateManager('', Number.MAX_SAFE_INTEGER)
  let next = bases[0] ?? 0
  let damaged = false
  let epochTold = false
  tellLostFront(os, report, partition, listing)

  for (let i = 0; i < bases.length; i++) {
    const segment = new LogSegment(os.fs, dir, bases[i])
    const isActive = i === bases.length - 1
    if (bases[i] > next && !partition.compacted && !damaged) {
      report.error(
        place,
        'offset-gap',
        segment.path,
        0,
        `the segment begins at offset ${bases[i]}, the one before it ends at ${next}`,
        `${counted(bases[i] - next, 'record is', 'records are')} missing`,
      )
    }
    next = Math.max(next, bases[i])
    try {
      const facts: SegmentFacts = {
        segment,
        size: segment.fileSize(),
        isActive,
        from: next,
        nextBase: bases[i + 1],
        batches: [],
        maxTimestamps: [],
        aborted: [],
        beginsOld: false,
        damaged: false,
      }
      report.files++
      report.bytes += facts.size
      next = checkSegment(os, report, partition, facts, (cursor, expected) => {
        const base = header.baseOffsetAt(cursor.buffer, cursor.at)
        // Where offsets may have gaps a snapshot can lie in one.
        for (const at of snapshots) {
          if (at > base) continue
          snapshots.delete(at)
          if (at >= expected && !damaged) checkSnapshot(os.fs, report, partition, at, state)
        }
        const epoch = header.leaderEpochAt(cursor.buffer, cursor.at)
        // Messages of formats 0 and 1 have none.
        const said = cursor.isLegacy ? undefined : epochs?.(base)
        if (said !== undefined && said !== epoch && base >= partition.logStartOffset && !epochTold) {
          epochTold = true
          report.error(
            place,
            'bad-epochs',
            join(dir, 'leader-epoch-checkpoint'),
            null,
            `it gives offset ${base} to leader epoch ${said}, its batch is of ${epoch}`,
            'replicas that compare epochs would cut the log in the wrong place',
          )
        }
        const aborted = state.update(cursor.buffer, cursor.at)
        if (aborted !== undefined) facts.aborted.push(aborted)
      })
      damaged ||= facts.damaged
      if (!facts.damaged) checkIndexes(os.fs, report, partition, facts)
    } finally {
      segment.close()
    }
  }
  next = tellLostEnd(report, partition, next)
  for (const at of snapshots) {
    if (at === next && !damaged && partition.endDamage === undefined)
      checkSnapshot(os.fs, report, partition, at, state)
  }
  checkSnapshotFiles(os.fs, report, partition, listing?.snapshots ?? [], next)
  return { logEndOffset: next }
}

function tellLostFront(
  os: Os,
  report: CheckReport,
  { place, dir, logStartOffset }: PartitionToCheck,
  listing: LogListing | undefined,
): void {
  const front = listing && lostFront(os.fs, dir, listing, logStartOffset)
  if (front === undefined) return
  const meaning = `readers stop there until it is repaired; then the log begins at offset ${front.until}, as a broker would have it`
  report.error(place, 'lost-start', front.path, null, lostFrontDetail(front), meaning)
}

/** Returns the offset at which the log goes on. */
function tellLostEnd(report: CheckReport, { place, endDamage }: PartitionToCheck, next: number): number {
  if (endDamage === undefined) return next
  const { error, endOffset, unread } = endDamage
  if (!unread) {
    report.error(
      place,
      'lost-end',
      error.file ?? '',
      error.position,
      error.detail,
      `nothing is appended until it is repaired; then the log goes on at offset ${endOffset}; a broker may give offsets twice`,
    )
  }
  return Math.max(next, endOffset)
}

/** Walks a segment; returns the offset behind it. */
function checkSegment(
  os: Os,
  report: CheckReport,
  partition: PartitionToCheck,
  facts: SegmentFacts,
  visit: (cursor: BatchCursor, expected: number) => void,
): number {
  const { place } = partition
  const { segment, size, nextBase } = facts
  let next = facts.from
  let position = 0
  while (position < size) {
    const cursor = segment.cursor(position, size, next)
    const walked = checkGoodBatches(report, partition, facts, cursor, next, visit)
    next = walked.next
    if (walked.isEnd) return next
    position = cursor.position
    facts.damaged = true
    const bad = { position, nextOffset: next, size, index: segment.offsetIndex }
    const behind = findBatchBehind(os.fs, segment.fd(), bad)
    const bytes = (behind ?? size) - position
    const format = unreadFormatAt(os.fs, segment.fd(), position, size)
    if (format !== undefined) {
      const problem = `${counted(bytes, 'byte is', 'bytes are')} of ${format}`
      const mend = 'nothing is changed in such a log; read it with an update of tkafka'
      const meaning = 'readers pass over these records or stop at them'
      const damage = { severity: 'error', kind: 'unread-format', file: segment.path, position } as const
      report.add(place, { ...damage, problem, meaning, mend })
      if (behind === undefined) return Math.max(next, nextBase ?? next)
      position = behind
      next = baseOffsetAt(segment, behind, size)
      continue
    }
    if (behind === undefined && facts.isActive && partition.endDamage !== undefined) return next
    if (behind === undefined && facts.isActive) {
      report.error(
        place,
        'torn-tail',
        segment.path,
        position,
        `${counted(bytes, 'byte at the end is', 'bytes at the end are')} no batch: ${cursor.problem}`,
        `the last write was cut short; offset ${next} is where the log goes on${
          partition.clean ? ', and beside the clean marker a broker would append behind the torn bytes' : ''
        }`,
      )
      return next
    }
    const until = behind === undefined ? nextBase : baseOffsetAt(segment, behind, size)
    report.error(
      place,
      'bad-batch',
      segment.path,
      position,
      `${counted(bytes, 'byte is', 'bytes are')} no good batch: ${cursor.problem}`,
      lostOffsets(next, until),
    )
    if (behind === undefined) return Math.max(next, nextBase ?? next)
    position = behind
    next = until ?? next
  }
  return next
}

/** Checks batches until one is bad. `isEnd`: nothing behind the last one is to be looked at. */
function checkGoodBatches(
  report: CheckReport,
  partition: PartitionToCheck,
  facts: SegmentFacts,
  cursor: BatchCursor,
  from: number,
  visit: (cursor: BatchCursor, expected: number) => void,
): { next: number; isEnd: boolean } {
  const { path } = facts.segment
  let expected = from
  while (cursor.next() && cursor.checkCrc()) {
    if (cursor.position === 0) facts.beginsOld = cursor.isLegacy
    const batch = loaded(report, partition, path, cursor)
    if (batch !== undefined && cursor.isLegacy) checkWrapperOffset(report, partition, path, batch, cursor)
    const base = header.baseOffsetAt(cursor.buffer, cursor.at)
    if (base > expected && isLie(partition, facts, cursor.position)) {
      facts.damaged = true
      return { next: expected, isEnd: true }
    }
    if (base > expected && !partition.compacted && !facts.damaged) {
      report.error(
        partition.place,
        'offset-gap',
        path,
        cursor.position,
        `offset ${base} follows where ${expected} is next`,
        `${counted(base - expected, 'record is', 'records are')} missing`,
      )
    }
    report.batches++
    if (batch !== undefined) checkBatch(report, partition, path, batch, cursor)
    visit(cursor, expected)
    facts.batches.push(base, cursor.nextOffset - 1, cursor.position)
    facts.maxTimestamps.push(maxTimestampAt(cursor))
    expected = cursor.nextOffset
  }
  return { next: expected, isEnd: cursor.problem === undefined }
}

/** The last batch, of which something tells that its offset is another: that is told with the log's end. */
function isLie(
  { endDamage }: PartitionToCheck,
  { segment, isActive }: SegmentFacts,
  position: number,
): boolean {
  const error = endDamage?.error
  return isActive && error?.file === segment.path && error.position === position
}

function baseOffsetAt(segment: LogSegment, position: number, size: number): number {
  const cursor = segment.cursor(position, size, 0)
  cursor.next()
  return header.baseOffsetAt(cursor.buffer, cursor.at)
}

function lostOffsets(from: number, until: number | undefined): string {
  const broker = 'a broker that recovers the log would drop all that follows'
  if (until === undefined || until <= from) return `what stood at offset ${from} cannot be read; ${broker}`
  const which = until === from + 1 ? `offset ${from}` : `offsets ${from} to ${until - 1}`
  return `${which} cannot be read; ${broker}`
}

/** The whole batch; undefined for a wrapper that does not hold what it says, which is told. */
function loaded(
  report: CheckReport,
  { place }: PartitionToCheck,
  file: string,
  cursor: BatchCursor,
): RecordBatch | undefined {
  try {
    return cursor.load()
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error
    report.error(place, 'bad-batch', file, cursor.position, error.detail, WRITTEN_SO)
    return undefined
  }
}

/** The messages in a wrapper of format 0 say their offsets themselves; no checksum covers its own. */
function checkWrapperOffset(
  report: CheckReport,
  { place }: PartitionToCheck,
  file: string,
  { lastOffset }: RecordBatch,
  cursor: BatchCursor,
): void {
  const own = header.baseOffsetAt(cursor.stored(), 0)
  if (own === lastOffset) return
  const problem = `the messages in it end at offset ${lastOffset}, its own is ${own}`
  report.error(place, 'bad-batch', file, cursor.position, problem, 'the log may seem to end elsewhere')
}

const WRITTEN_SO = 'its checksum is right, so it was written that way'

/** A batch whose checksum is right: whether it holds what its header says. */
function checkBatch(
  report: CheckReport,
  partition: PartitionToCheck,
  file: string,
  batch: RecordBatch,
  { position, isLegacy }: BatchCursor,
): void {
  const { place, compacted, record } = partition
  const wrong = (problem: string): void =>
    report.error(place, 'bad-batch', file, position, problem, WRITTEN_SO)
  try {
    let count = 0
    let last = batch.baseOffset - 1
    let maxTimestamp: Int64 = -1
    let grows = true
    const isControl = batch.isControl
    batch.walk((view) => {
      const { offset, exactTimestamp } = view
      count++
      grows &&= offset > last
      last = offset
      if (exactTimestamp > maxTimestamp) maxTimestamp = exactTimestamp
      if (!isControl) record?.(file, position, view)
    })
    report.records += count
    if (count !== batch.count) wrong(`a batch says ${counted(batch.count, 'record')} and holds ${count}`)
    if (!grows) wrong('the offsets of its records do not grow')
    if (last > batch.lastOffset)
      wrong(`record ${last} lies behind the batch's last offset ${batch.lastOffset}`)
    if (compacted || count === 0 || isLegacy) return
    if (last < batch.lastOffset) wrong(`its last record is ${last}, the batch ends at ${batch.lastOffset}`)
    if (batch.timestampType === 'CreateTime' && maxTimestamp !== batch.exactMaxTimestamp) {
      wrong(`its largest timestamp is ${maxTimestamp}, the batch says ${batch.exactMaxTimestamp}`)
    }
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error
    wrong(error.detail)
  }
}
