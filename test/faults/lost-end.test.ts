import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Finding } from '../../src/client/admin/check-admin.ts'
import { CorruptRecordError } from '../../src/errors.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { addOpenPartition, beginOpenPartitions } from '../../src/local/directory/open-partitions.ts'
import * as header from '../../src/record/batch-header.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { check, quickOs, repair as repairAll, write as writeAll } from '../support/damaged-directory.ts'
import { append, topicAtRest } from '../support/local-produce.ts'
import { isFull } from './bench.ts'

const LOG = '00000000000000000000.log'
const METADATA = '__cluster_metadata-0'
const TOPICS = ['t', '__consumer_offsets', '__transaction_state']

const scratch = fs.mkdtempSync(join(tmpdir(), 'tkafka-lost-end-'))
/** As three sessions left it, fifteen records in each partition; and as the first of them left it. */
const whole = join(scratch, 'whole')
const older = join(scratch, 'older')

beforeAll(async () => {
  for (const session of ['one', 'two', 'three']) {
    const directory = LocalDirectory.open(quickOs, whole)
    await directory.enter()
    for (const topic of TOPICS) {
      if (session === 'one') await directory.alter(() => topicAtRest(topic))
      await append(
        directory,
        topic,
        0,
        Array.from({ length: 5 }, (_, i) => `${session}-${i}`),
      )
    }
    if (session === 'three') {
      await directory.alter(() => topicAtRest('late'))
      await append(directory, 'late', 0, ['last'])
    }
    await directory.close()
    if (session === 'one') fs.cpSync(whole, older, { recursive: true })
  }
})
afterAll(() => fs.rmSync(scratch, { recursive: true }))

const DAMAGE: Record<string, (log: string, last: number, old: string) => void> = {
  'a byte flipped in the last batch': (log, last) => {
    const bytes = fs.readFileSync(log)
    bytes[last + header.RECORD_BATCH_OVERHEAD + 4] ^= 1
    fs.writeFileSync(log, bytes)
  },
  'the last batch cut off': (log, last) => fs.truncateSync(log, last),
  'the last batch cut in its middle': (log, last) => fs.truncateSync(log, last + 70),
  'the file emptied': (log) => fs.truncateSync(log, 0),
  'the file removed': (log) => fs.rmSync(log),
  'the last batch made zeros': (log, last) => {
    const bytes = fs.readFileSync(log)
    fs.writeFileSync(log, bytes.fill(0, last))
  },
  'an older copy in its place': (log, _last, old) => fs.copyFileSync(old, log),
}

const MOMENTS: Record<string, (dir: string, topic: string) => void> = {
  'beside the clean marker': () => {},
  'listed as open in this boot': (dir, topic) => {
    fs.rmSync(join(dir, '.kafka_cleanshutdown'))
    beginOpenPartitions(quickOs, dir, quickOs.bootId(), epochOf(dir))
    addOpenPartition(quickOs, dir, `${topic}-0`)
  },
  'behind a power cut, below the recovery point': (dir, topic) => {
    fs.rmSync(join(dir, '.kafka_cleanshutdown'))
    fs.rmSync(join(dir, '.tkafka-open'), { force: true })
    fs.writeFileSync(join(dir, 'recovery-point-offset-checkpoint'), `0\n1\n${topic} 0 15\n`)
  },
}

let copies = 0
function copy(): string {
  const dir = join(scratch, `copy-${copies++}`)
  fs.cpSync(whole, dir, { recursive: true })
  return dir
}

function epochOf(dir: string): number {
  const image = LocalDirectory.open(quickOs, dir).image()
  return image.brokers.get(image.nodeId)?.epoch ?? -1
}

function lastBatch(log: string): number {
  const bytes = fs.readFileSync(log)
  let last = 0
  for (let at = 0; at < bytes.length; at += header.sizeAt(bytes, at)) last = at
  return last
}

const bytesOf = (log: string): string => (fs.existsSync(log) ? fs.readFileSync(log, 'hex') : 'none')

async function repair(dir: string): Promise<Finding[]> {
  const { left } = await repairAll(dir)
  // What the tests wrote into internal topics means nothing.
  return left.filter(({ kind }) => kind !== 'bad-record')
}

const write = (dir: string, topic: string, value: string) => writeAll(dir, topic, [value])

