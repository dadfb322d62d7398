/**
 * One transactional id's state and how it moves on, as Kafka's TransactionMetadata does: what a new value of
 * `__transaction_state` says, given the one before it. Pure: no disk, no clock.
 *
 * Invariant: from transaction.version 2 on each transaction has an epoch of its own (its end is marked with the next one, with
 * which the next transaction writes); before that an epoch lasts from one init to the next.
 */
import { KafkaError } from '../../errors.ts'
import { TRANSACTION_STATUS, type TransactionLogValue } from '../../message/transaction-log-messages.ts'
import { compareText } from '../../names/compare-text.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'

export type TransactionStatus = (typeof TRANSACTION_STATUS)[number]
export type TransactionEnd = 'COMMIT' | 'ABORT'

/** The highest epoch that a client sees; the next one is that of a last marker. */
const LAST_EPOCH = 32766
/** From this transaction.version on each transaction raises the epoch. */
export const EPOCH_A_TRANSACTION = 2

export function statusOf({ transactionStatus }: TransactionLogValue): TransactionStatus {
  return TRANSACTION_STATUS[transactionStatus] ?? 'Dead'
}

/** A transaction that somebody must end still. */
export function isUnfinished(value: TransactionLogValue): boolean {
  const status = statusOf(value)
  return status === 'Ongoing' || endOf(value) !== undefined
}

/** How it ends, where that is decided and not yet done. */
export function endOf(value: TransactionLogValue): TransactionEnd | undefined {
  const status = statusOf(value)
  if (status === 'PrepareCommit') return 'COMMIT'
  return status === 'PrepareAbort' ? 'ABORT' : undefined
}

export function isPastTimeout(value: TransactionLogValue, now: number): boolean {
  const { transactionStartTimestampMs: start, transactionTimeoutMs: timeout } = value
  return statusOf(value) === 'Ongoing' && start >= 0 && now > start + timeout
}

export function hasUsedUpEpochs({ producerEpoch }: TransactionLogValue): boolean {
  return producerEpoch >= LAST_EPOCH
}

export function partitionsOf(value: TransactionLogValue): TopicPartition[] {
  return (value.transactionPartitions ?? []).flatMap(({ topic, partitionIds }) =>
    partitionIds.map((partition) => ({ topic, partition })),
  )
}

interface Init {
  /** For an id that is new, or that has used up its epochs. */
  readonly freshProducerId: number
  readonly timeoutMs: number
  readonly now: number
  /** transaction.version of the directory. */
  readonly transactionVersion: number
}

/** Behind initTransactions: nothing is open, and whoever had the id before is fenced. */
export function initialized(before: TransactionLogValue | undefined, init: Init): TransactionLogValue {
  const isNew = before === undefined || hasUsedUpEpochs(before)
  const producerId = isNew ? init.freshProducerId : before.producerId
  return {
    version: versionFor(init.transactionVersion),
    producerId,
    previousProducerId: before?.producerId ?? producerId,
    nextProducerId: -1,
    producerEpoch: isNew ? 0 : before.producerEpoch + 1,
    nextProducerEpoch: -1,
    transactionTimeoutMs: init.timeoutMs,
    transactionStatus: TRANSACTION_STATUS.indexOf('Empty'),
    transactionPartitions: null,
    transactionLastUpdateTimestampMs: init.now,
    transactionStartTimestampMs: -1,
    clientTransactionVersion: before?.clientTransactionVersion ?? 0,
  }
}

/** Behind a fencing admin: as `initialized`, of the same producer. */
export function fenced(value: TransactionLogValue, timeoutMs: number, now: number): TransactionLogValue {
  return {
    ...value,
    previousProducerId: value.producerId,
    producerEpoch: value.producerEpoch + 1,
    transactionTimeoutMs: timeoutMs,
    transactionStatus: TRANSACTION_STATUS.indexOf('Empty'),
    transactionPartitions: null,
    transactionLastUpdateTimestampMs: now,
    transactionStartTimestampMs: -1,
  }
}

/** These partitions are in the transaction, which begins with the first of them. The same value: they all were. */
export function joined(
  value: TransactionLogValue,
  partitions: readonly TopicPartition[],
  transactionVersion: number,
  now: number,
): TransactionLogValue {
  const isOngoing = statusOf(value) === 'Ongoing'
  const topics = new Map<string, Set<number>>()
  let added = false
  for (const { topic, partition } of [...(isOngoing ? partitionsOf(value) : []), ...partitions]) {
    const ids = topics.get(topic) ?? new Set()
    topics.set(topic, ids)
    ids.add(partition)
  }
  const listed = [...topics]
    .map(([topic, ids]) => ({ topic, partitionIds: [...ids].sort((a, b) => a - b) }))
    .sort((a, b) => compareText(a.topic, b.topic))
  const count = (list: TransactionLogValue['transactionPartitions']) =>
    (list ?? []).reduce((sum, { partitionIds }) => sum + partitionIds.length, 0)
  added = !isOngoing || count(listed) > count(value.transactionPartitions)
  if (!added) return value
  return {
    ...value,
    version: versionFor(transactionVersion),
    previousProducerId: value.producerId,
    transactionStatus: TRANSACTION_STATUS.indexOf('Ongoing'),
    transactionPartitions: listed,
    transactionLastUpdateTimestampMs: now,
    transactionStartTimestampMs: isOngoing ? value.transactionStartTimestampMs : now,
    clientTransactionVersion: transactionVersion >= EPOCH_A_TRANSACTION ? transactionVersion : 0,
  }
}

interface Decision {
  readonly end: TransactionEnd
  readonly now: number
  /** Somebody else decides: the producer must not go on with its epoch. */
  readonly fencing: boolean
  /** A new id for the producer, where its epochs are used up. */
  readonly freshProducerId?: number
}

/** The commit point, once it is on the disk. */
export function decided(value: TransactionLogValue, decision: Decision): TransactionLogValue {
  const raises = decision.fencing || value.clientTransactionVersion >= EPOCH_A_TRANSACTION
  if (value.producerEpoch > LAST_EPOCH) throw new KafkaError('INVALID_PRODUCER_EPOCH')
  const rotates = raises && hasUsedUpEpochs(value) && decision.freshProducerId !== undefined
  return {
    ...value,
    previousProducerId: value.producerId,
    nextProducerId: rotates ? (decision.freshProducerId as number) : -1,
    producerEpoch: raises ? value.producerEpoch + 1 : value.producerEpoch,
    transactionStatus: TRANSACTION_STATUS.indexOf(
      decision.end === 'COMMIT' ? 'PrepareCommit' : 'PrepareAbort',
    ),
    transactionLastUpdateTimestampMs: decision.now,
  }
}

/** All markers are there. */
export function completed(value: TransactionLogValue, now: number): TransactionLogValue {
  const rotates = value.nextProducerId >= 0
  return {
    ...value,
    previousProducerId: value.producerId,
    producerId: rotates ? value.nextProducerId : value.producerId,
    nextProducerId: -1,
    producerEpoch: rotates ? 0 : value.producerEpoch,
    transactionStatus: TRANSACTION_STATUS.indexOf(
      endOf(value) === 'COMMIT' ? 'CompleteCommit' : 'CompleteAbort',
    ),
    transactionPartitions: [],
    transactionLastUpdateTimestampMs: now,
  }
}

/** Tagged fields are there from transaction.version 1 on. */
function versionFor(transactionVersion: number): number {
  return transactionVersion >= 1 ? 1 : 0
}
