/** Builds one record batch: for control batches, metadata and tests, where speed does not count. */
import { crc32c } from '../bytes/crc32c.ts'
import { type Int64, subtractInt64 } from '../bytes/int64.ts'
import { sizeOfVarint, writeVarint } from '../bytes/varint.ts'
import {
  ATTRIBUTES_POSITION,
  attributesOf,
  CRC_POSITION,
  RECORD_BATCH_OVERHEAD,
  writeBatchHeader,
} from './batch-header.ts'
import { compress } from './compression/compression.ts'
import type { BatchTimestampType, Codec, RecordHeader } from './record.ts'
import {
  NO_PARTITION_LEADER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  NO_TIMESTAMP,
} from './record.ts'
import { keyLengthOf, RecordSlices, setWhole, valueLengthOf } from './record-slices.ts'
import type { RecordView } from './record-view.ts'
import {
  copyBytes,
  sizeOfHeaders,
  sizeOfRecordBody,
  writeHeaders,
  writeRecordFields,
} from './record-writer.ts'

export interface RecordBatchOptions {
  /** Default: none. */
  readonly codec?: Codec
  readonly level?: number
  readonly timestampType?: BatchTimestampType
  /** The batch's time where log-append time rules. */
  readonly logAppendTime?: Int64
  /** Default 0. */
  readonly baseOffset?: number
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly transactional?: boolean
  readonly control?: boolean
  readonly leaderEpoch?: number
  /** Set by compaction: when the batch's tombstones (or its marker) may go. */
  readonly deleteHorizonMs?: number
  /** What the timestamps count from; default: the delete horizon if there is one, else the first record's. */
  readonly baseTimestamp?: Int64
  /** At the least; compaction keeps the former one of a batch that lost its records. */
  readonly maxTimestamp?: Int64
  /** What hasRoomFor measures against; default: no limit. */
  readonly maxBytes?: number
}

/**
 * Makes one batch. Offsets count from baseOffset on; `appendWithOffset` keeps given ones with their gaps, and
 * `lastOffset` may be set beyond the last record (compaction), even with no record at all.
 */
export class RecordBatchBuilder {
  private options: RecordBatchOptions
  private buffer: Buffer | undefined
  private at = RECORD_BATCH_OVERHEAD
  private baseTimestamp: Int64 | undefined
  private maxTimestamp: Int64 = NO_TIMESTAMP
  private recordCount = 0
  /** What is being appended, where that came as something else. */
  private readonly record = new RecordSlices()
  /** Of the last record, or what compaction sets it to; before baseOffset while there is none. */
  lastOffset: number

  constructor(options: RecordBatchOptions = {}) {
    this.options = options
    this.baseTimestamp = options.deleteHorizonMs ?? options.baseTimestamp
    this.maxTimestamp = options.maxTimestamp ?? NO_TIMESTAMP
    this.lastOffset = this.baseOffset - 1
  }

  get baseOffset(): number {
    return this.options.baseOffset ?? 0
  }

  get count(): number {
    return this.recordCount
  }

  /** Size of the batch so far, uncompressed. */
  get sizeInBytes(): number {
    return this.at
  }

  /** Whether the batch stays within maxBytes with this record; always true for the first. Lengths of -1 are null. */
  hasRoomFor(
    timestamp: Int64,
    keyLength: number,
    valueLength: number,
    headers: readonly RecordHeader[] = [],
  ): boolean {
    if (this.recordCount === 0 || this.options.maxBytes === undefined) return true
    const body = sizeOfRecordBody(
      subtractInt64(timestamp, this.baseTimestamp ?? timestamp),
      this.lastOffset + 1 - this.baseOffset,
      keyLength,
      valueLength,
      sizeOfHeaders(headers),
    )
    return this.at + sizeOfVarint(body) + body <= this.options.maxBytes
  }

  append(
    timestamp: Int64,
    key: Buffer | null,
    value: Buffer | null,
    headers: readonly RecordHeader[] = [],
  ): void {
    this.appendWithOffset(this.lastOffset + 1, timestamp, key, value, headers)
  }

  appendWithOffset(
    offset: number,
    timestamp: Int64,
    key: Buffer | null,
    value: Buffer | null,
    headers: readonly RecordHeader[] = [],
  ): void {
    this.writeFields(offset, setWhole(this.record, timestamp, key, value), sizeOfHeaders(headers))
    this.at = writeHeaders(this.memory(), this.at, headers)
  }

  /** The record, at the next offset. */
  appendSlices(record: RecordSlices): void {
    this.writeSlices(this.lastOffset + 1, record)
  }

