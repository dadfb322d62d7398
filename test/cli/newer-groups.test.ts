/** Groups that only a broker's members make: their records are written as a broker leaves them, then the tools go over them. */
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ByteWriter } from '../../src/bytes/byte-writer.ts'
import { offsetsPartitionFor } from '../../src/group/offsets/offsets-topic.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { codecOf } from '../../src/message/codec.ts'
import {
  type CoordinatorRecords,
  SHARE_GROUP_RECORDS,
  STREAMS_GROUP_RECORDS,
} from '../../src/message/coordinator-record.ts'
import { OFFSETS_TOPIC } from '../../src/names/topic-names.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { RecordBatchBuilder } from '../../src/record/record-batch-builder.ts'
import { Story } from '../support/cli.ts'

const STREAMS_METADATA = 17
const SHARE_METADATA = 11

/** Made once, copied for each test. */
let template: Story
let story: Story
beforeAll(async () => {
  template = story = new Story()
  await story.says('topics --create --topic in --partitions 2')
  await story.says('topics --create --topic other')
  await story.says('topics --create --topic app-counts-changelog')
  fs.writeFileSync(path.join(story.data, 'server.properties'), 'offsets.topic.num.partitions=2\n')
  await story.run('console-producer --topic in --partition 0', { stdin: '1\n2\n3\n' })
  await story.says('consumer-groups --reset-offsets --group classic --topic in --to-latest --execute')
  await stored('app', STREAMS_GROUP_RECORDS, STREAMS_METADATA)
  await story.says('consumer-groups --reset-offsets --group app --topic in --to-latest --execute')
  await stored('basket', SHARE_GROUP_RECORDS, SHARE_METADATA)
})
afterAll(() => template.end())
beforeEach(() => {
  story = new Story()
  fs.cpSync(template.data, story.data, { recursive: true })
  story.file('plan.csv', '"in",0,1\n')
})
afterEach(() => story.end())

function bytes(start: number, encode: (writer: ByteWriter) => void): Buffer {
  const writer = new ByteWriter()
  writer.int16(start)
  encode(writer)
  return Buffer.from(writer.toBuffer())
}

/** What a broker knows of a group at rest. */
async function stored(group: string, records: CoordinatorRecords, type: number) {
  const value = { epoch: 3, metadataHash: 0n }
  const directory = LocalDirectory.open(systemOs, story.data)
  await directory.enter()
  const log = directory.logForWriting(OFFSETS_TOPIC, offsetsPartitionFor(group, 2))
  await log.lock()
  const builder = new RecordBatchBuilder({})
  const key = bytes(type, (writer) => codecOf(records[type].key, 0).encode(writer, { groupId: group }))
  builder.append(
    1,
    key,
    bytes(0, (writer) => codecOf(records[type].value, 0).encode(writer, value)),
    [],
  )
  const batch = Buffer.from(builder.build())
  log.append(batch, 0, batch.length)
  log.unlock()
  await directory.leave()
  await directory.close()
}

const committed = async (group: string) => {
  const { data } = JSON.parse(await story.says(`streams-groups --describe --group ${group} --output json`))
  return data.map(({ topic, partition, currentOffset }: Record<string, unknown>) => [
    topic,
    partition,
    currentOffset,
  ])
}

