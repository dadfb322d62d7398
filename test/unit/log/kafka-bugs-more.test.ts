/** More of the bugs in docs/testing.md: those of cleaning, of opening many segments, and of a topic made anew. */
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { LocalAdmin } from '../../../src/local/admin/local-admin.ts'
import { cleanerConfig, compact, planCompaction } from '../../../src/local/cleaning/compaction.ts'
import { LocalDirectory } from '../../../src/local/directory/local-directory.ts'
import type { UnifiedLog } from '../../../src/log/unified-log.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { RecordBatch } from '../../../src/record/record-batch.ts'
import { cleanLog, unsyncedOs } from '../../support/clean-log.ts'
import { produce } from '../../support/local-produce.ts'
import { appendUnderLock, batchOf, openLog, readAll, temporaryDir } from './log-helpers.ts'

const COMPACT = { compact: true, delete: false, fileDeleteDelayMs: 0 }
const made: string[] = []
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
})

function open(changes: object = {}): { dir: string; log: UnifiedLog } {
  const dir = temporaryDir()
  return { dir, log: openLog(dir, { os: unsyncedOs, changes: { ...COMPACT, ...changes } }) }
}

function roll(log: UnifiedLog): void {
  log.lockSync()
  log.roll()
  log.unlock()
}

function firstBatch(log: UnifiedLog): RecordBatch {
  const { buffer, start, end } = log.read(log.logStartOffset, 1 << 20)
  return new RecordBatch(buffer, start, end)
}

function newDirectory(): { dir: string; admin: LocalAdmin } {
  const dir = mkdtempSync(join(tmpdir(), 'tkafka-bugs-'))
  made.push(dir)
  return { dir, admin: new LocalAdmin(systemOs, LocalDirectory.open(systemOs, dir)) }
}

