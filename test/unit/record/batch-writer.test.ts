import { describe, expect, test } from 'vitest'
import { BatchWriter } from '../../../src/record/batch-writer.ts'
import type { Codec } from '../../../src/record/record.ts'
import { RecordBatch } from '../../../src/record/record-batch.ts'
import { RecordBatchBuilder } from '../../../src/record/record-batch-builder.ts'
import { recordOf } from '../../../src/record/record-slices.ts'
import { scanBatches } from '../../support/batch-scan.ts'

const T = 1_700_000_000_000

function batchesOf(writer: BatchWriter): RecordBatch[] {
  const batches: RecordBatch[] = []
  const { buffer, end } = writer
  const scan = scanBatches(
    buffer,
    0,
    end,
    (position) => void batches.push(new RecordBatch(buffer, position)),
    {
      crc: true,
    },
  )
  expect(scan.problem).toBeUndefined()
  expect(scan.validEnd).toBe(end)
  expect(batches).toHaveLength(writer.batchCount)
  return batches
}

function appendValue(writer: BatchWriter, value: Buffer, timestamp = T): boolean {
  return writer.appendSlices(recordOf(timestamp, null, value))
}

describe('BatchWriter', () => {
  test('writes the same bytes as the builder', () => {
    const writer = new BatchWriter({ producerId: 3, producerEpoch: 1, baseSequence: 5 })
    const builder = new RecordBatchBuilder({ producerId: 3, producerEpoch: 1, baseSequence: 5 })
    const source = Buffer.from('key-value-and-a-much-longer-value-that-is-copied-by-words, 0123456789')
    for (const [keyStart, keyEnd, valueStart, valueEnd] of [
      [0, 3, 4, 9],
      [0, -1, 4, 9],
      [3, 3, 0, -1],
      [0, 2, 0, source.length],
      [0, 2, 9, 9 + 16],
      [0, 2, 9, 9 + 17],
    ]) {
      const record = recordOf(T - keyEnd, source, source)
      Object.assign(record, { keyStart, keyEnd, valueStart, valueEnd })
      writer.appendSlices(record)
      builder.appendSlices(record)
    }
    const headers = [
      { key: 'a', value: Buffer.from('x') },
      { key: 'a', value: null },
      { key: '', value: Buffer.alloc(0) },
    ]
    writer.append(T, null, source, headers)
    builder.append(T, null, source, headers)
    writer.closeBatch()
    expect(writer.buffer.subarray(0, writer.end)).toEqual(builder.build())
  })

  test('a new batch begins when the record would not fit into batch.size, and not before', () => {
    // 61 + 3 * 40 = 181: a record of 31 value bytes is 40 with its fields... so three fill it to the byte.
    const value = Buffer.alloc(33, 'v')
    const exact = new BatchWriter({ batchSize: 61 + 3 * 40 })
    expect([1, 2, 3].map(() => appendValue(exact, value))).toEqual([false, false, true])
    expect(exact.batchCount).toBe(0)
    expect(appendValue(exact, value)).toBe(true)
    exact.closeBatch()
    expect(batchesOf(exact).map((b) => b.count)).toEqual([3, 1])

    const oneLess = new BatchWriter({ batchSize: 61 + 3 * 40 - 1 })
    expect([1, 2, 3].map(() => appendValue(oneLess, value))).toEqual([false, false, true])
    oneLess.closeBatch()
    expect(batchesOf(oneLess).map((b) => b.count)).toEqual([2, 1])
  })

  test('a record larger than batch.size is a batch of its own', () => {
    const writer = new BatchWriter({ batchSize: 1000, initialSize: 4096 })
    appendValue(writer, Buffer.from('small'))
    appendValue(writer, Buffer.alloc(100_000, 'L'))
    appendValue(writer, Buffer.alloc(30, 's'))
    appendValue(writer, Buffer.from('small'))
    writer.closeBatch()
    expect(batchesOf(writer).map((b) => b.count)).toEqual([1, 1, 2])
  })

  test('batch.size=0 puts each record into its own batch', () => {
    const writer = new BatchWriter({ batchSize: 0 })
    for (let i = 0; i < 3; i++) appendValue(writer, Buffer.from('a value that is long enough'))
    writer.closeBatch()
    expect(batchesOf(writer).map((b) => b.count)).toEqual([1, 1, 1])
  })

  test('offsets and sequences go on over the batches; sequences also over reset', () => {
    const writer = new BatchWriter({
      batchSize: 200,
      producerId: 1,
      producerEpoch: 0,
      baseSequence: 0x7ffffffd,
    })
    const append = () => {
      for (let i = 0; i < 5; i++) appendValue(writer, Buffer.alloc(50, i), T + i)
      writer.closeBatch()
      return batchesOf(writer)
    }
    expect(append().map((b) => [b.baseOffset, b.lastOffset, b.baseSequence])).toEqual([
      [0, 1, 0x7ffffffd],
      [2, 3, 0x7fffffff],
      [4, 4, 1],
    ])
    writer.reset()
    expect([writer.end, writer.isEmpty, writer.sequence]).toEqual([0, true, 2])
    expect(append().map((b) => [b.baseOffset, b.baseSequence])).toEqual([
      [0, 2],
      [2, 4],
      [4, 6],
    ])
  })

  test('timestamps count from the batch’s first record, and the greatest is the batch’s', () => {
    const writer = new BatchWriter()
    for (const timestamp of [T, T - 1000, T + 86_400_000 * 60, 0])
      appendValue(writer, Buffer.from('v'), timestamp)
    writer.closeBatch()
    const [batch] = batchesOf(writer)
    expect([batch.baseTimestamp, batch.maxTimestamp]).toEqual([T, T + 86_400_000 * 60])
    expect([...batch.records()].map((r) => r.timestamp)).toEqual([T, T - 1000, T + 86_400_000 * 60, 0])
  })

  test.each(['gzip', 'snappy', 'lz4', 'zstd'] as Codec[])('%s batches hold all records', (codec) => {
    const writer = new BatchWriter({ codec, batchSize: 1000, initialSize: 4096 })
    const values = Array.from({ length: 3000 }, (_, i) => Buffer.from(`${i + 10_000} carts orders audit`))
    for (const value of values) appendValue(writer, value)
    writer.closeBatch()
    const batches = batchesOf(writer)
    expect(new Set(batches.map((b) => b.compression))).toEqual(new Set([codec]))
    expect(batches.flatMap((b) => [...b.records()]).map((r) => String(r.value))).toEqual(values.map(String))
    // The estimate learns how well they compress, so later batches take more records.
    expect(batches.at(-2)!.count).toBeGreaterThan(batches[0].count)
  })

  test('compressed data larger than plain is kept whole', () => {
    const writer = new BatchWriter({ codec: 'gzip', initialSize: 4096 })
    const noise = Buffer.from(Array.from({ length: 4000 }, (_, i) => Math.imul(i, 2654435761) >>> 13))
    appendValue(writer, noise)
    writer.closeBatch()
    expect([...batchesOf(writer)[0].records()][0].value).toEqual(noise)
  })

  test('closed batches can be dropped while the open one goes on', () => {
    const writer = new BatchWriter({ batchSize: 200, producerId: 1, producerEpoch: 0, baseSequence: 0 })
    for (let i = 0; i < 3; i++) appendValue(writer, Buffer.alloc(50, i))
    expect([writer.batchCount, writer.closedRecordCount, writer.recordCount]).toEqual([1, 2, 3])
    writer.dropClosed()
    expect([writer.end, writer.batchCount, writer.closedRecordCount, writer.recordCount]).toEqual([
      0, 0, 0, 1,
    ])
    appendValue(writer, Buffer.alloc(50, 3))
    writer.closeBatch()
    const [batch] = batchesOf(writer)
    expect([batch.baseOffset, batch.count, batch.baseSequence]).toEqual([0, 2, 2])
    expect([...batch.records()].map((r) => r.value![0])).toEqual([2, 3])
    writer.dropClosed()
    expect([writer.end, writer.sizeInBytes, writer.isEmpty]).toEqual([0, 0, true])
  })

  test('headers are taken as they are stored', () => {
    const headers = [
      { key: 'ä', value: Buffer.from('1') },
      { key: 'ä', value: null },
    ]
    const one = new BatchWriter()
    one.append(T, null, Buffer.from('v'), headers)
    one.closeBatch()
    const two = new BatchWriter()
    batchesOf(one)[0].visit(({ exactTimestamp, key, value, buffer, headersStart, headersCount, end }) => {
      const record = recordOf(exactTimestamp, key, value)
      two.appendSlices(
        Object.assign(record, { headers: buffer, headersStart, headersEnd: end, headersCount }),
      )
    })
    two.closeBatch()
    expect(two.buffer.subarray(0, two.end).equals(one.buffer.subarray(0, one.end))).toBe(true)
    expect([...batchesOf(two)[0].records()][0].headers).toEqual(headers)
  })

  test('closing without an open batch does nothing', () => {
    const writer = new BatchWriter()
    writer.closeBatch()
    expect([writer.end, writer.batchCount]).toEqual([0, 0])
  })
})
