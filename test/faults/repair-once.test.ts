import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as header from '../../src/record/batch-header.ts'
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
