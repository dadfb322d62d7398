/** Share groups as administration: where they stand in each partition. */
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { BrokerDescription } from './cluster-admin.ts'
import type { GroupState } from './group-admin.ts'

export interface ShareGroupOffset extends TopicPartition {
  /** -1 where the group did not begin yet. */
  readonly startOffset: number
  /** -1 when unknown. */
  readonly leaderEpoch: number
  /** Records between the start and the log's end that are not done with; -1 when unknown. */
  readonly lag: number
}

export interface ShareGroupDescription {
  readonly groupEpoch: number
  readonly assignmentEpoch: number
  /** A directory has no members, and no broker that coordinates. */
  readonly state?: GroupState
  readonly coordinator?: BrokerDescription | undefined
  readonly members?: readonly ShareMemberDescription[]
}

export interface ShareMemberDescription {
  readonly memberId: string
  readonly host: string
  readonly clientId: string
  readonly memberEpoch: number
  readonly assignment: readonly TopicPartition[]
}

export interface ShareGroupAdmin {
  /** @throws KafkaError GROUP_ID_NOT_FOUND */
  describeShareGroup(groupId: string): Promise<ShareGroupDescription>
  /** Sorted by partition; empty when the group has none. */
  listShareGroupOffsets(groupId: string): Promise<ShareGroupOffset[]>
  /** Changing is for brokers: a directory refuses. */
  alterShareGroupOffsets(
    groupId: string,
    offsets: readonly (TopicPartition & { readonly offset: number })[],
  ): Promise<void>
  deleteShareGroupOffsets(
    groupId: string,
    topics: readonly string[],
  ): Promise<{ topic: string; error?: Error }[]>
  deleteShareGroup(groupId: string): Promise<void>
}
