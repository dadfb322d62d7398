/**
 * The four checkpoint files in the directory's root: lines `topic partition offset`.
 *
 * Invariant: one process at a time rewrites them, under an exclusive lock of `.tkafka-checkpoints-lock`, from what it
 * read under that lock: lines of other partitions stay. Rewritten only when a value changes. A crash leaves the old
 * file (see checkpoint-file.ts). A damaged file counts as empty for readers; the first writer sets it aside as
 * `NAME.N.broken` and makes an empty one (`mend`), as a broker would take the whole directory for failed. Crash between
 * the two: the file is missing, which counts as empty, for a broker, too.
 */
import { join } from 'node:path'
import { openLockFile } from '../os/lock-file.ts'
import { LockBusyError, waitForLock } from '../os/lock-wait.ts'
import type { Os } from '../os/os.ts'
import { readCheckpoint, writeCheckpoint } from './checkpoint-file.ts'
import { unlessDiskFull } from './full-disk.ts'
import type { NotedEnds } from './opening/noted-ends.ts'
import { BROKEN_SUFFIX } from './segment/log-files.ts'
import { SideFileError } from './side-file.ts'

export type OffsetCheckpointName = 'recovery-point' | 'log-start' | 'replication' | 'cleaner'

const FILES: Readonly<Record<OffsetCheckpointName, string>> = {
  'recovery-point': 'recovery-point-offset-checkpoint',
  'log-start': 'log-start-offset-checkpoint',
  replication: 'replication-offset-checkpoint',
  cleaner: 'cleaner-offset-checkpoint',
}

const NAMES = Object.keys(FILES) as OffsetCheckpointName[]

/** What follows from an empty one, for a person. */
const CONSEQUENCES: Readonly<Record<OffsetCheckpointName, string>> = {
  'recovery-point': 'more of the logs is checked next time',
  'log-start': 'records that were deleted with delete-records may be visible again',
  replication: 'nothing is lost by that',
  cleaner: 'compaction begins at the start of the logs again',
}

const LOCK_FILE = '.tkafka-checkpoints-lock'

interface Cached {
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
  readonly offsets: Map<string, number>
  readonly damaged: boolean
  /** Why it could not be read. */
  readonly problem?: SideFileError
}

/** The log.dirs of one node, where there are several. */
export interface CheckpointHomes {
  readonly others: readonly string[]
  /** In which of them a partition's folder is; undefined where there is none. */
  dirOf(name: string): string | undefined
}

const NONE: readonly LogDirCheckpoints[] = []

/** Keys are `topic-partition`, the folder's name. */
export class LogDirCheckpoints {
  /** undefined for folders that stand alone. */
  readonly noted: NotedEnds | undefined
  readonly #os: Os
  readonly #logDir: string
  readonly #homes: CheckpointHomes | undefined
  readonly #others: readonly LogDirCheckpoints[]
  readonly #cache = new Map<OffsetCheckpointName, Cached>()

  /** `homes`: all log.dirs of the node. Their files are read as one, and a line is written where its partition is. */
  constructor(os: Os, logDir: string, noted?: NotedEnds, homes?: CheckpointHomes) {
    this.noted = noted
    this.#homes = homes
    this.#others = homes?.others.map((other) => new LogDirCheckpoints(os, other)) ?? NONE
    this.#os = os
    this.#logDir = logDir
  }

