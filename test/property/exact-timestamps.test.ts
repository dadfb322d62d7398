import { recordOf } from '../../src/record/record-slices.ts'
import '../support/property-seed.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { json } from '../../src/cli/machine-output.ts'
import { RecordCollector } from '../../src/client/consumer/record-collector.ts'
import type { ConsumerVisitor } from '../../src/client/consumer.ts'
import { parseWhere, type RecordFields } from '../../src/commands/console-consumer/where.ts'
import { JsonlMessageReader } from '../../src/commands/console-producer/jsonl-reader.ts'
import { DefaultMessageFormatter } from '../../src/commands/formatters/default-message-formatter.ts'
import { OutputBuffer } from '../../src/commands/formatters/output-buffer.ts'
import type { UnifiedLog } from '../../src/log/unified-log.ts'
import { BatchWriter } from '../../src/record/batch-writer.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { RecordBatchBuilder } from '../../src/record/record-batch-builder.ts'
import { cleanLog, unsyncedOs } from '../support/clean-log.ts'
import { appendUnderLock, openLog, temporaryDir } from '../unit/log/log-helpers.ts'

const MAX = 2n ** 63n - 1n
const NANOSECONDS = 1_760_472_267_151_234_567n

/** Neighbours that one double stands for, the edges of what a double holds, and anything. */
const timestamp = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: NANOSECONDS - 200n, max: NANOSECONDS + 200n }) },
  { weight: 2, arbitrary: fc.bigInt({ min: 2n ** 53n - 70n, max: 2n ** 53n + 70n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: MAX - 3n, max: MAX }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: MAX }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 1_760_472_267_151n, max: 1_760_472_267_400n }) },
)
/** What other clients may have stored. */
const stored = fc.oneof(timestamp, fc.bigInt({ min: -(2n ** 63n), max: -1n }))
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const codec = fc.constantFrom(...CODECS)

const given = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : value)

function written(timestamps: readonly bigint[], codecOf: (typeof CODECS)[number], batchSize = 16384): Buffer {
  const writer = new BatchWriter({ codec: codecOf, batchSize })
  const value = Buffer.from('v')
  for (const one of timestamps) {
    const time = given(one)
    if (typeof time === 'number') writer.appendSlices(recordOf(time, null, value))
    else writer.append(time, null, value)
  }
  writer.closeBatch()
  return Buffer.from(writer.buffer.subarray(writer.start, writer.end))
}

function built(timestamps: readonly bigint[], codecOf: (typeof CODECS)[number] = 'none'): Buffer {
  const builder = new RecordBatchBuilder({ codec: codecOf })
  for (const one of timestamps) builder.append(given(one), Buffer.from('k'), Buffer.from('v'))
  return builder.build()
}

function* batchesIn(bytes: Buffer): Generator<RecordBatch> {
  for (let at = 0; at < bytes.length; ) {
    const batch = new RecordBatch(bytes, at)
    yield batch
    at = batch.end
  }
}

function timesIn(bytes: Buffer): bigint[] {
  const found: bigint[] = []
  for (const batch of batchesIn(bytes)) {
    batch.visit(({ exactTimestamp }) => {
      found.push(BigInt(exactTimestamp))
    })
  }
  return found
}

function largest(times: readonly bigint[]): bigint {
  let most = -1n
  for (const one of times) if (one > most) most = one
  return most
}

/** What a visitor of a consumer is told of these batches. */
function show(bytes: Buffer, visitor: ConsumerVisitor): void {
  for (const batch of batchesIn(bytes)) {
    visitor.batch({
      topic: 't',
      partition: 0,
      timestampType: batch.timestampType,
      leaderEpoch: 0,
      buffer: batch.buffer,
      start: batch.position,
      end: batch.end,
    })
    batch.visit((record) => {
      visitor.record(record)
    })
  }
}

