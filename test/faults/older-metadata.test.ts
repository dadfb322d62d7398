import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { command as status } from '../../src/commands/status.ts'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalConsumer } from '../../src/local/consumer/local-consumer.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../src/local/producer/local-producer.ts'
import { check, quickOs, repair as repairAll, write } from '../support/damaged-directory.ts'
import { runInProcess } from '../support/in-process.ts'

const METADATA = '__cluster_metadata-0'
const scratch = fs.mkdtempSync(join(tmpdir(), 'tkafka-older-metadata-'))
afterAll(() => fs.rmSync(scratch, { recursive: true }))

/** As a producer does it that nobody told of the topic. */
async function producing(dir: string, topic: string): Promise<void> {
  const producer = new LocalProducer(quickOs, LocalDirectory.open(quickOs, dir), {})
  try {
    await producer.send({ topic, value: 'x' })
  } finally {
    await producer.close()
  }
}

async function repair(dir: string): Promise<{ done: string[]; left: string[] }> {
  const { done, left } = await repairAll(dir)
  return { done: done.map(({ what }) => what), left: left.map(({ problem }) => problem) }
}

const stray = (dir: string) => fs.readdirSync(dir).filter((name) => name.endsWith('-stray'))

/** Topics a and b, and the metadata of before b was made in place of today's. */
async function olderMetadata(name: string): Promise<string> {
  const dir = join(scratch, name)
  await write(dir, 'a', ['one'], { make: true })
  const yesterday = join(scratch, `${name}-yesterday`)
  fs.cpSync(join(dir, METADATA), yesterday, { recursive: true })
  await write(dir, 'b', ['one'], { make: true })
  fs.rmSync(join(dir, METADATA), { recursive: true })
  fs.cpSync(yesterday, join(dir, METADATA), { recursive: true })
  return dir
}

describe("yesterday's __cluster_metadata-0 over today's (issue 11, item 3)", () => {
  it('is told by the folder that it does not know, which repair names again and never sets aside', async () => {
    const dir = await olderMetadata('named')
    expect(await check(dir)).toMatchObject([
      {
        kind: 'unnamed-topic',
        severity: 'error',
        topic: 'b',
        problem: expect.stringMatching(/older than the folder/),
      },
    ])
    expect(await repair(dir)).toMatchObject({ done: [expect.stringMatching(/never knew/)], left: [] })
    expect(await repair(dir)).toEqual({ done: [], left: [] })
    expect(stray(dir)).toEqual([])
    expect(await write(dir, 'b', ['two'])).toBe(1)
    expect(await check(dir)).toEqual([])
  })

  it('stops a writer where the topic was made anew: its old records stay where they are', async () => {
    const dir = await olderMetadata('anew')
    await expect(write(dir, 'b', ['new'], { make: true })).rejects.toThrow(
      /b-0: it holds records of a topic .*never knew/,
    )
    expect((await repair(dir)).left).toHaveLength(1)
    expect(stray(dir)).toEqual([])
    expect(fs.readFileSync(join(dir, 'b-0', '00000000000000000000.log'), 'latin1')).toContain('one')
  })
})

describe('folders of two topics that were swapped (issue 11, item 3)', () => {
  it('are told, written to by nobody, and not set aside', async () => {
    const dir = join(scratch, 'swapped')
    await write(dir, 'a', ['one'], { make: true })
    await write(dir, 'b', ['one'], { make: true })
    for (const [from, to] of ['a-0 x', 'b-0 a-0', 'x b-0'].map((pair) => pair.split(' ')))
      fs.renameSync(join(dir, from), join(dir, to))
    await expect(write(dir, 'a', ['two'])).rejects.toThrow(/a-0: it holds records of topic b/)
    const kinds = ['bad-partition-metadata', 'bad-partition-metadata']
    expect((await check(dir)).map(({ kind }) => kind)).toEqual(kinds)
    expect((await repair(dir)).left).toHaveLength(2)
    expect(stray(dir)).toEqual([])
    // A reader is told that this is not all: console-consumer ends with 1.
    const told: string[] = []
    const options = { untilEnd: true, onElsewhere: (line: string) => told.push(line) }
    const consumer = new LocalConsumer(quickOs, LocalDirectory.open(quickOs, dir), options)
    await consumer.subscribe(['a'])
    expect(await consumer.poll(1000)).toEqual([])
    await consumer.close()
    expect(told).toEqual([expect.stringMatching(/^a-0: nothing of it can be read: .* records of topic b/)])
    const inProcess = await runInProcess(status, [], dir)
    expect(inProcess).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/State +closed in order, but not whole/),
    })
  })
})

