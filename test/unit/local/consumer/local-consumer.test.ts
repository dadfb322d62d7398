import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ConsumerOptions, ConsumerRecord, CorruptBatch } from '../../../../src/client/consumer.ts'
import { LocalTopics } from '../../../../src/local/admin/topic-admin.ts'
import { LocalConsumer } from '../../../../src/local/consumer/local-consumer.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import { endTransactionBatch } from '../../../../src/record/control-record.ts'
import { RecordBatchBuilder, type RecordBatchOptions } from '../../../../src/record/record-batch-builder.ts'

let dir: string
let directory: LocalDirectory
let topics: LocalTopics
let consumers: LocalConsumer[]

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-consumer-'))
  directory = LocalDirectory.open(systemOs, dir)
  topics = new LocalTopics(systemOs, directory)
  consumers = []
})

afterEach(async () => {
  for (const consumer of consumers) await consumer.close()
  await directory.close()
  fs.rmSync(dir, { recursive: true, force: true })
})

/** A consumer as another process would have it, with a directory of its own. */
function consumer(options: ConsumerOptions = {}): LocalConsumer {
  const made = new LocalConsumer(systemOs, LocalDirectory.open(systemOs, dir), {
    ...options,
    config: { 'auto.offset.reset': 'earliest', ...options.config },
  })
  consumers.push(made)
  return made
}

async function append(topic: string, partition: number, ...batches: Buffer[]): Promise<void> {
  await directory.enter()
  const log = directory.logForWriting(topic, partition)
  await log.lock()
  for (const batch of batches) log.append(batch, 0, batch.length)
  log.unlock()
  await directory.leave()
}

function batch(values: readonly string[], options: RecordBatchOptions = {}): Buffer {
  const builder = new RecordBatchBuilder(options)
  for (const value of values) builder.append(1700000000000, null, Buffer.from(value), [])
  return Buffer.from(builder.build())
}

const values = (records: readonly ConsumerRecord[]) => records.map(({ value }) => value?.toString() ?? 'null')

/** Everything up to the present ends. */
async function readAll(options: ConsumerOptions, topic: string): Promise<ConsumerRecord[]> {
  const reader = consumer({ ...options, untilEnd: true })
  await reader.subscribe([topic])
  const records: ConsumerRecord[] = []
  for await (const record of reader) records.push(record)
  return records
}

