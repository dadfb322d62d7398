import { describe, expect, test } from 'vitest'
import type { Consumer } from '../../../src/client/consumer.ts'
import { type Bench, polled, refuses, valuesOf } from './side.ts'

/** What GroupAdmin and a Consumer in a group promise. */
export function groupContract(bench: Bench): void {
  describe('groups', () => {
    const at = (topic: string, partition: number, offset: number) => ({
      partition: { topic, partition },
      offset: { offset, leaderEpoch: -1, metadata: 'm' },
    })
    const member = (groupId: string, config: Readonly<Record<string, string>> = {}) =>
      bench.kafka.consumer({ groupId, config: { 'auto.offset.reset': 'earliest', ...config } })

    /** Lets members read until they hold so many partitions together. */
    async function settled(members: readonly Consumer[], count: number): Promise<void> {
      const end = performance.now() + 20_000
      const held = () => members.map((one) => one.assignment().length)
      while (performance.now() < end) {
        if (held().every((n) => n > 0) && held().reduce((a, b) => a + b) === count) return
        await Promise.all(members.map((one) => one.poll(100)))
      }
      throw new Error(`the members hold ${held().join(' and ')} of ${count} partitions`)
    }

    test('offsets that are set make a group, which is listed, described and read back', async () => {
      const topic = await bench.topic(2)
      const groupId = bench.fresh('g')
      await bench.admin.alterConsumerGroupOffsets(groupId, [at(topic, 1, 5)])
      expect(await bench.admin.listGroups()).toContainEqual({
        groupId,
        type: 'Classic',
        protocol: '',
        state: 'Empty',
      })
      const offsets = await bench.admin.listConsumerGroupOffsets(groupId)
      expect([...offsets.keys()]).toEqual([`${topic}-1`])
      expect(offsets.get(`${topic}-1`)).toMatchObject({
        partition: { topic, partition: 1 },
        offset: { offset: 5, metadata: 'm' },
      })
      expect(await bench.admin.describeConsumerGroup(groupId)).toMatchObject({
        groupId,
        type: 'Classic',
        state: 'Empty',
        members: [],
      })
    })

    test('a group that nobody knows', async () => {
      const groupId = bench.fresh('no')
      await refuses(
        bench.admin.describeConsumerGroup(groupId),
        'GROUP_ID_NOT_FOUND',
        `Group ${groupId} not found.`,
      )
      await refuses(bench.admin.deleteConsumerGroup(groupId), 'GROUP_ID_NOT_FOUND')
      await refuses(
        bench.admin.deleteConsumerGroupOffsets(groupId, [{ topic: 't', partition: 0 }]),
        'GROUP_ID_NOT_FOUND',
      )
      expect((await bench.admin.listConsumerGroupOffsets(groupId)).size).toBe(0)
    })

    test('many are described in the order asked, each with its own error', async () => {
      const topic = await bench.topic()
      const groupId = bench.fresh('g')
      await bench.admin.alterConsumerGroupOffsets(groupId, [at(topic, 0, 1)])
      const answers = await bench.admin.describeConsumerGroups([bench.fresh('no'), groupId])
      expect(answers).toMatchObject([{ code: 'GROUP_ID_NOT_FOUND' }, { groupId, state: 'Empty' }])
    })

    test('offsets are deleted one by one, and the group with the last word', async () => {
      const topic = await bench.topic(2)
      const groupId = bench.fresh('g')
      await bench.admin.alterConsumerGroupOffsets(groupId, [at(topic, 0, 1), at(topic, 1, 1)])
      const answers = await bench.admin.deleteConsumerGroupOffsets(groupId, [
        { topic, partition: 0 },
        { topic, partition: 9 },
      ])
      expect(answers[0]).toMatchObject({ partition: { topic, partition: 0 } })
      expect(answers[0].error).toBeUndefined()
      expect([...(await bench.admin.listConsumerGroupOffsets(groupId)).keys()]).toEqual([`${topic}-1`])
      await bench.admin.deleteConsumerGroup(groupId)
      expect((await bench.admin.listGroups()).map((one) => one.groupId)).not.toContain(groupId)
    })

    test.each(['classic', 'consumer'])(
      'two members of a %s group share the partitions; what one leaves the other takes',
      async (protocol) => {
        const topic = await bench.topic(4)
        const groupId = bench.fresh('g')
        const config = { 'group.protocol': protocol, 'auto.commit.interval.ms': '100' }
        await bench.sent([0, 1, 2, 3].map((partition) => ({ topic, partition, value: `${partition}` })))
        const first = await member(groupId, { ...config, 'client.id': 'first' })
        const second = await member(groupId, { ...config, 'client.id': 'second' })
        try {
          await first.subscribe([topic])
          expect(valuesOf(await polled(first, 4)).sort()).toEqual(['0', '1', '2', '3'])
          await second.subscribe([topic])
          await settled([first, second], 4)
          expect([first, second].map((one) => one.assignment().length)).toEqual([2, 2])
          const group = await bench.admin.describeConsumerGroup(groupId)
          expect(group.state).toBe('Stable')
          expect(group.members.map(({ clientId }) => clientId).sort()).toEqual(['first', 'second'])
          expect(group.members.flatMap(({ assignment }) => assignment)).toHaveLength(4)
          await first.close()
          await settled([second], 4)
          // Nothing was delivered twice: what the first had read was committed.
          await bench.sent(
            [0, 1, 2, 3].map((partition) => ({ topic, partition, value: `next ${partition}` })),
          )
          expect(valuesOf(await polled(second, 4)).sort()).toEqual(['next 0', 'next 1', 'next 2', 'next 3'])
        } finally {
          await first.close()
          await second.close()
        }
      },
    )

    test('a group with a member lets nobody change it', async () => {
      const topic = await bench.topic()
      const groupId = bench.fresh('g')
      await bench.sent([{ topic, value: 'a' }])
      const consumer = await member(groupId)
      try {
        await consumer.subscribe([topic])
        await polled(consumer, 1)
        await consumer.commit()
        await refuses(bench.admin.deleteConsumerGroup(groupId), 'NON_EMPTY_GROUP')
        await refuses(bench.admin.alterConsumerGroupOffsets(groupId, [at(topic, 0, 0)]), 'UNKNOWN_MEMBER_ID')
        const [{ error }] = await bench.admin.deleteConsumerGroupOffsets(groupId, [{ topic, partition: 0 }])
        expect(error).toMatchObject({ code: 'GROUP_SUBSCRIBED_TO_TOPIC' })
      } finally {
        await consumer.close()
      }
      await bench.admin.deleteConsumerGroup(groupId)
    })

    test('commit stores the position behind what was returned; committed tells it, also to another', async () => {
      const topic = await bench.topic()
      const groupId = bench.fresh('g')
      const partition = { topic, partition: 0 }
      await bench.sent(['a', 'b', 'c'].map((value) => ({ topic, value })))
      const consumer = await member(groupId, { 'enable.auto.commit': 'false', 'max.poll.records': '2' })
      await consumer.subscribe([topic])
      expect(valuesOf(await polled(consumer, 2))).toEqual(['a', 'b'])
      expect((await consumer.committed([partition])).get(partition)).toBeUndefined()
      await consumer.commit()
      expect((await consumer.committed([partition])).get(partition)).toMatchObject({
        offset: 2,
        metadata: '',
      })
      await consumer.commit(new Map([[partition, { offset: 1, leaderEpoch: -1, metadata: 'mine' }]]))
      await consumer.close()
      await bench.consuming({ groupId }, async (other) => {
        expect((await other.committed([partition])).get(partition)).toMatchObject({
          offset: 1,
          metadata: 'mine',
        })
        await other.subscribe([topic])
        expect(valuesOf(await polled(other, 2))).toEqual(['b', 'c'])
      })
    })

    test('close commits what was processed, and not the last poll where that is said', async () => {
      const topic = await bench.topic()
      const partition = { topic, partition: 0 }
      await bench.sent(['a', 'b'].map((value) => ({ topic, value })))
      for (const [options, offset] of [
        [{}, 2],
        [{ processed: false }, 1],
      ] as const) {
        const groupId = bench.fresh('g')
        const consumer = await member(groupId, { 'max.poll.records': '1' })
        await consumer.subscribe([topic])
        expect(await polled(consumer, 1)).toHaveLength(1)
        expect(await polled(consumer, 1)).toHaveLength(1)
        await consumer.close(options)
        const offsets = await bench.admin.listConsumerGroupOffsets(groupId)
        expect(offsets.get(`${topic}-0`)?.offset.offset, JSON.stringify(options)).toBe(offset)
        expect(offsets.get(`${topic}-0`)?.partition).toEqual(partition)
      }
    })

    test('who assigns by hand begins where the group committed, and commits by itself or when told', async () => {
      const topic = await bench.topic()
      const groupId = bench.fresh('g')
      const partition = { topic, partition: 0 }
      const committed = async () =>
        (await bench.admin.listConsumerGroupOffsets(groupId)).get(`${topic}-0`)?.offset.offset
      await bench.sent(['a', 'b', 'c'].map((value) => ({ topic, value })))
      const first = await member(groupId, { 'max.poll.records': '2' })
      await first.assign([partition])
      expect(valuesOf(await polled(first, 2))).toEqual(['a', 'b'])
      await first.close()
      expect(await committed()).toBe(2)
      const second = await member(groupId, { 'enable.auto.commit': 'false' })
      await second.assign([partition])
      expect(valuesOf(await polled(second, 1))).toEqual(['c'])
      await second.commit(new Map([[partition, { offset: 1, leaderEpoch: -1, metadata: 'mine' }]]))
      expect((await second.committed([partition])).get(partition)).toMatchObject({
        offset: 1,
        metadata: 'mine',
      })
      await refuses(
        second.commit(
          new Map([
            [
              { topic, partition: 7 },
              { offset: 1, leaderEpoch: -1, metadata: '' },
            ],
          ]),
        ),
        'UNKNOWN_TOPIC_OR_PARTITION',
      )
      await second.close()
      expect(await committed()).toBe(1)
    })

    test('who assigns by hand cannot commit while the group has members', async () => {
      const topic = await bench.topic()
      const groupId = bench.fresh('g')
      await bench.sent([{ topic, value: 'a' }])
      const joined = await member(groupId)
      await joined.subscribe([topic])
      await settled([joined], 1)
      const alone = await member(groupId, { 'enable.auto.commit': 'false' })
      await alone.assign([{ topic, partition: 0 }])
      await polled(alone, 1)
      await expect(alone.commit()).rejects.toMatchObject({ code: 'UNKNOWN_MEMBER_ID' })
      await alone.close()
      await joined.close()
    })

    test('a consumer that assigns by hand commits to its group as well', async () => {
      const topic = await bench.topic()
      const groupId = bench.fresh('g')
      await bench.sent([{ topic, value: 'a' }])
      const consumer = await member(groupId, { 'enable.auto.commit': 'false' })
      await consumer.assign([{ topic, partition: 0 }])
      expect(valuesOf(await polled(consumer, 1))).toEqual(['a'])
      await consumer.commit()
      await consumer.close()
      expect((await bench.admin.listConsumerGroupOffsets(groupId)).get(`${topic}-0`)?.offset.offset).toBe(1)
    })

    test('onAssigned and onRevoked tell what the group gives and takes', async () => {
      const topic = await bench.topic()
      const told: string[] = []
      const consumer = await bench.kafka.consumer({
        groupId: bench.fresh('g'),
        onAssigned: (partitions) => told.push(`+${partitions.length}`),
        onRevoked: (partitions) => told.push(`-${partitions.length}`),
      })
      await consumer.subscribe([topic])
      await settled([consumer], 1)
      await consumer.close()
      expect(told.join(' ')).toMatch(/^\+1( -1)?$/)
    })

    test('without a group nothing is committed', async () => {
      const topic = await bench.topic()
      await bench.consuming({}, async (consumer) => {
        await consumer.assign([{ topic, partition: 0 }])
        await expect(consumer.commit()).rejects.toThrow(/group/i)
      })
    })
  })
}
