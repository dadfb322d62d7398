import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OffsetStore } from '../../../../src/group/offsets/offset-store.ts'
import { openLocal } from '../../../../src/index.ts'
import { LocalAdmin } from '../../../../src/local/admin/local-admin.ts'
import { compactingOffsetStore } from '../../../../src/local/cleaning/compacting-offset-store.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { systemOs } from '../../../../src/os/system-os.ts'

/** A producer's housekeeping: retention that is due, applied behind a roll. */
let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tkafka-housekeeping-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const YEAR = 365 * 24 * 3600 * 1000
const segments = () => readdirSync(join(dir, 'old-0')).filter((name) => name.endsWith('.log'))

/** Two records a segment.ms apart: the second rolls, and the first one's segment is past its retention. */
async function produceOldAndNew(between?: () => void): Promise<void> {
  const producer = await openLocal(dir).producer()
  await producer.send({ topic: 'old', value: 'old', timestamp: Date.now() - YEAR })
  between?.()
  await producer.send({ topic: 'old', value: 'new' })
  await producer.close()
}

describe('a producer that rolls a segment', () => {
  it('leaves records with old timestamps that were written just now, as a broker does until it looks again', async () => {
    await produceOldAndNew()
    expect(segments()).toHaveLength(2)
  })

  it('deletes an expired segment that nobody wrote to for longer than a broker waits', async () => {
    const long = Date.now() / 1000 - 3600
    await produceOldAndNew(() => utimesSync(join(dir, 'old-0', segments()[0]), long, long))
    expect(segments()).toEqual(['00000000000000000001.log'])
  })
})

describe('a group that commits much', () => {
  const files = () =>
    readdirSync(dir)
      .filter((name) => name.startsWith('__consumer_offsets-'))
      .flatMap((name) => readdirSync(join(dir, name)).map((file) => join(dir, name, file)))
  const offsetsSize = () =>
    files().reduce((sum, file) => sum + (file.endsWith('.log') ? statSync(file).size : 0), 0)

  /** 7 MB in 3000 records of 100 keys. */
  async function commitMuch(properties: string, adopted = false): Promise<Map<string, number>> {
    if (properties !== '') writeFileSync(join(dir, 'server.properties'), properties)
    const directory = LocalDirectory.open(systemOs, dir)
    await new LocalAdmin(systemOs, directory).createTopic({ name: 't', partitions: 100 })
    if (adopted) rmSync(join(dir, '.tkafka'))
    const store = compactingOffsetStore(systemOs, directory)
    const metadata = 'm'.repeat(2300)
    for (let i = 0; i < 30; i++) {
      const offsets = Array.from({ length: 100 }, (_, partition) => ({
        topic: 't',
        partition,
        offset: i,
        metadata,
      }))
      await store.commit('g', offsets)
    }
    await directory.close()
    const found = new OffsetStore(systemOs, LocalDirectory.open(systemOs, dir)).fetch('g')
    return new Map([...found].map(([key, { offset }]) => [key, offset]))
  }

  it('has its partition of __consumer_offsets compacted, and finds what it committed', async () => {
    const found = await commitMuch('offsets.topic.num.partitions=1\n')
    expect(offsetsSize()).toBeLessThan(3e6)
    expect([...found.values()]).toEqual(Array.from({ length: 100 }, () => 29))
    expect(files().filter((name) => /cleaned|swap/.test(name))).toEqual([])
  })

  it.each([
    ['where the owner turned that off', 'tkafka.housekeeping.enable=false\n', false],
    ['where the owner turned the cleaner off', 'log.cleaner.enable=false\n', false],
    ["where a broker's settings are not known", '', true],
  ])('leaves the log alone %s', async (_, properties, adopted) => {
    const found = await commitMuch(properties, adopted)
    expect(offsetsSize()).toBeGreaterThan(6e6)
    expect(found.get('t-99')).toBe(29)
  })
})
