import '../support/property-seed.ts'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { PartitionFetcher } from '../../src/client/consumer/partition-fetcher.ts'
import type { ConsumerVisitor, CorruptBatch } from '../../src/client/consumer.ts'
import { RecordPrinter } from '../../src/commands/console-consumer/record-printer.ts'
import { messageFormatter } from '../../src/commands/formatters/formatter-loader.ts'
import { OutputBuffer } from '../../src/commands/formatters/output-buffer.ts'
import type { UnifiedLog } from '../../src/log/unified-log.ts'
import type { ReadOptions } from '../../src/log/unified-log-options.ts'
import type { FetchedData } from '../../src/record/fetched-data.ts'
import type { Codec, RecordHeader } from '../../src/record/record.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { RecordBatchBuilder } from '../../src/record/record-batch-builder.ts'
import { takingSink } from '../support/fake-streams.ts'

/**
 * Whatever lies in a batch, and whatever is damaged in it: with the print kernel the same comes out as without, byte by
 * byte, with the same count, position and complaint.
 */

interface Run {
  readonly batches: Buffer
  readonly position: number
  readonly limit: number
  readonly properties: Readonly<Record<string, string>>
  readonly skipOnError: boolean
  readonly skipCorrupt: boolean
  /** Of the output's memory. */
  readonly capacity: number
  readonly pieceSize: number
}

/** A log that holds these bytes and hands them out unchecked, in pieces of whole batches. */
function logOf(batches: Buffer, starts: readonly number[], pieceSize: number): UnifiedLog {
  const end = new RecordBatch(batches, starts[starts.length - 1] as number).nextOffset
  const log = {
    logEndOffset: end,
    refresh: () => false,
    skipCorrupt: () => end,
    read(offset: number, _maxBytes: number, { into }: ReadOptions): FetchedData {
      const bounds = [...starts, batches.length]
      let from = starts.findIndex((at) => new RecordBatch(batches, at).nextOffset > offset)
      if (from < 0) from = starts.length
      let to = from
      while (to < starts.length && (to === from || bounds[to + 1] - bounds[from] <= pieceSize)) to++
      const piece = batches.subarray(bounds[from], bounds[to])
      const nextOffset = from === to ? end : new RecordBatch(batches, bounds[to - 1]).nextOffset
      const buffer = into !== undefined && into.length >= piece.length ? into : Buffer.alloc(piece.length)
      buffer.set(piece)
      return {
        buffer,
        start: 0,
        end: piece.length,
        file: 'f',
        position: bounds[from],
        storedSize: piece.length,
        nextOffset,
        aborted: [],
      }
    },
  }
  return log as unknown as UnifiedLog
}

let taken = 0

/** All that can be seen of a run, `withKernel` or record by record in JavaScript. */
async function outcome(run: Run, withKernel: boolean) {
  const formatter = await messageFormatter(
    'org.apache.kafka.tools.consumer.DefaultMessageFormatter',
    new Map(Object.entries(run.properties)),
  )
  const pieces: Buffer[] = []
  const sink = takingSink((bytes) => void pieces.push(Buffer.from(bytes)))
  const printer = new RecordPrinter(
    formatter,
    run.skipOnError,
    sink,
    new OutputBuffer(sink, 64 * 1024, run.capacity),
  )
  printer.limit = run.limit
  if (withKernel) await printer.useKernel()
  const visitor: ConsumerVisitor = withKernel
    ? printer
    : { batch: (batch) => printer.batch(batch), record: (record) => printer.record(record) }
  const { records } = printer
  if (records !== undefined) {
    printer.records = (records_) => {
      const goOn = records(records_)
      taken += records_.taken
      return goOn
    }
  }
  const starts: number[] = []
  for (let at = 0; at < run.batches.length; at = new RecordBatch(run.batches, at).end) starts.push(at)
  const told: string[] = []
  const fetcher = new PartitionFetcher('t', 3, 'id', logOf(run.batches, starts, run.pieceSize), {
    isolation: 'read_uncommitted',
    maxBytes: () => 1024 * 1024,
    skipCorrupt: run.skipCorrupt,
    onCorrupt: ({ offset, error }: CorruptBatch) => void told.push(`${offset}: ${error.message}`),
  })
  fetcher.position = run.position
  let handedOut = 0
  for (let visits = 0; visits < 100 && printer.count < run.limit; visits++) {
    handedOut += fetcher.visit(visitor)
    if (fetcher.idle || fetcher.ended !== undefined) break
  }
  printer.flush()
  const { position, ended } = fetcher
  expect(printer.cut(), 'all that was handed out is out').toBeUndefined()
  return { text: Buffer.concat(pieces), count: printer.count, handedOut, position, ended, told }
}

