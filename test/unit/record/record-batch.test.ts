import { describe, expect, test } from 'vitest'
import { CorruptRecordError } from '../../../src/errors.ts'
import { controlRecordTypeOf, endTransactionBatch } from '../../../src/record/control-record.ts'
import { incrementSequence } from '../../../src/record/record.ts'
import { RecordBatch } from '../../../src/record/record-batch.ts'
import { RecordBatchBuilder } from '../../../src/record/record-batch-builder.ts'

const T = 1_700_000_000_000
const value = (n: number) => Buffer.from(`value ${n}`)

function threeRecords(): Buffer {
  const builder = new RecordBatchBuilder({ baseOffset: 100, leaderEpoch: 5 })
  for (let i = 0; i < 3; i++) builder.append(T + i, Buffer.from(`k${i}`), value(i))
  return builder.build()
}

/** A batch around these record bytes, with a right CRC. */
function around(records: Buffer, count: number, change: (batch: Buffer) => void = () => {}): RecordBatch {
  const empty = new RecordBatchBuilder()
  empty.lastOffset = 10
  const bytes = Buffer.concat([empty.build(), records])
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt32BE(count, 57)
  change(bytes)
  const batch = new RecordBatch(bytes)
  batch.updateCrc()
  return batch
}

describe('a record batch', () => {
  test('has the bytes that Kafka writes for one record "hi"', () => {
    const builder = new RecordBatchBuilder({ baseOffset: 1, leaderEpoch: 0 })
    builder.append(T, null, Buffer.from('hi'))
    const bytes = builder.build()
    expect(bytes.toString('hex', 0, 17)).toBe('00000000000000010000003a0000000002')
    expect(bytes.toString('hex', 21, 61)).toBe(
      '0000000000000000018bcfe568000000018bcfe56800ffffffffffffffffffffffffffff00000001',
    )
    expect(bytes.toString('hex', 61)).toBe('10000000010468690' + '0')
    expect(new RecordBatch(bytes).isValid()).toBe(true)
  })

  test('tells its header', () => {
    const batch = new RecordBatch(threeRecords())
    expect([batch.baseOffset, batch.lastOffset, batch.nextOffset, batch.count]).toEqual([100, 102, 103, 3])
    expect([batch.baseTimestamp, batch.maxTimestamp, batch.timestampType]).toEqual([T, T + 2, 'CreateTime'])
    expect([batch.producerId, batch.producerEpoch, batch.baseSequence, batch.lastSequence]).toEqual([
      -1, -1, -1, -1,
    ])
    expect([batch.partitionLeaderEpoch, batch.magic, batch.compression]).toEqual([5, 2, 'none'])
    expect([batch.isTransactional, batch.isControl, batch.deleteHorizonMs]).toEqual([false, false, undefined])
    expect(batch.sizeInBytes).toBe(batch.buffer.length)
  })

  test('base offset and leader epoch are patched without touching the CRC', () => {
    const batch = new RecordBatch(threeRecords())
    batch.setBaseOffset(7_000_000_000)
    batch.setPartitionLeaderEpoch(9)
    expect(batch.isValid()).toBe(true)
    expect([...batch.records()].map((r) => r.offset)).toEqual([7_000_000_000, 7_000_000_001, 7_000_000_002])
    expect(batch.partitionLeaderEpoch).toBe(9)
  })

  test('with log-append time all its records have the batch’s time', () => {
    const batch = new RecordBatch(threeRecords())
    batch.setMaxTimestamp('LogAppendTime', T + 5000)
    expect(batch.isValid()).toBe(true)
    expect(batch.timestampType).toBe('LogAppendTime')
    expect([...batch.records()].map((r) => r.timestamp)).toEqual([T + 5000, T + 5000, T + 5000])
  })

  test('sequences go round after 2^31 - 1', () => {
    const builder = new RecordBatchBuilder({ producerId: 1, producerEpoch: 0, baseSequence: 0x7ffffffe })
    for (let i = 0; i < 3; i++) builder.append(T, null, value(i))
    const batch = new RecordBatch(builder.build())
    expect([...batch.records()].map((r) => r.sequence)).toEqual([0x7ffffffe, 0x7fffffff, 0])
    expect(batch.lastSequence).toBe(0)
    expect(incrementSequence(0x7fffffff, 1)).toBe(0)
  })

  test('compaction keeps offsets with gaps, the last offset, the delete horizon', () => {
    const builder = new RecordBatchBuilder({ baseOffset: 10, deleteHorizonMs: T + 60_000 })
    builder.appendWithOffset(12, T, Buffer.from('k'), null)
    builder.appendWithOffset(17, T + 1, Buffer.from('l'), value(1))
    builder.lastOffset = 19
    const batch = new RecordBatch(builder.build())
    expect([batch.baseOffset, batch.nextOffset, batch.count]).toEqual([10, 20, 2])
    expect([batch.deleteHorizonMs, batch.maxTimestamp]).toEqual([T + 60_000, T + 1])
    expect([...batch.records()].map((r) => [r.offset, r.timestamp])).toEqual([
      [12, T],
      [17, T + 1],
    ])
  })

  test('an empty batch keeps offsets, producer and time', () => {
    const builder = new RecordBatchBuilder({
      baseOffset: 30,
      codec: 'gzip',
      producerId: 4,
      producerEpoch: 1,
      baseSequence: 8,
      maxTimestamp: T,
    })
    builder.lastOffset = 33
    const batch = new RecordBatch(builder.build())
    expect([batch.sizeInBytes, batch.count, batch.compression]).toEqual([61, 0, 'none'])
    expect([batch.nextOffset, batch.lastSequence, batch.maxTimestamp]).toEqual([34, 11, T])
    expect([...batch.records()]).toEqual([])
  })

  test('offsets that do not rise are refused', () => {
    const builder = new RecordBatchBuilder({ baseOffset: 5 })
    builder.append(T, null, null)
    expect(() => builder.appendWithOffset(5, T, null, null)).toThrow(RangeError)
    expect(() => builder.appendWithOffset(5 + 2 ** 31, T, null, null)).toThrow(RangeError)
  })

  test('an end-of-transaction marker is a control batch with its type and coordinator epoch', () => {
    const marker = { type: 'ABORT', coordinatorEpoch: 3 } as const
    const batch = new RecordBatch(endTransactionBatch(marker, T, 7, 2))
    expect([batch.isControl, batch.isTransactional, batch.producerId, batch.producerEpoch]).toEqual([
      true,
      true,
      7,
      2,
    ])
    const [record] = [...batch.records()]
    expect(controlRecordTypeOf(record.key)).toBe(marker.type)
    expect(record.value?.readInt32BE(2)).toBe(marker.coordinatorEpoch)
    expect(controlRecordTypeOf(Buffer.from([0, 0, 0, 99]))).toBe('UNKNOWN')
    expect(controlRecordTypeOf(null)).toBe('UNKNOWN')
  })

  test('hasRoomFor counts to the byte', () => {
    const full = new RecordBatchBuilder()
    for (let i = 0; i < 2; i++) full.append(T, null, value(i), [{ key: 'h', value: null }])
    const size = full.build().length
    for (const [maxBytes, fits] of [
      [size, true],
      [size - 1, false],
    ] as const) {
      const builder = new RecordBatchBuilder({ maxBytes })
      builder.append(T, null, value(0), [{ key: 'h', value: null }])
      expect(builder.hasRoomFor(T, -1, value(1).length, [{ key: 'h', value: null }])).toBe(fits)
    }
  })

  test('a visitor that returns false ends the walk', () => {
    const seen: number[] = []
    const whole = new RecordBatch(threeRecords()).visit(({ index }) => {
      seen.push(index)
      return index < 1
    })
    expect([whole, seen]).toEqual([false, [0, 1]])
  })
})

