import '../support/property-seed.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader } from '../../src/bytes/byte-reader.ts'
import { ByteWriter } from '../../src/bytes/byte-writer.ts'
import { CorruptRecordError } from '../../src/errors.ts'
import { codecOf } from '../../src/message/codec.ts'
import { decodeAssignment, decodeSubscription } from '../../src/message/consumer-protocol.ts'
import { decodeControlValue } from '../../src/message/control-messages.ts'
import {
  KRAFT_VERSION_RECORD,
  LEADER_CHANGE_MESSAGE,
  SNAPSHOT_FOOTER_RECORD,
  SNAPSHOT_HEADER_RECORD,
  VOTERS_RECORD,
} from '../../src/message/generated/control.ts'
import { METADATA_SCHEMAS } from '../../src/message/generated/metadata.ts'
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  type MetadataRecord,
} from '../../src/message/metadata-records.ts'
import {
  decodeConsumerGroupMemberMetadata,
  decodeGroupMetadataValue,
  decodeOffsetCommitValue,
  decodeOffsetsKey,
  encodeGroupMetadataValue,
  encodeOffsetCommitKey,
  encodeOffsetCommitValue,
} from '../../src/message/offset-messages.ts'
import {
  decodeTransactionLogKey,
  decodeTransactionLogValue,
  encodeTransactionLogValue,
} from '../../src/message/transaction-log-messages.ts'
import { partitionRecord, readPartitionRecord } from '../../src/metadata/partition-record-reader.ts'
import { bytes, int, messageOf, text, uuid, versionsOf } from '../support/arbitrary-message.ts'

