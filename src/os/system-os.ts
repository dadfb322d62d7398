import { bootId } from './boot-id.ts'
import { systemClock } from './clock.ts'
import { FallbackFileLocks } from './fallback-file-lock.ts'
import { nativeFileLocks, nativeLocksWork } from './native-file-lock.ts'
import { nodeFileSystem } from './node-file-system.ts'
import type { Os } from './os.ts'

const kernel: Os = {
  fs: nodeFileSystem,
  locks: nativeFileLocks,
  clock: systemClock,
  // Loaded on first use: crypto costs milliseconds at start-up.
  randomBytes: (size) => process.getBuiltinModule('node:crypto').randomBytes(size),
  bootId,
}

/** The same machine with lock files in place of kernel locks. */
export function osWithLockFiles(): Os {
  const locks = new FallbackFileLocks(nodeFileSystem)
  return { ...kernel, fs: locks.fileSystem(), locks }
}

/** The machine itself: what main.ts hands down. */
export const systemOs: Os =
  process.env.TKAFKA_FALLBACK_LOCKS === '1' && !nativeLocksWork() ? osWithLockFiles() : kernel
