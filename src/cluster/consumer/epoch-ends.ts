/** Where leader epochs end in a leader's log (KIP-320): asked of brokers whose fetches cannot tell that a log was truncated (before 2.7). */
import {
  OFFSET_FOR_LEADER_EPOCH_REQUEST,
  OFFSET_FOR_LEADER_EPOCH_RESPONSE,
} from '../../message/generated/requests.ts'
import type { MessageOf } from '../../message/schema.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import type { FetchedPartition } from './fetched-partition.ts'

/** Older ones want more rights than a consumer has. */
const FOR_CONSUMERS_SINCE = 3

export type EpochEnd = MessageOf<
  typeof OFFSET_FOR_LEADER_EPOCH_RESPONSE
>['topics'][number]['partitions'][number]

/** Of the epochs of what was read last. Those that the broker says nothing of are not in it. */
export async function askEpochEnds(
  connection: BrokerConnection,
  partitions: readonly FetchedPartition[],
): Promise<Map<FetchedPartition, EpochEnd>> {
  const found = new Map<FetchedPartition, EpochEnd>()
  if (connection.versionOf(OFFSET_FOR_LEADER_EPOCH_REQUEST) < FOR_CONSUMERS_SINCE) return found
  const names = [...new Set(partitions.map(({ topic }) => topic))]
  const topics = names.map((topic) => ({
    topic,
    partitions: partitions
      .filter((one) => one.topic === topic)
      .map(({ partition, leaderEpoch, fetchEpoch }) => ({
        partition,
        currentLeaderEpoch: leaderEpoch,
        leaderEpoch: fetchEpoch,
      })),
  }))
  const answer = await connection.askEach(OFFSET_FOR_LEADER_EPOCH_REQUEST, OFFSET_FOR_LEADER_EPOCH_RESPONSE, {
    replicaId: -1,
    topics,
  })
  for (const { topic, partitions: ends } of answer.topics) {
    for (const end of ends) {
      const partition = partitions.find((one) => one.topic === topic && one.partition === end.partition)
      if (partition !== undefined) found.set(partition, end)
    }
  }
  return found
}
