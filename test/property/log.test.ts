import '../support/property-seed.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { UnifiedLog } from '../../src/log/unified-log.ts'
import { endTransactionBatch } from '../../src/record/control-record.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { batchOf, openLog, temporaryDir } from '../unit/log/log-helpers.ts'

/** What the log should be: batches as they were appended. */
interface ModelBatch {
  readonly offset: number
  readonly values: readonly { readonly value: string; readonly timestamp: number }[]
  readonly producerId: number
  readonly marker?: 'ABORT' | 'COMMIT'
}

type Op =
  | {
      readonly op: 'append'
      readonly by: number
      readonly batches: readonly (readonly number[])[]
      readonly codec: number
    }
  | { readonly op: 'transaction'; readonly by: number; readonly producer: number; readonly size: number }
  | { readonly op: 'end'; readonly by: number; readonly producer: number; readonly abort: boolean }
  | { readonly op: 'roll' | 'close' | 'reopen'; readonly by: number }
  | { readonly op: 'delete'; readonly by: number; readonly part: number }
  | { readonly op: 'check'; readonly by: number; readonly part: number; readonly maxBytes: number }

type AppendOp = Extract<Op, { readonly op: 'append' | 'transaction' | 'end' }>

const INSTANCES = 3
const by = fc.nat(INSTANCES - 1)
const ops: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('append' as const),
      by,
      batches: fc.array(fc.array(fc.nat(50), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 }),
      codec: fc.nat(2),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('transaction' as const),
      by,
      producer: fc.nat(2),
      size: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('end' as const), by, producer: fc.nat(2), abort: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constantFrom('roll' as const, 'close' as const, 'reopen' as const), by }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('delete' as const),
      by,
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('check' as const),
      by,
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      maxBytes: fc.integer({ min: 1, max: 2000 }),
    }),
  },
)

const CHANGES = {
  segmentBytes: 1500,
  indexIntervalBytes: 200,
  fileDeleteDelayMs: 0,
  // The batches' timestamps are of 1970: a roll would forget their producers.
  producerIdExpirationMs: Number.MAX_SAFE_INTEGER,
}
const CODECS = ['none', 'gzip', 'none'] as const

describe('several processes on one log', () => {
  it('agree with a model of what was appended, whoever appends, rolls, deletes, closes and reopens in between', () => {
    fc.assert(
      fc.property(fc.array(ops, { minLength: 5, maxLength: 40 }), (steps) => {
        const dir = temporaryDir()
        const open = (): UnifiedLog => openLog(dir, { changes: CHANGES })
        const logs = Array.from({ length: INSTANCES }, open)
        const model = new Model()
        for (const step of steps) {
          const log = logs[step.by]
          if (step.op === 'reopen') {
            log.close()
            logs[step.by] = open()
          } else if (step.op === 'check') {
            log.refresh()
            model.check(log, step.part, step.maxBytes)
          } else {
            log.lockSync()
            if (step.op === 'roll') log.roll()
            else if (step.op === 'close') log.closeAsBroker()
            else if (step.op === 'delete') {
              // Of a transaction that begins below the start a process that opens later knows less: not compared.
              model.start = Math.min(Math.floor(model.end * step.part), ...model.open.values())
              log.deleteRecordsBefore(Math.max(model.start, log.logStartOffset))
              model.start = log.logStartOffset
              model.retireProducers()
            } else model.append(log, step as AppendOp)
            log.unlock()
          }
        }
        for (const log of logs) {
          log.refresh()
          model.check(log, 0, 500)
          log.close()
        }
      }),
      { numRuns: 40, endOnFailure: process.env['SHRINK'] === undefined },
    )
  })
})

class Model {
  start = 0
  end = 0
  readonly batches: ModelBatch[] = []
  readonly open = new Map<number, number>()
  readonly aborted: { producerId: number; first: number; last: number }[] = []
  readonly #sequences = new Map<number, number>()
  readonly #producerIds = [500, 501, 502]

  /**
   * A process that opens after the deletion finds no batch of such a producer, at most its marker, and refuses all
   * sequences but 0, as a restarted broker does: its producer comes back with a new id.
   */
  retireProducers(): void {
    for (const [index, producerId] of this.#producerIds.entries()) {
      const last = this.batches.findLast((batch) => batch.producerId === producerId && !batch.marker)
      if (last !== undefined && last.offset < this.start) this.#producerIds[index] = producerId + 3
    }
  }

