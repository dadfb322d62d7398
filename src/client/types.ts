/** Small types that Admin, Producer and Consumer share. */
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

export type IsolationLevel = 'read_uncommitted' | 'read_committed'

export type TimestampType = 'CreateTime' | 'LogAppendTime' | 'NoTimestampType'

/** What ListOffsets is asked for: milliseconds (a bigint beyond 2^53), or Kafka's words. */
export type OffsetSpec =
  | 'latest'
  | 'earliest'
  | 'max-timestamp'
  | 'earliest-local'
  | 'latest-tiered'
  | 'earliest-pending-upload'
  | number
  | bigint
