/** What a TopicProducer is given when it is made. */
import type { SlicePartitioner } from '../../client/partitioner.ts'
import type { ProducerSettings } from '../../config/producer-configs.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import type { Clock } from '../../os/clock.ts'
import type { CompressionQueue } from '../../record/compression/compression-queue.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

/** As which producer records are written. */
export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

/** The transaction that a topic's records are in. */
export interface TopicTransaction {
  readonly identity: ProducerIdentity
  /** Why records are refused now. */
  readonly refusal: Error | undefined
  /** To be called before a record goes into one of these partitions. False: somebody holds a lock. @throws LockBusyError */
  tryJoin(topic: string, partitions: readonly number[]): boolean
  join(topic: string, partitions: readonly number[]): Promise<void>
  /** A record is lost, so the transaction is. Returns the error to tell. */
  failed(error: unknown): unknown
}

export interface LocalTopicProducerOptions {
  readonly directory: LocalDirectory
  readonly clock: Clock
  readonly topic: string
  readonly partitionCount: number
  readonly settings: ProducerSettings
  readonly partitioner: SlicePartitioner
  /** -1: not idempotent. */
  readonly producerId: number
  readonly transaction?: TopicTransaction
  /** What compresses batches, where any are. */
  readonly compression?: CompressionQueue
  /** Called now and then, and at the end, for a log that was written to from `sinceOffset` on. */
  readonly keepHouse?: (log: UnifiedLog, sinceOffset: number) => void
}
