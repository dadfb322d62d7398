/**
 * Whole batches to the leaders of partitions. A batch's first sequence is the offset it belongs at, under a producer id that is kept for
 * the partition: so a broker takes each batch once and only behind the one before it, also from another process, and also one that was
 * on its way when its sender was killed.
 */
import {
  type BatchBytes,
  type BatchSink,
  OutOfPlaceError,
  type PartitionSink,
  type PartitionStart,
} from '../../client/batch-sink.ts'
import { type ProducerSettings, producerSettings } from '../../config/producer-configs.ts'
import type { KafkaErrorName } from '../../errors.ts'
import { INIT_PRODUCER_ID_REQUEST, INIT_PRODUCER_ID_RESPONSE } from '../../message/generated/requests.ts'
import { setBaseOffsetAt } from '../../record/batch-header.ts'
import { forgetProducer } from '../../record/resettled-batch.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { TopicMetadata } from '../cluster-metadata.ts'
import type { RecordErrors } from './lost-batch.ts'
import { PartitionBatches, ProducerBatch } from './partition-batches.ts'
import type { TopicRef } from './produce-request.ts'
import { SendMemory } from './send-memory.ts'
import { type ProducingTopic, Sender } from './sender.ts'
import { halves } from './split-batch.ts'

/** Of batches that are not acknowledged. */
const MEMORY = 16 * 1024 * 1024
/** Sequences are int32 and begin again behind the largest. */
const SEQUENCES = 2 ** 31
/** A topic that was made a moment ago is known to one broker after the other. */
const JUST_MADE: ReadonlySet<KafkaErrorName> = new Set(['UNKNOWN_TOPIC_OR_PARTITION'])

export class ClusterBatchSink implements BatchSink {
  readonly keepsTimestampType = false
  readonly #client: ClusterClient
  readonly #settings: ProducerSettings
  readonly #sender: Sender
  readonly #topics = new Map<string, Promise<SinkTopic>>()
  #identity: Promise<number> | undefined

  /** @throws KafkaError INVALID_CONFIG with Kafka's text */
  constructor(client: ClusterClient, config: Readonly<Record<string, string>>, signal?: AbortSignal) {
    this.#client = client
    this.#settings = producerSettings({ ...config, acks: 'all', 'enable.idempotence': 'true' })
    this.#sender = new Sender(client, this.#settings, new SendMemory(MEMORY))
    signal?.addEventListener('abort', () => this.#sender.interrupt(), { once: true })
  }

  identity(): Promise<number> {
    this.#identity ??= this.#client.retry(async () => {
      const connection = await this.#client.anyBroker()
      const answer = await connection.ask(INIT_PRODUCER_ID_REQUEST, INIT_PRODUCER_ID_RESPONSE, {
        transactionalId: null,
        transactionTimeoutMs: 0x7fffffff,
      })
      return answer.producerId
    })
    return this.#identity
  }

  async open(start: PartitionStart): Promise<PartitionSink> {
    const { topic } = start
    let opening = this.#topics.get(topic)
    if (opening === undefined) {
      opening = this.#openTopic(topic)
      this.#topics.set(topic, opening)
    }
    return (await opening).open(start)
  }

  async flush(): Promise<void> {
    await this.#sender.flush()
    for (const topic of await Promise.all(this.#topics.values())) topic.check()
  }

  async close(): Promise<void> {
    this.#sender.close()
    await this.#client.close()
  }

  async #openTopic(name: string): Promise<SinkTopic> {
    const [metadata] = await this.#client.retry(() => this.#client.topics([name]), { passing: JUST_MADE })
    const topic = new SinkTopic(metadata, this.#sender, () => this.#client.clock.monotonic())
    this.#sender.add(topic, metadata)
    return topic
  }
}

/** What the sender knows of a topic that is copied into. Nothing is gathered: each batch is what it will be. */
class SinkTopic implements ProducingTopic {
  readonly topic: string
  readonly partitions: readonly PartitionBatches[]
  ref: TopicRef
  readonly #sender: Sender
  readonly #now: () => number
  readonly #sinks = new Map<PartitionBatches, ClusterPartitionSink>()

  constructor({ name, topicId, partitions }: TopicMetadata, sender: Sender, now: () => number) {
    this.topic = name
    this.ref = { name, id: topicId }
    this.#sender = sender
    this.#now = now
    // One that nothing is copied into has nothing to say who it is.
    this.partitions = partitions.map(({ partition }) => new PartitionBatches(this, partition, -1))
  }

  open({ partition, end, producerId }: PartitionStart): PartitionSink {
    const batches = this.partitions[partition]
    batches.goOn(producerId, end % SEQUENCES)
    const sink = new ClusterPartitionSink(batches, end, this.#sender, this.#now)
    this.#sinks.set(batches, sink)
    return sink
  }

  /** @throws what was lost */
  check(): void {
    for (const sink of this.#sinks.values()) sink.check()
  }

  endOpen(): void {}

  split(batch: ProducerBatch): readonly ProducerBatch[] {
    const parts = halves(batch)
    this.#sender.replaced(batch, parts)
    return parts
  }

  stored(batch: ProducerBatch, offset: number): void {
    this.#sinks.get(batch.partition)?.acknowledged(batch, offset)
  }

  lost(batch: ProducerBatch, errorOf: RecordErrors): void {
    this.#sinks.get(batch.partition)?.failed(errorOf(0))
  }
}

class ClusterPartitionSink implements PartitionSink {
  stored: number
  readonly #batches: PartitionBatches
  readonly #sender: Sender
  readonly #now: () => number
  /** Records that were taken over. */
  #taken = 0
  #failure: Error | undefined
  #waiting = new AbortController()

  constructor(batches: PartitionBatches, end: number, sender: Sender, now: () => number) {
    this.#batches = batches
    this.stored = end
    this.#sender = sender
    this.#now = now
  }

  async append(batches: readonly BatchBytes[]): Promise<void> {
    const { memory } = this.#sender
    for (const { buffer, start, end } of batches) {
      const size = end - start
      while (!memory.hasRoom(size) && this.#failure === undefined) {
        this.#sender.wake(this.#batches)
        this.#waiting = new AbortController()
        await memory.room(Math.max(size, memory.step), this.#waiting.signal)
      }
      this.check()
      const bytes = memory.copy(buffer, start, end)
      forgetProducer(bytes, 0)
      setBaseOffsetAt(bytes, 0, 0)
      const origin = {
        partition: this.#batches,
        order: this.#sender.nextOrder(),
        createdAt: this.#now(),
      }
      const batch = new ProducerBatch(origin, bytes, this.#taken, [])
      this.#taken += batch.count
      this.#batches.add(batch)
      this.#sender.expect(batch)
    }
    this.#sender.wake(this.#batches)
  }

  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** @param offset -1: the broker knows the batch, and no longer where it is */
  acknowledged({ count }: ProducerBatch, offset: number): void {
    if (offset >= 0 && offset !== this.stored) {
      const { source, partition } = this.#batches
      this.failed(
        new OutOfPlaceError(
          `${source.topic}-${partition}: somebody else writes to it: a batch went to offset ${offset}, and the copy ended at ${this.stored}`,
        ),
      )
    }
    if (this.#failure === undefined) this.stored += count
  }

  failed(error: Error): void {
    this.#failure ??= error
    this.#waiting.abort()
  }
}
