/**
 * A disk in memory behind the port of the file system. It knows what was synced: names per folder, bytes per file. So it can be
 * asked for the disks that a power cut might leave behind, and every call can be made to fail. Deterministic.
 */
import type { FileStat, FileSystem, OpenFlags } from '../../src/os/file-system.ts'
import type { Os } from '../../src/os/os.ts'

export type Random = (below: number) => number

/** A random number generator that gives the same numbers for the same seed. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** What is left of what was not synced. */
export const SURVIVALS = ['drop', 'keep', 'reorder', 'torn512', 'torn4096', 'garbled', 'zeros'] as const
export type Survival = (typeof SURVIVALS)[number]

/** Throws in place of the call, or returns how many bytes of a write are done. */
export type Fault = (call: string, path: string, length: number) => number | undefined

type Change = { readonly at: number; readonly bytes: Buffer } | { readonly size: number }

class Node {
  readonly ino: number
  readonly isFolder: boolean
  data: Buffer = Buffer.alloc(0)
  mtimeMs: number
  mode: number
  synced: Buffer = Buffer.alloc(0)
  pending: Change[] = []
  entries = new Map<string, Node>()
  durable = new Map<string, Node>()
  /** Each is one change of names, whole or not at all. */
  pendingNames: (readonly (readonly [string, Node | undefined])[])[] = []

  constructor(ino: number, isFolder: boolean, now: number) {
    this.ino = ino
    this.isFolder = isFolder
    this.mtimeMs = now
    this.mode = isFolder ? 0o40755 : 0o100644
  }
}

interface Descriptor {
  readonly node: Node
  readonly path: string
  readonly append: boolean
  readonly writable: boolean
}

export class MemoryDisk {
  /** Calls that change the disk so far. */
  changes = 0
  /** Called before each call that changes the disk. */
  fault: Fault | undefined
  #root: Node
  #tick = 1_700_000_000_000
  #inodes = 1
  readonly #open = new Map<number, Descriptor>()
  #nextFd = 1000
  readonly #boot: number
  readonly #random: Random

  constructor(random: Random = seeded(1), boot = 1) {
    this.#random = random
    this.#boot = boot
    this.#root = new Node(0, true, this.#tick)
  }

