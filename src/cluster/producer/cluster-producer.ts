/** Producer on a cluster: one TopicProducer for each topic that is sent to, one sender for all of them. */
import { BaseProducer } from '../../client/base-producer.ts'
import type { PartitionerChoice } from '../../client/partitioner-loader.ts'
import type { Producer, ProducerConfig, ProducerRecord, RecordMetadata } from '../../client/producer.ts'
import { choosePartitioner, topicPartitioner } from '../../client/topic-partitioner.ts'
import { type ProducerSettings, producerSettings } from '../../config/producer-configs.ts'
import { KafkaError, type KafkaErrorName } from '../../errors.ts'
import { INIT_PRODUCER_ID_REQUEST, INIT_PRODUCER_ID_RESPONSE } from '../../message/generated/requests.ts'
import { CompressionQueue, plainSizeLimit } from '../../record/compression/compression-queue.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { TopicMetadata } from '../cluster-metadata.ts'
import { mayPass } from '../connection/retry.ts'
import type { ClusterTransactions } from './cluster-transactions.ts'
import { topicError } from './lost-batch.ts'
import { SendMemory } from './send-memory.ts'
import { Sender } from './sender.ts'
import { ClusterTopicProducer } from './topic-producer.ts'

/** Of batches that are not acknowledged. More would only be held longer: what fills a network is in flight. */
const MOST_MEMORY = 8 * 1024 * 1024
/** A topic may be about to be made. */
const MAY_COME: ReadonlySet<KafkaErrorName> = new Set(['UNKNOWN_TOPIC_OR_PARTITION'])

export class ClusterProducer
  extends BaseProducer<ClusterTopicProducer, ClusterTransactions>
  implements Producer
{
  readonly #client: ClusterClient
  readonly #settings: ProducerSettings
  readonly #sender: Sender
  readonly #compression: CompressionQueue
  #producerId: Promise<number> | undefined
  #partitioner: Promise<PartitionerChoice> | undefined

  /**
   * @param signal aborted: what is there is sent as long as the cluster takes it
   * @throws KafkaError INVALID_CONFIG with Kafka's text
   */
  constructor(client: ClusterClient, config: ProducerConfig, signal?: AbortSignal) {
    const settings = producerSettings(config)
    super(settings.transactionalId)
    this.#client = client
    this.#settings = settings
    this.#sender = new Sender(client, settings, new SendMemory(Math.min(settings.bufferMemory, MOST_MEMORY)))
    signal?.addEventListener('abort', () => this.#sender.interrupt(), { once: true })
    this.#compression = new CompressionQueue(async () => {
      const { startCompressionThread } = await import('../../client/compression-thread.ts')
      return startCompressionThread(plainSizeLimit(settings.batchSize))
    })
  }

  async send(record: ProducerRecord): Promise<RecordMetadata> {
    try {
      return await (await this.openTopic(record.topic)).send(record)
    } catch (error) {
      // A transaction that lacks a record can only be aborted.
      ;(await this.transactions)?.failed(error as Error)
      throw error
    }
  }

  async flush(): Promise<void> {
    for (const topic of this.opened) topic.endAll()
    let failure: unknown
    for (const topic of this.opened) await topic.flush().catch((error: unknown) => (failure ??= error))
    if (failure !== undefined) throw failure
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    await Promise.allSettled(this.topics.values())
    for (const topic of this.opened) topic.close()
    try {
      await (await this.transactions)?.close()
      for (const topic of this.opened) topic.endAll()
      this.#compression.end()
      await this.flush()
    } finally {
      this.#compression.end()
      this.#sender.close()
      await this.#client.close()
    }
  }

  protected override async makeTopic(
    name: string,
    transaction: ClusterTransactions | undefined,
  ): Promise<ClusterTopicProducer> {
    const settings = this.#settings
    transaction?.refuseTopics()
    this.#partitioner ??= choosePartitioner(settings)
    const choice = await this.#partitioner
    const producerId = transaction?.identity.producerId ?? this.#identity()
    const [metadata] = await Promise.all([this.#described(name), producerId])
    const topic = new ClusterTopicProducer(metadata, {
      clock: this.#client.clock,
      sender: this.#sender,
      settings,
      partitioner: await topicPartitioner(name, choice, settings, (count) =>
        Math.floor(Math.random() * count),
      ),
      producerId: await producerId,
      compression: this.#compression,
      transaction,
    })
    this.#sender.add(topic, metadata)
    transaction?.joinedBy(topic)
    return topic
  }

  protected override async makeTransactions(id: string): Promise<ClusterTransactions> {
    const { ClusterTransactions: Transactions } = await import('./cluster-transactions.ts')
    const transactions = new Transactions(
      this.#client,
      { ...this.#settings, transactionalId: id },
      {
        sender: this.#sender,
        topics: () => this.opened,
        flush: () => this.flush(),
      },
    )
    this.#sender.transaction = transactions
    return transactions
  }

  /** Waits up to max.block.ms for the topic to be there. */
  async #described(name: string): Promise<TopicMetadata> {
    const { maxBlockMs } = this.#settings
    try {
      return await this.#retry(async () => {
        const { topics } = await this.#client.metadata([name], true)
        const found = topics.find((topic) => topic.name === name)
        const error = found === undefined ? 'UNKNOWN_TOPIC_OR_PARTITION' : found.error
        if (found === undefined || error !== undefined) throw new KafkaError(error ?? 'UNKNOWN_SERVER_ERROR')
        if (found.partitions.length === 0) throw new KafkaError('LEADER_NOT_AVAILABLE')
        return found
      })
    } catch (error) {
      const passing = mayPass(error) || (error instanceof KafkaError && MAY_COME.has(error.code))
      if (passing) {
        const why =
          error instanceof KafkaError && MAY_COME.has(error.code) ? '' : ` ${(error as Error).message}`
        throw new KafkaError(
          'REQUEST_TIMED_OUT',
          `Topic ${name} not present in metadata after ${maxBlockMs} ms.${why}`,
        )
      }
      throw error instanceof KafkaError ? topicError(name, error.code, error) : error
    }
  }

  /** One producer id for all topics; -1 where it is not idempotent. */
  #identity(): Promise<number> {
    if (!this.#settings.idempotent) return Promise.resolve(-1)
    if (this.#producerId === undefined) {
      this.#producerId = this.#retry(async () => {
        const connection = await this.#client.anyBroker()
        const answer = await connection.ask(INIT_PRODUCER_ID_REQUEST, INIT_PRODUCER_ID_RESPONSE, {
          transactionalId: null,
          transactionTimeoutMs: 0x7fffffff,
        })
        return answer.producerId
      })
      this.#producerId.catch(() => {
        this.#producerId = undefined
      })
    }
    return this.#producerId
  }

  #retry<T>(attempt: () => Promise<T>): Promise<T> {
    return this.#client.retry(attempt, {
      deadline: this.#client.deadline(this.#settings.maxBlockMs),
      passing: MAY_COME,
    })
  }
}
