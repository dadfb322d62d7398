/** What an assignor is given of each member, and what it gives back. */
import type { TopicPartition } from '../../names/topic-partition.ts'

export interface MemberSubscription {
  readonly memberId: string
  readonly groupInstanceId?: string | undefined
  /** Names of topics; those without partitions in the metadata are passed over. */
  readonly topics: readonly string[]
  /** Sticky assignors: what the member had before. */
  readonly owned?: readonly TopicPartition[] | undefined
  /** Sticky assignors: generation in which it had them; of two claims on one partition the newer counts. Default -1. */
  readonly generation?: number | undefined
}

export type Assignment = Map<string, TopicPartition[]>
