/** Tells a full disk from other errors. */
import { errorCode } from '../os/error-code.ts'
import type { FileSystem } from '../os/file-system.ts'

/** Whether an error says that the disk (or the owner's share of it) is full. */
export function isDiskFull(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ENOSPC' || code === 'EDQUOT'
}

/** Below it a disk counts as full: what was deleted is not kept for readers that may still look for it by name. */
const NEARLY_FULL = 0.01

export function isNearlyFull(fs: FileSystem, path: string): boolean {
  const share = fs.freeShare?.(path)
  return share !== undefined && share < NEARLY_FULL
}

/** For files that can be made later as well: a full disk must not stop deletion and recovery, which make room. */
export function unlessDiskFull(write: () => void): void {
  try {
    write()
  } catch (error) {
    if (!isDiskFull(error)) throw error
  }
}