describe('reading', () => {
  test('hands out every record once, in order, at most max.poll.records at a time', async () => {
    await topics.createTopic({ name: 'a', partitions: 2 })
    const many = Array.from({ length: 1200 }, (_, i) => `v${i}`)
    await append('a', 1, batch(many.slice(0, 700)), batch(many.slice(700)))
    const reader = consumer({ config: { 'max.poll.records': '500' } })
    await reader.subscribe(['a'])
    const polls = [await reader.poll(1000), await reader.poll(1000), await reader.poll(1000)]
    expect(polls.map((records) => records.length)).toEqual([500, 500, 200])
    expect(values(polls.flat())).toEqual(many)
    expect(polls[2][199]).toMatchObject({ topic: 'a', partition: 1, offset: 1199, timestamp: 1700000000000 })
    expect(reader.position({ topic: 'a', partition: 1 })).toBe(1200)
  })

  test('starts at the end with auto.offset.reset=latest, and sees what comes then', async () => {
    await topics.createTopic({ name: 'a', partitions: 1 })
    await append('a', 0, batch(['old']))
    const reader = consumer({ config: { 'auto.offset.reset': 'latest' } })
    await reader.subscribe(['a'])
    expect(await reader.poll(0)).toEqual([])
    const coming = reader.poll(10_000)
    await append('a', 0, batch(['new']))
    expect(values(await coming)).toEqual(['new'])
  })

  test('notices new partitions, and new topics that a pattern matches', async () => {
    await topics.createTopic({ name: 'orders-eu', partitions: 1 })
    const reader = consumer({ config: { 'auto.offset.reset': 'latest' } })
    await reader.subscribe(/^orders-.*$/)
    const first = reader.poll(10_000)
    await topics.createPartitions('orders-eu', 2)
    await append('orders-eu', 1, batch(['eu']))
    expect(values(await first)).toEqual(['eu'])
    const second = reader.poll(10_000)
    await topics.createTopic({ name: 'orders-us', partitions: 1 })
    await append('orders-us', 0, batch(['us']))
    expect(values(await second)).toEqual(['us'])
  })

  test('reads a topic that was made anew from its beginning', async () => {
    await topics.createTopic({ name: 'a', partitions: 1 })
    await append('a', 0, batch(['1', '2', '3']))
    const reader = consumer()
    await reader.subscribe(['a'])
    expect(values(await reader.poll(1000))).toEqual(['1', '2', '3'])
    await directory.deleteTopics(['a'])
    await topics.createTopic({ name: 'a', partitions: 1 })
    await append('a', 0, batch(['new 1']))
    expect(values(await reader.poll(10_000))).toEqual(['new 1'])
  })

  test('seeks, and falls back to auto.offset.reset when the offset is out of range', async () => {
    await topics.createTopic({ name: 'a', partitions: 1 })
    await append('a', 0, batch(['0', '1', '2', '3']))
    const partition = { topic: 'a', partition: 0 }
    const reader = consumer()
    await reader.assign([partition])
    reader.seek(partition, 2)
    expect(values(await reader.poll(1000))).toEqual(['2', '3'])
    reader.seek(partition, 100)
    expect(values(await reader.poll(1000))).toEqual(['0', '1', '2', '3'])
    const strict = consumer({ config: { 'auto.offset.reset': 'none' } })
    await strict.assign([partition])
    await expect(strict.poll(1000)).rejects.toThrow(
      'Undefined offset with no reset policy for partitions: [a-0]',
    )
  })

  test('goes on at the log start when records before it were deleted', async () => {
    await topics.createTopic({ name: 'a', partitions: 1 })
    await append('a', 0, batch(['0']), batch(['1']), batch(['2']))
    const reader = consumer({ config: { 'max.poll.records': '1' } })
    await reader.assign([{ topic: 'a', partition: 0 }])
    await directory.enter()
    const log = directory.logForWriting('a', 0)
    await log.lock()
    log.deleteRecordsBefore(2)
    log.unlock()
    await directory.leave()
    expect(values(await reader.poll(1000))).toEqual(['2'])
  })

  test('hides aborted and open transactions with read_committed, and control records always', async () => {
    await topics.createTopic({ name: 'a', partitions: 1 })
    const transactional = (producerId: number, baseSequence: number) => ({
      transactional: true,
      producerId,
      producerEpoch: 0,
      baseSequence,
    })
    const end = (type: 'ABORT' | 'COMMIT', producerId: number) =>
      endTransactionBatch({ type, coordinatorEpoch: 0 }, 1700000000000, producerId, 0)
    await append(
      'a',
      0,
      batch(['plain']),
      batch(['aborted'], transactional(1, 0)),
      batch(['committed'], transactional(2, 0)),
      end('ABORT', 1),
      batch(['again'], transactional(1, 1)),
      end('COMMIT', 2),
      end('COMMIT', 1),
      batch(['open'], transactional(3, 0)),
      batch(['behind']),
    )
    expect(values(await readAll({ config: { 'isolation.level': 'read_committed' } }, 'a'))).toEqual([
      'plain',
      'committed',
      'again',
    ])
    expect(values(await readAll({}, 'a'))).toEqual([
      'plain',
      'aborted',
      'committed',
      'again',
      'open',
      'behind',
    ])
  })

  test('until the end: finishes on empty partitions and behind gaps at the end', async () => {
    await topics.createTopic({ name: 'a', partitions: 3 })
    const gap = new RecordBatchBuilder({})
    gap.append(1, null, Buffer.from('v'), [])
    const bytes = Buffer.from(gap.build())
    await append('a', 1, bytes, batch(['w']))
    await directory.enter()
    const log = directory.logForWriting('a', 2)
    await log.lock()
    log.append(batch(['gone']), 0, batch(['gone']).length)
    log.deleteRecordsBefore(1)
    log.unlock()
    await directory.leave()
    expect(values(await readAll({}, 'a'))).toEqual(['v', 'w'])
  })
})

