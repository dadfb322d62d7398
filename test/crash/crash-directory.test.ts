import { describe, expect, it } from 'vitest'
import { benchSeed, isFull, printSeed } from '../faults/bench.ts'
import {
  alter,
  type Book,
  commit,
  createTopic,
  deleteTopic,
  emptyBook,
  expectPromisesKept,
  newDisk,
  produce,
  type Step,
} from '../faults/disk-scenarios.ts'
import { type MemoryDisk, SURVIVALS, seeded } from '../support/crash-memory-file-system.ts'

/** Everything that writes, one after the other. */
const WORK: readonly Step[] = [
  createTopic('t'),
  produce('t', 'a', 'b', 'c'.repeat(3000)),
  commit('g', 't', 2),
  alter('t', '1000'),
  produce('t', 'd'.repeat(5000), 'e'),
  createTopic('u', 2),
  commit('g', 't', 5),
  deleteTopic('u'),
  produce('t', 'f'),
]

class PowerCut extends Error {}

const copy = (book: Book): Book => ({
  ...book,
  topics: new Set(book.topics),
  produced: [...book.produced],
  attempted: [...book.attempted],
  deleted: new Set(book.deleted),
})

/** Runs the work until the disk's `at`th change; returns what was promised by then and whether it came to its end. */
async function runUntil(disk: MemoryDisk, at: number): Promise<{ book: Book; ended: boolean }> {
  const book = emptyBook()
  const os = disk.os()
  let seen: Book | undefined
  disk.fault = () => {
    if (disk.changes > at) {
      seen ??= copy(book)
      throw new PowerCut('no power')
    }
    return undefined
  }
  try {
    for (const step of WORK) await step(os, book)
  } catch (error) {
    if (seen === undefined) throw error
  }
  return { book: seen ?? book, ended: seen === undefined }
}

describe('a power cut after any change of the disk', () => {
  it('keeps every promise, whatever was left of the unsynced bytes and names', async () => {
    printSeed('power cuts')
    const random = seeded(benchSeed)
    const broken: string[] = []
    let states = 0
    // The short form looks at some of the moments, others with each seed.
    const stride = isFull ? 1 : 23
    for (let at = isFull ? 0 : random(stride); ; at += stride) {
      const disk = newDisk()
      const { book, ended } = await runUntil(disk, at)
      for (const how of SURVIVALS) {
        for (let again = 0; again < (isFull && how !== 'keep' && how !== 'drop' ? 3 : 1); again++) {
          states++
          try {
            await expectPromisesKept(disk.survive(how, random).os(), book, false)
          } catch (error) {
            broken.push(`change ${at}, ${how}: ${(error as Error).message}`)
          }
        }
      }
      if (ended) break
    }
    expect(broken).toEqual([])
    expect(states).toBeGreaterThan(isFull ? 2000 : 50)
  })
})

describe('a process killed after any change of the disk', () => {
  it('keeps every promise, commits among them', async () => {
    const random = seeded(benchSeed + 1)
    const broken: string[] = []
    const stride = isFull ? 1 : 17
    for (let at = isFull ? 0 : random(stride); ; at += stride) {
      const disk = newDisk()
      const { book, ended } = await runUntil(disk, at)
      disk.closeAll()
      try {
        await expectPromisesKept(disk.os(), book, true)
      } catch (error) {
        broken.push(`change ${at}: ${(error as Error).message}`)
      }
      if (ended) break
    }
    expect(broken).toEqual([])
  })
})