/** Offsets and values of all records. */
async function records(dir: string, topic: string): Promise<string[]> {
  const directory = LocalDirectory.open(quickOs, dir)
  const log = directory.logForReading(topic, 0)
  const found: string[] = []
  for (let at = log.logStartOffset; at < log.logEndOffset; ) {
    const data = log.read(at, 1 << 20)
    for (let p = data.start; p < data.end; ) {
      const batch = new RecordBatch(data.buffer, p, data.end)
      p = batch.end
      if (batch.isControl) continue
      for (const { offset, value } of batch.records()) found.push(`${offset} ${value?.toString()}`)
    }
    at = data.nextOffset
  }
  await directory.close()
  return found
}

/** A user's topic meets every moment; each internal one meets them in turn, and all of them in `npm run test:faults`. */
function casesOf(what: readonly string[]): (readonly [string, string, string])[] {
  const moments = Object.keys(MOMENTS)
  return TOPICS.flatMap((topic, t) =>
    what.flatMap((one, i) =>
      moments
        .filter((_, m) => isFull || t === 0 || m === (i + t) % moments.length)
        .map((moment) => [topic, one, moment] as const),
    ),
  )
}
const cases = casesOf(Object.keys(DAMAGE))

describe('the end of a log that is known to have been longer (A2, A3)', () => {
  it.each(cases)('%s, %s, %s: told, refused, never cut, and mended', async (topic, damage, moment) => {
    const dir = copy()
    const log = join(dir, `${topic}-0`, LOG)
    DAMAGE[damage](log, lastBatch(log), join(older, `${topic}-0`, LOG))
    MOMENTS[moment](dir, topic)
    const before = bytesOf(log)

    const reader = LocalDirectory.open(quickOs, dir)
    const read = reader.logForReading(topic, 0)
    // Only the recovery point and whoever checks the directory know it there.
    expect(read.logEndOffset).toBe(15)
    const lostFrom = read.endDamage?.error
    expect(lostFrom).toBeInstanceOf(CorruptRecordError)
    expect(lostFrom?.file).toBe(log)
    expect(lostFrom?.message).toMatch(/offsets? \d+ .*tells\) \(at position \d+\)/)
    expect(() => read.read(14, 1000)).toThrow(lostFrom?.message)
    expect(read.skipCorrupt(14)).toBe(15)
    await reader.close()

    for (let round = 0; round < 2; round++) {
      await expect(write(dir, topic, 'refused')).rejects.toThrow(/see tkafka repair/)
      expect(bytesOf(log)).toBe(before)
    }
    expect((await check(dir)).filter(({ kind }) => kind === 'lost-end')).toMatchObject([
      { severity: 'error', topic, file: log },
    ])
    expect(bytesOf(log)).toBe(before)

    await repair(dir)
    expect((await check(dir)).filter(({ kind }) => kind !== 'bad-record')).toEqual([])
    expect(await write(dir, topic, 'next')).toBe(15)
    const kept = await records(dir, topic)
    expect(kept.at(-1)).toBe('15 next')
    expect(await write(dir, topic, 'more')).toBe(16)
    expect(await records(dir, topic)).toEqual([...kept, '16 more'])
    expect((await check(dir)).filter(({ kind }) => kind !== 'bad-record')).toEqual([])
    expect(fs.existsSync(join(dir, '.kafka_cleanshutdown'))).toBe(true)
  })
})

