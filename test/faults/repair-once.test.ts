import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as header from '../../src/record/batch-header.ts'
import { legacyKernelFor } from '../../src/record/kernels/legacy-kernel.ts'
import {
  changeSegment,
  check,
  makeThreeSegments,
  range,
  readPastDamage,
  repairLines,
  segmentFile,
  write,
} from '../support/damaged-directory.ts'
import { oldMessage, storedSet } from '../support/old-messages.ts'

const scratch = fs.mkdtempSync(join(tmpdir(), 'tkafka-repair-once-'))
const whole = join(scratch, 'whole')

beforeAll(() => makeThreeSegments(whole))
afterAll(() => fs.rmSync(scratch, { recursive: true }))

let copies = 0
function copy(): string {
  const dir = join(scratch, `copy-${copies++}`)
  fs.cpSync(whole, dir, { recursive: true })
  return dir
}

function flip(bytes: Buffer, at: number, mask: number): Buffer {
  bytes[at] ^= mask
  return bytes
}

const EPOCH = header.PARTITION_LEADER_EPOCH_POSITION

describe('repair (issue 11, item 3)', () => {
  it.each<[string, (dir: string) => void]>([
    ['a segment written twice', (dir) => changeSegment(dir, 10, (bytes) => Buffer.concat([bytes, bytes]))],
    [
      'its first batch written twice',
      (dir) => changeSegment(dir, 0, (bytes, second) => Buffer.concat([bytes, bytes.subarray(0, second)])),
    ],
    [
      'another segment behind it',
      (dir) =>
        changeSegment(dir, 0, (bytes) => Buffer.concat([bytes, fs.readFileSync(segmentFile(dir, 20))])),
    ],
    [
      "a segment's last batch misnumbered",
      (dir) => changeSegment(dir, 10, (bytes, second) => flip(bytes, second + 6, 2)),
    ],
    ['a leader epoch too high', (dir) => changeSegment(dir, 0, (bytes) => flip(bytes, EPOCH, 1))],
    [
      'a leader epoch too high in the middle',
      (dir) => changeSegment(dir, 10, (bytes, second) => flip(bytes, second + EPOCH + 3, 1)),
    ],
    [
      'a leader epoch below zero',
      (dir) => changeSegment(dir, 20, (bytes, second) => flip(bytes, second + EPOCH, 128)),
    ],
  ])('%s: one run mends it, and no record is lost', async (_title, damage) => {
    const dir = copy()
    damage(dir)
    expect((await check(dir)).filter(({ severity }) => severity === 'error')).not.toEqual([])
    expect((await repairLines(dir)).filter((line) => line.startsWith('left'))).toEqual([])
    expect((await check(dir)).filter(({ severity }) => severity === 'error')).toEqual([])
    expect(await repairLines(dir)).toEqual([])
    expect(await readPastDamage(dir)).toEqual({ offsets: range(0, 30), told: [] })
    expect(await write(dir, 't', ['next'])).toBe(30)
  })
})

describe('a log of gigabytes that are not there (B4)', () => {
  it('is cut behind its last batch, without memory for what stands there', async () => {
    const dir = join(scratch, `huge-${copies++}`)
    await write(dir, 't', ['a', 'b'], { make: true })
    const log = segmentFile(dir, 0)
    const before = fs.readFileSync(log)
    // More than one Buffer holds.
    fs.truncateSync(log, 5_000_000_000)
    expect((await repairLines(dir)).filter((line) => line.startsWith('left'))).toEqual([])
    expect(fs.readFileSync(log).equals(before)).toBe(true)
    expect(await write(dir, 't', ['c'])).toBe(2)
  })
})

