/** Consumer groups of a cluster, classic ones and those of the newer protocol. */
import type {
  GroupAdmin,
  GroupDescription,
  GroupListing,
  GroupState,
  MemberDescription,
} from '../../client/admin/group-admin.ts'
import type { OffsetAndMetadata } from '../../client/types.ts'
import { KafkaError } from '../../errors.ts'
import { decodeAssignment } from '../../message/consumer-protocol.ts'
import {
  CONSUMER_GROUP_DESCRIBE_REQUEST,
  CONSUMER_GROUP_DESCRIBE_RESPONSE,
  DELETE_GROUPS_REQUEST,
  DELETE_GROUPS_RESPONSE,
  DESCRIBE_GROUPS_REQUEST,
  DESCRIBE_GROUPS_RESPONSE,
  LIST_GROUPS_REQUEST,
  LIST_GROUPS_RESPONSE,
  OFFSET_COMMIT_REQUEST,
  OFFSET_COMMIT_RESPONSE,
  OFFSET_DELETE_REQUEST,
  OFFSET_DELETE_RESPONSE,
  OFFSET_FETCH_REQUEST,
  OFFSET_FETCH_RESPONSE,
} from '../../message/generated/requests.ts'
import type { MessageOf } from '../../message/schema.ts'
import { compareText } from '../../names/compare-text.ts'
import { comparePartitions, type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import { kafkaErrorOf, throwErrorOf } from '../connection/protocol-error.ts'
import { askCoordinator, askCoordinators } from '../coordinators.ts'
import { underTopics } from './by-leader.ts'

type Described = GroupDescription | KafkaError
type ClassicGroup = MessageOf<typeof DESCRIBE_GROUPS_RESPONSE>['groups'][number]
type ConsumerGroup = MessageOf<typeof CONSUMER_GROUP_DESCRIBE_RESPONSE>['groups'][number]
type OffsetOfPartition = { readonly partition: TopicPartition; readonly offset: OffsetAndMetadata }

/** The newest version in which topics go by their names. */
const BY_NAME = 9
/** From this version on offsets are fetched for groups, and not for one group. */
const OF_GROUPS = 8

export class ClusterGroups implements GroupAdmin {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  /** Every broker tells those that it coordinates. */
  async listGroups(): Promise<GroupListing[]> {
    const ids = await this.#client.retry(async () => [...(await this.#client.metadata([])).brokers.keys()])
    const found = new Map<string, GroupListing>()
    await Promise.all(
      ids.map((id) =>
        this.#client.retry(async () => {
          const broker = await this.#client.broker(id)
          const { groups } = await broker.ask(LIST_GROUPS_REQUEST, LIST_GROUPS_RESPONSE, {
            statesFilter: [],
            typesFilter: [],
          })
          for (const { groupId, groupType, protocolType, groupState } of groups) {
            const type = typeNamed(groupType)
            const state = (groupState || 'Unknown') as GroupState
            found.set(groupId, { groupId, type, protocol: protocolType, state })
          }
        }),
      ),
    )
    return [...found.values()].sort((a, b) => compareText(a.groupId, b.groupId))
  }

  async describeConsumerGroup(groupId: string): Promise<GroupDescription> {
    const [described] = await this.describeConsumerGroups([groupId])
    if (described instanceof Error) throw described
    return described
  }

  async describeConsumerGroups(groupIds: readonly string[]): Promise<(GroupDescription | Error)[]> {
    const answers = await askCoordinators<GroupDescription>(
      this.#client,
      'group',
      groupIds,
      async (coordinator, asked, id) => {
        const node = (await this.#client.brokers()).get(id)
        const described = await describeAll(coordinator, asked)
        for (const [groupId, group] of described) {
          if (!(group instanceof KafkaError)) described.set(groupId, { ...group, coordinator: node })
        }
        return described
      },
    )
    return groupIds.map((id) => answers.get(id) ?? new KafkaError('GROUP_ID_NOT_FOUND'))
  }

  async listConsumerGroupOffsets(groupId: string): Promise<Map<string, OffsetOfPartition>> {
    const topics = await askCoordinator(this.#client, 'group', groupId, (coordinator) =>
      fetchOffsets(coordinator, groupId),
    )
    const offsets = new Map<string, OffsetOfPartition>()
    for (const { name: topic, partitions } of topics) {
      for (const one of partitions) {
        throwErrorOf(one)
        if (one.committedOffset < 0) continue
        const partition = { topic, partition: one.partitionIndex }
        offsets.set(topicPartitionKey(topic, one.partitionIndex), {
          partition,
          offset: {
            // Whatever a client committed.
            offset: Number(one.committedOffset),
            leaderEpoch: one.committedLeaderEpoch ?? -1,
            metadata: one.metadata ?? '',
          },
        })
      }
    }
    return offsets
  }

  /** Throws UNKNOWN_MEMBER_ID while the group has members. */
  async alterConsumerGroupOffsets(groupId: string, offsets: readonly OffsetOfPartition[]): Promise<void> {
    const flat = offsets.map(({ partition, offset }) => ({ ...partition, ...offset }))
    await askCoordinator(this.#client, 'group', groupId, async (coordinator) => {
      const { topics } = await coordinator.askEach(
        OFFSET_COMMIT_REQUEST,
        OFFSET_COMMIT_RESPONSE,
        {
          groupId,
          generationIdOrMemberEpoch: -1,
          memberId: '',
          topics: underTopics(flat, ({ partition, offset, leaderEpoch, metadata }) => ({
            partitionIndex: partition,
            committedOffset: offset,
            committedLeaderEpoch: leaderEpoch,
            committedMetadata: metadata,
          })),
        },
        { version: Math.min(BY_NAME, coordinator.versionOf(OFFSET_COMMIT_REQUEST)) },
      )
      const failed = topics.flatMap(({ name, partitions }) =>
        partitions
          .filter(({ errorCode }) => errorCode !== 0)
          .map(({ partitionIndex, errorCode }) => ({
            key: topicPartitionKey(name, partitionIndex),
            errorCode,
          })),
      )
      if (failed.length === 0) return
      const list = failed.map(({ key }) => key).join(', ')
      throw kafkaErrorOf(
        failed[0].errorCode,
        `Failed altering group offsets for the following partitions: [${list}]`,
      )
    })
  }

  /** Throws NON_EMPTY_GROUP and GROUP_ID_NOT_FOUND. */
  async deleteConsumerGroup(groupId: string): Promise<void> {
    await askCoordinator(this.#client, 'group', groupId, (coordinator) =>
      coordinator.ask(DELETE_GROUPS_REQUEST, DELETE_GROUPS_RESPONSE, { groupsNames: [groupId] }),
    )
  }

  /** Throws GROUP_ID_NOT_FOUND. A topic that a live member subscribes to keeps its offsets. */
  async deleteConsumerGroupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<{ partition: TopicPartition; error?: Error }[]> {
    const { topics } = await askCoordinator(this.#client, 'group', groupId, (coordinator) =>
      coordinator.askEach(OFFSET_DELETE_REQUEST, OFFSET_DELETE_RESPONSE, {
        groupId,
        topics: underTopics(partitions, ({ partition }) => ({ partitionIndex: partition })),
      }),
    )
    const codes = new Map(
      topics.flatMap(({ name, partitions: answered }) =>
        answered.map((one) => [topicPartitionKey(name, one.partitionIndex), one.errorCode] as const),
      ),
    )
    return partitions.map((partition) => {
      const code = codes.get(topicPartitionKey(partition.topic, partition.partition)) ?? -1
      return code === 0 ? { partition } : { partition, error: kafkaErrorOf(code) }
    })
  }
}

