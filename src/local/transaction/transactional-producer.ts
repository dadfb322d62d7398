/**
 * The transactions of one producer on a data directory: Kafka's TransactionManager and its coordinator in one, for there is no broker
 * in between.
 *
 * Bytes: states in `__transaction_state` (transaction-log.ts), offsets in `__consumer_offsets`; the records are the topic producers'.
 * Invariant: a partition is in the Ongoing state on the disk before the first record of the transaction is written there (Kafka's R11:
 * otherwise a power cut keeps records that no state knows, and the next transaction of the id commits them); records and offsets are
 * on the disk before the end is decided (end-transaction.ts).
 * Crash: the kernel frees the owner's file; the next init of the id, or the next writer, ends what is open (recovery.ts).
 */
import type { ConsumerGroupMetadata } from '../../client/producer.ts'
import { TransactionPhase } from '../../client/transaction-phase.ts'
import type { OffsetCommit } from '../../client/types.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import type { TransactionLogValue } from '../../message/transaction-log-messages.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import type { ProducerIdentity, TopicTransaction } from '../producer/topic-producer-options.ts'
import { finish, openPartitions, syncAll } from './end-transaction.ts'
import { TransactionLog } from './transaction-log.ts'
import {
  decided,
  EPOCH_A_TRANSACTION,
  endOf,
  hasUsedUpEpochs,
  joined,
  partitionsOf,
  statusOf,
  type TransactionEnd,
} from './transaction-state.ts'
import { TransactionalIdClaim } from './transactional-id-claim.ts'
import { TransactionalOffsets } from './transactional-offsets.ts'

export interface TransactionalProducerOptions {
  readonly transactionalId: string
  readonly timeoutMs: number
}

/** A topic's producer, as its transactions see it. */
export interface TransactedTopic {
  /** Records are taken from now on, with this identity. */
  begin(identity: ProducerIdentity): void
  /** None are taken any more, for this reason. */
  hold(why: Error): void
  /** Everything that was taken is in its log, and on the disk. */
  flush(): Promise<void>
  /** What is not in a log is dropped; those who wait for it are told. */
  discard(why: Error): void
}

export class TransactionalProducer implements TopicTransaction {
  readonly #os: Os
  readonly #directory: LocalDirectory
  readonly #id: string
  readonly #claim: TransactionalIdClaim
  readonly #topics: () => readonly TransactedTopic[]
  readonly #log: TransactionLog
  readonly #phase: TransactionPhase
  readonly #offsets: TransactionalOffsets
  readonly #joined = new Set<string>()
  /** As this producer last wrote it: whether it still holds is asked under the lock. */
  #state: TransactionLogValue | undefined
  #identity: ProducerIdentity = { producerId: -1, producerEpoch: -1 }
  /** One call goes after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(
    os: Os,
    directory: LocalDirectory,
    { transactionalId, timeoutMs }: TransactionalProducerOptions,
    topics: () => readonly TransactedTopic[],
  ) {
    this.#os = os
    this.#directory = directory
    this.#id = transactionalId
    this.#topics = topics
    this.#log = new TransactionLog(os, directory)
    this.#claim = new TransactionalIdClaim({ os, directory, log: this.#log }, transactionalId, timeoutMs)
    this.#phase = new TransactionPhase(transactionalId)
    this.#offsets = new TransactionalOffsets(os, directory)
  }

  get identity(): ProducerIdentity {
    return this.#identity
  }

  /** @throws before initTransactions */
  refuseTopics(): void {
    this.#phase.refuseUninitialized()
  }

