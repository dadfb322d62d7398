/**
 * Lock files, for systems where no kernel lock loads (musl): only behind TKAFKA_FALLBACK_LOCKS=1.
 *
 * Bytes: an empty file `.tkafka-held.NAME.PID.START.FD.s` (or `.x`) beside the locked file NAME. START is the start time
 * of the process (/proc/PID/stat), so that a pid that was given out again does not keep a dead holder alive.
 * Invariant: a holder makes its own file first and looks for others then. Two at once may both give up, never both hold.
 * Crash: the file of a dead process counts as none and is removed by the next one that looks.
 *
 * A broker knows nothing of this: its lock is seen here (through /proc/locks), ours is not seen by it. And processes
 * with kernel locks do not see these either; log-dir-session.ts keeps the two kinds apart.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { FileLocks, LockHolder, LockMode } from './file-lock.ts'
import type { FileSystem } from './file-system.ts'
import { describeProcess, findLockHolders } from './lock-holders.ts'

export class FallbackFileLocks implements FileLocks {
  readonly kind = 'fallback'
  /** Locks belong to descriptors, so it must be known which file each one is. */
  readonly #paths = new Map<number, string>()
  readonly #held = new Map<number, LockMode>()
  readonly #fs: FileSystem

  constructor(fileSystem: FileSystem) {
    this.#fs = fileSystem
  }

  /** The file system to go with it: closing a descriptor lets go of its lock. */
  fileSystem(): FileSystem {
    return {
      ...this.#fs,
      open: (file, flags, mode) => {
        const fd = this.#fs.open(file, flags, mode)
        this.#paths.set(fd, file)
        return fd
      },
      close: (fd) => {
        this.unlock(fd)
        this.#paths.delete(fd)
        this.#fs.close(fd)
      },
    }
  }

  tryLock(fd: number, mode: LockMode): boolean {
    const held = this.#held.get(fd)
    if (held === mode) return true
    const file = this.#path(fd)
    this.#fs.close(this.#fs.open(this.#own(file, fd, mode), 'w'))
    if (this.#conflicts(file, fd, mode)) {
      this.#remove(this.#own(file, fd, mode))
      return false
    }
    if (held !== undefined) this.#remove(this.#own(file, fd, held))
    this.#held.set(fd, mode)
    return true
  }

  unlock(fd: number): void {
    const held = this.#held.get(fd)
    if (held === undefined) return
    this.#held.delete(fd)
    this.#remove(this.#own(this.#path(fd), fd, held))
  }

  holders(file: string, only?: 'process'): LockHolder[] {
    const others = only === 'process' ? [] : this.#entries(file)
    return [
      ...findLockHolders(file, only),
      ...others.map(({ pid, exclusive }) => ({
        pid,
        exclusive,
        processLock: false,
        ...describeProcess(pid),
      })),
    ]
  }

  #path(fd: number): string {
    const file = this.#paths.get(fd)
    if (file === undefined) throw new Error(`descriptor ${fd} was not opened here`)
    return file
  }

  #own(file: string, fd: number, mode: LockMode): string {
    const kind = mode === 'exclusive' ? 'x' : 's'
    return `${prefix(file)}${process.pid}.${startTime(process.pid)}.${fd}.${kind}`
  }

  #conflicts(file: string, fd: number, mode: LockMode): boolean {
    // A broker, or somebody with kernel locks.
    if (findLockHolders(file).length > 0) return true
    return this.#entries(file).some(
      (entry) => !(entry.pid === process.pid && entry.fd === fd) && (entry.exclusive || mode === 'exclusive'),
    )
  }

  #entries(file: string): { pid: number; fd: number; exclusive: boolean }[] {
    const start = path.basename(prefix(file))
    const found: { pid: number; fd: number; exclusive: boolean }[] = []
    for (const name of fs.readdirSync(path.dirname(file))) {
      if (!name.startsWith(start)) continue
      const match = /^(\d+)\.(\d+)\.(\d+)\.([sx])$/.exec(name.slice(start.length))
      if (match === null) continue
      const pid = Number(match[1])
      if (startTime(pid) !== match[2]) this.#remove(path.join(path.dirname(file), name))
      else found.push({ pid, fd: Number(match[3]), exclusive: match[4] === 'x' })
    }
    return found
  }

  #remove(file: string): void {
    fs.rmSync(file, { force: true })
  }
}

function prefix(file: string): string {
  return path.join(path.dirname(file), `.tkafka-held.${path.basename(file)}.`)
}

/** In clock ticks since the machine started; '' for a dead process. Without /proc all count as alive: '0'. */
function startTime(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return fs.existsSync('/proc/self/stat') ? '' : '0'
  }
}
