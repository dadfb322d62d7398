import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ByteReader } from '../../src/bytes/byte-reader.ts'
import { ByteWriter } from '../../src/bytes/byte-writer.ts'
import { decodeAssignment, decodeSubscription } from '../../src/message/consumer-protocol.ts'
import { decodeMetadataRecord, encodeMetadataRecord } from '../../src/message/metadata-records.ts'
import {
  decodeConsumerGroupMemberMetadata,
  decodeGroupMetadataValue,
  decodeOffsetCommitValue,
  decodeOffsetsKey,
  encodeGroupMetadataKey,
  encodeGroupMetadataValue,
  encodeNewGroupKey,
  encodeOffsetCommitKey,
  encodeOffsetCommitValue,
} from '../../src/message/offset-messages.ts'
import {
  decodeTransactionLogKey,
  decodeTransactionLogValue,
  encodeTransactionLogKey,
  encodeTransactionLogValue,
} from '../../src/message/transaction-log-messages.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { type Fixture, fixtureNames, unpackFixture } from '../support/fixtures.ts'

/** Bytes that genuine Kafka wrote, decoded and encoded again: the same bytes, so layout, order and defaults are right. */
const fixtures: Fixture[] = []
afterAll(() => {
  for (const fixture of fixtures) fixture.remove()
})

const names = fixtureNames().filter((name) =>
  /^(metadata|groups|transactions|dynamic-quorum|upgraded|zoo|compacted)/.test(name),
)
type Visit = (key: Buffer | null, value: Buffer | null) => void

function records(dir: string, folders: RegExp, files: RegExp, visit: Visit): number {
  let count = 0
  for (const folder of fs.readdirSync(dir)) {
    if (!folders.test(folder)) continue
    for (const file of fs.readdirSync(path.join(dir, folder))) {
      if (!files.test(file)) continue
      const bytes = fs.readFileSync(path.join(dir, folder, file))
      for (let at = 0; at < bytes.length; ) {
        const batch = new RecordBatch(bytes, at)
        at = batch.end
        if (batch.isControl) continue
        for (const record of batch.records()) {
          visit(record.key, record.value)
          count++
        }
      }
    }
  }
  return count
}

describe.each(names)('what genuine Kafka wrote into "%s"', (name) => {
  const fixture = unpackFixture(name)
  fixtures.push(fixture)

  it.skipIf(name.startsWith('zookeeper'))('metadata records are encoded to the same bytes', () => {
    const count = records(
      fixture.dir,
      /^__cluster_metadata-0$/,
      /\.(log|checkpoint)(\.deleted)?$/,
      (key, value) => {
        expect(key).toBeNull()
        const { record, newer } = decodeMetadataRecord(value!, 0, value!.length)
        expect(newer).toBeUndefined()
        if (record === undefined) return
        const frame = new ByteReader(value!)
        frame.uvarint()
        frame.uvarint()
        const writer = new ByteWriter()
        encodeMetadataRecord(writer, record, frame.uvarint())
        expect(writer.toBuffer().toString('hex')).toBe(value!.toString('hex'))
      },
    )
    expect(count).toBeGreaterThan(10)
  })

  it('offsets and group records are encoded to the same bytes', () => {
    const kinds = new Set<string>()
    records(fixture.dir, /^__consumer_offsets-\d+$/, /\.log$/, (keyBytes, value) => {
      const key = decodeOffsetsKey(keyBytes!)
      kinds.add(key.type === 'NewGroup' ? key.groupType : key.type)
      switch (key.type) {
        case 'OffsetCommit': {
          expect(encodeOffsetCommitKey(key.group, key.topic, key.partition)).toEqual(keyBytes)
          if (value === null) return
          const decoded = decodeOffsetCommitValue(value)
          expect(encodeOffsetCommitValue(decoded, decoded.version)).toEqual(value)
          return
        }
        case 'GroupMetadata': {
          expect(encodeGroupMetadataKey(key.group)).toEqual(keyBytes)
          if (value === null) return
          const decoded = decodeGroupMetadataValue(value)
          expect(encodeGroupMetadataValue(decoded, decoded.version)).toEqual(value)
          for (const member of decoded.members) {
            expect(decodeSubscription(member.subscription).topics.length).toBeGreaterThan(0)
            if (member.assignment.length > 0) decodeAssignment(member.assignment)
          }
          return
        }
        case 'NewGroup':
          expect(encodeNewGroupKey(key.record, key.group, key.memberId)).toEqual(keyBytes)
          if (key.record === 'ConsumerGroupMemberMetadata' && value !== null) {
            expect(decodeConsumerGroupMemberMetadata(value)?.clientHost).toMatch(/127\.0\.0\.1/)
          }
          return
        default:
          throw new Error(`record type ${key.recordType}`)
      }
    })
    if (name === 'groups')
      expect([...kinds].sort()).toEqual(['GroupMetadata', 'OffsetCommit', 'consumer', 'share'])
  })

  it('transactions are encoded to the same bytes', () => {
    const count = records(fixture.dir, /^__transaction_state-\d+$/, /\.log$/, (key, value) => {
      expect(encodeTransactionLogKey(decodeTransactionLogKey(key!)!)).toEqual(key)
      if (value === null) return
      const decoded = decodeTransactionLogValue(value)
      expect(encodeTransactionLogValue(decoded, decoded.version)).toEqual(value)
    })
    if (name === 'transactions') expect(count).toBeGreaterThan(5)
  })
})
