/** The finished batches of a BatchWriter, ready to be appended. */
import { crc32c } from '../bytes/crc32c.ts'
import {
  ATTRIBUTES_POSITION,
  attributesOf,
  CRC_POSITION,
  RECORD_BATCH_OVERHEAD,
  writeBatchHeader,
} from './batch-header.ts'
import type { BatchWriterOptions } from './batch-writer-options.ts'
import type { EndedBatch } from './compression/compression-queue.ts'
import {
  incrementSequence,
  NO_PARTITION_LEADER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
} from './record.ts'

/**
 * The complete batches of one writer, buffer[start, end): headers, sequences and checksums. Base offsets count from 0.
 */
export class ClosedBatches {
  buffer: Buffer
  start: number
  end: number
  count = 0
  recordCount = 0
  nextSequence: number
  readonly #firstSize: number
  readonly #attributes: number
  readonly #producerId: number
  readonly #producerEpoch: number

  constructor(options: BatchWriterOptions, buffer: Buffer, start: number) {
    this.buffer = buffer
    this.start = start
    this.end = start
    this.nextSequence = options.baseSequence ?? NO_SEQUENCE
    this.#producerId = options.producerId ?? NO_PRODUCER_ID
    this.#producerEpoch = options.producerEpoch ?? NO_PRODUCER_EPOCH
    this.#firstSize = options.closedSize ?? 4096
    const codec = options.codec ?? 'none'
    this.#attributes = attributesOf(codec, 'CreateTime', options.transactional ?? false, false, false)
  }

  /** Records of buffer[this.end + RECORD_BATCH_OVERHEAD, end) become a batch. */
  close(end: number, { count, baseTimestamp, maxTimestamp }: EndedBatch): void {
    const { buffer, end: start } = this
    writeBatchHeader(buffer, start, {
      baseOffset: this.recordCount,
      sizeInBytes: end - start,
      partitionLeaderEpoch: NO_PARTITION_LEADER_EPOCH,
      attributes: this.#attributes,
      lastOffsetDelta: count - 1,
      baseTimestamp,
      maxTimestamp,
      producerId: this.#producerId,
      producerEpoch: this.#producerEpoch,
      baseSequence: this.nextSequence,
      count,
    })
    buffer.writeUInt32BE(crc32c(buffer, start + ATTRIBUTES_POSITION, end), start + CRC_POSITION)
    if (this.nextSequence !== NO_SEQUENCE) this.nextSequence = incrementSequence(this.nextSequence, count)
    this.end = end
    this.count++
    this.recordCount += count
  }

  /** As `close`, of records that are elsewhere. */
  add(batch: EndedBatch, records: Uint8Array): void {
    const recordsStart = this.end + RECORD_BATCH_OVERHEAD
    const end = recordsStart + records.length
    if (end > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, this.buffer.length * 2, this.#firstSize))
      larger.set(this.buffer.subarray(this.start, this.end), this.start)
      this.buffer = larger
    }
    this.buffer.set(records, recordsStart)
    this.close(end, batch)
  }

  /** Forgets them; sequences go on. */
  drop(): void {
    this.end = this.start
    this.count = 0
    this.recordCount = 0
  }

  /** Their bytes are in another buffer now. */
  moveTo(buffer: Buffer, start: number, end: number): void {
    this.buffer = buffer
    this.start = start
    this.end = end
  }
}
