/** decode(encode(x)) = x, with nothing read past the end, for every layout and file format that has an encoder (metadata records: message.test.ts; batches: record.test.ts). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import '../support/property-seed.ts'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { ByteReader } from '../../src/bytes/byte-reader.ts'
import { ByteWriter } from '../../src/bytes/byte-writer.ts'
import { CorruptRecordError } from '../../src/errors.ts'
import { formatCheckpoint, parseCheckpoint } from '../../src/log/checkpoint-file.ts'
import { decodeSnapshot, encodeSnapshot } from '../../src/log/producers/producer-snapshot.ts'
import { OffsetIndex } from '../../src/log/segment/offset-index.ts'
import { TimeIndex } from '../../src/log/segment/time-index.ts'
import { TransactionIndex } from '../../src/log/segment/transaction-index.ts'
import { codecOf, type MessageObject } from '../../src/message/codec.ts'
import { controlType, encodeControlKey } from '../../src/message/control-messages.ts'
import {
  GROUP_RECORDS,
  SHARE_STATE_RECORDS,
  TRANSACTION_LOG_RECORDS,
} from '../../src/message/coordinator-record.ts'
import * as generatedControl from '../../src/message/generated/control.ts'
import { REMOTE_LOG_METADATA_SCHEMAS } from '../../src/message/generated/remote-log-metadata.ts'
import {
  decodeOffsetsKey,
  encodeGroupMetadataKey,
  encodeNewGroupKey,
  encodeOffsetCommitKey,
} from '../../src/message/offset-messages.ts'
import type { MessageSchema } from '../../src/message/schema.ts'
import {
  decodeTransactionLogKey,
  encodeTransactionLogKey,
} from '../../src/message/transaction-log-messages.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { int, messageOf, text, versionsOf } from '../support/arbitrary-message.ts'

const coordinators = [GROUP_RECORDS, SHARE_STATE_RECORDS, TRANSACTION_LOG_RECORDS].flatMap((records) =>
  Object.entries(records).flatMap(([type, { key, value }]): [string, MessageSchema][] => [
    [`key ${type} of ${value.name}`, key],
    [value.name, value],
  ]),
)
const schemas: [string, MessageSchema][] = [
  ...coordinators,
  ...[
    ...REMOTE_LOG_METADATA_SCHEMAS,
    generatedControl.CONSUMER_PROTOCOL_SUBSCRIPTION,
    generatedControl.CONSUMER_PROTOCOL_ASSIGNMENT,
    generatedControl.LEADER_CHANGE_MESSAGE,
    generatedControl.SNAPSHOT_HEADER_RECORD,
    generatedControl.SNAPSHOT_FOOTER_RECORD,
    generatedControl.KRAFT_VERSION_RECORD,
    generatedControl.VOTERS_RECORD,
    generatedControl.END_TXN_MARKER,
  ].map((schema): [string, MessageSchema] => [schema.name, schema]),
]

describe('layouts', () => {
  it.each(schemas)(
    '%s comes back from its bytes in every version, and takes no byte more',
    (_name, schema) => {
      for (const version of versionsOf(schema)) {
        const codec = codecOf(schema, version)
        fc.assert(
          fc.property(messageOf(schema.fields, version), fc.nat(9), (message, behind) => {
            const writer = new ByteWriter()
            codec.encode(writer, message as MessageObject)
            const stored = writer.toBuffer()
            const reader = new ByteReader(Buffer.concat([stored, Buffer.alloc(behind, 0xff)]))
            const found: MessageObject = {}
            codec.decode(reader, found)
            expect(found).toEqual(message)
            expect(reader.position).toBe(stored.length)
            // One byte short is refused, never read over.
            if (stored.length > 0) {
              expect(() => codec.decode(new ByteReader(stored, 0, stored.length - 1), {})).toThrow(
                CorruptRecordError,
              )
            }
          }),
          { numRuns: 15 },
        )
      }
    },
  )
})

describe('keys of internal topics', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  it('come back', () => {
    fc.assert(
      fc.property(name, name, fc.nat(), (group, other, partition) => {
        expect(decodeOffsetsKey(encodeOffsetCommitKey(group, other, partition))).toEqual({
          type: 'OffsetCommit',
          group,
          topic: other,
          partition,
        })
        expect(decodeOffsetsKey(encodeGroupMetadataKey(group))).toEqual({ type: 'GroupMetadata', group })
        expect(
          decodeOffsetsKey(encodeNewGroupKey('ConsumerGroupMemberMetadata', group, other)),
        ).toMatchObject({
          record: 'ConsumerGroupMemberMetadata',
          group,
          memberId: other,
        })
        expect(decodeTransactionLogKey(encodeTransactionLogKey(group))).toBe(group)
        const type = partition % 0x7fff
        expect(controlType(encodeControlKey(type), 0, 4)).toBe(type)
      }),
      { numRuns: 60 },
    )
  })
})

describe('files beside a log', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tkafka-round-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  let files = 0
  const path = (suffix: string) => join(dir, `${++files}.${suffix}`)
  /** Growing numbers below 2^31. */
  const growing = fc
    .uniqueArray(fc.integer({ min: 1, max: 0x7ffffffe }), { minLength: 1, maxLength: 40 })
    .map((numbers) => numbers.sort((a, b) => a - b))

  it('a producer snapshot comes back', () => {
    const entry = fc.record({
      producerId: fc.nat(),
      epoch: fc.nat(0x7fff),
      coordinatorEpoch: int(32),
      lastTimestamp: fc.maxSafeInteger(),
      currentTxnFirstOffset: fc.integer({ min: -1 }),
      batches: fc
        .option(fc.record({ lastSequence: fc.nat(), lastOffset: fc.maxSafeNat(), offsetDelta: fc.nat() }))
        .map((batch) => (batch === null ? [] : [batch])),
    })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), (drafts) => {
        const entries = drafts.map((draft) => ({
          ...draft,
          batches: draft.batches.map((batch) => ({ ...batch, timestamp: draft.lastTimestamp })),
        }))
        const bytes = encodeSnapshot(entries, entries.length)
        expect(decodeSnapshot(bytes)).toEqual(entries)
        expect(decodeSnapshot(bytes.subarray(0, bytes.length - 1))).toBeUndefined()
      }),
      { numRuns: 60 },
    )
  })

  it('a checkpoint comes back', () => {
    const word = text.map((t) => t.replaceAll(/\s/g, '_') || '-')
    fc.assert(
      fc.property(fc.array(fc.tuple(word, fc.nat(), fc.nat()), { maxLength: 8 }), (rows) => {
        expect(parseCheckpoint(formatCheckpoint(rows))).toEqual(rows.map((row) => row.map(String)))
      }),
      { numRuns: 60 },
    )
  })

  it('an offset index comes back, whatever its base', () => {
    fc.assert(
      fc.property(growing, fc.nat(2 ** 40), (numbers, base) => {
        const file = path('index')
        const index = new OffsetIndex(systemOs.fs, file, base)
        for (const n of numbers) index.append(base + n, n)
        index.writeStaged()
        index.close()
        const again = new OffsetIndex(systemOs.fs, file, base)
        expect(Array.from({ length: again.count }, (_, n) => again.entry(n))).toEqual(
          numbers.map((n) => ({ offset: base + n, position: n })),
        )
        again.close()
      }),
      { numRuns: 25 },
    )
  })

  it('a time index comes back', () => {
    fc.assert(
      fc.property(growing, fc.nat(2 ** 40), (numbers, base) => {
        const file = path('timeindex')
        const index = new TimeIndex(systemOs.fs, file, base)
        for (const n of numbers) index.maybeAppend(1_700_000_000_000 + n, base + n)
        index.writeStaged()
        index.close()
        const again = new TimeIndex(systemOs.fs, file, base)
        expect(Array.from({ length: again.count }, (_, n) => again.entry(n))).toEqual(
          numbers.map((n) => ({ timestamp: 1_700_000_000_000 + n, offset: base + n })),
        )
        again.close()
      }),
      { numRuns: 25 },
    )
  })

  it('an index of aborted transactions comes back', () => {
    fc.assert(
      fc.property(growing, (numbers) => {
        const index = new TransactionIndex(systemOs.fs, path('txnindex'))
        const aborted = numbers.map((n) => ({
          producerId: n,
          firstOffset: n - 1,
          lastOffset: n,
          lastStableOffset: n + 1,
        }))
        index.append(aborted.slice(0, 2))
        index.append(aborted.slice(2))
        expect(index.entries()).toEqual(aborted)
      }),
      { numRuns: 25 },
    )
  })
})
