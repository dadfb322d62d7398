/** The real machine: all ports of os.ts on Node. */
import { bootId } from './boot-id.ts'
import { systemClock } from './clock.ts'
import { FallbackFileLocks } from './fallback-file-lock.ts'
import { nativeFileLocks, nativeLocksWork } from './native-file-lock.ts'
import { nodeFileSystem } from './node-file-system.ts'
import type { Os } from './os.ts'
import { otherRuntime } from './runtime.ts'
import { socketLifelines } from './socket-lifelines.ts'

// Loaded on first use: crypto costs milliseconds at start-up.
const randomBytes = (size: number) => process.getBuiltinModule('node:crypto').randomBytes(size)

const kernel: Os = {
  fs: nodeFileSystem,
  locks: nativeFileLocks,
  clock: systemClock,
  randomBytes,
  lifelines: socketLifelines(randomBytes),
  bootId,
}

/** The same machine with lock files in place of kernel locks. */
export function osWithLockFiles(): Os {
  const locks = new FallbackFileLocks(nodeFileSystem)
  return { ...kernel, fs: locks.fileSystem(), locks }
}

/** The machine itself: what main.ts hands down. */
export const systemOs: Os =
  process.env.TKAFKA_FALLBACK_LOCKS === '1' && otherRuntime() === undefined && !nativeLocksWork()
    ? osWithLockFiles()
    : kernel
