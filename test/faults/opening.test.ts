/**
 * The rule of opening (issue 11, item 2): until a log was read to its end without an error, nothing is cut, closed, indexed or
 * marked. Every call of an operation fails in every way; then the good records are where they were, byte for byte.
 */
import { describe, expect, it } from 'vitest'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../src/local/producer/local-producer.ts'
import type { FileSystem } from '../../src/os/file-system.ts'
import type { Os } from '../../src/os/os.ts'
import { type MemoryDisk, seeded } from '../support/crash-memory-file-system.ts'
import { isFull } from './bench.ts'
import {
  alter,
  commit,
  createTopic,
  DATA,
  emptyBook,
  newDisk,
  produce,
  type Step,
  values,
} from './disk-scenarios.ts'

const CODES = ['EIO', 'EACCES', 'ENOENT', 'EISDIR', 'EMFILE'] as const
type FaultKind = (typeof CODES)[number] | 'short read' | 'garbage'
const KINDS: readonly FaultKind[] = [...CODES, 'short read', 'garbage']

const CALLS = ['open', 'read', 'fstat', 'stat', 'readdir', 'readFile', 'write', 'ftruncate', 'fsync'] as const
const MORE_CALLS = ['fdatasync', 'fsyncDir', 'rename', 'unlink'] as const

/** What stands in such a file is told where it is wrong: it is no side file. */
const isLog = (path: string) => path.endsWith('.log')

/** Calls from the `from`th on fail, `times` of them. */
function failing(os: Os, kind: FaultKind, from: number, times: number, random: (below: number) => number) {
  const paths = new Map<number, string>()
  let calls = 0
  let happened = 0
  const due = (path: string): boolean => {
    if (kind === 'garbage' && isLog(path)) return false
    const at = calls++
    if (at < from || at >= from + times) return false
    happened++
    return true
  }
  const error = (call: string, path: string) =>
    Object.assign(new Error(`${kind}: failed, ${call} '${path}'`), { code: kind, syscall: call, path })
  const spoil = (bytes: Uint8Array) => {
    for (let i = 0; i < bytes.length; i++) bytes[i] = random(256)
  }
  const fs = { ...os.fs } as Record<string, (...args: never[]) => unknown> & FileSystem
  for (const call of [...CALLS, ...MORE_CALLS]) {
    const genuine = os.fs[call] as (...args: unknown[]) => unknown
    const wrapped = (...args: unknown[]): unknown => {
      const path = typeof args[0] === 'string' ? args[0] : (paths.get(args[0] as number) ?? '')
      const reads = call === 'read' || call === 'readFile'
      if (kind === 'short read' || kind === 'garbage') {
        const result = genuine(...args)
        if (call === 'open') paths.set(result as number, path)
        if (!reads || !due(path)) return result
        if (kind === 'short read') return call === 'read' ? 0 : (result as Buffer).subarray(0, 3)
        if (call === 'readFile') spoil(result as Buffer)
        else spoil((args[1] as Buffer).subarray(args[2] as number, (args[2] as number) + (result as number)))
        return result
      }
      // Looking whether a name is there gives no such error on a disk; one that says it is not there lies.
      if (kind === 'ENOENT' && call !== 'open') return remember(genuine(...args))
      if (due(path)) throw error(call, path)
      return remember(genuine(...args))
      function remember(result: unknown): unknown {
        if (call === 'open') paths.set(result as number, path)
        return result
      }
    }
    Object.assign(fs, { [call]: wrapped })
  }
  return { os: { ...os, fs }, calls: () => calls, happened: () => happened }
}

const LINES = Array.from({ length: 60 }, (_, i) => `line ${i} ${'x'.repeat(300)}`)

interface Operation {
  readonly name: string
  readonly run: Step
}

const admin =
  (work: (admin: LocalAdmin) => Promise<unknown>): Step =>
  async (os) => {
    const local = new LocalAdmin(os, LocalDirectory.open(os, DATA))
    try {
      await work(local)
    } finally {
      await local.close()
    }
  }

