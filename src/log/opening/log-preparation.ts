/**
 * What a writer does under the partition's lock before it acts: finishing what a crash interrupted, and making the tail
 * ready to append to. Every step may be interrupted and is then done by the next writer.
 */
import { unlessDiskFull } from '../full-disk.ts'
import type { LocalLog } from '../local-log.ts'
import type { LogConfig } from '../log-config.ts'
import { cutTornTail, indexTail, keepingIndexes, rebuildIndexes } from '../log-repair.ts'
import type { LogSettings } from '../log-settings.ts'
import { deleteSegmentFiles } from '../segment/segment-files.ts'
import { finishInterrupted } from './log-loader.ts'

/**
 * Leftovers of deletions, cleaning and swaps; an active segment where there is none (`begin` makes it). Returns true
 * when the folder changed.
 */
export function bringInOrder(
  local: LocalLog,
  config: LogConfig,
  logStartOffset: number,
  begin: (baseOffset: number) => void,
): boolean {
  let changed = false
  const { listing } = local
  const { fileDeleteDelayMs } = config
  if (
    listing !== undefined &&
    finishInterrupted(local.os, local.dir, listing, fileDeleteDelayMs, logStartOffset)
  ) {
    local.reload()
    changed = true
  }
  if (local.segments.length === 0) {
    begin(logStartOffset)
    return true
  }
  if (local.tail.nextOffset >= logStartOffset || local.corrupt !== undefined) return changed
  // All of the log lies below its start: a broker deletes it and begins there.
  const bases = local.segments.map((segment) => segment.baseOffset)
  for (const segment of local.segments) segment.close()
  begin(logStartOffset)
  for (const base of bases) deleteSegmentFiles(local.os, local.dir, base, config.fileDeleteDelayMs)
  local.reopenTail()
  return true
}

/** Cuts a torn tail, brings the active index up with its log, makes index files that are missing. */
export function mendTail(local: LocalLog, settings: LogSettings): void {
  const { indexIntervalBytes } = settings.config
  const { fileSize: size, torn, end } = local.tail
  const cut = cutTornTail(local, settings.keepBroken)
  // A write that was cut short is no news; a batch that is whole and wrong may have been acknowledged once.
  if (cut > 0 && torn?.detail.includes('checksum') === true) {
    settings.warn?.(
      `${local.active?.path}: the last batch, at position ${end}, does not match its checksum; ${cut} bytes were set aside in a .broken file`,
    )
  }
  indexTail(local, indexIntervalBytes, size, settings.warn)
  for (const base of local.listing?.unindexed ?? []) {
    const i = local.floor(base)
    const segment = local.segments[i]
    const isClosed = i < local.segments.length - 1
    const { warn } = settings
    const end = local.endOf(i)
    keepingIndexes({ segment, end, intervalBytes: indexIntervalBytes, isClosed, warn }, () => {
      if (isClosed) rebuildIndexes(segment, end, indexIntervalBytes, true)
      else {
        unlessDiskFull(() => {
          segment.offsetIndex.trim()
          segment.timeIndex.trim()
        })
      }
    })
  }
}
