import { appendFileSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LocalCheck } from '../../src/local/check/check.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import type { Os } from '../../src/os/os.ts'
import { crashingOs } from '../support/crashing-os.ts'
import { append, topicAtRest } from '../support/local-produce.ts'
import { type LogDirPair, makePair, openPair } from '../support/log-dir-pair.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tkafka-crash-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** Killed never, and without real syncs. */
const quick = (): Os => crashingOs(Number.POSITIVE_INFINITY).os
const MARKER = '.kafka_cleanshutdown'
/** Of `t` with two partitions: each directory has one. */
const logOf = (dir: string, partition: number) => join(dir, `t-${partition}`, '00000000000000000000.log')

interface Run {
  acknowledged: number
  deleteAtEnd: boolean
  /** Called before the deletion. */
  written?: () => void
}

/** Records, deleted records (a line of a checkpoint in each directory), another topic, and its deletion. */
async function work(os: Os, pair: LogDirPair, run: Run): Promise<void> {
  const directory = openPair(os, pair)
  await directory.enter()
  if (directory.image().topic('t') === undefined) await directory.alter(() => topicAtRest('t', 2))
  for (const partition of [0, 1]) {
    await append(directory, 't', partition, ['v'])
    run.acknowledged++
    const log = directory.logForWriting('t', partition)
    await log.lock()
    log.deleteRecordsBefore(1)
    log.unlock()
  }
  if (run.deleteAtEnd) {
    await directory.alter(() => topicAtRest('u', 2))
    for (const partition of [0, 1]) await append(directory, 'u', partition, ['w'])
    run.written?.()
    await directory.deleteTopics(['u'])
  }
  await directory.leave()
  await directory.close()
}

/** What the two must be after the next writer was in and out. */
async function expectWhole(pair: LogDirPair, run: Run, before: number): Promise<void> {
  const warnings: string[] = []
  const directory = openPair(quick(), pair, { warn: (line) => warnings.push(line) })
  await directory.enter()
  const made = directory.image().topic('t') !== undefined
  if (!made) await directory.alter(() => topicAtRest('t', 2))
  for (const partition of [0, 1]) await append(directory, 't', partition, ['next'])
  await directory.leave()
  const brokerEpoch = directory.image().brokers.get(1)?.epoch
  for (const dir of [pair.a, pair.b]) {
    expect(JSON.parse(readFileSync(join(dir, MARKER), 'utf8'))).toEqual({ version: 0, brokerEpoch })
    expect(readdirSync(dir).filter((name) => /-(delete|stray)$/.test(name))).toEqual([])
  }
  expect(readFileSync(join(pair.a, '.tkafka-open'), 'utf8')).toBe('')
  const stored = [0, 1].reduce((sum, p) => sum + directory.logForReading('t', p).logEndOffset, 0)
  expect(stored).toBeGreaterThanOrEqual(before + run.acknowledged + 2)
  expect(stored).toBeLessThanOrEqual(before + run.acknowledged + 3)
  expect([existsSync(logOf(pair.a, 0)), existsSync(logOf(pair.b, 1))]).toEqual([true, true])
  await directory.close()
  const problems: string[] = []
  const checked = openPair(quick(), pair)
  await new LocalCheck(quick(), checked).check({ found: ({ problem }) => problems.push(problem) })
  await checked.close()
  expect([warnings, problems]).toEqual([[], []])
}

async function stepsBeforeDeletion({ a, b }: LogDirPair): Promise<number> {
  const dir = join(root, 'counted')
  const pair = { a: join(dir, 'a'), b: join(dir, 'b') }
  cpSync(a, pair.a, { recursive: true })
  cpSync(b, pair.b, { recursive: true })
  const { os, steps } = crashingOs(Number.POSITIVE_INFINITY)
  let count = 0
  const written = (): void => {
    count = steps()
  }
  await work(os, pair, { acknowledged: 0, deleteAtEnd: true, written })
  return count
}

