/** What a producer is on a directory and on a cluster alike: topics opened once, transactions made when they are asked for. */
import { KafkaError, TerseError } from '../errors.ts'
import type { ConsumerGroupMetadata, TopicProducer } from './producer.ts'
import type { OffsetCommit } from './types.ts'

/** In Kafka's words. */
export const AFTER_CLOSE = 'Cannot perform operation after producer has been closed'

/** The transactions of one producer. */
interface Transactions {
  init(): Promise<void>
  begin(): Promise<void>
  sendOffsets(offsets: readonly OffsetCommit[], group: ConsumerGroupMetadata): Promise<void>
  commit(): Promise<void>
  abort(): Promise<void>
}

export abstract class BaseProducer<Topic extends TopicProducer, OfTransactions extends Transactions> {
  protected readonly topics = new Map<string, Promise<Topic>>()
  /** Those that are open, in the order in which they were. */
  protected readonly opened: Topic[] = []
  /** Once they were asked for. */
  protected transactions: Promise<OfTransactions> | undefined
  protected closed = false
  readonly #transactionalId: string | undefined

  constructor(transactionalId: string | undefined) {
    this.#transactionalId = transactionalId
  }

  /** The topic, and what it needs, `opened` not changed yet. */
  protected abstract makeTopic(name: string, transactions: OfTransactions | undefined): Promise<Topic>
  /** Loaded by those who have some. */
  protected abstract makeTransactions(transactionalId: string): Promise<OfTransactions>

  openTopic(topic: string): Promise<Topic> {
    if (this.closed) return Promise.reject(new TerseError(AFTER_CLOSE))
    const known = this.topics.get(topic)
    if (known !== undefined) return known
    const opening = this.#open(topic)
    this.topics.set(topic, opening)
    opening.catch(() => this.topics.delete(topic))
    return opening
  }

  async partitionsFor(topic: string): Promise<number> {
    return (await this.openTopic(topic)).partitionCount
  }

  async initTransactions(): Promise<void> {
    await (await this.transactional()).init()
  }

  async beginTransaction(): Promise<void> {
    await (await this.transactional()).begin()
  }

  async sendOffsetsToTransaction(
    offsets: readonly OffsetCommit[],
    group: ConsumerGroupMetadata,
  ): Promise<void> {
    await (await this.transactional()).sendOffsets(offsets, group)
  }

  async commitTransaction(): Promise<void> {
    await (await this.transactional()).commit()
  }

  async abortTransaction(): Promise<void> {
    await (await this.transactional()).abort()
  }

  /** @throws KafkaError INVALID_TXN_STATE where no transactional.id is set */
  protected transactional(): Promise<OfTransactions> {
    if (this.closed) return Promise.reject(new TerseError(AFTER_CLOSE))
    if (this.#transactionalId === undefined) {
      return Promise.reject(
        new KafkaError(
          'INVALID_TXN_STATE',
          'Cannot use transactional methods without enabling transactions by setting the transactional.id configuration property',
        ),
      )
    }
    this.transactions ??= this.makeTransactions(this.#transactionalId)
    return this.transactions
  }

  async #open(name: string): Promise<Topic> {
    const transactions = this.#transactionalId === undefined ? undefined : await this.transactional()
    const topic = await this.makeTopic(name, transactions)
    this.opened.push(topic)
    return topic
  }
}
