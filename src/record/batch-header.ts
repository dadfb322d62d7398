/** The header of a record batch: its bytes, and how each field is read. */
import { readInt16, readInt32, writeInt16, writeInt32 } from '../bytes/int32.ts'
import { type Int64, readInt64, writeInt64 } from '../bytes/int64.ts'
import type { BatchTimestampType, Codec } from './record.ts'
import { CODECS } from './record.ts'

/**
 * The header of a record batch (magic 2), 61 bytes, big-endian:
 *
 *    0 int64 baseOffset            17 uint32 crc of 21 to the end      43 int64 producerId
 *    8 int32 size - 12             21 int16 attributes                 51 int16 producerEpoch
 *   12 int32 partitionLeaderEpoch  23 int32 lastOffsetDelta            53 int32 baseSequence
 *   16 int8  magic                 27 int64 baseTimestamp              57 int32 record count
 *                                  35 int64 maxTimestamp               61 records
 *
 * baseOffset and partitionLeaderEpoch lie outside the CRC, so the log patches them in place.
 * attributes: bits 0-2 codec, 3 log-append time, 4 transactional, 5 control, 6 baseTimestamp is the delete horizon.
 */
export const BASE_OFFSET_POSITION = 0
export const LENGTH_POSITION = 8
export const PARTITION_LEADER_EPOCH_POSITION = 12
export const MAGIC_POSITION = 16
export const CRC_POSITION = 17
export const ATTRIBUTES_POSITION = 21
export const LAST_OFFSET_DELTA_POSITION = 23
export const BASE_TIMESTAMP_POSITION = 27
export const MAX_TIMESTAMP_POSITION = 35
export const PRODUCER_ID_POSITION = 43
export const PRODUCER_EPOCH_POSITION = 51
export const BASE_SEQUENCE_POSITION = 53
export const COUNT_POSITION = 57

/** Bytes of a batch before its records. */
export const RECORD_BATCH_OVERHEAD = 61
/** Bytes of a batch that its length field does not count. */
export const LOG_OVERHEAD = 12
/** What is needed to tell a batch's size, version and leader epoch. */
export const HEADER_SIZE_UP_TO_MAGIC = 17
export const CURRENT_MAGIC = 2

export const CODEC_MASK = 0x07
export const LOG_APPEND_TIME_FLAG = 0x08
export const TRANSACTIONAL_FLAG = 0x10
export const CONTROL_FLAG = 0x20
export const DELETE_HORIZON_FLAG = 0x40
/** Never stored: in memory it marks messages of format 0, which have no timestamps (legacy-batches.ts). */
export const NO_TIMESTAMP_FLAG = -0x8000

// Peeks for walking over batches without an object for each. None of them checks anything.

export function baseOffsetAt(buffer: Buffer, position: number): number {
  return readInt64(buffer, position)
}

/** The whole batch's size in bytes. */
export function sizeAt(buffer: Buffer, position: number): number {
  return readInt32(buffer, position + LENGTH_POSITION) + LOG_OVERHEAD
}

export function leaderEpochAt(buffer: Buffer, position: number): number {
  return readInt32(buffer, position + PARTITION_LEADER_EPOCH_POSITION)
}

export function magicAt(buffer: Buffer, position: number): number {
  return buffer.readInt8(position + MAGIC_POSITION)
}

export function attributesAt(buffer: Buffer, position: number): number {
  return readInt16(buffer, position + ATTRIBUTES_POSITION)
}

export function lastOffsetAt(buffer: Buffer, position: number): number {
  return readInt64(buffer, position) + readInt32(buffer, position + LAST_OFFSET_DELTA_POSITION)
}

/** Records in the batch (after compaction fewer than its offsets). */
export function countAt(buffer: Buffer, position: number): number {
  return readInt32(buffer, position + COUNT_POSITION)
}

export function setBaseOffsetAt(buffer: Buffer, position: number, offset: number): void {
  writeInt64(buffer, position, offset)
}

export function setLeaderEpochAt(buffer: Buffer, position: number, epoch: number): void {
  writeInt32(buffer, position + PARTITION_LEADER_EPOCH_POSITION, epoch)
}

export interface BatchHeader {
  readonly baseOffset: number
  readonly sizeInBytes: number
  readonly partitionLeaderEpoch: number
  readonly attributes: number
  readonly lastOffsetDelta: number
  readonly baseTimestamp: Int64
  readonly maxTimestamp: Int64
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly count: number
}

export function attributesOf(
  codec: Codec,
  timestampType: BatchTimestampType,
  transactional: boolean,
  control: boolean,
  deleteHorizon: boolean,
): number {
  return (
    CODECS.indexOf(codec) |
    (timestampType === 'LogAppendTime' ? LOG_APPEND_TIME_FLAG : 0) |
    (timestampType === 'NoTimestampType' ? NO_TIMESTAMP_FLAG : 0) |
    (transactional ? TRANSACTIONAL_FLAG : 0) |
    (control ? CONTROL_FLAG : 0) |
    (deleteHorizon ? DELETE_HORIZON_FLAG : 0)
  )
}

/** Writes all of the header but the CRC, which the caller adds when the records stand behind it. */
export function writeBatchHeader(buffer: Buffer, position: number, header: BatchHeader): void {
  writeInt64(buffer, position + BASE_OFFSET_POSITION, header.baseOffset)
  writeInt32(buffer, position + LENGTH_POSITION, header.sizeInBytes - LOG_OVERHEAD)
  writeInt32(buffer, position + PARTITION_LEADER_EPOCH_POSITION, header.partitionLeaderEpoch)
  buffer[position + MAGIC_POSITION] = CURRENT_MAGIC
  writeInt16(buffer, position + ATTRIBUTES_POSITION, header.attributes)
  writeInt32(buffer, position + LAST_OFFSET_DELTA_POSITION, header.lastOffsetDelta)
  writeInt64(buffer, position + BASE_TIMESTAMP_POSITION, header.baseTimestamp)
  writeInt64(buffer, position + MAX_TIMESTAMP_POSITION, header.maxTimestamp)
  writeInt64(buffer, position + PRODUCER_ID_POSITION, header.producerId)
  writeInt16(buffer, position + PRODUCER_EPOCH_POSITION, header.producerEpoch)
  writeInt32(buffer, position + BASE_SEQUENCE_POSITION, header.baseSequence)
  writeInt32(buffer, position + COUNT_POSITION, header.count)
}
