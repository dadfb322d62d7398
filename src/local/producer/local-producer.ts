/** Producer on a data directory: one TopicProducer for each topic that is sent to. */
import { BaseProducer } from '../../client/base-producer.ts'
import type { SlicePartitioner } from '../../client/partitioner.ts'
import type { PartitionerChoice } from '../../client/partitioner-loader.ts'
import type { Producer, ProducerConfig, ProducerRecord, RecordMetadata } from '../../client/producer.ts'
import { choosePartitioner, topicPartitioner } from '../../client/topic-partitioner.ts'
import { type ProducerSettings, producerSettings } from '../../config/producer-configs.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import { isInternalTopic, isTopicName, METADATA_TOPIC } from '../../names/topic-names.ts'
import type { Os } from '../../os/os.ts'
import { CompressionQueue, plainSizeLimit } from '../../record/compression/compression-queue.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import type { TransactionalProducer } from '../transaction/transactional-producer.ts'
import { LocalTopicProducer } from './topic-producer.ts'

/** With more partitions than this their ends are not asked where the rotation stands: opening each costs too much. */
const ASK_ENDS_UP_TO = 64

/**
 * Producer on a data directory. It enters the directory with the first record and leaves it in `close`; records sent
 * in one turn of the event loop go into one batch, none waits for a linger.
 */
