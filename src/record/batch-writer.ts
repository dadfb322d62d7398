import { crc32c } from '../bytes/crc32c.ts'
import { sizeOfVarint, writeVarint } from '../bytes/varint.ts'
import {
  ATTRIBUTES_POSITION,
  attributesOf,
  CRC_POSITION,
  RECORD_BATCH_OVERHEAD,
  writeBatchHeader,
} from './batch-header.ts'
import type { BatchWriterOptions } from './batch-writer-options.ts'
import { compress } from './compression.ts'
import { CompressionRatioEstimator } from './compression-ratio-estimator.ts'
import { KERNEL_SLACK, type LineKernel } from './line-kernel.ts'
import type { Codec, RecordHeader } from './record.ts'
import {
  incrementSequence,
  NO_PARTITION_LEADER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  NO_TIMESTAMP,
} from './record.ts'
import {
  copyBytes,
  MAX_RECORD_OVERHEAD,
  sizeOfHeaders,
  sizeOfRecordBody,
  writeHeaders,
  writeRecordFields,
} from './record-writer.ts'
import { fieldSize, ONE_BYTE, putVarint, THREE_BYTES, varintSize } from './short-varint.ts'

export type { BatchWriterOptions } from './batch-writer-options.ts'

export const DEFAULT_BATCH_SIZE = 16384

const NO_MEMORY = Buffer.alloc(0)

/**
 * Many consecutive batches of one partition, encoded straight into one buffer that is used again and again: the path
 * of a producer with millions of lines, with no object for a record. Base offsets count from 0 (the log patches them).
 *
 *   writer.appendSlices(...) ...; writer.closeBatch()
 *   log.append(writer.buffer, 0, writer.end); writer.reset()
 */
export class BatchWriter {
  /** The batches are buffer[start, end). A new object when it had to grow, so take it anew after each append. */
  buffer: Buffer
  /** 0 unless memory was given. */
  start = 0
  /** Position behind the last closed batch. */
  end = 0
  /** Closed batches. */
  batchCount = 0
  /** Records in them and in the open one. */
  recordCount = 0

  private readonly codec: Codec
  private readonly level: number | undefined
  private readonly batchSize: number
  private readonly producerId: number
  private readonly producerEpoch: number
  private readonly attributes: number
  private nextSequence: number
  /** Where the memory ends. */
  private limit: number
  private readonly ratio = new CompressionRatioEstimator()

  /** Where the next record of the open batch goes, in `buffer`. Compressed ones are collected there, too. */
  private at = 0
  /** Records in the open batch; none: no batch is open. */
  private openCount = 0
  private openLimit = 0
  private baseTimestamp = 0
  private maxTimestamp = NO_TIMESTAMP

  constructor(options: BatchWriterOptions = {}) {
    this.codec = options.codec ?? 'none'
    this.level = options.level
    this.batchSize = Math.max(1, options.batchSize ?? DEFAULT_BATCH_SIZE)
    this.producerId = options.producerId ?? NO_PRODUCER_ID
    this.producerEpoch = options.producerEpoch ?? NO_PRODUCER_EPOCH
    this.nextSequence = options.baseSequence ?? NO_SEQUENCE
    this.attributes = attributesOf(this.codec, 'CreateTime', options.transactional ?? false, false, false)
    const { memory } = options
    if (memory === undefined) {
      this.buffer = Buffer.allocUnsafe(Math.max(options.initialSize ?? 64 * 1024, 4096))
      this.limit = this.buffer.length
    } else {
      this.buffer = memory.buffer
      this.limit = memory.end
      this.start = memory.start
      this.end = memory.start
      this.at = memory.start
    }
  }

  /** Bytes written so far, the open batch (uncompressed) included. */
  get sizeInBytes(): number {
    return (this.openCount === 0 ? this.end : this.at) - this.start
  }

  /** Sequence that the next batch begins with; -1 without an idempotent producer. */
  get sequence(): number {
    return this.nextSequence
  }

  get isEmpty(): boolean {
    return this.recordCount === 0
  }

