/**
 * What compaction keeps of one batch, byte for byte wherever it can: a batch of which nothing goes is copied whole, of
 * others the kept records are copied as they stand (offsets and timestamps count from the header's, which stay). Only
 * compressed batches that lose records are compressed again, and only a batch that gets its delete horizon (KIP-534),
 * from which its timestamps count then, is encoded anew. Base offset, last offset, codec, epoch, sequence and magic stay.
 */

import { crc32c } from '../../bytes/crc32c.ts'
import { writeInt16, writeInt32 } from '../../bytes/int32.ts'
import { type Int64, writeInt64 } from '../../bytes/int64.ts'
import * as header from '../../record/batch-header.ts'
import { compress } from '../../record/compression/compression.ts'
import type { RecordBatch } from '../../record/record-batch.ts'
import { RecordBatchBuilder } from '../../record/record-batch-builder.ts'
import type { RecordView, RecordVisitor } from '../../record/record-view.ts'
import { copyBytes } from '../../record/record-writer.ts'
import type { CleanedTransactionMetadata } from './cleaned-transaction-metadata.ts'
import type { CleanedSegment } from './cleaner-output.ts'
import type { OffsetMap } from './offset-map.ts'

/** The newest batch of a producer, by which its next one is judged. */
export interface LastRecord {
  /** Undefined when only a marker of it is left. */
  readonly lastDataOffset: number | undefined
  readonly producerEpoch: number
}

export interface FilterOptions {
  readonly map: OffsetMap
  /** First offset of the range that the map was built from. */
  readonly mapStart: number
  readonly now: number
  readonly deleteRetentionMs: number
  readonly transactions: CleanedTransactionMetadata
  readonly lastRecords: ReadonlyMap<number, LastRecord>
  /** Behind the last batch of the round, which is kept even when empty: the log's end must not move (KAFKA-17076). */
  readonly upperBoundOffset: number
}

export class CleanerFilter {
  recordsRead = 0
  recordsKept = 0
  readonly #options: FilterOptions
  readonly #visitor: RecordVisitor
  // Of the batch at hand.
  #records: Buffer = Buffer.alloc(0)
  /** Kept pieces of #records: start, end, start, end, ... */
  #runs = new Int32Array(1024)
  #runCount = 0
  #recordEnd = 0
  #kept = 0
  #seen = 0
  #maxTimestamp: Int64 = -1
  #hasTombstones = false
  #tombstonesMayGo = false

  constructor(options: FilterOptions) {
    this.#options = options
    this.#visitor = this.#makeVisitor()
  }

  /** Appends to `output` what stays of the batch. */
  filter(batch: RecordBatch, output: CleanedSegment): void {
    const { transactions, now, deleteRetentionMs, upperBoundOffset } = this.#options
    const { isControl, count } = batch
    const horizon = batch.deleteHorizonMs
    const canDiscard = isControl ? transactions.onControlBatchRead(batch) : transactions.onBatchRead(batch)
    const discard = canDiscard && (!isControl || (horizon !== undefined && horizon <= now))
    this.recordsRead += count
    const retainEmpty = this.#isLastOfProducer(batch) || batch.nextOffset === upperBoundOffset
    if (discard || count === 0) {
      if (retainEmpty) this.#appendEmpty(batch, output)
      return
    }
    if (isControl) {
      this.recordsKept += count
      if (canDiscard && horizon === undefined) {
        this.#begin(batch)
        batch.walk(this.#keepAll)
        this.#appendWithHorizon(batch, now + deleteRetentionMs, output)
      } else this.#appendWhole(batch, output)
      return
    }
    this.#begin(batch)
    this.#tombstonesMayGo = horizon !== undefined && now >= horizon
    batch.walk(this.#visitor)
    this.recordsKept += this.#kept
    if (this.#kept === 0) {
      if (retainEmpty) this.#appendEmpty(batch, output)
    } else if (this.#hasTombstones && horizon === undefined) {
      this.#appendWithHorizon(batch, now + deleteRetentionMs, output)
    } else if (this.#kept === this.#seen) this.#appendWhole(batch, output)
    else this.#appendRuns(batch, output)
  }

  #begin(batch: RecordBatch): void {
    this.#runCount = 0
    this.#kept = 0
    this.#seen = 0
    this.#maxTimestamp = -1
    this.#hasTombstones = false
    this.#recordEnd = batch.compression === 'none' ? batch.position + header.RECORD_BATCH_OVERHEAD : 0
  }

  #isLastOfProducer(batch: RecordBatch): boolean {
    const { producerId } = batch
    if (producerId < 0) return false
    const last = this.#options.lastRecords.get(producerId)
    if (last === undefined) return false
    // By offset: a sequence comes round again (KAFKA-8335).
    if (last.lastDataOffset !== undefined) return batch.lastOffset === last.lastDataOffset
    return batch.isControl && batch.producerEpoch === last.producerEpoch
  }

  #makeVisitor(): RecordVisitor {
    const { map, mapStart } = this.#options
    const { latestOffset } = map
    return (record) => {
      const { offset, end } = record
      const start = this.#recordEnd
      this.#recordEnd = end
      this.#seen++
      if (offset <= latestOffset) {
        // Nothing without a key belongs into a compacted topic.
        const { keyEnd } = record
        if (keyEnd < 0) return
        const superseded =
          offset >= mapStart
            ? map.isSuperseded(offset)
            : map.get(record.buffer, record.keyStart, keyEnd) > offset
        if (superseded || (record.valueEnd < 0 && this.#tombstonesMayGo)) return
      }
      if (record.valueEnd < 0) this.#hasTombstones = true
      this.#keep(record, start)
    }
  }

  readonly #keepAll: RecordVisitor = (record) => {
    const start = this.#recordEnd
    this.#recordEnd = record.end
    this.#seen++
    this.#keep(record, start)
  }

  /** Keeps the record, which begins at `start`. */
  #keep(record: RecordView, start: number): void {
    const { buffer, end } = record
    this.#kept++
    const timestamp = record.exactTimestamp
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
    const runs = this.#runs
    const n = this.#runCount
    this.#records = buffer
    if (n > 0 && runs[n - 1] === start) {
      runs[n - 1] = end
      return
    }
    if (n + 2 > runs.length) {
      this.#runs = new Int32Array(runs.length * 2)
      this.#runs.set(runs)
    }
    this.#runs[n] = start
    this.#runs[n + 1] = end
    this.#runCount = n + 2
  }

