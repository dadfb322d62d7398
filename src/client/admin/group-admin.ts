/** The part of Admin that lists, describes, changes and deletes groups and their committed offsets. */
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { OffsetAndMetadata } from '../types.ts'
import type { BrokerDescription } from './cluster-admin.ts'

export type GroupState =
  | 'Stable'
  | 'Empty'
  | 'Dead'
  | 'PreparingRebalance'
  | 'CompletingRebalance'
  | 'Assigning'
  | 'Reconciling'
  | 'NotReady'
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
  /** Only of groups of the newer protocol, as their coordinator knows them. */
  readonly memberEpoch?: number | undefined
  readonly targetAssignment?: readonly TopicPartition[]
  /** Of such a group: whether this member uses the newer protocol; undefined where the broker does not tell. */
  readonly upgraded?: boolean | undefined
}

export interface GroupDescription {
  readonly groupId: string
  readonly type: GroupListing['type']
  readonly state: GroupState
  readonly partitionAssignor: string
  readonly members: readonly MemberDescription[]
  /** Only of groups of the newer protocol, as their coordinator knows them. */
  readonly groupEpoch?: number
  readonly targetAssignmentEpoch?: number
  /** undefined: no broker coordinates it. */
  readonly coordinator?: BrokerDescription | undefined
}

export interface GroupAdmin {
  /** Sorted by id. */
  listGroups(): Promise<GroupListing[]>
  /** Throws GROUP_ID_NOT_FOUND `Group x not found.` */
  describeConsumerGroup(groupId: string): Promise<GroupDescription>
  /** The same of many at once, in the order asked; the error of one is its own. */
  describeConsumerGroups(groupIds: readonly string[]): Promise<(GroupDescription | Error)[]>
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
