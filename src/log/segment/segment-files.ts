/**
 * Making, deleting and replacing the files of segments, under the partition's lock.
 *
 * Order of creation: indexes first, the .log last (an index without a log is thrown away, a log without an index
 * makes a broker complain). Order of deletion: all files of a segment get the suffix .deleted, the .log first (then it
 * is out of the log); they are unlinked after file.delete.delay.ms by whoever opens the log for writing then, at once
 * when that is 0. The .log.deleted is unlinked last: an index without it tells of a lost segment (lost-front.ts). Readers that hold them open go on reading. Replacement: .cleaned -> .swap (whole set ready) ->
 * over the old name in one rename -> the other old segments .deleted. At no moment are records missing for a reader,
 * which takes no lock. Interrupted, log-loader.ts finishes or undoes it: before the new segment gets its name, the
 * old ones that go with it are written into `.tkafka-swapping` (lines of base offsets, then `end`; synced), since
 * nothing else would tell them from segments of the log, and cleaned again they would bring offsets twice.
 */
import { join } from 'node:path'
import { openTemporary, writeFully } from '../../os/file-system.ts'
import type { Os } from '../../os/os.ts'
import type { LocalLog } from '../local-log.ts'
import { renameIfThere } from '../opening/log-loader.ts'
import { SideFileError, unlinkIfThere, unlinkStray } from '../side-file.ts'
import {
  CLEANED_SUFFIX,
  DELETED_SUFFIX,
  INDEX_SUFFIX,
  LOG_SUFFIX,
  logFile,
  SNAPSHOT_SUFFIX,
  SWAP_LIST_FILE,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
  TXN_INDEX_SUFFIX,
} from './log-files.ts'

const SUFFIXES = [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX]

function stem(dir: string, baseOffset: number): string {
  return logFile(dir, baseOffset).slice(0, -LOG_SUFFIX.length)
}

/** An empty segment; files that are there already and empty are taken as they are (KAFKA-6388). */
export function createSegmentFiles(os: Os, dir: string, baseOffset: number): void {
  for (const suffix of [INDEX_SUFFIX, TIME_INDEX_SUFFIX]) {
    makeIndex(os, stem(dir, baseOffset) + suffix)
  }
  os.fs.close(os.fs.open(logFile(dir, baseOffset), 'a'))
}

/** Something else of that name (a folder, somebody else's file) is for whoever writes index entries to tell of. */
function makeIndex(os: Os, path: string): void {
  try {
    os.fs.close(os.fs.open(path, 'w'))
  } catch (error) {
    if (!SideFileError.of(path, error).isItsOwn) throw error
  }
}

/** With its producer snapshot, if `snapshots` (KAFKA-12964). The folder is not synced. */
export function deleteSegmentFiles(
  os: Os,
  dir: string,
  baseOffset: number,
  deleteDelayMs: number,
  snapshots = true,
): void {
  const suffixes = snapshots ? [...SUFFIXES, SNAPSHOT_SUFFIX] : SUFFIXES
  const deleted = suffixes
    .map((suffix) => stem(dir, baseOffset) + suffix)
    .filter((path) => renameIfThere(os.fs, path, path + DELETED_SUFFIX))
  if (deleteDelayMs > 0) return
  for (const path of deleted.reverse()) unlinkIfThere(os.fs, path + DELETED_SUFFIX)
}

/** Bases of the segments that lie wholly below `logStartOffset`; never the active one. */
export function basesBelow(local: LocalLog, logStartOffset: number): number[] {
  const { segments } = local
  return segments
    .filter((_, i) => i + 1 < segments.length && segments[i + 1].baseOffset <= logStartOffset)
    .map((segment) => segment.baseOffset)
}

/** Deletes segments; a log has an active one at all times (its end lives in the name), which `begin` makes then. */
export function deleteSegments(
  local: LocalLog,
  deleteDelayMs: number,
  baseOffsets: readonly number[],
  begin: (baseOffset: number) => void,
): void {
  const end = local.tail.nextOffset
  const all = baseOffsets.length === local.segments.length
  for (const segment of local.segments) if (baseOffsets.includes(segment.baseOffset)) segment.close()
  // A new active segment first: at no moment may the log look as if it began anew at 0.
  if (all) begin(end)
  // Once these go, nothing is known any more of what was lost before them.
  for (const { name, file } of local.listing?.leftovers ?? []) {
    if (file.state === 'live' && file.baseOffset < Math.max(...baseOffsets))
      unlinkStray(local.os.fs, join(local.dir, name))
  }
  for (const base of baseOffsets) {
    if (!all || base !== end) deleteSegmentFiles(local.os, local.dir, base, deleteDelayMs)
  }
  local.reopenTail()
}

/** Puts .cleaned segments (all synced by the caller) in the place of `oldBases`. */
export function replaceSegmentFiles(
  os: Os,
  dir: string,
  cleanedBases: readonly number[],
  oldBases: readonly number[],
  deleteDelayMs: number,
): void {
  const { fs } = os
  const descending = [...cleanedBases].sort((a, b) => b - a)
  for (const base of descending) {
    for (const suffix of SUFFIXES) {
      const path = stem(dir, base) + suffix
      renameIfThere(fs, path + CLEANED_SUFFIX, path + SWAP_SUFFIX)
    }
  }
  const going = oldBases.filter((base) => !cleanedBases.includes(base))
  const list = join(dir, SWAP_LIST_FILE)
  if (cleanedBases.length > 0 && going.length > 0) {
    const fd = openTemporary(fs, list)
    try {
      const bytes = Buffer.from(`${going.join('\n')}\nend\n`)
      writeFully(fs, fd, bytes, 0, bytes.length, 0)
      fs.fdatasync(fd)
    } finally {
      fs.close(fd)
    }
  }
  fs.fsyncDir(dir)
  for (const base of descending) {
    for (const suffix of [...SUFFIXES].reverse()) {
      const path = stem(dir, base) + suffix
      // No aborted transactions left in the new one: the old one's index must not stand beside it.
      if (!renameIfThere(fs, path + SWAP_SUFFIX, path) && suffix === TXN_INDEX_SUFFIX) unlinkIfThere(fs, path)
    }
  }
  for (const base of going) deleteSegmentFiles(os, dir, base, deleteDelayMs)
  fs.fsyncDir(dir)
  unlinkIfThere(fs, list)
}
