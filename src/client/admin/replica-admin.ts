/** Reading replicas as they are stored, to compare them: only brokers can be asked for one replica beside another. */
import type { TopicPartition } from '../../names/topic-partition.ts'

export interface ReplicaPosition extends TopicPartition {
  readonly offset: number
}

/** One batch as a replica stores it. */
export interface ReplicaBatch {
  readonly lastOffset: number
  readonly checksum: number
}

export interface ReplicaRead extends TopicPartition {
  readonly highWatermark: number
  /** Whole ones alone, from the position on. */
  readonly batches: readonly ReplicaBatch[]
  readonly error: Error | undefined
}

export interface ReadReplicasOptions {
  readonly partitionMaxBytes: number
  readonly maxWaitMs: number
}

export interface ReplicaAdmin {
  /** What this broker's replicas hold from these offsets on. */
  readReplicas(
    broker: number,
    positions: readonly ReplicaPosition[],
    options: ReadReplicasOptions,
  ): Promise<ReplicaRead[]>
}
