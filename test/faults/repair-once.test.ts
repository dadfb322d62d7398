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
const scratch = fs.mkdtempSync(join(tmpdir(), 'tkafka-repair-once-'))
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

/** Changes the bytes of a segment's .log; `second` is where its second batch begins. */
function change(dir: string, base: number, how: (bytes: Buffer, second: number) => Buffer): void {
  const log = join(dir, 't-0', segment(base))
  const bytes = fs.readFileSync(log)
  fs.writeFileSync(log, how(bytes, header.sizeAt(bytes, 0)))
}

function flip(bytes: Buffer, at: number, mask: number): Buffer {
  bytes[at] ^= mask
  return bytes
}

const EPOCH = header.PARTITION_LEADER_EPOCH_POSITION

describe('repair (issue 11, item 3)', () => {
  it.each<[string, (dir: string) => void]>([
    ['a segment written twice', (dir) => change(dir, 10, (bytes) => Buffer.concat([bytes, bytes]))],
    [
      'its first batch written twice',
      (dir) => change(dir, 0, (bytes, second) => Buffer.concat([bytes, bytes.subarray(0, second)])),
    ],
    [
      'another segment behind it',
      (dir) =>
        change(dir, 0, (bytes) => Buffer.concat([bytes, fs.readFileSync(join(dir, 't-0', segment(20)))])),
    ],
    [
      "a segment's last batch misnumbered",
      (dir) => change(dir, 10, (bytes, second) => flip(bytes, second + 6, 2)),
    ],
    ['a leader epoch too high', (dir) => change(dir, 0, (bytes) => flip(bytes, EPOCH, 1))],
    [
      'a leader epoch too high in the middle',
      (dir) => change(dir, 10, (bytes, second) => flip(bytes, second + EPOCH + 3, 1)),
    ],
    [
      'a leader epoch below zero',
      (dir) => change(dir, 20, (bytes, second) => flip(bytes, second + EPOCH, 128)),
    ],
  ])('%s: one run mends it, and no record is lost', async (_title, damage) => {
    const dir = copy()
    damage(dir)
    expect((await check(dir)).filter(({ severity }) => severity === 'error')).not.toEqual([])
    expect((await repair(dir)).filter((line) => line.startsWith('left'))).toEqual([])
    expect((await check(dir)).filter(({ severity }) => severity === 'error')).toEqual([])
    expect(await repair(dir)).toEqual([])
    expect(await read(dir)).toEqual({ offsets: range(0, 30), told: [] })
    expect(await write(dir)).toBe(30)
  })
})
