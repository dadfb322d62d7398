/**
 * Notices the death of one process: of the one that holds a given file. A kernel lock that goes free gives no event, so something else
 * wakes us, and then the lock is asked:
 *
 *  - the member's lifeline (os/lifeline.ts), a connection that the kernel cuts when the process ends. Costs nothing while nothing happens;
 *  - where none can be had (containers with networks of their own, members of older versions, not Linux): asking every 40 ms (0.6
 *    microseconds each time; waking up costs more), by a timer that keeps no program alive. A thread that waits for the lock in the
 *    kernel would be told at once, but cannot be called back, and takes one of the pool's four.
 */
import path from 'node:path'
import type { Lifelines } from '../os/lifeline.ts'
import { type LockFileOs, openExisting } from './lock-file.ts'

const ASK_EVERY_MS = 40
/** A dying process loses its descriptors one by one: the lock may be held for a moment after the line was cut. */
const FIRST_ASK_MS = 1

export interface DeathWatchOptions {
  readonly os: LockFileOs & { readonly lifelines?: Lifelines | undefined }
  readonly logDir: string
  readonly onDeath: (name: string) => void
}

export class DeathWatch {
  private readonly options: DeathWatchOptions
  private name: string | undefined
  private fd: number | undefined
  private line: { close(): void } | undefined
  private timer: NodeJS.Timeout | undefined
  private closed = false

  constructor(options: DeathWatchOptions) {
    this.options = options
  }

  /** Watches the holder of this file, who offers this lifeline, from now on, and no other; undefined: nobody. */
  watch(name: string | undefined, lifeline?: string): void {
    if (this.closed || name === this.name) return
    this.stop()
    if (name === undefined) return
    const { os, logDir, onDeath } = this.options
    const fd = openExisting(os, path.join(logDir, name), 'r')
    if (fd === undefined) {
      setImmediate(() => onDeath(name))
      return
    }
    this.name = name
    this.fd = fd
    if (lifeline === undefined || os.lifelines === undefined) this.ask(name, fd, ASK_EVERY_MS)
    else
      this.line = os.lifelines.hold(lifeline, (held) => {
        this.line = undefined
        this.ask(name, fd, held ? FIRST_ASK_MS : ASK_EVERY_MS)
      })
  }

  close(): void {
    this.closed = true
    this.stop()
  }

  private stop(): void {
    this.name = undefined
    this.line?.close()
    this.line = undefined
    clearTimeout(this.timer)
    this.timer = undefined
    if (this.fd !== undefined) this.options.os.fs.close(this.fd)
    this.fd = undefined
  }

  private ask(name: string, fd: number, againMs: number): void {
    if (this.options.os.locks.tryLock(fd, 'shared')) {
      this.died(name)
      return
    }
    this.timer = setTimeout(() => this.ask(name, fd, Math.min(againMs * 2, ASK_EVERY_MS)), againMs)
    this.timer.unref()
  }

  private died(name: string): void {
    this.stop()
    if (!this.closed) this.options.onDeath(name)
  }
}
