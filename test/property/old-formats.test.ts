import '../support/property-seed.ts'
import fs from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CorruptRecordError } from '../../src/errors.ts'
import { logFile } from '../../src/log/segment/log-files.ts'
import type { UnifiedLog } from '../../src/log/unified-log.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { cleanLog, unsyncedOs } from '../support/clean-log.ts'
import {
  type OldSet,
  type RandomLogOptions,
  type ReadRecord,
  randomSets,
  readSet,
  seeded,
  storedSet,
} from '../support/old-messages.ts'
import { batchOf, openLog, temporaryDir } from '../unit/log/log-helpers.ts'

const RUNS = 40

interface OldLog {
  readonly logDir: string
  readonly sets: readonly OldSet[]
  readonly expected: readonly ReadRecord[]
  /** Base offsets of its segments. */
  readonly bases: readonly number[]
}

/** A log `t-0` of random sets in segments of a few of them. */
function oldLog(seed: number, options: RandomLogOptions = {}, setsInSegment = 7): OldLog {
  const sets = randomSets(seeded(seed), options)
  const logDir = temporaryDir()
  const dir = join(logDir, 't-0')
  fs.mkdirSync(dir)
  const bases: number[] = []
  for (let i = 0; i < sets.length; i += setsInSegment) {
    const base = i === 0 ? 0 : sets[i].records[0].offset
    bases.push(base)
    fs.writeFileSync(logFile(dir, base), Buffer.concat(sets.slice(i, i + setsInSegment).map(storedSet)))
  }
  return { logDir, sets, expected: sets.flatMap(readSet), bases }
}

const os = unsyncedOs
const open = (logDir: string): UnifiedLog => openLog(logDir, { os, changes: { compact: true } })

function readFrom(log: UnifiedLog, from: number, maxBytes = 1 << 20): ReadRecord[] {
  const records: ReadRecord[] = []
  for (let at = from; at < log.logEndOffset; ) {
    const { buffer, start, end, nextOffset } = log.read(at, maxBytes)
    for (let position = start; position < end; ) {
      const batch = new RecordBatch(buffer, position, end)
      position = batch.end
      const { timestampType } = batch
      for (const { offset, timestamp, key, value } of batch.records()) {
        const copied = { key: key && Buffer.from(key), value: value && Buffer.from(value) }
        if (offset >= at) records.push({ offset, timestamp, timestampType, ...copied })
      }
    }
    expect(nextOffset).toBeGreaterThan(at)
    at = nextOffset
  }
  return records
}

const seeds = fc.integer({ min: 0, max: 1_000_000 })

