/** Family: a call of the file system fails, any one, in any work; or reads less than was asked, or garbage. */
import fs from 'node:fs'
import path from 'node:path'
import { shortRead } from '../../src/os/file-system.ts'
import type { Os } from '../../src/os/os.ts'
import { type Arena, outsideOf, type Verdict, worksAgain } from './arena.ts'
import type { Chance } from './chance.ts'
import { bytesKept, NO_HARM, newRecordsKept, orderKept, wordsKept } from './promises.ts'
import type { Template } from './templates.ts'
import { differences, writeTree } from './tree.ts'
import { consumeAsGroup, look, produce, quickOs, stream, Told, withAdmin } from './use.ts'

type Acknowledged = ReadonlyMap<string, { readonly offset: number; readonly text: string }>
type Work = (os: Os, dir: string, template: Template, told: Told) => Promise<Acknowledged | undefined>

async function administer(os: Os, dir: string, told: Told, work: Parameters<typeof withAdmin>[3]) {
  await told.by('administer', () => withAdmin(os, dir, told, work))
  return undefined
}

/** What is done while a call fails, and the topics that it changes rightly. */
const WORKS: Readonly<Record<string, { readonly work: Work; readonly changes?: RegExp }>> = {
  produce: {
    work: (os, dir, { partitions }, told) => produce(os, dir, partitions, told, 'beside the fault'),
  },
  stream: { work: (os, dir, { partitions }, told) => stream(os, dir, partitions, told) },
  consume: { work: async (os, dir, _, told) => void (await consumeAsGroup(os, dir, told)) },
  look: { work: async (os, dir, { partitions }, told) => void (await look(os, dir, partitions, told)) },
  create: {
    work: (os, dir, _, told) =>
      administer(os, dir, told, (admin) => admin.createTopic({ name: 'new', partitions: 2 })),
  },
  alter: {
    work: (os, dir, { partitions: [{ topic }] }, told) =>
      administer(os, dir, told, (admin) =>
        admin.incrementalAlterConfigs({ type: 'topic', name: topic }, [
          { name: 'flush.messages', operation: 'set', value: '7' },
        ]),
      ),
  },
  grow: {
    work: (os, dir, { partitions }, told) =>
      administer(os, dir, told, (admin) => admin.createPartitions(partitions[0].topic, 9)),
  },
  repair: {
    work: (os, dir, _, told) =>
      administer(os, dir, told, (admin) => admin.repair({ dryRun: false, done: () => {}, left: () => {} })),
  },
  'delete a topic': {
    work: (os, dir, _, told) => administer(os, dir, told, (admin) => admin.deleteTopic('z')),
    changes: /^z$/,
  },
  'delete records': {
    work: (os, dir, _, told) =>
      administer(os, dir, told, (admin) => admin.deleteRecords({ topic: 'm', partition: 0 }, 5)),
    changes: /^m$/,
  },
  clean: {
    work: (os, dir, _, told) =>
      administer(os, dir, told, async (admin) => {
        for await (const { status, message } of admin.clean({
          topics: (name) => /^[cm]$/.test(name),
          now: true,
        })) {
          if (status === 'failed') told.warnings.push(String(message))
        }
      }),
    changes: /^[cm]$/,
  },
}

const CODES = ['EIO', 'EACCES', 'ENOENT', 'EISDIR', 'EMFILE', 'ENOSPC'] as const
const KINDS = [...CODES, 'short read', 'garbage'] as const
type Kind = (typeof KINDS)[number]

interface Fault {
  readonly kind: Kind
  /** The number of the call that fails. */
  readonly at: number
  /** All that come behind it, too. */
  readonly forGood: boolean
  readonly noise: (bytes: Uint8Array, from: number, length: number) => void
}

interface FaultyMachine {
  readonly os: Os
  /** All there were, by name. */
  readonly calls: readonly string[]
  /** Which one failed. */
  readonly failed: () => string | undefined
  /** The process ends: the kernel closes what it left open, and with that its locks are free. */
  readonly endProcess: () => void
}

function faulty(fault: Fault): FaultyMachine {
  const open = new Set<number>()
  const calls: string[] = []
  let failed: string | undefined
  const port: Record<string, unknown> = { ...quickOs.fs }
  const isRead = fault.kind === 'short read' || fault.kind === 'garbage'
  for (const [name, real] of Object.entries(quickOs.fs) as [string, (...args: unknown[]) => unknown][]) {
    // A descriptor is gone whatever close says; what kind of disk it is decides nothing.
    if (name === 'close' || name === 'networkType' || name === 'watch') continue
    port[name] = (...args: unknown[]) => {
      if (isRead && name !== 'read' && name !== 'readFile') return real.apply(quickOs.fs, args)
      const at = calls.length
      calls.push(name)
      if (fault.forGood ? at < fault.at : at !== fault.at) return real.apply(quickOs.fs, args)
      const file = typeof args[0] === 'string' ? args[0] : undefined
      failed ??= `${name} ${file === undefined ? '' : path.basename(file)}`.trim()
      if (!isRead) {
        const message = `${fault.kind}: failed, ${name}${file === undefined ? '' : ` '${file}'`}`
        throw Object.assign(new Error(message), { code: fault.kind, syscall: name, path: file })
      }
      return misread(fault, real, args)
    }
  }
  const endProcess = () => {
    for (const fd of open) quickOs.fs.close(fd)
    open.clear()
  }
  const fileSystem = port as unknown as { -readonly [K in keyof Os['fs']]: Os['fs'][K] }
  const failing = fileSystem.open
  fileSystem.open = (...args) => {
    const fd = failing(...args)
    open.add(fd)
    return fd
  }
  fileSystem.close = (fd) => {
    if (open.delete(fd)) quickOs.fs.close(fd)
  }
  return { os: { ...quickOs, fs: fileSystem }, calls, failed: () => failed, endProcess }
}

