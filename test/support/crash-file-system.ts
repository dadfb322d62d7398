/**
 * A file system that fails at a chosen call: the process is killed there (a write torn in the middle), or the disk is
 * full there. `powerCut` then also takes away what was not synced.
 */
import { dirname } from 'node:path'
import type { FileSystem } from '../../src/os/file-system.ts'
import type { Os } from '../../src/os/os.ts'
import { systemOs } from '../../src/os/system-os.ts'

export class Killed extends Error {}

export interface CrashPlan {
  /** Number of the changing call that fails, from 0; later ones fail too. */
  readonly at: number
  /** kill: nothing works any more. full: writes, new files and folders fail with ENOSPC, the rest works. */
  readonly kind: 'kill' | 'full'
  /** How much of the write that fails is done, 0 to 1. */
  readonly torn?: number
}

export interface CrashOs {
  readonly os: Os
  /** Changing calls so far. */
  readonly calls: () => number
  readonly failed: () => boolean
  /** Frees the disk again. */
  readonly recover: () => void
  /** Closes all that is open, as the kernel does for a process that died. */
  readonly die: () => void
  /** After `die`: cuts files to what was synced (or leaves zeros there), removes names that were not. `random` in [0, 1). */
  readonly powerCut: (random: () => number) => void
}

export function crashOs(plan: CrashPlan, clock: Os['clock'] = systemOs.clock): CrashOs {
  const real = systemOs.fs
  const paths = new Map<number, string>()
  const syncedSize = new Map<string, number>()
  const unsyncedNames = new Set<string>()
  let calls = 0
  let broken = false
  let dead = false

  const noSpace = () => Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  /** True when this call is to fail. */
  const step = (needsSpace: boolean): boolean => {
    if (dead) throw new Killed('dead')
    if (calls++ >= plan.at) broken = true
    if (!broken || healed) return false
    if (plan.kind === 'kill') {
      dead = true
      return true
    }
    return needsSpace
  }
  let healed = false
  const fail = (): never => {
    throw plan.kind === 'kill' ? new Killed(`killed at call ${calls - 1}`) : noSpace()
  }

  const fs: FileSystem = {
    ...real,
    open(path, flags, mode) {
      if (dead) throw new Killed('dead')
      const creates = flags !== 'r' && flags !== 'r+' && real.stat(path) === undefined
      if (creates && step(true)) fail()
      const fd = real.open(path, flags, mode)
      paths.set(fd, path)
      if (creates) unsyncedNames.add(path)
      if (!syncedSize.has(path)) syncedSize.set(path, creates ? 0 : real.fstat(fd).size)
      return fd
    },
    close(fd) {
      if (paths.delete(fd)) real.close(fd)
    },
    write(fd, buffer, offset, length, position) {
      if (step(true)) {
        const part = Math.floor(length * (plan.torn ?? 0))
        if (part > 0) real.write(fd, buffer, offset, part, position)
        if (plan.kind === 'full' && part > 0) return part
        fail()
      }
      return real.write(fd, buffer, offset, length, position)
    },
    mkdir(path) {
      if (step(true)) fail()
      real.mkdir(path)
    },
    rename(from, to) {
      if (step(false)) fail()
      real.rename(from, to)
      if (unsyncedNames.delete(from)) unsyncedNames.add(to)
      syncedSize.set(to, syncedSize.get(from) ?? 0)
      for (const [fd, path] of paths) if (path === from) paths.set(fd, to)
    },
    link(from, to) {
      if (step(true)) fail()
      real.link?.(from, to)
      unsyncedNames.add(to)
      syncedSize.set(to, syncedSize.get(from) ?? real.stat(to)?.size ?? 0)
    },
    unlink(path) {
      if (step(false)) fail()
      real.unlink(path)
      unsyncedNames.delete(path)
    },
    ftruncate(fd, length) {
      if (step(false)) fail()
      real.ftruncate(fd, length)
    },
    fsync(fd) {
      if (step(false)) fail()
      syncedSize.set(paths.get(fd)!, real.fstat(fd).size)
    },
    fdatasync(fd) {
      if (step(false)) fail()
      syncedSize.set(paths.get(fd)!, real.fstat(fd).size)
    },
    async fdatasyncAsync(fd) {
      fs.fdatasync(fd)
    },
    fsyncDir(path) {
      if (step(false)) fail()
      for (const name of unsyncedNames) if (dirname(name) === path) unsyncedNames.delete(name)
    },
  }
  return {
    os: { ...systemOs, fs, clock },
    calls: () => calls,
    failed: () => broken,
    recover: () => {
      healed = true
    },
    die() {
      dead = true
      for (const fd of paths.keys()) real.close(fd)
      paths.clear()
    },
    powerCut(random) {
      for (const [path, synced] of syncedSize) {
        const size = real.stat(path)?.size
        if (size === undefined) continue
        if (unsyncedNames.has(path)) {
          if (random() < 0.5) real.unlink(path)
          continue
        }
        if (size <= synced) continue
        const kept = synced + Math.floor(random() * (size - synced + 1))
        const fd = real.open(path, 'r+')
        real.ftruncate(fd, kept)
        // The size may have reached the disk without the bytes.
        if (random() < 0.5) real.ftruncate(fd, size)
        real.close(fd)
      }
    },
  }
}
