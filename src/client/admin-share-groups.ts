/** Share groups as administration: where they stand in each partition. */
import type { TopicPartition } from './types.ts'

export interface ShareGroupOffset extends TopicPartition {
  readonly startOffset: number
  /** -1 when unknown. */
  readonly leaderEpoch: number
  /** Records between the start and the log's end that are not done with. */
  readonly lag: number
}

export interface ShareGroupAdmin {
  /** Sorted by partition; empty when the group has none. */
  listShareGroupOffsets(groupId: string): Promise<ShareGroupOffset[]>
}
