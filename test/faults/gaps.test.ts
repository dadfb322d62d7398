import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Finding } from '../../src/client/admin/check-admin.ts'
import { CorruptRecordError } from '../../src/errors.ts'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import * as header from '../../src/record/batch-header.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { crashingOs } from '../support/crashing-os.ts'
import { append, topicAtRest } from '../support/local-produce.ts'

/** Without real syncs. */
const { os } = crashingOs(Number.POSITIVE_INFINITY)
const scratch = fs.mkdtempSync(join(tmpdir(), 'tkafka-gaps-'))
/** Segments from 0, 10 and 20 on, each of two batches of five. */
const whole = join(scratch, 'whole')
const segment = (base: number, suffix = 'log') => `${String(base).padStart(20, '0')}.${suffix}`

beforeAll(async () => {
  const directory = LocalDirectory.open(os, whole)
  await directory.enter()
  await directory.alter(() => topicAtRest('t'))
  for (const base of [0, 10, 20]) {
    for (const part of ['a', 'b'])
      await append(
        directory,
        't',
        0,
        Array.from({ length: 5 }, (_, i) => `${base}${part}${i}`),
      )
    if (base === 20) break
    const log = directory.logForWriting('t', 0)
    await log.lock()
    log.roll()
    log.unlock()
  }
  await directory.close()
})
afterAll(() => fs.rmSync(scratch, { recursive: true }))

let copies = 0
function copy(): string {
  const dir = join(scratch, `copy-${copies++}`)
  fs.cpSync(whole, dir, { recursive: true })
  return dir
}

function removeSegment(dir: string, base: number, ...kept: string[]): void {
  for (const suffix of ['log', 'index', 'timeindex', 'snapshot']) {
    if (!kept.includes(suffix)) fs.rmSync(join(dir, 't-0', segment(base, suffix)), { force: true })
  }
}

/** What a reader that skips damage gets: the offsets of records, and what it is told. */
async function read(dir: string): Promise<{ offsets: number[]; told: string[] }> {
  const directory = LocalDirectory.open(os, dir)
  const log = directory.logForReading('t', 0)
  const offsets: number[] = []
  const told: string[] = []
  for (let at = log.logStartOffset; at < log.logEndOffset; ) {
    try {
      const data = log.read(at, 1 << 20)
      for (let p = data.start; p < data.end; ) {
        const batch = new RecordBatch(data.buffer, p, data.end)
        p = batch.end
        if (!batch.isControl) for (const { offset } of batch.records()) offsets.push(offset)
      }
      at = data.nextOffset
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error
      told.push(error.message)
      at = log.skipCorrupt(at)
    }
  }
  await directory.close()
  return { offsets, told }
}

async function check(dir: string): Promise<Finding[]> {
  const found: Finding[] = []
  const admin = new LocalAdmin(os, LocalDirectory.open(os, dir))
  await admin.check({ found: (finding) => found.push(finding) })
  await admin.close()
  return found
}

async function repair(dir: string): Promise<string[]> {
  const told: string[] = []
  const admin = new LocalAdmin(os, LocalDirectory.open(os, dir))
  await admin.repair({
    dryRun: false,
    done: ({ what }) => told.push(what),
    left: ({ problem }) => told.push(`left: ${problem}`),
  })
  await admin.close()
  return told
}

async function write(dir: string): Promise<number> {
  const directory = LocalDirectory.open(os, dir)
  await directory.enter()
  try {
    return await append(directory, 't', 0, ['next'])
  } finally {
    await directory.close()
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

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
        fs.truncateSync(join(dir, 't-0', segment(10)))
      },
      10,
      20,
      /offsets 10 to 19 are missing/,
    ],
    [
      'a batch was taken out of a file',
      (dir: string) => {
        const log = join(dir, 't-0', segment(10))
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
      const { offsets, told } = await read(dir)
      expect(told).toEqual([expect.stringMatching(line)])
      expect(offsets).toEqual([...range(0, from), ...range(to, 30)])
      await repair(dir)
      expect((await check(dir)).filter(({ severity }) => severity === 'error')).toEqual([])
      expect(await repair(dir)).toEqual([])
      expect(await read(dir)).toEqual({ offsets, told: [] })
      expect(await write(dir)).toBe(30)
    },
  )

  it('a batch numbered beyond the next segment hides none of the segments behind it', async () => {
    const dir = copy()
    const log = join(dir, 't-0', segment(10))
    const bytes = fs.readFileSync(log)
    bytes[header.sizeAt(bytes, 0) + 5] ^= 0x10
    fs.writeFileSync(log, bytes)
    const { offsets, told } = await read(dir)
    expect(told).toEqual([expect.stringMatching(/offsets 15 to 19 are missing/)])
    expect(offsets).toEqual([...range(0, 15), ...range(20, 30)])
    await repair(dir)
    expect(await read(dir)).toEqual({ offsets: range(0, 30), told: [] })
  })

  it('is nothing where compaction may have taken them', async () => {
    const dir = copy()
    removeSegment(dir, 10)
    fs.writeFileSync(join(dir, 'cleaner-offset-checkpoint'), '0\n1\nt 0 20\n')
    expect(await read(dir)).toEqual({ offsets: [...range(0, 10), ...range(20, 30)], told: [] })
  })

  it('is nothing where the oldest segments were deleted', async () => {
    const dir = copy()
    removeSegment(dir, 0)
    expect(await read(dir)).toEqual({ offsets: range(10, 30), told: [] })
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
      const log = join(dir, 't-0', segment(20))
      const bytes = fs.readFileSync(log)
      flip(bytes, header.sizeAt(bytes, 0))
      fs.writeFileSync(log, bytes)
      const { offsets, told } = await read(dir)
      expect(offsets).toEqual(range(0, 25))
      expect(told).toEqual([expect.stringMatching(/its offset cannot be: 25 comes next; offsets 25 to 29/)])
      await expect(write(dir)).rejects.toThrow(/see tkafka repair/)
      expect(fs.readFileSync(log).equals(bytes)).toBe(true)
      expect((await check(dir)).map(({ kind }) => kind)).toEqual(['lost-end'])
      expect(await repair(dir)).toHaveLength(1)
      expect(await repair(dir)).toEqual([])
      expect(await read(dir)).toEqual({ offsets: range(0, 30), told: [] })
      expect(await write(dir)).toBe(30)
    },
  )
})
