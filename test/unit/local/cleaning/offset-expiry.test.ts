import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CleaningOptions } from '../../../../src/client/admin/cleaning-admin.ts'
import { OffsetStore } from '../../../../src/group/offsets/offset-store.ts'
import { openLocal } from '../../../../src/index.ts'
import { LocalAdmin } from '../../../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import {
  encodeGroupMetadataKey,
  encodeGroupMetadataValue,
  encodeOffsetCommitKey,
  encodeOffsetCommitValue,
} from '../../../../src/message/offset-messages.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import type { RecordBatchOptions } from '../../../../src/record/record-batch-builder.ts'
import { produce } from '../../../support/local-produce.ts'
import { appendToOffsets, type KeyValue } from '../../../support/offsets-log.ts'

/** offsets.retention.minutes, by the rules of KIP-211. */
const DAY = 86_400_000
const NOW = Date.now()
let dir: string
let directory: LocalDirectory

beforeEach(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-expiry-'))
  fs.writeFileSync(path.join(dir, 'server.properties'), 'offsets.topic.num.partitions=2\n')
  directory = LocalDirectory.open(systemOs, dir)
  await new LocalAdmin(systemOs, directory).createTopic({ name: 't', partitions: 3 })
  await new LocalAdmin(systemOs, directory).createTopic({ name: 'u', partitions: 1 })
  // Makes __consumer_offsets.
  await new OffsetStore(systemOs, directory).commit('other', [{ topic: 't', partition: 0, offset: 1 }])
})
afterEach(async () => {
  await directory.close()
  fs.rmSync(dir, { recursive: true })
})

const committed = (group: string, partition: number, age: number, topic = 't'): KeyValue => [
  encodeOffsetCommitKey(group, topic, partition),
  encodeOffsetCommitValue({ offset: 5, leaderEpoch: -1, metadata: '', commitTimestamp: NOW - age }, 3),
]
const expiring = (group: string, partition: number, age: number, expireTimestamp: number): KeyValue => {
  const value = { offset: 5, metadata: '', commitTimestamp: NOW - age, expireTimestamp }
  return [encodeOffsetCommitKey(group, 't', partition), encodeOffsetCommitValue(value, 1)]
}
const empty = (group: string, age: number | undefined): KeyValue => [
  encodeGroupMetadataKey(group),
  encodeGroupMetadataValue(
    {
      protocolType: 'consumer',
      generation: 1,
      protocol: null,
      leader: null,
      ...(age === undefined ? {} : { currentStateTimestamp: NOW - age }),
      members: [],
    },
    age === undefined ? 1 : 3,
  ),
]

const write = (group: string, records: KeyValue[], options: RecordBatchOptions = {}) =>
  appendToOffsets(directory, group, records, options)

/** What a run of the cleaner says; then what is left of the group, and whether it is still known. */
async function expire(options: CleaningOptions = {}): Promise<string[]> {
  const admin = await openLocal(dir).admin()
  const said: string[] = []
  for await (const { action, group, offsetsExpired, status } of admin.clean({
    retention: false,
    compaction: false,
    ...options,
  })) {
    said.push(`${action} ${status} ${group} ${offsetsExpired}`)
  }
  await admin.close()
  return said
}
const left = (group: string) => [
  ...new OffsetStore(systemOs, LocalDirectory.open(systemOs, dir)).fetch(group).keys(),
]
const groups = () =>
  new OffsetStore(systemOs, LocalDirectory.open(systemOs, dir)).groups().map(({ groupId }) => groupId)

describe('committed offsets expire', () => {
  test('seven days after their group became empty, however old they are', async () => {
    await write('g', [committed('g', 0, 30 * DAY), empty('g', 6.9 * DAY)])
    await write('h', [committed('h', 0, 30 * DAY), committed('h', 1, 8 * DAY), empty('h', 7.1 * DAY)])
    expect(await expire({ dryRun: true })).toEqual(['offsets planned h 2'])
    expect(left('h')).toEqual(['t-0', 't-1'])
    expect(await expire()).toEqual(['offsets done h 2'])
    expect(left('h')).toEqual([])
    expect(left('g')).toEqual(['t-0'])
    // The group goes with the last of its offsets.
    expect(groups()).toEqual(['g', 'other'])
    expect(await expire()).toEqual([])
  })

  test('by their own commit where the group never had members, or does not say since when it is empty', async () => {
    await write('alone', [committed('alone', 0, 8 * DAY), committed('alone', 1, 6 * DAY)])
    await write('old', [committed('old', 0, 8 * DAY), committed('old', 1, 6 * DAY), empty('old', undefined)])
    expect(await expire()).toEqual(['offsets done alone 1', 'offsets done old 1'])
    expect(left('alone')).toEqual(['t-1'])
    expect(left('old')).toEqual(['t-1'])
    expect(groups()).toEqual(['alone', 'old', 'other'])
  })

  test('when values of version 1 say so', async () => {
    await write('v1', [expiring('v1', 0, 30 * DAY, NOW + DAY), expiring('v1', 1, 30 * DAY, NOW - DAY)])
    expect(await expire()).toEqual(['offsets done v1 1'])
    expect(left('v1')).toEqual(['t-0'])
  })

  test('not while somebody is in the group, but for topics that nobody in it reads any more', async () => {
    await produce(dir, 't', 0, ...'12345')
    await write('g', [committed('g', 0, 30 * DAY), committed('g', 0, 30 * DAY, 'u'), empty('g', 30 * DAY)])
    const consumer = await openLocal(dir).consumer({
      groupId: 'g',
      config: { 'enable.auto.commit': 'false' },
    })
    await consumer.subscribe(['t'])
    await consumer.poll(10)
    expect(await expire()).toEqual(['offsets done g 1'])
    expect(left('g')).toEqual(['t-0'])
    await consumer.close()
  })

  test('not while a transaction is open that may commit others', async () => {
    await write('g', [committed('g', 0, 30 * DAY), empty('g', 30 * DAY)])
    await write('g', [committed('g', 1, 0)], {
      producerId: 9,
      producerEpoch: 0,
      baseSequence: 0,
      transactional: true,
    })
    expect(await expire()).toEqual([])
    expect(left('g')).toEqual(['t-0'])
  })

  test('as offsets.retention.minutes says, and only when all is to be cleaned, or offsets are asked for', async () => {
    await write('g', [committed('g', 0, 3 * DAY), empty('g', 3 * DAY)])
    expect(await expire()).toEqual([])
    fs.appendFileSync(path.join(dir, 'server.properties'), 'offsets.retention.minutes=2880\n')
    expect(await expire({ offsets: false })).toEqual([])
    expect(await expire({ topics: (name) => name === 't' })).toEqual([])
    expect(await expire()).toEqual(['offsets done g 1'])
  })
})
