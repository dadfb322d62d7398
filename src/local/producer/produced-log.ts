/** One partition's log while a producer writes to it. */
import type { UnifiedLog } from '../../log/unified-log.ts'

/** One partition's log, with what a producer knows of it. */
export class ProducedLog {
  readonly log: UnifiedLog
  /** By the monotonic clock. */
  lookedAt: number
  /** Bytes written and not yet synced. */
  unsynced = 0
  /** Offset of the first record that went into it from here; -1 before. */
  sinceOffset = -1
  /** A sync that is under way on the thread pool. */
  syncing: Promise<void> | undefined

  constructor(log: UnifiedLog, lookedAt: number) {
    this.log = log
    this.lookedAt = lookedAt
  }

  /** Has the disk begin with what was written so far. */
  syncBehind(failed: (error: Error) => void): void {
    const written = this.unsynced
    this.syncing = this.log
      .flushInBackground()
      .then(() => {
        // What was written meanwhile is counted on; the last flush needs to see that something is.
        this.unsynced -= written
      }, failed)
      .finally(() => {
        this.syncing = undefined
      })
  }
}