  /** A stored record, at its own offset unless another is given, headers byte for byte. */
  appendStored(stored: RecordView, offset = stored.offset): void {
    const { record } = this
    record.timestamp = stored.exactTimestamp
    record.key = stored.buffer
    record.keyStart = stored.keyStart
    record.keyEnd = stored.keyEnd
    record.value = stored.buffer
    record.valueStart = stored.valueStart
    record.valueEnd = stored.valueEnd
    record.headers = stored.buffer
    record.headersStart = stored.headersStart
    record.headersEnd = stored.end
    record.headersCount = stored.headersCount
    this.writeSlices(offset, record)
  }

  /** The finished batch in memory of its own. The builder is empty afterwards; call reset before using it again. */
  build(): Buffer {
    const options = this.options
    const codec = this.recordCount === 0 ? 'none' : (options.codec ?? 'none')
    let batch: Buffer
    if (codec === 'none') batch = this.memory().subarray(0, this.at)
    else {
      const records = compress(codec, this.memory().subarray(RECORD_BATCH_OVERHEAD, this.at), options.level)
      batch = Buffer.allocUnsafe(RECORD_BATCH_OVERHEAD + records.length)
      batch.set(records, RECORD_BATCH_OVERHEAD)
    }
    const timestampType = options.timestampType ?? 'CreateTime'
    writeBatchHeader(batch, 0, {
      baseOffset: this.baseOffset,
      sizeInBytes: batch.length,
      partitionLeaderEpoch: options.leaderEpoch ?? NO_PARTITION_LEADER_EPOCH,
      attributes: attributesOf(
        codec,
        timestampType,
        options.transactional ?? false,
        options.control ?? false,
        options.deleteHorizonMs !== undefined,
      ),
      lastOffsetDelta: Math.max(this.lastOffset - this.baseOffset, 0),
      baseTimestamp: this.baseTimestamp ?? NO_TIMESTAMP,
      maxTimestamp:
        timestampType === 'LogAppendTime' ? (options.logAppendTime ?? this.maxTimestamp) : this.maxTimestamp,
      producerId: options.producerId ?? NO_PRODUCER_ID,
      producerEpoch: options.producerEpoch ?? NO_PRODUCER_EPOCH,
      baseSequence: options.baseSequence ?? NO_SEQUENCE,
      count: this.recordCount,
    })
    batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_POSITION), CRC_POSITION)
    this.buffer = undefined
    return batch
  }

  /** Starts another batch, with the same options unless others are given on top. */
  reset(changes: RecordBatchOptions = {}): void {
    this.options = { ...this.options, ...changes }
    this.at = RECORD_BATCH_OVERHEAD
    this.baseTimestamp = this.options.deleteHorizonMs ?? this.options.baseTimestamp
    this.maxTimestamp = this.options.maxTimestamp ?? NO_TIMESTAMP
    this.recordCount = 0
    this.lastOffset = this.baseOffset - 1
  }

  private writeSlices(offset: number, record: RecordSlices): void {
    const { headers, headersStart, headersEnd, headersCount } = record
    this.writeFields(offset, record, sizeOfVarint(headersCount) + headersEnd - headersStart)
    const memory = this.memory()
    const at = writeVarint(memory, this.at, headersCount)
    this.at = copyBytes(headers, headersStart, headersEnd, memory, at)
  }

  /** Writes all but the headers and makes room for these. */
  private writeFields(offset: number, record: RecordSlices, headersSize: number): void {
    const offsetDelta = offset - this.baseOffset
    if (offset <= this.lastOffset || offsetDelta > 0x7fffffff) {
      throw new RangeError(
        `offset ${offset} cannot follow ${this.lastOffset} in a batch that begins at ${this.baseOffset}`,
      )
    }
    const { timestamp } = record
    this.baseTimestamp ??= timestamp
    const timestampDelta = subtractInt64(timestamp, this.baseTimestamp)
    const bodySize = sizeOfRecordBody(
      timestampDelta,
      offsetDelta,
      keyLengthOf(record),
      valueLengthOf(record),
      headersSize,
    )
    const memory = this.memory(bodySize + 5)
    this.lastOffset = offset
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
    this.recordCount++
    const deltas = { timestamp: timestampDelta, offset: offsetDelta, bodySize }
    this.at = writeRecordFields(memory, this.at, deltas, record)
  }

  /** The batch's memory, with room for `extra` bytes more. */
  private memory(extra = 0): Buffer {
    const needed = this.at + extra
    if (this.buffer === undefined) this.buffer = Buffer.allocUnsafe(Math.max(needed, 512))
    else if (needed > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2))
      larger.set(this.buffer.subarray(0, this.at))
      this.buffer = larger
    }
    return this.buffer
  }
}
