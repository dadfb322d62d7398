/** The group part of Admin, on a data directory. */
import type {
  GroupAdmin,
  GroupDescription,
  GroupListing,
  MemberDescription,
} from '../../client/admin/group-admin.ts'
import type { OffsetAndMetadata } from '../../client/types.ts'
import { KafkaError } from '../../errors.ts'
import { subscribedTopics } from '../../group/group-assignment.ts'
import type { MemberFile } from '../../group/group-files.ts'
import { assignorOf, readHeldPartitions, readLiveGroups, readLiveMembers } from '../../group/live-members.ts'
import type { OffsetStore, StoredGroup } from '../../group/offsets/offset-store.ts'
import { partitionList } from '../../metadata/replica-place.ts'
import { compareText } from '../../names/compare-text.ts'
import { OFFSETS_TOPIC } from '../../names/topic-names.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import { comparePartitions } from '../../names/topic-partition.ts'
import type { Os } from '../../os/os.ts'
import { compactingOffsetStore } from '../cleaning/compacting-offset-store.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

/** Consumer groups of a data directory: what the records know of them, and who lives, as the locks say. */
export class LocalGroups implements GroupAdmin {
  readonly #os: Os
  readonly #directory: LocalDirectory
  readonly #store: OffsetStore

  constructor(os: Os, directory: LocalDirectory) {
    this.#os = os
    this.#directory = directory
    this.#store = compactingOffsetStore(os, directory)
  }