  /**
   * Appends a record without headers; an end of -1 is null. Returns true when a batch got full: this record began the
   * next one, or filled its own.
   */
  appendSlices(
    timestamp: number,
    keyBuffer: Uint8Array | null,
    keyStart: number,
    keyEnd: number,
    valueBuffer: Uint8Array | null,
    valueStart: number,
    valueEnd: number,
  ): boolean {
    const count = this.openCount
    const delta = timestamp - this.baseTimestamp
    // Nearly every record of a stream: one more for an open batch that is not compressed, at about the same time.
    if (count > 0 && delta >= 0 && delta < ONE_BYTE && count < THREE_BYTES && this.codec === 'none') {
      const keyLength = keyBuffer === null || keyEnd < 0 ? -1 : keyEnd - keyStart
      const valueLength = valueBuffer === null || valueEnd < 0 ? -1 : valueEnd - valueStart
      const body = 3 + varintSize(count) + fieldSize(keyLength) + fieldSize(valueLength)
      const end = this.at + varintSize(body) + body
      if (end - this.end <= this.openLimit && end <= this.limit && body < THREE_BYTES) {
        const buffer = this.buffer
        let at = putVarint(buffer, this.at, body)
        buffer[at] = 0
        buffer[at + 1] = delta << 1
        at = putVarint(buffer, at + 2, count)
        if (keyLength < 0) buffer[at++] = 1
        else
          at = copyBytes(keyBuffer as Uint8Array, keyStart, keyEnd, buffer, putVarint(buffer, at, keyLength))
        if (valueLength < 0) buffer[at++] = 1
        else {
          at = putVarint(buffer, at, valueLength)
          at = copyBytes(valueBuffer as Uint8Array, valueStart, valueEnd, buffer, at)
        }
        buffer[at] = 0
        this.at = end
        if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
        this.openCount = count + 1
        this.recordCount++
        return end - this.end >= this.openLimit
      }
    }
    const closed = this.begin(timestamp, keyBuffer, keyStart, keyEnd, valueBuffer, valueStart, valueEnd, 1)
    this.buffer[this.at++] = 0
    return closed || this.isFull()
  }

  /**
   * Takes lines of this.buffer[from, end), which a line feed must follow, over as values without keys (or with, up to
   * the byte `separator`): as many as go into the open batch and are the kernel's (see there). Returns the position
   * behind the last one; `recordCount` tells how many. What it stops at is for `appendSlices`, which begins the next
   * batch.
   */
  appendLines(kernel: LineKernel, timestamp: number, from: number, end: number, separator = -1): number {
    this.offer(kernel, 0, timestamp)
    kernel.turn = 0
    const behind = kernel.take(from, end, 1, separator, false)
    this.accept(kernel, 0, timestamp)
    return behind
  }

  /** Has the kernel know the open batch as `row`, if it can take lines. */
  offer(kernel: LineKernel, row: number, timestamp: number): void {
    const delta = timestamp - this.baseTimestamp
    const takes = this.openCount > 0 && delta >= 0 && delta < ONE_BYTE
    const limit = Math.min(this.end + this.openSizeLimit(), this.limit - KERNEL_SLACK - RECORD_BATCH_OVERHEAD)
    kernel.setRow(row, this.at, takes ? limit : 0, this.openCount, delta)
  }

  /** Takes over what the kernel wrote since `offer`. Returns how many records. */
  accept(kernel: LineKernel, row: number, timestamp: number): number {
    const taken = kernel.countOf(row) - this.openCount
    if (taken === 0) return 0
    this.at = kernel.atOf(row)
    this.openCount += taken
    this.recordCount += taken
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
    return taken
  }

  /** As appendSlices, with headers. */
  append(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[] = [],
  ): boolean {
    const closed = this.begin(
      timestamp,
      key,
      0,
      key?.length ?? -1,
      value,
      0,
      value?.length ?? -1,
      sizeOfHeaders(headers),
    )
    this.at = writeHeaders(this.buffer, this.at, headers)
    return closed || this.isFull()
  }

  /** As appendSlices, with headers as records store them: headersCount of them in headers[headersStart, headersEnd). */
  appendWithHeaders(
    timestamp: number,
    keyBuffer: Uint8Array | null,
    keyStart: number,
    keyEnd: number,
    valueBuffer: Uint8Array | null,
    valueStart: number,
    valueEnd: number,
    headers: Uint8Array,
    headersStart: number,
    headersEnd: number,
    headersCount: number,
  ): boolean {
    const headersSize = sizeOfVarint(headersCount) + headersEnd - headersStart
    const closed = this.begin(
      timestamp,
      keyBuffer,
      keyStart,
      keyEnd,
      valueBuffer,
      valueStart,
      valueEnd,
      headersSize,
    )
    const at = writeVarint(this.buffer, this.at, headersCount)
    this.at = copyBytes(headers, headersStart, headersEnd, this.buffer, at)
    return closed || this.isFull()
  }

  /** Ends the open batch, if there is one: writes its header, compresses, checksums. */
  closeBatch(): void {
    const count = this.openCount
    if (count === 0) return
    if (this.codec !== 'none') this.compressOpenBatch(this.end + RECORD_BATCH_OVERHEAD)
    const start = this.end
    const buffer = this.buffer
    writeBatchHeader(buffer, start, {
      baseOffset: this.recordCount - count,
      sizeInBytes: this.at - start,
      partitionLeaderEpoch: NO_PARTITION_LEADER_EPOCH,
      attributes: this.attributes,
      lastOffsetDelta: count - 1,
      baseTimestamp: this.baseTimestamp,
      maxTimestamp: this.maxTimestamp,
      producerId: this.producerId,
      producerEpoch: this.producerEpoch,
      baseSequence: this.nextSequence,
      count,
    })
    buffer.writeUInt32BE(crc32c(buffer, start + ATTRIBUTES_POSITION, this.at), start + CRC_POSITION)
    if (this.nextSequence !== NO_SEQUENCE) this.nextSequence = incrementSequence(this.nextSequence, count)
    this.end = this.at
    this.batchCount++
    this.openCount = 0
  }