export class LocalProducer
  extends BaseProducer<LocalTopicProducer, TransactionalProducer>
  implements Producer
{
  readonly #os: Os
  readonly #directory: LocalDirectory
  readonly #settings: ProducerSettings
  #entered: Promise<void> | undefined
  #producerId: Promise<number> | undefined
  #partitioner: Promise<PartitionerChoice> | undefined
  readonly #compression = new CompressionQueue(async () => {
    const { startCompressionThread } = await import('../../client/compression-thread.ts')
    return startCompressionThread(plainSizeLimit(this.#settings.batchSize))
  })
  #housekeeping: Promise<void> = Promise.resolve()

  /** @throws KafkaError INVALID_CONFIG with Kafka's text */
  constructor(os: Os, directory: LocalDirectory, config: ProducerConfig) {
    const settings = producerSettings(config)
    super(settings.transactionalId)
    this.#os = os
    this.#directory = directory
    this.#settings = settings
  }

  async send(record: ProducerRecord): Promise<RecordMetadata> {
    let topic: LocalTopicProducer | undefined
    try {
      topic = await this.openTopic(record.topic)
      return await topic.send(record)
    } catch (error) {
      // Deleted meanwhile: the next record makes it anew, where that is allowed.
      if (topic !== undefined && this.#directory.image().topic(record.topic) === undefined)
        this.topics.delete(record.topic)
      // A transaction that lacks a record can only be aborted.
      throw (await this.transactions)?.failed(error) ?? error
    }
  }

  async flush(): Promise<void> {
    for (const topic of this.opened) await topic.flush()
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    await Promise.allSettled(this.topics.values())
    for (const topic of this.opened) topic.stopped.close()
    try {
      await (await this.transactions)?.close()
      await this.#compressAll()
      await this.flush()
      for (const topic of this.opened) topic.keepHouse()
      await this.#housekeeping
    } finally {
      if (this.#entered !== undefined) await this.#entered.then(() => this.#directory.leave())
    }
  }

  override async initTransactions(): Promise<void> {
    await this.transactional()
    await this.#enter()
    await super.initTransactions()
  }

  protected override async makeTransactions(transactionalId: string): Promise<TransactionalProducer> {
    const { transactionTimeoutMs: timeoutMs } = this.#settings
    const { TransactionalProducer: Transactional } = await import('../transaction/transactional-producer.ts')
    return new Transactional(this.#os, this.#directory, { transactionalId, timeoutMs }, () => this.opened)
  }

  /** What compresses ends while the disk is waited for. */
  async #compressAll(): Promise<void> {
    try {
      for (const topic of this.opened) await topic.drain()
    } catch (error) {
      // What the other topics have is kept, too.
      await this.flush().catch(() => {})
      throw error
    } finally {
      this.#compression.end()
    }
  }

  protected override async makeTopic(
    topic: string,
    transaction: TransactionalProducer | undefined,
  ): Promise<LocalTopicProducer> {
    checkTopic(topic)
    const settings = this.#settings
    transaction?.refuseTopics()
    this.#partitioner ??= choosePartitioner(settings)
    const choice = await this.#partitioner
    await this.#enter()
    if (this.#directory.image().topic(topic) === undefined) {
      const { ensureTopic } = await import('../admin/ensure-topic.ts')
      await ensureTopic(this.#os, this.#directory, topic)
    }
    const partitions = this.#directory.image().topic(topic)?.partitions
    if (partitions === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    const partitionCount = partitions.length
    const refusals = partitions
      .map(({ partition }) => this.#directory.whyNotWritable(topic, partition))
      .filter((why) => why !== undefined)
    // Before anything changes, a producer id taken.
    if (refusals.length > 0 && refusals.length === partitionCount) throw new TerseError(refusals[0])
    if (settings.idempotent && transaction === undefined)
      this.#producerId ??= this.#directory.nextProducerId()
    const opened = new LocalTopicProducer({
      directory: this.#directory,
      clock: this.#os.clock,
      topic,
      partitionCount,
      settings,
      partitioner:
        refusals.length === 0
          ? await topicPartitioner(topic, choice, settings, (count) => this.#rotationStart(topic, count))
          : refusingPartitioner(refusals[0]),
      compression: this.#compression,
      producerId: this.#producerId === undefined ? -1 : await this.#producerId,
      ...(transaction === undefined ? {} : { transaction }),
      keepHouse: (log, sinceOffset) => this.#keepHouse(log, sinceOffset),
    })
    transaction?.joinedBy(opened)
    return opened
  }

  /** One at a time, in the background; a log that has one segment costs one look at its folder. */
  #keepHouse(log: UnifiedLog, sinceOffset: number): void {
    this.#housekeeping = this.#housekeeping.then(async () => {
      if (!log.config.delete || !this.#os.fs.readdir(log.dir).some((name) => rolledFrom(name, sinceOffset)))
        return
      const { keepHouse } = await import('../cleaning/producer-housekeeping.ts')
      keepHouse(this.#os, this.#directory, log)
    })
    this.#housekeeping = this.#housekeeping.catch(() => {})
  }

  /** Counted once, however many topics there are. */
  #enter(): Promise<void> {
    if (this.#entered === undefined) {
      this.#entered = this.#directory.enter()
      this.#entered.catch(() => {
        this.#entered = undefined
      })
    }
    return this.#entered
  }

  /** Where an earlier run left off, as far as the ends of the partitions tell: each record in turn moved one of them on. */
  #rotationStart(topic: string, partitionCount: number): number {
    if (partitionCount > ASK_ENDS_UP_TO) return Math.floor(Math.random() * partitionCount)
    let records = 0
    for (let partition = 0; partition < partitionCount; partition++) {
      if (this.#directory.elsewhere(topic, partition) !== undefined) continue
      records += this.#directory.logForReading(topic, partition).logEndOffset
    }
    return records % partitionCount
  }
}

/** One partition cannot be written to here: records spread over all would be written in part, so their sender chooses. */
function refusingPartitioner(why: string): SlicePartitioner {
  return {
    choose() {
      throw new TerseError(why)
    },
  }
}

/** A segment that began behind the first record that we wrote. */
function rolledFrom(fileName: string, sinceOffset: number): boolean {
  return fileName.endsWith('.log') && Number(fileName.slice(0, -4)) > sinceOffset
}

/** @throws KafkaError with the Java client's text */
function checkTopic(topic: string): void {
  if (!isTopicName(topic)) throw new KafkaError('INVALID_TOPIC_EXCEPTION', `Invalid topics: [${topic}]`)
  // Kafka refuses these to every client.
  if (isInternalTopic(topic) || topic === METADATA_TOPIC) throw new KafkaError('INVALID_TOPIC_EXCEPTION')
}
