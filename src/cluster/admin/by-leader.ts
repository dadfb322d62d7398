/** Requests about partitions go to their leaders: one to each, all at once, and again where a leader has moved meanwhile. */
import { KafkaError } from '../../errors.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { TopicMetadata } from '../cluster-metadata.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import { mayPass } from '../connection/retry.ts'

export interface LeaderAnswer<T> {
  readonly topic: string
  readonly partition: number
  readonly answer: T | KafkaError
}

/** Asks one leader for these of its partitions; one that is left out of the answers failed. */
export type AskLeader<P extends TopicPartition, T> = (
  leader: BrokerConnection,
  partitions: readonly P[],
) => Promise<readonly LeaderAnswer<T>[]>

/** One answer a partition, in the order asked. What may pass is asked again, for these partitions alone. */
export async function askLeaders<P extends TopicPartition, T>(
  client: ClusterClient,
  partitions: readonly P[],
  ask: AskLeader<P, T>,
): Promise<(T | KafkaError)[]> {
  const answers = new Map<string, T | KafkaError>()
  let open = [...new Map(partitions.map((one) => [keyOf(one), one])).values()]
  const attempt = async () => {
    const { topics } = await client.metadata([...new Set(open.map(({ topic }) => topic))])
    const byLeader = groupByLeader(open, topics, (one, error) => answers.set(keyOf(one), error))
    await Promise.all(
      [...byLeader].map(async ([leader, asked]) => {
        const given = await ask(await client.broker(leader), asked)
        for (const one of asked) answers.set(keyOf(one), new KafkaError('UNKNOWN_SERVER_ERROR'))
        for (const one of given) answers.set(keyOf(one), one.answer)
      }),
    )
    const passing = (one: P) => {
      const answer = answers.get(keyOf(one))
      return answer instanceof KafkaError && mayPass(answer)
    }
    open = open.filter(passing)
    if (open.length > 0) throw answers.get(keyOf(open[0]))
  }
  if (open.length === 0) return []
  try {
    await client.retry(attempt)
  } catch (error) {
    // Time is over: each partition has the error that it ended with.
    if (!(error instanceof KafkaError) || !partitions.every((one) => answers.has(keyOf(one)))) throw error
  }
  return partitions.map((one) => answers.get(keyOf(one)) as T | KafkaError)
}

function groupByLeader<P extends TopicPartition>(
  partitions: readonly P[],
  topics: readonly TopicMetadata[],
  failed: (partition: P, error: KafkaError) => void,
): Map<number, P[]> {
  const byName = new Map(topics.map((topic) => [topic.name, topic]))
  const byLeader = new Map<number, P[]>()
  for (const one of partitions) {
    const topic = byName.get(one.topic)
    const leader = topic?.partitions[one.partition]?.leader
    if (topic?.error !== undefined) failed(one, new KafkaError(topic.error))
    else if (leader === undefined) failed(one, new KafkaError('UNKNOWN_TOPIC_OR_PARTITION'))
    else if (leader < 0) failed(one, new KafkaError('LEADER_NOT_AVAILABLE'))
    else {
      const under = byLeader.get(leader)
      if (under === undefined) byLeader.set(leader, [one])
      else under.push(one)
    }
  }
  return byLeader
}

/** `{ topic, partition }`s as requests have them: partitions under their topic. */
export function underTopics<P extends TopicPartition, R>(
  partitions: readonly P[],
  request: (partition: P) => R,
): { name: string; partitions: R[] }[] {
  const topics = new Map<string, R[]>()
  for (const one of partitions) {
    const under = topics.get(one.topic)
    if (under === undefined) topics.set(one.topic, [request(one)])
    else under.push(request(one))
  }
  return [...topics].map(([name, under]) => ({ name, partitions: under }))
}

function keyOf({ topic, partition }: TopicPartition): string {
  return topicPartitionKey(topic, partition)
}
