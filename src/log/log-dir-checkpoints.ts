/**
 * The four checkpoint files in the directory's root: lines `topic partition offset`.
 *
 * Invariant: one process at a time rewrites them, under an exclusive lock of `.tkafka-checkpoints-lock`, from what it
 * read under that lock: lines of other partitions stay. Rewritten only when a value changes. A crash leaves the old
 * file (see checkpoint-file.ts). A damaged file counts as empty and is replaced by the next rewrite, as a broker does.
 */
import { join } from 'node:path'
import type { Os } from '../os/os.ts'
import { readCheckpoint, writeCheckpoint } from './checkpoint-file.ts'

export type OffsetCheckpointName = 'recovery-point' | 'log-start' | 'replication' | 'cleaner'

const FILES: Readonly<Record<OffsetCheckpointName, string>> = {
  'recovery-point': 'recovery-point-offset-checkpoint',
  'log-start': 'log-start-offset-checkpoint',
  replication: 'replication-offset-checkpoint',
  cleaner: 'cleaner-offset-checkpoint',
}

const LOCK_FILE = '.tkafka-checkpoints-lock'

interface Cached {
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
  readonly offsets: Map<string, number>
}

/** Keys are `topic-partition`, the folder's name. */
export class LogDirCheckpoints {
  readonly #os: Os
  readonly #logDir: string
  readonly #cache = new Map<OffsetCheckpointName, Cached>()

  constructor(os: Os, logDir: string) {
    this.#os = os
    this.#logDir = logDir
  }

  /** The whole file, read again when it changed (a stat otherwise). Empty when missing or damaged. */
  offsets(name: OffsetCheckpointName): ReadonlyMap<string, number> {
    const path = this.path(name)
    const stat = this.#os.fs.stat(path)
    if (stat === undefined) return new Map()
    const cached = this.#cache.get(name)
    if (
      cached !== undefined &&
      cached.ino === stat.ino &&
      cached.size === stat.size &&
      cached.mtimeMs === stat.mtimeMs
    ) {
      return cached.offsets
    }
    const offsets = new Map<string, number>()
    for (const [topic, partition, offset] of readCheckpoint(this.#os.fs, path) ?? []) {
      offsets.set(`${topic}-${partition}`, Number(offset))
    }
    this.#cache.set(name, { ino: stat.ino, size: stat.size, mtimeMs: stat.mtimeMs, offsets })
    return offsets
  }

  offset(name: OffsetCheckpointName, partitionKey: string): number | undefined {
    return this.offsets(name).get(partitionKey)
  }

  /**
   * Sets offsets (undefined removes the line), keeps all other lines. Nothing is written when nothing changes.
   * Blocks for the lock, which is held only for the rewrite.
   */
  update(name: OffsetCheckpointName, changes: ReadonlyMap<string, number | undefined>): void {
    if (!this.#differs(this.offsets(name), changes)) return
    const { fs, locks } = this.#os
    const fd = fs.open(join(this.#logDir, LOCK_FILE), 'a+')
    try {
      locks.waitForLockSync(fd, 'exclusive')
      this.#cache.delete(name)
      const offsets = new Map(this.offsets(name))
      if (!this.#differs(offsets, changes)) return
      for (const [key, offset] of changes) {
        if (offset === undefined) offsets.delete(key)
        else offsets.set(key, offset)
      }
      const entries: (string | number)[][] = []
      for (const [key, offset] of offsets) {
        const dash = key.lastIndexOf('-')
        entries.push([key.slice(0, dash), key.slice(dash + 1), offset])
      }
      writeCheckpoint(fs, this.path(name), entries)
      this.#cache.delete(name)
    } finally {
      fs.close(fd)
    }
  }

  path(name: OffsetCheckpointName): string {
    return join(this.#logDir, FILES[name])
  }

  #differs(offsets: ReadonlyMap<string, number>, changes: ReadonlyMap<string, number | undefined>): boolean {
    for (const [key, offset] of changes) if (offsets.get(key) !== offset) return true
    return false
  }
}
