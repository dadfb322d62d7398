import fs from 'node:fs'
import path from 'node:path'
import '../support/property-seed.ts'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { MetadataRecord } from '../../src/message/metadata-records.ts'
import type { MetadataImage } from '../../src/metadata/metadata-image.ts'
import { MetadataLog } from '../../src/metadata/metadata-log.ts'
import { STORED_IMAGE_FILE } from '../../src/metadata/metadata-log-files.ts'
import { MetadataLogReader } from '../../src/metadata/metadata-log-reader.ts'
import { encodeStoredImage, writeStoredImage } from '../../src/metadata/stored-image-writer.ts'
import { addPartitionRecords } from '../../src/metadata/topic-records.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { essence, logFolder, newDirectory, newTopic } from '../unit/metadata/metadata-helpers.ts'

const made: string[] = []
afterAll(() => {
  for (const dir of made) fs.rmSync(dir, { recursive: true, force: true })
})

type Step = (image: MetadataImage) => readonly MetadataRecord[]
const topic = fc.constantFrom('a', 'b', 'a.b', 'a_b', 'zz', '__consumer_offsets').map((name) => name)
const settings = fc.array(fc.tuple(fc.constantFrom('retention.ms', 'cleanup.policy'), fc.string()), {
  maxLength: 2,
})

const create = fc.tuple(topic, fc.integer({ min: 1, max: 4 }), settings).map(
  ([name, partitions, configs]): Step =>
    (image) =>
      image.topic(name) === undefined ? newTopic(name, partitions, configs)(image) : [],
)
const grow = topic.map(
  (name): Step =>
    (image) => {
      const found = image.topic(name)
      return found === undefined ? [] : addPartitionRecords(image, found, [[image.nodeId], [image.nodeId]])
    },
)
const remove = topic.map(
  (name): Step =>
    (image) => {
      const found = image.topic(name)
      return found === undefined ? [] : [{ type: 'RemoveTopicRecord', topicId: found.id }]
    },
)
const change = fc.tuple(topic, fc.integer({ min: -2, max: 2 })).map(
  ([name, leader]): Step =>
    (image) => {
      const found = image.topic(name)
      return found === undefined
        ? []
        : [{ type: 'PartitionChangeRecord', partitionId: 0, topicId: found.id, leader, isr: [1, 2] }]
    },
)
const config = fc
  .tuple(fc.constantFrom(2, 4, 16, 32), fc.constantFrom('a', 'zz', '1', 'ä'), fc.option(fc.string()))
  .map(
    ([resourceType, resourceName, value]): Step =>
      () => [{ type: 'ConfigRecord', resourceType, resourceName, name: 'x', value }],
  )
const other = fc
  .constantFrom<MetadataRecord>(
    { type: 'ProducerIdsRecord', brokerId: 1, brokerEpoch: 3, nextProducerId: 4000 },
    {
      type: 'ClientQuotaRecord',
      entity: [{ entityType: 'user', entityName: null }],
      key: 'request_percentage',
      value: 1.5,
      remove: false,
    },
    {
      type: 'UserScramCredentialRecord',
      name: 'ü',
      mechanism: 1,
      salt: Buffer.from([0, 255]),
      storedKey: Buffer.from('s'),
      serverKey: Buffer.from('k'),
      iterations: 4096,
    },
    {
      type: 'AccessControlEntryRecord',
      id: 'AAAAAAAAAAAAAAAAAAAAAw',
      resourceType: 2,
      resourceName: 'a',
      patternType: 3,
      principal: 'User:x',
      host: '*',
      operation: 3,
      permissionType: 3,
    },
    { type: 'FeatureLevelRecord', name: 'group.version', featureLevel: 1 },
  )
  .map(
    (record): Step =>
      () => [record],
  )
const step = fc.oneof({ weight: 3, arbitrary: create }, grow, remove, change, config, other)

/** What the log itself says. */
function replayed(dir: string): object {
  const reader = new MetadataLogReader(systemOs.fs, dir, Number.MAX_SAFE_INTEGER)
  reader.load()
  return essence(reader.replay.image())
}

function store(dir: string): boolean {
  const reader = new MetadataLogReader(systemOs.fs, dir)
  reader.load()
  const { place } = reader
  return place !== undefined && writeStoredImage(systemOs.fs, reader.folder, place, reader.replay.image()) > 0
}

/** A directory after the steps; 's' stores the image, 'c' writes a checkpoint. */
async function directoryAfter(steps: readonly (Step | 's' | 'c')[], checkpointAfterBytes?: number) {
  const dir = newDirectory()
  made.push(dir)
  const log = MetadataLog.open(systemOs, dir, { ...(checkpointAfterBytes && { checkpointAfterBytes }) })
  for (const one of steps) {
    if (one === 's') expect(store(dir)).toBe(true)
    else if (one === 'c') await log.writeCheckpoint()
    else expect(essence((await log.append(one)).parts)).toEqual(replayed(dir))
  }
  return dir
}

const history = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: step },
    { weight: 1, arbitrary: fc.constant<'s'>('s') },
    { weight: 1, arbitrary: fc.constant<'c'>('c') },
  ),
  { minLength: 1, maxLength: 14 },
)

