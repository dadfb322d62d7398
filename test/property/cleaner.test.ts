import '../support/property-seed.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NEVER } from '../../src/log/log-config.ts'
import type { UnifiedLog } from '../../src/log/unified-log.ts'
import { endTransactionBatch } from '../../src/record/control-record.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { cleanLog, unsyncedOs } from '../support/clean-log.ts'
import { batchOf, openLog, temporaryDir } from '../unit/log/log-helpers.ts'

interface ModelRecord {
  readonly offset: number
  readonly key: string
  readonly value: string | null
  readonly producerId: number
}

type Op =
  | {
      readonly op: 'append'
      readonly keys: readonly number[]
      readonly codec: number
      readonly tombstones: number
    }
  | { readonly op: 'idempotent'; readonly keys: readonly number[]; readonly producer: number }
  | { readonly op: 'transaction'; readonly keys: readonly number[]; readonly producer: number }
  | { readonly op: 'end'; readonly producer: number; readonly abort: boolean }
  | { readonly op: 'roll' | 'reopen' }
  | { readonly op: 'clean'; readonly later: number; readonly memory: number }
  | { readonly op: 'read'; readonly maxBytes: number }

type AppendOp = Extract<Op, { readonly op: 'append' | 'idempotent' | 'transaction' | 'end' }>

const keys = fc.array(fc.nat(9), { minLength: 1, maxLength: 6 })
const ops: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('append' as const),
      keys,
      codec: fc.nat(4),
      tombstones: fc.nat(15),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant('idempotent' as const), keys, producer: fc.nat(2) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant('transaction' as const), keys, producer: fc.nat(2) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant('end' as const), producer: fc.nat(2), abort: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ op: fc.constantFrom('roll' as const, 'reopen' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('clean' as const),
      later: fc.nat(400),
      memory: fc.constantFrom(320, 1000, 1 << 16),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant('read' as const), maxBytes: fc.integer({ min: 1, max: 900 }) }),
  },
)

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const CHANGES = {
  segmentBytes: 600,
  indexIntervalBytes: 100,
  fileDeleteDelayMs: 0,
  compact: true,
  delete: false,
  deleteRetentionMs: 150,
  producerIdExpirationMs: NEVER,
}

describe('compaction', () => {
  it('leaves the last value of every key, offsets and order as they were, at any moment and for any reader', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(ops, { minLength: 10, maxLength: 60 }), async (steps) => {
        const dir = temporaryDir()
        let log = openLog(dir, { os: unsyncedOs, changes: CHANGES })
        const reader = openLog(dir, { os: unsyncedOs, changes: CHANGES, readOnly: true })
        const seen = new Map<number, string>()
        let readTo = 0
        const model = new Model()
        let now = 10_000
        for (const step of steps) {
          if (step.op === 'reopen') {
            log.close()
            log = openLog(dir, { os: unsyncedOs, changes: CHANGES })
          } else if (step.op === 'clean') {
            now += step.later
            const table = tableOf(log)
            await cleanLog(log, dir, { os: unsyncedOs, now, memory: step.memory, loadFactor: 0.9 })
            expect(tableOf(log)).toEqual(table)
            model.check(log)
          } else if (step.op === 'read') {
            readTo = read(reader, readTo, step.maxBytes, seen)
          } else {
            log.lockSync()
            if (step.op === 'roll') log.roll()
            else model.append(log, step as AppendOp)
            log.unlock()
          }
        }
        now += 1000
        for (let round = 0; round < 2; round++) {
          log.lockSync()
          model.append(log, { op: 'append', keys: [9], codec: 0, tombstones: 0 })
          log.roll()
          log.unlock()
          await cleanLog(log, dir, { os: unsyncedOs, now })
          model.check(log)
          now += 1000
        }
        for (let last = -1; last !== readTo; ) {
          last = readTo
          readTo = read(reader, readTo, 500, seen)
        }
        for (const [offset, record] of allRecords(log)) expect(seen.get(offset)).toBe(record)
        // A process that knows nothing of before finds the same.
        log.close()
        model.check(openLog(dir, { os: unsyncedOs, changes: CHANGES }))
        reader.close()
      }),
      { numRuns: Number(process.env['RUNS'] ?? 25), endOnFailure: process.env['SHRINK'] === undefined },
    )
  })
})

class Model {
  end = 0
  readonly records: ModelRecord[] = []
  readonly open = new Map<number, number>()
  readonly aborted: { producerId: number; first: number; last: number }[] = []
  readonly #sequences = new Map<number, number>()

