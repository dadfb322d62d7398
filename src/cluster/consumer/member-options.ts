/** What the members of both group protocols are made from. */
import type { MemberCallbacks } from '../../client/consumer/consumer-group.ts'
import type { ConsumerSettings } from '../../client/consumer-config.ts'
import { isInternalTopic } from '../../names/topic-names.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { ConsumerMetadata } from './consumer-metadata.ts'
import type { Coordinator } from './coordinator.ts'

export interface MemberOptions {
  readonly coordinator: Coordinator
  readonly metadata: ConsumerMetadata
  readonly settings: ConsumerSettings
  readonly config: Readonly<Record<string, string>>
  readonly topics: readonly string[] | RegExp
  readonly callbacks: MemberCallbacks
}

/** Names subscribed to: for a pattern those that there are and that match. */
export function subscribedNames({ topics, metadata, settings }: MemberOptions): string[] {
  if (!(topics instanceof RegExp)) return [...new Set(topics)]
  return [...metadata.topics.values()]
    .filter(({ name, internal }) => !(settings.excludeInternalTopics && (internal || isInternalTopic(name))))
    .map(({ name }) => name)
    .filter((name) => topics.test(name))
    .sort()
}

export function without(list: readonly TopicPartition[], taken: readonly TopicPartition[]): TopicPartition[] {
  const keys = new Set(taken.map(({ topic, partition }) => topicPartitionKey(topic, partition)))
  return list.filter(({ topic, partition }) => !keys.has(topicPartitionKey(topic, partition)))
}

export function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const list = topics.get(topic) ?? []
    topics.set(topic, list)
    list.push(partition)
  }
  return [...topics].map(([topic, list]) => ({ topic, partitions: list }))
}

export function flat(
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}
