/**
 * Repairs that a writer makes under the partition's lock before it appends: a torn tail is cut, missing index entries
 * are added. Both need no free space unless the cut bytes are to be kept.
 *
 * Crash: the bytes are set aside (synced) before the log is cut; cut twice, they are kept twice under other numbers.
 */

import { count } from '../count.ts'
import { TerseError } from '../errors.ts'
import type { FileSystem } from '../os/file-system.ts'
import { openTemporary, readRange, shortRead, writeFully } from '../os/file-system.ts'
import * as header from '../record/batch-header.ts'
import { isLegacyAt, SMALLEST_MESSAGE } from '../record/legacy-message.ts'
import { unlessDiskFull } from './full-disk.ts'
import type { LocalLog } from './local-log.ts'
import type { LogTail } from './log-tail.ts'
import { confirmCopied, confirmTorn, unsteady } from './opening/second-reading.ts'
import { isZeroTail } from './segment/bad-batch.ts'
import { maxTimestampAt } from './segment/batch-cursor.ts'
import { BROKEN_SUFFIX } from './segment/log-files.ts'
import type { LogSegment } from './segment/log-segment.ts'
import type { TimestampOffset } from './segment/time-index.ts'
import { SideFileError } from './side-file.ts'

const CHUNK = 1024 * 1024
const ZEROS = Buffer.alloc(CHUNK)

/** Cuts what is behind the active segment's last whole batch. Returns how many bytes went. */
export function cutTornTail(local: LocalLog, keepBroken: boolean): number {
  const segment = local.active
  const { tail } = local
  if (segment === undefined || tail.fileSize <= tail.end) return 0
  const { fs } = local.os
  const fd = segment.fd(true)
  const size = fs.fstat(fd).size
  // Zeros are no one's data: a file that was preallocated, or grew before its content came.
  if (keepBroken && !isZeroTail(fs, fd, tail.end, size)) setAside(fs, segment, tail.end, size)
  confirmTorn(fs, segment.path, { position: tail.end, nextOffset: tail.nextOffset, size })
  fs.ftruncate(fd, tail.end)
  const cut = size - tail.end
  tail.cut()
  return cut
}

/**
 * Brings the active segment's index up with its log, where a writer died between the two. A damaged one is made anew,
 * and told to `warn`; `size` is the .log's before its torn tail was cut: what points there is no damage. One that cannot
 * be read or written is replaced; where that cannot be done either, that is told once and the log goes on without it.
 */
export function indexTail(
  local: LocalLog,
  intervalBytes: number,
  size = Number.POSITIVE_INFINITY,
  warn?: (line: string) => void,
): void {
  const segment = local.active
  const { tail } = local
  if (segment === undefined || tail.lastIndexed !== undefined) return
  const indexed = { segment, end: tail.end, intervalBytes, isClosed: false, warn }
  keepingIndexes(indexed, () => {
    const isMissing = local.listing?.unindexed.includes(segment.baseOffset) === true
    const damaged = damagedIndexes(segment, tail, size)
    if (isMissing || damaged.length > 0) {
      rebuildIndexes(segment, tail.end, intervalBytes, false)
      for (const path of damaged) warn?.(`${path}: was damaged; rebuilt from the log`)
    }
    const last = trustedEntry(segment, tail.end)
    segment.timeIndex.truncateToOffset(tail.nextOffset)
    segment.transactionIndex.truncateToOffset(tail.nextOffset)
    const from = last?.position ?? 0
    const isBehind = tail.end - from > intervalBytes
    const upTo = isBehind ? indexRange(segment, from, tail.end, intervalBytes).indexed : from
    if (isBehind) writeStaged(segment)
    tail.indexedUpTo(upTo)
  })
}

/** A segment's index files, and what is needed to make them anew. */
export interface IndexedSegment {
  readonly segment: LogSegment
  /** Of the batches in the .log. */
  readonly end: number
  readonly intervalBytes: number
  readonly isClosed: boolean
  /** Damage in the .log: indexes made anew would end there. */
  readonly isDamaged?: boolean
  readonly warn?: (line: string) => void
}

/**
 * Does a step on a segment's index files. One that cannot be used is taken away and both are made anew, which needs no more
 * than the folder; where that is of no use (a folder stands there, the disk is full) the segment knows that its indexes
 * are not in order, and that is told once.
 */
