/**
 * Recognises record batches of formats newer than 2, which tkafka cannot read. In every format the number ("magic") is byte 16.
 *
 * Why: to our reader such bytes are no batch, and bytes that are no batch may be taken for a torn tail. Whatever this file
 * recognises is never cut, appended to or repaired away.
 */
import { readInt32 } from '../../bytes/int32.ts'
import { isSafeInt64 } from '../../bytes/int64.ts'
import type { FileSystem } from '../../os/file-system.ts'
import { readRange } from '../../os/file-system.ts'
import * as header from '../../record/batch-header.ts'
import { SMALLEST_MESSAGE } from '../../record/legacy-message.ts'
import { RecordBatch } from '../../record/record-batch.ts'

/** No broker takes a larger one. */
const LARGEST_BATCH = 1024 * 1024 * 1024
/** No format is far ahead of ours: what is beyond is garbage. */
const NEWEST_PLAUSIBLE = 8

/** The format of what stands at `position`, for a person; undefined when it is one that is read, or no batch. */
export function unreadFormatAt(
  fs: FileSystem,
  fd: number,
  position: number,
  size: number,
): string | undefined {
  const head = Buffer.alloc(header.RECORD_BATCH_OVERHEAD)
  const length = readRange(fs, fd, head, 0, Math.min(head.length, Math.max(size - position, 0)), position)
  if (length < SMALLEST_MESSAGE || !isSafeInt64(head, 0)) return undefined
  const magic = header.magicAt(head, 0)
  if (magic <= header.CURRENT_MAGIC || magic > NEWEST_PLAUSIBLE) return undefined
  const end = position + header.LOG_OVERHEAD + readInt32(head, header.LENGTH_POSITION)
  if (end < position + SMALLEST_MESSAGE || end > size || end - position > LARGEST_BATCH) return undefined
  // With the checksum of format 2 right, only the magic byte is wrong.
  return isFormat2(fs, fd, position, end) ? undefined : `format ${magic}, newer than this tkafka knows`
}

function isFormat2(fs: FileSystem, fd: number, position: number, end: number): boolean {
  const bytes = Buffer.allocUnsafe(end - position)
  if (bytes.length < header.RECORD_BATCH_OVERHEAD) return false
  if (readRange(fs, fd, bytes, 0, bytes.length, position) < bytes.length) return false
  bytes[header.MAGIC_POSITION] = header.CURRENT_MAGIC
  return new RecordBatch(bytes).isValid()
}
