/** Encodes many records into consecutive batches in one buffer: the producer's hot path. */
import { type Int64, subtractInt64 } from '../bytes/int64.ts'
import { sizeOfVarint, writeVarint } from '../bytes/varint.ts'
import { RECORD_BATCH_OVERHEAD } from './batch-header.ts'
import type { BatchWriterOptions } from './batch-writer-options.ts'
import { ClosedBatches } from './closed-batches.ts'
import {
  type BatchOwner,
  CompressionQueue,
  type EndedBatch,
  plainSizeLimit,
} from './compression/compression-queue.ts'
import { CompressionRatioEstimator } from './compression/compression-ratio-estimator.ts'
import type { LineKernel } from './kernels/line-kernel.ts'
import { KERNEL_SLACK } from './kernels/line-layout.ts'
import type { Codec, RecordHeader } from './record.ts'
import { NO_TIMESTAMP } from './record.ts'
import { keyLengthOf, RecordSlices, setWhole, valueLengthOf } from './record-slices.ts'
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
export class BatchWriter implements BatchOwner {
  /** Where the records of the open batch are: `buffer` itself unless they are compressed. */
  openBuffer: Buffer
  /** Records in all batches: closed, being compressed, open. */
  recordCount = 0

  private readonly codec: Codec
  private readonly level: number | undefined
  private readonly batchSize: number
  private readonly closed: ClosedBatches
  /** Where the open batch's memory ends. */
  private limit: number
  private readonly compression: CompressionQueue | undefined
  private readonly ratio = new CompressionRatioEstimator()
  /** No open batch gets longer than this, however well it compresses, but for one record. */
  private readonly plainLimit: number

  /** Where the open batch begins in `openBuffer`: at `end`, or always in the same place. */
  private openStart = 0
  /** Where its next record goes. */
  private at = 0
  /** Records in the open batch; none: no batch is open. */
  private openCount = 0
  private openLimit = 0
  /** NaN where no number holds it (or surely its neighbours), so that such a batch grows by `begin` alone. */
  private baseTimestamp = 0
  private exactBaseTimestamp: Int64 = 0
  private maxTimestamp: Int64 = NO_TIMESTAMP
  /** What `append` appends. */
  private readonly record = new RecordSlices()

  constructor(options: BatchWriterOptions = {}) {
    this.codec = options.codec ?? 'none'
    this.level = options.level
    this.batchSize = Math.max(1, options.batchSize ?? DEFAULT_BATCH_SIZE)
    const { memory } = options
    this.openBuffer = memory?.buffer ?? Buffer.allocUnsafe(Math.max(options.initialSize ?? 64 * 1024, 4096))
    this.openStart = memory?.start ?? 0
    this.limit = memory?.end ?? this.openBuffer.length
    this.at = this.openStart
    this.plainLimit = Math.max(plainSizeLimit(this.batchSize), this.limit - this.openStart)
    if (this.codec !== 'none') this.compression = options.compression ?? new CompressionQueue()
    const apart = this.codec !== 'none'
    this.closed = new ClosedBatches(options, apart ? NO_MEMORY : this.openBuffer, apart ? 0 : this.openStart)
  }

  /** The closed batches are buffer[start, end). A new object when it had to grow, so take it anew after each append. */
  get buffer(): Buffer {
    return this.closed.buffer
  }

  /** 0 unless memory was given. */
  get start(): number {
    return this.closed.start
  }

  /** Position behind the last closed batch. */
  get end(): number {
    return this.closed.end
  }

  /** Closed batches. */
  get batchCount(): number {
    return this.closed.count
  }

  /** Records in them. */
  get closedRecordCount(): number {
    return this.closed.recordCount
  }

  /** Bytes written so far, the open batch (uncompressed) included. */
  get sizeInBytes(): number {
    return this.end - this.start + (this.openCount === 0 ? 0 : this.at - this.openStart)
  }

  /** Sequence that the next batch begins with; -1 without an idempotent producer. */
  get sequence(): number {
    return this.closed.nextSequence
  }

  get isEmpty(): boolean {
    return this.recordCount === 0
  }

