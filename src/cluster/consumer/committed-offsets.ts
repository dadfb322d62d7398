/** Offsets of a group at its coordinator: what was committed, and committing. */
import { CommitFailedError } from '../../client/consumer/consumer-errors.ts'
import type { CommittedOffset, OffsetCommit } from '../../client/types.ts'
import type { KafkaErrorName } from '../../errors.ts'
import {
  OFFSET_COMMIT_REQUEST,
  OFFSET_COMMIT_RESPONSE,
  OFFSET_FETCH_REQUEST,
  OFFSET_FETCH_RESPONSE,
} from '../../message/generated/requests.ts'
import { ZERO_UUID } from '../../message/uuid.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import { kafkaErrorOf, throwErrorOf } from '../connection/protocol-error.ts'
import { type Coordinator, groupError } from './coordinator.ts'

/** As whom one commits. */
export interface CommittingMember {
  readonly memberId: string
  /** Generation of a classic group, epoch of a member of the consumer protocol. */
  readonly generation: number
  readonly groupInstanceId: string | undefined
}

export type TopicIds = (topic: string) => string | undefined

const GROUPS_SINCE = 8
const IDS_SINCE = 10

export function topicsOf<T extends TopicPartition, P>(list: readonly T[], part: (one: T) => P) {
  const topics = new Map<string, P[]>()
  for (const one of list) {
    const parts = topics.get(one.topic) ?? []
    topics.set(one.topic, parts)
    parts.push(part(one))
  }
  return topics
}

/** What was committed of these, by `topicPartitionKey`. */
export async function fetchCommitted(
  coordinator: Coordinator,
  partitions: readonly TopicPartition[],
  idOf: TopicIds,
  deadline?: number,
): Promise<Map<string, CommittedOffset>> {
  const found = new Map<string, CommittedOffset>()
  if (partitions.length === 0) return found
  const byTopic = topicsOf(partitions, ({ partition }) => partition)
  const names = new Map([...byTopic.keys()].map((name) => [idOf(name) ?? ZERO_UUID, name]))
  await coordinator
    .ask(async (connection) => {
      const newest = connection.versionOf(OFFSET_FETCH_REQUEST)
      const version = names.has(ZERO_UUID) ? Math.min(newest, IDS_SINCE - 1) : newest
      const topics = [...byTopic].map(([name, partitionIndexes]) => ({
        name,
        topicId: idOf(name) ?? ZERO_UUID,
        partitionIndexes,
      }))
      const { groupId } = coordinator
      const group = { groupId, topics: topics.map((topic) => withIdOrName(topic, version)) }
      const body =
        version >= GROUPS_SINCE
          ? { requireStable: true, groups: [group] }
          : {
              requireStable: version >= 7,
              groupId,
              topics: topics.map(({ name, partitionIndexes }) => ({ name, partitionIndexes })),
            }
      const answer = await connection.askEach(OFFSET_FETCH_REQUEST, OFFSET_FETCH_RESPONSE, body, { version })
      for (const one of answer.groups) throwErrorOf(one)
      const answered =
        version >= GROUPS_SINCE
          ? answer.groups.flatMap((one) =>
              one.topics.map((t) => ({ ...t, name: version >= IDS_SINCE ? names.get(t.topicId) : t.name })),
            )
          : answer.topics
      for (const { name = '', partitions: parts } of answered) {
        for (const part of parts) {
          throwErrorOf(part)
          if (part.committedOffset < 0) continue
          found.set(topicPartitionKey(name, part.partitionIndex), {
            topic: name,
            partition: part.partitionIndex,
            // One that no log ends at is out of range, rounded or not.
            offset: Number(part.committedOffset),
            leaderEpoch: part.committedLeaderEpoch,
            metadata: part.metadata ?? '',
            commitTimestamp: -1,
            topicId: undefined,
          })
        }
      }
    }, deadline)
    .catch((error) => {
      throw groupError(error, coordinator.groupId)
    })
  return found
}

function withIdOrName<T extends { readonly name: string; readonly topicId: string }>(
  topic: T,
  version: number,
) {
  const { name, topicId, ...rest } = topic
  return version >= IDS_SINCE ? { topicId, ...rest } : { name, ...rest }
}

/** They went to others, or we are none of the group any more. */
const TOO_LATE: ReadonlySet<KafkaErrorName> = new Set([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'FENCED_MEMBER_EPOCH',
])
/** Deleted meanwhile: nothing is left to commit. */
const GONE: ReadonlySet<KafkaErrorName> = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID'])

/**
 * One attempt.
 * @throws CommitFailedError where others have these partitions
 * @throws KafkaError REBALANCE_IN_PROGRESS, STALE_MEMBER_EPOCH: try again when the member has taken notice
 */
export async function commitOnce(
  coordinator: Coordinator,
  offsets: readonly OffsetCommit[],
  member: CommittingMember,
  idOf: TopicIds,
): Promise<void> {
  const byTopic = topicsOf(offsets, ({ partition, offset, leaderEpoch, metadata }) => ({
    partitionIndex: partition,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch ?? -1,
    committedMetadata: metadata ?? '',
  }))
  await coordinator.once(async (connection) => {
    const newest = connection.versionOf(OFFSET_COMMIT_REQUEST)
    const hasIds = [...byTopic.keys()].every((name) => (idOf(name) ?? ZERO_UUID) !== ZERO_UUID)
    const version = hasIds ? newest : Math.min(newest, IDS_SINCE - 1)
    const topics = [...byTopic].map(([name, partitions]) =>
      withIdOrName({ name, topicId: idOf(name) ?? ZERO_UUID, partitions }, version),
    )
    const body = {
      groupId: coordinator.groupId,
      generationIdOrMemberEpoch: member.generation,
      memberId: member.memberId,
      ...(member.groupInstanceId === undefined ? {} : { groupInstanceId: member.groupInstanceId }),
      topics,
    }
    const answer = await connection.askEach(OFFSET_COMMIT_REQUEST, OFFSET_COMMIT_RESPONSE, body, { version })
    for (const { partitions } of answer.topics) {
      for (const { errorCode } of partitions) {
        if (errorCode === 0) continue
        const error = kafkaErrorOf(errorCode)
        if (GONE.has(error.code)) continue
        throw TOO_LATE.has(error.code) ? new CommitFailedError() : groupError(error, coordinator.groupId)
      }
    }
  })
}
