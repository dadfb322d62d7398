import type { Os } from '../../src/os/os.ts'
import { systemOs } from '../../src/os/system-os.ts'

export class Crash extends Error {}

/** Calls of the file system that change a disk: a process may be killed before each of them. */
const CHANGING = [
  'write',
  'rename',
  'unlink',
  'rmdir',
  'mkdir',
  'link',
  'ftruncate',
  'fsync',
  'fdatasync',
  'fsyncDir',
] as const

/**
 * An Os whose process "is killed" just before its Nth change of the disk: that call and all later ones throw, every
 * descriptor is closed and with it every lock. What was done before is on the disk.
 * `crashAt`: N, or what says of a call and the file's path that it is the one.
 */
export function crashingOs(crashAt: number | ((call: string, path: string) => boolean)): {
  os: Os
  killed: () => boolean
  kill: () => void
  steps: () => number
} {
  const open = new Map<number, string>()
  let steps = 0
  let dead = false
  const kill = (): void => {
    dead = true
    for (const fd of open.keys()) systemOs.fs.close(fd)
    open.clear()
  }
  const step = (call: string, path: string): void => {
    if (dead) throw new Crash('dead')
    const isIt = typeof crashAt === 'number' ? steps === crashAt : crashAt(call, path)
    steps++
    if (isIt) {
      kill()
      throw new Crash(`killed before step ${steps - 1}`)
    }
  }
  const fs = { ...systemOs.fs }
  for (const name of CHANGING) {
    const real = systemOs.fs[name] as (...args: unknown[]) => unknown
    // A killed process loses nothing that was not synced, so nothing is: a step it is all the same.
    const isSync = name.startsWith('f') && name.includes('sync')
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        step(name, typeof args[0] === 'number' ? (open.get(args[0]) ?? '') : String(args[0]))
        return isSync ? undefined : real(...args)
      },
    })
  }
  fs.open = (path, flags, mode) => {
    if (dead) throw new Crash('dead')
    const makes = flags !== 'r' && flags !== 'r+' && systemOs.fs.stat(path) === undefined
    if (makes || flags.startsWith('w')) step('open', path)
    const fd = systemOs.fs.open(path, flags, mode)
    open.set(fd, path)
    return fd
  }
  fs.close = (fd) => {
    if (!open.delete(fd)) return
    systemOs.fs.close(fd)
  }
  const locks: Os['locks'] = {
    ...systemOs.locks,
    tryLock: (fd, mode) => {
      if (dead) throw new Crash('dead')
      return systemOs.locks.tryLock(fd, mode)
    },
    unlock: (fd) => {
      if (!dead) systemOs.locks.unlock(fd)
    },
  }
  return { os: { ...systemOs, fs, locks }, killed: () => dead, kill, steps: () => steps }
}
