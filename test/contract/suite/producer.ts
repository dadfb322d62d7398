import { describe, expect, test } from 'vitest'
import { recordOf } from '../../../src/record/record-slices.ts'
import { type Bench, refuses, valuesOf } from './side.ts'

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** What Producer and TopicProducer promise. */
export function producerContract(bench: Bench): void {
  describe('a producer', () => {
    test('tells where each record is, and they come back as they were sent', async () => {
      const topic = await bench.topic(2)
      const headers = [
        { key: 'h', value: Buffer.from([0, 255]) },
        { key: 'h', value: null },
        { key: '', value: Buffer.alloc(0) },
      ]
      const records = [
        { topic, partition: 1, key: 'k', value: 'v', headers, timestamp: 5 },
        { topic, partition: 1, key: null, value: null, timestamp: 6 },
        { topic, partition: 1, key: '', value: '', timestamp: 7 },
        { topic, partition: 1, key: Buffer.from([200]), value: Buffer.from([0, 1, 254]), timestamp: 8 },
      ]
      const sent = await bench.sent(records)
      expect(sent).toEqual(
        [0, 1, 2, 3].map((offset) => ({ topic, partition: 1, offset, timestamp: 5 + offset })),
      )
      const read = await bench.all(topic)
      expect(read).toMatchObject([
        { partition: 1, offset: 0, timestamp: 5, timestampType: 'CreateTime', headers },
        { offset: 1, key: null, value: null, headers: [] },
        { offset: 2, key: Buffer.alloc(0), value: Buffer.alloc(0) },
        { offset: 3, key: Buffer.from([200]), value: Buffer.from([0, 1, 254]) },
      ])
      expect(read[0].key?.toString()).toBe('k')
    })

    test('keeps the order of what is sent at once, whatever is awaited', async () => {
      const topic = await bench.topic()
      const producer = await bench.kafka.producer()
      const sends = Array.from({ length: 500 }, (_, i) => producer.send({ topic, value: `${i}` }))
      await producer.flush()
      expect((await Promise.all(sends)).map(({ offset }) => offset)).toEqual(sends.map((_, i) => i))
      await producer.close()
      expect(valuesOf(await bench.all(topic))).toEqual(sends.map((_, i) => `${i}`))
    })

    test('close sends what is there first; behind it nothing is taken', async () => {
      const topic = await bench.topic()
      const producer = await bench.kafka.producer({ 'linger.ms': '60000' })
      const sent = producer.send({ topic, value: 'a' })
      await producer.close()
      expect((await sent).offset).toBe(0)
      await expect(producer.send({ topic, value: 'b' })).rejects.toThrow(
        'Cannot perform operation after producer has been closed',
      )
      await producer.close()
    })

    test('puts a key where Java’s producer puts it', async () => {
      const topic = await bench.topic(7)
      // As the genuine org.apache.kafka.common.utils.Utils.murmur2 hashes them.
      const hashes = {
        a: -1563381124,
        foobar: -790332482,
        München: 1814305452,
        日本語: 1431860170,
        '': 275646681,
      }
      const sent = await bench.sent(Object.keys(hashes).map((key) => ({ topic, key, value: 'v' })))
      expect(sent.map(({ partition }) => partition)).toEqual(
        Object.values(hashes).map((hash) => (hash & 0x7fffffff) % 7),
      )
    })

    test.each(CODECS)('compression.type=%s: the same records come back', async (codec) => {
      const topic = await bench.topic()
      const values = Array.from({ length: 50 }, (_, i) => `${i} ${'text '.repeat(40)}`)
      const producer = await bench.kafka.producer({ 'compression.type': codec })
      await Promise.all(values.map((value) => producer.send({ topic, value })))
      await producer.close()
      expect(valuesOf(await bench.all(topic))).toEqual(values)
    })

    test('a value of nearly max.request.size is stored; one beyond it is refused, and the next one taken', async () => {
      const topic = await bench.topic()
      const producer = await bench.kafka.producer()
      const big = Buffer.alloc(1_000_000, 'b')
      expect((await producer.send({ topic, value: big })).offset).toBe(0)
      await refuses(
        producer.send({ topic, value: Buffer.alloc(1_048_577) }),
        'MESSAGE_TOO_LARGE',
        /max\.request\.size/,
      )
      expect((await producer.send({ topic, value: 'on' })).offset).toBe(1)
      await producer.close()
      const read = await bench.all(topic)
      expect(read.map(({ value }) => value?.length)).toEqual([1_000_000, 2])
      expect(read[0].value?.equals(big)).toBe(true)
    })

    test('what is over the topic’s max.message.bytes is refused', async () => {
      const topic = await bench.topic(1, { 'max.message.bytes': '1000' })
      const producer = await bench.kafka.producer()
      await refuses(producer.send({ topic, value: Buffer.alloc(2000) }), 'MESSAGE_TOO_LARGE')
      expect((await producer.send({ topic, value: 'small' })).offset).toBe(0)
      await producer.close()
    })

    test('a compacted topic takes no record without a key', async () => {
      const topic = await bench.topic(1, { 'cleanup.policy': 'compact' })
      await refuses(bench.sent([{ topic, value: 'v' }]), 'INVALID_RECORD')
      expect((await bench.sent([{ topic, key: 'k', value: null }]))[0].offset).toBe(0)
    })

    test('LogAppendTime: the stored timestamp is the log’s, and told', async () => {
      const topic = await bench.topic(1, { 'message.timestamp.type': 'LogAppendTime' })
      const [{ timestamp }] = await bench.sent([{ topic, value: 'v', timestamp: 5 }])
      expect(timestamp).toBeGreaterThan(1_500_000_000_000)
      expect(await bench.all(topic)).toMatchObject([{ timestamp, timestampType: 'LogAppendTime' }])
    })

    test('a timestamp too far in the future is refused', async () => {
      const topic = await bench.topic(1, { 'message.timestamp.after.max.ms': '1000' })
      const timestamp = Date.now() + 10_000_000
      await refuses(bench.sent([{ topic, value: 'v', timestamp }]), 'INVALID_TIMESTAMP')
    })

    test('a timestamp below zero is refused, as by Java’s ProducerRecord', async () => {
      const topic = await bench.topic()
      await expect(bench.sent([{ topic, value: 'v', timestamp: -1 }])).rejects.toThrow(/timestamp/i)
    })

    test('a partition that is not there is refused', async () => {
      const topic = await bench.topic(2)
      await expect(
        bench.sent([{ topic, partition: 2, value: 'v' }], { 'max.block.ms': '500' }),
      ).rejects.toThrow(/partition 2|Partition 2|2/i)
    })

    test('a topic is made on first use; one of a name that is none is not', async () => {
      const topic = bench.fresh('auto')
      const producer = await bench.kafka.producer()
      expect(await producer.partitionsFor(topic)).toBe(1)
      expect((await producer.send({ topic, value: 'v' })).offset).toBe(0)
      await refuses(
        producer.send({ topic: 'no name', value: 'v' }),
        'INVALID_TOPIC_EXCEPTION',
        'Invalid topics: [no name]',
      )
      await producer.close()
      expect(await bench.admin.topicNames(topic)).toEqual([topic])
    })

    test.each([
      [{ acks: '7' }, /^Invalid value 7 for configuration acks: String must be one of: all, -1, 0, 1$/],
      [{ 'compression.type': 'x' }, /compression\.type/],
      [{ 'batch.size': '-1' }, /batch\.size/],
      [
        { 'enable.idempotence': 'true', acks: '1' },
        /Must set acks to all in order to use the idempotent producer/,
      ],
      [{ 'linger.ms': '10', 'delivery.timeout.ms': '5', 'request.timeout.ms': '1' }, /delivery\.timeout\.ms/],
    ])('settings %j are refused in Kafka’s words', async (config, message) => {
      await refuses(bench.kafka.producer(config), 'INVALID_CONFIG', message)
    })

    test.each(['0', '1', 'all'])('acks=%s: the records are there', async (acks) => {
      const topic = await bench.topic()
      const producer = await bench.kafka.producer({ acks })
      await producer.send({ topic, value: 'a' })
      await producer.send({ topic, value: 'b' })
      await producer.close()
      await expect.poll(async () => valuesOf(await bench.all(topic))).toEqual(['a', 'b'])
    })

    test('flush and close of a producer that sent nothing do nothing', async () => {
      const producer = await bench.kafka.producer()
      await producer.flush()
      await producer.close()
      await producer.flush()
    })

    test('what is no such record rejects with a TypeError that names the field', async () => {
      const producer = await bench.kafka.producer()
      const topic = bench.fresh('no')
      await expect(producer.send({ topic, value: 5 as never })).rejects.toThrow(
        /producer\.send: record\.value/,
      )
      await expect(producer.send({ topic, value: undefined as never })).rejects.toThrow(/tombstone/)
      await expect(producer.send({ topic: '', value: 'v' })).rejects.toThrow(/record\.topic/)
      await expect(producer.send({ topic, value: 'v', headers: {} as never })).rejects.toThrow(
        /record\.headers/,
      )
      await producer.close()
      expect(await bench.admin.topicNames(topic)).toEqual([])
    })

    test('a TopicProducer takes slices, refuses what is too large, and its records are there behind flush', async () => {
      const topic = await bench.topic(3)
      const producer = await bench.kafka.producer()
      const opened = await producer.openTopic(topic)
      expect({ topic: opened.topic, count: opened.partitionCount }).toEqual({ topic, count: 3 })
      const record = recordOf(0, Buffer.from('key'), Buffer.from('value'))
      for (let i = 0; i < 1000; i++) {
        record.timestamp = 1000 + i
        while (!opened.append(2, record)) await opened.drain()
      }
      expect(opened.refusalOf(3, 2_000_000, 0, 0)).toMatchObject({ code: 'MESSAGE_TOO_LARGE' })
      expect(opened.refusalOf(3, 5, 0, 0)).toBeUndefined()
      await opened.drain()
      await producer.flush()
      expect(await bench.admin.listOffset({ topic, partition: 2 }, 'latest')).toMatchObject({ offset: 1000 })
      await producer.close()
      const read = await bench.all(topic)
      expect(read[999]).toMatchObject({ partition: 2, offset: 999, timestamp: 1999 })
      expect(`${read[999].key}=${read[999].value}`).toBe('key=value')
    })
  })
}