describe('a topic made where the folder of another one stands (issue 11, item 3)', () => {
  const createTopic = async (dir: string, name: string, partitions?: number) => {
    const admin = new LocalAdmin(quickOs, LocalDirectory.open(quickOs, dir))
    try {
      await admin.createTopic({ name, ...(partitions === undefined ? {} : { partitions }) })
    } finally {
      await admin.close()
    }
  }

  it('is refused in one line: nobody could write to it', async () => {
    const dir = await olderMetadata('made-anew')
    const told =
      /b-0: it holds records of a topic .* never knew.*; tkafka repair names that topic again, or move/
    await expect(createTopic(dir, 'b')).rejects.toThrow(told)
    // Made on first use, too.
    await expect(producing(dir, 'b')).rejects.toThrow(told)
    expect((await check(dir)).map(({ kind }) => kind)).toEqual(['unnamed-topic'])
    await repair(dir)
    expect(await write(dir, 'b', ['two'])).toBe(1)
  })

  it('is refused for further partitions, and where the folder is of a topic that there is', async () => {
    const dir = await olderMetadata('more-partitions')
    fs.renameSync(join(dir, 'b-0'), join(dir, 'a-1'))
    const admin = new LocalAdmin(quickOs, LocalDirectory.open(quickOs, dir))
    await expect(admin.createPartitions('a', 2)).rejects.toThrow(/a-1: it holds records of a topic/)
    await admin.close()
    fs.cpSync(join(dir, 'a-0'), join(dir, 'c-0'), { recursive: true })
    await expect(createTopic(dir, 'c')).rejects.toThrow(
      /c-0: it holds records of topic a .*; move the folder out/,
    )
  })

  it('is made where the folder holds nothing, or what was deleted', async () => {
    const dir = join(scratch, 'deleted')
    await write(dir, 'a', ['one'], { make: true })
    const kept = join(scratch, 'deleted-kept')
    fs.cpSync(join(dir, 'a-0'), kept, { recursive: true })
    const admin = new LocalAdmin(quickOs, LocalDirectory.open(quickOs, dir))
    await admin.deleteTopic('a')
    await admin.close()
    fs.cpSync(kept, join(dir, 'a-0'), { recursive: true })
    await createTopic(dir, 'a')
    expect(await write(dir, 'a', ['two'])).toBe(0)
  })
})

describe("a deleted topic's folder whose partition.metadata cannot be read", () => {
  it('is told, stays, and goes with the next writer that can read it', async () => {
    const dir = join(scratch, 'cannot-say')
    await write(dir, 'a', ['one'], { make: true })
    await write(dir, 'b', ['one'], { make: true })
    const file = join(dir, 'b-0', 'partition.metadata')
    const bytes = fs.readFileSync(file)
    fs.writeFileSync(file, 'garbage')
    const warnings: string[] = []
    const directory = LocalDirectory.open(quickOs, dir, { warn: (line) => warnings.push(line) })
    const admin = new LocalAdmin(quickOs, directory)
    await admin.deleteTopic('b')
    await admin.close()
    expect(warnings).toEqual([
      expect.stringMatching(/b-0\/partition.metadata: missing or damaged, so the folder .* stays/),
    ])
    expect(fs.existsSync(join(dir, 'b-0'))).toBe(true)
    fs.writeFileSync(file, bytes)
    await write(dir, 'a', ['two'])
    expect(fs.readdirSync(dir).filter((name) => name.startsWith('b-'))).toEqual([])
    expect((await check(dir)).filter(({ severity }) => severity === 'error')).toEqual([])
  })
})
