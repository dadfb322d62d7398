/** Keys and values of `__consumer_offsets`. */

/** What a key of `__consumer_offsets` says; every type of Kafka 4.3 names its group. */
export type OffsetsRecordKey =
  | {
      readonly type: 'OffsetCommit'
      readonly group: string
      readonly topic: string
      readonly partition: number
    }
  /** A classic group. */
  | { readonly type: 'GroupMetadata'; readonly group: string }
  /** A record of a newer kind of group; `record` is its Kafka name, e.g. ConsumerGroupMetadata. */
  | {
      readonly type: 'NewGroup'
      readonly record: string
      readonly groupType: 'consumer' | 'share' | 'streams'
      readonly group: string
      /** Where the key names one. */
      readonly memberId: string | undefined
    }
  /** Newer than known: to be skipped and never rewritten. */
  | { readonly type: 'Unknown'; readonly recordType: number }

export interface OffsetCommitValue {
  readonly version: number
  readonly offset: number
  /** -1 when unknown. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestamp: number
  /** -1 save in version 1. */
  readonly expireTimestamp: number
  /** undefined where the value names none. */
  readonly topicId: string | undefined
}

export interface GroupMemberMetadata {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeout: number
  readonly sessionTimeout: number
  readonly subscription: Buffer
  readonly assignment: Buffer
}

export interface GroupMetadataValue {
  readonly version: number
  readonly protocolType: string
  readonly generation: number
  readonly protocol: string | null
  readonly leader: string | null
  readonly currentStateTimestamp: number
  readonly members: readonly GroupMemberMetadata[]
}

export declare function decodeOffsetsKey(buffer: Buffer, start?: number, end?: number): OffsetsRecordKey
/** Throws CorruptRecordError, also for versions newer than 4. */
export declare function decodeOffsetCommitValue(
  buffer: Buffer,
  start?: number,
  end?: number,
): OffsetCommitValue
export declare function decodeGroupMetadataValue(
  buffer: Buffer,
  start?: number,
  end?: number,
): GroupMetadataValue
export declare function encodeOffsetCommitKey(group: string, topic: string, partition: number): Buffer
/** Version 4, as Kafka 4.3 writes it. */
export declare function encodeOffsetCommitValue(value: {
  offset: number
  leaderEpoch?: number
  metadata?: string
  commitTimestamp: number
  topicId?: string
}): Buffer
export declare function encodeGroupMetadataKey(group: string): Buffer
