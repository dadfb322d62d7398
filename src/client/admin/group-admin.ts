/** The part of Admin that lists, describes, changes and deletes groups and their committed offsets. */
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { OffsetAndMetadata } from '../types.ts'

export type GroupState =
  | 'Stable'
  | 'Empty'
  | 'Dead'
  | 'PreparingRebalance'
  | 'CompletingRebalance'
  | 'Assigning'
  | 'Reconciling'
export interface GroupListing {
  readonly groupId: string
  readonly type: 'Classic' | 'Consumer' | 'Share' | 'Streams'
  readonly protocol: string
  readonly state: GroupState
}

export interface MemberDescription {
  readonly memberId: string
  readonly groupInstanceId: string | undefined
  readonly clientId: string
  /** As Kafka prints it: `/127.0.0.1`. */
  readonly host: string
  readonly assignment: readonly TopicPartition[]
}

export interface GroupDescription {
  readonly groupId: string
  readonly type: GroupListing['type']
  readonly state: GroupState
  readonly partitionAssignor: string
  readonly members: readonly MemberDescription[]
}

export interface GroupAdmin {
  /** Sorted by id. */
  listGroups(): Promise<GroupListing[]>
  /** Throws GROUP_ID_NOT_FOUND `Group x not found.` */
  describeConsumerGroup(groupId: string): Promise<GroupDescription>
  listConsumerGroupOffsets(
    groupId: string,
  ): Promise<Map<string, { partition: TopicPartition; offset: OffsetAndMetadata }>>
  /** Throws UNKNOWN_MEMBER_ID / NON_EMPTY_GROUP while the group has members. */
  alterConsumerGroupOffsets(
    groupId: string,
    offsets: readonly { partition: TopicPartition; offset: OffsetAndMetadata }[],
  ): Promise<void>
  deleteConsumerGroup(groupId: string): Promise<void>
  /** One answer a partition. */
  deleteConsumerGroupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<{ partition: TopicPartition; error?: Error }[]>
}