describe('the end of the metadata log (A3)', () => {
  const damages = Object.keys(DAMAGE)

  it.each(damages)(
    '%s: told, refused, and mended with the topics whose folders are there',
    async (damage) => {
      const dir = copy()
      const log = join(dir, METADATA, LOG)
      const image = LocalDirectory.open(quickOs, dir).image()
      DAMAGE[damage](log, lastBatch(log), join(older, METADATA, LOG))
      const before = bytesOf(log)
      expect(() => LocalDirectory.open(quickOs, dir).image()).toThrow(
        new RegExp(
          `${log}: .*\\d+\\.snapshot tells\\): bring the file back from a copy, or see tkafka repair`,
        ),
      )
      for (const topic of ['t', 'new'])
        await expect(write(dir, topic, 'refused')).rejects.toThrow(/tkafka repair/)
      await expect(LocalDirectory.open(quickOs, dir).alter(() => topicAtRest('new'))).rejects.toThrow(
        /tkafka repair/,
      )
      expect(bytesOf(log)).toBe(before)
      expect(await check(dir)).toMatchObject(
        expect.arrayContaining([
          expect.objectContaining({ kind: 'lost-end', topic: '__cluster_metadata', file: log }),
        ]),
      )
      expect(bytesOf(log)).toBe(before)

      expect(await repair(dir)).toEqual([])
      const mended = LocalDirectory.open(quickOs, dir).image()
      expect(mended.endOffset).toBeGreaterThanOrEqual(image.endOffset)
      for (const topic of [...TOPICS, 'late']) expect(mended.topic(topic)?.id).toBe(image.topic(topic)?.id)
      expect(await write(dir, 't', 'next')).toBe(15)
      expect(await records(dir, 't')).toHaveLength(16)
      const directory = LocalDirectory.open(quickOs, dir)
      await directory.alter(() => topicAtRest('new'))
      await directory.close()
      expect(await write(dir, 'new', 'first')).toBe(0)
      expect((await check(dir)).filter(({ kind }) => kind !== 'bad-record')).toEqual([])
      expect(fs.readdirSync(dir).filter((name) => name.endsWith('-stray'))).toEqual([])
    },
  )

  it.each(['the file emptied', 'the file removed'])(
    '%s, where no snapshot tells of it: the partitions do',
    async (damage) => {
      const dir = copy()
      const folder = join(dir, METADATA)
      DAMAGE[damage](join(folder, LOG), 0, '')
      for (const name of fs.readdirSync(folder)) if (/snapshot/.test(name)) fs.rmSync(join(folder, name))
      await expect(write(dir, 't', 'refused')).rejects.toThrow(
        /with it what topics there are \(__consumer_offsets-0, /,
      )
      expect(await repair(dir)).toEqual([])
      expect(await write(dir, 't', 'next')).toBe(15)
    },
  )
})

describe('a format newer than is known (A4)', () => {
  it.each(TOPICS.flatMap((topic) => Object.keys(MOMENTS).map((moment) => [topic, moment] as const)))(
    '%s, %s: told, and nobody changes it',
    async (topic, moment) => {
      const dir = copy()
      const log = join(dir, `${topic}-0`, LOG)
      const bytes = fs.readFileSync(log)
      const last = lastBatch(log)
      bytes[last + header.MAGIC_POSITION] = 3
      bytes[last + header.CRC_POSITION] ^= 1
      fs.writeFileSync(log, bytes)
      MOMENTS[moment](dir, topic)
      const before = bytesOf(log)
      const errors: string[] = []
      const reader = LocalDirectory.open(quickOs, dir).logForReading(topic, 0)
      expect(reader.logEndOffset).toBeGreaterThanOrEqual(15)
      for (let at = 0; at < reader.logEndOffset; ) {
        try {
          at = reader.read(at, 1 << 20).nextOffset
        } catch (error) {
          errors.push((error as Error).message)
          at = reader.skipCorrupt(at)
        }
      }
      expect(errors.join('\n')).toMatch(/format 3, newer than this tkafka knows/)
      await expect(write(dir, topic, 'refused')).rejects.toThrow()
      const kinds = (await check(dir)).map(({ kind }) => kind)
      expect(kinds).toContain('unread-format')
      expect((await repair(dir)).map(({ kind }) => kind)).toContain('unread-format')
      await write(dir, topic === 't' ? '__transaction_state' : 't', 'elsewhere')
      expect(bytesOf(log)).toBe(before)
    },
  )
})

describe('a folder that was emptied', () => {
  it('is told by check where a checkpoint knows what it held: no writer goes on there (strangerA I1)', async () => {
    const dir = copy()
    const folder = join(dir, 't-0')
    for (const name of fs.readdirSync(folder)) fs.rmSync(join(folder, name))
    MOMENTS['behind a power cut, below the recovery point'](dir, 't')
    await expect(write(dir, 't', 'refused')).rejects.toThrow(/see tkafka repair/)
    expect((await check(dir)).filter(({ kind }) => kind === 'lost-end')).toMatchObject([
      { severity: 'error', topic: 't', file: join(folder, LOG) },
    ])
    await repair(dir)
    expect((await check(dir)).filter(({ kind }) => kind !== 'bad-record')).toEqual([])
    expect(await write(dir, 't', 'next')).toBe(15)
  })
})
