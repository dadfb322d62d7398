import { bootId } from './boot-id.ts'
import { systemClock } from './clock.ts'
import { nativeFileLocks } from './native-file-lock.ts'
import { nodeFileSystem } from './node-file-system.ts'
import type { Os } from './os.ts'

/** The machine itself: what main.ts hands down. */
export const systemOs: Os = {
  fs: nodeFileSystem,
  locks: nativeFileLocks,
  clock: systemClock,
  // Loaded on first use: crypto costs milliseconds at start-up.
  randomBytes: (size) => process.getBuiltinModule('node:crypto').randomBytes(size),
  bootId,
}
