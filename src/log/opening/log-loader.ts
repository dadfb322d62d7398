/**
 * What is in a partition's folder, and the passes that bring it in order after a crash, as Kafka's LogLoader has them.
 *
 * Readers only list: they skip .deleted, .cleaned and .swap. A writer, under the partition's lock, removes what was
 * marked for deletion long enough ago and half-made .cleaned files (unless a live cleaner holds its lock), and finishes
 * an interrupted swap: .swap files are whole, so the segments they replace go and they take their names. Any of it may
 * be interrupted again and starts over.
 */
import { join } from 'node:path'
import { isMissing } from '../../os/error-code.ts'
import type { FileSystem } from '../../os/file-system.ts'
import type { Os } from '../../os/os.ts'
import { BatchCursor } from '../segment/batch-cursor.ts'
import type { SegmentFileName } from '../segment/log-files.ts'
import {
  CLEANER_LOCK_FILE,
  logFile,
  parseSegmentFileName,
  SWAP_LIST_FILE,
  SWAP_SUFFIX,
} from '../segment/log-files.ts'
import { unlinkIfThere, unlinkStray } from '../side-file.ts'
import { type Leftover, lostFront, orphansOf } from './lost-front.ts'

export interface LogListing {
  /** Base offsets of the segments, growing. */
  readonly bases: number[]
  /** Offsets of the producer snapshots, growing. */
  readonly snapshots: number[]
  /** Base offsets whose .index or .timeindex is missing. */
  readonly unindexed: number[]
  /** Files of segments that are not (or not yet, or no longer) part of the log. */
  readonly leftovers: Leftover[]
  /** Base offsets below the first segment that have an index and no .log: see lost-front.ts. */
  readonly orphans: number[]
  /** A swap of segments was begun and not ended. */
  readonly swapping: boolean
  /** Files being replaced just now, or whose writer was killed. */
  readonly temporary: string[]
}