describe('the last message of a log of format 0 or 1 whose offset was flipped, which no checksum covers (A4)', () => {
  const record = (offset: number) => ({
    offset,
    timestamp: 1000 + offset,
    key: null,
    value: Buffer.from(`old ${offset}`),
  })
  const plain = (magic: 0 | 1, offset: number) => oldMessage(magic, record(offset))
  it.each<[string, Buffer[], number]>([
    ['a message of format 0', [plain(0, 0), plain(0, 1), plain(0, 2)], 3],
    ['a message of format 1', [plain(1, 0), plain(1, 1), plain(1, 2)], 3],
  ])(
    '%s: it is told, repair puts the offset right, and the log goes on behind it',
    async (_title, messages, end) => {
      const dir = join(scratch, `old-${copies++}`)
      await write(dir, 't', [], { make: true }).catch(() => 0)
      const last = messages.at(-1)!
      const before = Buffer.concat(messages)
      const log = segmentFile(dir, 0)
      fs.mkdirSync(join(dir, 't-0'), { recursive: true })
      fs.writeFileSync(log, before)
      // In order, and known to end there.
      expect((await check(dir)).filter(({ severity }) => severity === 'error')).toEqual([])
      fs.writeFileSync(join(dir, 'recovery-point-offset-checkpoint'), `0\n1\nt 0 ${end}\n`)
      expect(await readPastDamage(dir)).toEqual({ offsets: range(0, end), told: [] })

      const bytes = Buffer.from(before)
      bytes[before.length - last.length + 5] ^= 2
      fs.writeFileSync(log, bytes)
      expect((await check(dir)).filter(({ severity }) => severity === 'error')).not.toEqual([])
      expect((await repairLines(dir)).filter((line) => line.startsWith('left'))).toEqual([])
      expect(fs.readFileSync(log).subarray(0, before.length).equals(before)).toBe(true)
      expect((await check(dir)).filter(({ severity }) => severity === 'error')).toEqual([])
      expect(await write(dir, 't', ['next'])).toBe(end)
      expect(await readPastDamage(dir)).toEqual({ offsets: range(0, end + 1), told: [] })
    },
  )
})

// Without it what they say depends on how much of the old formats this process has read before.
legacyKernelFor(1 << 20)

describe('a wrapper of format 0 or 1 whose offset was flipped, which no checksum covers (A4)', () => {
  const wrapper = (magic: 0 | 1, from: number) => {
    const records = range(from, from + 3).map((offset) => ({
      offset,
      timestamp: 1000 + offset,
      key: null,
      value: Buffer.from(`old ${offset}`),
    }))
    return storedSet({ magic, codec: 'gzip', records })
  }
  // Which of three, which byte of its offset, which bit; whether something knows where the log ends.
  it.each<[0 | 1, string, number, number, number, boolean]>([
    [0, 'the first, far up', 0, 5, 2, false],
    [0, 'the first, to 0', 0, 7, 2, false],
    [0, 'the middle one, far up', 1, 5, 2, true],
    [0, 'the middle one, a little up', 1, 7, 2, false],
    [0, 'the middle one, down', 1, 7, 4, false],
    [0, 'the last, far up', 2, 5, 2, true],
    [0, 'the last, a little up', 2, 7, 2, false],
    [1, 'the first, far up', 0, 5, 2, false],
    [1, 'the first, to 0', 0, 7, 2, false],
    [1, 'the middle one, far up', 1, 5, 2, false],
    [1, 'the middle one, a little up', 1, 7, 2, false],
    [1, 'the middle one, down', 1, 7, 4, false],
    [1, 'the last, far up', 2, 5, 2, true],
    [1, 'the last, a little up', 2, 7, 2, true],
  ])(
    'format %i, %s: check tells, repair puts it right',
    async (magic, _title, which, at, mask, endIsKnown) => {
      const dir = join(scratch, `old-${copies++}`)
      await write(dir, 't', [], { make: true }).catch(() => 0)
      fs.mkdirSync(join(dir, 't-0'), { recursive: true })
      if (endIsKnown) fs.writeFileSync(join(dir, 'recovery-point-offset-checkpoint'), '0\n1\nt 0 9\n')
      const wrappers = [0, 3, 6].map((from) => wrapper(magic, from))
      const before = Buffer.concat(wrappers)
      flip(wrappers[which], at, mask)
      const log = segmentFile(dir, 0)
      fs.writeFileSync(log, Buffer.concat(wrappers))
      expect((await check(dir)).filter(({ severity }) => severity === 'error')).not.toEqual([])
      // All others are read, or it is told.
      const { offsets, told } = await readPastDamage(dir)
      const others = range(0, 9).filter((offset) => Math.floor(offset / 3) !== which)
      expect(offsets).toEqual(expect.arrayContaining(others))
      expect(told.length > 0 || offsets.length === 9).toBe(true)
      expect((await repairLines(dir)).filter((line) => line.startsWith('left'))).toEqual([])
      expect(fs.readFileSync(log).subarray(0, before.length).equals(before)).toBe(true)
      expect((await check(dir)).filter(({ severity }) => severity === 'error')).toEqual([])
      expect(await write(dir, 't', ['next'])).toBe(9)
      expect(await readPastDamage(dir)).toEqual({ offsets: range(0, 10), told: [] })
    },
  )
})
