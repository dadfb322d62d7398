/** Which brokers keep and lead partitions: elections, reassignments of replicas, and moves between log directories. */
import type { TopicPartition } from '../../names/topic-partition.ts'

export type ElectionType = 'PREFERRED' | 'UNCLEAN'

export interface ElectionResult extends TopicPartition {
  /** undefined: a leader was elected. ELECTION_NOT_NEEDED: the right one leads already. */
  readonly error: Error | undefined
}

export interface PartitionReassignment extends TopicPartition {
  /** All of them, those that come and those that go among them. */
  readonly replicas: readonly number[]
  readonly adding: readonly number[]
  readonly removing: readonly number[]
}

export interface NewReassignment extends TopicPartition {
  /** null: the reassignment under way is cancelled. */
  readonly replicas: readonly number[] | null
}

export interface ReplicaMove extends TopicPartition {
  readonly broker: number
  /** Absolute. */
  readonly logDir: string
}

/** What fails for one partition is its error; answers are in the order asked. */
export interface ReassignmentAdmin {
  /** Without partitions: wherever it is needed. */
  electLeaders(type: ElectionType, partitions?: readonly TopicPartition[]): Promise<ElectionResult[]>
  /** Those under way. */
  listPartitionReassignments(): Promise<PartitionReassignment[]>
  alterPartitionReassignments(
    changes: readonly NewReassignment[],
    allowReplicationFactorChange?: boolean,
  ): Promise<(Error | undefined)[]>
  alterReplicaLogDirs(moves: readonly ReplicaMove[]): Promise<(Error | undefined)[]>
}