/** `classic` and, of a broker that tells no types, nothing -> `Classic`. */
function typeNamed(type: string): GroupListing['type'] {
  const name = type === '' ? 'classic' : type.toLowerCase()
  return `${name[0].toUpperCase()}${name.slice(1)}` as GroupListing['type']
}

/** By the newer protocol first; those that are none of its groups are classic ones, or none at all. */
async function describeAll(
  coordinator: BrokerConnection,
  groupIds: readonly string[],
): Promise<Map<string, Described>> {
  const described = new Map<string, Described>()
  if (coordinator.versionOf(CONSUMER_GROUP_DESCRIBE_REQUEST) >= 0) {
    const { groups } = await coordinator.askEach(
      CONSUMER_GROUP_DESCRIBE_REQUEST,
      CONSUMER_GROUP_DESCRIBE_RESPONSE,
      { groupIds: [...groupIds], includeAuthorizedOperations: false },
    )
    for (const group of groups) described.set(group.groupId, consumerGroup(group))
  }
  const others = groupIds.filter((id) => {
    const group = described.get(id)
    return group === undefined || (group instanceof KafkaError && isOfOtherKind(group))
  })
  if (others.length === 0) return described
  const { groups } = await coordinator.askEach(DESCRIBE_GROUPS_REQUEST, DESCRIBE_GROUPS_RESPONSE, {
    groups: others,
    includeAuthorizedOperations: false,
  })
  for (const group of groups) described.set(group.groupId, classicGroup(group))
  return described
}

