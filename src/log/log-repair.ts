/**
 * Repairs that a writer makes under the partition's lock before it appends: a torn tail is cut, missing index entries
 * are added. Both need no free space unless the cut bytes are to be kept.
 *
 * Crash: the bytes are set aside (synced) before the log is cut; cut twice, they are kept twice under other numbers.
 */
import { TerseError } from '../errors.ts'
import type { FileSystem } from '../os/file-system.ts'
import { openTemporary, readFully, writeFully } from '../os/file-system.ts'
import * as header from '../record/batch-header.ts'
import { isZeroTail } from './bad-batch.ts'
import { maxTimestampAt } from './batch-cursor.ts'
import { unlessDiskFull } from './full-disk.ts'
import type { LocalLog } from './local-log.ts'
import { BROKEN_SUFFIX } from './log-files.ts'
import type { LogSegment } from './log-segment.ts'
import type { TimestampOffset } from './time-index.ts'

const CHUNK = 1024 * 1024

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
  fs.ftruncate(fd, tail.end)
  const cut = size - tail.end
  tail.cut()
  return cut
}

/**
 * Brings the active segment's index up with its log, where a writer died between the two. A damaged one is made anew,
 * and told to `warn`; `size` is the .log's before its torn tail was cut: what points there is no damage.
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
  const damaged = damagedIndexes(segment, tail.end, tail.nextOffset, size)
  if (damaged.length > 0) {
    rebuildIndexes(segment, tail.end, intervalBytes, false)
    tail.indexedUpTo(segment.offsetIndex.lastEntry()?.position ?? 0)
    for (const path of damaged) warn?.(`${path}: was damaged; rebuilt from the log`)
    return
  }
  const last = trustedEntry(segment, tail.end)
  segment.timeIndex.truncateToOffset(tail.nextOffset)
  segment.transactionIndex.truncateToOffset(tail.nextOffset)
  const from = last?.position ?? 0
  tail.indexedUpTo(from)
  if (tail.end - from <= intervalBytes) return
  tail.indexedUpTo(indexRange(segment, from, tail.end, intervalBytes).indexed)
  writeIndexes(segment)
}

/**
 * Makes both indexes of a segment anew from its batches; a closed one's time index gets its last entry.
 * No free space is needed: with none left, the indexes stay short and are made when there is some.
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
  writeIndexes(segment)
  // Closing looks at rolled segments only behind the recovery point.
  if (isClosed) {
    segment.offsetIndex.sync()
    segment.timeIndex.sync()
  }
}

/**
 * Writes staged index entries; a full disk leaves the indexes short, which is repaired later (KAFKA-7866). The time
 * index goes first: whoever finds an entry of the offset index knows that the largest timestamp up to its batch is in the
 * other one, also where this process is killed between the two.
 */
export function writeIndexes(segment: LogSegment): void {
  try {
    segment.timeIndex.writeStaged()
    segment.offsetIndex.writeStaged()
  } catch {
    segment.offsetIndex.forget()
    segment.timeIndex.forget()
  }
}

/** Leader epochs with their first offsets, as the batches name them. Reads all headers of the log. */
export function epochsInLog(local: LocalLog): { epoch: number; startOffset: number }[] {
  const seen: { epoch: number; startOffset: number }[] = []
  local.walk(0, ({ buffer, at }) => {
    const epoch = header.leaderEpochAt(buffer, at)
    const latest = seen.at(-1)?.epoch ?? -1
    if (epoch > latest) seen.push({ epoch, startOffset: header.baseOffsetAt(buffer, at) })
    return undefined
  })
  return seen
}

/** Paths of indexes whose end is neither right nor merely behind or ahead of a log that was torn. */
function damagedIndexes(segment: LogSegment, end: number, nextOffset: number, size: number): string[] {
  const { offsetIndex, timeIndex } = segment
  const damaged: string[] = []
  const last = offsetIndex.lastEntry()
  const wrong =
    last !== undefined &&
    (last.position < end ? !pointsAtBatch(segment, last.offset, last.position) : last.position >= size)
  if (wrong || offsetIndex.hasGarbage()) damaged.push(offsetIndex.path)
  const lastTime = timeIndex.lastEntry()?.offset ?? segment.baseOffset - 1
  const ahead = (size === end && lastTime >= nextOffset) || lastTime < segment.baseOffset - 1
  if (ahead || timeIndex.hasGarbage()) damaged.push(timeIndex.path)
  return damaged
}

/** A broker's entry may name the last of several batches that were appended at once. */
function pointsAtBatch(segment: LogSegment, offset: number, position: number): boolean {
  const head = Buffer.alloc(header.RECORD_BATCH_OVERHEAD)
  if (segment.read(head, 0, head.length, position) < head.length) return false
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
  const cursor = segment.cursor(from, end)
  while (cursor.next()) {
    const timestamp = maxTimestampAt(cursor)
    if (timestamp > max.timestamp) max = { timestamp, offset: header.lastOffsetAt(cursor.buffer, cursor.at) }
    if (cursor.position - indexed > intervalBytes) {
      segment.offsetIndex.append(cursor.nextOffset - 1, cursor.position)
      segment.timeIndex.maybeAppend(max.timestamp, max.offset)
      indexed = cursor.position
    }
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
      const length = readFully(fs, segment.fd(), chunk, 0, Math.min(chunk.length, end - at), at)
      if (length === 0) break
      writeFully(fs, out, chunk, 0, length, at - start)
      at += length
    }
    fs.fsync(out)
  } catch (error) {
    try {
      fs.unlink(path)
    } catch {
      // the failure to tell of is the first one
    }
    throw new TerseError(
      `${segment.path}: the torn tail at position ${start} (${end - start} bytes) could not be set aside: ` +
        `${(error as Error).message}`,
      { cause: error },
    )
  } finally {
    fs.close(out)
  }
  return path
}
