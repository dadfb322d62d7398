/**
 * Keys and values of `__consumer_offsets`. A key begins with its record type, a value with its version (int16 each).
 * Keys are never flexible.
 */
import { ByteReader } from '../bytes/byte-reader.ts'
import { ByteWriter } from '../bytes/byte-writer.ts'
import { CorruptRecordError } from '../errors.ts'
import { codecOf, type MessageObject } from './codec.ts'
import {
  CONSUMER_GROUP_MEMBER_METADATA_VALUE,
  GROUP_METADATA_VALUE,
  OFFSET_COMMIT_VALUE,
} from './generated/group-coordinator.ts'
import type { MessageInputOf, MessageOf } from './schema.ts'
import { ZERO_UUID } from './uuid.ts'

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
      readonly record: NewGroupRecord
      readonly groupType: 'consumer' | 'share' | 'streams'
      readonly group: string
      /** Member id, or the regular expression of a ConsumerGroupRegularExpression; undefined for other records. */
      readonly memberId: string | undefined
    }
  /** Newer than known: to be skipped and never rewritten. */
  | { readonly type: 'Unknown'; readonly recordType: number }

/** Record types 3 and up, in order from 3. A group of that type exists while its ...GroupMetadata record does. */
const NEW_GROUP_RECORDS = [
  'ConsumerGroupMetadata',
  'ConsumerGroupPartitionMetadata',
  'ConsumerGroupMemberMetadata',
  'ConsumerGroupTargetAssignmentMetadata',
  'ConsumerGroupTargetAssignmentMember',
  'ConsumerGroupCurrentMemberAssignment',
  'ShareGroupPartitionMetadata',
  'ShareGroupMemberMetadata',
  'ShareGroupMetadata',
  'ShareGroupTargetAssignmentMetadata',
  'ShareGroupTargetAssignmentMember',
  'ShareGroupCurrentMemberAssignment',
  'ShareGroupStatePartitionMetadata',
  'ConsumerGroupRegularExpression',
  'StreamsGroupMetadata',
  'StreamsGroupPartitionMetadata',
  'StreamsGroupMemberMetadata',
  'StreamsGroupTargetAssignmentMetadata',
  'StreamsGroupTargetAssignmentMember',
  'StreamsGroupCurrentMemberAssignment',
  'StreamsGroupTopology',
] as const

export type NewGroupRecord = (typeof NEW_GROUP_RECORDS)[number]

export type OffsetCommitValue = { readonly version: number; readonly topicId: string | undefined } & Omit<
  MessageOf<typeof OFFSET_COMMIT_VALUE>,
  'topicId'
>
export type GroupMetadataValue = { readonly version: number } & MessageOf<typeof GROUP_METADATA_VALUE>
export type ConsumerGroupMemberMetadata = MessageOf<typeof CONSUMER_GROUP_MEMBER_METADATA_VALUE>

export function decodeOffsetsKey(buffer: Buffer, start = 0, end = buffer.length): OffsetsRecordKey {
  const reader = new ByteReader(buffer, start, end)
  const recordType = reader.int16()
  if (recordType === 0 || recordType === 1) {
    const group = shortString(reader)
    const topic = shortString(reader)
    return { type: 'OffsetCommit', group, topic, partition: reader.int32() }
  }
  if (recordType === 2) return { type: 'GroupMetadata', group: shortString(reader) }
  const record = NEW_GROUP_RECORDS[recordType - 3]
  if (record === undefined) return { type: 'Unknown', recordType }
  const group = shortString(reader)
  let groupType: 'consumer' | 'share' | 'streams' = 'streams'
  if (record.startsWith('Consumer')) groupType = 'consumer'
  else if (record.startsWith('Share')) groupType = 'share'
  return {
    type: 'NewGroup',
    record,
    groupType,
    group,
    memberId: reader.remaining > 0 ? shortString(reader) : undefined,
  }
}

