/**
 * Files that exist to be locked. Whoever may read a file may take a shared lock on it, which keeps writers out; so these are
 * readable only for those who may write them: 0600 in a folder of mode 0755, 0660 in one of 0775.
 */
import type { FileSystem } from './file-system.ts'

/** Opens it for locking, making it where it is missing. One that is open to mere readers is mended by whoever owns it. */
export function openLockFile(fs: FileSystem, path: string): number {
  const fd = fs.open(path, 'a+')
  try {
    narrow(fs, fd)
  } catch (error) {
    fs.close(fd)
    throw error
  }
  return fd
}

/** Takes the right to read from those who have no right to write. */
function narrow(fs: FileSystem, fd: number): void {
  const mode = fs.fstat(fd).mode & 0o777
  const wanted = mode & ~((~mode & 0o222) << 1)
  if (wanted === mode) return
  try {
    fs.fchmod?.(fd, wanted)
  } catch {
    // Another user's: it works all the same, and its owner's next run mends it.
  }
}