describe('a timestamp of any size (E2)', () => {
  it('comes out of a batch as it went in, and the batch knows the largest', () => {
    fc.assert(
      fc.property(fc.array(timestamp, { minLength: 1, maxLength: 30 }), codec, (times, codecOf) => {
        for (const bytes of [written(times, codecOf), built(times, codecOf), written(times, codecOf, 100)]) {
          expect(timesIn(bytes)).toEqual(times)
          expect(largest([...batchesIn(bytes)].map((one) => BigInt(one.exactMaxTimestamp)))).toBe(
            largest(times),
          )
        }
      }),
      { numRuns: 60 },
    )
  })

  it('may be negative where another client stored it so', () => {
    fc.assert(
      fc.property(fc.array(stored, { minLength: 1, maxLength: 10 }), (times) => {
        expect(timesIn(built(times))).toEqual(times)
      }),
      { numRuns: 60 },
    )
  })

  it('is printed, given to programs and read from a dump with all its digits', () => {
    fc.assert(
      fc.property(fc.array(timestamp, { minLength: 1, maxLength: 10 }), (times) => {
        const bytes = built(times)
        const formatter = new DefaultMessageFormatter(new Map([['print.timestamp', 'true']]))
        let text = ''
        const output = new OutputBuffer({
          send: (chunk) => {
            text += Buffer.from(chunk).toString('latin1')
          },
          given: 0,
          taken: 0,
          stalled: false,
        })
        const collector = new RecordCollector()
        show(bytes, collector)
        show(bytes, {
          batch: (batch) => formatter.batch(batch, output),
          record: (record) => {
            formatter.record(record, output)
            return true
          },
        })
        output.flush(true)
        expect(text).toBe(times.map((one) => `CreateTime:${one}\tv\n`).join(''))
        const records = collector.take(100)
        expect(records.map((one) => one.exactTimestamp ?? BigInt(one.timestamp))).toEqual(times)
        const reader = new JsonlMessageReader(false)
        for (const one of times) {
          for (const shown of [
            json({ timestamp: one, value: 'v' }),
            `{"value":"v","timestamp" : "${one}"}`,
          ]) {
            reader.parse(Buffer.from(shown), 0, shown.length, 1)
            expect(reader.timestamp).toBe(given(one))
          }
        }
      }),
      { numRuns: 40 },
    )
  })

  it('is compared exactly by --where', () => {
    fc.assert(
      fc.property(timestamp, timestamp, (a, b) => {
        const record = { timestamp: given(a) } as RecordFields
        for (const [sign, holds] of [
          ['<', a < b],
          ['<=', a <= b],
          ['==', a === b],
          ['!=', a !== b],
          ['>=', a >= b],
          ['>', a > b],
        ] as const) {
          expect(parseWhere(`timestamp ${sign} ${b}`)(record), `${a} ${sign} ${b}`).toBe(holds)
        }
      }),
      { numRuns: 200 },
    )
  })
})

const SMALL = {
  indexIntervalBytes: 200,
  segmentBytes: 2000,
  segmentMs: Number.MAX_SAFE_INTEGER,
  retentionMs: -1,
}

/** The first record at or behind `target`, and the first with the largest time. */
function checkLookups(log: UnifiedLog, times: readonly bigint[], targets: readonly bigint[]): void {
  for (const target of targets) {
    const offset = times.findIndex((one) => one >= target)
    const found = log.offsetForTimestamp(given(target))
    expect(found?.offset ?? -1, String(target)).toBe(offset)
    if (found !== undefined) expect(BigInt(found.timestamp)).toBe(times[offset])
  }
  expect(log.maxTimestampOffset()?.offset).toBe(times.indexOf(largest(times)))
}

/** Every entry of the time indexes: the exact largest time so far in its segment, of the batch that it names. */
function checkIndexes(log: UnifiedLog, times: readonly bigint[]): void {
  for (const { baseOffset, file } of log.scanSegments()) {
    const bytes = readFileSync(file.replace(/\.log$/, '.timeindex'))
    for (let at = 0; at < bytes.length; at += 12) {
      const offset = baseOffset + bytes.readInt32BE(at + 8)
      expect(bytes.readBigInt64BE(at)).toBe(largest(times.slice(baseOffset, offset + 1)))
    }
  }
}

describe('the time index with timestamps of any size (E2)', () => {
  it('holds them exactly and finds the right neighbour, after rolls and reopening', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(timestamp, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 60 }),
        fc.array(timestamp, { minLength: 5, maxLength: 5 }),
        codec,
        (batches, others, codecOf) => {
          const dir = temporaryDir()
          const times = batches.flat()
          const targets = [...others, ...times.slice(0, 20), ...times.slice(-20).map((one) => one - 1n)]
          let log = openLog(dir, { os: unsyncedOs, changes: SMALL })
          for (const one of batches) appendUnderLock(log, built(one, codecOf))
          checkLookups(log, times, targets)
          log.close()
          log = openLog(dir, { os: unsyncedOs, changes: SMALL })
          checkLookups(log, times, targets)
          checkIndexes(log, times)
          log.close()
        },
      ),
      { numRuns: 15 },
    )
  })

  it('is right behind compaction, which writes batches and indexes anew', async () => {
    const dir = temporaryDir()
    const log = openLog(dir, { os: unsyncedOs, changes: { ...SMALL, compact: true, delete: false } })
    const builder = new RecordBatchBuilder()
    for (let i = 0n; i < 6n; i++) {
      builder.append(NANOSECONDS + i, Buffer.from(`k${i % 3n}`), i === 4n ? null : Buffer.from('v'))
    }
    const bytes = builder.build()
    log.lockSync()
    log.append(bytes, 0, bytes.length)
    log.roll()
    log.unlock()
    appendUnderLock(log, built([NANOSECONDS + 9n]))
    await cleanLog(log, dir, { os: unsyncedOs, now: 1_760_472_267_151 })
    log.refresh()
    const { buffer, start, end } = log.read(0, 1 << 20)
    expect(timesIn(Buffer.from(buffer.subarray(start, end)))).toEqual(
      [3n, 4n, 5n].map((i) => NANOSECONDS + i),
    )
    expect(log.offsetForTimestamp(NANOSECONDS + 5n)).toMatchObject({ offset: 5, timestamp: NANOSECONDS + 5n })
    const index = readFileSync(join(dir, 't-0', '00000000000000000000.timeindex'))
    expect(index.readBigInt64BE(0)).toBe(NANOSECONDS + 5n)
  })
})
