import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLocal } from '../../../../src/index.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { quickOs } from '../../../support/damaged-directory.ts'
import { findings, values, withAdmin } from '../../../support/library.ts'
import { append, topicAtRest } from '../../../support/local-produce.ts'
import { oldOffsetsLog } from '../../../support/old-offsets.ts'

const SEGMENT = '00000000000000000000.log'
const VALUES = Array.from({ length: 10 }, (_, i) => `v${i}`)
const TOPIC_PARTITIONS = [
  { topic: 't', partition: 0 },
  { topic: 't', partition: 1 },
]

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tkafka-old-offsets-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Topic t of two partitions with ten records each, and an offsets topic of one partition that Kafka 0.10 wrote. */
async function make(): Promise<string> {
  const directory = LocalDirectory.open(quickOs, dir)
  await directory.enter()
  await directory.alter(() => [...topicAtRest('t', 2), ...topicAtRest('__consumer_offsets')])
  for (const partition of [0, 1]) await append(directory, 't', partition, VALUES)
  await append(directory, '__consumer_offsets', 0, [])
  await directory.leave()
  await directory.close()
  const file = join(dir, '__consumer_offsets-0', SEGMENT)
  writeFileSync(file, oldOffsetsLog())
  return file
}

async function committed(group: string): Promise<unknown[]> {
  const offsets = await withAdmin(dir, (admin) => admin.listConsumerGroupOffsets(group))
  return [...offsets.values()].map(({ partition, offset }) => [
    partition.partition,
    offset.offset,
    offset.metadata,
  ])
}

async function readAs(groupId: string, commits: boolean): Promise<string[]> {
  const consumer = await openLocal(dir).consumer({ groupId, untilEnd: true })
  try {
    await consumer.subscribe(['t'])
    const read: string[] = []
    for await (const { value } of consumer) read.push(String(value))
    if (commits) await consumer.commit()
    return read
  } finally {
    await consumer.close()
  }
}

describe('an offsets topic of formats 0 and 1 (issue 13, 2)', () => {
  it('tells each group’s newest commits, also from compressed and compacted wrappers', async () => {
    await make()
    expect(await committed('g')).toEqual([
      [0, 5, 'm5'],
      [1, 7, 'm7'],
    ])
    expect(await committed('only-old')).toEqual([[0, 2, 'm2']])
    const groups = await withAdmin(dir, (admin) => admin.listGroups())
    expect(groups.map(({ groupId }) => groupId)).toEqual(['g', 'only-old'])
    expect(await findings(dir)).toEqual([])
  })

  it('is gone on with in format 2 by a consumer and a reset, byte for byte behind what is there', async () => {
    const file = await make()
    const before = readFileSync(file)
    expect((await readAs('g', true)).sort()).toEqual([...VALUES.slice(5), ...VALUES.slice(7)].sort())
    expect((await committed('g')).map((row) => (row as unknown[]).slice(0, 2))).toEqual([
      [0, 10],
      [1, 10],
    ])
    await withAdmin(dir, (admin) =>
      admin.alterConsumerGroupOffsets(
        'g',
        TOPIC_PARTITIONS.map((partition) => ({
          partition,
          offset: { offset: 8, leaderEpoch: -1, metadata: '' },
        })),
      ),
    )
    expect((await committed('g')).map((row) => (row as unknown[]).slice(0, 2))).toEqual([
      [0, 8],
      [1, 8],
    ])
    expect((await readAs('g', false)).sort()).toEqual(['v8', 'v8', 'v9', 'v9'])
    const after = readFileSync(file)
    expect(after.subarray(0, before.length)).toEqual(before)
    expect(after[before.length + 16]).toBe(2)
    expect(await committed('only-old')).toEqual([[0, 2, 'm2']])
    expect(await values(dir, 't')).toHaveLength(20)
  })

  it('of the ZooKeeper era is read with no metadata beside it', async () => {
    for (const name of ['t-0', 't-1', '__consumer_offsets-0']) mkdirSync(join(dir, name), { recursive: true })
    writeFileSync(join(dir, 'meta.properties'), 'version=0\nbroker.id=0\n')
    writeFileSync(join(dir, '__consumer_offsets-0', SEGMENT), oldOffsetsLog())
    for (const name of ['t-0', 't-1']) writeFileSync(join(dir, name, SEGMENT), '')
    expect((await committed('g')).map((row) => (row as unknown[]).slice(0, 2))).toEqual([
      [0, 5],
      [1, 7],
    ])
  })
})
