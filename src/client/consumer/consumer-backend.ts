/** What a consumer needs of where its records come from. */
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { CorruptBatch } from '../consumer.ts'
import type { CommittedOffset, OffsetAndMetadata, OffsetCommit } from '../types.ts'
import type { AssignedPartitions } from './assigned-partitions.ts'
import type { PartitionFetcher } from './partition-fetcher.ts'
import type { MonotonicClock, Waiter } from './patient-work.ts'

/** What the consumer is told by its backend. */
export interface ConsumerHooks {
  readonly onCorrupt: (corrupt: CorruptBatch) => void
  /** Some of what is to be read is not to be had here. */
  readonly onElsewhere: (line: string) => void
  /** A partition is not ours any more. */
  readonly onRemoved: (fetcher: PartitionFetcher) => void
  /** Something came, went or changed that only a look around shows. */
  readonly lookAgain: () => void
}

export interface FetchWaiter extends Waiter {
  /** How long nobody need look around while nothing wakes us. */
  readonly pollMs: number
  close(): void
}

/** What the group tells its consumer. Both are called only while no record is in the caller's hands. */
export interface GroupListener {
  assigned(partitions: readonly TopicPartition[], committed: ReadonlyMap<string, CommittedOffset>): void
  /** Returns what may be committed of these partitions, and forgets them. */
  revoked(partitions: readonly TopicPartition[]): readonly OffsetCommit[]
  /** Something happened: look again. */
  wake(): void
}

/** A consumer's side of its group. */
export interface GroupSide {
  /** Joins and waits for the first assignment. A caller that stops waiting gets its partitions later, as they come. */
  join(topics: readonly string[] | RegExp): Promise<void>
  /** Nobody polled for max.poll.interval.ms, and others have what was ours: `rejoin` before anything is read. */
  readonly expired: boolean
  rejoin(): Promise<void>
  pollBegins(): void
  /** From here on max.poll.interval.ms runs. */
  pollEnds(): void
  /** Throws what ended the membership. */
  check(): void
  /** The caller works on records from now on. */
  handOut(): void
  /** Whether this is what it has joined for, or is joining for. */
  isFor(topics: readonly string[] | RegExp): boolean
  readonly isMember: boolean
  readonly mustTakeBack: boolean
  /** The caller is back: what waited for that is done now. */
  takeBack(): Promise<void>
  /** What a program asks for: of what does not exist it is told. */
  commitExisting(offsets: ReadonlyMap<TopicPartition, OffsetAndMetadata>): Promise<void>
  commit(offsets: readonly OffsetCommit[]): Promise<void>
  metadataChanged(): void
  leave(): Promise<void>
}

/** Offsets of a group for a consumer that chose its partitions itself. */
export interface LoneCommits {
  fetch(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, CommittedOffset>>
  /** What a program asks for: of what does not exist it is told. */
  commitExisting(offsets: ReadonlyMap<TopicPartition, OffsetAndMetadata>): Promise<void>
  /** @throws CommitFailedError while the group has members */
  commit(offsets: readonly OffsetCommit[]): Promise<void>
}

export interface ConsumerBackend {
  readonly clock: MonotonicClock
  readonly waiter: FetchWaiter
  readonly assignment: AssignedPartitions
  /** Whether a group can be joined now. */
  readonly mayJoin: boolean
  openGroup(groupId: string, listener: GroupListener): Promise<GroupSide>
  openLoneCommits(groupId: string): Promise<LoneCommits>
  /** Before the first record of a group. @throws where nobody could commit in the end */
  beforeJoining(): Promise<void>
  /** What a group has committed, whether or not one is a member of it. */
  committed(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<Map<TopicPartition, OffsetAndMetadata | undefined>>
  /** What to do about topics that are not there. @throws KafkaError for those that cannot be, or that nobody waits for */
  meetAbsent(asked: readonly TopicPartition[] | RegExp): Promise<void>
  /** Of what reading, joining and committing throw, what is meant for people. */
  explained(error: unknown): unknown
  /** Nobody has patience any more: what waits for others ends. */
  endWaits(): void
  close(): Promise<void>
}