  async listGroups(): Promise<GroupListing[]> {
    if (!this.#directory.exists()) return []
    const elsewhere = this.#store.partitionsElsewhere()
    if (elsewhere.length > 0) {
      this.#directory.warn(
        `${this.#directory.path}: ${partitionList(elsewhere)} of ${OFFSETS_TOPIC} ${elsewhere.length === 1 ? 'is' : 'are'} not in this directory: there may be more groups`,
      )
    }
    const live = readLiveGroups(this.#os, this.#directory.path)
    const listings = new Map<string, GroupListing>()
    for (const { groupId, type, protocolType } of this.#store.groups()) {
      listings.set(groupId, { groupId, type, protocol: protocolType, state: 'Empty' })
    }
    for (const [groupId, members] of live) {
      listings.set(groupId, { groupId, type: typeOf(members), protocol: 'consumer', state: 'Stable' })
    }
    return [...listings.values()].sort((a, b) => compareText(a.groupId, b.groupId))
  }

  async describeConsumerGroup(groupId: string): Promise<GroupDescription> {
    const members = this.#live(groupId)
    if (members.length > 0) {
      return {
        groupId,
        type: typeOf(members),
        state: 'Stable',
        partitionAssignor: assignorOf(members),
        members: this.#describeMembers(groupId, members),
      }
    }
    const stored = this.#stored(groupId)
    if (stored === undefined) throw new KafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} not found.`)
    const { type } = stored
    if (type !== 'Classic' && type !== 'Consumer') {
      throw new KafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} is not a consumer group.`)
    }
    return {
      groupId,
      type,
      state: 'Empty',
      partitionAssignor: type === 'Consumer' ? 'uniform' : '',
      members: [],
    }
  }

  async describeConsumerGroups(groupIds: readonly string[]): Promise<(GroupDescription | Error)[]> {
    const described: (GroupDescription | Error)[] = []
    for (const groupId of groupIds) {
      described.push(
        await this.describeConsumerGroup(groupId).catch((error: unknown) => {
          if (error instanceof KafkaError) return error
          throw error
        }),
      )
    }
    return described
  }

  async listConsumerGroupOffsets(
    groupId: string,
  ): Promise<Map<string, { partition: TopicPartition; offset: OffsetAndMetadata }>> {
    if (!this.#directory.exists()) return new Map()
    const offsets = new Map<string, { partition: TopicPartition; offset: OffsetAndMetadata }>()
    for (const [
      key,
      { topic, partition, offset, leaderEpoch, metadata, commitTimestamp },
    ] of this.#store.fetch(groupId)) {
      offsets.set(key, {
        partition: { topic, partition },
        offset: { offset, leaderEpoch, metadata, commitTimestamp },
      })
    }
    return offsets
  }

  /**
   * Throws UNKNOWN_MEMBER_ID while the group has members. (A member that joins in the very moment reads its offsets before or after, as
   * with a broker.)
   */
  async alterConsumerGroupOffsets(
    groupId: string,
    offsets: readonly { partition: TopicPartition; offset: OffsetAndMetadata }[],
  ): Promise<void> {
    if (groupId === '') throw new KafkaError('INVALID_GROUP_ID')
    if (this.#live(groupId).length > 0) throw new KafkaError('UNKNOWN_MEMBER_ID')
    await this.#store.commit(
      groupId,
      offsets.map(({ partition: { topic, partition }, offset: { offset, leaderEpoch, metadata } }) => ({
        topic,
        partition,
        offset,
        leaderEpoch,
        metadata,
      })),
    )
  }

  /** Throws NON_EMPTY_GROUP and GROUP_ID_NOT_FOUND. */
  async deleteConsumerGroup(groupId: string): Promise<void> {
    if (groupId === '') throw new KafkaError('INVALID_GROUP_ID')
    if (this.#live(groupId).length > 0) throw new KafkaError('NON_EMPTY_GROUP')
    if (this.#stored(groupId) === undefined || !(await this.#store.deleteGroup(groupId)))
      throw new KafkaError('GROUP_ID_NOT_FOUND')
  }

  /** Throws GROUP_ID_NOT_FOUND. A topic that a live member subscribes to keeps its offsets. */
  async deleteConsumerGroupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<{ partition: TopicPartition; error?: Error }[]> {
    const live = this.#live(groupId)
    if (groupId === '') throw new KafkaError('INVALID_GROUP_ID')
    if (live.length === 0 && this.#stored(groupId) === undefined) throw new KafkaError('GROUP_ID_NOT_FOUND')
    const image = this.#directory.image()
    const subscribed = new Set(live.flatMap((member) => subscribedTopics(member, image)))
    const answers = partitions.map((partition) => {
      if (image.topic(partition.topic)?.partitions[partition.partition] === undefined) {
        return { partition, error: new KafkaError('UNKNOWN_TOPIC_OR_PARTITION') }
      }
      return subscribed.has(partition.topic)
        ? { partition, error: new KafkaError('GROUP_SUBSCRIBED_TO_TOPIC') }
        : { partition }
    })
    const deletable = answers.filter((answer) => answer.error === undefined)
    if (deletable.length > 0) {
      await this.#store.deleteOffsets(
        groupId,
        deletable.map(({ partition }) => partition),
      )
    }
    return answers
  }

  #live(groupId: string): MemberFile[] {
    if (!this.#directory.exists()) return []
    return readLiveMembers(this.#os, this.#directory.path, groupId).map((member) => member.file)
  }

  #stored(groupId: string): StoredGroup | undefined {
    if (groupId === '') throw new KafkaError('INVALID_GROUP_ID')
    return this.#store.group(groupId)
  }

  #describeMembers(groupId: string, members: readonly MemberFile[]): MemberDescription[] {
    const image = this.#directory.image()
    const held = readHeldPartitions(this.#os, this.#directory.path, groupId)
    return members.map(({ memberId, groupInstanceId, clientId, host }) => ({
      memberId,
      groupInstanceId,
      clientId,
      host,
      assignment: (held.get(memberId) ?? [])
        .flatMap(({ topicId, partition }) => {
          const topic = image.topicById(topicId)?.name
          return topic === undefined ? [] : [{ topic, partition }]
        })
        .sort(comparePartitions),
    }))
  }
}

function typeOf(members: readonly MemberFile[]): 'Classic' | 'Consumer' {
  return members.some((member) => member.protocol === 'consumer') ? 'Consumer' : 'Classic'
}
