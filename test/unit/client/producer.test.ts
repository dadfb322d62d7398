import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProducerConfig } from '../../../src/client/producer.ts'
import { LocalTopics } from '../../../src/local/admin/topic-admin.ts'
import { LocalDirectory } from '../../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../../src/local/producer/local-producer.ts'
import { DEFAULT_LOG_CONFIG } from '../../../src/log/log-config.ts'
import { UnifiedLog } from '../../../src/log/unified-log.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { RecordBatch } from '../../../src/record/record-batch.ts'
import { recordOf } from '../../../src/record/record-slices.ts'

let dir: string
let directories: LocalDirectory[]

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-producer-'))
  directories = []
})

afterEach(async () => {
  for (const directory of directories) await directory.close()
  fs.rmSync(dir, { recursive: true, force: true })
})

function open(): LocalDirectory {
  const directory = LocalDirectory.open(systemOs, dir)
  directories.push(directory)
  return directory
}

const producer = (config: ProducerConfig = {}) => new LocalProducer(systemOs, open(), config)

const createTopic = (name: string, partitions: number, configs: Record<string, string> = {}) =>
  new LocalTopics(systemOs, open()).createTopic({ name, partitions, configs })

function batches(topic: string, partition = 0): RecordBatch[] {
  const file = path.join(dir, `${topic}-${partition}`, '00000000000000000000.log')
  if (!fs.existsSync(file)) return []
  const bytes = fs.readFileSync(file)
  const found: RecordBatch[] = []
  for (let at = 0; at < bytes.length; at = found[found.length - 1].end) {
    found.push(new RecordBatch(bytes, at))
    found[found.length - 1].ensureValid()
  }
  return found
}

const values = (topic: string, partition = 0) =>
  batches(topic, partition).flatMap((batch) => [...batch.records()].map((record) => String(record.value)))

