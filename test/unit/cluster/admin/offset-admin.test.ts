import { describe, expect, test } from 'vitest'
import {
  DELETE_RECORDS_REQUEST,
  DELETE_RECORDS_RESPONSE,
  LIST_OFFSETS_REQUEST,
  LIST_OFFSETS_RESPONSE,
} from '../../../../src/message/generated/requests.ts'
import type { FakeBroker } from '../../../support/fake-broker.ts'
import { fakeCluster } from '../../../support/fake-cluster.ts'

const partitions = (topic: string, count: number) =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition }))

/** Answers with 100 for each, but what `codes` has for a partition: once. */
function tellsOffsets(broker: FakeBroker, codes: Map<number, number> = new Map()): void {
  broker.on(LIST_OFFSETS_REQUEST, LIST_OFFSETS_RESPONSE, ({ topics }) => ({
    topics: topics.map(({ name, partitions: asked }) => ({
      name,
      partitions: asked.map(({ partitionIndex }) => {
        const errorCode = codes.get(partitionIndex) ?? 0
        codes.delete(partitionIndex)
        return { partitionIndex, errorCode, timestamp: -1, offset: 100, leaderEpoch: 4 }
      }),
    })),
  }))
}

describe('offsets of many partitions of a cluster (issue 14)', () => {
  test('cost one request to each leader', async () => {
    const { brokers, admin } = fakeCluster(3, () => ({ a: [1, 2, 1, 2, 1, 2] }))
    for (const broker of brokers) tellsOffsets(broker)
    const listed = await admin.listOffsets(partitions('a', 6), 'latest')
    expect(listed).toEqual(Array(6).fill({ offset: 100, timestamp: -1, leaderEpoch: 4 }))
    expect(brokers.map((broker) => broker.count(LIST_OFFSETS_REQUEST))).toEqual([1, 1, 0])
    await admin.close()
  })

  test('are asked again for the partition alone whose leader has moved', async () => {
    const leaders = { a: [1, 1] }
    const { brokers, admin, clock } = fakeCluster(2, () => leaders)
    tellsOffsets(brokers[0], new Map([[1, 6]]))
    tellsOffsets(brokers[1])
    brokers[0].on(LIST_OFFSETS_REQUEST, LIST_OFFSETS_RESPONSE, ({ topics }) => {
      leaders.a = [1, 2]
      return {
        topics: topics.map(({ name, partitions: asked }) => ({
          name,
          partitions: asked.map(({ partitionIndex }) => ({
            partitionIndex,
            errorCode: partitionIndex === 1 ? 6 : 0,
            timestamp: -1,
            offset: 7,
            leaderEpoch: 1,
          })),
        })),
      }
    })
    const listed = await admin.listOffsets(partitions('a', 2), 'latest')
    expect(listed).toMatchObject([{ offset: 7 }, { offset: 100 }])
    const [again] = brokers[1].seen.filter(({ name }) => name === 'ListOffsetsRequest')
    expect(again.body.topics).toMatchObject([{ partitions: [{ partitionIndex: 1 }] }])
    expect(clock.slept).toBeGreaterThan(0)
    await admin.close()
  })

  test('are told beside the errors of others; a partition without a leader ends when the time does', async () => {
    const { brokers, admin, clock } = fakeCluster(1, () => ({ a: [1, -1] }))
    tellsOffsets(brokers[0])
    const asked = [...partitions('a', 3), { topic: 'none', partition: 0 }]
    const listed = await admin.listOffsets(asked, 'latest')
    expect(listed).toMatchObject([
      { offset: 100 },
      { code: 'LEADER_NOT_AVAILABLE' },
      { code: 'UNKNOWN_TOPIC_OR_PARTITION' },
      { code: 'UNKNOWN_TOPIC_OR_PARTITION' },
    ])
    // What cannot pass was not waited for: the one request was for what has a leader.
    expect(brokers[0].count(LIST_OFFSETS_REQUEST)).toBe(1)
    expect(clock.elapsed).toBeGreaterThan(3000)
    await admin.close()
  })

  test('of a kind that the broker is too old for are refused, not asked for', async () => {
    const { brokers, admin } = fakeCluster(1, () => ({ a: [1] }))
    tellsOffsets(brokers[0])
    brokers[0].versions.set(LIST_OFFSETS_REQUEST.apiKey, 6)
    const [refused] = await admin.listOffsets(partitions('a', 1), 'max-timestamp')
    expect(refused).toMatchObject({ code: 'UNSUPPORTED_VERSION' })
    expect(await admin.listOffset({ topic: 'a', partition: 0 }, 'earliest')).toMatchObject({ offset: 100 })
    await admin.close()
  })

  test('records are deleted in one request to each leader, and each partition has its answer', async () => {
    const { brokers, admin } = fakeCluster(2, () => ({ a: [1, 2, 1] }))
    for (const broker of brokers) {
      broker.on(DELETE_RECORDS_REQUEST, DELETE_RECORDS_RESPONSE, ({ topics }) => ({
        throttleTimeMs: 0,
        topics: topics.map(({ name, partitions: asked }) => ({
          name,
          partitions: asked.map(({ partitionIndex, offset }) => ({
            partitionIndex,
            lowWatermark: offset > 9 ? -1 : offset,
            errorCode: offset > 9 ? 1 : 0,
          })),
        })),
      }))
    }
    const plan = partitions('a', 3).map((one) => ({ ...one, beforeOffset: one.partition * 9 }))
    expect(await admin.deleteRecordsOf(plan)).toMatchObject([0, 9, { code: 'OFFSET_OUT_OF_RANGE' }])
    expect(brokers.map((broker) => broker.count(DELETE_RECORDS_REQUEST))).toEqual([1, 1])
    await expect(admin.deleteRecords({ topic: 'a', partition: 0 }, 10)).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
    })
    await admin.close()
  })

  test('have timestamps that no number holds, and are found by them', async () => {
    const { brokers, admin } = fakeCluster(1, () => ({ a: [1] }))
    const nanoseconds = 1_700_000_000_000_000_001n
    const asked: unknown[] = []
    brokers[0].on(LIST_OFFSETS_REQUEST, LIST_OFFSETS_RESPONSE, ({ topics }) => {
      asked.push(topics[0].partitions[0].timestamp)
      const partition = { partitionIndex: 0, errorCode: 0, timestamp: nanoseconds, offset: 3, leaderEpoch: 4 }
      return { topics: [{ name: 'a', partitions: [partition] }] }
    })
    const [listed] = await admin.listOffsets(partitions('a', 1), 'max-timestamp')
    expect(listed).toEqual({
      offset: 3,
      timestamp: Number(nanoseconds),
      exactTimestamp: nanoseconds,
      leaderEpoch: 4,
    })
    await admin.listOffsets(partitions('a', 1), nanoseconds)
    expect(asked).toEqual([-3, nanoseconds])
    await admin.close()
  })
})
