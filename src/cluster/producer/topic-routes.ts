/** Where the batches of a producer's topics go: their leaders, asked for again when they turn out to be wrong. */
import { KafkaError, type KafkaErrorName, TerseError } from '../../errors.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { TopicMetadata } from '../cluster-metadata.ts'
import type { Backoff } from '../connection/retry.ts'
import type { BatchSource, PartitionBatches } from './partition-batches.ts'
import type { TopicRef } from './produce-request.ts'

/** A topic whose batches are sent. */
export interface SendingTopic extends BatchSource {
  /** Its id is another one once it was deleted and made anew. */
  ref: TopicRef
  readonly partitions: readonly PartitionBatches[]
}

export interface RouteListener {
  /** There is a way to this partition's leader, which may be another one than before. */
  routed(partition: PartitionBatches): void
  /** Nothing can be sent to this topic. */
  refused(topic: SendingTopic, error: KafkaError): void
  /** The question was not answered. */
  failed(error: Error): void
}

/** What does not pass. */
const REFUSALS: readonly KafkaErrorName[] = [
  'TOPIC_AUTHORIZATION_FAILED',
  'INVALID_TOPIC_EXCEPTION',
  'CLUSTER_AUTHORIZATION_FAILED',
]

export class TopicRoutes {
  readonly #client: ClusterClient
  readonly #listener: RouteListener
  readonly #topics: SendingTopic[] = []
  readonly #backoff: Backoff
  readonly #closing = new AbortController()
  #asking = false
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(client: ClusterClient, listener: RouteListener) {
    this.#client = client
    this.#listener = listener
    this.#backoff = client.backoff()
  }

  add(topic: SendingTopic, metadata: TopicMetadata): void {
    this.#topics.push(topic)
    this.#askedAt = this.#client.clock.monotonic()
    for (const { partition, leader } of metadata.partitions) topic.partitions[partition].leader = leader
  }

  /** What is known works. */
  confirmed(): void {
    this.#backoff.reset()
  }

  /** Asks again, soon: more seldom the longer it does not help. */
  refresh(): void {
    if (this.#asking || this.#closing.signal.aborted) return
    this.#asking = true
    void this.#refresh().finally(() => {
      this.#asking = false
      const left = this.#topics.some(({ partitions }) => partitions.some(isLost))
      if (left) this.refresh()
    })
  }

  close(): void {
    this.#closing.abort()
  }

  async #refresh(): Promise<void> {
    const { clock } = this.#client
    const { signal } = this.#closing
    const pause = this.#askedAt + this.#backoff.next() - clock.monotonic()
    if (pause > 0) await clock.sleep(pause, signal)
    if (signal.aborted) return
    try {
      const asked = this.#topics.map(({ topic }) => topic)
      const { topics } = await this.#client.metadata(asked, true)
      this.#askedAt = clock.monotonic()
      for (const metadata of topics) {
        for (const topic of this.#topics) if (topic.topic === metadata.name) this.#learn(topic, metadata)
      }
    } catch (error) {
      this.#askedAt = clock.monotonic()
      if (!(error instanceof TerseError)) throw error
      this.#listener.failed(error)
    }
  }

  #learn(topic: SendingTopic, { error, topicId, partitions }: TopicMetadata): void {
    if (error !== undefined) {
      if (REFUSALS.includes(error)) this.#listener.refused(topic, new KafkaError(error))
      // Deleted, or not made yet: wherever its batches were to go, they cannot go there now.
      else for (const partition of topic.partitions) partition.leader = -1
      return
    }
    if (topic.ref.id !== topicId) topic.ref = { name: topic.topic, id: topicId }
    for (const { partition: number, leader } of partitions) {
      const partition = topic.partitions[number]
      if (partition === undefined) continue
      if (partition.leader !== leader) partition.notBefore = 0
      partition.leader = leader
      if (leader >= 0 && partition.hasMore) this.#listener.routed(partition)
    }
  }
}

/** It has batches, and nobody to send them to. */
function isLost(partition: PartitionBatches): boolean {
  return partition.leader < 0 && partition.hasMore
}