  #appendWhole(batch: RecordBatch, output: CleanedSegment): void {
    const size = batch.end - batch.position
    output.reserve(size)
    copyBytes(batch.buffer, batch.position, batch.end, output.buffer, output.at)
    output.appended(size, batch.lastOffset, batch.exactMaxTimestamp)
  }

  #appendRuns(batch: RecordBatch, output: CleanedSegment): void {
    const runs = this.#runs
    const n = this.#runCount
    let length = 0
    for (let i = 0; i < n; i += 2) length += runs[i + 1] - runs[i]
    const codec = batch.compression
    let size = header.RECORD_BATCH_OVERHEAD + length
    if (codec === 'none') {
      output.reserve(size)
      this.#copyRuns(output.buffer, output.at + header.RECORD_BATCH_OVERHEAD)
    } else {
      const plain = Buffer.allocUnsafe(length)
      this.#copyRuns(plain, 0)
      const packed = compress(codec, plain)
      size = header.RECORD_BATCH_OVERHEAD + packed.length
      output.reserve(size)
      packed.copy(output.buffer, output.at + header.RECORD_BATCH_OVERHEAD)
    }
    const { buffer, at } = output
    copyBytes(batch.buffer, batch.position, batch.position + header.RECORD_BATCH_OVERHEAD, buffer, at)
    const maxTimestamp =
      batch.timestampType === 'LogAppendTime' ? batch.exactMaxTimestamp : this.#maxTimestamp
    writeInt32(buffer, at + header.LENGTH_POSITION, size - header.LOG_OVERHEAD)
    writeInt64(buffer, at + header.MAX_TIMESTAMP_POSITION, maxTimestamp)
    writeInt32(buffer, at + header.COUNT_POSITION, this.#kept)
    this.#sign(output, size, batch, maxTimestamp)
  }

  #copyRuns(target: Buffer, position: number): void {
    let at = position
    for (let i = 0; i < this.#runCount; i += 2) {
      at = copyBytes(this.#records, this.#runs[i], this.#runs[i + 1], target, at)
    }
  }

  /** Timestamps count from the horizon now. */
  #appendWithHorizon(batch: RecordBatch, deleteHorizonMs: number, output: CleanedSegment): void {
    const builder = new RecordBatchBuilder({
      codec: batch.compression,
      timestampType: batch.timestampType,
      logAppendTime: batch.exactMaxTimestamp,
      baseOffset: batch.baseOffset,
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.baseSequence,
      transactional: batch.isTransactional,
      control: batch.isControl,
      leaderEpoch: batch.partitionLeaderEpoch,
      deleteHorizonMs,
    })
    let run = 0
    let at = batch.compression === 'none' ? batch.position + header.RECORD_BATCH_OVERHEAD : 0
    batch.walk((record) => {
      const start = at
      at = record.end
      while (run < this.#runCount && this.#runs[run + 1] <= start) run += 2
      if (run < this.#runCount && start >= this.#runs[run]) builder.appendStored(record)
    })
    builder.lastOffset = batch.lastOffset
    const bytes = builder.build()
    output.reserve(bytes.length)
    bytes.copy(output.buffer, output.at)
    const maxTimestamp =
      batch.timestampType === 'LogAppendTime' ? batch.exactMaxTimestamp : this.#maxTimestamp
    output.appended(bytes.length, batch.lastOffset, maxTimestamp)
  }

  /** A header without records: it holds the offset, and the producer's sequence. */
  #appendEmpty(batch: RecordBatch, output: CleanedSegment): void {
    const size = header.RECORD_BATCH_OVERHEAD
    output.reserve(size)
    const { buffer, at } = output
    copyBytes(batch.buffer, batch.position, batch.position + size, buffer, at)
    writeInt32(buffer, at + header.LENGTH_POSITION, size - header.LOG_OVERHEAD)
    const attributes = batch.attributes & ~header.CODEC_MASK & ~header.DELETE_HORIZON_FLAG
    writeInt16(buffer, at + header.ATTRIBUTES_POSITION, attributes)
    writeInt64(buffer, at + header.BASE_TIMESTAMP_POSITION, -1)
    writeInt32(buffer, at + header.COUNT_POSITION, 0)
    this.#sign(output, size, batch, batch.exactMaxTimestamp)
  }

  #sign(output: CleanedSegment, size: number, batch: RecordBatch, maxTimestamp: Int64): void {
    const { buffer, at } = output
    const crc = crc32c(buffer, at + header.ATTRIBUTES_POSITION, at + size)
    writeInt32(buffer, at + header.CRC_POSITION, crc)
    output.appended(size, batch.lastOffset, maxTimestamp)
  }
}
