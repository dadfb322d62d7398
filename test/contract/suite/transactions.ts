import { describe, expect, test } from 'vitest'
import type { Producer } from '../../../src/client/producer.ts'
import { type Bench, refuses, valuesOf } from './side.ts'

/** What the five transactional calls of Producer promise. */
export function transactionContract(bench: Bench): void {
  describe('a transactional producer', () => {
    const opened = async (id: string): Promise<Producer> => {
      const producer = await bench.kafka.producer({ 'transactional.id': id })
      await producer.initTransactions()
      return producer
    }
    const committed = async (topic: string) =>
      valuesOf(await bench.all(topic, { config: { 'isolation.level': 'read_committed' } }))

    test('shows readers of committed records what was committed, and that alone', async () => {
      const topic = await bench.topic()
      const producer = await opened(bench.fresh('id'))
      for (const end of ['commit', 'abort', 'commit'] as const) {
        await producer.beginTransaction()
        await producer.send({ topic, value: end })
        if (end === 'commit') await producer.commitTransaction()
        else await producer.abortTransaction()
      }
      await producer.beginTransaction()
      await producer.send({ topic, value: 'left' })
      await producer.flush()
      expect(await committed(topic)).toEqual(['commit', 'commit'])
      // Closing aborts it.
      await producer.close()
      expect(await committed(topic)).toEqual(['commit', 'commit'])
      expect(valuesOf(await bench.all(topic))).toEqual(['commit', 'abort', 'commit', 'left'])
    })

    test('can only be aborted once a send was refused', async () => {
      const topic = await bench.topic()
      const producer = await opened(bench.fresh('id'))
      await producer.beginTransaction()
      await producer.send({ topic, value: 'before' })
      await refuses(producer.send({ topic: 'no such/topic', value: 'x' }), 'INVALID_TOPIC_EXCEPTION')
      await refuses(producer.commitTransaction(), 'INVALID_TOPIC_EXCEPTION')
      await producer.abortTransaction()
      await producer.beginTransaction()
      await producer.send({ topic, value: 'behind' })
      await producer.commitTransaction()
      await producer.close()
      expect(await committed(topic)).toEqual(['behind'])
    })

    test('commits offsets with the transaction', async () => {
      const topic = await bench.topic()
      const group = bench.fresh('g')
      const producer = await opened(bench.fresh('id'))
      const offsets = async () =>
        [...(await bench.admin.listConsumerGroupOffsets(group)).values()].map(({ offset }) => offset.offset)
      await producer.beginTransaction()
      await producer.sendOffsetsToTransaction([{ topic, partition: 0, offset: 5 }], { groupId: group })
      await producer.commitTransaction()
      expect(await offsets()).toEqual([5])
      await producer.beginTransaction()
      await producer.sendOffsetsToTransaction([{ topic, partition: 0, offset: 8 }], { groupId: group })
      await producer.abortTransaction()
      expect(await offsets()).toEqual([5])
      await producer.close()
    })

    test('fences an older one of its id, and aborts what that left', async () => {
      const topic = await bench.topic()
      const id = bench.fresh('id')
      const older = await opened(id)
      await older.beginTransaction()
      await older.send({ topic, value: 'older' })
      const newer = await opened(id)
      await newer.beginTransaction()
      await newer.send({ topic, value: 'newer' })
      await newer.commitTransaction()
      await refuses(older.commitTransaction(), 'PRODUCER_FENCED')
      await refuses(older.abortTransaction(), 'PRODUCER_FENCED')
      await older.close()
      await newer.close()
      expect(await committed(topic)).toEqual(['newer'])
    })

    test('refuses calls that are not in turn', async () => {
      const topic = await bench.topic()
      const plain = await bench.kafka.producer()
      await refuses(plain.beginTransaction(), 'INVALID_TXN_STATE')
      await plain.close()
      const producer = await opened(bench.fresh('id'))
      await refuses(producer.commitTransaction(), 'INVALID_TXN_STATE')
      await refuses(producer.send({ topic, value: 'a' }), 'INVALID_TXN_STATE')
      await producer.beginTransaction()
      await refuses(producer.beginTransaction(), 'INVALID_TXN_STATE')
      await producer.close()
    })
  })
}