  /** Returns true when a batch got full: this record began the next one, or filled its own. */
  appendSlices(record: RecordSlices): boolean {
    const { timestamp } = record
    if (record.headersCount > 0 || typeof timestamp !== 'number') return this.appendAny(record)
    const count = this.openCount
    const delta = timestamp - this.baseTimestamp
    // Nearly every record of a stream: one more for an open batch that is not compressed, at about the same time.
    if (count > 0 && delta >= 0 && delta < ONE_BYTE && count < THREE_BYTES && this.codec === 'none') {
      const { keyStart, keyEnd, valueStart, valueEnd } = record
      const keyLength = keyEnd < 0 ? -1 : keyEnd - keyStart
      const valueLength = valueEnd < 0 ? -1 : valueEnd - valueStart
      const body = 3 + varintSize(count) + fieldSize(keyLength) + fieldSize(valueLength)
      const end = this.at + varintSize(body) + body
      if (end - this.openStart <= this.openLimit && end <= this.limit && body < THREE_BYTES) {
        const buffer = this.openBuffer
        let at = putVarint(buffer, this.at, body)
        buffer[at] = 0
        buffer[at + 1] = delta << 1
        at = putVarint(buffer, at + 2, count)
        if (keyLength < 0) buffer[at++] = 1
        else at = copyBytes(record.key, keyStart, keyEnd, buffer, putVarint(buffer, at, keyLength))
        if (valueLength < 0) buffer[at++] = 1
        else {
          at = putVarint(buffer, at, valueLength)
          at = copyBytes(record.value, valueStart, valueEnd, buffer, at)
        }
        buffer[at] = 0
        this.at = end
        if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
        this.openCount = count + 1
        this.recordCount++
        return end - this.openStart >= this.openLimit
      }
    }
    return this.appendAny(record)
  }

  /** As appendSlices, for records that are not like those before. */
  private appendAny(record: RecordSlices): boolean {
    const { headers, headersStart, headersEnd, headersCount } = record
    const closed = this.begin(record, sizeOfVarint(headersCount) + headersEnd - headersStart)
    const at = writeVarint(this.openBuffer, this.at, headersCount)
    this.at = copyBytes(headers, headersStart, headersEnd, this.openBuffer, at)
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
    const limit = Math.min(
      this.openStart + this.openSizeLimit(),
      this.limit - KERNEL_SLACK - RECORD_BATCH_OVERHEAD,
    )
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
    timestamp: Int64,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[] = [],
  ): boolean {
    const closed = this.begin(setWhole(this.record, timestamp, key, value), sizeOfHeaders(headers))
    this.at = writeHeaders(this.openBuffer, this.at, headers)
    return closed || this.isFull()
  }

  /** Ends the open batch, if there is one. All batches are closed then: header, compression, checksum. */
  closeBatch(): void {
    this.endBatch(true)
    this.compression?.finish(this)
  }

  /** Ends the open batch; while it is compressed elsewhere it is neither open nor closed. */
  endBatch(here = false): void {
    const count = this.openCount
    if (count === 0) return
    const { openBuffer, openStart, at, exactBaseTimestamp: baseTimestamp, maxTimestamp } = this
    const recordsStart = openStart + RECORD_BATCH_OVERHEAD
    const batch = { count, baseTimestamp, maxTimestamp, plainSize: at - recordsStart }
    if (this.compression === undefined) this.closed.close(at, batch)
    else {
      const { codec, level } = this
      const plain = { codec, level, buffer: openBuffer, start: recordsStart, end: at }
      this.compression.compress(this, batch, plain, here)
    }
    this.openCount = 0
  }

  /** Called by `compression` for each batch that was ended, in their order. */
  place(batch: EndedBatch, compressed: Uint8Array): void {
    this.closed.add(batch, compressed)
    this.ratio.update(compressed.length / batch.plainSize)
  }

  /** Forgets the closed batches, which the log has taken; the open one goes on, without a gap before it. */
  dropClosed(): void {
    const { closed } = this
    if (this.codec === 'none') {
      if (this.openCount > 0) closed.buffer.copyWithin(closed.start, closed.end, this.at)
      this.at -= closed.end - closed.start
      this.openStart = closed.start
    }
    this.recordCount -= closed.recordCount
    closed.drop()
  }