describe('a stored image, with what the log added behind it,', () => {
  it('is the image that the log says, wherever in the history it was stored', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const dir = await directoryAfter(steps)
        const image = MetadataLog.open(systemOs, dir).image()
        expect(essence(image.parts)).toEqual(replayed(dir))
        for (const { name, id } of image.topicImages()) {
          expect(image.topic(name)).toBe(image.topicById(id))
          expect([...image.topicConfigs(name)]).toEqual([...image.configs(2, name)])
        }
        expect(image.topic('absent')).toBeUndefined()
        expect(image.topicById('AAAAAAAAAAAAAAAAAAAAAg')).toBeUndefined()
        // And once more on top of itself.
        expect(store(dir)).toBe(true)
        expect(essence(MetadataLog.open(systemOs, dir).image().parts)).toEqual(replayed(dir))
        fs.rmSync(dir, { recursive: true, force: true })
      }),
      { numRuns: 40 },
    )
  })

  it('is passed over or seen through, whatever byte of it is damaged, and however short it is', async () => {
    const topics = Array.from({ length: 300 }, (_, i): Step => newTopic(`topic-${i}`, 2, [['x', `${i}`]]))
    const dir = await directoryAfter([(image) => topics.flatMap((one) => one(image)), 's', newTopic('late')])
    const truth = replayed(dir)
    const file = path.join(logFolder(dir), STORED_IMAGE_FILE)
    const good = fs.readFileSync(file)
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (at, flip, cut) => {
          const bad = Buffer.from(cut ? good.subarray(0, at) : good)
          if (!cut) bad[at] ^= flip
          fs.writeFileSync(file, bad)
          const image = MetadataLog.open(systemOs, dir).image()
          expect(image.topic('topic-7')?.partitions).toHaveLength(2)
          expect(image.topics()).toHaveLength(301)
          expect(essence(image.parts)).toEqual(truth)
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('a stored image of another log', () => {
  it('is passed over: one that is older than a checkpoint, one of another directory, one of another version', async () => {
    const one = await directoryAfter([newTopic('a'), 's'])
    const two = await directoryAfter([newTopic('b')])
    const from = path.join(logFolder(one), STORED_IMAGE_FILE)
    const to = path.join(logFolder(two), STORED_IMAGE_FILE)
    fs.copyFileSync(from, to)
    expect(MetadataLog.open(systemOs, two).image().topics()).toEqual(['b'])

    const old = fs.readFileSync(from)
    const log = MetadataLog.open(systemOs, one)
    await log.append(newTopic('c'))
    await log.writeCheckpoint()
    fs.writeFileSync(from, old)
    expect(MetadataLog.open(systemOs, one).image().topics().sort()).toEqual(['a', 'c'])

    expect(store(two)).toBe(true)
    const newer = fs.readFileSync(to)
    newer[7]++
    fs.writeFileSync(to, newer)
    expect(MetadataLog.open(systemOs, two).image().topics()).toEqual(['b'])
  })

  it('is passed over when the log was cut back behind it and went on in another way', async () => {
    const dir = await directoryAfter([newTopic('a')])
    const segment = path.join(logFolder(dir), '00000000000000000000.log')
    const before = fs.readFileSync(segment)
    await MetadataLog.open(systemOs, dir).append(newTopic('lost'))
    expect(store(dir)).toBe(true)
    fs.writeFileSync(segment, before)
    // Whoever cuts a log removes the snapshots behind its end, too; with one left, what is gone is damage.
    for (const name of fs.readdirSync(logFolder(dir)))
      if (name.endsWith('.snapshot')) fs.rmSync(path.join(logFolder(dir), name))
    expect(MetadataLog.open(systemOs, dir).image().topics()).toEqual(['a'])
    await MetadataLog.open(systemOs, dir).append(newTopic('kept'))
    expect(MetadataLog.open(systemOs, dir).image().topics().sort()).toEqual(['a', 'kept'])
  })
})

describe('storing the image', () => {
  it('happens by itself when the log grew, also behind a checkpoint, and less often the larger it is', async () => {
    const dir = newDirectory()
    made.push(dir)
    const log = MetadataLog.open(systemOs, dir, { checkpointAfterBytes: 60_000 })
    const file = path.join(logFolder(dir), STORED_IMAGE_FILE)
    const seen = new Set<string>()
    let half = 0
    for (let i = 0; i < 400; i++) {
      await log.append(newTopic(`t${i}`, 3))
      const stat = fs.statSync(file, { throwIfNoEntry: false })
      if (stat !== undefined) seen.add(`${stat.ino} ${stat.mtimeMs} ${stat.size}`)
      if (i === 200) half = seen.size
    }
    expect(seen.size).toBeGreaterThan(3)
    expect(seen.size).toBeLessThan(60)
    expect(seen.size - half).toBeLessThan(half / 2)
    expect(fs.readdirSync(logFolder(dir)).some((name) => name.endsWith('.checkpoint'))).toBe(true)
    expect(essence(MetadataLog.open(systemOs, dir).image().parts)).toEqual(replayed(dir))
  })

  it('is left out where a name or a value cannot be held, and where the disk refuses', async () => {
    const dir = await directoryAfter([newTopic('a')])
    const reader = new MetadataLogReader(systemOs.fs, dir)
    reader.load()
    const parts = reader.replay.image()
    const place = reader.place
    if (place === undefined) throw new Error('no place')
    const [a] = parts.topicsByName.values()
    const odd = { ...parts, topicsByName: new Map([['ä', { ...a, name: 'ä' }]]) }
    expect(encodeStoredImage(place, odd)).toBeUndefined()
    const quota = { entity: [], values: new Map([['x', Number.POSITIVE_INFINITY]]) }
    expect(encodeStoredImage(place, { ...parts, quotasByEntity: new Map([['k', quota]]) })).toBeUndefined()
    expect(writeStoredImage(systemOs.fs, path.join(dir, 'absent'), place, parts)).toBe(0)
  })
})