  append(log: UnifiedLog, step: AppendOp): void {
    let bytes: Buffer
    if (step.op === 'end') {
      const producerId = 500 + step.producer
      const begun = this.open.get(producerId)
      if (begun === undefined) return
      bytes = endTransactionBatch(
        { type: step.abort ? 'ABORT' : 'COMMIT', coordinatorEpoch: 0 },
        1030,
        producerId,
        0,
      )
      if (step.abort) this.aborted.push({ producerId, first: begun, last: this.end })
      this.open.delete(producerId)
      this.end++
    } else {
      const producerId = step.op === 'append' ? -1 : (step.op === 'transaction' ? 500 : 700) + step.producer
      const records = step.keys.map((key, i) => ({
        key: `key-${key}${'k'.repeat(key)}`,
        value: step.op === 'append' && ((step.tombstones >> i) & 1) === 1 ? null : `v${this.end + i}`,
        timestamp: 1000 + this.end + i,
      }))
      const baseSequence = this.#sequences.get(producerId) ?? 0
      this.#sequences.set(producerId, baseSequence + records.length)
      if (step.op === 'append') bytes = batchOf(records, { codec: CODECS[step.codec] })
      else {
        const transactional = step.op === 'transaction'
        bytes = batchOf(records, { producerId, producerEpoch: 0, baseSequence, transactional })
        if (transactional && !this.open.has(producerId)) this.open.set(producerId, this.end)
      }
      for (const { key, value } of records)
        this.records.push({
          offset: this.end++,
          key,
          value,
          producerId: step.op === 'transaction' ? producerId : -1,
        })
    }
    const info = log.append(bytes, 0, bytes.length)
    expect(info.lastOffset).toBe(this.end - 1)
  }

  check(log: UnifiedLog): void {
    expect(log.logEndOffset).toBe(this.end)
    expect(log.lastStableOffset).toBe(Math.min(this.end, ...this.open.values()))
    const stored = new Map(this.records.map((record) => [record.offset, record]))
    let before = -1
    for (const [offset, text] of allRecords(log)) {
      expect(offset).toBeGreaterThan(before)
      before = offset
      const record = stored.get(offset)!
      expect(text).toBe(`${record.key}=${record.value}@${1000 + offset}`)
    }
    const newest = new Map<string, ModelRecord>()
    for (const record of this.records) {
      if (record.offset < log.lastStableOffset && this.#counts(record)) newest.set(record.key, record)
    }
    const table = new Map<string, string>()
    for (const { key, value, offset } of newest.values()) {
      if (value !== null) table.set(key, `${value}#${offset}`)
    }
    expect(tableOf(log)).toEqual(table)
  }

  #counts({ producerId, offset }: ModelRecord): boolean {
    return this.aborted.every(
      (txn) => txn.producerId !== producerId || offset < txn.first || offset > txn.last,
    )
  }
}

/** Key to value and offset, as a consumer of committed records builds it. */
function tableOf(log: UnifiedLog): Map<string, string> {
  const table = new Map<string, string>()
  log.refresh()
  for (let next = log.logStartOffset; next < log.lastStableOffset; ) {
    const fetched = log.read(next, 300, { isolation: 'read_committed' })
    if (fetched.start === fetched.end) break
    // A log reads into one buffer of its own, and `isAborted` reads on.
    const bytes = Buffer.from(fetched.buffer.subarray(fetched.start, fetched.end))
    for (let at = 0; at < bytes.length; ) {
      const batch = new RecordBatch(bytes, at)
      at = batch.end
      if (batch.isControl) continue
      for (const { offset, key, value } of batch.records()) {
        const aborted = fetched.aborted.some(
          (txn) =>
            batch.isTransactional && txn.producerId === batch.producerId && isAborted(log, txn, offset),
        )
        if (aborted) continue
        if (value === null) table.delete(`${key}`)
        else table.set(`${key}`, `${value}#${offset}`)
      }
    }
    next = fetched.nextOffset
  }
  return table
}

/** A fetch names an aborted transaction by its first offset; it ends at its producer's next marker. */
function isAborted(
  log: UnifiedLog,
  txn: { producerId: number; firstOffset: number },
  offset: number,
): boolean {
  if (offset < txn.firstOffset) return false
  let marker = Number.POSITIVE_INFINITY
  for (let next = txn.firstOffset; next < log.logEndOffset && marker === Number.POSITIVE_INFINITY; ) {
    const fetched = log.read(next, 300)
    if (fetched.start === fetched.end) break
    for (let at = fetched.start; at < fetched.end; ) {
      const batch = new RecordBatch(fetched.buffer, at, fetched.end)
      if (batch.isControl && batch.producerId === txn.producerId && batch.lastOffset >= txn.firstOffset) {
        marker = Math.min(marker, batch.lastOffset)
      }
      at = batch.end
    }
    next = fetched.nextOffset
  }
  return offset < marker
}

function* allRecords(log: UnifiedLog): Generator<[number, string]> {
  for (let next = log.logStartOffset; next < log.logEndOffset; ) {
    const { buffer, start, end, nextOffset } = log.read(next, 400)
    if (start === end) return
    for (let at = start; at < end; ) {
      const batch = new RecordBatch(buffer, at, end)
      at = batch.end
      if (batch.isControl) continue
      for (const { offset, key, value, timestamp } of batch.records()) {
        if (offset >= next) yield [offset, `${key}=${value}@${timestamp}`]
      }
    }
    next = nextOffset
  }
}

function read(log: UnifiedLog, from: number, maxBytes: number, seen: Map<number, string>): number {
  log.refresh()
  const { buffer, start, end, nextOffset } = log.read(from, maxBytes)
  for (let at = start; at < end; ) {
    const batch = new RecordBatch(buffer, at, end)
    at = batch.end
    if (batch.isControl) continue
    for (const { offset, key, value, timestamp } of batch.records()) {
      if (offset >= from) seen.set(offset, `${key}=${value}@${timestamp}`)
    }
  }
  return Math.max(nextOffset, from)
}
