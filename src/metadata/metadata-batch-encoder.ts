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
}

export interface EncodedAppend {
  readonly bytes: Buffer
  readonly endOffset: number
}

export function encodeAppend(records: readonly MetadataRecord[], options: AppendOptions): EncodedAppend {
  const one = encodeBatches(records, options, Number.POSITIVE_INFINITY)
  if (one.bytes.length <= MAX_BATCH_BYTES) return one
  const transaction = metadataTransactionsSupported(options.metadataVersion)
  const framed: readonly MetadataRecord[] = transaction
    ? [{ type: 'BeginTransactionRecord', name: 'tkafka' }, ...records, { type: 'EndTransactionRecord' }]
    : records
  return encodeBatches(framed, options, MAX_BATCH_BYTES)
}

function encodeBatches(
  records: readonly MetadataRecord[],
  options: AppendOptions,
  maxBytes: number,
): EncodedAppend {
  const { timestamp, epoch, metadataVersion } = options
  const batches: Buffer[] = []
  const writer = new ByteWriter(256)
  let builder = new RecordBatchBuilder({ baseOffset: options.baseOffset, leaderEpoch: epoch, maxBytes })
  for (const record of records) {
    writer.reset()
    const offset = builder.lastOffset + 1
    encodeMetadataRecord(
      writer,
      record.type === 'RegisterBrokerRecord' && record.brokerEpoch === OWN_OFFSET
        ? { ...record, brokerEpoch: offset }
        : record,
      metadataRecordVersion(record.type, metadataVersion),
    )
    if (!builder.hasRoomFor(timestamp, -1, writer.position)) {
      batches.push(builder.build())
      builder = new RecordBatchBuilder({ baseOffset: offset, leaderEpoch: epoch, maxBytes })
    }
    builder.append(timestamp, null, writer.view())
  }
  const endOffset = builder.lastOffset + 1
  if (builder.count > 0) batches.push(builder.build())
  return { bytes: batches.length === 1 ? batches[0] : Buffer.concat(batches), endOffset }
}