describe('streams-groups', () => {
  test('offsets of a group at rest are planned, moved and taken back', async () => {
    const at = 'streams-groups --reset-offsets --group app'
    const plan = await story.says(`${at} --input-topic in --to-earliest --dry-run`)
    expect(plan).toMatch(/^GROUP +TOPIC +PARTITION +NEW-OFFSET/m)
    expect(await committed('app')).toEqual([
      ['in', 0, 3],
      ['in', 1, 0],
    ])
    await story.says(`${at} --input-topic in:0 --shift-by -2 --execute`)
    expect((await committed('app'))[0]).toEqual(['in', 0, 1])
    await story.says(`${at} --all-input-topics --to-latest --execute`)
    expect((await committed('app'))[0]).toEqual(['in', 0, 3])
    await story.says(`${at} --from-file {DIR}/plan.csv --execute`)
    expect((await committed('app'))[0]).toEqual(['in', 0, 1])
  })

  test('a topic of another application is not touched, and the group stays as it is', async () => {
    const { stdout, stderr, status } = await story.run(
      'streams-groups --reset-offsets --group app --input-topic other --to-earliest --execute',
    )
    expect([status, stderr]).toEqual([1, "\nError: One or more topics are not part of the group 'app'.\n"])
    expect(stdout.trim().split('\n')).toHaveLength(1)
    expect(await committed('app')).toHaveLength(2)
  })

  test('offsets are deleted by topic, the group with its internal topics, and nothing of it stays', async () => {
    expect(await story.says('streams-groups --delete-offsets --group app --input-topic in:1')).toContain(
      'Request succeeded for deleting offsets from group app.\n',
    )
    expect(await committed('app')).toEqual([['in', 0, 3]])
    const { stdout, stderr, status } = await story.run(
      'streams-groups --delete --group app --group classic --delete-all-internal-topics',
    )
    expect(status).toBe(1)
    expect(stderr).toContain("* Group 'classic' could not be deleted due to: Group 'classic' does not exist")
    expect(stdout).toContain("These streams groups were deleted successfully: 'app'\n")
    expect(await story.says('streams-groups --list')).toBe('')
    expect(await story.says('consumer-groups --list')).toBe('classic\n')
    expect(await story.says('topics --list --exclude-internal')).toBe('in\nother\n')
    expect(await story.says('check')).toContain('ok: ')
  })

  test('flags that do not go together are refused before anything is done', async () => {
    for (const [flags, why] of [
      ['--list --group app', 'Option "[group]" can\'t be used with option "[list]"'],
      ['--list --verbose', 'Option(s) [verbose] are unavailable given other options on the command line'],
      ['--delete --group app --input-topic in', 'Kafka Streams does not support topic-specific'],
      ['--describe --group app --state Empty', 'Option [describe] does not take a value for [state]'],
      ['--list --execute', 'Only Option [reset-offsets] accepts [execute] or [dry-run]'],
    ])
      expect(await story.fails(`streams-groups ${flags}`)).toContain(why)
    expect(await committed('app')).toHaveLength(2)
  })
})

describe('share-groups', () => {
  test('where a reset leads to is shown; to change the group is refused in one line, and changes nothing', async () => {
    const reset = 'share-groups --reset-offsets --group basket --topic in --to-latest'
    expect(await story.says(`${reset} --dry-run`)).toMatch(/basket +in +0 +3\n/)
    for (const change of [`${reset} --execute`, 'share-groups --delete-offsets --group basket --topic in']) {
      expect(await story.fails(change)).toBe(
        '\nError: Executing share group command failed due to only a broker can change the offsets of a share group: boot one on this directory (tkafka storage server-properties says how).\n',
      )
    }
    expect(await story.fails('share-groups --delete --group basket')).toContain(
      "* Group 'basket' could not be deleted due to: only a broker can delete a share group",
    )
    expect(await story.says('share-groups --list --state')).toMatch(/^basket +Empty$/m)
  })

  test('groups of another kind, or of none, are told apart', async () => {
    const { stdout, stderr, status } = await story.run(
      'share-groups --delete-offsets --group classic --topic in',
    )
    expect([status, stderr]).toEqual([1, '\nError: Group classic is not a share group.\n'])
    expect(stdout).toMatch(/^in +Error: Group classic is not a share group\.$/m)
    expect(
      await story.fails('share-groups --reset-offsets --group classic --topic in --to-latest --execute'),
    ).toContain('Failed altering group offsets for the following partitions: [in-1, in-0]')
    expect(await story.fails('share-groups --describe --group nope')).toContain('Group nope not found.')
  })
})
