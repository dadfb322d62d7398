import { recordOf } from '../../src/record/record-slices.ts'
import '../support/property-seed.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CorruptRecordError } from '../../src/errors.ts'
import { BatchWriter } from '../../src/record/batch-writer.ts'
import { compress, decompress } from '../../src/record/compression/compression.ts'
import type { Codec, Record } from '../../src/record/record.ts'
import { CODECS } from '../../src/record/record.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { RecordBatchBuilder } from '../../src/record/record-batch-builder.ts'
import { findBatch, scanBatches } from '../support/batch-scan.ts'

/** Random records come back as they were; random damage ends in a CorruptRecordError, never in anything else. */

const bytes = fc
  .oneof(
    { weight: 30, arbitrary: fc.uint8Array({ maxLength: 80, size: 'max' }) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 5000, size: 'max' }) },
  )
  .map((array) => Buffer.from(array))
const nullable = fc.option(bytes, { nil: null })
const header = fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 10 }), value: nullable })
/** Few keys, so that they repeat. */
const headers = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  {
    weight: 1,
    arbitrary: fc.array(
      fc.oneof(
        header,
        nullable.map((value) => ({ key: 'same', value })),
      ),
      { maxLength: 5 },
    ),
  },
)
const timestamp = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 ** 52 }) },
)
const record = fc.record({
  gap: fc.oneof(fc.constant(0), fc.nat(100_000)),
  timestamp,
  key: nullable,
  value: nullable,
  headers,
})
const codec = fc.constantFrom<Codec>(...CODECS)

const batchOptions = fc.record({
  codec,
  baseOffset: fc.oneof(fc.nat(1000), fc.integer({ min: 0, max: 2 ** 52 })),
  leaderEpoch: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
  producerId: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 2 ** 52 })),
  producerEpoch: fc.integer({ min: -1, max: 32767 }),
  baseSequence: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
  transactional: fc.boolean(),
  control: fc.boolean(),
  deleteHorizonMs: fc.option(timestamp, { nil: undefined }),
})

type Options = typeof batchOptions extends fc.Arbitrary<infer T> ? T : never
type GappedRecord = typeof record extends fc.Arbitrary<infer T> ? T : never

function build(options: Options, records: readonly GappedRecord[], trailingGap: number) {
  const builder = new RecordBatchBuilder(options)
  const expected: Omit<Record, 'sequence'>[] = []
  let offset = options.baseOffset
  for (const r of records) {
    offset += r.gap
    builder.appendWithOffset(offset, r.timestamp, r.key, r.value, r.headers)
    expected.push({ offset, timestamp: r.timestamp, key: r.key, value: r.value, headers: r.headers })
    offset++
  }
  builder.lastOffset += trailingGap
  return { batch: builder.build(), expected }
}

const built = fc
  .tuple(batchOptions, fc.array(record, { maxLength: 30, size: 'max' }), fc.nat(100))
  .map(([options, records, trailingGap]) => ({
    options,
    trailingGap,
    ...build(options, records, trailingGap),
  }))

/** As text: comparing thousands of buffers byte by byte is what takes the time. */
function plain(r: Omit<Record, 'sequence'>): string {
  const text = (bytes: Buffer | null): string | null => (bytes === null ? null : bytes.toString('latin1'))
  return JSON.stringify([
    r.offset,
    r.timestamp,
    text(r.key),
    text(r.value),
    r.headers.map((h) => [h.key, text(h.value)]),
  ])
}

describe('round trips', () => {
  test('a batch gives back its records: nulls, gaps, headers, every codec and flag', () => {
    fc.assert(
      fc.property(built, ({ options, batch, expected, trailingGap }) => {
        const read = new RecordBatch(batch)
        expect(read.isValid()).toBe(true)
        expect(read.count).toBe(expected.length)
        const lastRecord = expected.at(-1)?.offset ?? options.baseOffset - 1
        expect(read.lastOffset).toBe(Math.max(lastRecord + trailingGap, options.baseOffset))
        expect([read.isTransactional, read.isControl]).toEqual([options.transactional, options.control])
        expect([read.producerId, read.producerEpoch, read.baseSequence]).toEqual([
          options.producerId,
          options.producerEpoch,
          options.baseSequence,
        ])
        expect(read.deleteHorizonMs).toBe(options.deleteHorizonMs)
        expect([...read.records()].map(plain)).toEqual(expected.map(plain))
      }),
      { numRuns: 200 },
    )
  })

  test('the bulk writer gives back all records over its batches, none beyond batch.size unless alone', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 60, size: 'max' }),
        codec,
        fc.integer({ min: 0, max: 3000 }),
        (records, codec, batchSize) => {
          const writer = new BatchWriter({ codec, batchSize, initialSize: 4096 })
          for (const r of records) {
            if (r.headers.length > 0) writer.append(r.timestamp, r.key, r.value, r.headers)
            else {
              const source = Buffer.concat([
                Buffer.from('??'),
                r.key ?? Buffer.alloc(0),
                r.value ?? Buffer.alloc(0),
              ])
              const keyEnd = 2 + (r.key?.length ?? 0)
              const slices = recordOf(r.timestamp, source, source)
              slices.keyStart = 2
              slices.keyEnd = r.key === null ? -1 : keyEnd
              slices.valueStart = keyEnd
              slices.valueEnd = r.value === null ? -1 : source.length
              writer.appendSlices(slices)
            }
          }
          writer.closeBatch()
          const found: Record[] = []
          const scan = scanBatches(
            writer.buffer,
            0,
            writer.end,
            (position, size) => {
              const batch = new RecordBatch(writer.buffer, position)
              if (codec === 'none' && batch.count > 1) expect(size).toBeLessThanOrEqual(batchSize + 5121)
              found.push(...batch.records())
            },
            { crc: true },
          )
          expect(scan.kind).toBeUndefined()
          expect(found.map(plain)).toEqual(records.map((r, offset) => plain({ ...r, offset })))
        },
      ),
      { numRuns: 100 },
    )
  })

  test('every codec gives back any bytes', () => {
    fc.assert(
      fc.property(codec, bytes, fc.nat(200), (codec, part, times) => {
        const plain = Buffer.concat(Array.from({ length: times }, () => part))
        expect(decompress(codec, compress(codec, plain)).equals(plain)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})

const mutation = fc.oneof(
  fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }),
  // Where lengths, counts and flags are.
  fc.record({ at: fc.integer({ min: 0, max: 75 }), byte: fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xfe, 0xff) }),
)

/** Runs it; only a CorruptRecordError may come out. */
function onlyCorrupt(run: () => void): void {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(CorruptRecordError)
    expect((error as Error).message).not.toContain('\n')
  }
}

