/** The bundle of ports to the machine that everything below the commands is handed. */
import type { Clock } from './clock.ts'
import type { FileLocks } from './file-lock.ts'
import type { FileSystem } from './file-system.ts'
import type { Lifelines } from './lifeline.ts'
import type { LockWaits } from './lock-wait.ts'

/** Every effect on the machine in one bundle, handed down from the composition root (or from a test). */
export interface Os {
  readonly fs: FileSystem
  readonly locks: FileLocks
  readonly clock: Clock
  /** Of the client that has this machine; absent: nobody is told, and nothing ends them but the lock. */
  readonly waits?: LockWaits | undefined
  /** Absent where none can be had. */
  readonly lifelines?: Lifelines | undefined
  /** Cryptographic randomness. */
  randomBytes(size: number): Buffer
  /** A word that is another one after the machine was started anew. */
  bootId(): string
}
