/**
 * What a broker leaves behind at a clean stop: indexes without preallocated tails and with a last time index entry, a
 * producer snapshot at the log's end, all of it synced; no temporary files. Only for a process that is alone in the directory. Each step may be repeated; a crash in between leaves a log that
 * is as good as before.
 */
import type { LocalLog } from './local-log.ts'
import { keepingIndexes, rebuildIndexes, writeStaged } from './log-repair.ts'
import type { LogRoller } from './log-roller.ts'
import type { LogSettings } from './log-settings.ts'
import { offsetName, SNAPSHOT_SUFFIX } from './segment/log-files.ts'
import type { LogSegment } from './segment/log-segment.ts'
import { unlinkStray } from './side-file.ts'

/** For the root's checkpoints. */
export interface ClosedLog {
  readonly logStartOffset: number
  readonly recoveryPoint: number
  readonly highWatermark: number
  /** A recovery point below this one makes the next check or close look at rolled segments, too. */
  readonly activeBaseOffset: number
}

export function closedLog(local: LocalLog, logStartOffset: number, logEndOffset: number): ClosedLog {
  const activeBaseOffset = local.segments.at(-1)?.baseOffset ?? logEndOffset
  return { logStartOffset, recoveryPoint: logEndOffset, highWatermark: logEndOffset, activeBaseOffset }
}

export function closeLikeBroker(
  local: LocalLog,
  settings: LogSettings,
  roller: LogRoller,
  logStartOffset: number,
  recoveryPoint: number,
  isSynced: (segment: LogSegment) => boolean,
): void {
  const { fs } = local.os
  const first = Math.max(local.floor(recoveryPoint), 0)
  for (let i = first; i < local.segments.length; i++) {
    const segment = local.segments[i]
    if (!isSynced(segment)) fs.fdatasync(segment.fd(true))
    closeIndexes(local, settings, i)
    if (i < local.segments.length - 1) segment.close()
  }
  // Nobody else writes: theirs are dead.
  for (const name of local.listing?.temporary ?? []) unlinkStray(fs, `${local.dir}/${name}`)
  if (local.corrupt === undefined) {
    roller.snapshot(logStartOffset, true)
    local.reopenTail()
    removeStraySnapshots(local)
  }
}

/** Indexes as a broker leaves them, synced. One that cannot be brought in order is known to its segment. */
function closeIndexes(local: LocalLog, settings: LogSettings, i: number): void {
  const { warn, namesDurableBefore } = settings
  const intervalBytes = settings.config.indexIntervalBytes
  const segment = local.segments[i]
  const { offsetIndex, timeIndex } = segment
  const isActive = i === local.segments.length - 1
  const end = local.endOf(i)
  const isDamaged = local.corrupt !== undefined
  keepingIndexes({ segment, end, intervalBytes, isClosed: !isActive, isDamaged, warn }, () => {
    if (!isDamaged) {
      const unindexed = offsetIndex.count === 0 && end > intervalBytes
      if (!isActive && (unindexed || (timeIndex.count === 0 && end > 0))) {
        const damaged = [offsetIndex, timeIndex].filter((index) => index.hasGarbage())
        rebuildIndexes(segment, end, intervalBytes, true)
        for (const { path } of damaged) warn?.(`${path}: was damaged; rebuilt from the log`)
      }
      if (isActive) {
        const max = local.tailMax()
        timeIndex.maybeAppend(max.timestamp, max.offset)
        writeStaged(segment)
      }
      offsetIndex.trim()
      timeIndex.trim()
    }
    offsetIndex.sync(namesDurableBefore)
    timeIndex.sync(namesDurableBefore)
    segment.transactionIndex.sync()
  })
}

/** Keeps the snapshots at segments' base offsets and the newest one, as Kafka does. */
export function removeStraySnapshots(local: LocalLog): void {
  const bases = new Set(local.segments.map((segment) => segment.baseOffset))
  const end = local.tail.nextOffset
  const newest = local.snapshots.findLast((offset) => offset <= end)
  for (const offset of local.snapshots) {
    if (offset === newest || (bases.has(offset) && offset <= end)) continue
    unlinkStray(local.os.fs, `${local.dir}/${offsetName(offset)}${SNAPSHOT_SUFFIX}`)
  }
}