/** Reads all there is to read; checks that nothing outside [0, end) of the buffer is looked at or handed out. */
function readAll(buffer: Buffer, end: number, trustCrc: boolean): void {
  const scan = scanBatches(buffer, 0, end, (position, size) => {
    expect(position + size).toBeLessThanOrEqual(end)
    const batch = new RecordBatch(buffer, position, end)
    onlyCorrupt(() => void [...batch.records()])
    if (!trustCrc) return
    onlyCorrupt(() => {
      batch.walk((record) => {
        const { timestamp, buffer: from, end: recordEnd } = record
        // Plain comparisons: an expect for each of a million records takes too long.
        const limit = from === buffer ? end : from.length
        const { keyStart, keyEnd, valueStart, valueEnd, headersStart } = record
        const furthest = Math.max(keyStart, keyEnd, valueStart, valueEnd, headersStart)
        if (recordEnd > limit || furthest > recordEnd || Number.isNaN(timestamp)) {
          throw new Error(
            `record up to ${recordEnd}, fields up to ${furthest}, of ${limit} bytes, time ${timestamp}`,
          )
        }
      })
    })
  })
  expect(scan.validEnd).toBeLessThanOrEqual(end)
  expect(scan.kind === undefined).toBe(scan.validEnd === end)
}

describe('damage', () => {
  test('mutated batches, with the CRC made right again or not, end in nothing but a CorruptRecordError', () => {
    fc.assert(
      fc.property(
        built,
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        ({ batch }, mutations, fixCrc) => {
          const bad = Buffer.from(batch)
          for (const { at, byte } of mutations) bad[at % bad.length] = byte
          const view = new RecordBatch(bad)
          if (fixCrc && view.sizeInBytes === bad.length) view.updateCrc()
          onlyCorrupt(() => view.ensureValid())
          readAll(bad, bad.length, true)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('batches cut anywhere, with old bytes behind the end, are not read beyond it', () => {
    fc.assert(
      fc.property(built, built, fc.double({ min: 0, max: 1, noNaN: true }), (one, two, part) => {
        const both = Buffer.concat([one.batch, two.batch])
        const end = Math.floor(both.length * part)
        readAll(both, end, true)
        onlyCorrupt(() => new RecordBatch(both, 0, end).ensureValid())
      }),
      { numRuns: 200 },
    )
  })

  test('random bytes are no batch, and inflate to a CorruptRecordError or to little', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300, size: 'max' }), codec, (array, codec) => {
        const noise = Buffer.from(array)
        readAll(noise, noise.length, true)
        expect(findBatch(noise, 0, noise.length)).toBe(-1)
        onlyCorrupt(() =>
          expect(decompress(codec, noise, { maxSize: 65536 }).length).toBeLessThanOrEqual(65536),
        )
      }),
      { numRuns: 1000 },
    )
  })

  test('mutated compressed data inflates to a CorruptRecordError or within the limit', () => {
    fc.assert(
      fc.property(
        codec.filter((c) => c !== 'none'),
        bytes,
        fc.integer({ min: 1, max: 50 }),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        (codec, part, times, mutations) => {
          const bad = compress(codec, Buffer.concat(Array.from({ length: times }, () => part)))
          for (const { at, byte } of mutations) bad[at % bad.length] = byte
          onlyCorrupt(() =>
            expect(decompress(codec, bad, { maxSize: 100_000 }).length).toBeLessThanOrEqual(100_000),
          )
        },
      ),
      { numRuns: 1500 },
    )
  })
})
