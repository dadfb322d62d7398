/**
 * What a broker leaves behind at a clean stop: indexes without preallocated tails and with a last time index entry, a
 * producer snapshot at the log's end, all of it synced; no temporary files. For one who is alone in the directory. Each step may be repeated; a crash in between leaves a log that
 * is as good as before.
 */
import type { LocalLog } from './local-log.ts'
import { offsetName, SNAPSHOT_SUFFIX } from './log-files.ts'
import { unlinkIfThere } from './log-loader.ts'
import { rebuildIndexes, writeIndexes } from './log-repair.ts'
import type { LogRoller } from './log-roller.ts'
import type { LogSegment } from './log-segment.ts'
import type { LogSettings } from './log-settings.ts'

/** For the root's checkpoints. */
export interface ClosedLog {
  readonly logStartOffset: number
  readonly recoveryPoint: number
  readonly highWatermark: number
  /** A recovery point below this one makes the next check or close look at rolled segments, too. */
  readonly activeBaseOffset: number
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
  const { indexIntervalBytes } = settings.config
  const first = Math.max(local.floor(recoveryPoint), 0)
  for (let i = first; i < local.segments.length; i++) {
    const segment = local.segments[i]
    const isActive = i === local.segments.length - 1
    if (local.corrupt === undefined) {
      const unindexed = segment.offsetIndex.count === 0 && local.endOf(i) > indexIntervalBytes
      if (!isActive && (unindexed || (segment.timeIndex.count === 0 && local.endOf(i) > 0))) {
        const damaged = [segment.offsetIndex, segment.timeIndex].filter((index) => index.hasGarbage())
        rebuildIndexes(segment, local.endOf(i), indexIntervalBytes, true)
        for (const { path } of damaged) settings.warn?.(`${path}: was damaged; rebuilt from the log`)
      }
      if (isActive) {
        const max = local.tailMax()
        segment.timeIndex.maybeAppend(max.timestamp, max.offset)
        writeIndexes(segment)
      }
      segment.offsetIndex.trim()
      segment.timeIndex.trim()
    }
    if (!isSynced(segment)) fs.fdatasync(segment.fd(true))
    segment.offsetIndex.sync(settings.namesDurableBefore)
    segment.timeIndex.sync(settings.namesDurableBefore)
    segment.transactionIndex.sync()
    if (!isActive) segment.close()
  }
  // Nobody else writes: theirs are dead.
  for (const name of local.listing?.temporary ?? []) unlinkIfThere(fs, `${local.dir}/${name}`)
  if (local.corrupt === undefined) {
    roller.snapshot(logStartOffset)
    local.reopenTail()
    removeStraySnapshots(local)
  }
}

/** Keeps the snapshots at segments' base offsets and the newest one, as Kafka does. */
export function removeStraySnapshots(local: LocalLog): void {
  const bases = new Set(local.segments.map((segment) => segment.baseOffset))
  const end = local.tail.nextOffset
  const newest = local.snapshots.findLast((offset) => offset <= end)
  for (const offset of local.snapshots) {
    if (offset === newest || (bases.has(offset) && offset <= end)) continue
    unlinkIfThere(local.os.fs, `${local.dir}/${offsetName(offset)}${SNAPSHOT_SUFFIX}`)
  }
}
