import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { OffsetStore } from '../../../../src/group/offsets/offset-store.ts'
import { offsetsPartitionFor } from '../../../../src/group/offsets/offsets-topic.ts'
import { LocalAdmin } from '../../../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { CONTROL_TYPE, encodeControlKey } from '../../../../src/message/control-messages.ts'
import { encodeOffsetCommitKey, encodeOffsetCommitValue } from '../../../../src/message/offset-messages.ts'
import { OFFSETS_TOPIC } from '../../../../src/names/topic-names.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import type { RecordBatchOptions } from '../../../../src/record/record-batch-builder.ts'
import { fixtureManifest, unpackFixture } from '../../../support/fixtures.ts'
import { appendToOffsets, type KeyValue } from '../../../support/offsets-log.ts'

let dir: string
let directory: LocalDirectory
let store: OffsetStore

beforeEach(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-offsets-'))
  fs.writeFileSync(path.join(dir, 'server.properties'), 'offsets.topic.num.partitions=2\n')
  directory = LocalDirectory.open(systemOs, dir)
  store = new OffsetStore(systemOs, directory)
  await new LocalAdmin(systemOs, directory).createTopic({ name: 't', partitions: 3 })
})
afterEach(async () => {
  await directory.close()
  fs.rmSync(dir, { recursive: true })
})

/** What a new process finds. */
const found = (group: string) =>
  Object.fromEntries(
    [...new OffsetStore(systemOs, LocalDirectory.open(systemOs, dir)).fetch(group)].map(
      ([key, { offset }]) => [key, offset],
    ),
  )
const folderOf = (group: string) => path.join(dir, `${OFFSETS_TOPIC}-${offsetsPartitionFor(group, 2)}`)
const commit = (group: string, offset: number, partition = 0) =>
  store.commit(group, [{ topic: 't', partition, offset }])

const appendRaw = (group: string, records: KeyValue[], options: RecordBatchOptions = {}) =>
  appendToOffsets(directory, group, records, options)

const raw = (group: string, offset: number, version = 4): KeyValue => [
  encodeOffsetCommitKey(group, 't', 0),
  encodeOffsetCommitValue({ offset, commitTimestamp: 5 }, version),
]
const marker = (type: number): KeyValue => [encodeControlKey(type), Buffer.from([0, 0, 0, 0, 0, 0])]

describe('the offset store', () => {
  test('the first commit makes the topic whole, as a broker does', async () => {
    expect(found('g')).toEqual({})
    expect(directory.image().topic(OFFSETS_TOPIC)).toBeUndefined()
    await commit('g', 7)
    expect(Object.fromEntries(directory.image().topicConfigs(OFFSETS_TOPIC))).toEqual({
      'cleanup.policy': 'compact',
      'compression.type': 'producer',
      'segment.bytes': '104857600',
    })
    for (const partition of [0, 1]) {
      const files = fs.readdirSync(path.join(dir, `${OFFSETS_TOPIC}-${partition}`))
      expect(files).toEqual(
        expect.arrayContaining(['00000000000000000000.log', 'leader-epoch-checkpoint', 'partition.metadata']),
      )
    }
    expect(found('g')).toEqual({ 't-0': 7 })
  })

  test('the last commit wins, others see it at once, a tombstone takes it away', async () => {
    const other = new OffsetStore(systemOs, LocalDirectory.open(systemOs, dir))
    await store.commit('g', [{ topic: 't', partition: 0, offset: 1, metadata: 'hi', leaderEpoch: 3 }])
    expect(other.fetch('g').get('t-0')).toMatchObject({
      offset: 1,
      metadata: 'hi',
      leaderEpoch: 3,
      topicId: directory.image().topic('t')?.id,
    })
    await commit('g', 9)
    await commit('g', 4, 2)
    expect(other.fetch('g').get('t-0')?.offset).toBe(9)
    await store.deleteOffsets('g', [
      { topic: 't', partition: 0 },
      { topic: 't', partition: 1 },
    ])
    expect(found('g')).toEqual({ 't-2': 4 })
  })

  test('groups have the type that was remembered, until they are deleted', async () => {
    await commit('bare', 1)
    await store.rememberGroup('classic', 'Classic')
    await store.rememberGroup('new', 'Consumer')
    await store.rememberGroup('new', 'Consumer')
    expect(
      store
        .groups()
        .map(({ groupId, type, protocolType, hasOffsets }) => [groupId, type, protocolType, hasOffsets]),
    ).toEqual([
      ['bare', 'Classic', '', true],
      ['classic', 'Classic', 'consumer', false],
      ['new', 'Consumer', 'consumer', false],
    ])
    expect(await store.deleteGroup('bare')).toBe(true)
    expect(await store.deleteGroup('new')).toBe(true)
    expect(await store.deleteGroup('new')).toBe(false)
    expect(store.groups().map((group) => group.groupId)).toEqual(['classic'])
  })

  test.each([0, 1, 2, 3, 4])('a value of version %i is read', async (version) => {
    await commit('g', 1)
    await appendRaw('g', [raw('g', 42, version)])
    expect(found('g')).toEqual({ 't-0': 42 })
  })

  test('what is not known is passed over', async () => {
    await commit('g', 1)
    await appendRaw('g', [
      [Buffer.from([0, 99, 1, 2]), Buffer.from('future')],
      [encodeOffsetCommitKey('g', 't', 0), Buffer.from([0, 77, 1])],
      [Buffer.from([0]), null],
      raw('g', 5),
    ])
    expect(found('g')).toEqual({ 't-0': 5 })
  })

  test('offsets of a transaction count when it is committed, and only then', async () => {
    await commit('g', 1)
    const transaction = { producerId: 77, producerEpoch: 0, baseSequence: 0, transactional: true }
    await appendRaw('g', [raw('g', 10)], transaction)
    expect(found('g')).toEqual({ 't-0': 1 })
    await appendRaw('g', [marker(CONTROL_TYPE.ABORT)], { ...transaction, baseSequence: -1, control: true })
    expect(found('g')).toEqual({ 't-0': 1 })
    await appendRaw('g', [raw('g', 20)], { ...transaction, baseSequence: 1 })
    await appendRaw('g', [marker(CONTROL_TYPE.COMMIT)], { ...transaction, baseSequence: -1, control: true })
    expect(found('g')).toEqual({ 't-0': 20 })
  })

  test('offsets of a topic that was made anew under its name do not count', async () => {
    await commit('g', 5)
    await directory.deleteTopics(['t'])
    expect(found('g')).toEqual({})
    await new LocalAdmin(systemOs, directory).createTopic({ name: 't', partitions: 3 })
    expect(found('g')).toEqual({})
  })

  test('topics that are deleted take their offsets along', async () => {
    await commit('g', 5)
    await store.forgetTopics(['t'])
    expect(store.group('g')).toMatchObject({ hasOffsets: false })
  })

  test('metadata above 4096 bytes is refused', async () => {
    const offsets = [{ topic: 't', partition: 0, offset: 1, metadata: 'x'.repeat(4097) }]
    await expect(store.commit('g', offsets)).rejects.toThrow(
      'The metadata field of the offset request was too large.',
    )
  })

  test('a negative hash chooses the partition as in Kafka', () => {
    expect(offsetsPartitionFor('many-1', 4)).toBe(1)
    expect(offsetsPartitionFor('classic-group-logins', 4)).toBe(3)
  })
})

