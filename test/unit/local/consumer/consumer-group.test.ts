import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LocalGroups } from '../../../../src/local/admin/group-admin.ts'
import { LocalTopics } from '../../../../src/local/admin/topic-admin.ts'
import { LocalConsumer } from '../../../../src/local/consumer/local-consumer.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../../../src/local/producer/local-producer.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import { RecordBatchBuilder } from '../../../../src/record/record-batch-builder.ts'

let dir: string
let directory: LocalDirectory

beforeEach(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-consumer-group-'))
  directory = LocalDirectory.open(systemOs, dir)
  await new LocalTopics(systemOs, directory).createTopic({ name: 'a', partitions: 2 })
  await directory.enter()
  for (const partition of [0, 1]) {
    const log = directory.logForWriting('a', partition)
    await log.lock()
    const builder = new RecordBatchBuilder({})
    for (const value of ['x', 'y', 'z']) builder.append(1700000000000, null, Buffer.from(value), [])
    const batch = Buffer.from(builder.build())
    log.append(batch, 0, batch.length)
    log.unlock()
  }
  await directory.leave()
})
afterEach(async () => {
  await directory.close()
  fs.rmSync(dir, { recursive: true, force: true })
})

describe('a member whose partition goes to another', () => {
  test('lets it go when its commit is written, before it has left the directory', async () => {
    const config = { 'auto.offset.reset': 'earliest' }
    const slow = LocalDirectory.open(systemOs, dir)
    const { enter, leave } = slow
    let entered = 0
    let gate: Promise<void> | undefined
    let open = () => {}
    slow.enter = async () => {
      await enter.call(slow)
      entered++
    }
    slow.leave = async () => {
      if (entered === 1) await gate
      entered--
      await leave.call(slow)
    }
    const first = new LocalConsumer(systemOs, slow, {
      groupId: 'g',
      config,
      onRevoked: () => {
        gate ??= new Promise((resolve) => {
          open = resolve
        })
      },
    })
    await first.subscribe(['a'])
    let read = 0
    while (read < 6) read += (await first.poll(100)).length
    let over = false
    const polling = (async () => {
      while (!over) await first.poll(20)
    })()
    const second = new LocalConsumer(systemOs, LocalDirectory.open(systemOs, dir), { groupId: 'g', config })
    await second.subscribe(['a'])
    const [partition] = second.assignment()
    expect(partition).toEqual({ topic: 'a', partition: expect.any(Number) })
    expect(second.position(partition as NonNullable<typeof partition>)).toBe(3)
    expect(entered).toBeGreaterThan(0)
    over = true
    open()
    await polling
    await first.close()
    expect(entered).toBe(0)
    await second.close()
  })
})

/** Polls until the consumer has so many partitions. */
async function pollUntil(consumer: LocalConsumer, partitions: number): Promise<void> {
  while (consumer.assignment().length !== partitions) await consumer.poll(20)
}

describe('a member that does not poll', () => {
  test('gives its partitions up after max.poll.interval.ms, and its next poll joins again (B2)', async () => {
    const member = (config: Record<string, string> = {}) =>
      new LocalConsumer(systemOs, LocalDirectory.open(systemOs, dir), {
        groupId: 'g',
        config: { 'auto.offset.reset': 'earliest', 'enable.auto.commit': 'false', ...config },
      })
    const idle = member({ 'max.poll.interval.ms': '150' })
    await idle.subscribe(['a'])
    const handed = await idle.poll(1000)
    expect(handed.length).toBeGreaterThan(0)
    const [{ topic, partition, offset }] = handed

    const busy = member()
    await busy.subscribe(['a'])
    await pollUntil(busy, 2)
    expect(idle.assignment()).toEqual([])
    await expect(
      idle.commit(
        new Map([
          [
            { topic, partition },
            { offset: offset + 1, leaderEpoch: -1, metadata: '' },
          ],
        ]),
      ),
    ).rejects.toThrow(/^Commit cannot be completed since the group has already rebalanced/)

    const both = Promise.all([pollUntil(idle, 1), pollUntil(busy, 1)])
    await both
    await idle.commit(new Map([[idle.assignment()[0], { offset: 1, leaderEpoch: -1, metadata: '' }]]))
    await Promise.all([idle.close(), busy.close()])
  })
})

