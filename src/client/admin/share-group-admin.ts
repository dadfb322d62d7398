/** Share groups as administration: where they stand in each partition. */
import type { TopicPartition } from '../../names/topic-partition.ts'

export interface ShareGroupOffset extends TopicPartition {
  /** -1 where the group did not begin yet. */
  readonly startOffset: number
  /** -1 when unknown. */
  readonly leaderEpoch: number
  /** Records between the start and the log's end that are not done with. */
  readonly lag: number
}

export interface ShareGroupDescription {
  readonly groupEpoch: number
  readonly assignmentEpoch: number
}

export interface ShareGroupAdmin {
  /** @throws KafkaError GROUP_ID_NOT_FOUND */
  describeShareGroup(groupId: string): Promise<ShareGroupDescription>
  /** Sorted by partition; empty when the group has none. */
  listShareGroupOffsets(groupId: string): Promise<ShareGroupOffset[]>
}
