/**
 * The full check of a log that nobody closed: every batch's CRC from the recovery point on. What a broker does at its
 * start without a clean marker, but for one thing: damage in the middle is told, never cut.
 *
 * Crash: each step leaves a log that is as good as before; it is done again. Needs no free space but for the bytes
 * that are set aside; indexes that find no room stay short.
 */
import type { Int64 } from '../../bytes/int64.ts'
import type { CorruptRecordError } from '../../errors.ts'
import * as header from '../../record/batch-header.ts'
import { isDiskFull } from '../full-disk.ts'
import type { LeaderEpochFileCache } from '../leader-epoch-file-cache.ts'
import type { LocalLog } from '../local-log.ts'
import { removeStraySnapshots } from '../log-closer.ts'
import {
  cutTornTail,
  epochsInLog,
  type IndexedSegment,
  indexTail,
  keepingIndexes,
  rebuildIndexes,
} from '../log-repair.ts'
import type { LogSettings } from '../log-settings.ts'
import { ProducerStateManager } from '../producers/producer-state-manager.ts'
import { maxTimestampAt } from '../segment/batch-cursor.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import { deleteSegmentFiles } from '../segment/segment-files.ts'
import type { AbortedTxn } from '../segment/transaction-index.ts'
import { isFileError, SideFileError } from '../side-file.ts'
import type { EndDamage } from './end-damage.ts'

export interface RecoveryReport {
  readonly logEndOffset: number
  /** Bytes cut off the end. */
  readonly cutBytes: number
  /** Damage in the middle, where it begins; it is still there. */
  readonly corrupt: readonly CorruptRecordError[]
  readonly segmentsChecked: number
}

/** A log whose end is not what is known of it stays as it is. */
function recoverNothing({ error, endOffset }: EndDamage): RecoveryReport {
  return { logEndOffset: endOffset, cutBytes: 0, corrupt: [error], segmentsChecked: 0 }
}

export function recoverSegments(
  local: LocalLog,
  settings: LogSettings,
  epochs: LeaderEpochFileCache,
  logStartOffset: number,
  recoveryPoint: number,
): RecoveryReport {
  if (local.endDamage !== undefined) return recoverNothing(local.endDamage)
  const { indexIntervalBytes: intervalBytes } = settings.config
  const survey = surveySegments(local, settings, logStartOffset, recoveryPoint)
  // All of it was read without an error: now it may be changed.
  const { first, corrupt, seen, found } = survey
  let cutBytes = 0
  for (const { segment, size, aborted, maxTimestamp, nextBase, rest } of found) {
    const isClosed = nextBase !== undefined
    const { warn } = settings
    replaceAborted(segment, aborted, warn)
    if (rest !== undefined) {
      // Segments begun behind a torn one that hold nothing: the log ends before them.
      for (const { baseOffset } of rest) deleteSegmentFiles(local.os, local.dir, baseOffset, 0)
      local.reopenTail()
      cutBytes = cutTornTail(local, settings.keepBroken)
    } else if (isClosed) {
      const indexed = { segment, end: size, intervalBytes, isClosed, isDamaged: corrupt.length > 0, warn }
      checkIndexes(indexed, nextBase, maxTimestamp)
    }
  }
  local.reload()
  if (corrupt.length === 0) {
    const { active, tail } = local
    const maxTimestamp = found[found.length - 1]?.maxTimestamp ?? -1
    // Its last entries are looked at by every writer; before those may stand what a power cut left.
    if (active !== undefined) {
      keepingIndexes(
        { segment: active, end: tail.end, intervalBytes, isClosed: false, warn: settings.warn },
        () => {
          if (indexesFit(active, tail.end, tail.nextOffset, maxTimestamp)) return
          rebuildIndexes(active, tail.end, intervalBytes, false)
        },
      )
    }
    indexTail(local, intervalBytes, Number.POSITIVE_INFINITY, settings.warn)
  } else local.tail.damagedBy(corrupt[0])
  removeStraySnapshots(local)
  mendEpochs(local, settings, epochs, { seen, whole: first === 0, logStartOffset })
  return { logEndOffset: local.tail.nextOffset, cutBytes, corrupt, segmentsChecked: found.length }
}

/** A segment as its batches say it is. */
interface SurveyedSegment {
  readonly segment: LogSegment
  readonly size: number
  readonly aborted: readonly AbortedTxn[]
  readonly maxTimestamp: Int64
  /** Of the segment behind it. */
  readonly nextBase: number | undefined
  /** Set where the log ends in this one, torn: the empty segments behind it. */
  readonly rest: readonly LogSegment[] | undefined
}

interface Survey {
  /** Index of the first segment that was looked at. */
  readonly first: number
  readonly found: readonly SurveyedSegment[]
  readonly corrupt: CorruptRecordError[]
  readonly seen: EpochStart[]
}

interface EpochStart {
  readonly epoch: number
  readonly startOffset: number
}

/** Reads every batch from the recovery point on, and changes nothing. */
function surveySegments(
  local: LocalLog,
  settings: LogSettings,
  logStartOffset: number,
  recoveryPoint: number,
): Survey {
  const { fs, clock } = local.os
  const { segments } = local
  const first = Math.max(local.floor(Math.min(recoveryPoint, local.tail.nextOffset)), 0)
  const state = new ProducerStateManager(settings.topicPartition, settings.config.producerIdExpirationMs)
  const base = segments[first]?.baseOffset ?? 0
  state.loadSnapshot(fs, local.dir, local.snapshots, logStartOffset, base, clock.now())
  catchUp(local, state, base)
  const survey = { first, found: [] as SurveyedSegment[], corrupt: [], seen: [] }
  for (let i = first; i < segments.length; i++) {
    const rest = segments.slice(i + 1)
    const isLast = rest.every((later) => later.fileSize() === 0)
    const nextBase = rest[0]?.baseOffset
    const cutFrom = isLast ? recoveryPoint : Number.POSITIVE_INFINITY
    const scanned = scanSegment(local, segments[i], state, cutFrom, survey)
    survey.found.push({ ...scanned, nextBase, rest: scanned.isTorn ? rest : undefined })
    if (scanned.isTorn) break
    if (nextBase !== undefined) segments[i].close()
  }
  return survey
}

