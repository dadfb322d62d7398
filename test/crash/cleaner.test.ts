import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LOG_CONFIG } from '../../src/log/log-config.ts'
import type { UnifiedLog } from '../../src/log/unified-log.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { cleanLog, unsyncedOs } from '../support/clean-log.ts'
import { crashOs } from '../support/crash-file-system.ts'
import { recoverLog } from '../support/recover-log.ts'
import { batchOf, openLog, TOPIC_ID, temporaryDir } from '../unit/log/log-helpers.ts'

const CHANGES = {
  segmentBytes: 400,
  indexIntervalBytes: 100,
  fileDeleteDelayMs: 0,
  compact: true,
  delete: false,
  deleteRetentionMs: 100,
}

/** Small segments with 5 keys, one of them deleted; returns what a table of it holds. */
function fill(dir: string): Map<string, string> {
  const log = openLog(dir, { os: unsyncedOs, changes: CHANGES })
  const table = new Map<string, string>()
  log.lockSync()
  for (let i = 0; i < 12; i++) {
    const key = `k${(i * 7) % 5}`
    const value = i === 11 ? null : `${i}:${'x'.repeat(10 + (i % 5))}`
    const bytes = batchOf([{ key, value }], { codec: i % 3 === 0 ? 'gzip' : 'none' })
    log.append(bytes, 0, bytes.length)
    if (value === null) table.delete(key)
    else table.set(key, value)
  }
  log.roll()
  log.closeAsBroker()
  log.close()
  return table
}

function tableOf(log: UnifiedLog): Map<string, string> {
  const table = new Map<string, string>()
  log.refresh()
  for (let next = log.logStartOffset; next < log.logEndOffset; ) {
    const { buffer, start, end, nextOffset } = log.read(next, 200)
    if (start === end) break
    for (let at = start; at < end; ) {
      const batch = new RecordBatch(buffer, at, end)
      at = batch.end
      for (const { key, value } of batch.records()) {
        if (value === null) table.delete(`${key}`)
        else table.set(`${key}`, `${value}`)
      }
    }
    next = nextOffset
  }
  return table
}

async function expectWhole(dir: string, table: Map<string, string>, where: string): Promise<void> {
  // A reader first: it changes nothing and misses nothing, whatever lies about.
  const reader = openLog(dir, { os: unsyncedOs, changes: CHANGES, readOnly: true })
  expect(tableOf(reader), where).toEqual(table)
  reader.close()
  const log = openLog(dir, { os: unsyncedOs, changes: CHANGES })
  await cleanLog(log, dir, { os: unsyncedOs, now: 5000 })
  expect(tableOf(log), where).toEqual(table)
  expect(log.logEndOffset, where).toBe(12)
  log.close()
  const left = readdirSync(join(dir, 't-0')).filter((name) =>
    /\.(cleaned|swap|deleted|tkafka-swapping)$/.test(name),
  )
  expect(left, where).toEqual([])
  const report = await recoverLog(unsyncedOs, join(dir, 't-0'), {
    topic: 't',
    partition: 0,
    config: { ...DEFAULT_LOG_CONFIG, ...CHANGES },
    leaderEpoch: 0,
    topicId: TOPIC_ID,
  })
  expect(report, where).toMatchObject({ cutBytes: 0, corrupt: [], logEndOffset: 12 })
}

async function cleanUntil(dir: string, plan: Parameters<typeof crashOs>[0]) {
  const crash = crashOs(plan)
  let error: unknown
  const log = openLog(dir, { os: crash.os, changes: CHANGES })
  try {
    await cleanLog(log, dir, { os: crash.os, now: 4000 })
  } catch (thrown) {
    error = thrown
  }
  try {
    log.close()
  } catch {
    // dead
  }
  return { crash, error }
}

async function steps(): Promise<number> {
  const dir = temporaryDir()
  fill(dir)
  const { crash } = await cleanUntil(dir, { at: 1e9, kind: 'kill' })
  const calls = crash.calls()
  crash.die()
  return calls
}

describe('a cleaner that is killed', () => {
  it('before any of its steps leaves a log with the same table, which the next one cleans', async () => {
    const total = await steps()
    expect(total).toBeGreaterThan(20)
    for (let at = 0; at < total; at++) {
      const dir = temporaryDir()
      const table = fill(dir)
      const { crash } = await cleanUntil(dir, { at, kind: 'kill', torn: (at % 3) / 2 })
      expect(crash.failed()).toBe(true)
      crash.die()
      await expectWhole(dir, table, `killed at ${at}`)
    }
  }, 60_000)

  it('by a power cut loses nothing either', async () => {
    const total = await steps()
    for (let at = 0; at < total; at += 3) {
      const dir = temporaryDir()
      const table = fill(dir)
      const { crash } = await cleanUntil(dir, { at, kind: 'kill' })
      crash.die()
      crash.powerCut(() => ((at * 7919) % 101) / 101)
      await expectWhole(dir, table, `power cut at ${at}`)
    }
  })

  it('by a full disk says what it needs, leaves no half-made files, and goes on when there is room', async () => {
    const total = await steps()
    let told = 0
    for (let at = 0; at < total; at += 2) {
      const dir = temporaryDir()
      const table = fill(dir)
      const { crash, error } = await cleanUntil(dir, { at, kind: 'full' })
      if (error !== undefined) {
        if (/needs up to \d+ bytes free/.test(String(error))) told++
        const cleaned = readdirSync(join(dir, 't-0')).filter((name) => name.endsWith('.cleaned'))
        expect(cleaned, `full at ${at}: ${error}`).toEqual([])
      }
      crash.recover()
      crash.die()
      await expectWhole(dir, table, `full at ${at}`)
    }
    expect(told).toBeGreaterThan(0)
  })
})
