/** Stored batches that cannot be moved on as they are, written anew: the same records, compressed as they were. */
import type { BatchBytes } from '../../client/batch-sink.ts'
import { NO_TIMESTAMP_FLAG } from '../../record/batch-header.ts'
import type { RecordBatch } from '../../record/record-batch.ts'
import { RecordBatchBuilder } from '../../record/record-batch-builder.ts'

/**
 * Whether it has to be: offsets are missing in it (compaction), records before `from` are not wanted, its times count from a delete
 * horizon, or they are not the records' own where those are asked for.
 */
export function needsRebuilding(batch: RecordBatch, from: number, keepsTimestampType: boolean): boolean {
  if (batch.count !== batch.lastOffsetDelta + 1 || batch.baseOffset < from) return true
  if (batch.hasDeleteHorizon || (batch.attributes & NO_TIMESTAMP_FLAG) < 0) return true
  return !keepsTimestampType && batch.timestampType === 'LogAppendTime'
}

export interface RebuiltBatch extends BatchBytes {
  /** Offsets in the source, in order. */
  readonly offsets: readonly number[]
}

/** undefined: no record of it is at or behind `from`. */
export function rebuiltBatch(
  batch: RecordBatch,
  from: number,
  keepsTimestampType: boolean,
): RebuiltBatch | undefined {
  const appended = keepsTimestampType && batch.timestampType === 'LogAppendTime'
  const builder = new RecordBatchBuilder({
    codec: batch.compression,
    ...(appended ? { timestampType: 'LogAppendTime', logAppendTime: batch.exactMaxTimestamp } : {}),
  })
  const offsets: number[] = []
  batch.walk((record) => {
    if (record.offset < from) return
    builder.appendStored(record, offsets.length)
    offsets.push(record.offset)
  })
  if (offsets.length === 0) return undefined
  const buffer = builder.build()
  return { buffer, start: 0, end: buffer.length, offsets }
}