describe('bugs of Kafka that are not to come back', () => {
  it('KAFKA-3894: one segment with more keys than the offset map holds is cleaned all the same, pass by pass', async () => {
    const { dir, log } = open()
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 300; n++) appendUnderLock(log, batchOf([{ key: `k${n}`, value: `${round}` }]))
    }
    roll(log)
    const { passes } = await cleanLog(log, dir, { os: unsyncedOs, now: 5000, memory: 3000 })
    expect(passes).toBeGreaterThan(1)
    const left = readAll(log)
    expect(left.filter((line) => line.endsWith(':1'))).toHaveLength(300)
    expect(left.filter((line) => line.endsWith(':0')).length).toBeLessThan(300)
  })

  it('KAFKA-6264: offsets too far from their segment’s base do not stop the cleaner, and stay what they are', async () => {
    const dir = temporaryDir()
    mkdirSync(join(dir, 't-0'))
    const file = join(dir, 't-0', '00000000000000000000.log')
    const keyed = (key: string, baseOffset: number) =>
      batchOf([{ key, value: `${key}@${baseOffset}` }], { baseOffset })
    writeFileSync(file, keyed('a', 0))
    appendFileSync(file, keyed('b', 5))
    appendFileSync(file, keyed('a', 0x90000000))
    const log = openLog(dir, { os: unsyncedOs, changes: COMPACT })
    appendUnderLock(log, batchOf([{ key: 'c', value: 'new' }]))
    roll(log)
    await cleanLog(log, dir, { os: unsyncedOs, now: 5000 })
    expect(readAll(log)).toEqual(['5:b@5', '2415919104:a@2415919104', '2415919105:new'])
  })

  it('KAFKA-5316 and KAFKA-4019: a batch that grows by being cleaned, beyond every buffer, is written whole', async () => {
    const { dir, log } = open()
    // What is left was compressed harder than the cleaner does it.
    const text = Array.from({ length: 60_000 }, (_, n) => `${(n * n) % 977}${'ab'.repeat(n % 7)} `).join('')
    appendUnderLock(
      log,
      batchOf(
        [
          { key: 'a', value: 'x' },
          { key: 'b', value: text },
        ],
        { codec: 'gzip', level: 9 },
      ),
    )
    appendUnderLock(log, batchOf([{ key: 'a', value: 'later' }]))
    const before = firstBatch(log).sizeInBytes
    roll(log)
    await cleanLog(log, dir, { os: unsyncedOs, now: 5000, ioBufferSize: 1 })
    const batch = firstBatch(log)
    expect(batch.sizeInBytes).toBeGreaterThan(before)
    expect([...batch.records()].map(({ offset, value }) => [offset, String(value) === text])).toEqual([
      [1, true],
    ])
  })

  it('KAFKA-7322: who takes `compact` away while the cleaner runs finds nothing compacted that he wanted kept', async () => {
    const { dir, admin } = newDirectory()
    await admin.createTopic({ name: 't', partitions: 1, configs: { 'cleanup.policy': 'compact' } })
    const directory = LocalDirectory.open(systemOs, dir)
    await directory.enter()
    const log = directory.logForWriting('t', 0)
    appendUnderLock(log, batchOf([{ key: 'a', value: '1' }]), batchOf([{ key: 'a', value: '2' }]))
    roll(log)
    const plan = planCompaction(systemOs, directory, 't', 0, true)
    if (plan === undefined) throw new Error('nothing to compact')
    await admin.incrementalAlterConfigs({ type: 'topic', name: 't' }, [
      { name: 'cleanup.policy', operation: 'set', value: 'delete' },
    ])
    const result = await compact(systemOs, directory, plan, cleanerConfig(directory), {
      now: true,
      deadline: Number.POSITIVE_INFINITY,
    })
    expect(result?.status).toBe('stopped')
    log.refresh()
    expect(readAll(log)).toEqual(['0:1', '1:2'])
    expect(readdirSync(join(dir, 't-0')).filter((name) => /cleaned|swap/.test(name))).toEqual([])
    await directory.leave()
    await directory.close()
    await admin.close()
  })

  it('KAFKA-5752: what is deleted of a topic is nothing of the one made anew under its name', async () => {
    const { dir, admin } = newDirectory()
    await admin.createTopic({ name: 't', partitions: 2 })
    await produce(dir, 't', 0, 'old')
    await admin.deleteTopic('t')
    await admin.createTopic({ name: 't', partitions: 2 })
    await produce(dir, 't', 0, 'new')
    // Whoever is next looks for what is left of deletions.
    const directory = LocalDirectory.open(systemOs, dir)
    await directory.enter()
    await directory.leave()
    const log = directory.logForReading('t', 0)
    expect(readAll(log)).toEqual(['0:new'])
    for (const suffix of ['log', 'index', 'timeindex']) {
      expect(statSync(join(dir, 't-0', `00000000000000000000.${suffix}`)).isFile()).toBe(true)
    }
    await directory.close()
    await admin.close()
  })

  it('KAFKA-7283: opening a log of many segments opens the files of the last one only', () => {
    const dir = temporaryDir()
    const writer = openLog(dir, { os: unsyncedOs, changes: { segmentBytes: 150 } })
    for (let n = 0; n < 12; n++) appendUnderLock(writer, batchOf([`v${n}`]))
    writer.lockSync()
    writer.closeAsBroker()
    const active = writer.scanSegments().at(-1)?.baseOffset ?? -1
    writer.close()
    const opened = new Set<string>()
    const os = {
      ...unsyncedOs,
      fs: {
        ...unsyncedOs.fs,
        open: (...args: Parameters<typeof systemOs.fs.open>) => {
          const base = /(\d{20})\.(log|index|timeindex)$/.exec(args[0])?.[1]
          if (base !== undefined) opened.add(base)
          return systemOs.fs.open(...args)
        },
      },
    }
    appendUnderLock(openLog(dir, { os, changes: { segmentBytes: 1000 } }), batchOf(['next']))
    expect(active).toBeGreaterThan(5)
    expect([...opened].map(Number)).toEqual([active])
  })
})
