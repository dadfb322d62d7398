/**
 * The full check of a log that nobody closed: every batch's CRC from the recovery point on. What a broker does at its
 * start without a clean marker, but for one thing: damage in the middle is told, never cut.
 *
 * Crash: each step leaves a log that is as good as before; it is done again. Needs no free space but for the bytes
 * that are set aside; indexes that find no room stay short.
 */
import type { CorruptRecordError } from '../errors.ts'
import type { Os } from '../os/os.ts'
import * as header from '../record/batch-header.ts'
import { maxTimestampAt } from './batch-cursor.ts'
import { unlessDiskFull } from './full-disk.ts'
import type { LeaderEpochFileCache } from './leader-epoch-file-cache.ts'
import type { LocalLog } from './local-log.ts'
import { removeStraySnapshots } from './log-closer.ts'
import { cutTornTail, epochsInLog, indexTail, rebuildIndexes } from './log-repair.ts'
import type { LogSegment } from './log-segment.ts'
import type { LogSettings } from './log-settings.ts'
import { ProducerStateManager } from './producer-state-manager.ts'
import { deleteSegmentFiles } from './segment-files.ts'
import type { AbortedTxn } from './transaction-index.ts'
import { UnifiedLog } from './unified-log.ts'
import type { UnifiedLogOptions } from './unified-log-options.ts'

export interface RecoveryReport {
  readonly logEndOffset: number
  /** Bytes cut off the end. */
  readonly cutBytes: number
  /** Damage in the middle, where it begins; it is still there. */
  readonly corrupt: readonly CorruptRecordError[]
  readonly segmentsChecked: number
}

/** Opens, locks, recovers and closes one partition. */
export async function recoverLog(
  os: Os,
  partitionDir: string,
  options: Omit<UnifiedLogOptions, 'readOnly'>,
): Promise<RecoveryReport> {
  const log = UnifiedLog.open(os, partitionDir, { ...options, readOnly: false })
  try {
    await log.lock()
    return await log.recover()
  } finally {
    log.close()
  }
}

export function recoverSegments(
  local: LocalLog,
  settings: LogSettings,
  epochs: LeaderEpochFileCache,
  logStartOffset: number,
  recoveryPoint: number,
): RecoveryReport {
  const { fs, clock } = local.os
  const first = Math.max(local.floor(Math.min(recoveryPoint, local.tail.nextOffset)), 0)
  const corrupt: CorruptRecordError[] = []
  const state = new ProducerStateManager(settings.topicPartition, settings.config.producerIdExpirationMs)
  const base = local.segments[first]?.baseOffset ?? 0
  state.loadSnapshot(fs, local.dir, local.snapshots, logStartOffset, base, clock.now())
  catchUp(local, state, base)
  const seen: { epoch: number; startOffset: number }[] = []
  let checked = 0
  let cutBytes = 0
  let maxTimestamp = -1
  for (let i = first; i < local.segments.length; i++) {
    const segment = local.segments[i]
    const rest = local.segments.slice(i + 1)
    const isLast = rest.every((later) => later.fileSize() === 0)
    const size = segment.fileSize()
    checked++
    const aborted: AbortedTxn[] = []
    let position = 0
    let torn = false
    let minOffset = segment.baseOffset
    maxTimestamp = -1
    while (position < size && !torn) {
      const cursor = segment.cursor(position, size, minOffset)
      while (cursor.next() && cursor.checkCrc()) {
        minOffset = cursor.nextOffset
        position = cursor.position + cursor.size
        maxTimestamp = Math.max(maxTimestamp, maxTimestampAt(cursor))
        const txn = state.update(cursor.buffer, cursor.at)
        if (txn !== undefined) aborted.push(txn)
        noteEpoch(
          seen,
          header.leaderEpochAt(cursor.buffer, cursor.at),
          header.baseOffsetAt(cursor.buffer, cursor.at),
        )
      }
      if (cursor.problem === undefined) break
      const error = segment.corrupt(cursor.problem, position, minOffset)
      const behind = local.behind(segment, position, minOffset, size)
      if (behind !== undefined) {
        corrupt.push(error)
        position = behind.position
      } else if (isLast) torn = true
      else {
        corrupt.push(error)
        break
      }
    }
    segment.transactionIndex.replace(aborted)
    if (torn && rest.length > 0) {
      // Segments begun behind a torn one that hold nothing: the log ends before them.
      for (const { baseOffset } of rest) deleteSegmentFiles(local.os, local.dir, baseOffset, 0)
    }
    if (torn) {
      local.reopenTail()
      cutBytes = cutTornTail(local, settings.keepBroken)
      break
    }
    if (rest.length > 0) {
      const next = local.segments[i + 1].baseOffset
      checkIndexes(segment, size, next, maxTimestamp, settings.config.indexIntervalBytes)
    }
  }
  local.reload()
  if (corrupt.length === 0) {
    const { active, tail } = local
    // Its last entries are looked at by every writer; before those may stand what a power cut left.
    if (active !== undefined && !indexesFit(active, tail.end, tail.nextOffset, maxTimestamp)) {
      rebuildIndexes(active, tail.end, settings.config.indexIntervalBytes, false)
    }
    indexTail(local, settings.config.indexIntervalBytes, Number.POSITIVE_INFINITY, settings.warn)
  } else local.tail.damagedBy(corrupt[0])
  removeStraySnapshots(local)
  unlessDiskFull(() => mendEpochs(local, epochs, seen, first === 0, local.tail.nextOffset, logStartOffset))
  return { logEndOffset: local.tail.nextOffset, cutBytes, corrupt, segmentsChecked: checked }
}

function catchUp(local: LocalLog, state: ProducerStateManager, end: number): void {
  if (state.endOffset >= end) return
  local.walk(state.endOffset, ({ buffer, at, nextOffset }) => {
    if (nextOffset > end) return false
    state.update(buffer, at)
    return undefined
  })
}

/** Rebuilds the indexes of a closed segment only where an entry does not fit its log, or they are missing. */
function checkIndexes(
  segment: LogSegment,
  size: number,
  nextOffset: number,
  maxTimestamp: number,
  intervalBytes: number,
): void {
  const there =
    (segment.offsetIndex.count > 0 || size <= intervalBytes) && (segment.timeIndex.count > 0 || size === 0)
  if (!there || !indexesFit(segment, size, nextOffset, maxTimestamp)) {
    rebuildIndexes(segment, size, intervalBytes, true)
  }
  segment.close()
}

/** Whether every entry of both indexes could be one of this log: an index is not synced before its log is closed. */
function indexesFit(segment: LogSegment, size: number, nextOffset: number, maxTimestamp: number): boolean {
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

function noteEpoch(seen: { epoch: number; startOffset: number }[], epoch: number, startOffset: number): void {
  if (epoch >= 0 && epoch > (seen[seen.length - 1]?.epoch ?? -1)) seen.push({ epoch, startOffset })
}

function mendEpochs(
  local: LocalLog,
  epochs: LeaderEpochFileCache,
  seen: readonly { epoch: number; startOffset: number }[],
  whole: boolean,
  endOffset: number,
  logStartOffset: number,
): void {
  epochs.forget()
  if (epochs.isDamaged) epochs.replace(epochsInLog(local))
  else if (whole && !epochs.isKnown) epochs.replace(seen)
  for (const { epoch, startOffset } of seen) epochs.assign(epoch, startOffset)
  epochs.truncateFromEnd(endOffset)
  epochs.truncateFromStart(logStartOffset)
}
