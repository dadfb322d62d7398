/**
 * Kernel file locks as a port. The real thing (native-file-lock.ts) takes OFD locks on the whole file: they belong
 * to the open file description, exclude each other between two descriptors of one process too, conflict with the
 * fcntl lock that a genuine broker holds on `.lock`, and are released by the kernel when the holder dies.
 * An exclusive lock needs a writable descriptor.
 */
export interface FileLocks {
  /** Kernel locks, or the lock files that stand in where no kernel lock loads (docs/locking.md). */
  readonly kind: 'kernel' | 'fallback'
  /** True when the lock is held now. Never waits: that is lock-wait.ts's. Also upgrades and downgrades a lock that this descriptor already holds. */
  tryLock(fd: number, mode: LockMode): boolean
  unlock(fd: number): void
  /**
   * Who holds a lock on this file now: for messages, best effort. Slow (it may look at every process), unless only
   * the locks of whole processes are asked for: on `.lock` that is a broker's.
   */
  holders(path: string, only?: 'process'): LockHolder[]
  /** What can be seen of a process that is known to hold a lock. */
  holder?(pid: number): LockHolder
}

export interface LockHolder {
  readonly pid: number
  readonly exclusive: boolean
  /** An fcntl lock of the whole process, as Java takes it: on `.lock` that is a broker. Ours belong to a descriptor. */
  readonly processLock: boolean
  /** Its command line, '' where we may not look. */
  readonly command: string
  /** By SIGSTOP, Ctrl-Z or a debugger: it lets go of nothing until it goes on. */
  readonly stopped?: boolean
}

export type LockMode = 'shared' | 'exclusive'
