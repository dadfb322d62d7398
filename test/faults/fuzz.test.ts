/** Every decoder of stored bytes on mutated real ones: an answer or a CorruptRecordError, never a crash, never a read past the end. */
import fs from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TerseError } from '../../src/errors.ts'
import { parseCheckpoint } from '../../src/log/checkpoint-file.ts'
import { decodeSnapshot } from '../../src/log/producers/producer-snapshot.ts'
import { decodeMetadataRecord } from '../../src/message/metadata-records.ts'
import {
  decodeConsumerGroupMemberMetadata,
  decodeGroupMetadataValue,
  decodeOffsetCommitValue,
  decodeOffsetsKey,
} from '../../src/message/offset-messages.ts'
import {
  decodeTransactionLogKey,
  decodeTransactionLogValue,
} from '../../src/message/transaction-log-messages.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { RecordBatchBuilder } from '../../src/record/record-batch-builder.ts'
import { seeded } from '../support/crash-memory-file-system.ts'
import { unpackFixture } from '../support/fixtures.ts'
import { benchSeed, printSeed, sized } from './bench.ts'

interface Sample {
  readonly folder: string
  readonly batch: Buffer
}
const samples: Sample[] = []
const snapshots: Buffer[] = []
const made: { remove(): void }[] = []

beforeAll(() => {
  for (const name of ['codecs', 'transactions', 'groups', 'metadata']) {
    const fixture = unpackFixture(name)
    made.push(fixture)
    for (const file of fs.readdirSync(fixture.dir, { recursive: true }) as string[]) {
      const path = join(fixture.dir, file)
      if (/\d{20}\.snapshot$/.test(file)) snapshots.push(fs.readFileSync(path))
      if (!/\d{20}\.log$/.test(file)) continue
      const bytes = fs.readFileSync(path)
      for (let at = 0; at + 61 < bytes.length; ) {
        const batch = new RecordBatch(bytes, at)
        if (!batch.isValid()) break
        samples.push({ folder: file.split('/')[0], batch: Buffer.from(batch.bytes()) })
        at = batch.end
      }
    }
  }
})
afterAll(() => {
  for (const fixture of made) fixture.remove()
})

const random = seeded(benchSeed + 9)

function mutate(bytes: Buffer): Buffer {
  const out = Buffer.from(bytes)
  for (let n = 1 + random(4); n > 0; n--) {
    const at = random(out.length)
    const kind = random(4)
    if (kind === 0) out[at] ^= 1 << random(8)
    else if (kind === 1) out[at] = [0, 0x7f, 0x80, 0xff][random(4)]
    else if (kind === 2) out.fill(0xff, at, Math.min(out.length, at + 1 + random(8)))
    else out.copy(out, at, random(out.length), random(out.length) + 1)
  }
  return random(5) === 0 ? out.subarray(0, random(out.length)) : out
}

/** The bytes stand at the end of a larger buffer of which nothing else may be read: a marker there would show. */
function attempt(decode: () => unknown): void {
  try {
    decode()
  } catch (error) {
    // RangeError from Buffer would mean that somebody read past the end unchecked.
    if (!(error instanceof TerseError)) throw error
  }
}

describe('mutated bytes', () => {
  it('of batches are read or refused, checksum put right or not', () => {
    printSeed('fuzz')
    expect(samples.length).toBeGreaterThan(200)
    let looked = 0
    for (let n = 0; n < sized(4000, 200_000); n++) {
      const bytes = mutate(samples[random(samples.length)].batch)
      if (bytes.length < 61) continue
      const batch = new RecordBatch(bytes)
      attempt(() => batch.ensureValid())
      if (batch.sizeInBytes !== bytes.length || batch.magic !== 2) continue
      if (random(4) > 0) batch.updateCrc()
      looked++
      attempt(() => {
        for (const { key, value } of batch.records()) {
          if ((key?.length ?? 0) + (value?.length ?? 0) < 0) throw new Error('negative')
        }
      })
    }
    expect(looked).toBeGreaterThan(500)
  })

  it('of none: real batches that are encoded anew say the same', () => {
    const stride = sized(7, 1)
    let looked = 0
    for (let n = random(stride); n < samples.length; n += stride) {
      const batch = new RecordBatch(samples[n].batch)
      const records = [...batch.records()]
      if (records.length === 0 || batch.timestampType === 'LogAppendTime') continue
      const builder = new RecordBatchBuilder({
        codec: batch.compression,
        baseOffset: batch.baseOffset,
        producerId: batch.producerId,
        producerEpoch: batch.producerEpoch,
        baseSequence: batch.baseSequence,
        transactional: batch.isTransactional,
        control: batch.isControl,
        leaderEpoch: batch.partitionLeaderEpoch,
        baseTimestamp: batch.baseTimestamp,
      })
      // A compacted batch has gaps, which only the cleaner's builder makes.
      if (records.some(({ offset }, i) => offset !== batch.baseOffset + i)) continue
      for (const { timestamp, key, value, headers } of records) builder.append(timestamp, key, value, headers)
      const again = new RecordBatch(builder.build())
      again.ensureValid()
      // Quicker than an expect for each of many records.
      expect(isDeepStrictEqual([...again.records()], records)).toBe(true)
      expect([again.lastOffset, again.maxTimestamp, again.attributes]).toEqual([
        batch.lastOffset,
        batch.maxTimestamp,
        batch.attributes,
      ])
      looked++
    }
    expect(looked).toBeGreaterThan(sized(20, 150))
  })

  it('of metadata, group and transaction records are read or refused', () => {
    for (let n = 0; n < sized(3000, 200_000); n++) {
      const { folder, batch } = samples[random(samples.length)]
      if (!folder.startsWith('__')) continue
      for (const { key, value } of new RecordBatch(batch).records()) {
        if (value !== null && value.length > 0) {
          const bytes = mutate(value)
          attempt(() => decodeMetadataRecord(bytes, 0, bytes.length))
          attempt(() => decodeOffsetCommitValue(bytes))
          attempt(() => decodeGroupMetadataValue(bytes))
          attempt(() => decodeConsumerGroupMemberMetadata(bytes))
          attempt(() => decodeTransactionLogValue(bytes))
        }
        if (key !== null && key.length > 0) {
          const bytes = mutate(key)
          attempt(() => decodeOffsetsKey(bytes))
          attempt(() => decodeTransactionLogKey(bytes))
        }
      }
    }
  })

  it('of snapshots and checkpoints are read whole or not at all', () => {
    for (let n = 0; n < sized(500, 20_000); n++) {
      const bytes = mutate(snapshots[random(snapshots.length)])
      attempt(() => decodeSnapshot(bytes))
      const text = mutate(Buffer.from('0\n2\ntopic 0 17\ntopic 1 99\n')).toString('latin1')
      const rows = parseCheckpoint(text)
      if (rows !== undefined && text !== '') expect(rows.length).toBe(Number(text.split('\n')[1].trim()))
    }
  })
})