  append(log: UnifiedLog, step: AppendOp): void {
    const encoded: Buffer[] = []
    const first = this.end
    if (step.op === 'append') {
      for (const timestamps of step.batches) {
        const records = timestamps.map((t, i) => ({ value: `${this.end + i}!`, timestamp: 1000 + t }))
        encoded.push(batchOf(records, { codec: CODECS[step.codec] }))
        this.#add(records, -1)
      }
    } else if (step.op === 'transaction') {
      const producerId = this.#producerIds[step.producer] as number
      const records = Array.from({ length: step.size }, (_, i) => ({
        value: `${this.end + i}!`,
        timestamp: 1020,
      }))
      const baseSequence = this.#sequences.get(producerId) ?? 0
      this.#sequences.set(producerId, baseSequence + step.size)
      encoded.push(batchOf(records, { producerId, producerEpoch: 0, baseSequence, transactional: true }))
      if (!this.open.has(producerId)) this.open.set(producerId, this.end)
      this.#add(records, producerId)
    } else {
      const producerId = this.#producerIds[step.producer] as number
      if (!this.#sequences.has(producerId)) return
      const type = step.abort ? 'ABORT' : 'COMMIT'
      encoded.push(endTransactionBatch({ type, coordinatorEpoch: 0 }, 1030, producerId, 0))
      const begun = this.open.get(producerId)
      if (step.abort && begun !== undefined) this.aborted.push({ producerId, first: begun, last: this.end })
      this.open.delete(producerId)
      this.batches.push({ offset: this.end, values: [], producerId, marker: type })
      this.end++
    }
    const bytes = Buffer.concat(encoded)
    const info = log.append(bytes, 0, bytes.length)
    expect([info.firstOffset, info.lastOffset]).toEqual([first, this.end - 1])
  }

  check(log: UnifiedLog, part: number, maxBytes: number): void {
    expect([log.logStartOffset, log.logEndOffset]).toEqual([this.start, this.end])
    const stable = Math.min(this.end, ...this.open.values())
    expect(log.lastStableOffset).toBe(Math.max(stable, this.start))
    const from = this.start + Math.floor((this.end - this.start) * part)
    expect(readFrom(log, from, maxBytes, false)).toEqual(this.#values(from, this.end, () => true))
    expect(readFrom(log, Math.min(from, log.lastStableOffset), maxBytes, true)).toEqual(
      this.#values(Math.min(from, log.lastStableOffset), stable, (offset, producerId) =>
        this.aborted.every((txn) => txn.producerId !== producerId || offset < txn.first || offset > txn.last),
      ),
    )
    this.#checkTimes(log, 1000 + Math.floor(part * 60))
  }

  #checkTimes(log: UnifiedLog, target: number): void {
    const all = this.batches.flatMap(({ offset, values, marker }) =>
      marker !== undefined
        ? [{ offset, timestamp: 1030 }]
        : values.map(({ timestamp }, i) => ({ offset: offset + i, timestamp })),
    )
    const there = all.filter(({ offset }) => offset >= this.start)
    const wanted = there.find(({ timestamp }) => timestamp >= target)
    const found = log.offsetForTimestamp(target)
    expect(found && { offset: found.offset, timestamp: found.timestamp }).toEqual(wanted)
    const max = there.reduce((most, { timestamp }) => Math.max(most, timestamp), -1)
    const latest = log.maxTimestampOffset()
    expect(latest?.timestamp ?? -1).toBe(max)
    if (latest !== undefined)
      expect(latest.offset).toBe(there.find(({ timestamp }) => timestamp === max)?.offset)
  }

  #add(values: ModelBatch['values'], producerId: number): void {
    this.batches.push({ offset: this.end, values, producerId })
    this.end += values.length
  }

  #values(from: number, to: number, visible: (offset: number, producerId: number) => boolean): string[] {
    return this.batches.flatMap(({ offset, values, producerId }) =>
      values
        .filter((_, i) => offset + i >= from && offset + i < to && visible(offset + i, producerId))
        .map(({ value }) => value),
    )
  }
}

function readFrom(log: UnifiedLog, offset: number, maxBytes: number, committed: boolean): string[] {
  const values: string[] = []
  const isolation = committed ? 'read_committed' : 'read_uncommitted'
  for (let next = offset; ; ) {
    const { buffer, start, end, nextOffset, aborted } = log.read(next, maxBytes, { isolation })
    if (start === end) return values
    const open = new Set<number>()
    const pending = [...aborted]
    for (let at = start; at < end; ) {
      const batch = new RecordBatch(buffer, at, end)
      at = batch.end
      while (pending.length > 0 && pending[0].firstOffset <= batch.lastOffset)
        open.add(pending.shift()!.producerId)
      if (batch.isControl) {
        if ([...batch.records()][0].key?.readInt16BE(2) === 0) open.delete(batch.producerId)
        continue
      }
      if (open.has(batch.producerId)) continue
      for (const record of batch.records()) if (record.offset >= next) values.push(String(record.value))
    }
    next = nextOffset
  }
}
