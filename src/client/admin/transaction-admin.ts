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

/** All of these must hold. */
export interface TransactionFilter {
  /** Begun more than this long ago. */
  readonly longerThanMs?: number
  /** A regular expression that the whole id matches. */
  readonly idPattern?: string
  /** None: of every producer. */
  readonly producerIds?: readonly number[]
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

/** A transaction whose owner is dead: how it was ended, or would be. */
export interface EndedTransaction {
  readonly transactionalId: string
  readonly producerId: number
  /** As it was found. */
  readonly state: TransactionState
  readonly end: 'COMMIT' | 'ABORT'
  readonly partitions: readonly TopicPartition[]
}

export interface TransactionAdmin {
  /** Sorted by id. */
  listTransactions(filter?: TransactionFilter): Promise<TransactionListing[]>
  /** Throws TRANSACTIONAL_ID_NOT_FOUND. */
  describeTransaction(transactionalId: string): Promise<TransactionDescription>
  /** The same of many at once, in the order asked. */
  describeTransactions(ids: readonly string[]): Promise<(TransactionDescription | Error)[]>
  /** Sorted by producer id; as the leader knows them, or this broker. Throws UNKNOWN_TOPIC_OR_PARTITION. */
  describeProducers(partition: TopicPartition, broker?: number): Promise<ProducerState[]>
  /** The same of many at once, in the order asked. */
  describeProducersOf(
    partitions: readonly TopicPartition[],
    broker?: number,
  ): Promise<(ProducerState[] | Error)[]>
  /** Writes an ABORT marker. Throws INVALID_PRODUCER_EPOCH and TRANSACTION_COORDINATOR_FENCED. */
  abortTransaction(spec: AbortTransactionSpec): Promise<void>
  /**
   * Ends what the id has open: an ongoing transaction is aborted, one whose end was decided gets the end that was
   * decided. Of an id that nobody has a directory throws TRANSACTIONAL_ID_NOT_FOUND; a cluster makes it known, as Kafka does.
   */
  forceTerminateTransaction(transactionalId: string): Promise<void>
  /**
   * Ends what producers that are dead left open, and what is open for longer than its transaction.timeout.ms: what was decided is done,
   * the rest aborted. Only of a directory: a cluster's coordinators do it.
   */
  abortDeadTransactions(options: { readonly dryRun: boolean }): Promise<readonly EndedTransaction[]>
}