async function same(run: Run) {
  const plain = await outcome(run, false)
  const byKernel = await outcome(run, true)
  expect(byKernel.text.equals(plain.text), 'the bytes printed').toBe(true)
  expect({ ...byKernel, text: '' }).toEqual({ ...plain, text: '' })
  return plain
}

const length = fc.oneof(
  { weight: 12, arbitrary: fc.nat(140) },
  { weight: 1, arbitrary: fc.integer({ min: 8000, max: 40_000 }) },
)
const bytes = fc.tuple(length, fc.nat(255)).map(([size, seed]) => {
  const buffer = Buffer.alloc(size)
  for (let i = 0; i < size; i++) buffer[i] = seed + i * 7
  return buffer
})
const nullable = fc.option(bytes, { nil: null, freq: 5 })
const headersOf = (value: fc.Arbitrary<Buffer | null>): fc.Arbitrary<readonly RecordHeader[]> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(fc.record({ key: fc.string({ maxLength: 70 }), value }), { maxLength: 4 }),
    },
  )
const timestamp = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_003 }) },
  { weight: 2, arbitrary: fc.integer({ min: -200_000, max: 1_800_000_000_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -(2 ** 53), max: 2 ** 53 }) },
)
const recordOf = (field: fc.Arbitrary<Buffer | null>) =>
  fc.record({
    gap: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3_000_000) }),
    timestamp,
    key: field,
    value: field,
    headers: headersOf(field),
  })
const record = recordOf(nullable)
/** Of which more bytes are lengths than anything else. */
const smallRecord = recordOf(
  fc.option(
    fc.nat(3).map((size) => Buffer.alloc(size, 'x')),
    { nil: null, freq: 5 },
  ),
)
const batchOf = (record: typeof smallRecord) =>
  fc.record({
    codec: fc.constantFrom<Codec>('none', 'none', 'none', 'gzip'),
    timestampType: fc.constantFrom('CreateTime', 'CreateTime', 'LogAppendTime'),
    logAppendTime: timestamp,
    records: fc.oneof(
      { weight: 4, arbitrary: fc.array(record, { minLength: 1, maxLength: 12 }) },
      // Many alike, for offsets of two and three bytes.
      {
        weight: 1,
        arbitrary: fc
          .tuple(record, fc.integer({ min: 60, max: 400 }))
          .map(([one, count]) => Array.from({ length: count }, () => one)),
      },
    ),
  })
const text = fc.oneof(
  { weight: 8, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constant('x'.repeat(9000)) },
)
const flag = fc.constantFrom('true', 'false')
const properties = fc.record(
  {
    'print.timestamp': flag,
    'print.partition': flag,
    'print.offset': flag,
    'print.delivery': flag,
    'print.epoch': flag,
    'print.headers': flag,
    'print.key': flag,
    'print.value': fc.constantFrom('true', 'true', 'false'),
    'key.separator': text,
    'line.separator': text,
    'headers.separator': text,
    'null.literal': text,
  },
  { requiredKeys: [] },
)
const runOf = (batch: ReturnType<typeof batchOf>): fc.Arbitrary<Run> =>
  fc
    .record({
      baseOffset: fc.oneof(
        fc.nat(300),
        fc.constantFrom(99_999_990, 10 ** 15),
        fc.integer({ min: 0, max: 2 ** 53 - 2 ** 32 }),
      ),
      batches: fc.array(batch, { minLength: 1, maxLength: 3 }),
      skipped: fc.oneof(fc.constant(0), fc.nat(30)),
      limit: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 40 })),
      properties,
      skipOnError: fc.boolean(),
      skipCorrupt: fc.boolean(),
      capacity: fc.constantFrom(66_000, 80_000, 512 * 1024),
      pieceSize: fc.constantFrom(1, 2000, 1024 * 1024),
    })
    .map(({ baseOffset, batches, skipped, ...rest }) => ({
      ...rest,
      position: baseOffset + skipped,
      batches: Buffer.concat(encoded(baseOffset, batches)),
    }))

