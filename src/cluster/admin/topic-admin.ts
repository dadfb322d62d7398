/** Topics of a cluster. */
import type {
  NewTopic,
  PartitionDescription,
  TopicAdmin,
  TopicDescription,
} from '../../client/admin/topic-admin.ts'
import { KafkaError, type KafkaErrorName } from '../../errors.ts'
import {
  CREATE_PARTITIONS_REQUEST,
  CREATE_PARTITIONS_RESPONSE,
  CREATE_TOPICS_REQUEST,
  CREATE_TOPICS_RESPONSE,
  DELETE_TOPICS_REQUEST,
  DELETE_TOPICS_RESPONSE,
  DESCRIBE_TOPIC_PARTITIONS_REQUEST,
  DESCRIBE_TOPIC_PARTITIONS_RESPONSE,
} from '../../message/generated/requests.ts'
import type { MessageOf } from '../../message/schema.ts'
import { ZERO_UUID } from '../../message/uuid.ts'
import { compareText } from '../../names/compare-text.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { PartitionMetadata, TopicMetadata } from '../cluster-metadata.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import { throwErrorOf } from '../connection/protocol-error.ts'

type DescribedTopics = MessageOf<typeof DESCRIBE_TOPIC_PARTITIONS_RESPONSE>['topics']
type Cursor = { readonly topicName: string; readonly partitionIndex: number }

/** A topic that was just made is known to one broker after the other. */
const JUST_MADE: ReadonlySet<KafkaErrorName> = new Set(['UNKNOWN_TOPIC_OR_PARTITION'])

