/**
 * Knows what this process wrote and has not synced: segments' .log files, and the folder when names came or went
 * (a new segment whose name was not synced vanishes in a power cut: KAFKA-3968). Indexes are synced when the log is closed in order
 * (log-closer.ts): before that nobody trusts them.
 */

import { isMissing } from '../os/error-code.ts'
import type { LocalLog } from './local-log.ts'
import type { LogSettings } from './log-settings.ts'
import type { LogSegment } from './segment/log-segment.ts'

export class LogFlusher {
  readonly #local: LocalLog
  readonly #settings: LogSettings
  /** Segment to the number of writes when it was last synced or added. */
  readonly #dirty = new Map<LogSegment, number>()
  /** Size of each segment's file when it was last synced here: a sync takes what others wrote, too. */
  readonly #synced = new Map<LogSegment, number>()
  #folderDirty = false
  #parentDirty = false
  /** The folder's mtime when it was last synced here. */
  #folderTime: number | undefined
  #unflushed = 0
  #writes = 0
  #lastFlush: number
  #background: Promise<void> | undefined

  constructor(local: LocalLog, settings: LogSettings) {
    this.#local = local
    this.#settings = settings
    this.#lastFlush = local.os.clock.monotonic()
  }

  writing(segment: LogSegment): void {
    this.#dirty.set(segment, ++this.#writes)
  }

  folderChanged(isNew = false): void {
    this.#folderDirty = true
    this.#parentDirty ||= isNew
  }

  /** Syncs one segment's .log, whoever wrote to it. */
  sync(segment: LogSegment): void {
    this.#local.os.fs.fdatasync(segment.fd(true))
    this.#dirty.delete(segment)
  }

  /** Counts messages; flushes when flush.messages or flush.ms say so. */
  appended(messages: number): void {
    this.#unflushed += messages
    const { flushMessages, flushMs } = this.#settings.config
    const due = this.#local.os.clock.monotonic() - this.#lastFlush >= flushMs
    if (this.#unflushed >= flushMessages || due) this.flush()
  }

  flush(): void {
    const { fs } = this.#local.os
    this.#syncNames()
    if (this.#dirty.size > 0) this.syncForeignNames()
    for (const segment of this.#dirty.keys()) {
      unlessGone(() => {
        const size = segment.fileSize()
        fs.fdatasync(segment.fd(true))
        this.#synced.set(segment, size)
      })
    }
    this.#dirty.clear()
    this.#done()
  }

  /** One at a time; what is written meanwhile stays to be synced. */
  flushInBackground(): Promise<void> {
    this.#background ??= this.#sync().finally(() => {
      this.#background = undefined
    })
    return this.#background
  }

  /** Whether all that is in the segment's .log was synced here. */
  isSynced(segment: LogSegment): boolean {
    return !this.#dirty.has(segment) && this.#synced.get(segment) === segment.fileSize()
  }

  get isBusy(): boolean {
    return this.#background !== undefined
  }

  /** Resolves when no background sync uses a descriptor any more. */
  idle(): Promise<void> {
    return (this.#background ?? Promise.resolve()).catch(() => undefined)
  }

  async #sync(): Promise<void> {
    this.#syncNames()
    if (this.#dirty.size > 0) this.syncForeignNames()
    for (const [segment, write] of [...this.#dirty]) {
      const size = unlessGone(() => segment.fileSize())
      const fd = unlessGone(() => segment.fd(true))
      if (fd !== undefined) await this.#local.os.fs.fdatasyncAsync(fd)
      if (size !== undefined) this.#synced.set(segment, size)
      if (this.#dirty.get(segment) === write) this.#dirty.delete(segment)
    }
    if (this.#dirty.size === 0) this.#done()
  }

  #syncNames(): void {
    const { fs } = this.#local.os
    const { dir } = this.#local
    if (this.#parentDirty) fs.fsyncDir(parentOf(dir))
    if (this.#folderDirty) this.#syncFolder()
    this.#parentDirty = false
    this.#folderDirty = false
  }

  /**
   * Makes names durable that another process may have made and not synced (it may have died): without that, what we sync
   * in such a file may vanish with its name. Skipped when the folder is as we synced it, or as it was when the
   * directory was last clean (`namesDurableBefore`): whoever puts the clean marker back has synced all names.
   */
  syncForeignNames(): void {
    const changed = this.#local.os.fs.stat(this.#local.dir)?.mtimeMs
    if (changed === this.#folderTime) return
    const { namesDurableBefore } = this.#settings
    if (changed === undefined || namesDurableBefore === undefined || changed >= namesDurableBefore)
      this.#syncFolder()
  }

  #syncFolder(): void {
    const { fs } = this.#local.os
    this.#folderTime = fs.stat(this.#local.dir)?.mtimeMs
    fs.fsyncDir(this.#local.dir)
  }

  #done(): void {
    this.#unflushed = 0
    this.#lastFlush = this.#local.os.clock.monotonic()
  }
}

/** A segment that was deleted meanwhile needs no sync. */
function unlessGone<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch (error) {
    if (!isMissing(error)) throw error
    return undefined
  }
}

function parentOf(dir: string): string {
  const slash = Math.max(dir.lastIndexOf('/'), dir.lastIndexOf('\\'))
  return slash <= 0 ? '/' : dir.slice(0, slash)
}
