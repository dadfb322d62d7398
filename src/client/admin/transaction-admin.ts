/** Transactions as administration: what the coordinator's log and the partitions know of them, and ending them. */
import type { TopicPartition } from '../../names/topic-partition.ts'

export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'Dead'
  | 'PrepareEpochFence'

export interface TransactionListing {
  readonly transactionalId: string
  readonly coordinator: number
  readonly producerId: number
  readonly state: TransactionState
}

export interface TransactionDescription extends TransactionListing {
  readonly producerEpoch: number
  readonly timeoutMs: number
  /** undefined: none was begun yet. */
  readonly startTimeMs: number | undefined
  /** Partitions that were written to and have no marker yet. */
  readonly partitions: readonly TopicPartition[]
}

/** One producer that a partition remembers. */
export interface ProducerState {
  readonly producerId: number
  readonly producerEpoch: number
  /** -1: no marker of it was seen. */
  readonly coordinatorEpoch: number
  /** -1: nothing but markers. */
  readonly lastSequence: number
  readonly lastTimestamp: number
  /** Only where no number holds it (beyond 2^53): all of it. */
  readonly exactLastTimestamp?: bigint
  /** undefined: no transaction is open. */
  readonly currentTransactionStartOffset: number | undefined
}

export interface AbortTransactionSpec {
  readonly partition: TopicPartition
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
}

export interface TransactionAdmin {
  /** Sorted by id. */
  listTransactions(): Promise<TransactionDescription[]>
  /** Throws TRANSACTIONAL_ID_NOT_FOUND. */
  describeTransaction(transactionalId: string): Promise<TransactionDescription>
  /** Sorted by producer id. Throws UNKNOWN_TOPIC_OR_PARTITION. */
  describeProducers(partition: TopicPartition): Promise<ProducerState[]>
  /** Writes an ABORT marker. Throws INVALID_PRODUCER_EPOCH and TRANSACTION_COORDINATOR_FENCED. */
  abortTransaction(spec: AbortTransactionSpec): Promise<void>
  /**
   * Ends what the id has open: an ongoing transaction is aborted, one whose end was decided gets the end that was
   * decided. Throws TRANSACTIONAL_ID_NOT_FOUND.
   */
  forceTerminateTransaction(transactionalId: string): Promise<void>
}
