/**
 * A message of format 0 (Kafka before 0.10) or 1 (Kafka 0.10), big-endian. Offset, size and magic stand where a batch of
 * format 2 has them, so a walk over headers steps over all three.
 *
 *    0 int64 offset             16 int8 magic                      18 (26) int32 key length (-1 for null) and key
 *    8 int32 size - 12          17 int8 attributes                 int32 value length (-1 for null) and value
 *   12 uint32 crc of 16 on      18 int64 timestamp (format 1)
 *
 * attributes: bits 0-2 codec (zstd came later), 3 log-append time (format 1). CRC-32, not CRC-32C. A compressed message is a
 * wrapper: its value inflates to messages, and its offset and (in format 1) its timestamp are the last and the largest
 * of theirs. Their own offsets are absolute in format 0, and in format 1 count from the first of them.
 */
import { crc32 } from '../bytes/crc32.ts'
import { readInt32, readUInt32, writeInt16, writeInt32 } from '../bytes/int32.ts'
import { type Int64, isSafeInt64, readExactInt64, readInt64, writeInt64 } from '../bytes/int64.ts'
import * as header from './batch-header.ts'
import type { BatchTimestampType } from './record.ts'
import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, NO_TIMESTAMP } from './record.ts'

const { MAGIC_POSITION } = header
export const LEGACY_CRC_POSITION = 12
const ATTRIBUTES_POSITION = 17
export const LEGACY_TIMESTAMP_POSITION = 18
/** Up to the key's length, by magic. */
const KEY_LENGTH_POSITION = [18, 26] as const
/** Without key and value, by magic. */
export const LEGACY_OVERHEAD = [26, 34] as const
export const SMALLEST_MESSAGE = LEGACY_OVERHEAD[0]
/** Codecs that a message of these formats may have: none, gzip, snappy, lz4. */
export const LAST_LEGACY_CODEC = 3
/** No bit beyond them was ever set. */
const KNOWN_ATTRIBUTES = header.CODEC_MASK | header.LOG_APPEND_TIME_FLAG

/** Whether what stands there, if it is a message or batch at all, is of format 0 or 1. */
export function isLegacyAt(buffer: Buffer, at: number): boolean {
  return buffer[at + MAGIC_POSITION] < header.CURRENT_MAGIC
}

export function legacyAttributesAt(buffer: Buffer, at: number): number {
  return buffer[at + ATTRIBUTES_POSITION]
}

/** Whether it is a wrapper of others. */
export function isWrapperAt(buffer: Buffer, at: number): boolean {
  return (buffer[at + ATTRIBUTES_POSITION] & header.CODEC_MASK) !== 0
}

export function legacyTimestampType(magic: number, attributes: number): BatchTimestampType {
  if (magic === 0) return 'NoTimestampType'
  return (attributes & header.LOG_APPEND_TIME_FLAG) === 0 ? 'CreateTime' : 'LogAppendTime'
}

export function legacyTimestampAt(buffer: Buffer, at: number): Int64 {
  if (buffer[at + MAGIC_POSITION] === 0) return NO_TIMESTAMP
  return readExactInt64(buffer, at + LEGACY_TIMESTAMP_POSITION)
}

/** Position of the key's length. */
export function keyLengthPosition(buffer: Buffer, at: number): number {
  return at + KEY_LENGTH_POSITION[buffer[at + MAGIC_POSITION]]
}

/**
 * Why the bytes at `at` (with `room` bytes to the end of the file) are no message at or behind `minOffset`, by as much of
 * it as a batch's header is long; undefined when that will do.
 */
export function legacyProblem(
  buffer: Buffer,
  at: number,
  room: number,
  minOffset: number,
): string | undefined {
  const magic = buffer[at + MAGIC_POSITION]
  const size = header.sizeAt(buffer, at)
  // Zeros and other bytes that are no message at all are this, too.
  if (size < LEGACY_OVERHEAD[magic]) return `magic ${magic} is not 2`
  if (!isSafeInt64(buffer, at)) return 'its offset is none'
  if (size > room) return `its ${size} bytes reach beyond the ${room} there are`
  const offset = readInt64(buffer, at)
  if (offset < minOffset) return `offset ${offset} is below ${minOffset}, the next one`
  if ((buffer[at + ATTRIBUTES_POSITION] & ~KNOWN_ATTRIBUTES) !== 0) return 'its attributes are none'
  const keyLength = readInt32(buffer, at + KEY_LENGTH_POSITION[magic])
  const free = size - LEGACY_OVERHEAD[magic]
  if (keyLength < -1 || keyLength > free) return 'its key does not fit in'
  const rest = free - Math.max(keyLength, 0)
  const valueLengthPosition = KEY_LENGTH_POSITION[magic] + 4 + Math.max(keyLength, 0)
  if (valueLengthPosition + 4 > Math.min(size, header.RECORD_BATCH_OVERHEAD)) return undefined
  const valueLength = readInt32(buffer, at + valueLengthPosition)
  if (valueLength < -1 || Math.max(valueLength, 0) !== rest) return 'its value does not fit in'
  return undefined
}