  /** Starts over in the same memory; sequences go on. An open batch is dropped, so close it first. */
  reset(): void {
    this.openCount = 0
    this.closeBatch()
    this.closed.drop()
    this.recordCount = 0
  }

  /** Gives the memory back while there is nothing in it; the next record takes some anew. */
  releaseMemory(): void {
    this.reset()
    this.closed.moveTo(NO_MEMORY, 0, 0)
    this.openBuffer = NO_MEMORY
    this.limit = 0
    this.openStart = 0
    this.at = 0
  }

  /** Writes all of a record but its headers, in a new batch if need be. Returns whether one was closed. */
  private begin(record: RecordSlices, headersSize: number): boolean {
    const { timestamp } = record
    const keyLength = keyLengthOf(record)
    const valueLength = valueLengthOf(record)
    let delta: Int64 = this.openCount === 0 ? 0 : subtractInt64(timestamp, this.exactBaseTimestamp)
    let body = sizeOfRecordBody(delta, this.openCount, keyLength, valueLength, headersSize)
    let closed = false
    if (this.openCount > 0 && !this.hasRoom(sizeOfVarint(body) + body)) {
      this.endBatch()
      closed = true
    }
    if (this.openCount === 0) {
      delta = 0
      body = sizeOfRecordBody(0, 0, keyLength, valueLength, headersSize)
      this.openBatch(timestamp, body)
    }
    if (this.at + body + 5 > this.limit) this.grow(body + 5)
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
    const deltas = { timestamp: delta, offset: this.openCount, bodySize: body }
    this.at = writeRecordFields(this.openBuffer, this.at, deltas, record)
    this.openCount++
    this.recordCount++
    return closed
  }

  private openBatch(timestamp: Int64, firstBody: number): void {
    if (this.codec === 'none') this.openStart = this.closed.end
    this.at = this.openStart + RECORD_BATCH_OVERHEAD
    this.baseTimestamp = typeof timestamp === 'number' ? timestamp : Number.NaN
    this.exactBaseTimestamp = timestamp
    this.maxTimestamp = NO_TIMESTAMP
    // As Kafka's accumulator sizes a batch for its first record.
    this.openLimit = Math.max(this.batchSize, RECORD_BATCH_OVERHEAD + MAX_RECORD_OVERHEAD + firstBody)
  }

  private isFull(): boolean {
    return this.estimatedSize() >= this.openLimit
  }

  private hasRoom(size: number): boolean {
    if (this.estimatedSize() + size > this.openLimit) return false
    return this.codec === 'none' || this.at - this.openStart + size <= this.plainLimit
  }

  /** Size of the open batch once it is compressed, as Kafka estimates it. */
  private estimatedSize(): number {
    const size = this.at - this.openStart
    if (this.codec === 'none') return size
    return RECORD_BATCH_OVERHEAD + this.ratio.compressedSize(size - RECORD_BATCH_OVERHEAD)
  }

  /** Uncompressed size that the open batch may surely reach without being too large: estimatedSize turned round. */
  private openSizeLimit(): number {
    if (this.codec === 'none') return this.openLimit
    const size = RECORD_BATCH_OVERHEAD + this.ratio.plainSize(this.openLimit - RECORD_BATCH_OVERHEAD)
    return Math.min(size, this.plainLimit)
  }

  /** Memory of its own for the open batch; what is not compressed goes there with the closed ones before it. */
  private grow(extra: number): void {
    const { at, closed } = this
    const start = this.codec === 'none' ? closed.start : this.openStart
    const size = at - start
    const larger = Buffer.allocUnsafe(Math.max(size + extra, (this.limit - start) * 2, 4096))
    larger.set(this.openBuffer.subarray(start, at))
    this.openBuffer = larger
    this.limit = larger.length
    this.openStart -= start
    this.at = size
    if (this.codec === 'none') closed.moveTo(larger, 0, closed.end - start)
  }
}
