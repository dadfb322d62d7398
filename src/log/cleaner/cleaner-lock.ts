/**
 * `.tkafka-cleaner-lock` in a partition's folder: an empty file, locked as a whole while somebody compacts the log, so
 * that nobody takes the `.cleaned` files in the making for leftovers. Only ever tried: who finds it held cleans something
 * else. Crash: the kernel frees it, and the next writer removes the files.
 */
import { join } from 'node:path'
import { openLockFile } from '../../os/lock-file.ts'
import type { Os } from '../../os/os.ts'
import { CLEANER_LOCK_FILE } from '../segment/log-files.ts'

export class CleanerLock {
  readonly #os: Os
  readonly #fd: number

  private constructor(os: Os, fd: number) {
    this.#os = os
    this.#fd = fd
  }

  /** undefined: another cleaner holds it. */
  static tryTake(os: Os, partitionDir: string): CleanerLock | undefined {
    const path = join(partitionDir, CLEANER_LOCK_FILE)
    const fd = openLockFile(os.fs, path)
    // The folder may have been deleted, and made anew, between opening and locking.
    let lock: CleanerLock | undefined
    try {
      if (os.locks.tryLock(fd, 'exclusive') && os.fs.stat(path)?.ino === os.fs.fstat(fd).ino)
        lock = new CleanerLock(os, fd)
    } finally {
      if (lock === undefined) os.fs.close(fd)
    }
    return lock
  }

  release(): void {
    this.#os.locks.unlock(this.#fd)
    this.#os.fs.close(this.#fd)
  }
}
