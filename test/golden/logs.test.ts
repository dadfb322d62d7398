import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CorruptRecordError } from '../../src/errors.ts'
import { DEFAULT_LOG_CONFIG } from '../../src/log/log-config.ts'
import { UnifiedLog } from '../../src/log/unified-log.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import type { FixturePartition, FixtureRecord } from '../support/fixtures.ts'
import { fixtureNames, unpackFixture } from '../support/fixtures.ts'

describe.each(fixtureNames())('logs of the fixture %s', (name) => {
  it('read as genuine Kafka reads them, in both isolation levels', () => {
    const fixture = unpackFixture(name)
    const damaged: string[] = []
    try {
      for (const [topic, { partitions }] of Object.entries(fixture.manifest.topics)) {
        for (const expected of partitions) {
          const log = UnifiedLog.open(systemOs, join(fixture.dir, `${topic}-${expected.partition}`), {
            topic,
            partition: expected.partition,
            config: DEFAULT_LOG_CONFIG,
            leaderEpoch: 0,
            readOnly: true,
          })
          // What a broker's recovery cuts off behind damage, tkafka keeps: there only the beginning agrees.
          const whole = name !== 'corrupt-killed' || log.logEndOffset === expected.high_watermark
          if (!whole) damaged.push(`${topic}-${expected.partition}`)
          if (whole) {
            expect({
              topic,
              start: log.logStartOffset,
              end: log.highWatermark,
              stable: log.lastStableOffset,
              open: openOf(log.openTransactions),
            }).toEqual({
              topic,
              start: expected.log_start_offset,
              end: expected.high_watermark,
              stable: expected.last_stable_offset,
              open: openOf((expected.open_transactions ?? []) as unknown[]),
            })
          }
          if (expected.records !== undefined) {
            const seen: string[] = []
            const mayBeDamaged = !whole || expected.read_error !== undefined
            const records = readRecords(log, 'read_uncommitted', mayBeDamaged, seen)
            if (mayBeDamaged)
              expect(seen[0]).toMatch(/\.log: corrupt record batch at offset \d+: .* \(at position \d+\)$/)
            expect(whole ? records : records.slice(0, expected.records.length)).toEqual(
              expected.records.map(normalized),
            )
            const committed = readRecords(log, 'read_committed', mayBeDamaged).map(({ offset }) => offset)
            const wanted = offsetsOf(expected)
            expect(whole ? committed : committed.slice(0, wanted.length)).toEqual(wanted)
          }
          log.close()
        }
      }
      expect(damaged.length).toBe(name === 'corrupt-killed' ? 1 : 0)
    } finally {
      fixture.remove()
    }
  })
})

type Flat = Record<string, unknown> & { offset: number }

function readRecords(
  log: UnifiedLog,
  isolation: 'read_uncommitted' | 'read_committed',
  mayBeDamaged: boolean,
  seen?: string[],
): Flat[] {
  const found: Flat[] = []
  let next = log.logStartOffset
  for (;;) {
    let fetched: ReturnType<UnifiedLog['read']>
    try {
      fetched = log.read(next, 700, { isolation })
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error
      expect(mayBeDamaged, 'damage that the manifest does not tell of').toBe(true)
      seen?.push(error.message)
      next = log.skipCorrupt(next)
      continue
    }
    const { buffer, start, end, aborted, nextOffset } = fetched
    if (start === end) return found
    const open = new Set<number>()
    const pending = [...aborted]
    for (let at = start; at < end; ) {
      const batch = new RecordBatch(buffer, at, end)
      at = batch.end
      while (pending.length > 0 && pending[0].firstOffset <= batch.lastOffset)
        open.add(pending.shift()!.producerId)
      if (batch.isControl) {
        for (const { key } of batch.records()) if (key?.readInt16BE(2) === 0) open.delete(batch.producerId)
        continue
      }
      if (batch.isTransactional && open.has(batch.producerId)) continue
      for (const record of batch.records()) {
        if (record.offset < next) continue
        found.push({
          offset: record.offset,
          timestamp: record.timestamp,
          timestamp_type: batch.timestampType,
          ...bytes('key', record.key),
          ...bytes('value', record.value),
          headers: record.headers.map(({ key, value }) => [key, value?.toString('base64') ?? null]),
          leader_epoch: batch.partitionLeaderEpoch,
        })
      }
    }
    next = nextOffset
  }
}

function bytes(name: string, value: Buffer | null): Record<string, unknown> {
  if (value === null || value.length <= 200) return { [name]: value?.toString('base64') ?? null }
  return {
    [`${name}_sha256`]: createHash('sha256').update(value).digest('hex'),
    [`${name}_length`]: value.length,
  }
}

function normalized(record: FixtureRecord): Record<string, unknown> {
  return { headers: [], ...record }
}

function offsetsOf(partition: FixturePartition): number[] {
  const offsets = new Set((partition.records ?? []).map(({ offset }) => offset))
  return ((partition.read_committed ?? []) as string[])
    .flatMap((range) => {
      const [from, to = from] = range.split('-').map(Number)
      return Array.from({ length: to - from + 1 }, (_, i) => from + i)
    })
    .filter((offset) => offsets.has(offset))
}

function openOf(open: unknown[]): unknown[] {
  return open.map((entry) =>
    Array.isArray(entry) ? entry[0] : ((entry as { producer_id?: number }).producer_id ?? entry),
  )
}