describe('send', () => {
  it('makes the topic, and answers with where the record is, in the order of sending', async () => {
    const p = producer()
    const sent = await Promise.all(
      ['a', 'b', 'c'].map((value) => p.send({ topic: 't', value, timestamp: 1700000000000 })),
    )
    await p.close()
    expect(sent).toEqual(
      [0, 1, 2].map((offset) => ({ topic: 't', partition: 0, offset, timestamp: 1700000000000 })),
    )
    expect(values('t')).toEqual(['a', 'b', 'c'])
  })

  it('puts what is sent in one turn into one batch, with the producer id of the run and sequences from 0', async () => {
    const first = producer()
    await Promise.all(['a', 'b'].map((value) => first.send({ topic: 't', value })))
    await first.send({ topic: 't', value: 'c' })
    await first.close()
    const second = producer()
    await second.send({ topic: 't', value: 'd' })
    await second.close()
    expect(batches('t').map((b) => [b.count, b.baseSequence, b.producerEpoch])).toEqual([
      [2, 0, 0],
      [1, 2, 0],
      [1, 0, 0],
    ])
    const ids = batches('t').map((b) => b.producerId)
    expect(ids[0]).toBe(ids[1])
    expect(ids[2]).not.toBe(ids[0])
  })

  it.each([{ 'enable.idempotence': 'false' }, { acks: '1' }, { acks: '0' }, { retries: '0' }])(
    'is not idempotent with %j',
    async (config) => {
      const p = producer(config as unknown as ProducerConfig)
      await p.send({ topic: 't', value: 'a' })
      await p.close()
      expect(batches('t').map((b) => [b.producerId, b.producerEpoch, b.baseSequence])).toEqual([[-1, -1, -1]])
    },
  )

  it('keeps keys, nulls and headers', async () => {
    const p = producer()
    await p.send({ topic: 't', key: 'k', value: null, headers: [{ key: 'h', value: null }] })
    await p.send({
      topic: 't',
      key: null,
      value: Buffer.from([0xff]),
      headers: [{ key: 'g', value: Buffer.from('v') }],
    })
    await p.close()
    const records = batches('t').flatMap((b) => [...b.records()])
    expect(records.map((r) => [r.key?.toString() ?? null, r.value?.[0] ?? null, r.headers])).toEqual([
      ['k', null, [{ key: 'h', value: null }]],
      [null, 0xff, [{ key: 'g', value: Buffer.from('v') }]],
    ])
  })

  it('goes to the partition that is asked for, and refuses one that is not there', async () => {
    await createTopic('t', 3)
    const p = producer()
    expect(await p.send({ topic: 't', partition: 2, value: 'a' })).toMatchObject({ partition: 2, offset: 0 })
    await expect(p.send({ topic: 't', partition: 3, value: 'a' })).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
      message: 'Partition 3 of topic t with partition count 3 is not present in metadata.',
    })
    await p.close()
  })

  it('refuses a record that is too large, of a compacted topic without key, out of time, and takes the next', async () => {
    await createTopic('c', 1, { 'cleanup.policy': 'compact', 'message.timestamp.after.max.ms': '1000' })
    const p = producer()
    await expect(p.send({ topic: 'c', value: 'x' })).rejects.toMatchObject({
      code: 'INVALID_RECORD',
      message: 'Compacted topic cannot accept message without key in topic partition c-0',
    })
    await expect(p.send({ topic: 'c', key: 'k', value: 'x'.repeat(1048576) })).rejects.toMatchObject({
      message:
        'The message is 1048665 bytes when serialized which is larger than 1048576, which is the value of the max.request.size configuration.',
    })
    await expect(
      p.send({ topic: 'c', key: 'k', value: 'x', timestamp: Date.now() + 60_000 }),
    ).rejects.toMatchObject({
      code: 'INVALID_TIMESTAMP',
    })
    expect(await p.send({ topic: 'c', key: 'k', value: 'fine' })).toMatchObject({ offset: 0 })
    await p.close()
    expect(values('c')).toEqual(['fine'])
  })

  it("obeys the topic's max.message.bytes to the byte, and makes no batch beyond it", async () => {
    await createTopic('m', 1, { 'max.message.bytes': '200' })
    const p = producer()
    const room = 200 - 61 - 9
    await expect(p.send({ topic: 'm', value: 'x'.repeat(room + 1) })).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
    })
    await Promise.all([room, 50, 50, 50, 50].map((size) => p.send({ topic: 'm', value: 'x'.repeat(size) })))
    await p.close()
    expect(
      batches('m')
        .map((b) => b.sizeInBytes)
        .every((size) => size <= 200),
    ).toBe(true)
    expect(batches('m').map((b) => b.sizeInBytes)).toContain(200)
    expect(values('m').map((value) => value.length)).toEqual([room, 50, 50, 50, 50])
  })

  it.each([
    ['bad name', 'Invalid topics: [bad name]'],
    ['..', 'Invalid topics: [..]'],
    ['', 'Invalid topics: []'],
    ['__consumer_offsets', 'The request attempted to perform an operation on an invalid topic.'],
  ])('refuses the topic %j and makes no directory for it', async (topic, message) => {
    fs.rmdirSync(dir)
    const p = producer()
    await expect(p.send({ topic, value: 'x' })).rejects.toThrow(message)
    await p.close()
    expect(fs.existsSync(dir)).toBe(false)
    fs.mkdirSync(dir)
  })

  it('waits while somebody else holds the partition, and loses nothing', async () => {
    await createTopic('t', 1)
    const p = producer()
    await p.send({ topic: 't', value: 'first' })
    const other = UnifiedLog.open(systemOs, path.join(dir, 't-0'), {
      topic: 't',
      partition: 0,
      config: DEFAULT_LOG_CONFIG,
      leaderEpoch: 0,
      readOnly: false,
    })
    expect(other.tryLock()).toBe(true)
    let done = 0
    const sends = Array.from({ length: 40 }, (_, i) =>
      p.send({ topic: 't', value: `${i}`.padEnd(100_000) }).then(() => done++),
    )
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(done).toBe(0)
    other.unlock()
    await Promise.all(sends)
    await p.close()
    other.close()
    expect(values('t').map((value) => value.trim())).toEqual([
      'first',
      ...Array.from({ length: 40 }, (_, i) => `${i}`),
    ])
  })

  it('notices that its topic was deleted, instead of writing into nothing', async () => {
    await createTopic('t', 1)
    const p = producer()
    await p.send({ topic: 't', value: 'first' })
    const directory = open()
    await directory.deleteTopics(['t'])
    await new Promise((resolve) => setTimeout(resolve, 250))
    await expect(p.send({ topic: 't', value: 'second' })).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
    })
    expect(await p.send({ topic: 't', value: 'third' })).toMatchObject({ offset: 0 })
    await p.close()
    expect(values('t')).toEqual(['third'])
  })
})

