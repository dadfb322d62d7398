/** Share groups of a cluster. */

import type { GroupState } from '../../client/admin/group-admin.ts'
import type {
  ShareGroupAdmin,
  ShareGroupDescription,
  ShareGroupOffset,
} from '../../client/admin/share-group-admin.ts'
import { KafkaError } from '../../errors.ts'
import {
  ALTER_SHARE_GROUP_OFFSETS_REQUEST,
  ALTER_SHARE_GROUP_OFFSETS_RESPONSE,
  DELETE_GROUPS_REQUEST,
  DELETE_GROUPS_RESPONSE,
  DELETE_SHARE_GROUP_OFFSETS_REQUEST,
  DELETE_SHARE_GROUP_OFFSETS_RESPONSE,
  DESCRIBE_SHARE_GROUP_OFFSETS_REQUEST,
  DESCRIBE_SHARE_GROUP_OFFSETS_RESPONSE,
  SHARE_GROUP_DESCRIBE_REQUEST,
  SHARE_GROUP_DESCRIBE_RESPONSE,
} from '../../message/generated/requests.ts'
import { comparePartitions, type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { kafkaErrorOf, throwErrorOf } from '../connection/protocol-error.ts'
import { askCoordinator } from '../coordinators.ts'
import { underTopics } from './by-leader.ts'

export class ClusterShareGroups implements ShareGroupAdmin {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  async describeShareGroup(groupId: string): Promise<ShareGroupDescription> {
    return askCoordinator(this.#client, 'group', groupId, async (coordinator, id) => {
      const { groups } = await coordinator.ask(SHARE_GROUP_DESCRIBE_REQUEST, SHARE_GROUP_DESCRIBE_RESPONSE, {
        groupIds: [groupId],
        includeAuthorizedOperations: false,
      })
      const [group] = groups
      return {
        groupEpoch: group.groupEpoch,
        assignmentEpoch: group.assignmentEpoch,
        state: group.groupState as GroupState,
        coordinator: (await this.#client.brokers()).get(id),
        members: group.members.map((member) => ({
          memberId: member.memberId,
          host: member.clientHost,
          clientId: member.clientId,
          memberEpoch: member.memberEpoch,
          assignment: member.assignment.topicPartitions
            .flatMap(({ topicName: topic, partitions }) =>
              partitions.map((partition) => ({ topic, partition })),
            )
            .sort(comparePartitions),
        })),
      }
    })
  }

  async listShareGroupOffsets(groupId: string): Promise<ShareGroupOffset[]> {
    const { groups } = await askCoordinator(this.#client, 'group', groupId, (coordinator) =>
      coordinator.ask(DESCRIBE_SHARE_GROUP_OFFSETS_REQUEST, DESCRIBE_SHARE_GROUP_OFFSETS_RESPONSE, {
        groups: [{ groupId, topics: null }],
      }),
    )
    return groups
      .flatMap(({ topics }) => topics)
      .flatMap(({ topicName: topic, partitions }) =>
        partitions.map(({ partitionIndex: partition, startOffset, leaderEpoch, lag }) => ({
          topic,
          partition,
          startOffset,
          leaderEpoch,
          lag: lag ?? -1,
        })),
      )
      .sort(comparePartitions)
  }

  async alterShareGroupOffsets(
    groupId: string,
    offsets: readonly (TopicPartition & { readonly offset: number })[],
  ): Promise<void> {
    await askCoordinator(this.#client, 'group', groupId, async (coordinator) => {
      const { responses } = await coordinator.askEach(
        ALTER_SHARE_GROUP_OFFSETS_REQUEST,
        ALTER_SHARE_GROUP_OFFSETS_RESPONSE,
        {
          groupId,
          topics: underTopics(offsets, ({ partition, offset }) => ({
            partitionIndex: partition,
            startOffset: offset,
          })).map(({ name, partitions }) => ({ topicName: name, partitions })),
        },
      )
      const failed = responses.flatMap(({ topicName, partitions }) =>
        partitions
          .filter(({ errorCode }) => errorCode !== 0)
          .map(({ partitionIndex, errorCode }) => ({
            key: topicPartitionKey(topicName, partitionIndex),
            errorCode,
          })),
      )
      if (failed.length === 0) return
      const list = failed.map(({ key }) => key).join(', ')
      const words = `Failed altering group offsets for the following partitions: [${list}]`
      throw kafkaErrorOf(failed[0].errorCode, words)
    })
  }

  async deleteShareGroupOffsets(
    groupId: string,
    topics: readonly string[],
  ): Promise<{ topic: string; error?: Error }[]> {
    const { responses } = await askCoordinator(this.#client, 'group', groupId, (coordinator) =>
      coordinator.askEach(DELETE_SHARE_GROUP_OFFSETS_REQUEST, DELETE_SHARE_GROUP_OFFSETS_RESPONSE, {
        groupId,
        topics: topics.map((topicName) => ({ topicName })),
      }),
    )
    const byName = new Map(responses.map((response) => [response.topicName, response]))
    return topics.map((topic) => {
      const response = byName.get(topic)
      if (response === undefined) return { topic, error: new KafkaError('UNKNOWN_SERVER_ERROR') }
      const { errorCode, errorMessage } = response
      return errorCode === 0 ? { topic } : { topic, error: kafkaErrorOf(errorCode, errorMessage) }
    })
  }

  async deleteShareGroup(groupId: string): Promise<void> {
    await askCoordinator(this.#client, 'group', groupId, async (coordinator) => {
      const { results } = await coordinator.askEach(DELETE_GROUPS_REQUEST, DELETE_GROUPS_RESPONSE, {
        groupsNames: [groupId],
      })
      for (const result of results) throwErrorOf(result)
    })
  }
}
