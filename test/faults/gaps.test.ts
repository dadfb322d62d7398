import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import * as header from '../../src/record/batch-header.ts'
import { crashingOs } from '../support/crashing-os.ts'
import {
  check,
  makeThreeSegments,
  quickOs,
  range,
  readPastDamage,
  repairLines,
  segmentFile,
  write as writeTo,
} from '../support/damaged-directory.ts'

const scratch = fs.mkdtempSync(join(tmpdir(), 'tkafka-gaps-'))
const whole = join(scratch, 'whole')

beforeAll(() => makeThreeSegments(whole))
afterAll(() => fs.rmSync(scratch, { recursive: true }))

let copies = 0
function copy(): string {
  const dir = join(scratch, `copy-${copies++}`)
  fs.cpSync(whole, dir, { recursive: true })
  return dir
}

function removeSegment(dir: string, base: number, ...kept: string[]): void {
  for (const suffix of ['log', 'index', 'timeindex', 'snapshot']) {
    if (!kept.includes(suffix)) fs.rmSync(segmentFile(dir, base, suffix), { force: true })
  }
}

const write = (dir: string) => writeTo(dir, 't', ['next'])

describe('offsets missing in the middle of a log that never was compacted (issue 11, item 3)', () => {
  it.each([
    [
      "a segment's files are gone",
      (dir: string) => removeSegment(dir, 10),
      10,
      20,
      /0{18}10\.log: offsets 10 to 19 are missing: the next segment begins at offset 20/,
    ],
    [
      'a segment in the middle was emptied',
      (dir: string) => {
        fs.truncateSync(segmentFile(dir, 10))
      },
      10,
      20,
      /offsets 10 to 19 are missing/,
    ],
    [
      'a batch was taken out of a file',
      (dir: string) => {
        const log = segmentFile(dir, 10)
        const bytes = fs.readFileSync(log)
        fs.writeFileSync(log, bytes.subarray(header.sizeAt(bytes, 0)))
      },
      10,
      15,
      /offsets 10 to 14 are missing: the next batch begins at offset 15 \(at position 0\)/,
    ],
  ])(
    '%s: a reader tells it, --skip-corrupt goes on behind it, repair fills it',
    async (_t, damage, from, to, line) => {
      const dir = copy()
      damage(dir)
      const { offsets, told } = await readPastDamage(dir)
      expect(told).toEqual([expect.stringMatching(line)])
      expect(offsets).toEqual([...range(0, from), ...range(to, 30)])
      await repairLines(dir)
      expect((await check(dir)).filter(({ severity }) => severity === 'error')).toEqual([])
      expect(await repairLines(dir)).toEqual([])
      expect(await readPastDamage(dir)).toEqual({ offsets, told: [] })
      expect(await write(dir)).toBe(30)
    },
  )

  it('a batch numbered beyond the next segment hides none of the segments behind it', async () => {
    const dir = copy()
    const log = segmentFile(dir, 10)
    const bytes = fs.readFileSync(log)
    bytes[header.sizeAt(bytes, 0) + 5] ^= 0x10
    fs.writeFileSync(log, bytes)
    const { offsets, told } = await readPastDamage(dir)
    expect(told).toEqual([expect.stringMatching(/offsets 15 to 19 are missing/)])
    expect(offsets).toEqual([...range(0, 15), ...range(20, 30)])
    await repairLines(dir)
    expect(await readPastDamage(dir)).toEqual({ offsets: range(0, 30), told: [] })
  })

  it('is nothing where compaction may have taken them', async () => {
    const dir = copy()
    removeSegment(dir, 10)
    fs.writeFileSync(join(dir, 'cleaner-offset-checkpoint'), '0\n1\nt 0 20\n')
    expect(await readPastDamage(dir)).toEqual({ offsets: [...range(0, 10), ...range(20, 30)], told: [] })
  })

  it('is nothing where the oldest segments were deleted', async () => {
    const dir = copy()
    removeSegment(dir, 0)
    expect(await readPastDamage(dir)).toEqual({ offsets: range(10, 30), told: [] })
  })
})

