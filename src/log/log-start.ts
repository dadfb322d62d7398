/** Where a log begins after delete-records: at most at its high watermark. */
import { KafkaError } from '../errors.ts'

/** -1 means the high watermark. @throws KafkaError OFFSET_OUT_OF_RANGE */
export function newLogStart(offset: number, highWatermark: number, topicPartition: string): number {
  const target = offset === -1 ? highWatermark : offset
  if (target >= 0 && target <= highWatermark) return target
  throw new KafkaError(
    'OFFSET_OUT_OF_RANGE',
    `Cannot increment the log start offset to ${target} of partition ${topicPartition} since it is larger than the ` +
      `high watermark ${highWatermark}`,
  )
}