/** Throws CorruptRecordError, also for versions newer than 4. */
export function decodeOffsetCommitValue(buffer: Buffer, start = 0, end = buffer.length): OffsetCommitValue {
  const reader = new ByteReader(buffer, start, end)
  const version = valueVersion(reader, OFFSET_COMMIT_VALUE.highestVersion, 'offset commit')
  const value: MessageObject = { version }
  codecOf(OFFSET_COMMIT_VALUE, version).decode(reader, value)
  if (value.topicId === ZERO_UUID) value.topicId = undefined
  return value as unknown as OffsetCommitValue
}

/** Throws CorruptRecordError, also for versions newer than 4. */
export function decodeGroupMetadataValue(buffer: Buffer, start = 0, end = buffer.length): GroupMetadataValue {
  const reader = new ByteReader(buffer, start, end)
  const version = valueVersion(reader, GROUP_METADATA_VALUE.highestVersion, 'group metadata')
  const value: MessageObject = { version }
  codecOf(GROUP_METADATA_VALUE, version).decode(reader, value)
  return value as unknown as GroupMetadataValue
}

/** A member of a consumer group (new protocol); undefined for a version that is not known. */
export function decodeConsumerGroupMemberMetadata(
  buffer: Buffer,
  start = 0,
  end = buffer.length,
): ConsumerGroupMemberMetadata | undefined {
  const reader = new ByteReader(buffer, start, end)
  if (reader.int16() !== 0) return undefined
  const value: MessageObject = {}
  codecOf(CONSUMER_GROUP_MEMBER_METADATA_VALUE, 0).decode(reader, value)
  return value as unknown as ConsumerGroupMemberMetadata
}

/** Throws RangeError where a name is longer than 32767 bytes. */
export function encodeOffsetCommitKey(group: string, topic: string, partition: number): Buffer {
  const writer = new ByteWriter(group.length + topic.length + 16).int16(1)
  writeShortString(writer, group)
  writeShortString(writer, topic)
  return writer.int32(partition).toBuffer()
}

export interface OffsetCommitInput {
  readonly offset: number
  readonly leaderEpoch?: number
  readonly metadata?: string
  readonly commitTimestamp: number
  /** Written as the tagged field of version 4; left out where it is not known. */
  readonly topicId?: string
}

/** Version 4 unless told otherwise, as Kafka 4.3 writes it. */
export function encodeOffsetCommitValue(value: OffsetCommitInput, version = 4): Buffer {
  const writer = new ByteWriter(64).int16(version)
  codecOf(OFFSET_COMMIT_VALUE, version).encode(writer, value as unknown as MessageObject)
  return writer.toBuffer()
}

export function encodeGroupMetadataKey(group: string): Buffer {
  const writer = new ByteWriter(group.length + 8).int16(2)
  writeShortString(writer, group)
  return writer.toBuffer()
}

/** Version 3 unless told otherwise, as Kafka 4.3 writes it. */
export function encodeGroupMetadataValue(
  value: MessageInputOf<typeof GROUP_METADATA_VALUE>,
  version = 3,
): Buffer {
  const writer = new ByteWriter(256).int16(version)
  codecOf(GROUP_METADATA_VALUE, version).encode(writer, value as unknown as MessageObject)
  return writer.toBuffer()
}

/** Key of any newer group record, for tombstones; `memberId` where the type has one. */
export function encodeNewGroupKey(record: NewGroupRecord, group: string, memberId?: string): Buffer {
  const writer = new ByteWriter(64).int16(NEW_GROUP_RECORDS.indexOf(record) + 3)
  writeShortString(writer, group)
  if (memberId !== undefined) writeShortString(writer, memberId)
  return writer.toBuffer()
}

function valueVersion(reader: ByteReader, highest: number, what: string): number {
  const at = reader.position
  const version = reader.int16()
  if (version < 0 || version > highest)
    throw new CorruptRecordError(`${what} value of version ${version}`, at)
  return version
}

function shortString(reader: ByteReader): string {
  const at = reader.position
  const size = reader.int16()
  if (size < 0) throw new CorruptRecordError('null where a name must be', at)
  return reader.utf8(size)
}

function writeShortString(writer: ByteWriter, text: string): void {
  const size = Buffer.byteLength(text)
  if (size > 0x7fff) throw new RangeError('a name is longer than 32767 bytes')
  writer.int16(size).utf8(text)
}