export class ClusterTopics implements TopicAdmin {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  async createTopic(topic: NewTopic): Promise<TopicDescription> {
    const { name, partitions, replicationFactor, replicaAssignment, configs } = topic
    checkRepresentable(name)
    const byHand = replicaAssignment !== undefined && replicaAssignment.size > 0
    const asked = {
      name,
      numPartitions: byHand ? -1 : (partitions ?? -1),
      replicationFactor: byHand ? -1 : (replicationFactor ?? -1),
      assignments: [...(replicaAssignment ?? [])].map(([partitionIndex, brokerIds]) => ({
        partitionIndex,
        brokerIds,
      })),
      configs: Object.entries(configs ?? {}).map(([key, value]) => ({ name: key, value })),
    }
    const timeoutMs = this.#client.settings.requestTimeoutMs
    await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      const body = { topics: [asked], timeoutMs, validateOnly: false }
      await controller.ask(CREATE_TOPICS_REQUEST, CREATE_TOPICS_RESPONSE, body)
    })
    const [made] = await this.#client.retry(() => this.#describe([name]), { passing: JUST_MADE })
    return made
  }

  async listTopics(): Promise<{ name: string; topicId: string; internal: boolean }[]> {
    const { topics } = await this.#client.retry(() => this.#client.metadata('all'))
    return topics
      .map(({ name, topicId, internal }) => ({ name, topicId, internal }))
      .sort((a, b) => compareText(a.name, b.name))
  }

  async topicNames(only?: string): Promise<string[]> {
    const { topics } = await this.#client.retry(() =>
      this.#client.metadata(only === undefined ? 'all' : [only]),
    )
    return topics
      .filter(
        ({ error }) =>
          only === undefined ||
          (error !== 'UNKNOWN_TOPIC_OR_PARTITION' && error !== 'INVALID_TOPIC_EXCEPTION'),
      )
      .map(({ name }) => name)
      .sort()
  }

  describeTopics(names: readonly string[]): Promise<TopicDescription[]> {
    if (names.length === 0) return Promise.resolve([])
    return this.#client.retry(async () => {
      names.forEach(checkRepresentable)
      return this.#describe(names)
    })
  }

  describeTopicIds(ids: readonly string[]): Promise<TopicDescription[]> {
    return this.#client.retry(async () => {
      const { topics } = await this.#client.metadata({ ids })
      const byId = new Map(topics.map((topic) => [topic.topicId, topic]))
      return ids.map((id) => {
        const topic = byId.get(id)
        if (topic?.error !== undefined || topic === undefined)
          throw new KafkaError(topic?.error ?? 'UNKNOWN_TOPIC_ID')
        return descriptionOf(topic)
      })
    })
  }

  async createPartitions(
    topic: string,
    totalCount: number,
    assignments?: readonly (readonly number[])[],
  ): Promise<void> {
    const body = {
      topics: [
        {
          name: topic,
          count: totalCount,
          assignments: assignments?.map((brokerIds) => ({ brokerIds })) ?? null,
        },
      ],
      timeoutMs: this.#client.settings.requestTimeoutMs,
      validateOnly: false,
    }
    await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      await controller.ask(CREATE_PARTITIONS_REQUEST, CREATE_PARTITIONS_RESPONSE, body)
    })
  }

  async deleteTopic(name: string): Promise<void> {
    checkRepresentable(name)
    const timeoutMs = this.#client.settings.requestTimeoutMs
    await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      const body =
        controller.versionOf(DELETE_TOPICS_REQUEST) >= 6
          ? { topics: [{ name, topicId: ZERO_UUID }], timeoutMs }
          : { topicNames: [name], timeoutMs }
      await controller.ask(DELETE_TOPICS_REQUEST, DELETE_TOPICS_RESPONSE, body)
    })
  }

  async #describe(names: readonly string[]): Promise<TopicDescription[]> {
    const connection = await this.#client.anyBroker()
    const found =
      connection.versionOf(DESCRIBE_TOPIC_PARTITIONS_REQUEST) >= 0
        ? await this.#describePages(connection, names)
        : (await this.#client.topics(names)).map(descriptionOf)
    const byName = new Map(found.map((topic) => [topic.name, topic]))
    return names.map((name) => {
      const topic = byName.get(name)
      if (topic === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
      return topic
    })
  }

  /** With eligible leader replicas, which only this request tells; a page ends at a partition. */
  async #describePages(connection: BrokerConnection, names: readonly string[]): Promise<TopicDescription[]> {
    const found = new Map<string, TopicDescription>()
    let cursor: Cursor | null = null
    do {
      const from: Cursor | null = cursor
      const page: MessageOf<typeof DESCRIBE_TOPIC_PARTITIONS_RESPONSE> = await connection.askEach(
        DESCRIBE_TOPIC_PARTITIONS_REQUEST,
        DESCRIBE_TOPIC_PARTITIONS_RESPONSE,
        {
          topics: [...names]
            .sort()
            .filter((name) => from === null || name >= from.topicName)
            .map((name) => ({ name })),
          responsePartitionLimit: 2000,
          cursor: from,
        },
      )
      for (const topic of page.topics) {
        throwErrorOf(topic)
        const description = describedTopic(topic)
        const before = found.get(description.name)
        found.set(description.name, {
          ...description,
          partitions: [...(before?.partitions ?? []), ...description.partitions],
        })
      }
      cursor = page.nextCursor
    } while (cursor !== null)
    return [...found.values()]
  }
}

/** As Kafka's client, which asks no broker for a topic without a name. */
function checkRepresentable(name: string): void {
  if (name === '') {
    throw new KafkaError(
      'INVALID_TOPIC_EXCEPTION',
      "The given topic name '' cannot be represented in a request.",
    )
  }
}

function describedTopic(topic: DescribedTopics[number]): TopicDescription {
  return {
    name: topic.name ?? '',
    topicId: topic.topicId,
    internal: topic.isInternal,
    partitions: topic.partitions
      .map((one) => ({
        partition: one.partitionIndex,
        leader: one.leaderId < 0 ? undefined : one.leaderId,
        replicas: one.replicaNodes,
        isr: one.isrNodes,
        eligibleLeaderReplicas: one.eligibleLeaderReplicas ?? [],
        lastKnownElr: one.lastKnownElr ?? [],
      }))
      .sort((a, b) => a.partition - b.partition),
  }
}

function descriptionOf({ name, topicId, internal, partitions, error }: TopicMetadata): TopicDescription {
  if (error !== undefined) throw new KafkaError(error)
  return { name, topicId, internal, partitions: partitions.map(partitionOf) }
}

function partitionOf({ partition, leader, replicas, isr }: PartitionMetadata): PartitionDescription {
  return {
    partition,
    leader: leader < 0 ? undefined : leader,
    replicas,
    isr,
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
  }
}