describe('a member that gave its partitions up because it did not poll', () => {
  const idleFor = 'max.poll.interval.ms'
  const said: string[] = []
  const member = (config: Record<string, string>) =>
    new LocalConsumer(systemOs, LocalDirectory.open(systemOs, dir, { warn: (line) => said.push(line) }), {
      groupId: 'g',
      config: { 'auto.offset.reset': 'earliest', 'enable.auto.commit': 'false', ...config },
    })
  const givenUp = async (consumer: LocalConsumer) => {
    while (consumer.assignment().length > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  }
  beforeEach(() => {
    said.length = 0
  })

  test('says so once, in the words of Kafka (B2)', async () => {
    const idle = member({ [idleFor]: '30' })
    for (let i = 0; i < 2; i++) {
      if (i === 0) await idle.subscribe(['a'])
      await pollUntil(idle, 2)
      await givenUp(idle)
    }
    await idle.close()
    expect(said).toEqual([expect.stringMatching(/^consumer poll timeout has expired\. This means/)])
  })

  test('does not write the commit that waited for a lock meanwhile (B2)', async () => {
    const idle = member({ [idleFor]: '100' })
    await idle.subscribe(['a'])
    await pollUntil(idle, 2)
    expect(await idle.poll(1000)).not.toEqual([])
    const fd = systemOs.fs.open(path.join(dir, '.tkafka-gate'), 'a+')
    expect(systemOs.locks.tryLock(fd, 'exclusive')).toBe(true)
    const committed = idle.commit().catch((error: Error) => error.message)
    await givenUp(idle)
    systemOs.fs.close(fd)
    expect(await committed).toMatch(/^Commit cannot be completed since the group has already rebalanced/)
    const partitions = [0, 1].map((partition) => ({ topic: 'a', partition }))
    expect([...(await idle.committed(partitions)).values()]).toEqual([undefined, undefined])
    await idle.close()
  })

  test('keeps what it is given anew while it waits in poll for longer than that (B2)', async () => {
    const idle = member({ [idleFor]: '150' })
    await idle.subscribe(['a'])
    await pollUntil(idle, 2)
    await givenUp(idle)
    let read = 0
    while (read < 6) read += (await idle.poll(1000)).length
    await givenUp(idle)
    await pollUntil(idle, 2)
    for (const partition of idle.assignment()) idle.seek(partition, 3)
    await givenUp(idle)
    // It joins within this one poll, which finds nothing more to read.
    const over = idle.poll(600)
    while (idle.assignment().length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    idle.seekToEnd()
    await over
    expect(idle.assignment()).toHaveLength(2)
    await idle.close()
  })
})

describe('a lock that somebody else holds', () => {
  let fd: number
  beforeEach(() => {
    fd = systemOs.fs.open(path.join(dir, '.tkafka-gate'), 'a+')
    expect(systemOs.locks.tryLock(fd, 'exclusive')).toBe(true)
  })

  test('keeps neither poll nor close of one who joins beyond their time (B2)', async () => {
    const consumer = new LocalConsumer(systemOs, LocalDirectory.open(systemOs, dir), {
      groupId: 'g',
      config: { 'auto.offset.reset': 'earliest' },
      patienceMs: 50,
    })
    await consumer.subscribe(['a'])
    expect(await consumer.poll(50)).toEqual([])
    expect(consumer.finished).toBe(false)
    systemOs.fs.close(fd)
    let records = 0
    while (records < 6) records += (await consumer.poll(100)).length
    await consumer.close()
  })

  test('does not keep one who joins from being closed (B2)', async () => {
    const consumer = new LocalConsumer(systemOs, LocalDirectory.open(systemOs, dir), {
      groupId: 'g',
      patienceMs: 50,
    })
    await consumer.subscribe(['a'])
    await consumer.close()
    systemOs.fs.close(fd)
  })

  test('keeps a producer in the same process waiting, not the process (B1)', async () => {
    const producer = new LocalProducer(systemOs, LocalDirectory.open(systemOs, dir), {})
    const sent = producer.send({ topic: 'a', value: 'v' })
    await new Promise((resolve) => setTimeout(resolve, 30))
    systemOs.fs.close(fd)
    expect((await sent).topic).toBe('a')
    await producer.close()
  })
})

describe('a member that subscribes again', () => {
  const member = () =>
    new LocalConsumer(systemOs, LocalDirectory.open(systemOs, dir), {
      groupId: 'g',
      config: { 'auto.offset.reset': 'earliest' },
    })
  const liveMembers = async () =>
    (await new LocalGroups(systemOs, directory).describeConsumerGroup('g')).members

  test.each<[string, readonly string[] | RegExp, readonly string[] | RegExp]>([
    ['to the same names', ['a'], ['a']],
    ['to a topic that comes later, then to one that is there', ['later'], ['a']],
    ['to a pattern, then to names', /a/, ['a']],
    ['to names, then to a pattern', ['a'], /a/],
    ['to one pattern, then to another', /b/, /a/],
  ])('%s is one member, reads all partitions, and is gone once it is closed', async (_, first, then) => {
    const consumer = member()
    await consumer.subscribe(first)
    await consumer.subscribe(then)
    let records = 0
    while (records < 6) records += (await consumer.poll(100)).length
    expect(await liveMembers()).toHaveLength(1)
    await consumer.close()
    expect(await liveMembers()).toHaveLength(0)
  })

  test('keeps what it reads until its next poll, which commits it and gives it back', async () => {
    await new LocalTopics(systemOs, directory).createTopic({ name: 'b', partitions: 1 })
    const consumer = member()
    await consumer.subscribe(['a'])
    let records = 0
    while (records < 6) records += (await consumer.poll(100)).length
    await consumer.subscribe(['b'])
    expect(consumer.assignment()).toHaveLength(2)
    while (consumer.assignment().some(({ topic }) => topic === 'a')) await consumer.poll(50)
    await pollUntil(consumer, 1)
    expect(consumer.assignment()).toEqual([{ topic: 'b', partition: 0 }])
    await consumer.close()
    const asks = member()
    const committed = await asks.committed([
      { topic: 'a', partition: 0 },
      { topic: 'a', partition: 1 },
    ])
    expect([...committed.values()].map((offset) => offset?.offset)).toEqual([3, 3])
    await asks.close()
  })

  test('whose listener throws rejects its close with that, and is gone', async () => {
    const consumer = new LocalConsumer(systemOs, LocalDirectory.open(systemOs, dir), {
      groupId: 'g',
      onRevoked: () => {
        throw new Error('of the program')
      },
    })
    await consumer.subscribe(['a'])
    await pollUntil(consumer, 2)
    await expect(consumer.close()).rejects.toThrow('of the program')
    expect(await liveMembers()).toHaveLength(0)
  })

  test('takes no partitions by hand beside those of the group', async () => {
    const consumer = member()
    await consumer.subscribe(['a'])
    await expect(consumer.assign([{ topic: 'a', partition: 0 }])).rejects.toThrow(/mutually exclusive/)
    await consumer.close()
  })
})
