import { describe, expect, test } from 'vitest'
import { placeReplicas } from '../../../../src/commands/reassign-partitions/placement.ts'

const broker = (id: number, rack?: string) => ({ id, host: 'h', port: 9092 + id, rack })
const topic = (partitions: number, factor: number) =>
  Array.from({ length: partitions }, (_, partition) => ({
    topic: 'a',
    partition,
    replicas: Array.from({ length: factor }, (_, i) => i),
    logDirs: undefined,
  }))
const count = (ids: readonly number[], id: number) => ids.filter((one) => one === id).length

describe('where --generate puts replicas (issue 14)', () => {
  test('leaders and replicas are spread evenly, and no broker has a partition twice', () => {
    const placed = placeReplicas(topic(12, 2), [broker(1), broker(2), broker(3), broker(4)], false)
    for (const { replicas } of placed) expect(new Set(replicas).size).toBe(2)
    const leaders = placed.map(({ replicas }) => replicas[0])
    const all = placed.flatMap(({ replicas }) => replicas)
    for (const id of [1, 2, 3, 4]) {
      expect(count(leaders, id)).toBe(3)
      expect(count(all, id)).toBe(6)
    }
  })

  test('the replicas of a partition are in different racks, unless racks are not to count', () => {
    const racked = [broker(1, 'x'), broker(2, 'x'), broker(3, 'y'), broker(4, 'y')]
    for (const { replicas } of placeReplicas(topic(8, 2), racked, false)) {
      expect(new Set(replicas.map((id) => (id < 3 ? 'x' : 'y'))).size).toBe(2)
    }
    expect(placeReplicas(topic(8, 4), racked, false)).toHaveLength(8)
  })

  test('some brokers with a rack and some without, or too few brokers, are refused in the words of Kafka', () => {
    expect(() => placeReplicas(topic(1, 1), [broker(1, 'x'), broker(2)], false)).toThrow(
      'Not all brokers have rack information.',
    )
    expect(placeReplicas(topic(1, 1), [broker(1, 'x'), broker(2)], true)).toHaveLength(1)
    expect(() => placeReplicas(topic(1, 3), [broker(1), broker(2)], false)).toThrow(
      'The target replication factor of 3 cannot be reached because only 2 broker(s) are registered.',
    )
  })
})
