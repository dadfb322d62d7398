/**
 * The transactions of one producer on a cluster: Java's TransactionManager. With transaction.version 2 a broker takes a partition into the
 * transaction by its first batch, and each end gives a new epoch; older ones are asked for each partition first.
 */
import type { ConsumerGroupMetadata } from '../../client/producer.ts'
import { TransactionPhase } from '../../client/transaction-phase.ts'
import type { OffsetCommit } from '../../client/types.ts'
import type { ProducerSettings } from '../../config/producer-configs.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import { PRODUCE_REQUEST } from '../../message/generated/requests.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import { mayPass } from '../connection/retry.ts'
import { Coordinator, groupError } from '../consumer/coordinator.ts'
import type { PartitionBatches } from './partition-batches.ts'
import type { SendingTransaction } from './produce-request.ts'
import type { Sender } from './sender.ts'
import type { ProducerIdentity } from './topic-producer.ts'
import {
  addOffsets,
  addPartitions,
  commitOffsets,
  endTransaction,
  initProducer,
  isFatal,
  speaksVersion2,
  told,
} from './transaction-requests.ts'

/** The last Produce by which no partition comes into a transaction. */
const LAST_EXPLICIT_PRODUCE = 11

export interface TransactedTopic {
  begin(identity: ProducerIdentity): void
  hold(why: Error): void
  discard(why: Error): void
}

interface Parts {
  readonly sender: Sender
  readonly topics: () => readonly TransactedTopic[]
  /** Everything that was taken is acknowledged, or lost. */
  readonly flush: () => Promise<void>
}

export type TransactionSettings = ProducerSettings & { readonly transactionalId: string }

export class ClusterTransactions implements SendingTransaction {
  readonly id: string
  lastProduce = LAST_EXPLICIT_PRODUCE
  readonly #client: ClusterClient
  readonly #settings: TransactionSettings
  readonly #parts: Parts
  readonly #coordinator: Coordinator
  readonly #phase: TransactionPhase
  readonly #groups = new Map<string, Coordinator>()
  readonly #joined = new Set<PartitionBatches>()
  /** To be added, and not asked for yet. */
  readonly #missing = new Set<PartitionBatches>()
  #adding: Promise<void> | undefined
  #identity: ProducerIdentity = { producerId: -1, producerEpoch: -1 }
  #isVersion2 = false
  /** The coordinator may know of this transaction. */
  #isStarted = false
  #isAborting = false
  /** One call goes after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(client: ClusterClient, settings: TransactionSettings, parts: Parts) {
    this.id = settings.transactionalId
    this.#client = client
    this.#settings = settings
    this.#parts = parts
    this.#coordinator = new Coordinator(client, this.id, 'transaction')
    this.#phase = new TransactionPhase(this.id)
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
    const { refusal } = this.#phase
    topic.begin(this.#identity)
    if (refusal !== undefined) topic.hold(refusal)
  }

  init(): Promise<void> {
    return this.#inTurn(async () => {
      this.#phase.initializing()
      await this.#claim()
      this.#phase.ready()
    })
  }

  begin(): Promise<void> {
    return this.#inTurn(async () => {
      this.#phase.begun()
      for (const topic of this.#parts.topics()) topic.begin(this.#identity)
    })
  }

  sendOffsets(offsets: readonly OffsetCommit[], { groupId }: ConsumerGroupMetadata): Promise<void> {
    return this.#inTurn(async () => {
      this.#phase.refuseOffsets()
      if (offsets.length === 0) return
      try {
        this.#isStarted = true
        const sender = { id: this.id, ...this.#identity, isVersion2: this.#isVersion2 }
        if (!this.#isVersion2)
          await this.#ask('AddOffsetsToTxn', (connection) => addOffsets(connection, sender, groupId))
        await this.#ask(
          'TxnOffsetCommit',
          (connection) => commitOffsets(connection, sender, groupId, offsets),
          this.#groupCoordinator(groupId),
        )
      } catch (error) {
        throw this.#failure(groupError(error, groupId))
      }
    })
  }

  commit(): Promise<void> {
    return this.#inTurn(async () => {
      this.#phase.committing()
      this.#hold(this.#phase.betweenTransactions())
      try {
        await this.#parts.flush()
      } catch (error) {
        throw this.#failure(error)
      }
      // A record that was lost told its own sender, and must be missed here, too.
      this.#phase.throwIfFailed()
      await this.#end(true)
    })
  }

  abort(): Promise<void> {
    return this.#inTurn(() => this.#abort())
  }

  /** An open transaction is aborted, as Kafka's producer does it. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#phase.isOpen) await this.#abort()
    })
  }

  /** A batch was lost. */
  failed(error: Error): void {
    if (this.#isAborting && !isFatal(error)) return
    this.#failure(error)
  }

  admits(partition: PartitionBatches): boolean {
    this.#isStarted = true
    if (this.#isVersion2 || this.#joined.has(partition)) return true
    this.#missing.add(partition)
    this.#adding ??= this.#add().finally(() => {
      this.#adding = undefined
    })
    return false
  }