function misread(fault: Fault, real: (...args: unknown[]) => unknown, args: unknown[]): unknown {
  const result = real.apply(quickOs.fs, args)
  if (Buffer.isBuffer(result)) {
    // `readFile` asks again, and gives the whole file or none of it.
    if (fault.kind === 'short read') throw shortRead()
    fault.noise(result, 0, result.length)
    return result
  }
  const length = result as number
  // Every third time no byte comes, though the file goes on.
  if (fault.kind === 'short read') return fault.at % 3 === 0 ? 0 : Math.min(length, Math.max(1, length >> 1))
  fault.noise(args[1] as Uint8Array, args[2] as number, length)
  return length
}

const counted = new Map<string, readonly string[]>()

/** The calls that a work makes. */
async function count(arena: Arena, name: string, isRead: boolean): Promise<readonly string[]> {
  const key = `${arena.template.name} ${name} ${isRead}`
  let calls = counted.get(key)
  if (calls === undefined) {
    const kind = isRead ? 'garbage' : 'EIO'
    const counter = faulty({ kind, at: Number.POSITIVE_INFINITY, forGood: false, noise: () => {} })
    await WORKS[name].work(counter.os, arena.dir, arena.template, new Told())
    counter.endProcess()
    calls = counter.calls
    counted.set(key, calls)
    fs.rmSync(arena.dir, { recursive: true })
    writeTree(arena.dir, arena.template.tree)
  }
  return calls
}

const CHANGING = /^(write|rename|unlink|rmdir|mkdir|link|ftruncate|open)$/

/** The number of one of them; every other time of one that changes the disk, of which there are few. */
function chosen(chance: Chance, calls: readonly string[]): number {
  const changing = [...calls.keys()].filter((i) => CHANGING.test(calls[i]))
  return changing.length > 0 && chance.oneIn(2) ? chance.of(changing) : chance.below(calls.length)
}

export async function failCalls(arena: Arena): Promise<Verdict> {
  const { chance, dir } = arena
  const names = Object.keys(WORKS).filter((name) => !arena.template.genuine || !/delete|clean/.test(name))
  const name = chance.oneIn(3) ? chance.of(['produce', 'stream']) : chance.of(names)
  const { work, changes } = WORKS[name]
  const kind = chance.of(KINDS)
  const calls = await count(arena, name, kind === 'short read' || kind === 'garbage')
  const noise = (bytes: Uint8Array, from: number, length: number) => {
    for (let i = 0; i < length; i += 1 + chance.below(20)) bytes[from + i] = chance.below(256)
  }
  const fault: Fault = {
    kind,
    at: chosen(chance, calls),
    forGood: kind !== 'ENOENT' && chance.oneIn(3),
    noise,
  }
  const machine = faulty(fault)
  const template = {
    ...arena.template,
    partitions: arena.template.partitions.filter(({ topic }) => !changes?.test(topic)),
  }
  const outside = outsideOf(arena)
  const broken: string[] = []
  const add = (when: string, found: readonly string[]) =>
    broken.push(...found.map((line) => `${when}: ${line}`))

  const told = new Told()
  arena.doing = `${arena.template.name}: ${name}, call ${fault.at} of ${calls.length} ${kind}`
  const acknowledged = (await work(machine.os, dir, arena.template, told)) ?? new Map()
  // A command is over then; a program with the library goes on, and tries again.
  const goesOn = chance.oneIn(2)
  const what = `${arena.template.name}: ${name}, call ${fault.at} of ${calls.length} ${kind}${fault.forGood ? ' for good' : ''}: ${machine.failed() ?? 'not reached'}${goesOn ? ', and the program goes on' : ''}`
  if (!goesOn) machine.endProcess()
  arena.doing = what
  add('at once', wordsKept(told))
  add('at once', bytesKept(template, NO_HARM, dir))
  const after = new Told()
  const seen = await look(quickOs, dir, template.partitions, after)
  add('at once', newRecordsKept(acknowledged, seen))
  add('at once', orderKept(seen))
  const given = new Map([...acknowledged].map(([key, { offset }]) => [key, offset]))
  add('the next run', await worksAgain({ ...arena, template }, given))
  add('outside', differences(outside, outsideOf(arena)))
  return { what, broken }
}
