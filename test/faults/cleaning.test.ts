import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../src/local/producer/local-producer.ts'
import type { Os } from '../../src/os/os.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { bundleProgram } from '../support/bundle-program.ts'
import { MemoryDisk, SURVIVALS, seeded } from '../support/crash-memory-file-system.ts'
import { benchSeed, isFull, printSeed, sized } from './bench.ts'
import { runCrowd, type Worker } from './crowd.ts'
import { DATA } from './disk-scenarios.ts'

const LONG_MS = sized(60_000, 1_800_000)

/** Cleaning under fault: killed at any step, cut off from power, many cleaners at once, readers in the middle. */
let program: string
const made: string[] = []
beforeAll(async () => {
  program = await bundleProgram('fault-worker')
})
afterAll(() => {
  rmSync(program, { force: true })
  for (const dir of made) rmSync(dir, { recursive: true, force: true })
})

function newFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tkafka-cleaning-'))
  made.push(dir)
  return dir
}

interface Stored {
  readonly offset: number
  readonly key: string
  readonly value: string
}

/** Every record of c-0, which must come in order. */
function stored(os: Os, dir: string): { records: Stored[]; end: number } {
  const directory = LocalDirectory.open(os, dir)
  const log = directory.logForReading('c', 0)
  log.refresh()
  const records: Stored[] = []
  let last = -1
  for (let next = log.logStartOffset; next < log.logEndOffset; ) {
    const { buffer, start, end, nextOffset } = log.read(next, 1 << 20)
    for (let at = start; at < end; ) {
      const batch = new RecordBatch(buffer, at, end)
      at = batch.end
      for (const { offset, key, value } of batch.records()) {
        if (offset <= last) throw new Error(`offset ${offset} behind ${last}`)
        last = offset
        records.push({ offset, key: String(key), value: String(value) })
      }
    }
    if (nextOffset <= next) throw new Error(`reading stands still at ${next}`)
    next = nextOffset
  }
  const end = log.logEndOffset
  void directory.close()
  return { records, end }
}

const tableOf = (records: readonly Stored[]): Map<string, Stored> =>
  new Map(records.map((record) => [record.key, record]))