function scanSegment(
  local: LocalLog,
  segment: LogSegment,
  state: ProducerStateManager,
  /** What lies below was synced: it cannot be torn. */
  cutFrom: number,
  { corrupt, seen }: Pick<Survey, 'corrupt' | 'seen'>,
) {
  const size = segment.fileSize()
  const aborted: AbortedTxn[] = []
  let position = 0
  let isTorn = false
  let minOffset = segment.baseOffset
  let maxTimestamp: Int64 = -1
  while (position < size && !isTorn) {
    const cursor = segment.cursor(position, size, minOffset)
    while (cursor.next() && cursor.checkCrc()) {
      minOffset = cursor.nextOffset
      position = cursor.position + cursor.size
      const timestamp = maxTimestampAt(cursor)
      if (timestamp > maxTimestamp) maxTimestamp = timestamp
      const txn = state.update(cursor.buffer, cursor.at)
      if (txn !== undefined) aborted.push(txn)
      const baseOffset = header.baseOffsetAt(cursor.buffer, cursor.at)
      noteEpoch(seen, header.leaderEpochAt(cursor.buffer, cursor.at), baseOffset)
    }
    if (cursor.problem === undefined) break
    const error = segment.corrupt(cursor.problem, position, minOffset)
    const behind = local.behind(segment, position, minOffset, size)
    if (behind !== undefined) {
      corrupt.push(error)
      position = behind.position
    } else if (minOffset >= cutFrom) isTorn = true
    else {
      corrupt.push(error)
      break
    }
  }
  return { segment, size, aborted, maxTimestamp, isTorn }
}

function catchUp(local: LocalLog, state: ProducerStateManager, end: number): void {
  if (state.endOffset >= end) return
  local.walk(state.endOffset, ({ buffer, at, nextOffset }) => {
    if (nextOffset > end) return false
    state.update(buffer, at)
    return undefined
  })
}

/** Made anew where it cannot be written to; where that cannot be done either, no clean marker may vouch for it. */
function replaceAborted(
  segment: LogSegment,
  aborted: readonly AbortedTxn[],
  warn: ((line: string) => void) | undefined,
): void {
  const { transactionIndex } = segment
  try {
    try {
      transactionIndex.replace(aborted)
    } catch (error) {
      if (!(error instanceof SideFileError) || !error.isItsOwn) throw error
      transactionIndex.remove()
      transactionIndex.replace(aborted)
    }
  } catch (error) {
    if (!(error instanceof SideFileError)) throw error
    segment.indexFailed(error, warn)
  }
}

/** Rebuilds the indexes of a closed segment only where an entry does not fit its log, or they are missing. */
function checkIndexes(indexed: IndexedSegment, nextOffset: number, maxTimestamp: Int64): void {
  const { segment, end, intervalBytes } = indexed
  const { offsetIndex, timeIndex } = segment
  keepingIndexes(indexed, () => {
    const there = (offsetIndex.count > 0 || end <= intervalBytes) && (timeIndex.count > 0 || end === 0)
    if (there && indexesFit(segment, end, nextOffset, maxTimestamp)) return
    rebuildIndexes(segment, end, intervalBytes, true)
  })
  segment.close()
}

/** Whether every entry of both indexes could be one of this log: an index is not synced before its log is closed. */
function indexesFit(segment: LogSegment, size: number, nextOffset: number, maxTimestamp: Int64): boolean {
  const { offsetIndex, timeIndex, baseOffset } = segment
  for (let n = 0; n < offsetIndex.count; n++) {
    const { offset, position } = offsetIndex.entry(n)
    if (!segment.isIndexed(offset, position, size)) return false
  }
  let least = baseOffset
  for (let n = 0; n < timeIndex.count; n++) {
    const { timestamp, offset } = timeIndex.entry(n)
    if (offset < least || offset >= nextOffset || timestamp > maxTimestamp) return false
    least = offset
  }
  return true
}

function noteEpoch(seen: EpochStart[], epoch: number, startOffset: number): void {
  if (epoch >= 0 && epoch > (seen[seen.length - 1]?.epoch ?? -1)) seen.push({ epoch, startOffset })
}

/** A file that cannot be written is told: who appends next refuses before it writes. That of a full disk is no news. */
function mendEpochs(
  local: LocalLog,
  settings: LogSettings,
  epochs: LeaderEpochFileCache,
  { seen, whole, logStartOffset }: { seen: readonly EpochStart[]; whole: boolean; logStartOffset: number },
): void {
  epochs.forget()
  try {
    if (epochs.isDamaged) epochs.replace(epochsInLog(local))
    else if (whole && !epochs.isKnown) epochs.replace(seen)
    for (const { epoch, startOffset } of seen) epochs.assign(epoch, startOffset)
    epochs.truncateFromEnd(local.tail.nextOffset)
    epochs.truncateFromStart(logStartOffset)
  } catch (error) {
    if (!isFileError(error)) throw error
    if (!isDiskFull(error)) settings.warn?.(SideFileError.of(epochs.path, error).message)
  }
}
