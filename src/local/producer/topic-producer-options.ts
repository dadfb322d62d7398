/** What a TopicProducer is given when it is made. */
import type { SlicePartitioner } from '../../client/partitioner.ts'
import type { ProducerSettings } from '../../config/producer-configs.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import type { Clock } from '../../os/clock.ts'
import type { CompressionQueue } from '../../record/compression/compression-queue.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

export interface LocalTopicProducerOptions {
  readonly directory: LocalDirectory
  readonly clock: Clock
  readonly topic: string
  readonly partitionCount: number
  readonly settings: ProducerSettings
  readonly partitioner: SlicePartitioner
  /** -1: not idempotent. */
  readonly producerId: number
  /** What compresses batches, where any are. */
  readonly compression?: CompressionQueue
  /** Called now and then, and at the end, for a log that was written to from `sinceOffset` on. */
  readonly keepHouse?: (log: UnifiedLog, sinceOffset: number) => void
}
