import { describe, expect, it } from 'vitest'
import { RecordBatch } from '../../../src/record/record-batch.ts'
import { RecordBatchBuilder, type RecordBatchOptions } from '../../../src/record/record-batch-builder.ts'
import { RecordSlices } from '../../../src/record/record-slices.ts'
import { RecordView } from '../../../src/record/record-view.ts'

const T = 1_700_000_000_000
const bytes = (text: string) => Buffer.from(text)

interface Given {
  readonly time: number | bigint
  readonly key: string | null
  readonly value: string | null
}

function batchOf(records: readonly Given[], options: RecordBatchOptions = {}): RecordBatch {
  const builder = new RecordBatchBuilder({ baseOffset: 7, ...options })
  for (const { time, key, value } of records) {
    builder.append(time, key === null ? null : bytes(key), value === null ? null : bytes(value))
  }
  return new RecordBatch(builder.build())
}

describe('a view on a stored record (12.2)', () => {
  it('is one object for the whole walk, so what is kept of it must be copied', () => {
    const views = new Set<RecordView>()
    const offsets: number[] = []
    batchOf([
      { time: T, key: 'a', value: '1' },
      { time: T + 1, key: 'b', value: '2' },
    ]).visit((record) => {
      views.add(record)
      offsets.push(record.offset)
    })
    expect([views.size, offsets]).toEqual([1, [7, 8]])
    expect([...views][0].offset).toBe(8)
  })

  it('tells an empty key or value from none, also behind a record that had them', () => {
    const seen: unknown[] = []
    batchOf([
      { time: T, key: 'key', value: 'value' },
      { time: T, key: '', value: '' },
      { time: T, key: null, value: null },
    ]).visit(({ key, value, keyLength, valueLength }) => {
      seen.push([key?.toString() ?? null, value?.toString() ?? null, keyLength, valueLength])
    })
    expect(seen).toEqual([
      ['key', 'value', 3, 5],
      ['', '', 0, 0],
      [null, null, -1, -1],
    ])
  })

  it('has the exact timestamp of its own record, not of a wide one before it', () => {
    const wide = 2n ** 62n + 1n
    const seen: unknown[] = []
    batchOf([
      { time: wide, key: null, value: 'a' },
      { time: T, key: null, value: 'b' },
      { time: wide + 3n, key: null, value: 'c' },
    ]).visit(({ exactTimestamp, timestamp }) => {
      seen.push([exactTimestamp, timestamp])
    })
    expect(seen).toEqual([
      [wide, Number(wide)],
      [T, T],
      [wide + 3n, Number(wide + 3n)],
    ])
  })

  it.each([
    ['of a batch', T + 99, T + 99],
    ['beyond 2^53', 2n ** 60n + 1n, 2n ** 60n + 1n],
  ])('shows the append time %s in place of deltas of any size', (_what, logAppendTime, shown) => {
    const records = [0, 1, 100_000, 10_000_000].map((delta) => ({ time: T + delta, key: null, value: 'v' }))
    const seen: unknown[] = []
    batchOf(records, { timestampType: 'LogAppendTime', logAppendTime }).visit(({ exactTimestamp }) => {
      seen.push(exactTimestamp)
    })
    expect(seen).toEqual(records.map(() => shown))
  })

  it('keeps a double in its number fields from the start', () => {
    expect([new RecordView().offset, new RecordView().timestamp]).toEqual([Number.NaN, Number.NaN])
    expect(new RecordSlices().timestamp).toBe(Number.NaN)
  })
})
