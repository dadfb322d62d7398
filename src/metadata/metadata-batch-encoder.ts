/**
 * Encodes records for the metadata log. One call is one batch, hence atomic; what is larger than a batch should be
 * goes out as several batches between a BeginTransaction and an EndTransaction record where brokers of that
 * metadata.version understand them (below 3.6-IV1: as several batches, in the caller's order).
 */
import { ByteWriter } from '../bytes/byte-writer.ts'
import {
  encodeMetadataRecord,
  type MetadataRecord,
  metadataRecordVersion,
  metadataTransactionsSupported,
} from '../message/metadata-records.ts'
import { RecordBatchBuilder } from '../record/record-batch-builder.ts'

/** A broker fetches metadata in pieces of this size and takes no batch above 8 MB. */
const MAX_BATCH_BYTES = 1024 * 1024

/** As a RegisterBroker record's BrokerEpoch: to be replaced by the offset that the record gets. */
export const OWN_OFFSET = -1

export interface AppendOptions {
  readonly baseOffset: number
  readonly epoch: number
  readonly timestamp: number
  readonly metadataVersion: number
  /** Default 1 MB. */
  readonly maxBatchBytes?: number
}

export interface EncodedAppend {
  readonly bytes: Buffer
  readonly endOffset: number
}

export function encodeAppend(records: readonly MetadataRecord[], options: AppendOptions): EncodedAppend {
  const maxBytes = options.maxBatchBytes ?? MAX_BATCH_BYTES
  const { metadataVersion } = options
  const values = new RecordValues()
  for (const record of records) values.add(record, metadataVersion)
  const series = new BatchSeries(options, maxBytes)
  // A record takes a few bytes besides its value: offset and lengths, at most 20 of them.
  const framed =
    values.size + records.length * 20 > maxBytes && metadataTransactionsSupported(metadataVersion)
  if (framed) series.add(encoded({ type: 'BeginTransactionRecord', name: 'tkafka' }, metadataVersion))
  records.forEach((record, i) => {
    if (record.type === 'RegisterBrokerRecord' && record.brokerEpoch === OWN_OFFSET) {
      series.add(encoded({ ...record, brokerEpoch: series.nextOffset }, metadataVersion))
    } else series.add(values.value(i))
  })
  if (framed) series.add(encoded({ type: 'EndTransactionRecord' }, metadataVersion))
  return series.end()
}

/** The values of many records in one buffer. */
class RecordValues {
  private readonly writer = new ByteWriter(1024)
  private readonly ends: number[] = []

  get size(): number {
    return this.writer.position
  }

  add(record: MetadataRecord, metadataVersion: number): void {
    encodeMetadataRecord(this.writer, record, metadataRecordVersion(record.type, metadataVersion))
    this.ends.push(this.writer.position)
  }

  /** A view, good while nothing is added. */
  value(index: number): Buffer {
    return this.writer.view().subarray(index === 0 ? 0 : this.ends[index - 1], this.ends[index])
  }
}

function encoded(record: MetadataRecord, metadataVersion: number): Buffer {
  const writer = new ByteWriter(256)
  encodeMetadataRecord(writer, record, metadataRecordVersion(record.type, metadataVersion))
  return writer.toBuffer()
}

/** Batches of at most `maxBytes`, one behind the other. */
class BatchSeries {
  private readonly batches: Buffer[] = []
  private readonly options: AppendOptions
  private readonly maxBytes: number
  private builder: RecordBatchBuilder

  constructor(options: AppendOptions, maxBytes: number) {
    this.options = options
    this.maxBytes = maxBytes
    this.builder = this.begin(options.baseOffset)
  }

  get nextOffset(): number {
    return this.builder.lastOffset + 1
  }

  add(value: Buffer): void {
    if (!this.builder.hasRoomFor(this.options.timestamp, -1, value.length)) {
      const { nextOffset } = this
      this.batches.push(this.builder.build())
      this.builder = this.begin(nextOffset)
    }
    this.builder.append(this.options.timestamp, null, value)
  }

  end(): EncodedAppend {
    const endOffset = this.nextOffset
    if (this.builder.count > 0) this.batches.push(this.builder.build())
    return { bytes: this.batches.length === 1 ? this.batches[0] : Buffer.concat(this.batches), endOffset }
  }

  private begin(baseOffset: number): RecordBatchBuilder {
    return new RecordBatchBuilder({ baseOffset, leaderEpoch: this.options.epoch, maxBytes: this.maxBytes })
  }
}
