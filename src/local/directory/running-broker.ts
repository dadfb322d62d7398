/** Finds the broker that has a directory open, by the lock on its `.lock` file. */
import { join } from 'node:path'
import { errorCode } from '../../os/error-code.ts'
import type { LockHolder } from '../../os/file-lock.ts'
import type { Os } from '../../os/os.ts'
import { hasCleanShutdownFile } from './clean-shutdown-file.ts'
import { LOCK_FILE } from './log-dir-session.ts'

/** Someone whom the kernel does not let us see: another container's broker, or not Linux. */
const UNSEEN: LockHolder = { pid: -1, exclusive: true, processLock: true, command: '' }

/**
 * The broker that runs on a directory, for readers: they hold no lock, so this is a hint. A broker takes the clean
 * marker away when it starts, so a marker answers at once (/proc/locks takes the kernel 12 ms). Without one a shared lock is
 * tried and dropped: only where that is refused is the table of locks read, to tell a broker from a tkafka process
 * that is just entering or leaving.
 */
export function findBroker(os: Os, dir: string): LockHolder | undefined {
  const lock = join(dir, LOCK_FILE)
  try {
    if (hasCleanShutdownFile(os, dir) || os.fs.stat(lock) === undefined) return undefined
  } catch {
    // A directory that one may not look into: whoever reads there is told so.
    return undefined
  }
  if (canShare(os, lock) === true) return undefined
  const holders = os.locks.holders(lock)
  if (holders.length === 0) return canShare(os, lock) === false ? UNSEEN : undefined
  return holders.find((holder) => holder.processLock && holder.exclusive)
}

/** undefined where we may not try: then the table of locks is all there is to ask. */
function canShare(os: Os, lock: string): boolean | undefined {
  try {
    const fd = os.fs.open(lock, 'r')
    try {
      return os.locks.tryLock(fd, 'shared')
    } finally {
      os.fs.close(fd)
    }
  } catch (error) {
    // No binary here, or just deleted by a stopping broker: the table will tell.
    return errorCode(error) === 'EACCES' ? undefined : false
  }
}