export function keepingIndexes(indexed: IndexedSegment, step: () => void): void {
  const { segment, end, intervalBytes, isClosed, isDamaged, warn } = indexed
  const inOrder = (act: () => void): SideFileError | undefined => {
    try {
      const unread = segment.offsetIndex.problem ?? segment.timeIndex.problem
      if (unread !== undefined) throw unread
      act()
      return undefined
    } catch (error) {
      if (!(error instanceof SideFileError)) throw error
      return error
    }
  }
  let failure = inOrder(step)
  for (let tries = 0; failure !== undefined && tries < 2; tries++) {
    const { path, isItsOwn, message } = failure
    const index = [segment.offsetIndex, segment.timeIndex].find((one) => one.path === path)
    if (isDamaged === true || !isItsOwn || index === undefined || !removed(index)) break
    segment.offsetIndex.forget()
    segment.timeIndex.forget()
    failure = inOrder(() => {
      rebuildIndexes(segment, end, intervalBytes, isClosed)
      step()
      warn?.(`${message}; made anew from the log`)
    })
  }
  if (failure === undefined) segment.indexesInOrder()
  else segment.indexFailed(failure, warn)
}

/** Takes both index files of a closed segment away, as they could not be ended in order: the next writer makes them anew. */
export function removeIndexes(segment: LogSegment): void {
  removed(segment.offsetIndex)
  removed(segment.timeIndex)
}

function removed(index: { remove(): void }): boolean {
  try {
    index.remove()
    return true
  } catch (error) {
    if (!(error instanceof SideFileError)) throw error
    return false
  }
}

/**
 * Makes both indexes of a segment anew from its batches; a closed one's time index gets its last entry.
 * With no space left they stay short, and are made when there is some. @throws SideFileError
 */
export function rebuildIndexes(
  segment: LogSegment,
  end: number,
  intervalBytes: number,
  isClosed: boolean,
): void {
  segment.offsetIndex.forget()
  segment.timeIndex.forget()
  unlessDiskFull(() => {
    segment.offsetIndex.trim()
    segment.timeIndex.trim()
  })
  segment.offsetIndex.truncateToEntries(0)
  segment.timeIndex.truncateToEntries(0)
  const { max } = indexRange(segment, 0, end, intervalBytes)
  if (isClosed) segment.timeIndex.maybeAppend(max.timestamp, max.offset)
  writeStaged(segment)
  // Closing looks at rolled segments only behind the recovery point.
  if (isClosed) {
    segment.offsetIndex.sync()
    segment.timeIndex.sync()
  }
}

/**
 * Writes staged index entries. False where that failed (a full disk, for example): the records are in the log all the
 * same, and the indexes are short, which the next writer to prepare the log mends (KAFKA-7866).
 */
export function writeIndexes(segment: LogSegment, andThen?: () => void): boolean {
  try {
    writeStaged(segment)
    andThen?.()
    return true
  } catch (error) {
    if (!(error instanceof SideFileError)) throw error
    segment.indexFailed(error)
    return false
  }
}

/**
 * The time index goes first: whoever finds an entry of the offset index knows that the largest timestamp up to its batch
 * is in the other one, also where this process is killed between the two.
 */
export function writeStaged(segment: LogSegment): void {
  segment.timeIndex.writeStaged()
  segment.offsetIndex.writeStaged()
}

/**
 * Leader epochs with their first offsets, as the batches name them. Reads all headers of the log, and reads them again: no
 * checksum covers an epoch, and one that was misread would stand in the checkpoint for good. @throws TerseError
 */
export function epochsInLog(local: LocalLog): EpochStart[] {
  const seen = readEpochs(local)
  const again = readEpochs(local)
  const differs = seen.findIndex(
    ({ epoch, startOffset }, i) => again[i]?.epoch !== epoch || again[i]?.startOffset !== startOffset,
  )
  if (differs >= 0 || again.length !== seen.length) throw unsteady(local.active?.path ?? local.dir, 0)
  return seen
}

/** The epoch of the last batch, where it is newer than all that is known of epochs, is read again. @throws TerseError */
export function confirmLastEpoch({ active, tail }: LocalLog): void {
  if (active === undefined || tail.lastBatchPosition < 0) return
  const head = Buffer.alloc(header.RECORD_BATCH_OVERHEAD)
  active.read(head, 0, head.length, tail.lastBatchPosition)
  if (header.leaderEpochAt(head, 0) !== tail.lastEpoch) throw unsteady(active.path, tail.lastBatchPosition)
}

interface EpochStart {
  epoch: number
  startOffset: number
}

function readEpochs(local: LocalLog): EpochStart[] {
  const seen: EpochStart[] = []
  local.walk(0, ({ buffer, at }) => {
    const epoch = header.leaderEpochAt(buffer, at)
    const latest = seen.at(-1)?.epoch ?? -1
    if (epoch > latest) seen.push({ epoch, startOffset: header.baseOffsetAt(buffer, at) })
    return undefined
  })
  return seen
}

/**
 * Paths of indexes whose end is neither right nor merely behind or ahead of a log that was torn. What is appended to an
 * index is held against its last entry: a misread one would have the same entry come twice.
 */