type Batch = ReturnType<typeof batchOf> extends fc.Arbitrary<infer T> ? T : never

function encoded(baseOffset: number, batches: readonly Batch[]): Buffer[] {
  let offset = baseOffset
  return batches.map(({ records, codec, timestampType, logAppendTime }) => {
    const options = { codec, logAppendTime, timestampType: timestampType as 'CreateTime' | 'LogAppendTime' }
    const builder = new RecordBatchBuilder({ ...options, baseOffset: offset })
    for (const { gap, timestamp: time, key, value, headers: list } of records) {
      builder.appendWithOffset(builder.lastOffset + 1 + gap, time, key, value, list)
    }
    offset = builder.lastOffset + 1
    return builder.build()
  })
}

describe('with the print kernel the same is printed as without', () => {
  beforeAll(() => {
    taken = 0
  })

  test('of any records, in any form, from anywhere up to anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(runOf(batchOf(record)), async (one) => void (await same(one))),
      { numRuns: 80 },
    )
    // And it was the kernel that printed them (471 with the poorest seed seen).
    expect(taken).toBeGreaterThan(200)
  })

  test('of batches with damaged bytes', async () => {
    let damage = 0
    const spot = fc.tuple(fc.nat(2 ** 30), fc.nat(254))
    await fc.assert(
      fc.asyncProperty(
        runOf(batchOf(smallRecord)),
        fc.array(spot, { minLength: 1, maxLength: 2 }),
        async (one, spots) => {
          const batches = Buffer.from(one.batches)
          for (const [where, by] of spots) {
            // Anything in the last batch behind its size, magic and CRC.
            let at = 0
            while (new RecordBatch(batches, at).end < batches.length) at = new RecordBatch(batches, at).end
            const first = at + 21
            batches[first + (where % (batches.length - first))] ^= by + 1
          }
          const { told } = await same({ ...one, batches, limit: Number.POSITIVE_INFINITY })
          damage += told.length
        },
      ),
      { numRuns: 160 },
    )
    expect(damage).toBeGreaterThan(25)
  })

  const whole = { position: 0, limit: Number.POSITIVE_INFINITY, skipOnError: false, skipCorrupt: true }
  const columns = { 'print.timestamp': 'true', 'print.offset': 'true', 'print.headers': 'true' }
  const rest = { ...whole, properties: { ...columns, 'print.key': 'true' }, capacity: 80_000, pieceSize: 1 }

  test('of a small batch with each of its bytes damaged', async () => {
    const builder = new RecordBatchBuilder({})
    builder.append(9, Buffer.from('k'), null, [{ key: 'h', value: Buffer.from('v') }])
    builder.append(8, null, Buffer.from('w'), [{ key: '', value: null }])
    const stored = builder.build()
    let damage = 0
    for (let at = 61; at < stored.length; at++) {
      for (const by of [0x01, 0x02, 0x03, 0x80, 0xff]) {
        const batches = Buffer.from(stored)
        batches[at] ^= by
        damage += (await same({ ...rest, batches })).told.length
      }
    }
    expect(damage).toBeGreaterThan(60)
  })

  test('of a record that reaches one byte beyond its batch', async () => {
    const builder = new RecordBatchBuilder({})
    builder.append(9, null, Buffer.from('vw'))
    const batches = builder.build()
    // Length, attributes, timestamp, offset, no key, value's length: one more each, in zigzag.
    batches[61] += 2
    batches[66] += 2
    expect((await same({ ...rest, batches })).told).toHaveLength(1)
  })
})
