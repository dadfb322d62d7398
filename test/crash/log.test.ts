import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LogAppendInfo } from '../../src/log/log-append-info.ts'
import { PartialAppendError } from '../../src/log/log-append-info.ts'
import { DEFAULT_LOG_CONFIG } from '../../src/log/log-config.ts'
import type { UnifiedLog } from '../../src/log/unified-log.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { crashOs } from '../support/crash-file-system.ts'
import { recoverLog } from '../support/recover-log.ts'
import {
  appendUnderLock,
  batchOf,
  openLog,
  readAll,
  TOPIC_ID,
  temporaryDir,
} from '../unit/log/log-helpers.ts'

const SMALL = { segmentBytes: 700, indexIntervalBytes: 150 }
const BURSTS = 6
const PER_BURST = 4

/** Appends bursts of batches that say their own number; returns what was acknowledged. */
function workload(log: UnifiedLog, acknowledged: string[], sync: boolean): void {
  log.lockSync()
  for (let burst = 0; burst < BURSTS; burst++) {
    const names = Array.from({ length: PER_BURST }, (_, i) => `${burst}.${i}`)
    const bytes = Buffer.concat(names.map((name) => batchOf([name, 'x'.repeat(20)])))
    let info: LogAppendInfo | undefined
    try {
      info = log.append(bytes, 0, bytes.length)
    } catch (error) {
      if (!sync && error instanceof PartialAppendError && error.appended !== undefined) {
        acknowledged.push(...names.slice(0, error.appended.batches))
      }
      throw error
    }
    expect(info.batches).toBe(PER_BURST)
    if (sync) log.flush()
    acknowledged.push(...names)
    if (burst === 3) log.deleteRecordsBefore(log.logStartOffset + 3)
  }
  log.closeAsBroker()
  log.close()
}

function names(log: UnifiedLog): string[] {
  return readAll(log)
    .map((line) => line.slice(line.indexOf(':') + 1))
    .filter((value) => value.includes('.'))
}

const BY_TIME = { indexIntervalBytes: 100 }

function recordsOf(log: UnifiedLog): { offset: number; timestamp: number }[] {
  const found: { offset: number; timestamp: number }[] = []
  for (let next = log.logStartOffset; next < log.logEndOffset; ) {
    const { buffer, start, end, nextOffset } = log.read(next, 100_000)
    for (let at = start; at < end; ) {
      const batch = new RecordBatch(buffer, at, end)
      for (const { offset, timestamp } of batch.records()) found.push({ offset, timestamp })
      at = batch.end
    }
    next = nextOffset
  }
  return found
}

/** All offsets from the log's start are there, each once, in order. */
function expectDense(log: UnifiedLog): void {
  let expected: number | undefined
  for (let next = log.logStartOffset; next < log.logEndOffset; ) {
    const { buffer, start, end, nextOffset } = log.read(next, 300)
    for (let at = start; at < end; ) {
      const batch = new RecordBatch(buffer, at, end)
      if (expected !== undefined) expect(batch.baseOffset).toBe(expected)
      expected = batch.nextOffset
      at = batch.end
    }
    next = nextOffset
  }
}

function callsOfWorkload(sync: boolean): number {
  const crash = crashOs({ at: Number.POSITIVE_INFINITY, kind: 'kill' })
  const log = openLog(temporaryDir(), { os: crash.os, changes: SMALL })
  workload(log, [], sync)
  return crash.calls()
}

