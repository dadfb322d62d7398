/**
 * Notices the death of one process: of the one that holds a given file. A kernel lock that goes free gives no event, so there are two ways:
 *
 *  - a blocked wait for the lock on a thread of the pool. Costs nothing while nothing happens, but cannot be called back: it ends when the
 *    other one does. So only a program that ends by process.exit uses it, and never more than one thread of the (four) at a time, which
 *    leaves the rest of the pool to syncs and other waits;
 *  - asking every 40 ms (0.6 microseconds each time; waking up costs more; and a timer that keeps no program alive).
 */
import path from 'node:path'
import { type LockFileOs, openExisting } from './lock-file.ts'

const ASK_EVERY_MS = 40

/** Threads of the pool that are blocked for us, in this process. */
let blockedThreads = 0

export class DeathWatch {
  private readonly os: LockFileOs
  private readonly logDir: string
  private readonly mayBlockThread: boolean
  private readonly onDeath: (name: string) => void
  private name: string | undefined
  private fd: number | undefined
  private timer: NodeJS.Timeout | undefined
  private closed = false

  constructor(os: LockFileOs, logDir: string, mayBlockThread: boolean, onDeath: (name: string) => void) {
    this.os = os
    this.logDir = logDir
    this.mayBlockThread = mayBlockThread
    this.onDeath = onDeath
  }

  /** Watches the holder of this file from now on, and no other; undefined: nobody. */
  watch(name: string | undefined): void {
    if (this.closed || name === this.name) return
    this.stop()
    if (name === undefined) return
    const fd = openExisting(this.os, path.join(this.logDir, name), 'r')
    if (fd === undefined) {
      setImmediate(() => this.onDeath(name))
      return
    }
    this.name = name
    if (this.mayBlockThread && blockedThreads === 0) this.block(name, fd)
    else this.ask(name, fd)
  }

  close(): void {
    this.closed = true
    this.stop()
  }

  private stop(): void {
    this.name = undefined
    if (this.timer !== undefined) clearInterval(this.timer)
    this.timer = undefined
    if (this.fd !== undefined) this.os.fs.close(this.fd)
    this.fd = undefined
  }

  private ask(name: string, fd: number): void {
    this.fd = fd
    this.timer = setInterval(() => {
      if (this.os.locks.tryLock(fd, 'shared')) this.died(name)
    }, ASK_EVERY_MS)
    this.timer.unref()
  }

  /** The descriptor belongs to the wait until it ends, also when nobody is interested any more. */
  private block(name: string, fd: number): void {
    blockedThreads++
    const ended = () => {
      blockedThreads--
      this.os.fs.close(fd)
      if (this.name === name) this.died(name)
    }
    this.os.locks.waitForLock(fd, 'shared').then(ended, ended)
  }

  private died(name: string): void {
    this.stop()
    if (!this.closed) this.onDeath(name)
  }
}