describe("the last batch's offset, which no checksum covers (issue 11, item 3)", () => {
  const flips: [string, (bytes: Buffer, last: number) => void][] = [
    ['one up', (bytes, last) => (bytes[last + 7] ^= 2)],
    ['2^32 up', (bytes, last) => (bytes[last + 3] ^= 1)],
  ]
  it.each(flips)(
    '%s: told and not appended behind; repair puts it right and loses nothing',
    async (_t, flip) => {
      const dir = copy()
      const log = segmentFile(dir, 20)
      const bytes = fs.readFileSync(log)
      flip(bytes, header.sizeAt(bytes, 0))
      fs.writeFileSync(log, bytes)
      const { offsets, told } = await readPastDamage(dir)
      expect(offsets).toEqual(range(0, 25))
      expect(told).toEqual([expect.stringMatching(/its offset cannot be: 25 comes next; offsets 25 to 29/)])
      await expect(write(dir)).rejects.toThrow(/see tkafka repair/)
      expect(fs.readFileSync(log).equals(bytes)).toBe(true)
      expect((await check(dir)).map(({ kind }) => kind)).toEqual(['lost-end'])
      expect(await repairLines(dir)).toHaveLength(1)
      expect(await repairLines(dir)).toEqual([])
      expect(await readPastDamage(dir)).toEqual({ offsets: range(0, 30), told: [] })
      expect(await write(dir)).toBe(30)
    },
  )
})