describe('a writer that is killed', () => {
  it('leaves every acknowledged record, whatever call it is killed at and however its last write is torn', () => {
    const total = callsOfWorkload(false)
    expect(total).toBeGreaterThan(30)
    for (let at = 0; at < total; at++) {
      const dir = temporaryDir()
      const crash = crashOs({ at, kind: 'kill', torn: (at % 4) / 4 })
      const acknowledged: string[] = []
      const log = openLog(dir, { os: crash.os, changes: SMALL })
      expect(() => workload(log, acknowledged, false)).toThrow()
      crash.die()

      const reader = openLog(dir, { changes: SMALL, readOnly: true })
      const kept = names(reader)
      const gone = acknowledged.length - acknowledged.filter((name) => kept.includes(name)).length
      // What was deleted on purpose lies at the begin.
      expect(acknowledged.slice(gone)).toEqual(kept.slice(0, acknowledged.length - gone))
      expectDense(reader)

      const next = openLog(dir, { changes: SMALL })
      const { firstOffset } = appendUnderLock(next, batchOf(['after.wards']))
      expect(firstOffset).toBe(reader.logEndOffset)
      expect(names(next)).toEqual([...kept, 'after.wards'])
      expect(reader.refresh()).toBe(true)
      expect(names(reader)).toEqual([...kept, 'after.wards'])
      expectDense(next)
      next.close()
      reader.close()
    }
  })

  it('leaves look-ups by time as right as a scan, whatever call it is killed at', () => {
    const times = [5000, 100, 9000, 200, 300, 7000, 12000, 400]
    const write = (log: UnifiedLog, timestamps: readonly number[]) => {
      for (const timestamp of timestamps) {
        const records = Array.from({ length: 6 }, (_, i) => ({
          value: 'x'.repeat(20),
          timestamp: timestamp + i,
        }))
        appendUnderLock(log, batchOf(records), batchOf(['small']))
      }
    }
    const whole = crashOs({ at: Number.POSITIVE_INFINITY, kind: 'kill' })
    write(openLog(temporaryDir(), { os: whole.os, changes: BY_TIME }), times)
    expect(whole.calls()).toBeGreaterThan(20)
    for (let at = 0; at < whole.calls(); at++) {
      const dir = temporaryDir()
      const crash = crashOs({ at, kind: 'kill', torn: (at % 3) / 3 })
      try {
        write(openLog(dir, { os: crash.os, changes: BY_TIME }), times)
      } catch {}
      expect(crash.failed()).toBe(true)
      crash.die()
      const next = openLog(dir, { changes: BY_TIME })
      write(next, [50, 60])
      const stored = recordsOf(next)
      for (const wanted of [1, 99, 103, 1000, 4999, 5005, 7003, 9000, 9001, 9005, 12004, 20000]) {
        const first = stored.find(({ timestamp }) => timestamp >= wanted)
        expect(next.offsetForTimestamp(wanted)?.offset, `${at}: ${wanted}`).toBe(first?.offset)
      }
      next.close()
    }
  })

  it('leaves every synced record after a power cut and a recovery, with the rest cut at a batch', async () => {
    const total = callsOfWorkload(true)
    for (let at = 1; at < total; at += 2) {
      const dir = temporaryDir()
      const crash = crashOs({ at, kind: 'kill', torn: 0.5 })
      const acknowledged: string[] = []
      const log = openLog(dir, { os: crash.os, changes: SMALL })
      expect(() => workload(log, acknowledged, true)).toThrow()
      crash.die()
      let seed = at
      crash.powerCut(() => {
        seed = (seed * 16807) % 2147483647
        return seed / 2147483647
      })
      if (!existsSync(join(dir, 't-0'))) continue
      const report = await recoverLog(systemOs, join(dir, 't-0'), {
        topic: 't',
        partition: 0,
        config: { ...DEFAULT_LOG_CONFIG, ...SMALL },
        leaderEpoch: 0,
        topicId: TOPIC_ID,
      })
      expect(report.corrupt).toEqual([])
      const reader = openLog(dir, { changes: SMALL, readOnly: true })
      const kept = names(reader)
      const gone = acknowledged.length - acknowledged.filter((name) => kept.includes(name)).length
      expect(acknowledged.slice(gone)).toEqual(kept.slice(0, acknowledged.length - gone))
      expectDense(reader)
      reader.close()
    }
  })
})

describe('a full disk', () => {
  it('keeps the whole batches of a write, tells how many, and takes more once there is room', () => {
    const total = callsOfWorkload(false)
    let partial = 0
    for (let at = 0; at < total; at++) {
      const dir = temporaryDir()
      const crash = crashOs({ at, kind: 'full', torn: 0.6 })
      const acknowledged: string[] = []
      const log = openLog(dir, { os: crash.os, changes: SMALL })
      let thrown: unknown
      try {
        workload(log, acknowledged, false)
      } catch (error) {
        thrown = error
      }
      if (thrown instanceof PartialAppendError && thrown.appended !== undefined) partial++
      crash.recover()
      const reader = openLog(dir, { changes: SMALL, readOnly: true })
      expectDense(reader)
      const kept = names(reader)
      const gone = acknowledged.length - acknowledged.filter((name) => kept.includes(name)).length
      expect(acknowledged.slice(gone)).toEqual(kept)
      if (thrown === undefined) continue
      log.unlock()
      appendUnderLock(log, batchOf(['after.wards']))
      expect(names(log)).toEqual([...kept, 'after.wards'])
      log.close()
      reader.refresh()
      expect(names(reader)).toEqual([...kept, 'after.wards'])
      reader.close()
    }
    expect(partial).toBeGreaterThan(0)
  })

  it('lets segments be deleted with no byte free', () => {
    const dir = temporaryDir()
    const first = openLog(dir, { changes: SMALL })
    workload(first, [], false)
    const crash = crashOs({ at: 0, kind: 'full' })
    const log = openLog(dir, { os: crash.os, changes: { ...SMALL, fileDeleteDelayMs: 0 } })
    log.lockSync()
    const [oldest, ...rest] = log.scanSegments().map(({ baseOffset }) => baseOffset)
    log.deleteSegments([oldest])
    expect(log.scanSegments().map(({ baseOffset }) => baseOffset)).toEqual(rest)
    expect(
      readdirSync(join(dir, 't-0')).filter((name) => name.startsWith(String(oldest).padStart(20, '0'))),
    ).toEqual([])
    log.close()
  })
})
