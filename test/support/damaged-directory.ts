/** What tests of damaged directories do again and again: write, check, repair, and read past damage, each in a session of its own. */
import fs from 'node:fs'
import { join } from 'node:path'
import type { Finding, RepairStep } from '../../src/client/admin/check-admin.ts'
import { CorruptRecordError } from '../../src/errors.ts'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import * as header from '../../src/record/batch-header.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { crashingOs } from './crashing-os.ts'
import { append, topicAtRest } from './local-produce.ts'

/** Without real syncs: it never crashes. */
export const { os: quickOs } = crashingOs(Number.POSITIVE_INFINITY)

export async function check(dir: string): Promise<Finding[]> {
  const found: Finding[] = []
  const admin = new LocalAdmin(quickOs, LocalDirectory.open(quickOs, dir))
  await admin.check({ found: (finding) => found.push(finding) })
  await admin.close()
  return found
}

export async function repair(
  dir: string,
  dryRun = false,
): Promise<{ done: readonly RepairStep[]; left: readonly Finding[] }> {
  const done: RepairStep[] = []
  const left: Finding[] = []
  const admin = new LocalAdmin(quickOs, LocalDirectory.open(quickOs, dir))
  await admin.repair({ dryRun, done: (step) => done.push(step), left: (finding) => left.push(finding) })
  await admin.close()
  return { done, left }
}

/** What repair says that it did, then what it left. */
export async function repairLines(dir: string): Promise<string[]> {
  const { done, left } = await repair(dir)
  return [...done.map(({ what }) => what), ...left.map(({ problem }) => `left: ${problem}`)]
}

/** Appends one batch to partition 0 of the topic, which is made first if told to. Returns the first offset. */
export async function write(
  dir: string,
  topic: string,
  values: readonly string[],
  { make = false } = {},
): Promise<number> {
  const directory = LocalDirectory.open(quickOs, dir)
  await directory.enter()
  try {
    if (make) await directory.alter(() => topicAtRest(topic))
    return await append(directory, topic, 0, values)
  } finally {
    await directory.close()
  }
}

/** What a reader that skips damage gets of t-0: the offsets of records, and what it is told. */
export async function readPastDamage(dir: string): Promise<{ offsets: number[]; told: string[] }> {
  const directory = LocalDirectory.open(quickOs, dir)
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
      if (told.length > 1000) throw new Error(`damage is told again and again: ${error.message}`)
    }
  }
  await directory.close()
  return { offsets, told }
}

/** Makes topic t, whose one partition has segments from 0, 10 and 20 on, each of two batches of five. */
export async function makeThreeSegments(dir: string): Promise<void> {
  const directory = LocalDirectory.open(quickOs, dir)
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
}

/** Path of a file of t-0. */
export const segmentFile = (dir: string, base: number, suffix = 'log') =>
  join(dir, 't-0', `${String(base).padStart(20, '0')}.${suffix}`)

/** Changes the bytes of a .log of t-0; `second` is where its second batch begins. */
export function changeSegment(
  dir: string,
  base: number,
  how: (bytes: Buffer, second: number) => Buffer,
): void {
  const log = segmentFile(dir, base)
  const bytes = fs.readFileSync(log)
  fs.writeFileSync(log, how(bytes, header.sizeAt(bytes, 0)))
}

export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
