import { describe, expect, it } from 'vitest'
import { benchSeed, isFull, printSeed } from '../faults/bench.ts'
import {
  expectAllOrNothing,
  type Fates,
  transactionDisk,
  transactions,
} from '../faults/transaction-scenarios.ts'
import { type MemoryDisk, SURVIVALS, seeded } from '../support/crash-memory-file-system.ts'

class PowerCut extends Error {}

/** Runs the work until the disk's `at`th change; returns what was promised by then and whether it came to its end. */
async function runUntil(disk: MemoryDisk, at: number): Promise<{ fates: Fates; ended: boolean }> {
  const fates: Fates = new Map()
  let seen: Fates | undefined
  disk.fault = () => {
    if (disk.changes > at) {
      seen ??= new Map(fates)
      throw new PowerCut('no power')
    }
    return undefined
  }
  try {
    await transactions(disk.os(), fates)
  } catch (error) {
    if (seen === undefined) throw error
  }
  return { fates: seen ?? fates, ended: seen === undefined }
}

describe('a transactional producer killed after any change of the disk', () => {
  it('leaves each transaction whole or not at all, offsets among it, and nothing that hangs (15)', async () => {
    const random = seeded(benchSeed)
    const broken: string[] = []
    const stride = isFull ? 1 : 7
    for (let at = isFull ? 0 : random(stride); ; at += stride) {
      const disk = transactionDisk()
      const { fates, ended } = await runUntil(disk, at)
      disk.closeAll()
      disk.fault = undefined
      await expectAllOrNothing(disk.os(), fates, 4).catch((error) =>
        broken.push(`change ${at}: ${error.message}`),
      )
      if (ended) break
    }
    expect(broken).toEqual([])
  })
})

describe('a power cut in the middle of transactions', () => {
  it('leaves each of them whole or not at all, whatever was left of what was not synced (15)', async () => {
    printSeed('power cuts in transactions')
    const random = seeded(benchSeed + 1)
    const broken: string[] = []
    const stride = isFull ? 1 : 29
    for (let at = isFull ? 0 : random(stride); ; at += stride) {
      const disk = transactionDisk()
      const { fates, ended } = await runUntil(disk, at)
      for (const how of SURVIVALS) {
        await expectAllOrNothing(disk.survive(how, random).os(), new Map(fates), 4).catch((error) =>
          broken.push(`change ${at}, ${how}: ${error.message}`),
        )
      }
      if (ended) break
    }
    expect(broken).toEqual([])
  })
})