/** Returns how many changes of the disk there are. `between`: what happens before the next writer comes. */
async function crashEverywhere(
  prepare: (pair: LogDirPair) => Promise<number>,
  deleteAtEnd: boolean,
  between: (pair: LogDirPair, run: Run) => Promise<void> = async () => {},
): Promise<number> {
  const made = await makePair(quick(), join(root, 'made'))
  const before = await prepare(made)
  // Up to the deletion it is the work of another test.
  const first = deleteAtEnd ? await stepsBeforeDeletion(made) : 0
  for (let crashAt = first; ; crashAt++) {
    const dir = join(root, String(crashAt))
    cpSync(join(root, 'made'), dir, { recursive: true })
    const pair = { a: join(dir, 'a'), b: join(dir, 'b') }
    const run: Run = { acknowledged: 0, deleteAtEnd }
    const { os, kill, killed } = crashingOs(crashAt)
    const died = await work(os, pair, run).then(
      () => false,
      (error) => {
        if (!killed()) throw new Error(`before step ${crashAt}`, { cause: error })
        return true
      },
    )
    kill()
    try {
      await between(pair, run)
      await expectWhole(pair, run, before)
    } catch (error) {
      throw new Error(`killed before step ${crashAt}: ${(error as Error).message}`, { cause: error })
    }
    rmSync(dir, { recursive: true, force: true })
    if (!died) return crashAt - first
  }
}

/** One who works in the first alone. */
async function appendInFirst(os: Os, { a }: LogDirPair, run: Run): Promise<void> {
  const alone = LocalDirectory.open(os, a)
  await alone.enter()
  await append(alone, 't', 0, ['alone'])
  run.acknowledged++
  await alone.leave()
  await alone.close()
}

async function withRecords(pair: LogDirPair): Promise<number> {
  await work(quick(), pair, { acknowledged: 0, deleteAtEnd: false })
  return 2
}

describe('a process killed before any change of two log.dirs (issue 13, 4)', () => {
  it('while it makes a topic, records and checkpoints in both, loses nothing acknowledged', async () => {
    expect(await crashEverywhere(async () => 0, false)).toBeGreaterThan(40)
  }, 120_000)

  it('while it deletes a topic that has a partition in each', async () => {
    expect(await crashEverywhere(withRecords, true)).toBeGreaterThan(20)
  }, 120_000)

  it('and somebody who works in the first alone before the next one comes to both', async () => {
    expect(
      await crashEverywhere(withRecords, false, (pair, run) => appendInFirst(quick(), pair, run)),
    ).toBeGreaterThan(15)
  }, 120_000)
})

describe('what the first of two log.dirs tells (issue 13, 4)', () => {
  it('is not believed of the second, which nobody closed or checked', async () => {
    const pair = await makePair(quick(), root)
    await withRecords(pair)
    // As a killed broker leaves them.
    for (const dir of [pair.a, pair.b]) rmSync(join(dir, MARKER))
    const whole = readFileSync(logOf(pair.b, 1))
    appendFileSync(logOf(pair.b, 1), Buffer.alloc(20, 7))
    const run: Run = { acknowledged: 0, deleteAtEnd: false }
    await appendInFirst(quick(), pair, run)
    expect([existsSync(join(pair.a, MARKER)), existsSync(join(pair.b, MARKER))]).toEqual([true, false])
    // Leaves a list that names the partitions of the first.
    const { os, kill } = crashingOs(Number.POSITIVE_INFINITY)
    const killed = LocalDirectory.open(os, pair.a)
    await killed.enter()
    await append(killed, 't', 0, ['alone'])
    kill()
    const warnings: string[] = []
    const both = openPair(quick(), pair, { warn: (line) => warnings.push(line) })
    await both.enter()
    await append(both, 't', 0, ['next'])
    await both.leave()
    await both.close()
    expect(readFileSync(logOf(pair.b, 1))).toEqual(whole)
    expect(warnings).toEqual([`${join(pair.b, 't-1')}: 20 torn bytes at the end were cut`])
    expect([existsSync(join(pair.a, MARKER)), existsSync(join(pair.b, MARKER))]).toEqual([true, true])
  })
})
