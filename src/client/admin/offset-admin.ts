/** The part of Admin that finds offsets of partitions by time or place, and deletes records before one. */
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { IsolationLevel, OffsetSpec } from '../types.ts'

export interface ListedOffset {
  /** undefined: no record answers (later than every timestamp; max-timestamp of an empty partition). */
  readonly offset: number | undefined
  readonly timestamp: number
  /** Only where no number holds the timestamp (beyond 2^53): all of it. */
  readonly exactTimestamp?: bigint
  readonly leaderEpoch: number
  /** The log's end is damaged: file, position and what is missing; `offset` is where it ended as far as is known. */
  readonly damage?: string
}

export interface OffsetAdmin {
  listOffset(partition: TopicPartition, spec: OffsetSpec, isolation?: IsolationLevel): Promise<ListedOffset>
  /** The same of many at once, in the order asked; what fails for one partition is its error. `done`: how many are found. */
  listOffsets(
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
    isolation?: IsolationLevel,
    done?: (count: number) => void,
  ): Promise<(ListedOffset | Error)[]>
  /** Moves the log start offset up; -1 is the end. Returns the new low watermark. */
  deleteRecords(partition: TopicPartition, beforeOffset: number): Promise<number>
  /** The same of many at once, in the order asked. */
  deleteRecordsOf(
    partitions: readonly (TopicPartition & { readonly beforeOffset: number })[],
  ): Promise<(number | Error)[]>
}
