/**
 * One held file: a whole-file kernel lock on a file that is removed when it is given up.
 *
 * A file may be unlinked between another process's open and its lock; a lock on such an inode means nothing. So whoever has taken a lock
 * compares the inode with the path's and starts again when they differ, and a file is only ever unlinked by someone who holds it locked
 * exclusively and has compared. There is no moment in which two processes hold the same name.
 */

import { isMissing } from '../os/error-code.ts'
import type { FileLocks } from '../os/file-lock.ts'
import type { FileSystem } from '../os/file-system.ts'
import { openLockFile } from '../os/lock-file.ts'

/** The part of the machine that lock files need. */
export interface LockFileOs {
  readonly fs: FileSystem
  readonly locks: FileLocks
}

export interface HeldFile {
  readonly path: string
  readonly fd: number
}

const ATTEMPTS = 100

/** True when `fd` is what stands at `path` now. */
export function isFileAt(os: LockFileOs, fd: number, path: string): boolean {
  const there = os.fs.stat(path)
  if (there === undefined) return false
  const here = os.fs.fstat(fd)
  return here.ino === there.ino && here.dev === there.dev
}

/**
 * Opens or makes the file and holds it exclusively; undefined when someone else does. `guarded`: its name is known before it is
 * held, so a mere reader must not be able to hold it against us (os/lock-file.ts).
 */
export function tryHoldFile(os: LockFileOs, path: string, guarded = false): HeldFile | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const fd = guarded ? openLockFile(os.fs, path) : os.fs.open(path, 'a+')
    let keep = false
    try {
      if (!os.locks.tryLock(fd, 'exclusive')) return undefined
      if (isFileAt(os, fd, path)) {
        keep = true
        return { path, fd }
      }
    } finally {
      if (!keep) os.fs.close(fd)
    }
  }
  return undefined
}

/** Removes a held file and lets it go. The one order that leaves no gap: unlink, then unlock by closing. */
export function releaseHeldFile(os: LockFileOs, held: HeldFile): void {
  try {
    if (isFileAt(os, held.fd, held.path)) os.fs.unlink(held.path)
  } catch (error) {
    if (!isMissing(error)) throw error
  } finally {
    os.fs.close(held.fd)
  }
}

/** Each is let go, whatever becomes of the others; then the first failure is thrown. */
export function releaseHeldFiles(os: LockFileOs, files: Iterable<HeldFile>): void {
  let failure: { readonly error: unknown } | undefined
  for (const held of files) {
    try {
      releaseHeldFile(os, held)
    } catch (error) {
      failure ??= { error }
    }
  }
  if (failure !== undefined) throw failure.error
}

/** Removes the file if nobody holds it. Silent when it cannot (another user's file): a leftover does no harm. */
export function removeIfFree(os: LockFileOs, path: string): boolean {
  let fd: number | undefined
  try {
    fd = openExisting(os, path, 'r+')
    if (fd === undefined) return true
    if (!os.locks.tryLock(fd, 'exclusive') || !isFileAt(os, fd, path)) return false
    os.fs.unlink(path)
    return true
  } catch {
    return false
  } finally {
    if (fd !== undefined) os.fs.close(fd)
  }
}

/** Opens a file that exists; undefined when it does not. */
export function openExisting(os: LockFileOs, path: string, flags: 'r' | 'r+'): number | undefined {
  try {
    return os.fs.open(path, flags)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