function isOfOtherKind({ code }: KafkaError): boolean {
  return code === 'GROUP_ID_NOT_FOUND' || code === 'UNSUPPORTED_VERSION'
}

function consumerGroup(group: ConsumerGroup): Described {
  if (group.errorCode !== 0) return kafkaErrorOf(group.errorCode, group.errorMessage)
  return {
    groupId: group.groupId,
    type: 'Consumer',
    state: group.groupState as GroupState,
    partitionAssignor: group.assignorName,
    groupEpoch: group.groupEpoch,
    targetAssignmentEpoch: group.assignmentEpoch,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId ?? undefined,
      clientId: member.clientId,
      host: member.clientHost,
      assignment: assigned(member.assignment.topicPartitions),
      targetAssignment: assigned(member.targetAssignment.topicPartitions),
      memberEpoch: member.memberEpoch,
      upgraded: member.memberType === -1 ? undefined : member.memberType === 1,
    })),
  }
}

function assigned(
  topics: readonly { readonly topicName: string; readonly partitions: readonly number[] }[],
): TopicPartition[] {
  return topics
    .flatMap(({ topicName: topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
    .sort(comparePartitions)
}

function classicGroup(group: ClassicGroup): Described {
  const { groupId, errorCode, errorMessage, groupState, protocolType, protocolData, members } = group
  if (errorCode !== 0) return kafkaErrorOf(errorCode, errorMessage)
  if (groupState === 'Dead') return new KafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} not found.`)
  if (protocolType !== '' && protocolType !== 'consumer')
    return new KafkaError('INVALID_GROUP_ID', `GroupId ${groupId} is not a consumer group (${protocolType}).`)
  return {
    groupId,
    type: 'Classic',
    state: groupState as GroupState,
    partitionAssignor: protocolData,
    members: members.map(
      (member): MemberDescription => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId ?? undefined,
        clientId: member.clientId,
        host: member.clientHost,
        assignment: classicAssignment(member.memberAssignment),
      }),
    ),
  }
}

function classicAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return []
  return decodeAssignment(bytes)
    .assignedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    )
    .sort(comparePartitions)
}

async function fetchOffsets(coordinator: BrokerConnection, groupId: string) {
  const version = Math.min(BY_NAME, coordinator.versionOf(OFFSET_FETCH_REQUEST))
  const body =
    version >= OF_GROUPS
      ? { groups: [{ groupId, topics: null }], requireStable: false }
      : { groupId, topics: null, requireStable: false }
  const answer = await coordinator.askEach(OFFSET_FETCH_REQUEST, OFFSET_FETCH_RESPONSE, body, { version })
  if (version < OF_GROUPS) return answer.topics
  const [group] = answer.groups
  throwErrorOf(group)
  return group.topics
}
