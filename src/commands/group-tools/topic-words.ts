/** Partitions as the group tools' command lines name them: `topic`, or `topic:0,1`. */
import type { Admin } from '../../client/admin/admin.ts'
import { KafkaError, UsageError } from '../../errors.ts'
import { isTopicName } from '../../names/topic-names.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'

/** `t` is all partitions of t, `t:0,1` those two. Throws UsageError, and what describeTopics throws. */
export async function topicPartitions(admin: Admin, words: readonly string[]): Promise<TopicPartition[]> {
  const given = words.filter((word) => word.includes(':')).flatMap(parseTopicPartitions)
  const names = words.filter((word) => !word.includes(':'))
  const wrong = names.find((name) => !isTopicName(name))
  if (wrong !== undefined) throw unknownTopic(wrong)
  const described = names.length === 0 ? [] : await admin.describeTopics(names)
  const all = [
    ...given,
    ...described.flatMap(({ name, partitions }) =>
      partitions.map(({ partition }) => ({ topic: name, partition })),
    ),
  ]
  return [...new Map(all.map((one) => [topicPartitionKey(one.topic, one.partition), one])).values()]
}

/** What a broker says of a topic that is not there, by what its name is like. */
export function unknownTopic(name: string): KafkaError {
  if (name === '') {
    return new KafkaError(
      'INVALID_TOPIC_EXCEPTION',
      "The given topic name '' cannot be represented in a request.",
    )
  }
  return new KafkaError(isTopicName(name) ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'INVALID_TOPIC_EXCEPTION')
}

export function uniquePartitions(partitions: readonly TopicPartition[]): TopicPartition[] {
  return [...new Map(partitions.map((one) => [topicPartitionKey(one.topic, one.partition), one])).values()]
}

export function parseTopicPartitions(word: string): TopicPartition[] {
  const parts = word.split(':')
  while (parts.at(-1) === '') parts.pop()
  const [topic, numbers] = parts
  if (parts.length !== 2 || topic === undefined || numbers === undefined) {
    throw new UsageError(`Invalid topic arg '${word}', expected topic name and partitions`)
  }
  return numbers.split(',').map((number) => {
    if (!/^[-+]?\d{1,10}$/.test(number))
      throw new UsageError(`Invalid partition '${number}' specified in topic arg '${word}''`)
    return { topic, partition: Number(number) }
  })
}

export interface NamedPartitions {
  readonly named: TopicPartition[]
  /** Topics that cannot be described, with -1 for their partition. */
  readonly answers: { partition: TopicPartition; error?: Error }[]
}

/** The partitions that words `topic` and `topic:0,1` name. */
export async function namedPartitions(admin: Admin, words: readonly string[]): Promise<NamedPartitions> {
  const named: TopicPartition[] = []
  const answers: NamedPartitions['answers'] = []
  for (const word of words) {
    if (word.includes(':')) {
      named.push(...parseTopicPartitions(word))
      continue
    }
    try {
      if (word === '') throw unknownTopic(word)
      for (const { name, partitions } of await admin.describeTopics([word])) {
        named.push(...partitions.map(({ partition }) => ({ topic: name, partition })))
      }
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      answers.push({ partition: { topic: word, partition: -1 }, error })
    }
  }
  return { named, answers }
}