async function withAdmin<T>(os: Os, dir: string, work: (admin: LocalAdmin) => Promise<T>): Promise<T> {
  const admin = new LocalAdmin(os, LocalDirectory.open(os, dir))
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

const makeTopic = (os: Os, dir: string, configs: Record<string, string> = {}) =>
  withAdmin(os, dir, (admin) =>
    admin.createTopic({ name: 'c', partitions: 1, configs: { 'cleanup.policy': 'compact', ...configs } }),
  )

const clean = (os: Os, dir: string) =>
  withAdmin(os, dir, async (admin) => {
    for await (const { status, message } of admin.clean({ topics: (name) => name === 'c', now: true })) {
      if (status === 'failed') throw new Error(message)
    }
  })

/** Sent and synced one by one; `told` is called behind each. */
async function produce(
  os: Os,
  dir: string,
  from: number,
  count: number,
  told: (key: string, value: string) => void = () => {},
): Promise<void> {
  const producer = new LocalProducer(os, LocalDirectory.open(os, dir), {})
  try {
    for (let i = from; i < from + count; i++) {
      const key = `k${(i * 7) % 5}`
      await producer.send({
        topic: 'c',
        partition: 0,
        key,
        value: `${i}:${'x'.repeat(200)}`,
        timestamp: 1000 + i,
      })
      await producer.flush()
      told(key, `${i}:${'x'.repeat(200)}`)
    }
  } finally {
    await producer.close()
  }
}

async function complaints(os: Os, dir: string, durable: boolean): Promise<string[]> {
  const found: string[] = []
  await withAdmin(os, dir, (admin) =>
    admin.check({
      found: ({ severity, kind, file, problem }) => {
        if (severity === 'error' && (durable || !/index/.test(kind))) found.push(`${file}: ${problem}`)
      },
    }),
  )
  return found
}

const leftovers = (dir: string): string[] =>
  readdirSync(join(dir, 'c-0')).filter((name) => /\.(cleaned|swap|deleted)$|tkafka-swapping/.test(name))

describe('a cleaning process killed by SIGKILL', () => {
  it(
    'before any change of the disk leaves every key, and a directory that the next one cleans',
    async () => {
      const prepared = newFolder()
      await makeTopic(systemOs, prepared, { 'file.delete.delay.ms': '0' })
      for (let round = 0; round < 3; round++) {
        await produce(systemOs, prepared, round * 10, 10)
        // The first one cleans; what follows then has a clean part, an old and a new segment.
        if (round < 2) await clean(systemOs, prepared)
      }
      const before = stored(systemOs, prepared)
      const stride = sized(13, 1)
      let survived = false
      let at = seeded(benchSeed)(stride)
      for (; !survived; at += stride) {
        const dir = newFolder()
        cpSync(prepared, dir, { recursive: true })
        const child = spawn(process.execPath, [program, dir, 'clean', 'x'], {
          stdio: ['ignore', 'ignore', 'inherit'],
          env: { ...process.env, TKAFKA_KILL_AT: String(at) },
        })
        const signal = await new Promise((resolve) => child.once('close', (_, by) => resolve(by)))
        survived = signal === null
        const where = `killed at ${at}`
        const found = stored(systemOs, dir)
        expect(found.end, where).toBe(before.end)
        expect([...tableOf(found.records)].sort(), where).toEqual([...tableOf(before.records)].sort())
        await clean(systemOs, dir)
        // Nothing may have been left to be cleaned: who writes next puts the rest in order.
        await produce(systemOs, dir, 30, 1)
        await clean(systemOs, dir)
        expect(leftovers(dir), where).toEqual([])
        expect(await complaints(systemOs, dir, true), where).toEqual([])
        const after = tableOf(stored(systemOs, dir).records)
        for (const [key, { offset }] of tableOf(before.records)) {
          if (key !== 'k0') expect(after.get(key)?.offset, where).toBe(offset)
        }
        expect(stored(systemOs, dir).records.length, where).toBe(5)
        rmSync(dir, { recursive: true, force: true })
      }
      expect(at).toBeGreaterThan(30)
    },
    LONG_MS,
  )
})

describe('many processes', () => {
  it(
    'produce, compact and read at once, are killed at random: no key is lost, no reader misses what stays',
    async () => {
      printSeed('cleaners')
      const dir = newFolder()
      await makeTopic(systemOs, dir)
      const roles = sized({ key: 1, clean: 2, follow: 1 }, { key: 3, clean: 3, follow: 2 })
      const kills = sized(10, Math.ceil(Number(process.env.TKAFKA_KILLS ?? 1000) / 4))
      const workers = await runCrowd({ program, dir, random: seeded(benchSeed), kills, roles })
      const directory = LocalDirectory.open(systemOs, dir)
      await directory.enter()
      await directory.leave()
      await directory.close()
      const { records, end } = stored(systemOs, dir)
      const violations = [...violationsOf(workers, records, end), ...(await complaints(systemOs, dir, true))]
      const told = workers.flatMap(({ lines }) => lines)
      if (isFull)
        console.log(`cleaners: ${workers.length} killed, ${end} offsets, ${records.length} records left`)
      expect(violations).toEqual([])
      expect(told.some((line) => line.startsWith('K '))).toBe(true)
      await clean(systemOs, dir)
      expect(stored(systemOs, dir).records.length).toBeLessThanOrEqual(7)
      const judge = fileURLToPath(new URL('../judge/judge', import.meta.url))
      const java =
        isFull && existsSync(judge) && (await execa('java', ['-version'], { reject: false })).exitCode === 0
      if (!java) return
      const { stdout } = await execa(judge, [dir, '--no-boot'], { reject: false })
      expect(stdout.split('\n').filter((line) => line.startsWith('complaint:'))).toEqual([])
    },
    LONG_MS,
  )
})

function violationsOf(workers: readonly Worker[], records: readonly Stored[], end: number): string[] {
  const violations: string[] = []
  const table = tableOf(records)
  const byOffset = new Map(records.map((record) => [record.offset, record]))
  for (const { id, lines } of workers) {
    let passed = Number.POSITIVE_INFINITY
    for (const line of lines) {
      const [what, first, key, value] = line.split(' ')
      const offset = Number(first)
      if (what === 'E') violations.push(`${id}: ${line}`)
      else if (what === 'K') {
        const newest = table.get(key)
        if (newest === undefined || newest.offset < offset) violations.push(`lost: ${line}`)
        else if (newest.offset === offset && newest.value !== value) violations.push(`changed: ${line}`)
        if (offset >= end) violations.push(`behind the end: ${line}`)
      } else if (what === 'S') passed = -1
      else if (what === 'F') {
        const there = byOffset.get(offset)
        if (there !== undefined && (there.key !== key || there.value !== value))
          violations.push(`other: ${line}`)
        if (offset <= passed) violations.push(`${id}: ${line} behind ${passed}`)
        for (const record of records) {
          if (record.offset > passed && record.offset < offset)
            violations.push(`${id} missed ${record.offset}`)
        }
        passed = offset
      }
    }
  }
  return violations
}

/** Work on a disk in memory that is cut off at its `at`th change; what was promised by then. */
async function runUntil(disk: MemoryDisk, os: Os, at: number) {
  const acked: [string, string][] = []
  let promised: Map<string, string> | undefined
  let sent = 0
  disk.fault = () => {
    if (disk.changes > at && promised === undefined) promised = new Map(acked)
    if (promised !== undefined) throw new Error('no power')
    return undefined
  }
  const told = (key: string, value: string) => {
    acked.push([key, value])
    sent++
  }
  try {
    await makeTopic(os, DATA, { 'file.delete.delay.ms': '0' })
    await produce(os, DATA, 0, 6, told)
    await clean(os, DATA)
    await produce(os, DATA, 6, 6, told)
    await clean(os, DATA)
    await produce(os, DATA, 12, 1, told)
  } catch (error) {
    if (promised === undefined) throw error
  }
  return { promised: promised ?? new Map(acked), ended: promised === undefined, sent }
}

/** What is wrong with the disk that was left; empty when every promise was kept. */
async function verdict(os: Os, promised: ReadonlyMap<string, string>, durable: boolean): Promise<string[]> {
  if (promised.size === 0) return []
  const said: string[] = []
  const look = (when: string) => {
    const table = tableOf(stored(os, DATA).records)
    for (const [key, value] of promised) {
      const found = table.get(key)?.value
      // A later one may have come without having been acknowledged.
      if (found === undefined || Number.parseInt(found, 10) < Number.parseInt(value, 10)) {
        said.push(`${when}: ${key} is ${found?.slice(0, 3)} in place of ${value.slice(0, 3)}`)
      }
    }
  }
  try {
    look('found')
    const directory = LocalDirectory.open(os, DATA)
    await directory.enter()
    await directory.leave()
    await directory.close()
    look('entered')
    await clean(os, DATA)
    look('cleaned')
    said.push(...(await complaints(os, DATA, durable)))
  } catch (error) {
    said.push((error as Error).message)
  }
  return said
}

const withFs =
  (changes: (fs: Os['fs']) => Partial<Os['fs']>) =>
  (os: Os): Os => ({ ...os, fs: { ...os.fs, ...changes(os.fs) } })

/** What is broken; of a bench on trial the first is enough. */
async function cutEverywhere(
  breakOs: (os: Os) => Os,
  powerCut: boolean,
  stride: number,
  onTrial = false,
): Promise<string[]> {
  const random = seeded(benchSeed)
  const broken: string[] = []
  for (let at = random(stride); ; at += stride) {
    const disk = new MemoryDisk(seeded(7))
    disk.put(`${DATA}/server.properties`, 'offsets.topic.num.partitions=1\n')
    const { promised, ended } = await runUntil(disk, breakOs(disk.os()), at)
    disk.closeAll()
    disk.fault = undefined
    for (const how of powerCut ? SURVIVALS : (['keep'] as const)) {
      const after = powerCut ? disk.survive(how, random) : disk
      for (const problem of await verdict(after.os(), promised, !powerCut))
        broken.push(`${at} ${how}: ${problem}`)
    }
    if (ended || (onTrial && broken.length > 0)) return broken
  }
}

describe('a disk cut off while a log is compacted', () => {
  it(
    'after any change has every key: power cut',
    async () => {
      expect(await cutEverywhere((os) => os, true, sized(29, 1))).toEqual([])
    },
    LONG_MS,
  )

  it(
    'after any change has every key: killed',
    async () => {
      expect(await cutEverywhere((os) => os, false, sized(17, 1))).toEqual([])
    },
    LONG_MS,
  )
})

describe('the bench sees', () => {
  it.runIf(isFull)(
    'cleaned segments that are not synced before they take the place of the old',
    async () => {
      const skip = withFs((fs) => ({
        fdatasync: (fd) => {
          if (!cleanedFds.has(fd)) fs.fdatasync(fd)
        },
        open: (path, flags, mode) => {
          const fd = fs.open(path, flags, mode)
          if (path.endsWith('.cleaned')) cleanedFds.add(fd)
          else cleanedFds.delete(fd)
          return fd
        },
      }))
      const cleanedFds = new Set<number>()
      expect((await cutEverywhere(skip, true, 1, true)).length).toBeGreaterThan(0)
    },
    600_000,
  )

  it.runIf(isFull)(
    'old segments that go before the new one stands',
    async () => {
      const early = withFs((fs) => ({
        rename: (from, to) => {
          if (from.endsWith('.log.cleaned')) {
            const old = from.slice(0, -'.cleaned'.length)
            if (fs.stat(old) !== undefined) fs.unlink(old)
          }
          fs.rename(from, to)
        },
      }))
      expect((await cutEverywhere(early, false, 1, true)).length).toBeGreaterThan(0)
    },
    600_000,
  )

  it.runIf(isFull)(
    'names that are not synced',
    async () => {
      expect(
        (
          await cutEverywhere(
            withFs(() => ({ fsyncDir: () => {} })),
            true,
            1,
          )
        ).length,
      ).toBeGreaterThan(0)
    },
    600_000,
  )
})