describe('a log of formats 0, 1 and 2 (issue 13, 2)', () => {
  it('is read as it was written, from any offset, in pieces of any size', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.boolean(),
        fc.integer({ min: 1, max: 3000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (seed, hasGaps, size, part) => {
          const { logDir, expected } = oldLog(seed, { hasGaps })
          const log = open(logDir)
          const end = expected[expected.length - 1].offset + 1
          expect(log.logEndOffset).toBe(end)
          expect(readFrom(log, 0, size)).toEqual(expected)
          const from = Math.floor(part * end)
          expect(readFrom(log, from)).toEqual(expected.filter(({ offset }) => offset >= from))
          log.close()
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('has its offsets found by time; format 0 has none', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { logDir, expected } = oldLog(seed)
        const log = open(logDir)
        const times = [...new Set(expected.map(({ timestamp }) => timestamp).filter((time) => time >= 0))]
        for (const time of [0, ...times, Number.MAX_SAFE_INTEGER]) {
          const first = expected.find(({ timestamp }) => timestamp >= Math.max(time, 0))
          expect(log.offsetForTimestamp(time)?.offset).toBe(first?.offset)
        }
        const largest = Math.max(...times)
        if (times.length > 0)
          expect(log.maxTimestampOffset()?.offset).toBe(
            expected.find(({ timestamp }) => timestamp === largest)?.offset,
          )
        log.close()
      }),
      { numRuns: RUNS },
    )
  })

  it('goes on in format 2, byte for byte behind what is there, and is whole behind recovery', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const { logDir, expected, bases } = oldLog(seed, { hasGaps: true })
        const last = logFile(join(logDir, 't-0'), bases[bases.length - 1])
        const before = fs.readFileSync(last)
        const log = open(logDir)
        log.lockSync()
        const end = log.logEndOffset
        for (const value of ['a', 'b']) {
          const batch = batchOf([{ key: 'new', value }])
          expect(log.append(batch, 0, batch.length).firstOffset).toBe(end + (value === 'a' ? 0 : 1))
        }
        log.closeAsBroker()
        log.close()
        expect(fs.readFileSync(last).subarray(0, before.length)).toEqual(before)
        const stored = bases.map((base) => fs.readFileSync(logFile(join(logDir, 't-0'), base), 'hex'))
        const again = open(logDir)
        again.lockSync()
        const report = await again.recover()
        expect(report).toMatchObject({ logEndOffset: end + 2, cutBytes: 0, corrupt: [] })
        expect(bases.map((base) => fs.readFileSync(logFile(join(logDir, 't-0'), base), 'hex'))).toEqual(
          stored,
        )
        expect(readFrom(again, 0).slice(0, expected.length)).toEqual(expected)
        expect(readFrom(again, end).map(({ value }) => String(value))).toEqual(['a', 'b'])
        again.close()
      }),
      { numRuns: RUNS / 2 },
    )
  })

  it('with a byte changed tells file and position, and hands out every other set', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        (seed, part, mask) => {
          const { logDir, sets, expected } = oldLog(seed, { sets: 8 }, 8)
          const file = logFile(join(logDir, 't-0'), 0)
          const bytes = fs.readFileSync(file)
          const at = Math.floor(part * (bytes.length - 1))
          bytes[at] ^= mask
          fs.writeFileSync(file, bytes)
          const log = open(logDir)
          const { read, errors } = readAround(log)
          for (const error of errors)
            expect(error.message).toMatch(/^\/.*0{20}\.log: .* \(at position \d+\)$/)
          // What the byte belongs to may be lost, or (its offset, which no checksum covers) be elsewhere.
          const hit = sets.findIndex((_, i) => sizeUpTo(sets, i + 1) > at)
          const others = sets.flatMap((set, i) => (i === hit ? [] : readSet(set)))
          const found = new Set(read.map(textOf))
          const lost = others.filter((record) => !found.has(textOf(record)))
          // No checksum covers an offset: one that was raised may hide what stands behind it.
          if (lost.length > 0 && errors.length === 0) expect(isInOffset(sets, at)).toBe(true)
          const before = others.filter(({ offset }) => offset < sets[hit].records[0].offset)
          for (const record of before) expect(found.has(textOf(record))).toBe(true)
          expect(read.length).toBeLessThanOrEqual(expected.length)
          log.close()
        },
      ),
      { numRuns: RUNS * 3 },
    )
  })

  it('compacted keeps the last record of each key, in its format', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const { logDir, expected, bases } = oldLog(seed, { sets: 30, keys: 6 })
        const log = open(logDir)
        await cleanLog(log, logDir, { os })
        const activeBase = bases[bases.length - 1]
        const latest = new Map<string, number>()
        for (const { key, offset } of expected)
          if (key !== null && offset < activeBase) latest.set(key.toString(), offset)
        const kept = expected.filter(
          ({ key, offset }) =>
            offset >= activeBase || (key !== null && latest.get(key.toString()) === offset),
        )
        log.refresh()
        expect(readFrom(log, 0)).toEqual(kept)
        log.close()
      }),
      { numRuns: RUNS / 2 },
    )
  })
})

const textOf = ({ offset, key, value }: ReadRecord): string => `${offset} ${key} ${value}`

/** Whether the byte is in what no checksum covers: offset, size, a batch's leader epoch. */
function isInOffset(sets: readonly OldSet[], at: number): boolean {
  const stored = Buffer.concat(sets.map(storedSet))
  for (let start = 0; start < stored.length; start += 12 + stored.readInt32BE(start + 8))
    if (at >= start && at < start + 16) return true
  return false
}

const sizeUpTo = (sets: readonly OldSet[], count: number): number =>
  sets.slice(0, count).reduce((sum, set) => sum + storedSet(set).length, 0)

function readAround(log: UnifiedLog): { read: ReadRecord[]; errors: CorruptRecordError[] } {
  const read: ReadRecord[] = []
  const errors: CorruptRecordError[] = []
  for (let at = 0; at < log.logEndOffset; ) {
    let next: number
    try {
      const fetched = log.read(at, 400)
      next = fetched.nextOffset
      for (let position = fetched.start; position < fetched.end; ) {
        const batch = new RecordBatch(fetched.buffer, position, fetched.end)
        position = batch.end
        for (const { offset, timestamp, key, value } of batch.records())
          if (offset >= at)
            read.push({
              offset,
              timestamp,
              timestampType: batch.timestampType,
              key: key && Buffer.from(key),
              value: value && Buffer.from(value),
            })
      }
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error
      errors.push(error)
      next = log.skipCorrupt(at)
    }
    expect(next).toBeGreaterThan(at)
    at = next
  }
  return { read, errors }
}
