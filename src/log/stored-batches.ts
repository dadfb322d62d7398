/** Iterates over the batches of a log, without control batches, from an offset to its end. */
import { RecordBatch } from '../record/record-batch.ts'
import type { UnifiedLog } from './unified-log.ts'

const READ_SIZE = 1024 * 1024

/**
 * Every batch from offset `from` to the log's end but control batches; the first may hold smaller offsets, too. A batch is a
 * view on the log's buffer, good until the next one is asked for.
 * @throws CorruptRecordError for damaged bytes
 */
export function* storedBatches(log: UnifiedLog, from = log.logStartOffset): Generator<RecordBatch> {
  for (let offset = Math.max(from, log.logStartOffset); offset < log.logEndOffset; ) {
    const { buffer, start, end, nextOffset } = log.read(offset, READ_SIZE)
    for (let at = start; at < end; ) {
      const batch = new RecordBatch(buffer, at, end)
      at = batch.end
      if (!batch.isControl) yield batch
    }
    if (nextOffset <= offset) return
    offset = nextOffset
  }
}
