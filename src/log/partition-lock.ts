/**
 * `.tkafka-lock` in a partition's folder: an empty file, locked as a whole while the partition is written.
 * Invariant: never deleted but with its folder, so a lock on an inode that is no longer there (the topic was deleted,
 * perhaps made anew) is noticed after locking and taken again on the right one. Crash: the kernel frees it.
 */
import { dirname, join } from 'node:path'
import { KafkaError } from '../errors.ts'
import { isMissing } from '../os/error-code.ts'
import { openLockFile } from '../os/lock-file.ts'
import { waitForLock } from '../os/lock-wait.ts'
import type { Os } from '../os/os.ts'
import { PARTITION_LOCK_FILE } from './segment/log-files.ts'

/**
 * Does `work` under the lock of a partition, and gives it back in the turn in which `work` ends: nobody else in this
 * process may think meanwhile that it holds what is about to be given back. Not for a caller that holds the lock already.
 */
export async function withLock<T>(
  lock: Pick<PartitionLock, 'lock' | 'unlock'>,
  work: () => T | Promise<T>,
): Promise<T> {
  await lock.lock()
  try {
    const result = work()
    return result instanceof Promise ? await result : result
  } finally {
    lock.unlock()
  }
}

/** The same in a partition's folder of which no log is open. */
export async function withPartitionLock<T>(os: Os, dir: string, work: () => T | Promise<T>): Promise<T> {
  const lock = new PartitionLock(os, dir)
  try {
    return await withLock(lock, work)
  } finally {
    lock.close()
  }
}

export class PartitionLock {
  readonly #os: Os
  readonly #path: string
  #fd: number | undefined
  #held = false

  constructor(os: Os, dir: string) {
    this.#os = os
    this.#path = join(dir, PARTITION_LOCK_FILE)
  }

  get held(): boolean {
    return this.#held
  }

  tryLock(): boolean {
    while (!this.#held) {
      if (!this.#os.locks.tryLock(this.#open(), 'exclusive')) return false
      this.#held = this.#isCurrent()
    }
    return true
  }

  lock(): Promise<void> {
    return waitForLock(this.#os, this.#path, () => this.tryLock())
  }

  unlock(): void {
    if (!this.#held || this.#fd === undefined) return
    this.#held = false
    this.#os.locks.unlock(this.#fd)
  }

  close(): void {
    this.#held = false
    if (this.#fd !== undefined) this.#os.fs.close(this.#fd)
    this.#fd = undefined
  }

  #open(): number {
    try {
      this.#fd ??= openLockFile(this.#os.fs, this.#path)
    } catch (error) {
      // Whose folder is there was not deleted: the disk fails, and what was to be written is missing from the log.
      if (!isMissing(error) || this.#os.fs.stat(dirname(this.#path)) !== undefined) throw error
      throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${this.#path}: the partition's folder is gone`)
    }
    return this.#fd
  }

  #isCurrent(): boolean {
    const { fs } = this.#os
    const fd = this.#open()
    let isCurrent = false
    try {
      isCurrent = fs.stat(this.#path)?.ino === fs.fstat(fd).ino
    } finally {
      // A lock that nobody knows of would be held until the process ends.
      if (!isCurrent) this.close()
    }
    return isCurrent
  }
}