describe('the first segment is gone, its indexes are not (issue 11, item 3)', () => {
  const damaged = (dir: string) => removeSegment(dir, 0, 'index', 'timeindex', 'snapshot')
  const line = /0{20}\.log: offsets 0 to 9 are missing: the file is gone, and what was kept beside it/

  it('a reader tells it, --skip-corrupt goes on behind it, a writer goes on, repair begins the log behind it', async () => {
    const dir = copy()
    damaged(dir)
    expect(await readPastDamage(dir)).toEqual({ offsets: range(10, 30), told: [expect.stringMatching(line)] })
    expect(await write(dir)).toBe(30)
    // Who writes does not sweep the evidence away.
    expect((await readPastDamage(dir)).told).toEqual([expect.stringMatching(line)])
    expect((await check(dir)).map(({ kind }) => kind)).toEqual(['lost-start'])
    expect(await repairLines(dir)).toEqual([expect.stringMatching(/offsets 0 to 9 are missing/)])
    expect(await check(dir)).toEqual([])
    expect(await repairLines(dir)).toEqual([])
    expect(await readPastDamage(dir)).toEqual({ offsets: range(10, 31), told: [] })
    expect(await write(dir)).toBe(31)
  })

  it.each([
    ['one index alone is left', (dir: string) => removeSegment(dir, 0, 'timeindex'), 0, 10],
    [
      'two segments are gone, and one left an index',
      (dir: string) => {
        removeSegment(dir, 0)
        removeSegment(dir, 10, 'index')
      },
      10,
      20,
    ],
    [
      'two segments are gone, and both left one',
      (dir: string) => {
        removeSegment(dir, 0, 'index')
        removeSegment(dir, 10, 'index')
      },
      0,
      20,
    ],
    [
      'records below 5 were deleted before',
      (dir: string) => {
        damaged(dir)
        fs.writeFileSync(join(dir, 'log-start-offset-checkpoint'), '0\n1\nt 0 5\n')
      },
      5,
      10,
    ],
    [
      'the topic is compacted',
      (dir: string) => {
        damaged(dir)
        fs.writeFileSync(join(dir, 'cleaner-offset-checkpoint'), '0\n1\nt 0 20\n')
      },
      0,
      10,
    ],
  ])('is told, too, where %s', async (_t, damage, from, to) => {
    const dir = copy()
    damage(dir)
    const missing = new RegExp(`offsets ${from} to ${to - 1} are missing`)
    expect(await readPastDamage(dir)).toEqual({
      offsets: range(to, 30),
      told: [expect.stringMatching(missing)],
    })
    expect((await check(dir)).map(({ kind, problem }) => [kind, problem])).toEqual([
      ['lost-start', expect.stringMatching(missing)],
    ])
    await repairLines(dir)
    expect(await check(dir)).toEqual([])
    expect(await readPastDamage(dir)).toEqual({ offsets: range(to, 30), told: [] })
  })

  it.each([
    [
      'the log start lies behind it',
      (dir: string) => {
        damaged(dir)
        fs.writeFileSync(join(dir, 'log-start-offset-checkpoint'), '0\n1\nt 0 10\n')
      },
    ],
    [
      'a deletion was killed behind the first rename',
      (dir: string) => {
        const log = segmentFile(dir, 0)
        fs.renameSync(log, `${log}.deleted`)
      },
    ],
    [
      'a deletion was killed at the second segment',
      (dir: string) => {
        damaged(dir)
        const log = segmentFile(dir, 10)
        fs.renameSync(log, `${log}.deleted`)
      },
    ],
    [
      'a folder bears the name of an index',
      (dir: string) => {
        removeSegment(dir, 0)
        fs.mkdirSync(segmentFile(dir, 0, 'index'))
      },
    ],
  ])('is nothing where %s', async (_t, damage) => {
    const dir = copy()
    damage(dir)
    expect((await readPastDamage(dir)).told).toEqual([])
    expect((await check(dir)).filter(({ severity }) => severity === 'error')).toEqual([])
    expect(await write(dir)).toBe(30)
    expect((await readPastDamage(dir)).told).toEqual([])
  })

  /** Segments 0 and 10 deleted at once by a process that is killed before its call `crashAt`. Its calls, counted around the work. */
  async function deleteKilled(dir: string, crashAt: number): Promise<[from: number, to: number]> {
    const killed = crashingOs(crashAt)
    const directory = LocalDirectory.open(killed.os, dir)
    let from = 0
    try {
      await directory.enter()
      const log = await directory.openForWriting('t', 0)
      log.config = { ...log.config, fileDeleteDelayMs: 0 }
      await log.lock()
      from = killed.steps()
      log.deleteSegments([0, 10])
      log.unlock()
    } catch (error) {
      if (!killed.killed()) throw error
    }
    const to = killed.steps()
    killed.kill()
    return [from, to]
  }

  it.each([
    ['deletes', () => {}],
    [
      'ends a deletion that another one began',
      (dir: string) => {
        const log = segmentFile(dir, 0)
        fs.renameSync(log, `${log}.deleted`)
      },
    ],
  ])('is nothing where whoever %s was killed before any call', async (_t, begin) => {
    const trial = copy()
    begin(trial)
    const [from, to] = await deleteKilled(trial, Number.POSITIVE_INFINITY)
    expect(to - from).toBeGreaterThan(8)
    for (let crashAt = from; crashAt < to; crashAt++) {
      const dir = copy()
      begin(dir)
      await deleteKilled(dir, crashAt)
      expect((await readPastDamage(dir)).told).toEqual([])
      await write(dir)
      expect((await readPastDamage(dir)).told).toEqual([])
      fs.rmSync(dir, { recursive: true })
    }
  })

  it('is forgotten once retention lets go what stands behind it', async () => {
    const dir = copy()
    damaged(dir)
    const directory = LocalDirectory.open(quickOs, dir)
    await directory.enter()
    const log = await directory.openForWriting('t', 0)
    await log.lock()
    log.deleteSegments([10])
    log.unlock()
    await directory.close()
    expect(await readPastDamage(dir)).toEqual({ offsets: range(20, 30), told: [] })
  })
})