  /**
   * The whole file, read again when it changed (a stat otherwise). Empty when missing or damaged, and when it cannot be
   * read; `surely` for a caller that changes something by what it says: then that is an error. @throws SideFileError
   */
  offsets(name: OffsetCheckpointName, surely = false): ReadonlyMap<string, number> {
    const own = this.#own(name, surely)
    if (this.#others.length === 0) return own
    return new Map([...own, ...this.#others.flatMap((other) => [...other.offsets(name, surely)])])
  }

  #own(name: OffsetCheckpointName, surely: boolean): ReadonlyMap<string, number> {
    const read = this.#read(name)
    if (surely && read?.problem !== undefined) throw read.problem
    return read?.offsets ?? new Map()
  }

  /**
   * Sets aside files that are no checkpoints and makes empty ones, one line for each to `warn`. For a writer that is
   * alone in the directory. What is read for it stays known: later looks cost a stat.
   */
  mend(warn: (line: string) => void): void {
    for (const other of this.#others) other.mend(warn)
    for (const name of NAMES) {
      if (this.#read(name)?.damaged !== true) continue
      this.#locked(() => {
        this.#cache.delete(name)
        if (this.#read(name)?.damaged !== true) return
        const { fs } = this.#os
        const path = this.path(name)
        let n = 0
        while (fs.stat(`${path}.${n}${BROKEN_SUFFIX}`) !== undefined) n++
        const aside = `${FILES[name]}.${n}${BROKEN_SUFFIX}`
        fs.rename(path, join(this.#logDir, aside))
        unlessDiskFull(() => writeCheckpoint(fs, path, []))
        this.#cache.delete(name)
        warn(`${path}: was damaged; set aside as ${aside}, begun anew: ${CONSEQUENCES[name]}`)
      })
    }
  }

  #read(name: OffsetCheckpointName): Cached | undefined {
    const path = this.path(name)
    const stat = this.#os.fs.stat(path)
    if (stat === undefined) return undefined
    const cached = this.#cache.get(name)
    if (
      cached !== undefined &&
      cached.ino === stat.ino &&
      cached.size === stat.size &&
      cached.mtimeMs === stat.mtimeMs
    ) {
      return cached
    }
    const offsets = new Map<string, number>()
    let rows: string[][] | undefined
    let problem: SideFileError | undefined
    try {
      rows = readCheckpoint(this.#os.fs, path)
    } catch (error) {
      if (!(error instanceof SideFileError)) throw error
      problem = error
    }
    let damaged = rows === undefined && problem === undefined
    for (const row of rows ?? []) {
      const offset = Number(row[2])
      if (row.length === 3 && Number.isSafeInteger(offset)) offsets.set(`${row[0]}-${row[1]}`, offset)
      else damaged = true
    }
    const read = { ino: stat.ino, size: stat.size, mtimeMs: stat.mtimeMs, offsets, damaged, problem }
    // What could not be read this time is tried again next time.
    if (problem === undefined) this.#cache.set(name, read)
    return read
  }

  offset(name: OffsetCheckpointName, partitionKey: string): number | undefined {
    return this.offsets(name).get(partitionKey)
  }

  /**
   * Sets offsets (undefined removes the line), keeps all other lines. Nothing is written when nothing changes.
   * @throws LockBusyError when somebody is just rewriting one; nothing was changed then
   */
  update(name: OffsetCheckpointName, changes: ReadonlyMap<string, number | undefined>): void {
    for (const other of this.#others) other.update(name, this.#changesOf(other, changes))
    const own = this.#changesOf(this, changes)
    // Other partitions' lines must not go because they could not be read.
    if (!this.#differs(this.#own(name, true), own)) return
    this.#locked(() => {
      this.#cache.delete(name)
      const offsets = new Map(this.#own(name, true))
      if (!this.#differs(offsets, own)) return
      for (const [key, offset] of own) {
        if (offset === undefined) offsets.delete(key)
        else offsets.set(key, offset)
      }
      const entries: (string | number)[][] = []
      for (const [key, offset] of offsets) {
        const dash = key.lastIndexOf('-')
        entries.push([key.slice(0, dash), key.slice(dash + 1), offset])
      }
      writeCheckpoint(this.#os.fs, this.path(name), entries)
      this.#cache.delete(name)
    })
  }

  /** What is to stand in that directory. A line that goes, goes everywhere: the folder may be gone already. */
  #changesOf<T extends number | undefined>(
    at: LogDirCheckpoints,
    changes: ReadonlyMap<string, T>,
  ): ReadonlyMap<string, T | undefined> {
    const homes = this.#homes
    if (homes === undefined) return changes
    const here = [...changes.keys()].filter((key) => (homes.dirOf(key) ?? this.#logDir) === at.#logDir)
    const found = new Set(here)
    return new Map([...changes].filter(([key, offset]) => offset === undefined || found.has(key)))
  }

  #locked(action: () => void): void {
    const { fs, locks } = this.#os
    const path = join(this.#logDir, LOCK_FILE)
    const fd = openLockFile(fs, path)
    try {
      if (!locks.tryLock(fd, 'exclusive')) throw new LockBusyError(path, () => this.#untilFree(path))
      action()
    } finally {
      fs.close(fd)
    }
  }

  async #untilFree(path: string): Promise<void> {
    const { fs, locks } = this.#os
    const fd = openLockFile(fs, path)
    try {
      await waitForLock(this.#os, path, () => locks.tryLock(fd, 'exclusive'))
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
