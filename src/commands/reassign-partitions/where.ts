/** Where partitions are: their replicas, and the log directory of each. */
import type { Admin } from '../../client/admin/admin.ts'
import type { PartitionDescription } from '../../client/admin/topic-admin.ts'
import { KafkaError } from '../../errors.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'

/** @throws KafkaError `Topic x not found.` */
export async function partitionsOf(
  admin: Admin,
  topics: readonly string[],
): Promise<Map<string, readonly PartitionDescription[]>> {
  const known = new Set((await admin.listTopics()).map(({ name }) => name))
  const missing = topics.find((topic) => !known.has(topic))
  if (missing !== undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `Topic ${missing} not found.`)
  return new Map((await admin.describeTopics(topics)).map(({ name, partitions }) => [name, partitions]))
}

export interface Replica extends TopicPartition {
  readonly broker: number
}

export interface LogDirs {
  readonly current: (replica: Replica) => string | undefined
  /** Where it is being moved to. */
  readonly future: (replica: Replica) => string | undefined
}

/** Of these brokers; of one that is not there nothing is known. */
export async function logDirsOf(admin: Admin, brokers: readonly number[]): Promise<LogDirs> {
  const live = new Set((await admin.describeCluster()).brokers.map(({ id }) => id))
  const current = new Map<string, string>()
  const future = new Map<string, string>()
  for (const { broker, logDir, replicas } of await admin.describeLogDirs(
    brokers.filter((id) => live.has(id)),
  )) {
    for (const { topic, partition, isFuture } of replicas)
      (isFuture ? future : current).set(keyOf({ topic, partition, broker }), logDir)
  }
  return {
    current: (replica) => current.get(keyOf(replica)),
    future: (replica) => future.get(keyOf(replica)),
  }
}

function keyOf({ topic, partition, broker }: Replica): string {
  return `${topic}-${partition}-${broker}`
}
