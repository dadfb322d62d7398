import { describe, expect, test } from 'vitest'
import type { Admin } from '../../../../src/client/admin/admin.ts'
import type { ReplicaBatch, ReplicaRead } from '../../../../src/client/admin/replica-admin.ts'
import { ReplicaVerifier } from '../../../../src/commands/replica-verification/replicas.ts'

const PARTITION = {
  partition: 0,
  leader: 1,
  replicas: [1, 2],
  isr: [1, 2],
  eligibleLeaderReplicas: [],
  lastKnownElr: [],
}
const TOPICS = [{ name: 'a', topicId: 'id', internal: false, partitions: [PARTITION] }]
const OPTIONS = { partitionMaxBytes: 1000, maxWaitMs: 0 }

/** Of each broker: its high watermark and batches as [last offset, checksum]. */
function verifier(held: Record<number, { hw: number; batches: [number, number][]; error?: Error }>) {
  const admin = {
    readReplicas: async (broker: number): Promise<ReplicaRead[]> => {
      const { hw, batches, error } = held[broker]
      const read = batches.map(([lastOffset, checksum]): ReplicaBatch => ({ lastOffset, checksum }))
      return [{ topic: 'a', partition: 0, highWatermark: hw, batches: read, error }]
    },
  } as unknown as Admin
  return new ReplicaVerifier(admin, TOPICS, new Map([['a-0', 5]]), OPTIONS)
}

describe('replicas side by side (issue 14)', () => {
  test('move on as far as all have the same; what one lacks, or does not know to be committed, is the lag', async () => {
    const batches: [number, number][] = [
      [6, 11],
      [9, 12],
    ]
    const both = verifier({ 1: { hw: 10, batches }, 2: { hw: 8, batches } })
    expect(await both.round()).toEqual([])
    expect(both.maxLag()).toEqual({ topic: 'a', partition: 0, offset: 7, lag: 3 })
  })

  test('that differ in an offset or a checksum are told, and the position stays', async () => {
    const other = verifier({ 1: { hw: 9, batches: [[6, 11]] }, 2: { hw: 9, batches: [[6, 99]] } })
    expect(await other.round()).toEqual([
      "partition a-0 has unmatched checksum at offset 6; replica 1's checksum 11; replica 2's checksum 99",
    ])
    expect(other.maxLag()?.offset).toBe(5)
    const shifted = verifier({ 1: { hw: 9, batches: [[6, 11]] }, 2: { hw: 9, batches: [[7, 11]] } })
    expect(await shifted.round()).toEqual([
      "partition a-0: replica 1's offset 6 doesn't match replica 2's offset 7",
    ])
  })

  test('that cannot be read are told, never taken for equal', async () => {
    const broken = verifier({
      1: { hw: 9, batches: [[6, 11]] },
      2: { hw: -1, batches: [], error: new Error('no such offset') },
    })
    expect(await broken.round()).toEqual(['partition a-0: replica 2: no such offset'])
  })
})
