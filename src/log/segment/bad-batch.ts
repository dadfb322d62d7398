/**
 * Tells a torn tail from damage in the middle. Both show as bytes that are no batch; what decides is whether a good
 * batch stands behind them. A torn tail is what a writer that died left behind: nobody was told that it was written, so
 * it may be cut. Damage in the middle is never cut.
 */
import { readInt32 } from '../../bytes/int32.ts'
import type { FileSystem } from '../../os/file-system.ts'
import { readRange } from '../../os/file-system.ts'
import * as header from '../../record/batch-header.ts'
import { SMALLEST_MESSAGE } from '../../record/legacy-message.ts'
import { checksumProblem, storedProblem } from './batch-cursor.ts'
import type { OffsetIndex } from './offset-index.ts'

/** How far to look byte by byte for a good batch. Beyond it only the index is asked: a sparse tail can be huge. */
const SEARCH_LIMIT = 64 * 1024 * 1024
const CHUNK = 1024 * 1024

export interface BadBatch {
  /** Of the first byte that is no batch. */
  readonly position: number
  /** The log's next offset there. */
  readonly nextOffset: number
  readonly size: number
  readonly index?: OffsetIndex
}

/** Position of the first good batch behind the bad one, undefined when there is none. */
export function findBatchBehind(fs: FileSystem, fd: number, bad: BadBatch): number | undefined {
  const { position, size, nextOffset } = bad
  const head = Buffer.alloc(header.RECORD_BATCH_OVERHEAD)
  readRange(fs, fd, head, 0, head.length, position)
  const claimed = header.sizeAt(head, 0)
  if (claimed >= SMALLEST_MESSAGE && isGoodBatch(fs, fd, position + claimed, size, nextOffset)) {
    return position + claimed
  }
  const near = searchBytes(fs, fd, position + 1, Math.min(size, position + SEARCH_LIMIT), size, nextOffset)
  if (near !== undefined) return near
  return size - position > SEARCH_LIMIT ? searchIndex(fs, fd, bad) : undefined
}

/** Whether all bytes of [position, size) that are looked at (the first 64 MB) are zero. */
export function isZeroTail(fs: FileSystem, fd: number, position: number, size: number): boolean {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(size - position, 1)))
  const end = Math.min(size, position + SEARCH_LIMIT)
  for (let at = position; at < end; ) {
    const length = readRange(fs, fd, chunk, 0, Math.min(chunk.length, end - at), at)
    if (length === 0) break
    if (firstNonZero(chunk, 0, length) < length) return false
    at += length
  }
  return true
}

/** Whether a batch of that offset or a later one stands there, whole and with the right checksum. */
export function isGoodBatch(
  fs: FileSystem,
  fd: number,
  at: number,
  size: number,
  minOffset: number,
): boolean {
  if (at < 0 || at + SMALLEST_MESSAGE > size) return false
  const head = Buffer.alloc(Math.min(header.RECORD_BATCH_OVERHEAD, size - at))
  if (readRange(fs, fd, head, 0, head.length, at) < head.length) return false
  if (storedProblem(head, 0, size - at, minOffset) !== undefined) return false
  const batch = Buffer.allocUnsafe(header.sizeAt(head, 0))
  return (
    readRange(fs, fd, batch, 0, batch.length, at) === batch.length &&
    checksumProblem(batch, 0, batch.length) === undefined
  )
}

function searchIndex(fs: FileSystem, fd: number, bad: BadBatch): number | undefined {
  const { index, position, size, nextOffset } = bad
  if (index === undefined) return undefined
  for (let n = 0; n < index.count; n++) {
    const entry = index.entry(n)
    if (entry.position <= position || entry.offset < nextOffset) continue
    if (isGoodBatch(fs, fd, entry.position, size, nextOffset)) return entry.position
  }
  return undefined
}

function searchBytes(
  fs: FileSystem,
  fd: number,
  from: number,
  to: number,
  size: number,
  nextOffset: number,
): number | undefined {
  const overlap = header.RECORD_BATCH_OVERHEAD
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(to - from, 0)) + overlap)
  for (let start = from; start < to; start += chunk.length - overlap) {
    const length = readRange(fs, fd, chunk, 0, Math.min(chunk.length, size - start), start)
    // A file may end in gigabytes of zeros.
    if (isZero(chunk, length)) continue
    // The last message of format 0 or 1 may be shorter than a batch's header.
    const needed = start + length >= size ? SMALLEST_MESSAGE : overlap
    const end = Math.min(length - needed + 1, to - start, chunk.length - overlap)
    let at = likelyBatch(chunk, 0, end, size - start, nextOffset)
    while (at < end) {
      if (isGoodBatch(fs, fd, start + at, size, nextOffset)) return start + at
      at = likelyBatch(chunk, at + 1, end, size - start, nextOffset)
    }
    if (length < chunk.length) break
  }
  return undefined
}

/** Where from `from` on the header of a batch or message may stand, by its own bytes; `end` or more where none does. */
function likelyBatch(chunk: Buffer, from: number, end: number, left: number, nextOffset: number): number {
  for (let at = from; at < end; at++) {
    const magic = chunk[at + header.MAGIC_POSITION]
    // Magic 2 with the unused high byte of the attributes zero: one byte in 65536 by chance.
    if (magic > 2 || (magic === 2 && chunk[at + header.ATTRIBUTES_POSITION] !== 0)) continue
    // Zeros are many, and no message.
    if (magic < 2 && readInt32(chunk, at + header.LENGTH_POSITION) <= 0) continue
    if (storedProblem(chunk, at, left - at, nextOffset) !== undefined) continue
    if (header.baseOffsetAt(chunk, at) - nextOffset <= 0x7fffffff) return at
  }
  return end
}

function isZero(bytes: Buffer, length: number): boolean {
  if (bytes[0] !== 0 || bytes[length - 1] !== 0) return false
  zeros ??= Buffer.alloc(CHUNK + header.RECORD_BATCH_OVERHEAD)
  return bytes.compare(zeros, 0, length, 0, length) === 0
}

let zeros: Buffer | undefined

function firstNonZero(bytes: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] === 0) at++
  return at
}
