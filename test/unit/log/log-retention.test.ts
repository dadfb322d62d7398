import { describe, expect, it } from 'vitest'
import { DEFAULT_LOG_CONFIG } from '../../../src/log/log-config.ts'
import type { RetainedSegment } from '../../../src/log/log-retention.ts'
import { expiredSegments, rollDueAt } from '../../../src/log/log-retention.ts'

const NOW = 1_000_000
/** [base, size, largest timestamp]; the last one is active. */
function segments(...rows: [number, number, number][]): RetainedSegment[] {
  return rows.map(([baseOffset, size, largestTimestamp], i) => ({
    baseOffset,
    size,
    largestTimestamp,
    active: i === rows.length - 1,
  }))
}
function expired(rows: RetainedSegment[], start: number, config: Partial<typeof DEFAULT_LOG_CONFIG>) {
  const rest = { ...DEFAULT_LOG_CONFIG, retentionMs: -1, ...config }
  return expiredSegments(rows, start, rest, NOW).map(({ baseOffset, reason }) => `${baseOffset} ${reason}`)
}

describe('retention', () => {
  it('goes by log start first, then time, then size (KAFKA-12177)', () => {
    const rows = segments([0, 100, NOW], [10, 100, 1], [20, 100, NOW], [30, 100, NOW], [40, 10, NOW])
    const config = { retentionMs: 1000, retentionBytes: 110 }
    expect(expired(rows, 10, config)).toEqual(['0 log-start', '10 time', '20 size'])
  })

  it('deletes below the log start whatever the policy, and nothing else without delete', () => {
    const rows = segments([0, 100, 1], [10, 100, 1], [20, 100, 1])
    expect(expired(rows, 10, { delete: false, retentionMs: 0, retentionBytes: 0 })).toEqual(['0 log-start'])
    expect(expired(rows, 15, { delete: false })).toEqual(['0 log-start'])
  })

  it('stops at the first segment that is not old enough', () => {
    const rows = segments([0, 1, 1], [10, 1, NOW], [20, 1, 1])
    expect(expired(rows, 0, { retentionMs: 1000 })).toEqual(['0 time'])
  })

  it('keeps a record that is exactly retention.ms old, and one of the future', () => {
    expect(expired(segments([0, 1, NOW - 1000], [5, 0, 0]), 0, { retentionMs: 1000 })).toEqual([])
    expect(expired(segments([0, 1, NOW + 9999], [5, 0, 0]), 0, { retentionMs: 0 })).toEqual([])
  })

  it.each([
    ['nanoseconds of today', 1_796_000_000_000_000_000],
    ['the largest int64', Number(2n ** 63n - 1n)],
  ])('never expires what %s would be as milliseconds, and does not stop over it (E2)', (_, future) => {
    const rows = segments([0, 1, future], [10, 1, future], [20, 1, future])
    for (const retentionMs of [0, 1, 604_800_000, Number(2n ** 63n - 1n)])
      expect(expired(rows, 0, { retentionMs })).toEqual([])
    expect(expired(rows, 0, { retentionMs: 0, retentionBytes: 1 })).toEqual(['0 size', '10 size'])
  })

  it('takes the active segment along when all of it is expired, never an empty one', () => {
    expect(expired(segments([0, 1, 1], [10, 1, 1]), 0, { retentionMs: 1000 })).toEqual(['0 time', '10 time'])
    expect(expired(segments([0, 1, 1], [10, 0, 1]), 0, { retentionMs: 1000 })).toEqual(['0 time'])
  })

  it('by size leaves at least retention.bytes, also when that is less than a segment (KAFKA-4092)', () => {
    const rows = segments([0, 100, NOW], [10, 100, NOW], [20, 100, NOW])
    expect(expired(rows, 0, { retentionBytes: 250 })).toEqual([])
    expect(expired(rows, 0, { retentionBytes: 200 })).toEqual(['0 size'])
    expect(expired(rows, 0, { retentionBytes: 50 })).toEqual(['0 size', '10 size'])
    expect(expired(rows, 0, { retentionBytes: 0 })).toEqual(['0 size', '10 size', '20 size'])
  })
})

describe('segment.ms', () => {
  const active = { baseOffset: 0, size: 10, firstTimestamp: 5000 }

  it('counts from the first record; an empty segment is never rolled', () => {
    expect(rollDueAt(active, { ...DEFAULT_LOG_CONFIG, segmentMs: 100 })).toBe(5100)
    expect(rollDueAt({ ...active, size: 0 }, DEFAULT_LOG_CONFIG)).toBeUndefined()
  })

  it('ends sooner by the jitter, and by max.compaction.lag.ms of a compacted topic', () => {
    const jitter = rollDueAt(active, { ...DEFAULT_LOG_CONFIG, segmentMs: 1000, segmentJitterMs: 500 })!
    expect(jitter).toBeGreaterThan(5500)
    expect(jitter).toBeLessThanOrEqual(6000)
    const lag = { ...DEFAULT_LOG_CONFIG, segmentMs: 1000, maxCompactionLagMs: 300 }
    expect(rollDueAt(active, { ...lag, compact: true })).toBe(5300)
    expect(rollDueAt(active, lag)).toBe(6000)
  })
  it('never falls due behind a first record of nanoseconds (E2)', () => {
    const due = rollDueAt({ ...active, firstTimestamp: 1_796_000_000_000_000_000 }, DEFAULT_LOG_CONFIG)
    expect(due).toBeGreaterThan(1_796_000_000_000_000_000)
    expect(Number.isFinite(due)).toBe(true)
  })
})