describe('corruption', () => {
  async function damaged(): Promise<void> {
    await topics.createTopic({ name: 'a', partitions: 2 })
    await append('a', 0, batch(['0']), batch(['1']), batch(['2']))
    await append('a', 1, batch(['good']))
    const file = path.join(dir, 'a-0', '00000000000000000000.log')
    const bytes = fs.readFileSync(file)
    bytes[Math.floor(bytes.length / 3) + 68] ^= 1
    fs.writeFileSync(file, bytes)
  }

  test('ends its partition and says where; the others go on', async () => {
    await damaged()
    const found: CorruptBatch[] = []
    const options = { onCorrupt: (corrupt: CorruptBatch) => found.push(corrupt) }
    expect(values(await readAll(options, 'a')).sort()).toEqual(['0', 'good'])
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ offset: 1, partition: { topic: 'a', partition: 0 } })
    expect(found[0].error.message).toContain(path.join(dir, 'a-0', '00000000000000000000.log'))
    expect(found[0].error.message).toContain('position')
  })

  test('is passed over when asked for', async () => {
    await damaged()
    const found: CorruptBatch[] = []
    const options = { skipCorrupt: true, onCorrupt: (corrupt: CorruptBatch) => found.push(corrupt) }
    expect(values(await readAll(options, 'a')).sort()).toEqual(['0', '2', 'good'])
    expect(found).toHaveLength(1)
  })

  test('rejects a poll once when nobody listens for it', async () => {
    await damaged()
    const reader = consumer({ untilEnd: true })
    await reader.assign([{ topic: 'a', partition: 0 }])
    expect(values(await reader.poll(1000))).toEqual(['0'])
    await expect(reader.poll(1000)).rejects.toThrow(/a-0 cannot be read at offset 1: /)
    expect(reader.finished).toBe(true)
  })
})

describe('in a group', () => {
  const partition = { topic: 'a', partition: 0 }

  test('resumes behind what was processed', async () => {
    await topics.createTopic({ name: 'a', partitions: 2 })
    await append('a', 0, batch(['0', '1', '2', '3']))
    const first = consumer({ groupId: 'g', config: { 'max.poll.records': '2' } })
    await first.subscribe(['a'])
    expect(values(await first.poll(1000))).toEqual(['0', '1'])
    await first.close()
    const second = consumer({ groupId: 'g' })
    await second.subscribe(['a'])
    const committed = await second.committed([partition, { topic: 'a', partition: 1 }])
    expect([...committed.values()].map((offset) => offset?.offset)).toEqual([2, 0])
    expect(values(await second.poll(1000))).toEqual(['2', '3'])
  })

  test('does not commit what the caller did not process', async () => {
    await topics.createTopic({ name: 'a', partitions: 1 })
    await append('a', 0, batch(['0', '1', '2', '3']))
    const first = consumer({ groupId: 'g', config: { 'max.poll.records': '2' } })
    await first.subscribe(['a'])
    await first.poll(1000)
    await first.poll(1000)
    await first.close({ processed: false })
    const second = consumer({ groupId: 'g' })
    await second.subscribe(['a'])
    expect(values(await second.poll(1000))).toEqual(['2', '3'])
  })

  test('commits nothing by itself with enable.auto.commit=false', async () => {
    await topics.createTopic({ name: 'a', partitions: 1 })
    await append('a', 0, batch(['0', '1']))
    const config = { 'enable.auto.commit': 'false' }
    for (const end of [0, 1]) {
      const reader = consumer({ groupId: 'g', config })
      await reader.subscribe(['a'])
      expect(values(await reader.poll(1000))).toEqual(['0', '1'])
      if (end === 1) await reader.commit()
      await reader.close()
    }
    const last = consumer({ groupId: 'g', config })
    await last.subscribe(['a'])
    expect(await last.poll(0)).toEqual([])
  })

  test('a second member takes over partitions without a record twice or lost', async () => {
    await topics.createTopic({ name: 'a', partitions: 2 })
    const first = consumer({ groupId: 'g' })
    await first.subscribe(['a'])
    await append('a', 0, batch(['a0']))
    await append('a', 1, batch(['b0']))
    const seen = [...values(await first.poll(1000)), ...values(await first.poll(1000))]
    const second = consumer({ groupId: 'g' })
    const joining = second.subscribe(['a'])
    // The first member gives a partition up in its next poll.
    const ended = { value: false }
    const polling = (async () => {
      while (!ended.value) seen.push(...values(await first.poll(50)))
    })()
    await joining
    for (let i = 0; i < 200 && second.assignment().length === 0; i++) await second.poll(10)
    await append('a', 0, batch(['a1']))
    await append('a', 1, batch(['b1']))
    for (let i = 0; i < 200 && seen.length < 4; i++) seen.push(...values(await second.poll(10)))
    ended.value = true
    await polling
    expect(second.assignment()).toHaveLength(1)
    expect(first.assignment()).toHaveLength(1)
    expect(seen.sort()).toEqual(['a0', 'a1', 'b0', 'b1'])
  })
})
