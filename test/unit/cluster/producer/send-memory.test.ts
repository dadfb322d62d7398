import { describe, expect, test } from 'vitest'
import { SendMemory } from '../../../../src/cluster/producer/send-memory.ts'

const bytes = Buffer.from('0123456789'.repeat(500))

describe('the memory of batches that are not acknowledged', () => {
  test('copies, is bounded, and takes one that is too large for all of it alone', () => {
    const memory = new SendMemory(3000)
    expect(memory.hasRoom(5000)).toBe(true)
    const copy = memory.copy(bytes, 10, 2510)
    expect(copy.equals(bytes.subarray(10, 2510))).toBe(true)
    expect([memory.hasRoom(500), memory.hasRoom(501)]).toEqual([true, false])
  })

  test('uses pieces that were given back again', () => {
    const memory = new SendMemory(10_000)
    const first = memory.copy(bytes, 0, 1500)
    memory.giveBack(first, 1500)
    const second = memory.copy(bytes, 0, 1200)
    expect(second.buffer).toBe(first.buffer)
    expect(second.length).toBe(1200)
  })

  test('wakes those for whom there is room now, and whoever is not to wait any longer', async () => {
    const memory = new SendMemory(2000)
    const held = memory.copy(bytes, 0, 1800)
    const woken: string[] = []
    const over = new AbortController()
    const waiting = [
      memory.room(100, over.signal).then(() => woken.push('small')),
      memory.room(1000, over.signal).then(() => woken.push('large')),
    ]
    await waiting[0]
    expect(woken).toEqual(['small'])
    memory.giveBack(held, 1800)
    await Promise.all(waiting)
    memory.copy(bytes, 0, 2000)
    const third = memory.room(5, over.signal)
    over.abort()
    await third
    expect(woken).toEqual(['small', 'large'])
  })
})