const OPERATIONS: readonly Operation[] = [
  { name: 'append', run: produce('t', 'new 1', 'new 2') },
  { name: 'read', run: async (os) => void values(LocalDirectory.open(os, DATA), 't') },
  { name: 'commit', run: commit('g', 't', 7) },
  { name: 'check', run: admin(async (local) => local.check({ found: () => {} })) },
  {
    name: 'repair',
    run: admin(async (local) => local.repair({ dryRun: false, done: () => {}, left: () => {} })),
  },
  {
    name: 'clean',
    run: admin(async (local) => {
      for await (const _ of local.clean());
    }),
  },
]

/** Records in two segments, a commit; left as a clean stop leaves it, or as a killed process does. */
async function filledDisk(clean: boolean): Promise<MemoryDisk> {
  const disk = newDisk()
  const os = disk.os()
  const book = emptyBook()
  await createTopic('t')(os, book)
  // Its records are of 1970.
  await createTopic('t')(os, book)
  await alter('t', '-1')(os, book)
  await produce('t', ...LINES)(os, book)
  await commit('g', 't', 5)(os, book)
  if (!clean) {
    const producer = new LocalProducer(os, LocalDirectory.open(os, DATA), {})
    await producer.send({ topic: 't', value: 'unclosed', timestamp: 1 })
  }
  disk.closeAll()
  return disk
}

/** Bytes of every .log, by path: what is there may grow, and nothing of it may change or go. */
function logs(fs: FileSystem): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  for (const folder of fs.readdir(DATA)) {
    if (fs.stat(`${DATA}/${folder}`)?.isDirectory() !== true) continue
    for (const name of fs.readdir(`${DATA}/${folder}`)) {
      if (isLog(name)) found.set(`${folder}/${name}`, fs.readFile(`${DATA}/${folder}/${name}`))
    }
  }
  return found
}

async function attack(base: MemoryDisk, operation: Operation, kind: FaultKind, n: number, times: number) {
  const disk = base.copy()
  const before = logs(disk.fs())
  const random = seeded(n + 1)
  const { os, happened } = failing(disk.os(), kind, n, times, random)
  let failure: unknown
  try {
    await operation.run(os, emptyBook())
  } catch (error) {
    failure = error
  }
  disk.closeAll()
  if (failure instanceof TypeError || failure instanceof RangeError) throw failure
  const after = logs(disk.fs())
  for (const [path, bytes] of before) {
    const now = after.get(path) ?? Buffer.alloc(0)
    if (!now.subarray(0, bytes.length).equals(bytes)) {
      throw new Error(`${path}: ${bytes.length} bytes were there, ${now.length} are (${String(failure)})`)
    }
  }
  const again = emptyBook()
  await produce('t', 'afterwards')(disk.os(), again)
  const stored = values(LocalDirectory.open(disk.os(), DATA), 't')
  for (const [i, line] of LINES.entries()) if (stored[i] !== line) throw new Error(`record ${i} is not there`)
  if (stored.at(-1) !== 'afterwards') throw new Error('the next run does not work')
  return happened() > 0
}

describe('every call fails while a log is opened, appended to, committed to, read, checked, repaired or cleaned', () => {
  for (const operation of OPERATIONS) {
    it(`${operation.name}: good records stay where they are, byte for byte, and the next run works (A1)`, async () => {
      const broken: string[] = []
      let attacks = 0
      const random = seeded(OPERATIONS.indexOf(operation) + 11)
      for (const clean of [true, false]) {
        const base = await filledDisk(clean)
        for (const kind of KINDS) {
          for (const times of [1, Number.POSITIVE_INFINITY]) {
            for (let n = isFull ? 0 : random(30); ; n += isFull ? 1 : 20 + random(150)) {
              const where = `${operation.name}, call ${n}, ${kind} ${times === 1 ? 'once' : 'for good'}, ${clean ? 'clean' : 'killed'}`
              let happened = true
              try {
                happened = await attack(base, operation, kind, n, times)
                attacks++
              } catch (error) {
                broken.push(`${where}: ${(error as Error).stack?.split('\n').slice(0, 6).join('\n')}`)
              }
              if (!happened || n > (isFull ? 2000 : 120)) break
            }
          }
        }
      }
      expect(broken.slice(0, 10)).toEqual([])
      expect(attacks).toBeGreaterThan(10)
    }, 600_000)
  }
})
