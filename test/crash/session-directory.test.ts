import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import type { Os } from '../../src/os/os.ts'
import { crashingOs } from '../support/crashing-os.ts'
import { append, topicAtRest } from '../support/local-produce.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tkafka-crash-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** Killed never, and without real syncs. */
const quick = (): Os => crashingOs(Number.POSITIVE_INFINITY).os

interface Run {
  topicMade: boolean
  /** Records whose sync came back. */
  acknowledged: number
  deleted: boolean
  /** Called when all records are. */
  written?: () => void
}

async function work(os: Os, dir: string, run: Run, deleteAtEnd: boolean): Promise<void> {
  const directory = LocalDirectory.open(os, dir)
  await directory.enter()
  if (directory.image().topic('t') === undefined) await directory.alter(() => topicAtRest('t', 2))
  run.topicMade = true
  for (const partition of [0, 1, 0]) {
    await append(directory, 't', partition, ['v'])
    run.acknowledged++
  }
  run.written?.()
  if (deleteAtEnd) {
    await directory.deleteTopics(['t'])
    run.deleted = true
  }
  await directory.leave()
  await directory.close()
}

/** What every directory must be after the next writer was in and out. */
async function expectWhole(dir: string, run: Run, before: number): Promise<void> {
  const warnings: string[] = []
  const directory = LocalDirectory.open(quick(), dir, { warn: (line) => warnings.push(line) })
  await directory.enter()
  const made = directory.image().topic('t') !== undefined
  if (!made) await directory.alter(() => topicAtRest('t', 2))
  await append(directory, 't', 1, ['next'])
  await directory.leave()
  const epoch = directory.image().brokers.get(1)?.epoch
  expect(JSON.parse(readFileSync(join(dir, '.kafka_cleanshutdown'), 'utf8'))).toEqual({
    version: 0,
    brokerEpoch: epoch,
  })
  const stored = [0, 1].reduce((sum, p) => sum + directory.logForReading('t', p).logEndOffset, 0)
  if (made) {
    expect(stored).toBeGreaterThanOrEqual(before + run.acknowledged + 1)
    expect(stored).toBeLessThanOrEqual(before + run.acknowledged + 2)
  } else expect(stored).toBe(1)
  if (run.deleted) expect(made).toBe(false)
  const names = readdirSync(dir)
  expect(readFileSync(join(dir, '.tkafka-open'), 'utf8')).toBe('')
  expect(names.filter((n) => n.endsWith('-delete') || n.endsWith('-stray'))).toEqual([])
  expect(warnings).toEqual([])
  await directory.close()
}

/** Returns how many changes of the disk there are. @param from the first of them that the process is killed before */
async function crashEverywhere(
  prepare: (dir: string) => Promise<number>,
  deleteAtEnd: boolean,
  from = 0,
): Promise<number> {
  for (let crashAt = from; ; crashAt++) {
    const dir = join(root, String(crashAt))
    const before = await prepare(dir)
    const run: Run = { topicMade: false, acknowledged: 0, deleted: false }
    const { os, kill, killed } = crashingOs(crashAt)
    const died = await work(os, dir, run, deleteAtEnd).then(
      () => false,
      (error) => {
        if (!killed()) throw new Error(`before step ${crashAt}`, { cause: error })
        return true
      },
    )
    kill()
    await expectWhole(dir, run, before).catch((error) => {
      throw new Error(`killed before step ${crashAt}: ${error.message}`, { cause: error })
    })
    rmSync(dir, { recursive: true, force: true })
    if (!died) return crashAt
  }
}

describe('a process killed before any change of the disk', () => {
  it('while it makes a directory, a topic and records, loses nothing acknowledged and leaves no damage', async () => {
    expect(await crashEverywhere(async () => 0, false)).toBeGreaterThan(60)
  }, 120_000)

  it('while it writes to a directory that is there', async () => {
    const prepare = async (dir: string): Promise<number> => {
      await work(quick(), dir, { topicMade: false, acknowledged: 0, deleted: false }, false)
      return 3
    }
    expect(await crashEverywhere(prepare, false)).toBeGreaterThan(15)
  }, 120_000)

  it('while it deletes a topic, leaves the topic whole or gone, with its folders', async () => {
    // Up to the deletion it is the work of the first test.
    const { os, steps } = crashingOs(Number.POSITIVE_INFINITY)
    let before = 0
    const written = (): void => {
      before = steps()
    }
    const run: Run = { topicMade: false, acknowledged: 0, deleted: false, written }
    await work(os, join(root, 'counted'), run, true)
    expect(await crashEverywhere(async () => 0, true, before)).toBeGreaterThan(70)
  }, 120_000)
})