  /** A topic was opened, in a transaction or between two. */
  joinedBy(topic: TransactedTopic): void {
    const { refusal } = this
    if (refusal === undefined) topic.begin(this.#identity)
    else topic.hold(refusal)
  }

  /** Why records are refused; undefined: they are not. */
  get refusal(): Error | undefined {
    return this.#phase.refusal
  }

  /** Needs a session. */
  init(): Promise<void> {
    return this.#inTurn(async () => {
      this.#phase.initializing()
      this.#identity = await this.#claim.take()
      this.#phase.ready()
    })
  }

  begin(): Promise<void> {
    return this.#inTurn(async () => {
      this.#phase.begun()
      for (const topic of this.#topics()) topic.begin(this.#identity)
    })
  }

  sendOffsets(offsets: readonly OffsetCommit[], group: ConsumerGroupMetadata): Promise<void> {
    return this.#inTurn(async () => {
      this.#phase.refuseOffsets()
      if (offsets.length === 0) return
      try {
        const partition = await this.#offsets.partitionFor(group.groupId)
        await this.join(partition.topic, [partition.partition])
        await this.#offsets.append(this.#identity, group, partition, offsets)
      } catch (error) {
        throw this.failed(error)
      }
    })
  }

  commit(): Promise<void> {
    return this.#inTurn(async () => {
      this.#phase.committing()
      const why = this.#phase.betweenTransactions()
      for (const topic of this.#topics()) topic.hold(why)
      try {
        for (const topic of this.#topics()) await topic.flush()
        await syncAll(this.#offsets.logs())
      } catch (error) {
        throw this.failed(error)
      }
      // A record that was lost meanwhile told its own sender, and must be missed here, too.
      this.#phase.throwIfFailed()
      await this.#end('COMMIT')
    })
  }

  abort(): Promise<void> {
    return this.#inTurn(() => this.#abort())
  }

  /** An open transaction is aborted, as Kafka's producer does it. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        if (this.#phase.isOpen) await this.#abort()
      } finally {
        await this.#claim.giveUp((value) => this.#isNext(value))
      }
    })
  }

  tryJoin(topic: string, partitions: readonly number[]): boolean {
    const missing = this.#missing(topic, partitions)
    if (missing.length === 0) return true
    this.#phase.throwIfFailed()
    const isDone = this.#log.tryWithState(this.#id, (states, value) => this.#join(states, value, missing))
    return isDone === true
  }

  async join(topic: string, partitions: readonly number[]): Promise<void> {
    const missing = this.#missing(topic, partitions)
    if (missing.length === 0) return
    this.#phase.throwIfFailed()
    await this.#log.withState(this.#id, (states, value) => this.#join(states, value, missing))
  }

  failed(error: unknown): unknown {
    const isFenced =
      error instanceof KafkaError &&
      (error.code === 'INVALID_PRODUCER_EPOCH' || error.code === 'PRODUCER_FENCED')
    const told = isFenced ? this.#fenced(this.#stateNow()) : error
    this.#phase.failed(told, isFenced)
    return told
  }

  async #abort(): Promise<void> {
    this.#phase.aborting()
    for (const topic of this.#topics()) {
      topic.hold(this.#phase.betweenTransactions())
      topic.discard(new TerseError('Failing batch since transaction was aborted'))
    }
    await this.#end('ABORT')
    // An epoch that lasts: what was dropped left a gap in its sequences.
    if (this.#log.version < EPOCH_A_TRANSACTION) this.#identity = await this.#claim.take()
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  #missing(topic: string, partitions: readonly number[]): TopicPartition[] {
    return partitions
      .filter((partition) => !this.#joined.has(topicPartitionKey(topic, partition)))
      .map((partition) => ({ topic, partition }))
  }

  /** Under the lock of the id's partition. R11: on the disk before the first record can be. */
  #join(
    states: UnifiedLog,
    value: TransactionLogValue | undefined,
    partitions: readonly TopicPartition[],
  ): true {
    const own = this.#own(value)
    const next = joined(own, partitions, this.#log.version, this.#os.clock.now())
    if (next !== own) {
      this.#log.append(states, this.#id, next)
      states.flush()
    }
    this.#state = next
    for (const { topic, partition } of partitions) this.#joined.add(topicPartitionKey(topic, partition))
    return true
  }

  /** @throws KafkaError where somebody else has moved the id on */
  #own(value: TransactionLogValue | undefined): TransactionLogValue {
    const { producerId, producerEpoch } = this.#identity
    const isOwn =
      value?.producerId === producerId && value.producerEpoch === producerEpoch && endOf(value) === undefined
    if (isOwn) return value
    throw this.#fenced(value)
  }

  #fenced(value: TransactionLogValue | undefined): KafkaError {
    const isLate =
      value !== undefined &&
      value.producerId === this.#identity.producerId &&
      statusOf(value) === 'CompleteAbort' &&
      this.#os.clock.now() > value.transactionStartTimestampMs + value.transactionTimeoutMs
    const why = isLate
      ? `its transaction was open for longer than transaction.timeout.ms=${value.transactionTimeoutMs} and was aborted.`
      : 'there is a newer producer with the same transactionalId which fences the current one.'
    return new KafkaError('PRODUCER_FENCED', `transactional id ${this.#id}: ${why}`)
  }

  #stateNow(): TransactionLogValue | undefined {
    try {
      return this.#log.state(this.#id)
    } catch {
      // It is for the words alone.
      return undefined
    }
  }

  async #end(end: TransactionEnd): Promise<void> {
    if (this.#joined.size > 0) {
      try {
        await this.#decide(end)
      } catch (error) {
        const isFenced = error instanceof KafkaError && error.code === 'PRODUCER_FENCED'
        const now = this.#stateNow()
        const isDecided = now !== undefined && endOf(now) !== undefined && this.#isNext(now)
        // What is decided is asked for again; what is not can be aborted.
        if (!isDecided) this.#phase.failed(error, isFenced)
        if (isDecided) throw behindDecision(this.#id, end, error)
        throw now !== undefined && this.#isOver(now, end) ? behindEnd(this.#id, end, error) : error
      }
    }
    this.#joined.clear()
    this.#offsets.begin()
    this.#phase.ready()
  }

  async #decide(end: TransactionEnd): Promise<void> {
    const seen = this.#state
    const usedUp = seen !== undefined && hasUsedUpEpochs(seen) && this.#log.version >= EPOCH_A_TRANSACTION
    const fresh = usedUp ? { freshProducerId: await this.#directory.nextProducerId() } : {}
    const logs = await openPartitions(this.#log.logs, seen === undefined ? [] : partitionsOf(seen))
    // A marker behind records that a power cut takes would stand behind a hole, which is damage.
    if (end === 'ABORT') await syncAll(logs)
    const log = this.#log
    const value = await log.withState(this.#id, (states, now) => {
      // An earlier try got as far as the decision.
      const isDecided = now !== undefined && endOf(now) === end && this.#isNext(now)
      const decision = { end, now: this.#os.clock.now(), fencing: false, ...fresh }
      const prepared = isDecided ? now : decided(this.#own(now), decision)
      return finish({ os: this.#os, log }, this.#id, prepared, states, logs)
    })
    this.#identity = { producerId: value.producerId, producerEpoch: value.producerEpoch }
  }

  /** All markers are there, and its last state was written. */
  #isOver(now: TransactionLogValue, end: TransactionEnd): boolean {
    return statusOf(now) === (end === 'COMMIT' ? 'CompleteCommit' : 'CompleteAbort') && this.#isNext(now)
  }

  #isNext({ producerId, producerEpoch }: TransactionLogValue): boolean {
    const { producerId: id, producerEpoch: epoch } = this.#identity
    return producerId === id && (producerEpoch === epoch || producerEpoch === epoch + 1)
  }
}

/** Whoever sends the records of a committed one again has them twice. */
function behindEnd(id: string, end: TransactionEnd, error: unknown): TerseError {
  const what = end === 'COMMIT' ? 'is committed, and its records can be read' : 'is aborted'
  const why = error instanceof Error ? error.message : String(error)
  return new TerseError(`transactional id ${id}: its transaction ${what}: ${why}`, { cause: error })
}

/** Its markers are missing: nobody can take it back, and nobody sees it yet. */
function behindDecision(id: string, end: TransactionEnd, error: unknown): TerseError {
  const what = end === 'COMMIT' ? 'is committed' : 'is aborted'
  const why = error instanceof Error ? error.message : String(error)
  return new TerseError(
    `transactional id ${id}: its transaction ${what}, and the next writer ends it in every partition: ${why}`,
    { cause: error },
  )
}
