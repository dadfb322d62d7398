/**
 * A lock file in the data directory, locked as a whole and checked to be the one that the path names.
 *
 * A broker's clean stop deletes `.lock`: a lock on the deleted file would keep nobody out. So the inode behind the
 * descriptor is compared with the path's after locking, and the file opened again when they differ.
 */
import type { LockMode } from '../../os/file-lock.ts'
import { openLockFile } from '../../os/lock-file.ts'
import { waitForLock } from '../../os/lock-wait.ts'
import type { Os } from '../../os/os.ts'

export class DirectoryLock {
  readonly #os: Os
  readonly path: string
  #fd: number | undefined

  constructor(os: Os, path: string) {
    this.#os = os
    this.path = path
  }

  /** Whether the file that is open here still bears its name. */
  get current(): boolean {
    if (this.#fd === undefined) return false
    const named = this.#os.fs.stat(this.path)
    const open = this.#os.fs.fstat(this.#fd)
    return named !== undefined && named.ino === open.ino && named.dev === open.dev
  }

  /**
   * Opens the file when need be (making it), takes or converts the lock. False leaves what was held as it was. Where that cannot be
   * told, nothing is held: a program that goes on behind the error must not keep others, or itself, out.
   */
  try(mode: LockMode): boolean {
    try {
      for (;;) {
        this.#open()
        if (!this.#os.locks.tryLock(this.#fd!, mode)) {
          if (this.current) return false
        } else if (this.current) return true
        this.close()
      }
    } catch (error) {
      this.close()
      throw error
    }
  }

  wait(mode: LockMode): Promise<void> {
    return waitForLock(this.#os, this.path, () => this.try(mode))
  }

  unlock(): void {
    if (this.#fd !== undefined) this.#os.locks.unlock(this.#fd)
  }

  /** Lets go of the lock, too. */
  close(): void {
    if (this.#fd === undefined) return
    const fd = this.#fd
    this.#fd = undefined
    this.#os.fs.close(fd)
  }

  #open(): void {
    this.#fd ??= openLockFile(this.#os.fs, this.path)
  }
}
