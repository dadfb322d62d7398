import { describe, expect, test } from 'vitest'
import type { ConsumerVisitor } from '../../../src/client/consumer.ts'
import { type Bench, polled, valuesOf } from './side.ts'

const EARLIEST = { 'auto.offset.reset': 'earliest' }

/** What a Consumer without a group promises; groups.ts has the rest. */
export function consumerContract(bench: Bench): void {
  describe('a consumer', () => {
    /** A topic of one partition with these values. */
    async function topicOf(...values: readonly string[]): Promise<{ topic: string; partition: number }> {
      const topic = await bench.topic()
      await bench.sent(values.map((value) => ({ topic, value })))
      return { topic, partition: 0 }
    }

    test('reads what is assigned, from where it is sought to, and tells its position', async () => {
      const partition = await topicOf('a', 'b', 'c', 'd')
      await bench.consuming({}, async (consumer) => {
        await consumer.assign([partition])
        expect(consumer.assignment()).toEqual([partition])
        consumer.seek(partition, 2)
        expect(consumer.position(partition)).toBe(2)
        expect(valuesOf(await polled(consumer, 2))).toEqual(['c', 'd'])
        expect(consumer.position(partition)).toBe(4)
        consumer.seekToBeginning([partition])
        expect(valuesOf(await polled(consumer, 4))).toEqual(['a', 'b', 'c', 'd'])
        consumer.seekToEnd()
        expect(await consumer.poll(300)).toEqual([])
        await bench.sent([{ topic: partition.topic, value: 'e' }])
        expect(valuesOf(await polled(consumer, 1))).toEqual(['e'])
      })
    })

    test('a record tells topic, partition, offset, timestamp and leader epoch', async () => {
      const partition = await topicOf('a')
      const [record] = await bench.all(partition.topic)
      expect(record).toMatchObject({ ...partition, offset: 0, timestampType: 'CreateTime', leaderEpoch: 0 })
      expect(Math.abs(record.timestamp - Date.now())).toBeLessThan(60_000)
    })

    test('waits for what comes, no longer than asked, and gives at most max.poll.records', async () => {
      const partition = await topicOf('a', 'b', 'c')
      await bench.consuming({ config: { ...EARLIEST, 'max.poll.records': '2' } }, async (consumer) => {
        await consumer.assign([partition])
        const first = await polled(consumer, 1)
        expect(valuesOf([...first, ...(await polled(consumer, 3 - first.length))])).toEqual(['a', 'b', 'c'])
        expect(first.length).toBeLessThanOrEqual(2)
        expect(await consumer.poll(0)).toEqual([])
        const coming = consumer.poll(10_000)
        await bench.sent([{ topic: partition.topic, value: 'd' }])
        expect(valuesOf(await coming)).toEqual(['d'])
      })
    })

    test.each([
      ['earliest', ['a', 'b', 'new']],
      ['latest', ['new']],
      ['by_duration:PT1H', ['a', 'b', 'new']],
    ])('auto.offset.reset=%s decides where it begins', async (reset, wanted) => {
      const partition = await topicOf('a', 'b')
      await bench.consuming({ config: { 'auto.offset.reset': reset } }, async (consumer) => {
        await consumer.assign([partition])
        const before = await polled(consumer, wanted.length - 1)
        if (before.length === 0) await consumer.poll(500)
        await bench.sent([{ topic: partition.topic, value: 'new' }])
        expect(valuesOf([...before, ...(await polled(consumer, 1))])).toEqual(wanted)
      })
    })

    test('auto.offset.reset=none: no place to begin is an error, an offset sought is none', async () => {
      const partition = await topicOf('a', 'b')
      await bench.consuming({ config: { 'auto.offset.reset': 'none' } }, async (consumer) => {
        await consumer.assign([partition])
        await expect(consumer.poll(2000)).rejects.toThrow(/Undefined offset with no reset policy/)
        consumer.seek(partition, 1)
        expect(valuesOf(await polled(consumer, 1))).toEqual(['b'])
      })
    })

    test('an offset out of range goes where auto.offset.reset says', async () => {
      const partition = await topicOf('a', 'b', 'c')
      await bench.admin.deleteRecords(partition, 1)
      for (const [reset, from, wanted] of [
        ['earliest', 0, ['b', 'c']],
        ['earliest', 99, ['b', 'c']],
        ['latest', 99, ['d']],
      ] as const) {
        await bench.consuming({ config: { 'auto.offset.reset': reset } }, async (consumer) => {
          await consumer.assign([partition])
          consumer.seek(partition, from)
          if (reset === 'latest') {
            await consumer.poll(500)
            await bench.sent([{ topic: partition.topic, value: 'd' }])
          }
          expect(valuesOf(await polled(consumer, wanted.length)), `${reset} from ${from}`).toEqual(wanted)
        })
      }
      await bench.consuming({ config: { 'auto.offset.reset': 'none' } }, async (consumer) => {
        await consumer.assign([partition])
        consumer.seek(partition, 99)
        await expect(consumer.poll(2000)).rejects.toThrow(/out of range/)
      })
    })

    test('subscribes to names or to a pattern, and reads all partitions', async () => {
      const stem = bench.fresh('sub')
      for (const name of [`${stem}-a`, `${stem}-b`]) {
        await bench.admin.createTopic({ name, partitions: 2 })
        await bench.sent(
          [0, 1].map((partition) => ({ topic: name, partition, value: `${name} ${partition}` })),
        )
      }
      const read = async (topics: string[] | RegExp) =>
        bench.consuming({ config: EARLIEST, untilEnd: true }, async (consumer) => {
          await consumer.subscribe(topics)
          const values: string[] = []
          for await (const { value } of consumer) values.push(String(value).slice(stem.length + 1))
          return values.sort()
        })
      expect(await read([`${stem}-b`])).toEqual(['b 0', 'b 1'])
      expect(await read(new RegExp(`^${stem}-[ab]$`))).toEqual(['a 0', 'a 1', 'b 0', 'b 1'])
    })

    test('untilEnd: ends where the partition ended when it was first read, and says finished', async () => {
      const partition = await topicOf('a', 'b')
      await bench.consuming({ config: EARLIEST, untilEnd: true }, async (consumer) => {
        await consumer.assign([partition])
        const values: string[] = []
        for await (const { value } of consumer) {
          values.push(String(value))
          if (values.length === 1) await bench.sent([{ topic: partition.topic, value: 'late' }])
        }
        expect(values).toEqual(['a', 'b'])
        expect(consumer.finished).toBe(true)
        expect(await consumer.poll(1000)).toEqual([])
      })
    })

    test('untilEnd of an empty topic ends at once', async () => {
      expect(await bench.all(await bench.topic(3))).toEqual([])
    })

    test('an iteration ends when the signal aborts, and when somebody closes the consumer', async () => {
      const partition = await topicOf('a')
      const controller = new AbortController()
      const aborted = await bench.kafka.consumer({ config: EARLIEST, signal: controller.signal })
      await aborted.assign([partition])
      for await (const _ of aborted) setTimeout(() => controller.abort(), 50)
      await aborted.close()
      const closed = await bench.kafka.consumer({ config: EARLIEST })
      await closed.assign([partition])
      for await (const _ of closed) setTimeout(() => void closed.close(), 50)
      await expect(closed.poll(10)).rejects.toThrow('This consumer has already been closed.')
      await closed.close()
    })

    test('a visitor is handed batches and their records, and stops where it says', async () => {
      const topic = await bench.topic()
      const producer = await bench.kafka.producer()
      await Promise.all(
        Array.from({ length: 10 }, (_, i) => producer.send({ topic, key: 'k', value: `${i}` })),
      )
      await producer.close()
      await bench.consuming({ config: EARLIEST }, async (consumer) => {
        await consumer.assign([{ topic, partition: 0 }])
        const seen: string[] = []
        const visitor: ConsumerVisitor = {
          batch: (batch) => seen.push(`${batch.topic === topic} ${batch.partition} ${batch.timestampType}`),
          record: (record) => {
            seen.push(String(record.value))
            return seen.length < 4
          },
        }
        let count = 0
        while (count === 0) count = await consumer.visit(visitor, 1000)
        expect({ count, seen }).toEqual({ count: 3, seen: ['true 0 CreateTime', '0', '1', '2'] })
        expect(consumer.position({ topic, partition: 0 })).toBe(3)
        expect(valuesOf(await polled(consumer, 7))).toEqual(['3', '4', '5', '6', '7', '8', '9'])
        expect(await consumer.visit(visitor, 50)).toBe(0)
      })
    })

    test('what is not assigned has no position and cannot be sought', async () => {
      const partition = await topicOf('a')
      await bench.consuming({}, async (consumer) => {
        const other = { ...partition, partition: 5 }
        await consumer.assign([partition])
        expect(() => consumer.position(other)).toThrow(/partition/i)
        expect(() => consumer.seek(other, 0)).toThrow(/partition/i)
      })
    })

    test('another assignment takes the place of the one before', async () => {
      const [a, b] = [await topicOf('a'), await topicOf('b')]
      await bench.consuming({ config: EARLIEST }, async (consumer) => {
        await consumer.assign([a])
        expect(valuesOf(await polled(consumer, 1))).toEqual(['a'])
        await consumer.assign([b])
        expect(consumer.assignment()).toEqual([b])
        expect(valuesOf(await polled(consumer, 1))).toEqual(['b'])
        await consumer.assign([])
        expect(consumer.assignment()).toEqual([])
      })
    })

    test('read_committed reads what belongs to no transaction', async () => {
      const { topic } = await topicOf('a', 'b')
      expect(valuesOf(await bench.all(topic, { isolationLevel: 'read_committed' }))).toEqual(['a', 'b'])
    })

    test.each([
      [{ 'auto.offset.reset': 'middle' }, /^Invalid value `?middle`? for configuration auto\.offset\.reset/],
      [{ 'max.poll.records': '0' }, /max\.poll\.records: Value must be at least 1/],
      [{ 'isolation.level': 'x' }, /isolation\.level: String must be one of/],
      [
        { 'group.protocol': 'consumer', 'session.timeout.ms': '1000' },
        /cannot be set when group\.protocol=CONSUMER/,
      ],
    ])('settings %j are refused in Kafka’s words', async (config, message) => {
      await expect(bench.kafka.consumer({ config })).rejects.toThrow(message)
    })

    test('what is no such argument is a TypeError that names it', async () => {
      await bench.consuming({}, async (consumer) => {
        await expect(consumer.subscribe('t' as never)).rejects.toThrow(/consumer\.subscribe: topics/)
        await expect(consumer.assign([{ topic: 't' } as never])).rejects.toThrow(/partitions\[0\]\.partition/)
        await expect(consumer.poll('1' as never)).rejects.toThrow(TypeError)
        expect(() => consumer.seek({ topic: 't', partition: 0 }, -1)).toThrow(TypeError)
      })
    })
  })
}
