/**
 * Finds where a log ends. Each function makes a new LogTail from what it reads and changes nothing: neither the disk nor
 * what is known. One that throws has found no end, so nobody can take the bytes it did not see for a torn tail.
 *
 * Work is bounded by the index interval: it jumps to the last index entry that the log confirms and walks from there,
 * checking the CRC of each batch behind it.
 */
import { readUInt32 } from '../../bytes/int32.ts'
import { CorruptRecordError } from '../../errors.ts'
import type { FileSystem } from '../../os/file-system.ts'
import * as header from '../../record/batch-header.ts'
import { LEGACY_CRC_POSITION } from '../../record/legacy-message.ts'
import { LogTail } from '../log-tail.ts'
import { findBatchBehind } from '../segment/bad-batch.ts'
import type { BatchCursor } from '../segment/batch-cursor.ts'
import type { LogSegment } from '../segment/log-segment.ts'

/** Of more than this that others appended, only what stands behind the last index entry is walked over. */
const JUMP_ABOVE_BYTES = 128 * 1024

/** With no index to jump by, only this much at the end has its CRCs checked at opening. */
const UNINDEXED_CRC_BYTES = 1024 * 1024

const MARK_BYTES = 64

/** The end of a segment of which nothing is known. */
export function findTail(fs: FileSystem, segment: LogSegment): LogTail {
  const size = segment.fileSize()
  segment.forget()
  const index = segment.offsetIndex
  for (let n = index.count - 1, tries = 0; n >= 0 && tries < 16; n--, tries++) {
    const { offset, position } = index.entry(n)
    if (!segment.isIndexed(offset, position, size)) continue
    const tail = new LogTail(segment.baseOffset, size)
    scan(fs, segment, tail, position, position)
    // The indexed batch itself may be the bad one: then an earlier one tells where the log ends.
    if (tail.end > 0) return tail
  }
  const tail = new LogTail(segment.baseOffset, size)
  scan(fs, segment, tail, 0, size - UNINDEXED_CRC_BYTES)
  return tail
}

/** The end of a segment that others have appended to since `known`. */
export function extendTail(fs: FileSystem, segment: LogSegment, known: LogTail, size: number): LogTail {
  // Who appended also wrote index entries.
  segment.offsetIndex.forget()
  segment.timeIndex.forget()
  const jumped = size - known.end > JUMP_ABOVE_BYTES ? jumpTail(fs, segment, known, size) : undefined
  if (jumped !== undefined) return jumped
  const tail = known.grown(size)
  scan(fs, segment, tail, tail.end, Number.POSITIVE_INFINITY)
  return tail
}

/** A torn tail is judged once: again only when other bytes stand there now. */
export function tornChanged(segment: LogSegment, tail: LogTail): boolean {
  return tail.torn !== undefined && tornMark(segment, tail) !== tail.tornMark
}

/** The last batch we know is still what we knew: nobody cut the log and wrote anew below our end. */
export function lastBatchStands(segment: LogSegment, tail: LogTail, size: number): boolean {
  const { lastBatchPosition: position, lastBatchCrc, fileSize } = tail
  if (position < 0 || size === fileSize) return true
  if (segment.read(CRCS, 0, CRCS.length, position + LEGACY_CRC_POSITION) < CRCS.length) return false
  const isLegacy = CRCS[header.MAGIC_POSITION - LEGACY_CRC_POSITION] < header.CURRENT_MAGIC
  return readUInt32(CRCS, isLegacy ? 0 : header.CRC_POSITION - LEGACY_CRC_POSITION) === lastBatchCrc
}

/**
 * Much was appended (eight producers leave seven megabytes between two of one's turns, 450 headers): as at opening,
 * from the last index entry that the log confirms, with the CRC of all behind it. undefined when there is none or when
 * not all of that is good: then every header is looked at.
 */
function jumpTail(fs: FileSystem, segment: LogSegment, known: LogTail, size: number): LogTail | undefined {
  const index = segment.offsetIndex
  for (let n = index.count - 1, tries = 0; n >= 0 && tries < 4; n--, tries++) {
    const { offset, position } = index.entry(n)
    if (position <= known.end || offset <= known.nextOffset) return undefined
    if (!segment.isIndexed(offset, position, size)) continue
    const tail = known.grown(size)
    tail.forgetMax()
    scan(fs, segment, tail, position, position)
    return tail.end === size && tail.damage === known.damage ? tail : undefined
  }
  return undefined
}

/** Walks from `from` to the file's end. Batches at or behind `crcFrom`, and the last one, have their CRC checked. */
function scan(fs: FileSystem, segment: LogSegment, tail: LogTail, from: number, crcFrom: number): void {
  const size = tail.fileSize
  let start = from
  while (start < size) {
    const cursor = segment.cursor(start, size, Math.max(tail.nextOffset, segment.baseOffset))
    let good = true
    while (good && cursor.next()) {
      const isLast = cursor.position + cursor.size >= size
      if ((isLast || cursor.position >= crcFrom) && !cursor.checkCrc()) {
        good = false
        break
      }
      if (isLast && cursor.isLegacy) knowFirstOffset(cursor)
      tail.scanned(cursor)
    }
    if (cursor.problem === undefined) return
    const position = Math.max(tail.end, start)
    const { nextOffset } = tail
    const error = segment.corrupt(cursor.problem, position, nextOffset)
    const index = segment.offsetIndex
    const behind = findBatchBehind(fs, segment.fd(), { position, nextOffset, size, index })
    if (behind === undefined) {
      tail.tornBy(error, tornMark(segment, tail))
      return
    }
    tail.damagedBy(error)
    start = behind
  }
}

/** Of a wrapper it is known only when it is inflated; whether it follows what is before it tells a flipped offset. */
function knowFirstOffset(cursor: BatchCursor): void {
  try {
    cursor.load()
  } catch (error) {
    // Whoever reads it is told.
    if (!(error instanceof CorruptRecordError)) throw error
  }
}

export function tornMark(segment: LogSegment, { end, fileSize }: LogTail): string {
  const bytes = Buffer.alloc(2 * MARK_BYTES)
  segment.read(bytes, 0, MARK_BYTES, end)
  segment.read(bytes, MARK_BYTES, MARK_BYTES, Math.max(fileSize - MARK_BYTES, end))
  return bytes.toString('latin1')
}

/** From where a message of format 0 or 1 has its checksum to behind that of a batch. */
const CRCS = Buffer.alloc(header.CRC_POSITION + 4 - LEGACY_CRC_POSITION)
