/** Offsets by time and the ends of logs, asked of each leader at once. */
import { KafkaError, type KafkaErrorName } from '../../errors.ts'
import { LIST_OFFSETS_REQUEST, LIST_OFFSETS_RESPONSE } from '../../message/generated/requests.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { kafkaErrorOf } from '../connection/protocol-error.ts'
import type { FetchedPartition } from './fetched-partition.ts'

export const EARLIEST = -2
export const LATEST = -1

export interface OffsetQuery {
  readonly partition: FetchedPartition
  /** Milliseconds, EARLIEST or LATEST. */
  readonly timestamp: number
}

/** `offset` -1: no record that young. */
export type OffsetAnswer =
  | { readonly offset: number; readonly leaderEpoch: number }
  | { readonly error: unknown }

/** Each in its place. An error of a whole request is that of its queries. */
export async function listOffsets(
  client: ClusterClient,
  queries: readonly OffsetQuery[],
  isReadCommitted: boolean,
): Promise<OffsetAnswer[]> {
  const answers = new Array<OffsetAnswer>(queries.length)
  const rounds = roundsOf(queries)
  await Promise.all(
    rounds.map(async ({ leader, indexes }) => {
      let found: ReadonlyMap<string, OffsetAnswer> | undefined
      let failure: unknown
      try {
        found = await ask(
          client,
          leader,
          indexes.map((i) => queries[i]),
          isReadCommitted,
        )
      } catch (error) {
        failure = error
      }
      for (const i of indexes) {
        const { topic, partition } = queries[i].partition
        answers[i] = found?.get(`${topic} ${partition}`) ?? { error: failure ?? missing() }
      }
    }),
  )
  return answers
}

const missing = () =>
  new KafkaError('UNKNOWN_SERVER_ERROR', 'The broker left a partition out of its answer to ListOffsets.')

/** A request may ask for each partition once. */
function roundsOf(queries: readonly OffsetQuery[]): { leader: number; indexes: number[] }[] {
  const rounds: { leader: number; indexes: number[]; partitions: Set<FetchedPartition> }[] = []
  queries.forEach(({ partition }, i) => {
    let round = rounds.find((one) => one.leader === partition.leader && !one.partitions.has(partition))
    if (round === undefined) {
      round = { leader: partition.leader, indexes: [], partitions: new Set() }
      rounds.push(round)
    }
    round.indexes.push(i)
    round.partitions.add(partition)
  })
  return rounds
}

async function ask(
  client: ClusterClient,
  leader: number,
  queries: readonly OffsetQuery[],
  isReadCommitted: boolean,
): Promise<Map<string, OffsetAnswer>> {
  const connection = await client.broker(leader)
  const topics = new Map<
    string,
    { partitionIndex: number; currentLeaderEpoch: number; timestamp: number }[]
  >()
  for (const { partition, timestamp } of queries) {
    const list = topics.get(partition.topic) ?? []
    topics.set(partition.topic, list)
    list.push({ partitionIndex: partition.partition, currentLeaderEpoch: partition.leaderEpoch, timestamp })
  }
  const body = {
    replicaId: -1,
    isolationLevel: isReadCommitted ? 1 : 0,
    topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
    timeoutMs: client.settings.requestTimeoutMs,
  }
  const answer = await connection.askEach(LIST_OFFSETS_REQUEST, LIST_OFFSETS_RESPONSE, body)
  const found = new Map<string, OffsetAnswer>()
  for (const { name, partitions } of answer.topics) {
    for (const { partitionIndex, errorCode, offset, leaderEpoch } of partitions) {
      const one = errorCode === 0 ? { offset, leaderEpoch } : { error: kafkaErrorOf(errorCode) }
      found.set(`${name} ${partitionIndex}`, one)
    }
  }
  return found
}

const LEADER_MOVED: ReadonlySet<KafkaErrorName> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'BROKER_NOT_AVAILABLE',
])

/** Beside what passes for every request: the topic is new or gone, which the metadata will tell. */
export function leaderMoved(error: unknown): boolean {
  return error instanceof KafkaError && LEADER_MOVED.has(error.code)
}