describe('a damaged record batch', () => {
  test('a flipped bit anywhere behind the CRC is found, with offset and position', () => {
    const stored = Buffer.concat([Buffer.alloc(7), threeRecords()])
    stored[90] ^= 1
    const batch = new RecordBatch(stored, 7)
    expect(batch.isValid()).toBe(false)
    expect(() => batch.ensureValid()).toThrow(
      /^corrupt record batch at offset 100: its checksum is 0x[0-9a-f]{8}, stored is 0x[0-9a-f]{8} \(at position 7\)$/,
    )
    expect(() => [...batch.records()]).toThrow(CorruptRecordError)
  })

  test('the CRC is checked before anything is inflated', () => {
    const builder = new RecordBatchBuilder({ codec: 'gzip' })
    builder.append(T, null, Buffer.alloc(1000))
    const bytes = builder.build()
    bytes[61] ^= 0xff
    expect(() => new RecordBatch(bytes).visit(() => {})).toThrow(/checksum/)
    expect(() => new RecordBatch(bytes).walk(() => {})).toThrow(/gzip data is damaged/)
  })

  test.each([0, 1])('magic %i is named for what it is', (magic) => {
    const bytes = threeRecords()
    bytes[16] = magic
    expect(() => new RecordBatch(bytes).ensureValid()).toThrow(
      `message format v${magic} of Kafka before 0.11`,
    )
  })

  test('a size beyond the bytes there are, or below a header, is refused', () => {
    const bytes = threeRecords()
    expect(() => new RecordBatch(bytes, 0, bytes.length - 1).ensureValid()).toThrow('reaches beyond')
    expect(() => new RecordBatch(bytes, 0, 20).ensureValid()).toThrow('20 bytes are too few')
    bytes.writeInt32BE(-1, 8)
    expect(() => new RecordBatch(bytes).ensureValid()).toThrow('smaller than a batch')
  })

  test.each([
    ['a count that cannot fit', '0c00000001010' + '0', 1_000_000, 'records do not fit'],
    ['a negative count', '0c000000010100', -1, 'records do not fit'],
    ['a record longer than the batch', '7e000000010100', 1, 'bad length'],
    ['a negative record length', '01000000010100', 1, 'bad length'],
    ['a length that is no varint', 'ffffffffffff7f', 1, 'bad length'],
    ['a key longer than the record', '0c0000007e0100', 1, 'bad key length'],
    ['a key length of -2', '0c000000030100', 1, 'bad key length'],
    ['a value longer than the record', '0c000000017e00', 1, 'bad value length'],
    ['a value length of -2', '0c000000010300', 1, 'bad value length'],
    ['a negative offset delta', '0c000001010100', 1, 'bad offset'],
    ['an offset behind the batch’s last', '0c000016010100', 1, 'bad offset'],
    ['a million headers', '100000000101808080' + '7a', 1, 'bad header'],
    ['a negative header count', '0c000000010101', 1, 'bad header count'],
    ['a header key longer than the record', '100000000101027e01', 1, 'bad headers'],
    ['a header without a key', '1000000001010201' + '01', 1, 'bad headers'],
    ['bytes behind the headers', '0e00000001010000', 1, 'bad headers'],
    ['bytes behind the records', '0c00000001010000', 1, '1 byte is left'],
  ])('%s is refused though the CRC is right', (_what, records, count, message) => {
    const batch = around(Buffer.from(records, 'hex'), count)
    expect(batch.isValid()).toBe(true)
    expect(() => batch.visit(() => {})).toThrow(message)
    expect(() => batch.visit(() => {})).toThrow(CorruptRecordError)
  })

  test('the same shape undamaged is read', () => {
    expect([...around(Buffer.from('0c000000010100', 'hex'), 1).records()]).toHaveLength(1)
  })

  test('an unknown codec is refused', () => {
    const batch = around(Buffer.from('0c000000010100', 'hex'), 1, (bytes) => {
      bytes[22] = 5
    })
    expect(() => batch.visit(() => {})).toThrow('unknown compression 5')
  })

  test('an offset beyond 2^53 is refused', () => {
    const bytes = threeRecords()
    bytes.writeBigInt64BE(2n ** 53n, 0)
    expect(() => [...new RecordBatch(bytes).records()]).toThrow('beyond what any offset')
  })
})