describe('the snapshot of committed offsets', () => {
  const snapshot = () => path.join(folderOf('g'), '.tkafka-offsets')

  beforeEach(async () => {
    for (let i = 0; i < 3; i++) {
      const records = Array.from({ length: 1000 }, (_, n): KeyValue => raw('g', i * 1000 + n))
      if (i === 0) await commit('g', 0)
      await appendRaw('g', records)
    }
    await commit('g', 9999, 1)
  })

  test('is left by a writer, and what follows it is read from the log', async () => {
    expect(fs.existsSync(snapshot())).toBe(true)
    await commit('g', 3, 2)
    expect(found('g')).toEqual({ 't-0': 2999, 't-1': 9999, 't-2': 3 })
  })

  test.each([
    ['cut', (bytes: Buffer) => bytes.subarray(0, bytes.length - 9)],
    ['flipped', (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte)))],
    ['empty', () => Buffer.alloc(0)],
    [
      'of a later version',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 5), Buffer.from([9]), bytes.subarray(6)]),
    ],
  ])('that is %s is not used', (_, damage) => {
    fs.writeFileSync(snapshot(), damage(fs.readFileSync(snapshot())))
    expect(found('g')).toEqual({ 't-0': 2999, 't-1': 9999 })
  })

  test('of another log is not used, though its offsets fit', async () => {
    const foreign = fs.readFileSync(snapshot())
    await directory.deleteTopics([OFFSETS_TOPIC])
    await commit('g', 1)
    await appendRaw(
      'g',
      Array.from({ length: 4000 }, (): KeyValue => raw('g', 2)),
    )
    fs.writeFileSync(snapshot(), foreign)
    expect(found('g')).toEqual({ 't-0': 2 })
  })

  test('is used: what it says is not read again', () => {
    const log = path.join(folderOf('g'), '00000000000000000000.log')
    const bytes = fs.readFileSync(log)
    bytes[200] = (bytes[200] as number) ^ 1
    fs.writeFileSync(log, bytes)
    expect(found('g')).toEqual({ 't-0': 2999, 't-1': 9999 })
  })
})

describe('committed offsets that genuine Kafka wrote', () => {
  test.each(['groups', 'transactions', 'upgraded-3.9'])('%s: every group, type and offset', (name) => {
    const fixture = unpackFixture(name)
    try {
      const wanted = fixtureManifest(name).groups as Record<
        string,
        { type: string; offsets: { topic: string; partition: number; offset: number; metadata: string }[] }
      >
      const read = new OffsetStore(systemOs, LocalDirectory.open(systemOs, fixture.dir))
      const got = read.groups().map(({ groupId, type }) => [
        groupId,
        {
          type,
          offsets: [...read.fetch(groupId).values()]
            .map(({ topic, partition, offset, metadata }) => ({ topic, partition, offset, metadata }))
            .sort((a, b) => (a.topic + a.partition < b.topic + b.partition ? -1 : 1)),
        },
      ])
      const expected = Object.entries(wanted).map(([id, { type, offsets }]) => [
        id,
        {
          type,
          offsets: offsets
            .map(({ topic, partition, offset, metadata }) => ({ topic, partition, offset, metadata }))
            .sort((a, b) => (a.topic + a.partition < b.topic + b.partition ? -1 : 1)),
        },
      ])
      expect(Object.fromEntries(got)).toEqual(Object.fromEntries(expected))
    } finally {
      fixture.remove()
    }
  })
})
