import { describe, expect, test } from 'vitest'
import { FetchedPartition } from '../../../../src/cluster/consumer/fetched-partition.ts'
import { CorruptRecordError } from '../../../../src/errors.ts'
import { RecordBatch } from '../../../../src/record/record-batch.ts'
import { RecordBatchBuilder } from '../../../../src/record/record-batch-builder.ts'
import { type OldSet, randomSets, readSet, seeded, storedSet } from '../../../support/old-messages.ts'

function fetched(offset = 0): FetchedPartition {
  const partition = new FetchedPartition('t', 0, 'x', true, () => {})
  partition.startAt(offset)
  return partition
}

const arrive = (partition: FetchedPartition, records: Buffer) =>
  partition.arrived({ records, aborted: [], from: 'broker 1' })

interface Read {
  readonly offset: number
  readonly value: string | undefined
}

/** All records from `offset` on, in pieces of so many bytes, into memory of a caller's or not. */
function readAll(partition: FetchedPartition, from: number, maxBytes: number, into?: Buffer): Read[] {
  const records: Read[] = []
  let offset = from
  for (let rounds = 0; rounds < 10_000; rounds++) {
    const data = partition.read(offset, maxBytes, { isolation: 'read_uncommitted', into })
    if (data === undefined) return records
    for (let at = data.start; at < data.end; ) {
      const batch = new RecordBatch(data.buffer, at, data.end)
      batch.walk((record) => {
        if (record.offset >= offset) records.push({ offset: record.offset, value: record.value?.toString() })
        return true
      })
      at = batch.end
    }
    expect(data.nextOffset).toBeGreaterThan(offset)
    offset = data.nextOffset
  }
  throw new Error('comes to no end')
}

const expected = (sets: readonly OldSet[]): Read[] =>
  sets.flatMap(readSet).map(({ offset, value }) => ({ offset, value: value?.toString() }))

describe('what a broker sent of one partition', () => {
  test('messages of formats 0 and 1, plain and in wrappers of every codec, are read among batches of format 2', () => {
    for (let seed = 1; seed <= 6; seed++) {
      const sets = randomSets(seeded(seed), { sets: 30, hasGaps: seed % 2 === 0 })
      const bytes = Buffer.concat(sets.map(storedSet))
      for (const [maxBytes, into] of [
        [1_000_000, undefined],
        [300, undefined],
        [4096, Buffer.alloc(4096)],
      ] as const) {
        const partition = fetched()
        expect(arrive(partition, bytes)).toBe(true)
        expect(readAll(partition, 0, maxBytes, into)).toEqual(expected(sets))
        expect(partition.fetchOffset).toBe((sets.at(-1)?.records.at(-1)?.offset as number) + 1)
        expect(partition.buffered).toBe(0)
      }
    }
  })

  test('an answer that ends within an old message, or a wrapper, is read up to there and goes on there', () => {
    const sets = randomSets(seeded(7), { sets: 12, magics: [0, 1] })
    const bytes = Buffer.concat(sets.map(storedSet))
    for (let cut = 1; cut < bytes.length; cut += 29) {
      const partition = fetched()
      try {
        arrive(partition, bytes.subarray(0, cut))
      } catch (error) {
        // Not even the first one is whole.
        expect((error as Error).message).toContain('no complete records were found')
        continue
      }
      const first = readAll(partition, 0, 1000)
      const { fetchOffset } = partition
      expect(first).toEqual(expected(sets).filter(({ offset }) => offset < fetchOffset))
    }
  })

  test('reading goes on within a wrapper, behind the record where it was left', () => {
    const records = Array.from({ length: 9 }, (_, i) => ({
      offset: 100 + i,
      timestamp: 5,
      key: null,
      value: Buffer.from(`v${i}`),
    }))
    const wrapper = storedSet({ magic: 1, codec: 'gzip', logAppendTime: undefined, records })
    for (let offset = 100; offset <= 108; offset++) {
      const partition = fetched(offset)
      arrive(partition, wrapper)
      expect(readAll(partition, offset, 1000).map((record) => record.offset)).toEqual(
        records.map((record) => record.offset).filter((one) => one >= offset),
      )
    }
  })

  test('a damaged old message is told where it is, and stepped over', () => {
    const message = (offset: number) =>
      storedSet({
        magic: 1,
        codec: 'none',
        logAppendTime: undefined,
        records: [{ offset, timestamp: 1, key: null, value: Buffer.from(`v${offset}`) }],
      })
    const bytes = Buffer.concat([message(0), message(1), message(2)])
    bytes[message(0).length + 35] ^= 1
    const partition = fetched()
    arrive(partition, bytes)
    const read = (offset: number) =>
      partition.read(offset, 1000, { isolation: 'read_uncommitted' })?.nextOffset
    expect(read(0)).toBe(1)
    expect(() => read(1)).toThrow(/^broker 1: its checksum is/)
    expect(partition.skipCorrupt(1)).toBe(2)
    expect(read(2)).toBe(3)
  })

  test('records that hold nothing whole, or lie in front of what was asked for, are told and not asked for without end', () => {
    const batch = (offset: number) => {
      const builder = new RecordBatchBuilder({ baseOffset: offset })
      builder.append(1, null, Buffer.from('v'))
      return builder.build()
    }
    expect(() => arrive(fetched(4), batch(4).subarray(0, 50))).toThrow(
      'Failed to make progress reading messages at t-0=4. Received a non-empty fetch response from the server, but no complete records were found.',
    )
    expect(() => arrive(fetched(9), batch(4))).toThrow(CorruptRecordError)
    expect(() => arrive(fetched(9), batch(4))).toThrow(
      'its last offset is 4 where records from 9 on were asked for',
    )
    const huge = batch(4)
    huge.writeInt32BE(0x7fffffff, 8)
    expect(() => arrive(fetched(4), huge)).toThrow('no complete records were found')
    const far = batch(4)
    far.writeBigInt64BE(2n ** 62n, 0)
    expect(() => arrive(fetched(4), far)).toThrow(CorruptRecordError)
  })
})