function damagedIndexes(segment: LogSegment, tail: LogTail, size: number): string[] {
  const { offsetIndex, timeIndex } = segment
  const { end, nextOffset } = tail
  const damaged: string[] = []
  const last = offsetIndex.lastEntry()
  const wrong =
    last !== undefined &&
    (last.position < end ? !pointsAtBatch(segment, last.offset, last.position) : last.position >= size)
  if (wrong || offsetIndex.hasGarbage()) damaged.push(offsetIndex.path)
  const lastTime = timeIndex.lastEntry()?.offset ?? segment.baseOffset - 1
  const ahead = size === end && lastTime >= nextOffset
  if (ahead || !lastIsTimed(segment, tail) || timeIndex.hasGarbage()) damaged.push(timeIndex.path)
  return damaged
}

/** Whether the log confirms the last entry of the time index that is of a batch in the log. */
function lastIsTimed(segment: LogSegment, { max, end, nextOffset }: LogTail): boolean {
  const { timeIndex } = segment
  let n = timeIndex.count - 1
  while (n >= 0 && timeIndex.entry(n).offset >= nextOffset) n--
  if (n < 0) return true
  const entry = timeIndex.entry(n)
  // What was seen when the log was read needs no second look.
  if (entry.timestamp === max?.timestamp && entry.offset === max.offset) return true
  return segment.isTimed(entry, end)
}

/** A broker's entry may name the last of several batches that were appended at once. */
function pointsAtBatch(segment: LogSegment, offset: number, position: number): boolean {
  const head = Buffer.alloc(header.RECORD_BATCH_OVERHEAD)
  if (position < 0) return false
  const length = segment.read(head, 0, head.length, position)
  if (length >= SMALLEST_MESSAGE && isLegacyAt(head, 0))
    return segment.isIndexed(offset, position, segment.fileSize())
  if (length < head.length) return false
  return (
    head.readUInt32BE(0) < 0x200000 &&
    header.magicAt(head, 0) === header.CURRENT_MAGIC &&
    header.baseOffsetAt(head, 0) <= offset
  )
}

/** The last entry that the log confirms; entries behind it go. */
function trustedEntry(segment: LogSegment, end: number) {
  const index = segment.offsetIndex
  for (let n = index.count - 1; n >= 0; n--) {
    const entry = index.entry(n)
    if (!segment.isIndexed(entry.offset, entry.position, end)) continue
    index.truncateToEntries(n + 1)
    return entry
  }
  index.truncateToEntries(0)
  return undefined
}

function indexRange(segment: LogSegment, from: number, end: number, intervalBytes: number) {
  let indexed = from
  const last = segment.timeIndex.lastEntry()
  let max: TimestampOffset = last ?? { timestamp: -1, offset: segment.baseOffset }
  for (let cursor = segment.cursor(from, end); ; ) {
    while (cursor.next()) {
      const timestamp = maxTimestampAt(cursor)
      if (timestamp > max.timestamp)
        max = { timestamp, offset: header.lastOffsetAt(cursor.buffer, cursor.at) }
      if (cursor.position - indexed > intervalBytes) {
        segment.offsetIndex.append(cursor.nextOffset - 1, cursor.position)
        segment.timeIndex.maybeAppend(max.timestamp, max.offset)
        indexed = cursor.position
      }
    }
    // What stands behind a batch that is bad, or reads so this time, is looked up by these indexes, too.
    const { nextOffset } = cursor
    const behind = cursor.problem && segment.batchBehind(cursor.position, nextOffset, end)
    if (typeof behind !== 'number') break
    cursor = segment.cursor(behind, end, nextOffset)
  }
  return { indexed, max }
}

/** Copies bytes of a .log into a `.broken` file beside it (synced); returns that file's path. */
export function setAside(fs: FileSystem, segment: LogSegment, start: number, end: number): string {
  let n = 0
  while (fs.stat(`${segment.path}.${n}${BROKEN_SUFFIX}`) !== undefined) n++
  const path = `${segment.path}.${n}${BROKEN_SUFFIX}`
  const out = openTemporary(fs, path)
  try {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, end - start))
    for (let at = start; at < end; ) {
      const length = readRange(fs, segment.fd(), chunk, 0, Math.min(chunk.length, end - at), at)
      if (length === 0) throw shortRead()
      // A file that somebody made longer may have a hole of any size there.
      if (chunk.compare(ZEROS, 0, length, 0, length) !== 0) writeFully(fs, out, chunk, 0, length, at - start)
      at += length
    }
    fs.ftruncate(out, end - start)
    confirmCopied(fs, segment.path, path, [{ from: start, to: end, at: 0 }])
    fs.fsync(out)
  } catch (error) {
    try {
      fs.unlink(path)
    } catch {
      // the failure to tell of is the first one
    }
    throw new TerseError(
      `${segment.path}: the torn tail at position ${start} (${count(end - start, 'byte')}) could not be set aside: ` +
        `${(error as Error).message}`,
      { cause: error },
    )
  } finally {
    fs.close(out)
  }
  return path
}
