import { describe, expect, it } from 'vitest'
import {
  completed,
  decided,
  fenced,
  initialized,
  joined,
  statusOf,
} from '../../../../src/local/transaction/transaction-state.ts'

const init = { freshProducerId: 7, timeoutMs: 60_000, now: 1, transactionVersion: 2 }
const partition = { topic: 'b', partition: 1 }

describe('a transactional id’s state', () => {
  it('has an epoch a transaction from transaction.version 2 on, and one an init before', () => {
    for (const [transactionVersion, epochs, version] of [
      [2, [0, 1, 2], 1],
      [1, [0, 0, 1], 1],
      [0, [0, 0, 1], 0],
    ] as const) {
      const empty = initialized(undefined, { ...init, transactionVersion })
      const ongoing = joined(empty, [partition], transactionVersion, 2)
      const prepared = decided(ongoing, { end: 'COMMIT', now: 3, fencing: false })
      const done = completed(prepared, 4)
      const again = initialized(done, { ...init, transactionVersion })
      expect([ongoing, done, again].map(({ producerEpoch }) => producerEpoch)).toEqual(epochs)
      expect(ongoing.version).toBe(version)
      expect([ongoing, prepared, done, again].map(statusOf)).toEqual([
        'Ongoing',
        'PrepareCommit',
        'CompleteCommit',
        'Empty',
      ])
    }
  })

  it('lists its partitions once, sorted by topic, and begins with the first', () => {
    const one = joined(initialized(undefined, init), [partition], 2, 10)
    const more = joined(one, [{ topic: 'a', partition: 2 }, { topic: 'b', partition: 0 }, partition], 2, 20)
    expect(more.transactionPartitions).toEqual([
      { topic: 'a', partitionIds: [2] },
      { topic: 'b', partitionIds: [0, 1] },
    ])
    expect(more.transactionStartTimestampMs).toBe(10)
    expect(joined(more, [partition], 2, 30)).toBe(more)
  })

  it('goes on with a new producer id where the epochs are used up, whoever ends its transaction', () => {
    const old = { ...initialized(undefined, init), producerEpoch: 32766 }
    const ongoing = joined(old, [partition], 2, 2)
    const rotated = completed(
      decided(ongoing, { end: 'COMMIT', now: 3, fencing: false, freshProducerId: 8 }),
      4,
    )
    expect(rotated).toMatchObject({
      producerId: 8,
      previousProducerId: 7,
      producerEpoch: 0,
      nextProducerId: -1,
    })
    const ended = completed(decided(ongoing, { end: 'ABORT', now: 3, fencing: true }), 4)
    expect(ended).toMatchObject({ producerId: 7, producerEpoch: 32767 })
    expect(initialized(ended, { ...init, freshProducerId: 9 })).toMatchObject({
      producerId: 9,
      producerEpoch: 0,
    })
    expect(fenced({ ...old, producerEpoch: 5 }, 30_000, 1)).toMatchObject({ producerEpoch: 6 })
  })
})