/** Why key and value do not fill the message; looked at before any of it is taken. */
export function fieldsProblem(buffer: Buffer, at: number, size: number): string | undefined {
  const end = at + size
  const keyAt = keyLengthPosition(buffer, at)
  const keyLength = readInt32(buffer, keyAt)
  const valueAt = keyAt + 4 + Math.max(keyLength, 0)
  if (keyLength < -1 || valueAt + 4 > end) return 'its key does not fit in'
  const valueLength = readInt32(buffer, valueAt)
  const fits = valueLength >= -1 && valueAt + 4 + Math.max(valueLength, 0) === end
  return fits ? undefined : 'its value does not fit in'
}

/** Where key and value lie. */
export interface Fields {
  readonly keyStart: number
  /** -1 for null. */
  readonly keyEnd: number
  readonly valueStart: number
  readonly valueEnd: number
}

/** Of a message whose fields fill it. */
export function fieldsOf(buffer: Buffer, at: number, size: number): Fields {
  const keyStart = keyLengthPosition(buffer, at) + 4
  const keyLength = readInt32(buffer, keyStart - 4)
  const valueStart = keyStart + Math.max(keyLength, 0) + 4
  const keyEnd = keyLength < 0 ? -1 : keyStart + keyLength
  return { keyStart, keyEnd, valueStart, valueEnd: readInt32(buffer, valueStart - 4) < 0 ? -1 : at + size }
}

/** The stored checksum, unsigned. */
export function legacyCrcAt(buffer: Buffer, at: number): number {
  return readUInt32(buffer, at + LEGACY_CRC_POSITION)
}

/** Why the whole message at `at` is not as it was written; undefined when its checksum is right. */
export function legacyCrcProblem(buffer: Buffer, at: number, size: number): string | undefined {
  const stored = readUInt32(buffer, at + LEGACY_CRC_POSITION)
  const computed = crc32(buffer, at + MAGIC_POSITION, at + size)
  return computed === stored ? undefined : `its checksum is ${hex(computed)}, stored is ${hex(stored)}`
}

/** Writes the checksum of the whole message at `at`. */
export function updateLegacyCrc(buffer: Buffer, at: number, size: number): void {
  writeInt32(buffer, at + LEGACY_CRC_POSITION, crc32(buffer, at + MAGIC_POSITION, at + size))
}

const hex = (crc: number): string => `0x${crc.toString(16).padStart(8, '0')}`

/** What an equal batch's header says beside the message itself. */
export interface EqualBatch {
  readonly baseOffset: number
  readonly count: number
}

/**
 * Writes to `target` the header of a batch of format 2 that says what the message does: offsets, timestamps, codec. Size
 * and CRC are the message's own, so this is a header to walk over, with no records behind it.
 */
export function writeEqualHeader(
  target: Buffer,
  buffer: Buffer,
  at: number,
  { baseOffset, count }: EqualBatch,
): void {
  const magic = buffer[at + MAGIC_POSITION]
  const attributes = buffer[at + ATTRIBUTES_POSITION]
  const timestamp = legacyTimestampAt(buffer, at)
  header.writeBatchHeader(target, 0, {
    baseOffset,
    sizeInBytes: header.sizeAt(buffer, at),
    partitionLeaderEpoch: -1,
    attributes: attributes & KNOWN_ATTRIBUTES,
    lastOffsetDelta: readInt64(buffer, at) - baseOffset,
    baseTimestamp: timestamp,
    maxTimestamp: timestamp,
    producerId: NO_PRODUCER_ID,
    producerEpoch: NO_PRODUCER_EPOCH,
    baseSequence: NO_SEQUENCE,
    count,
  })
  if (magic === 0) {
    writeInt16(
      target,
      header.ATTRIBUTES_POSITION,
      (attributes & header.CODEC_MASK) | header.NO_TIMESTAMP_FLAG,
    )
  }
  writeInt32(target, header.CRC_POSITION, readInt32(buffer, at + LEGACY_CRC_POSITION))
}

/** Gives a message its offset, which no checksum covers. */
export function setLegacyOffset(buffer: Buffer, at: number, offset: number): void {
  writeInt64(buffer, at, offset)
}