describe('partitions of a run', () => {
  it('are taken in turn by records without a key, from run to run', async () => {
    await createTopic('r', 10)
    for (const records of [15, 3, 4]) {
      const p = producer()
      for (let i = 0; i < records; i++) await p.send({ topic: 'r', value: `${i}` })
      await p.close()
    }
    expect(Array.from({ length: 10 }, (_, p) => values('r', p).length)).toEqual([
      3, 3, 2, 2, 2, 2, 2, 2, 2, 2,
    ])
  })
})

describe('the bulk interface', () => {
  it('writes what it was handed, each partition with sequences of its own, over many writes', async () => {
    await createTopic('b', 2)
    const p = producer({ 'batch.size': '1000' })
    const topic = await p.openTopic('b')
    const line = Buffer.from(`${'x'.repeat(5000)}tail`)
    const record = recordOf(0, line, line)
    record.keyEnd = 4
    record.valueStart = 4
    for (let i = 0; i < 1200; i++) {
      line.writeUInt32BE(i, 0)
      record.timestamp = 1700000000000 + i
      while (!topic.append(i % 2, record)) await topic.drain()
    }
    await p.close()
    for (const partition of [0, 1]) {
      const found = batches('b', partition)
      expect(found.map((b) => b.baseSequence)).toEqual(found.map((_, i) => i))
      const keys = found.flatMap((b) => [...b.records()].map((r) => r.key?.readUInt32BE(0)))
      expect(keys).toEqual(Array.from({ length: 600 }, (_, i) => i * 2 + partition))
    }
  })

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'compresses with %s, or as the topic says',
    async (codec) => {
      await createTopic('own', 1, { 'compression.type': codec })
      const plain = producer()
      await plain.send({ topic: 'own', value: 'x'.repeat(2000) })
      await plain.close()
      const compressing = producer({ 'compression.type': codec })
      await compressing.send({ topic: 'other', value: 'x'.repeat(2000) })
      await compressing.close()
      for (const topic of ['own', 'other']) {
        expect(batches(topic).map((b) => b.compression)).toEqual([codec])
        expect(values(topic)).toEqual(['x'.repeat(2000)])
      }
    },
  )

  it('stores the append time where the topic says so', async () => {
    await createTopic('t', 1, { 'message.timestamp.type': 'LogAppendTime' })
    const before = Date.now()
    const p = producer()
    const { timestamp } = await p.send({ topic: 't', value: 'x', timestamp: 5 })
    await p.close()
    expect(batches('t').map((b) => b.timestampType)).toEqual(['LogAppendTime'])
    expect(timestamp).toBeGreaterThanOrEqual(before)
    expect(batches('t')[0].maxTimestamp).toBe(timestamp)
  })
})

describe('settings', () => {
  it.each([
    [{ acks: '5' }, 'Invalid value 5 for configuration acks: String must be one of: all, -1, 0, 1'],
    [{ 'batch.size': '-1' }, 'Invalid value -1 for configuration batch.size: Value must be at least 0'],
    [{ 'batch.size': 'xx' }, 'Invalid value xx for configuration batch.size: Not a number of type INT'],
    [
      { 'enable.idempotence': 'true', acks: '1' },
      'Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.',
    ],
    [
      { 'max.in.flight.requests.per.connection': '9' },
      'To use the idempotent producer, max.in.flight.requests.per.connection must be set to at most 5. Current value is 9.',
    ],
    [
      { 'enable.idempotence': 'false', 'transactional.id': 'x' },
      'Cannot set a transactional.id without also enabling idempotence.',
    ],
  ])('%j are refused in Kafka’s words', (config, message) => {
    expect(() => producer(config as unknown as ProducerConfig)).toThrow(message)
  })

  it('are no more than a hint where they are of a network, or unknown', () => {
    expect(() => producer({ 'linger.ms': '5', 'bootstrap.servers': 'x:1', 'no.such': 'y' })).not.toThrow()
  })
})