  /** Records in closed batches. */
  get closedRecordCount(): number {
    return this.recordCount - this.openCount
  }

  /** Forgets the closed batches, which the log has taken; the open one moves to the front and goes on. */
  dropClosed(): void {
    if (this.openCount > 0) this.buffer.copyWithin(this.start, this.end, this.at)
    this.at -= this.end - this.start
    this.end = this.start
    this.batchCount = 0
    this.recordCount = this.openCount
  }

  /** Starts over in the same memory; sequences go on. An open batch is dropped, so close it first. */
  reset(): void {
    this.end = this.start
    this.at = this.start
    this.batchCount = 0
    this.recordCount = 0
    this.openCount = 0
  }

  /** Gives the memory back while there is nothing in it; the next record takes some anew. */
  releaseMemory(): void {
    this.reset()
    this.buffer = NO_MEMORY
    this.limit = 0
    this.start = 0
    this.end = 0
    this.at = 0
  }

  /** Writes all of a record but its headers, in a new batch if need be. Returns whether one was closed. */
  private begin(
    timestamp: number,
    keyBuffer: Uint8Array | null,
    keyStart: number,
    keyEnd: number,
    valueBuffer: Uint8Array | null,
    valueStart: number,
    valueEnd: number,
    headersSize: number,
  ): boolean {
    const keyLength = keyBuffer === null || keyEnd < 0 ? -1 : keyEnd - keyStart
    const valueLength = valueBuffer === null || valueEnd < 0 ? -1 : valueEnd - valueStart
    let delta = this.openCount === 0 ? 0 : timestamp - this.baseTimestamp
    let body = sizeOfRecordBody(delta, this.openCount, keyLength, valueLength, headersSize)
    let closed = false
    if (this.openCount > 0 && this.estimatedSize() + sizeOfVarint(body) + body > this.openLimit) {
      this.closeBatch()
      closed = true
    }
    if (this.openCount === 0) {
      delta = 0
      body = sizeOfRecordBody(0, 0, keyLength, valueLength, headersSize)
      this.openBatch(timestamp, body)
    }
    if (this.at + body + 5 > this.limit) this.grow(body + 5)
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
    this.at = writeRecordFields(
      this.buffer,
      this.at,
      body,
      delta,
      this.openCount,
      keyBuffer,
      keyStart,
      keyEnd,
      valueBuffer,
      valueStart,
      valueEnd,
    )
    this.openCount++
    this.recordCount++
    return closed
  }

  private openBatch(timestamp: number, firstBody: number): void {
    this.at = this.end + RECORD_BATCH_OVERHEAD
    this.baseTimestamp = timestamp
    this.maxTimestamp = NO_TIMESTAMP
    // As Kafka's accumulator sizes a batch for its first record.
    this.openLimit = Math.max(this.batchSize, RECORD_BATCH_OVERHEAD + MAX_RECORD_OVERHEAD + firstBody)
  }

  private isFull(): boolean {
    return this.estimatedSize() >= this.openLimit
  }

  /** Size of the open batch once it is compressed, as Kafka estimates it. */
  private estimatedSize(): number {
    const size = this.at - this.end
    if (this.codec === 'none') return size
    return RECORD_BATCH_OVERHEAD + this.ratio.compressedSize(size - RECORD_BATCH_OVERHEAD)
  }

  /** Uncompressed size that the open batch may surely reach without being too large: estimatedSize turned round. */
  private openSizeLimit(): number {
    if (this.codec === 'none') return this.openLimit
    return RECORD_BATCH_OVERHEAD + this.ratio.plainSize(this.openLimit - RECORD_BATCH_OVERHEAD)
  }

  private compressOpenBatch(recordsStart: number): void {
    const plainSize = this.at - recordsStart
    const compressed = compress(this.codec, this.buffer.subarray(recordsStart, this.at), this.level)
    this.at = recordsStart
    if (recordsStart + compressed.length > this.limit) this.grow(compressed.length)
    this.buffer.set(compressed, this.at)
    this.at += compressed.length
    this.ratio.update(compressed.length / plainSize)
  }

  private grow(extra: number): void {
    const { start, at } = this
    const size = at - start
    const larger = Buffer.allocUnsafe(Math.max(size + extra, (this.limit - start) * 2, 4096))
    larger.set(this.buffer.subarray(start, at))
    this.buffer = larger
    this.limit = larger.length
    this.start = 0
    this.end -= start
    this.at = size
  }
}
