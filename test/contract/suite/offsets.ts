import { describe, expect, test } from 'vitest'
import { type Bench, refuses, valuesOf } from './side.ts'

/** What OffsetAdmin promises. */
export function offsetContract(bench: Bench): void {
  describe('offsets', () => {
    /** Three records at 1000, 3000 and 2000 ms. */
    async function timed(): Promise<{ topic: string; partition: number }> {
      const topic = await bench.topic(1, { 'retention.ms': '-1' })
      await bench.sent([1000, 3000, 2000].map((timestamp) => ({ topic, value: `${timestamp}`, timestamp })))
      return { topic, partition: 0 }
    }

    test('are found by Kafka’s words and by time', async () => {
      const partition = await timed()
      const find = async (spec: Parameters<typeof bench.admin.listOffset>[1]) => {
        const { offset, timestamp } = await bench.admin.listOffset(partition, spec)
        return [offset, timestamp]
      }
      expect(await find('earliest')).toEqual([0, -1])
      expect(await find('latest')).toEqual([3, -1])
      expect(await find('earliest-local')).toEqual([0, -1])
      expect(await find('max-timestamp')).toEqual([1, 3000])
      expect(await find(0)).toEqual([0, 1000])
      expect(await find(1000)).toEqual([0, 1000])
      expect(await find(1001)).toEqual([1, 3000])
      expect(await find(1001n)).toEqual([1, 3000])
      expect(await find(3001)).toEqual([undefined, -1])
      expect(await find('latest-tiered')).toEqual([undefined, -1])
    })

    test('of an empty partition', async () => {
      const partition = { topic: await bench.topic(), partition: 0 }
      expect(await bench.admin.listOffset(partition, 'latest')).toMatchObject({ offset: 0 })
      expect(await bench.admin.listOffset(partition, 'max-timestamp')).toMatchObject({ offset: undefined })
      expect(await bench.admin.listOffset(partition, 0)).toMatchObject({ offset: undefined })
    })

    test('of many come in the order asked; what fails for one is its own error, and all are counted', async () => {
      const partition = await timed()
      const absent = { topic: bench.fresh('no'), partition: 0 }
      const beyond = { ...partition, partition: 7 }
      let counted = 0
      const found = await bench.admin.listOffsets(
        [beyond, partition, absent],
        'latest',
        'read_committed',
        (count) => {
          counted = count
        },
      )
      expect(found).toMatchObject([
        { code: 'UNKNOWN_TOPIC_OR_PARTITION' },
        { offset: 3 },
        { code: 'UNKNOWN_TOPIC_OR_PARTITION' },
      ])
      expect(found[0]).toBeInstanceOf(Error)
      expect(counted).toBe(3)
      await refuses(bench.admin.listOffset(beyond, 'latest'), 'UNKNOWN_TOPIC_OR_PARTITION')
      expect(await bench.admin.listOffsets([], 'latest')).toEqual([])
    })

    test('records before an offset are deleted, and nobody reads them again', async () => {
      const partition = await timed()
      expect(await bench.admin.deleteRecords(partition, 1)).toBe(1)
      expect(await bench.admin.listOffset(partition, 'earliest')).toMatchObject({ offset: 1 })
      expect(valuesOf(await bench.all(partition.topic))).toEqual(['3000', '2000'])
      // What is gone already is no error, and nothing comes back.
      expect(await bench.admin.deleteRecords(partition, 0)).toBe(1)
      expect(await bench.admin.deleteRecords(partition, -1)).toBe(3)
      expect(await bench.all(partition.topic)).toEqual([])
      expect((await bench.sent([{ topic: partition.topic, value: 'on' }]))[0].offset).toBe(3)
    })

    test('beyond the end nothing is deleted', async () => {
      const partition = await timed()
      await refuses(bench.admin.deleteRecords(partition, 4), 'OFFSET_OUT_OF_RANGE')
      await refuses(
        bench.admin.deleteRecords({ ...partition, partition: 9 }, 0),
        'UNKNOWN_TOPIC_OR_PARTITION',
      )
      expect(await bench.admin.listOffset(partition, 'earliest')).toMatchObject({ offset: 0 })
    })

    test('records of many partitions are deleted in the order asked, each with its own error', async () => {
      const partition = await timed()
      const answers = await bench.admin.deleteRecordsOf([
        { topic: bench.fresh('no'), partition: 0, beforeOffset: 1 },
        { ...partition, beforeOffset: 2 },
      ])
      expect(answers).toEqual([expect.objectContaining({ code: 'UNKNOWN_TOPIC_OR_PARTITION' }), 2])
    })

    test('a compacted topic alone lets nobody delete records', async () => {
      const topic = await bench.topic(1, { 'cleanup.policy': 'compact' })
      await bench.sent([{ topic, key: 'k', value: 'v' }])
      await refuses(bench.admin.deleteRecords({ topic, partition: 0 }, 1), 'POLICY_VIOLATION')
    })

    test('what is no such argument rejects with a TypeError', async () => {
      const partition = { topic: 't', partition: 0 }
      await expect(bench.admin.listOffset(partition, 'newest' as never)).rejects.toThrow(TypeError)
      await expect(bench.admin.listOffset({ topic: 't' } as never, 'latest')).rejects.toThrow(/partition/)
      await expect(bench.admin.deleteRecords(partition, '1' as never)).rejects.toThrow(/beforeOffset/)
    })
  })
}
