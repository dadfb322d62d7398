/** What a consumer knows of its topics, and when it asks the brokers again. */
import { KafkaError } from '../../errors.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { TopicMetadata } from '../cluster-metadata.ts'
import type { Backoff } from '../connection/retry.ts'

export class ConsumerMetadata {
  /** Those that are there, by name. */
  topics: ReadonlyMap<string, TopicMetadata> = new Map()
  readonly #client: ClusterClient
  readonly #onNews: () => void
  readonly #onFailure: (error: Error) => void
  readonly #backoff: Backoff
  /** Topics that were there, and in how many answers in a row they were not. */
  readonly #missing = new Map<string, number>()
  #asked: readonly string[] | 'all' = []
  #create = false
  #isAsking: Promise<void> | undefined
  /** By the monotonic clock. */
  #nextAt = Number.POSITIVE_INFINITY
  #askedAt = 0
  #changed = false
  #closed = false

  constructor(client: ClusterClient, onNews: () => void, onFailure: (error: Error) => void) {
    this.#client = client
    this.#onNews = onNews
    this.#onFailure = onFailure
    this.#backoff = client.backoff()
  }

  /**
   * Asks for these topics, now and from time to time. `create`: a broker makes those that are not there, if it does.
   * @throws the last error, when default.api.timeout.ms is over
   */
  async load(asked: readonly string[] | 'all', create: boolean): Promise<void> {
    this.#asked = asked
    this.#create = create
    await this.#client.retry(() => this.#ask())
  }

  /** One more answer. */
  async reload(): Promise<void> {
    await this.#client.retry(() => this.#ask())
  }

  /** Leaders moved, or something is missing: the next answer is due after a pause. */
  refreshSoon(): void {
    const now = this.#client.clock.monotonic()
    if (this.#nextAt <= now + this.#client.settings.backoffMaxMs * 2) return
    this.#nextAt = Math.max(now, this.#askedAt + this.#backoff.next())
  }

  /** Asks when it is due; `onNews` tells when the answer is there. */
  tick(): void {
    if (this.#isAsking !== undefined || this.#closed || this.dueInMs > 0) return
    this.#isAsking = this.#ask()
      .then(() => this.#onNews())
      .catch((error) => this.#failed(error))
      .finally(() => {
        this.#isAsking = undefined
      })
  }

  get dueInMs(): number {
    if (this.#isAsking !== undefined) return Number.POSITIVE_INFINITY
    return Math.max(0, this.#nextAt - this.#client.clock.monotonic())
  }

  /** Whether it was there, and is not for so long that no broker can be behind with its news. */
  isGone(topic: string): boolean {
    return (this.#missing.get(topic) ?? 0) >= GONE_AFTER
  }

  /** Whether topics or partitions came or went since this was asked last. */
  takeChanged(): boolean {
    const changed = this.#changed
    this.#changed = false
    return changed
  }

  close(): void {
    this.#closed = true
  }

  #failed(error: unknown): void {
    if (this.#closed) return
    if (error instanceof KafkaError && FOR_GOOD.has(error.code)) this.#onFailure(error)
    else if ((error as { forGood?: boolean }).forGood === true) this.#onFailure(error as Error)
    this.refreshSoon()
    this.#onNews()
  }

  async #ask(): Promise<void> {
    this.#askedAt = this.#client.clock.monotonic()
    this.#nextAt = this.#askedAt + this.#client.settings.metadataMaxAgeMs
    const answer = await this.#client.metadata(this.#asked, this.#create)
    const topics = new Map<string, TopicMetadata>()
    let isWhole = true
    for (const topic of answer.topics) {
      if (topic.error === undefined) topics.set(topic.name, topic)
      else if (topic.error === 'INVALID_TOPIC_EXCEPTION')
        throw new KafkaError(topic.error, `Invalid topics: [${topic.name}]`)
      else if (topic.error === 'TOPIC_AUTHORIZATION_FAILED')
        throw new KafkaError(topic.error, `Not authorized to access topics: [${topic.name}]`)
      else isWhole = false
      if (topic.partitions.some(({ leader }) => leader < 0)) isWhole = false
    }
    if (shapeOf(this.topics) !== shapeOf(topics)) this.#changed = true
    this.topics = topics
    for (const [name, answers] of this.#missing) this.#missing.set(name, answers + 1)
    for (const name of topics.keys()) this.#missing.set(name, 0)
    if (isWhole) this.#backoff.reset()
    else this.refreshSoon()
  }
}

/** Answers without a topic: brokers hear one after the other of what is new, so one or two say nothing. */
const GONE_AFTER = 3
const FOR_GOOD: ReadonlySet<string> = new Set(['INVALID_TOPIC_EXCEPTION', 'TOPIC_AUTHORIZATION_FAILED'])

function shapeOf(topics: ReadonlyMap<string, TopicMetadata>): string {
  return [...topics.values()]
    .map(({ name, topicId, partitions }) => `${name} ${topicId} ${partitions.length}`)
    .join()
}