describe.each(METADATA_SCHEMAS.map((schema) => [schema.name, schema] as const))('%s', (name, schema) => {
  it.each(versionsOf(schema))('comes back from its bytes in version %i', (version) => {
    fc.assert(
      fc.property(messageOf(schema.fields, version), (message) => {
        const writer = new ByteWriter()
        const record = { type: name, ...message } as unknown as MetadataRecord
        encodeMetadataRecord(writer, record, version)
        const stored = writer.toBuffer()
        const { record: found, newer } = decodeMetadataRecord(stored, 0, stored.length)
        expect(newer).toBeUndefined()
        expect(found).toEqual(name === 'NoOpRecord' ? undefined : record)
      }),
      { numRuns: 40 },
    )
  })

  it('is refused, or read as something, but never breaks on bytes cut, flipped or swapped', () => {
    const version = schema.highestVersion
    fc.assert(
      fc.property(
        messageOf(schema.fields, version),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(),
        (message, flipAt, flip, cut) => {
          const writer = new ByteWriter()
          encodeMetadataRecord(writer, { type: name, ...message } as unknown as MetadataRecord, version)
          const stored = writer.toBuffer()
          stored[flipAt % stored.length] = flip
          refusesOrReads(() => decodeMetadataRecord(stored, 0, stored.length - (cut % 3)))
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('a partition record', () => {
  const schema = METADATA_SCHEMAS.find((one) => one.name === 'PartitionRecord')!
  it.each([0, 1, 2])('is the same to the quick reader and to the codec in version %i', (version) => {
    fc.assert(
      fc.property(
        messageOf(schema.fields, version),
        fc.option(fc.tuple(fc.nat(), fc.nat(255))),
        (message, flip) => {
          const writer = new ByteWriter()
          encodeMetadataRecord(
            writer,
            { type: 'PartitionRecord', ...message } as unknown as MetadataRecord,
            version,
          )
          const stored = writer.toBuffer()
          if (flip !== null) stored[flip[0] % stored.length] = flip[1]
          if (!readPartitionRecord(stored, 0, stored.length)) {
            if (flip === null) throw new Error('a good record was left to the codec')
            return
          }
          const { record } = decodeMetadataRecord(stored, 0, stored.length)
          if (record?.type !== 'PartitionRecord') throw new Error('the codec reads another record')
          expect(partitionRecord.topicId).toBe(record.topicId)
          expect(partitionRecord.partition).toEqual({
            partition: record.partitionId,
            leader: record.leader,
            leaderEpoch: record.leaderEpoch,
            partitionEpoch: record.partitionEpoch,
            leaderRecoveryState: record.leaderRecoveryState,
            replicas: record.replicas,
            isr: record.isr,
            removingReplicas: record.removingReplicas,
            addingReplicas: record.addingReplicas,
            elr: record.eligibleLeaderReplicas ?? [],
            lastKnownElr: record.lastKnownElr ?? [],
            directories: record.directories,
          })
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('messages of the coordinators', () => {
  it.each([0, 1, 2, 3, 4])('an offset commit of version %i comes back', (version) => {
    fc.assert(
      fc.property(text, text, int(32), fc.maxSafeInteger(), text, fc.maxSafeInteger(), uuid, (...args) => {
        const [group, topic, partition, offset, metadata, commitTimestamp, topicId] = args
        expect(decodeOffsetsKey(encodeOffsetCommitKey(group, topic, partition))).toEqual({
          type: 'OffsetCommit',
          group,
          topic,
          partition,
        })
        const leaderEpoch = version >= 3 ? 7 : undefined
        const value = { offset, metadata, commitTimestamp, leaderEpoch, ...(version >= 4 && { topicId }) }
        expect(decodeOffsetCommitValue(encodeOffsetCommitValue(value, version))).toEqual({
          version,
          offset,
          metadata,
          commitTimestamp,
          leaderEpoch: leaderEpoch ?? -1,
          expireTimestamp: -1,
          topicId: version >= 4 ? topicId : undefined,
        })
      }),
      { numRuns: 50 },
    )
  })

  it.each([0, 1, 2, 3, 4])('classic group metadata of version %i comes back', (version) => {
    const member = fc.record({
      memberId: text,
      groupInstanceId: version >= 3 ? fc.option(text, { nil: null }) : fc.constant(null),
      clientId: text,
      clientHost: text,
      rebalanceTimeout: version >= 1 ? int(32) : fc.constant(-1),
      sessionTimeout: int(32),
      subscription: bytes,
      assignment: bytes,
    })
    const group = fc.record({
      protocolType: text,
      generation: int(32),
      protocol: fc.option(text, { nil: null }),
      leader: fc.option(text, { nil: null }),
      currentStateTimestamp: version >= 2 ? fc.maxSafeInteger() : fc.constant(-1),
      members: fc.array(member, { maxLength: 3 }),
    })
    fc.assert(
      fc.property(group, (value) => {
        expect(decodeGroupMetadataValue(encodeGroupMetadataValue(value, version))).toEqual({
          version,
          ...value,
        })
      }),
      { numRuns: 50 },
    )
  })

  it.each([0, 1])('a transaction of version %i comes back', (version) => {
    const late = <T>(value: fc.Arbitrary<T>, standard: T) => (version >= 1 ? value : fc.constant(standard))
    const transaction = fc.record({
      producerId: fc.maxSafeInteger(),
      producerEpoch: int(16),
      transactionTimeoutMs: int(32),
      transactionStatus: int(8),
      transactionPartitions: fc.option(
        fc.array(fc.record({ topic: text, partitionIds: fc.array(int(32), { maxLength: 3 }) }), {
          maxLength: 3,
        }),
        { nil: null },
      ),
      transactionLastUpdateTimestampMs: fc.maxSafeInteger(),
      transactionStartTimestampMs: fc.maxSafeInteger(),
      previousProducerId: late(fc.maxSafeInteger(), -1),
      nextProducerId: late(fc.maxSafeInteger(), -1),
      clientTransactionVersion: late(int(16), 0),
      nextProducerEpoch: late(int(16), -1),
    })
    fc.assert(
      fc.property(transaction, (value) => {
        expect(decodeTransactionLogValue(encodeTransactionLogValue(value, version))).toEqual({
          version,
          ...value,
        })
      }),
      { numRuns: 50 },
    )
  })
})

describe('bytes of no kind', () => {
  const decoders: readonly (readonly [string, (bytes: Buffer) => unknown])[] = [
    ['a metadata record', (b) => decodeMetadataRecord(b, 0, b.length)],
    ['an offsets key', (b) => decodeOffsetsKey(b)],
    ['an offset commit', (b) => decodeOffsetCommitValue(b)],
    ['group metadata', (b) => decodeGroupMetadataValue(b)],
    ['a member of a consumer group', (b) => decodeConsumerGroupMemberMetadata(b)],
    ['a transaction key', (b) => decodeTransactionLogKey(b)],
    ['a transaction', (b) => decodeTransactionLogValue(b)],
    ['a subscription', (b) => decodeSubscription(b)],
    ['an assignment', (b) => decodeAssignment(b)],
    ['a leader change', (b) => decodeControlValue(LEADER_CHANGE_MESSAGE, b)],
    ['a snapshot header', (b) => decodeControlValue(SNAPSHOT_HEADER_RECORD, b)],
    ['a snapshot footer', (b) => decodeControlValue(SNAPSHOT_FOOTER_RECORD, b)],
    ['a kraft version', (b) => decodeControlValue(KRAFT_VERSION_RECORD, b)],
    ['voters', (b) => decodeControlValue(VOTERS_RECORD, b)],
  ]
  // Small numbers first: they are versions, types and counts, and lead further in.
  const junk = fc
    .array(fc.oneof({ weight: 3, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.nat(255) }), {
      maxLength: 60,
    })
    .map((values) => Buffer.from(values))

  it.each(decoders)('are refused as %s with a position, or read', (_what, decode) => {
    fc.assert(
      fc.property(junk, (b) => refusesOrReads(() => decode(b))),
      { numRuns: 400 },
    )
  })

  it('are not given memory for elements that are not there', () => {
    const schema = METADATA_SCHEMAS.find((one) => one.name === 'PartitionRecord')!
    const stored = Buffer.alloc(60)
    // Replicas: a count of 200 million.
    stored.set([0x80, 0xc2, 0xd7, 0x5f], 20)
    expect(() => codecOf(schema, 0).decode(new ByteReader(stored), {})).toThrow(/replicas has|count/)
  })
})

function refusesOrReads(decode: () => unknown): void {
  try {
    decode()
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error
    expect(error.position).toBeGreaterThanOrEqual(0)
  }
}