/** undefined when there is no such folder. */
export function listLog(fs: FileSystem, dir: string): LogListing | undefined {
  let names: string[]
  try {
    names = fs.readdir(dir)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  const bases: number[] = []
  const snapshots: number[] = []
  const leftovers: LogListing['leftovers'] = []
  const temporary: string[] = []
  const sides: { name: string; file: SegmentFileName }[] = []
  for (const name of names) {
    const file = parseSegmentFileName(name)
    if (file === undefined) {
      if (name.endsWith('.tmp')) temporary.push(name)
      continue
    }
    if (file.state !== 'live') leftovers.push({ name, file })
    else if (file.kind === 'log') bases.push(file.baseOffset)
    else if (file.kind === 'snapshot') snapshots.push(file.baseOffset)
    else sides.push({ name, file })
  }
  bases.sort(ascending)
  snapshots.sort(ascending)
  const logs = new Set(bases)
  const indexed = { index: new Set<number>(), timeindex: new Set<number>() }
  for (const { name, file } of sides) {
    if (!logs.has(file.baseOffset)) leftovers.push({ name, file })
    else if (file.kind === 'index') indexed.index.add(file.baseOffset)
    else if (file.kind === 'timeindex') indexed.timeindex.add(file.baseOffset)
  }
  const unindexed = bases.filter((base) => !indexed.index.has(base) || !indexed.timeindex.has(base))
  const swapping = names.includes(SWAP_LIST_FILE)
  const orphans = orphansOf(bases[0], leftovers)
  return { bases, snapshots, unindexed, leftovers, orphans, swapping, temporary }
}

/**
 * The writer's passes. Returns true when names changed, so that the folder is to be listed again. What tells of segments
 * that nobody deleted stays until a repair.
 */
export function finishInterrupted(
  os: Os,
  dir: string,
  listing: LogListing,
  deleteDelayMs: number,
  logStartOffset: number,
): boolean {
  if (listing.leftovers.length === 0 && !listing.swapping) return false
  let changed = false
  const remove = (name: string) => {
    if (unlinkIfThere(os.fs, join(dir, name))) changed = true
  }
  let swaps = listing.leftovers.filter(({ file }) => file.state === 'swap')
  const cleaned = listing.leftovers.filter(({ file }) => file.state === 'cleaned')
  if (cleaned.length > 0 && !cleanerIsAlive(os, dir)) {
    // Swap files at or above the smallest .cleaned are of a split that did not complete (KAFKA-6264).
    const smallest = Math.min(...cleaned.map(({ file }) => file.baseOffset))
    for (const { name } of swaps.filter(({ file }) => file.baseOffset >= smallest)) remove(name)
    swaps = swaps.filter(({ file }) => file.baseOffset < smallest)
    for (const { name } of cleaned) remove(name)
  }
  if (swaps.length > 0) {
    finishSwap(os.fs, dir, listing, swaps)
    changed = true
  }
  if (listing.swapping) {
    finishListedSwap(os.fs, dir)
    changed = true
  }
  const due = deleteDelayMs <= 0 ? Number.POSITIVE_INFINITY : os.clock.now() - deleteDelayMs
  const wasDue = removeDeleted(os.fs, dir, listing, due, logStartOffset)
  return wasDue || changed
}

/** What was marked for deletion before `due`, and indexes without a log. Returns true when marked files went. */
function removeDeleted(
  fs: FileSystem,
  dir: string,
  listing: LogListing,
  due: number,
  logStartOffset: number,
): boolean {
  let changed = false
  const front = lostFront(fs, dir, listing, logStartOffset)
  for (const { name, file } of [...listing.leftovers].sort(logsLast)) {
    if (file.state === 'deleted') {
      const stat = fs.stat(join(dir, name))
      if (stat !== undefined && (stat.ctimeMs ?? stat.mtimeMs) <= due)
        changed = unlinkIfThere(fs, join(dir, name)) || changed
    } else if (file.state === 'live') {
      // An index without its log; a folder of that name is nobody's index.
      if (front !== undefined && listing.orphans.includes(file.baseOffset)) continue
      if (fs.stat(logFile(dir, file.baseOffset)) === undefined) unlinkStray(fs, join(dir, name))
    }
  }
  return changed
}

export function renameIfThere(fs: FileSystem, from: string, to: string): boolean {
  try {
    fs.rename(from, to)
    return true
  } catch (error) {
    if (!isMissing(error)) throw error
    return false
  }
}

function finishSwap(
  fs: FileSystem,
  dir: string,
  listing: LogListing,
  swaps: readonly { name: string; file: SegmentFileName }[],
): void {
  const logs = swaps.filter(({ file }) => file.kind === 'log')
  const first = Math.min(...logs.map(({ file }) => file.baseOffset))
  const next = Math.max(...logs.map(({ name, file }) => nextOffsetOf(fs, join(dir, name), file.baseOffset)))
  // The log last: until it has its name, the segment counts as not yet swapped.
  for (const last of [false, true]) {
    for (const { name, file } of swaps) {
      if ((file.kind === 'log') !== last) continue
      const path = join(dir, name)
      renameIfThere(fs, path, path.slice(0, -SWAP_SUFFIX.length))
    }
  }
  const swapped = new Set(logs.map(({ file }) => file.baseOffset))
  for (const base of listing.bases) {
    if (base < first || base >= next || swapped.has(base)) continue
    for (const kind of ['log', 'index', 'timeindex', 'txnindex']) {
      unlinkIfThere(fs, `${logFile(dir, base).slice(0, -3)}${kind}`)
    }
  }
  fs.fsyncDir(dir)
}

/**
 * The new segment has its name; what it replaced may still stand beside it with the same offsets, and no name says so.
 * A list that is not whole was written before the new segment got its name: then finishSwap did all of it.
 */
function finishListedSwap(fs: FileSystem, dir: string): void {
  const lines = fs.readFile(join(dir, SWAP_LIST_FILE)).toString('latin1').split('\n')
  if (lines.at(-2) === 'end') {
    for (const base of lines.slice(0, -2).map(Number)) {
      for (const kind of ['log', 'index', 'timeindex', 'txnindex', 'snapshot']) {
        unlinkIfThere(fs, `${logFile(dir, base).slice(0, -3)}${kind}`)
      }
    }
    fs.fsyncDir(dir)
  }
  unlinkIfThere(fs, join(dir, SWAP_LIST_FILE))
}

function nextOffsetOf(fs: FileSystem, path: string, baseOffset: number): number {
  const fd = fs.open(path, 'r')
  try {
    const cursor = new BatchCursor(fs, fd, 0, fs.fstat(fd).size, baseOffset)
    let next = baseOffset
    while (cursor.next()) next = cursor.nextOffset
    return next
  } finally {
    fs.close(fd)
  }
}

function cleanerIsAlive(os: Os, dir: string): boolean {
  const path = join(dir, CLEANER_LOCK_FILE)
  if (os.fs.stat(path) === undefined) return false
  const fd = os.fs.open(path, 'a+')
  try {
    return !os.locks.tryLock(fd, 'exclusive')
  } finally {
    os.fs.close(fd)
  }
}

/** While a .log.deleted stands there, an index beside it is no sign of a loss. */
const logsLast = (a: Leftover, b: Leftover): number =>
  Number(a.file.kind === 'log') - Number(b.file.kind === 'log')

const ascending = (a: number, b: number): number => a - b
