/**
 * Segments at a log's front that are gone though nobody deleted them: an index stands there, and its .log does not.
 *
 * Who deletes a segment, a broker or we, takes its .log away first and leaves it beside the others as `.log.deleted` until
 * the indexes have gone; the oldest segment goes first. So an index without either, above all that was deleted and at or above
 * the log's start, is of a segment that was there yesterday. The log's end is sound, so writers go on; readers tell it where
 * they come to it.
 * Readers look while others delete: what the folder's list says is looked at again before it is told.
 */
import { join } from 'node:path'
import type { FileSystem } from '../../os/file-system.ts'
import {
  DELETED_SUFFIX,
  LOG_SUFFIX,
  logFile,
  type SegmentFileName,
  SWAP_SUFFIX,
} from '../segment/log-files.ts'

/** A file of a segment, by its name. */
export interface Leftover {
  readonly name: string
  readonly file: SegmentFileName
}

/** What of a folder's list is looked at here. */
export interface FrontListing {
  readonly bases: readonly number[]
  readonly orphans: readonly number[]
  readonly leftovers: readonly Leftover[]
}

export interface LostFront {
  /** The first offset that is missing. */
  readonly offset: number
  /** Where the first segment that is there begins. */
  readonly until: number
  /** Of the segment that is gone. */
  readonly path: string
}

/** Base offsets, growing, of the segments before the first one of which an index is all that is left. */
export function orphansOf(first: number | undefined, leftovers: readonly Leftover[]): number[] {
  if (first === undefined || leftovers.length === 0) return []
  const before = leftovers.map(({ file }) => file).filter(({ baseOffset }) => baseOffset < first)
  const deletedUpTo = Math.max(-1, ...before.filter(({ kind }) => kind === 'log').map(baseOf))
  const orphans = before.filter(({ state, baseOffset }) => state === 'live' && baseOffset > deletedUpTo)
  return [...new Set(orphans.map(baseOf))].sort((a, b) => a - b)
}

/** undefined where nothing is lost. Below `logStartOffset` all was deleted on purpose. */
export function lostFront(
  fs: FileSystem,
  dir: string,
  { bases, orphans, leftovers }: FrontListing,
  logStartOffset: number,
): LostFront | undefined {
  if (orphans.length === 0) return undefined
  const until = bases[0]
  for (const [i, base] of orphans.entries()) {
    if ((orphans[i + 1] ?? until) <= logStartOffset) continue
    const path = logFile(dir, base)
    // In this order: a .log.deleted that has gone took the indexes with it.
    const isThere = [path, path + DELETED_SUFFIX, path + SWAP_SUFFIX].some(
      (one) => fs.stat(one) !== undefined,
    )
    const isOrphan = ({ file }: Leftover) => file.state === 'live' && file.baseOffset === base
    // A folder of that name is nobody's index.
    const isIndex = (name: string) => fs.stat(join(dir, name))?.isFile() === true
    if (isThere || !leftovers.some((one) => isOrphan(one) && isIndex(one.name))) continue
    return { offset: Math.max(base, logStartOffset), until, path }
  }
  return undefined
}

/** For a person. */
export function lostFrontDetail({ offset, until, path }: LostFront): string {
  const which = until - offset === 1 ? `offset ${offset} is` : `offsets ${offset} to ${until - 1} are`
  const index = path.slice(path.lastIndexOf('/') + 1, -LOG_SUFFIX.length)
  return `${which} missing: the file is gone, and what was kept beside it (${index}.index) is there`
}

const baseOf = ({ baseOffset }: SegmentFileName): number => baseOffset