  /** Asks for all that are wanted by then in one request. */
  async #add(): Promise<void> {
    await Promise.resolve()
    while (this.#missing.size > 0) {
      const partitions = [...this.#missing]
      this.#missing.clear()
      try {
        const asked = partitions.map(({ source, partition }) => ({ topic: source.topic, partition }))
        await this.#ask('AddPartitionsToTxn', (connection) =>
          addPartitions(connection, { id: this.id, ...this.#identity }, asked),
        )
        for (const partition of partitions) this.#joined.add(partition)
        for (const partition of partitions) this.#parts.sender.wake(partition)
      } catch (error) {
        const failure = this.#failure(error)
        this.#parts.sender.discard(partitions, failure)
      }
    }
  }

  async #abort(): Promise<void> {
    this.#phase.aborting()
    this.#hold(this.#phase.betweenTransactions())
    this.#isAborting = true
    try {
      const why = new TerseError('Failing batch since transaction was aborted')
      for (const topic of this.#parts.topics()) topic.discard(why)
      await this.#adding
      await this.#parts.sender.flush()
      const wasStarted = this.#isStarted
      await this.#end(false)
      // An epoch that lasts: what was dropped may have left a gap in its sequences.
      if (wasStarted && !this.#isVersion2) await this.#claim()
    } finally {
      this.#isAborting = false
    }
  }

  async #end(committed: boolean): Promise<void> {
    if (this.#isStarted) {
      const sender = { id: this.id, ...this.#identity, isVersion2: this.#isVersion2 }
      try {
        const next = await this.#ask(`EndTxn(${committed})`, (connection) =>
          endTransaction(connection, sender, committed),
        )
        if (next !== undefined) this.#identity = next
      } catch (error) {
        // How it ended is not known: the same call is to be made again.
        if (error instanceof KafkaError && error.code === 'REQUEST_TIMED_OUT') throw error
        throw this.#failure(error, true)
      }
    }
    this.#isStarted = false
    this.#joined.clear()
    this.#phase.ready()
  }

  async #claim(): Promise<void> {
    const { transactionTimeoutMs: timeoutMs } = this.#settings
    const asked = { id: this.id, ...this.#identity, timeoutMs }
    this.#identity = await this.#ask('InitProducerId', async (connection) => {
      const identity = await initProducer(connection, asked)
      this.#isVersion2 = speaksVersion2(connection)
      return identity
    })
    this.lastProduce = this.#isVersion2 ? PRODUCE_REQUEST.highestVersion : LAST_EXPLICIT_PRODUCE
  }

  /** @throws KafkaError in the words of who calls Java's producer */
  async #ask<T>(
    what: string,
    ask: (connection: BrokerConnection) => Promise<T>,
    coordinator = this.#coordinator,
  ): Promise<T> {
    const { maxBlockMs } = this.#settings
    try {
      const deadline = this.#client.deadline(maxBlockMs)
      return await this.#client.retry(() => coordinator.once(ask, ''), { deadline })
    } catch (error) {
      if (!mayPass(error)) throw told(error)
      const text = `Timeout expired after ${maxBlockMs}ms while awaiting ${what}: ${(error as Error).message}`
      throw new KafkaError('REQUEST_TIMED_OUT', text)
    }
  }

  #groupCoordinator(groupId: string): Coordinator {
    const known = this.#groups.get(groupId) ?? new Coordinator(this.#client, groupId)
    this.#groups.set(groupId, known)
    return known
  }

  /** The transaction can only be aborted, or (fatal) not even that. */
  #failure(error: unknown, ofCoordinator = false): Error {
    const failure = told(error)
    this.#phase.failed(failure, isFatal(failure, ofCoordinator))
    const { refusal } = this.#phase
    if (refusal !== undefined) this.#hold(refusal)
    return failure
  }

  #hold(why: Error): void {
    for (const topic of this.#parts.topics()) topic.hold(why)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }
}
