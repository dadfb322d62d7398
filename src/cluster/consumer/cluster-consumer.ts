/** Consumer on a cluster. */
import type {
  ConsumerBackend,
  ConsumerHooks,
  GroupListener,
  GroupSide,
} from '../../client/consumer/consumer-backend.ts'
import { PollingConsumer } from '../../client/consumer/polling-consumer.ts'
import { WakeUp } from '../../client/consumer/wake-up.ts'
import type { ConsumerOptions } from '../../client/consumer.ts'
import type { ConsumerSettings } from '../../client/consumer-config.ts'
import type { OffsetAndMetadata } from '../../client/types.ts'
import { KafkaError } from '../../errors.ts'
import { isTopicName } from '../../names/topic-names.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { ClusterAssignment } from './cluster-assignment.ts'
import { ConsumerMetadata } from './consumer-metadata.ts'

export class ClusterConsumer extends PollingConsumer {
  /** Closes `client` in the end. @throws TerseError in Kafka's words for settings that are wrong */
  constructor(client: ClusterClient, options: ConsumerOptions, warn: (line: string) => void) {
    super(options, (settings, hooks) => new ClusterBackend({ client, options, settings, warn }, hooks))
  }
}

interface Parts {
  readonly client: ClusterClient
  readonly options: ConsumerOptions
  readonly settings: ConsumerSettings
  readonly warn: (line: string) => void
}

/** How often one looks around while nothing happens. */
const LOOK_MS = 1000

class ClusterWaiter extends WakeUp {
  metadata: ConsumerMetadata | undefined

  get pollMs(): number {
    return Math.max(1, Math.min(LOOK_MS, this.metadata?.dueInMs ?? LOOK_MS))
  }

  close(): void {}
}

class ClusterBackend implements ConsumerBackend {
  readonly clock
  readonly waiter = new ClusterWaiter()
  readonly assignment: ClusterAssignment
  readonly mayJoin = true
  readonly #parts: Parts
  readonly #metadata: ConsumerMetadata

  constructor(parts: Parts, hooks: ConsumerHooks) {
    this.#parts = parts
    const { client, options, settings, warn } = parts
    this.clock = client.clock
    this.#metadata = new ConsumerMetadata(
      client,
      () => this.assignment.metadataCame(),
      (error) => this.assignment.failed(error),
    )
    this.waiter.metadata = this.#metadata
    const isolation = options.isolationLevel ?? settings.isolationLevel
    const { config = {} } = options
    const whole = (name: string, fallback: number) => Number(config[name]?.trim() ?? fallback)
    this.assignment = new ClusterAssignment(
      client,
      this.#metadata,
      {
        isolation,
        untilEnd: options.untilEnd ?? false,
        skipCorrupt: options.skipCorrupt ?? false,
        inGroup: options.groupId !== undefined,
        reset: settings.autoOffsetReset,
        checkCrcs: config['check.crcs']?.trim().toLowerCase() !== 'false',
        excludeInternalTopics: settings.excludeInternalTopics,
        fetch: {
          isReadCommitted: isolation === 'read_committed',
          maxWaitMs: whole('fetch.max.wait.ms', 500),
          minBytes: whole('fetch.min.bytes', 1),
          maxBytes: settings.fetchMaxBytes,
          maxPartitionBytes: settings.maxPartitionFetchBytes,
          rack: config['client.rack']?.trim() ?? '',
        },
        warn,
        wake: () => this.waiter.wake(),
      },
      hooks,
    )
  }

  async openGroup(groupId: string, listener: GroupListener): Promise<GroupSide> {
    const { client, options, settings, warn } = this.#parts
    const { clusterConsumerGroup } = await import('./cluster-group.ts')
    const config = options.config ?? {}
    return clusterConsumerGroup(
      { client, metadata: this.#metadata, groupId, settings, config, warn },
      listener,
    )
  }

  async openLoneCommits(groupId: string) {
    const { clusterLoneCommits } = await import('./cluster-group.ts')
    return clusterLoneCommits(this.#parts.client, this.#metadata, groupId)
  }

  async beforeJoining(): Promise<void> {}

  async committed(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<Map<TopicPartition, OffsetAndMetadata | undefined>> {
    const { committedOf } = await import('./cluster-group.ts')
    return committedOf(this.#parts.client, this.#metadata, groupId, partitions)
  }

  /** Learns of the topics. A broker makes those that are not there, as Kafka's consumers have it do unless told otherwise. */
  async meetAbsent(asked: readonly TopicPartition[] | RegExp): Promise<void> {
    const { untilEnd = false, config = {} } = this.#parts.options
    const metadata = this.#metadata
    if (asked instanceof RegExp) await metadata.load('all', false)
    else {
      const names = [...new Set(asked.map(({ topic }) => topic))]
      for (const name of names) checkTopicName(name)
      const create = !untilEnd && config['allow.auto.create.topics']?.trim().toLowerCase() !== 'false'
      await metadata.load(names, create)
      // A topic that was made a moment ago is known to one broker after the other.
      if (names.some((name) => !metadata.topics.has(name))) await metadata.reload()
    }
    if (!untilEnd) return
    const isAbsent = ({ topic, partition }: TopicPartition) =>
      metadata.topics.get(topic)?.partitions[partition] === undefined
    if (!(asked instanceof RegExp) && !asked.some(isAbsent)) return
    const { refuseAbsent } = await import('./absent-topics.ts')
    const names =
      asked instanceof RegExp
        ? [...metadata.topics.keys()]
        : (await this.#parts.client.metadata('all')).topics.map(({ name }) => name)
    refuseAbsent(asked, metadata.topics, names)
  }

  explained(error: unknown): unknown {
    return error
  }

  endWaits(): void {}

  async close(): Promise<void> {
    this.#metadata.close()
    await this.#parts.client.close()
  }
}

function checkTopicName(topic: string): void {
  if (isTopicName(topic)) return
  throw new KafkaError('INVALID_TOPIC_EXCEPTION', `Invalid topics: [${topic}]`)
}
