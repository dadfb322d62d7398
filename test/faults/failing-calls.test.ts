import { describe, expect, it } from 'vitest'
import type { MemoryDisk } from '../support/crash-memory-file-system.ts'
import { isFull, sized } from './bench.ts'
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
} from './disk-scenarios.ts'

interface Scenario {
  readonly name: string
  readonly before: readonly Step[]
  readonly step: Step
  /** How to do it again, where that is another step. */
  readonly again?: Step
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'create topic', before: [], step: createTopic('t', 2) },
  {
    name: 'produce',
    before: [createTopic('t')],
    step: produce('t', 'a', 'b'.repeat(5000)),
    again: produce('t', 'z'),
  },
  { name: 'commit', before: [createTopic('t'), produce('t', 'a', 'b')], step: commit('g', 't', 2) },
  { name: 'alter', before: [createTopic('t'), produce('t', 'a')], step: alter('t', '1000') },
  {
    name: 'delete',
    before: [createTopic('t'), produce('t', 'a'), commit('g', 't', 1)],
    step: deleteTopic('t'),
  },
]

const FAULTS = ['ENOSPC', 'EIO', 'short write'] as const
type FaultKind = (typeof FAULTS)[number]

function failAt(disk: MemoryDisk, n: number, kind: FaultKind, forGood: boolean): () => boolean {
  let calls = 0
  let happened = false
  disk.fault = (call, path, length) => {
    // A full disk has room for what needs none, and a disk that cannot write may still forget.
    if (kind === 'ENOSPC' && /^(unlink|rmdir|rename|ftruncate|truncate|fsync|fdatasync|fsyncDir)$/.test(call))
      return
    if (kind === 'short write' && call !== 'write') return
    const at = calls++
    if (forGood ? at < n : at !== n) return
    happened = true
    if (kind === 'short write') return Math.max(1, Math.floor(length / 2))
    throw Object.assign(new Error(`${kind}: failed, ${call} '${path}'`), { code: kind, syscall: call, path })
  }
  return () => happened
}

async function failEverywhere(kind: FaultKind, forGood: boolean, scenario: Scenario, stride: number) {
  const broken: string[] = []
  let failures = 0
  for (let n = 0; ; n += stride) {
    const disk = newDisk()
    const os = disk.os()
    const book: Book = emptyBook()
    for (const step of scenario.before) await step(os, book)
    const happened = failAt(disk, n, kind, forGood)
    let failure: unknown
    try {
      await scenario.step(os, book)
    } catch (error) {
      failure = error
    }
    const did = happened()
    disk.closeAll()
    const where = `${scenario.name}, call ${n}, ${kind} ${forGood ? 'for good' : 'once'}`
    try {
      if (failure !== undefined) {
        failures++
        if (!(failure instanceof Error) || /\n/.test(failure.message) || failure.message === '') {
          throw new Error(`not one line: ${String(failure)}`)
        }
        const { code } = failure as NodeJS.ErrnoException
        const known = failure.name === 'TerseError' || failure.name === 'KafkaError' || code !== undefined
        if (!known && !/Partial/.test(failure.constructor.name)) throw failure
      }
      await expectPromisesKept(disk.os(), book, true)
      await (scenario.again ?? scenario.step)(disk.os(), book)
      await expectPromisesKept(disk.os(), book, true)
    } catch (error) {
      broken.push(`${where}: ${(error as Error).message}`)
    }
    if (!did) return { broken, failures }
  }
}

describe('every call that changes the disk fails', () => {
  for (const scenario of SCENARIOS) {
    it(`${scenario.name}: is told in one line, leaves a valid directory, and works the next time`, async () => {
      const broken: string[] = []
      let failures = 0
      for (const kind of FAULTS) {
        for (const forGood of [false, true]) {
          const found = await failEverywhere(kind, forGood, scenario, sized(11, 1))
          broken.push(...found.broken)
          failures += found.failures
        }
      }
      expect(broken).toEqual([])
      expect(failures).toBeGreaterThan(isFull ? 4 : 1)
    })
  }
})