  os(): Os {
    return {
      fs: this.fs(),
      locks: {
        kind: 'kernel',
        tryLock: () => true,
        unlock: () => {},
        holders: () => [],
      },
      clock: {
        now: () => this.#tick,
        monotonic: () => this.#tick,
        sleep: () => new Promise((resolve) => setImmediate(resolve)),
      },
      randomBytes: (size) => Buffer.from(Array.from({ length: size }, () => this.#random(256))),
      bootId: () => `boot-${this.#boot}`,
    }
  }

  /** Puts a file there that was always there. */
  put(path: string, text: string): void {
    const parts = path.split('/').filter((part) => part !== '')
    let folder = this.#root
    for (const part of parts.slice(0, -1)) {
      const next = folder.entries.get(part) ?? new Node(++this.#inodes, true, this.#tick)
      folder.entries.set(part, next)
      folder.durable.set(part, next)
      folder = next
    }
    const file = new Node(++this.#inodes, false, this.#tick)
    file.data = Buffer.from(text)
    file.synced = file.data
    folder.entries.set(parts[parts.length - 1], file)
    folder.durable.set(parts[parts.length - 1], file)
  }

  /** As the kernel does when a process ends, however it ends. */
  closeAll(): void {
    this.#open.clear()
    this.fault = undefined
  }

  get openFiles(): string[] {
    return [...this.#open.values()].map(({ path }) => path)
  }

  /** Another disk with the same content, on a machine that runs on. */
  copy(): MemoryDisk {
    return this.survive('keep', seeded(1), this.#boot)
  }

  /** The disk after a power cut at this moment. */
  survive(how: Survival, random: Random, boot = this.#boot + 1): MemoryDisk {
    const disk = new MemoryDisk(seeded(random(1 << 30)), boot)
    const made = new Map<Node, Node>()
    const copy = (from: Node): Node => {
      const known = made.get(from)
      if (known !== undefined) return known
      const node = new Node(from.ino, from.isFolder, from.mtimeMs)
      made.set(from, node)
      node.mode = from.mode
      if (from.isFolder) {
        const names = new Map(from.durable)
        const pending = from.pendingNames
        let kept = 0
        if (how === 'keep') kept = pending.length
        else if (how !== 'drop') kept = random(pending.length + 1)
        for (const op of pending.slice(0, kept)) {
          for (const [name, target] of op) {
            if (target === undefined) names.delete(name)
            else names.set(name, target)
          }
        }
        for (const [name, target] of names) node.entries.set(name, copy(target))
        node.durable = new Map(node.entries)
      } else {
        node.data = surviving(from, how, random)
        node.synced = node.data
      }
      return node
    }
    disk.#root = copy(this.#root)
    disk.#tick = this.#tick + 60_000
    disk.#inodes = this.#inodes
    return disk
  }

  fs(): FileSystem {
    const stat = (node: Node): FileStat => ({
      size: node.data.length,
      ino: node.ino,
      dev: 1,
      mode: node.mode,
      uid: 0,
      gid: 0,
      mtimeMs: node.mtimeMs,
      isDirectory: () => node.isFolder,
      isFile: () => !node.isFolder,
    })
    const fail = (code: string, call: string, path: string): never => {
      throw Object.assign(new Error(`${code}: ${call} '${path}'`), { code, syscall: call, path })
    }
    const find = (path: string): Node | undefined => {
      let node: Node | undefined = this.#root
      for (const part of path.split('/')) if (part !== '') node = node?.entries.get(part)
      return node
    }
    const split = (call: string, path: string): [Node, string] => {
      const slash = path.replace(/\/+$/, '').lastIndexOf('/')
      const folder = find(path.slice(0, slash)) ?? fail('ENOENT', call, path)
      if (!folder.isFolder) fail('ENOTDIR', call, path)
      return [folder, path.slice(slash + 1).replace(/\/+$/, '')]
    }
    const change = (call: string, path: string, length = 0): number | undefined => {
      this.changes++
      this.#tick++
      return this.fault?.(call, path, length)
    }
    const names = (folder: Node, ...op: (readonly [string, Node | undefined])[]): void => {
      for (const [name, node] of op) {
        if (node === undefined) folder.entries.delete(name)
        else folder.entries.set(name, node)
      }
      folder.pendingNames.push(op)
      folder.mtimeMs = this.#tick
    }
    const of = (fd: number): Descriptor => this.#open.get(fd) ?? fail('EBADF', 'use', String(fd))
    const sync = (call: string, fd: number): void => {
      const { node, path } = of(fd)
      change(call, path)
      node.synced = Buffer.from(node.data)
      node.pending = []
    }
    const open = (path: string, flags: OpenFlags): number => {
      const [folder, name] = split('open', path)
      let node = folder.entries.get(name)
      if (node === undefined) {
        if (flags === 'r' || flags === 'r+') fail('ENOENT', 'open', path)
        change('create', path)
        node = new Node(++this.#inodes, false, this.#tick)
        names(folder, [name, node])
      } else {
        if (flags.includes('x')) fail('EEXIST', 'open', path)
        if (node.isFolder) fail('EISDIR', 'open', path)
        if (flags.startsWith('w') && node.data.length > 0) {
          change('truncate', path)
          node.data = Buffer.alloc(0)
          node.pending.push({ size: 0 })
          node.mtimeMs = this.#tick
        }
      }
      const fd = this.#nextFd++
      this.#open.set(fd, { node, path, append: flags.startsWith('a'), writable: flags !== 'r' })
      return fd
    }
    return {
      open,
      openUserFile: (path) => open(path, 'r'),
      readUserFile: (path) => Buffer.from((find(path) ?? fail('ENOENT', 'open', path)).data),
      close: (fd) => {
        this.#open.delete(fd)
      },
      read: (fd, buffer, offset, length, position) => {
        const { data } = of(fd).node
        const from = position ?? 0
        return data.copy(buffer, offset, from, Math.min(from + length, data.length))
      },
      write: (fd, buffer, offset, length, position) => {
        const { node, path, append, writable } = of(fd)
        if (!writable) fail('EBADF', 'write', path)
        const done = Math.min(change('write', path, length) ?? length, length)
        const at = append || position === null ? node.data.length : position
        const bytes = Buffer.from(buffer.subarray(offset, offset + done))
        node.data = applied(node.data, { at, bytes })
        node.pending.push({ at, bytes })
        node.mtimeMs = this.#tick
        return done
      },
      fstat: (fd) => stat(of(fd).node),
      stat: (path) => {
        const node = find(path)
        return node === undefined ? undefined : stat(node)
      },
      readdir: (path) => [...(find(path) ?? fail('ENOENT', 'readdir', path)).entries.keys()],
      readFile: (path) => {
        const node = find(path) ?? fail('ENOENT', 'open', path)
        return Buffer.from(node.isFolder ? fail('EISDIR', 'read', path) : node.data)
      },
      mkdir: (path) => {
        const [folder, name] = split('mkdir', path)
        if (folder.entries.has(name)) fail('EEXIST', 'mkdir', path)
        change('mkdir', path)
        names(folder, [name, new Node(++this.#inodes, true, this.#tick)])
      },
      rename: (from, to) => {
        const [source, name] = split('rename', from)
        const [target, newName] = split('rename', to)
        const node = source.entries.get(name) ?? fail('ENOENT', 'rename', from)
        change('rename', from)
        if (source === target) names(source, [name, undefined], [newName, node])
        else {
          names(target, [newName, node])
          names(source, [name, undefined])
        }
      },
      link: (from, to) => {
        const node = find(from) ?? fail('ENOENT', 'link', from)
        const [folder, name] = split('link', to)
        if (folder.entries.has(name)) fail('EEXIST', 'link', to)
        change('link', to)
        names(folder, [name, node])
      },
      unlink: (path) => {
        const [folder, name] = split('unlink', path)
        if (!folder.entries.has(name)) fail('ENOENT', 'unlink', path)
        change('unlink', path)
        names(folder, [name, undefined])
      },
      rmdir: (path) => {
        const [folder, name] = split('rmdir', path)
        if ((folder.entries.get(name)?.entries.size ?? 0) > 0) fail('ENOTEMPTY', 'rmdir', path)
        change('rmdir', path)
        names(folder, [name, undefined])
      },
      ftruncate: (fd, length) => {
        const { node, path } = of(fd)
        change('ftruncate', path)
        node.data = resized(node.data, length)
        node.pending.push({ size: length })
        node.mtimeMs = this.#tick
      },
      fsync: (fd) => sync('fsync', fd),
      fdatasync: (fd) => sync('fdatasync', fd),
      fdatasyncAsync: async (fd) => sync('fdatasync', fd),
      fsyncDir: (path) => {
        const folder = find(path) ?? fail('ENOENT', 'fsync', path)
        change('fsyncDir', path)
        folder.durable = new Map(folder.entries)
        folder.pendingNames = []
      },
      fchmod: (fd, mode) => {
        const { node } = of(fd)
        node.mode = (node.mode & ~0o777) | mode
      },
      isLink: () => false,
      refusePlantedLinks: () => {},
      watch: () => ({ close: () => {} }),
    } as FileSystem
  }
}

function resized(data: Buffer, size: number): Buffer {
  if (size <= data.length) return Buffer.from(data.subarray(0, size))
  return Buffer.concat([data, Buffer.alloc(size - data.length)])
}

function applied(data: Buffer, change: Change): Buffer {
  if ('size' in change) return resized(data, change.size)
  const out = resized(data, Math.max(data.length, change.at + change.bytes.length))
  change.bytes.copy(out, change.at)
  return out
}

function surviving(node: Node, how: Survival, random: Random): Buffer {
  const { pending, synced } = node
  let data: Buffer = Buffer.from(synced)
  if (how === 'drop' || pending.length === 0) return data
  if (how === 'keep') return Buffer.from(node.data)
  if (how === 'zeros') return resized(data, Math.max(data.length, node.data.length))
  const last = pending.length - 1
  pending.forEach((change, i) => {
    if (how === 'reorder') {
      if (random(2) === 0) data = applied(data, change)
      return
    }
    if ('size' in change || (i < last && how !== 'garbled')) {
      data = applied(data, change)
      return
    }
    const sector = how === 'torn4096' ? 4096 : 512
    const end = change.at + change.bytes.length
    if (how === 'garbled') {
      data = applied(data, change)
      const from = Math.max(change.at, (change.at + random(change.bytes.length + 1)) & ~511)
      for (let at = from; at < Math.min(from + 512, end); at++) data[at] = random(256)
      return
    }
    // Torn where a sector ends, or nothing of it.
    const cuts = [change.at]
    for (let at = (change.at & ~(sector - 1)) + sector; at < end; at += sector) cuts.push(at)
    const cut = cuts[random(cuts.length)]
    data = applied(data, { at: change.at, bytes: change.bytes.subarray(0, cut - change.at) })
    // The size may have come without the bytes.
    if (random(2) === 0) data = resized(data, Math.max(data.length, end))
  })
  return data
}
