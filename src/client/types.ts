/** Small types that Admin, Producer and Consumer share. */
import type { OFFSET_SPECS } from './offset-specs.ts'

export interface Header {
  readonly key: string
  /** null is a header without a value, which is not an empty one. */
  readonly value: Buffer | null
}

export interface OffsetAndMetadata {
  readonly offset: number
  /** -1 when unknown. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestamp?: number
}

/** What to commit. The topic's id is looked up in the metadata. */
export interface OffsetCommit {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly leaderEpoch?: number | undefined
  readonly metadata?: string | undefined
}

/** A committed offset as stored. */
export interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** -1 when unknown. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestamp: number
  /** undefined in values older than v4: then the name alone counts. */
  readonly topicId: string | undefined
}

export type IsolationLevel = 'read_uncommitted' | 'read_committed'

export type TimestampType = 'CreateTime' | 'LogAppendTime' | 'NoTimestampType'

/** What ListOffsets is asked for: milliseconds (a bigint beyond 2^53), or Kafka's words. */
export type OffsetSpec = (typeof OFFSET_SPECS)[number] | number | bigint
