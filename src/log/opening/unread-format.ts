/**
 * Record batches of formats that are not read here: message sets of formats 0 (Kafka before 0.10) and 1 (Kafka 0.10), and
 * what is newer than format 2. In all of them the format's number, "magic", stands at byte 16.
 *
 * Formats 0 and 1, big-endian: int64 offset, int32 size of what follows, uint32 CRC-32 (not 32C) of byte 16 to the end,
 * int8 magic, int8 attributes, in format 1 an int64 timestamp, then key and value, each behind an int32 length. A
 * compressed set is one such message whose offset is that of its last record.
 *
 * Why: a reader of format 2 finds no batch in them, and what is no batch may be taken for a torn tail. Nothing
 * that is recognised here is ever cut, appended to or repaired away.
 */
import { createRequire } from 'node:module'
import { readInt32, readUInt32 } from '../../bytes/int32.ts'
import { isSafeInt64, readInt64 } from '../../bytes/int64.ts'
import type { FileSystem } from '../../os/file-system.ts'
import { readFully } from '../../os/file-system.ts'
import * as header from '../../record/batch-header.ts'
import { RecordBatch } from '../../record/record-batch.ts'

const LOG_OVERHEAD = 12
const CRC_POSITION = 12
const MAGIC_POSITION = header.MAGIC_POSITION
/** Offset and size, CRC, magic, attributes, two lengths. */
const SMALLEST_MESSAGE = LOG_OVERHEAD + 14
/** No broker takes a larger one. */
const LARGEST_MESSAGE = 1024 * 1024 * 1024
/** No format is far ahead of ours: what is beyond is garbage. */
const NEWEST_PLAUSIBLE = 8

export interface UnreadFormat {
  readonly magic: number
  /** For a person: `format 1 (Kafka 0.10), not read by this tkafka yet`. */
  readonly text: string
}

/** Whether what stands at `position` is a batch of another format; undefined when it is of format 2, or no batch. */
export function unreadFormatAt(
  fs: FileSystem,
  fd: number,
  position: number,
  size: number,
): UnreadFormat | undefined {
  const head = Buffer.alloc(header.RECORD_BATCH_OVERHEAD)
  const length = readFully(fs, fd, head, 0, Math.min(head.length, Math.max(size - position, 0)), position)
  if (length < SMALLEST_MESSAGE || !isSafeInt64(head, 0)) return undefined
  const magic = head.readInt8(MAGIC_POSITION)
  const end = position + LOG_OVERHEAD + readInt32(head, 8)
  if (end < position + SMALLEST_MESSAGE || end > size || end - position > LARGEST_MESSAGE) return undefined
  if (magic === 0 || magic === 1) {
    // A message that is damaged is known by a good one behind it.
    const isOld =
      hasOldCrc(fs, fd, position, end) ||
      (end < size && head[MAGIC_POSITION + 1] < 16 && hasOldCrc(fs, fd, end, size))
    return isOld ? { magic, text: formatText(magic) } : undefined
  }
  if (magic <= header.CURRENT_MAGIC || magic > NEWEST_PLAUSIBLE) return undefined
  // With the checksum of format 2 right, only the magic byte is wrong.
  return isFormat2(fs, fd, position, end) ? undefined : { magic, text: formatText(magic) }
}

/**
 * Offset behind the last message of formats 0 and 1 from `position` on, by their headers alone; `nextOffset` where there
 * is none. Begin at an index entry: a large log has millions of them.
 */
export function endOfOldFormat(
  fs: FileSystem,
  fd: number,
  position: number,
  size: number,
  nextOffset: number,
): number {
  const head = Buffer.alloc(MAGIC_POSITION + 1)
  let next = nextOffset
  for (let at = position; at + SMALLEST_MESSAGE <= size; ) {
    if (readFully(fs, fd, head, 0, head.length, at) < head.length || !isSafeInt64(head, 0)) break
    const length = LOG_OVERHEAD + readInt32(head, 8)
    if (length < SMALLEST_MESSAGE || at + length > size) break
    const isOld = head.readInt8(MAGIC_POSITION) < header.CURRENT_MAGIC
    if (isOld) next = Math.max(next, readInt64(head, 0) + 1)
    at += length
  }
  return next
}

function formatText(magic: number): string {
  if (magic > header.CURRENT_MAGIC) return `format ${magic}, newer than this tkafka knows`
  return `format ${magic} (Kafka ${magic === 0 ? 'before 0.10' : '0.10'}), not read by this tkafka yet`
}

function hasOldCrc(fs: FileSystem, fd: number, position: number, limit: number): boolean {
  const head = Buffer.alloc(MAGIC_POSITION + 1)
  if (readFully(fs, fd, head, 0, head.length, position) < head.length) return false
  const length = LOG_OVERHEAD + readInt32(head, 8)
  if (length < SMALLEST_MESSAGE || position + length > limit || length > LARGEST_MESSAGE) return false
  if (head[MAGIC_POSITION] > 1) return false
  const bytes = Buffer.allocUnsafe(length)
  if (readFully(fs, fd, bytes, 0, length, position) < length) return false
  return crc32(bytes.subarray(MAGIC_POSITION)) === readUInt32(bytes, CRC_POSITION)
}

function isFormat2(fs: FileSystem, fd: number, position: number, end: number): boolean {
  const bytes = Buffer.allocUnsafe(end - position)
  if (bytes.length < header.RECORD_BATCH_OVERHEAD) return false
  if (readFully(fs, fd, bytes, 0, bytes.length, position) < bytes.length) return false
  bytes[MAGIC_POSITION] = header.CURRENT_MAGIC
  return new RecordBatch(bytes).isValid()
}

/** Loaded only here: zlib costs a start more than the question is worth. */
function crc32(bytes: Buffer): number {
  const zlib = createRequire(import.meta.url)('node:zlib') as { crc32: (bytes: Buffer) => number }
  return zlib.crc32(bytes)
}
