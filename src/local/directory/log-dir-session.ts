/**
 * Being a writer in a data directory, among other tkafka processes and against a broker.
 *
 * Bytes: none of its own; it moves `.kafka_cleanshutdown` (clean-shutdown-file.ts) and `.tkafka-open`
 * (open-partitions.ts), and locks `.tkafka-gate` and `.lock`, both empty.
 *
 * Invariants
 *  1. A writer holds `.lock` shared, a broker holds it exclusively: never both.
 *  2. `.lock` changes hands only while `.tkafka-gate` is held exclusively. So inside the gate a refused `.lock` is a
 *     broker's, and a granted exclusive one means: no other writer is in.
 *  3. No byte goes into a partition before the clean marker is gone from the disk and the partition is listed.
 *  4. The marker comes back only from a process that is alone, inside the gate, with every listed partition closed as a broker
 *     closes it.
 *
 * Crash, at each step (docs/locking.md walks through them): the kernel frees the locks. Marker there: nothing was
 * written since; a list beside it is left over. No marker, valid list: the next one out closes what is listed; each
 * log's torn tail was cut when it was opened for writing. Neither: the next one in checks the whole directory.
 */
import { dirname, join } from 'node:path'
import { TerseError } from '../../errors.ts'
import { isDiskFull } from '../../log/full-disk.ts'
import { isNotPermitted } from '../../log/side-file.ts'
import { describeHolder, LockBusyError } from '../../os/lock-wait.ts'
import type { Os } from '../../os/os.ts'
import {
  hasCleanShutdownFile,
  readCleanShutdownFile,
  restoreCleanShutdownFile,
  setAsideCleanShutdownFile,
} from './clean-shutdown-file.ts'
import { DirectoryLock } from './directory-lock.ts'
import {
  ALSO_OF,
  addOpenPartition,
  beginOpenPartitions,
  FOUND_DAMAGED,
  invalidateOpenPartitions,
  OPEN_PARTITIONS_FILE,
  type OpenPartitions,
  type OtherDirs,
  removeQuietly,
  validOpenPartitions,
} from './open-partitions.ts'

export const LOCK_FILE = '.lock'
export const GATE_FILE = '.tkafka-gate'
/** There while a process with lock files in place of kernel locks is in: the two kinds do not see each other. */
export const FALLBACK_FILE = '.tkafka-fallback-locks'

/** Folder names of partitions with which something is wrong. */
export interface CheckedDirectory {
  /** In the middle of a log. */
  readonly damaged: readonly string[]
  /** Checked, but a file beside the log could not be brought in order. */
  readonly unclosed: readonly string[]
}

/** What the session asks of those who know logs and metadata. */
export interface SessionWork {
  /** Called alone, inside the gate, before anything else: makes the directory's content if it has none. */
  prepare(): Promise<void>
  /** Called alone, inside the gate, before the last one goes: finishes what others were killed at. */
  finish(): void
  /** BrokerEpoch of this node's newest RegisterBroker record, -1 when there is none. */
  brokerEpoch(): number
  /** Called alone, inside the gate: nobody knows what state the logs are in. */
  checkWhole(): Promise<CheckedDirectory>
  /** Whether a partition that such a check found damaged still is. */
  isDamaged(name: string): boolean
  /**
   * Closes a listed partition as a broker does, everything synced. False where that cannot be done now, which was told, or its end is damaged: it
   * stays listed, and the marker away. Throws where this process wrote to it.
   */
  closePartition(name: string): boolean | Promise<boolean>
  /** Called alone, inside the gate, after the last of them, before the marker comes back. */
  closed(): void | Promise<void>
  /** Called when this process left, whether or not it was the last one out. */
  left(): void
}

/** How long a killed process may take to lose its locks, in ms. */
const DYING_MS = 250

export class LogDirSession {
  readonly #os: Os
  readonly #dir: string
  readonly #work: SessionWork
  readonly #gate: DirectoryLock
  readonly #lock: DirectoryLock
  /** All log.dirs of the node, this one first: each has a clean marker. */
  readonly #dirs: readonly string[]
  /** `.lock` of the others, held shared beside ours, so that no broker starts on one of them. */
  readonly #otherLocks: readonly DirectoryLock[]
  readonly #others: OtherDirs | undefined
  /** Partitions known to be in the list; undefined until this process has looked. */
  #listed: Set<string> | undefined
  #cleanUntil: number | undefined
  #entered = 0
  /** Entering and leaving of one process go one after another. */
  #turn: Promise<void> = Promise.resolve()

  constructor(os: Os, dir: string, work: SessionWork, others?: OtherDirs) {
    this.#os = os
    this.#dir = dir
    this.#work = work
    this.#gate = new DirectoryLock(os, join(dir, GATE_FILE))
    this.#lock = new DirectoryLock(os, join(dir, LOCK_FILE))
    this.#others = others
    this.#dirs = [dir, ...(others?.others ?? [])]
    this.#otherLocks = this.#dirs.slice(1).map((other) => new DirectoryLock(os, join(other, LOCK_FILE)))
  }

  /**
   * When this process took the clean marker away: the mtime, in ms, of the list that it began just before. A folder that
   * changed earlier is as durable as the marker promised. undefined when somebody else took the marker away.
   */
  get cleanUntil(): number | undefined {
    return this.#cleanUntil
  }

  get entered(): boolean {
    return this.#entered > 0
  }

  /** Becomes a writer; counted, `leave` is its pair. Throws a TerseError with the pid when a broker is in. */
  enter(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#entered === 0) await this.#enter()
      this.#entered++
    })
  }

  /** The last one out of the last process puts the clean marker back. */
  leave(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#entered === 0) throw new Error('leave without enter')
      if (this.#entered > 1) {
        this.#entered--
        return
      }
      try {
        await this.#leave()
      } finally {
        this.#entered = 0
      }
    })
  }

  /**
   * Call before the first byte goes into a partition (its folder's name). Quick when it is listed already.
   * The first one of a clean directory costs one fsync of the folder.
   * @throws LockBusyError where the gate is needed and somebody else is in it
   */
  writing(name: string): void {
    if (this.#entered === 0) throw new Error(`${name}: written to without a session`)
    this.verify()
    this.#listed ??= this.#inGate(() => this.#openList())
    if (this.#listed.has(name)) return
    addOpenPartition(this.#os, this.#dir, name)
    this.#listed.add(name)
  }

  /**
   * A broker that stops deletes `.lock` a moment after it let go of it: a lock that was taken in that moment keeps
   * nobody out. Two stats; takes the new file's lock, or throws when a broker has it.
   * @throws LockBusyError where somebody else is in the gate
   */
  verify(): void {
    const isCurrent = (lock: DirectoryLock): boolean => lock.current
    if (this.#lock.current && this.#otherLocks.every(isCurrent)) return
    this.#inGate(() => {
      for (const lock of [this.#lock, ...this.#otherLocks]) {
        if (lock.current || lock.try('shared')) continue
        lock.close()
        throw this.#refusal(lock)
      }
    })
  }

  /**
   * Through the gate without waiting: it may be another client of this very process that is in it, and that one needs the
   * main thread to get out.
   */
  #inGate<T>(action: () => T): T {
    if (!this.#gate.try('exclusive')) throw new LockBusyError(this.#gate.path, () => this.#gateFree())
    try {
      return action()
    } finally {
      this.#gate.unlock()
    }
  }

  #gateFree(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#gate.wait('exclusive')
      this.#gate.unlock()
    })
  }

  async #enter(): Promise<void> {
    for (const dir of this.#dirs) this.#os.fs.refusePlantedLinks(dir)
    const fallback = this.#os.locks.kind === 'fallback'
    if (fallback) this.#announceFallback()
    await this.#gate.wait('exclusive')
    try {
      const alone = !(await this.#joinOthers())
      for (const lock of this.#otherLocks) if (!lock.try('shared')) throw this.#refusal(lock)
      if (!fallback) this.#refuseBesideFallback()
      if (alone) {
        this.#settleMarkers()
        await this.#work.prepare()
        if (!this.#knownState()) {
          const { damaged, unclosed } = await this.#work.checkWhole()
          this.#beginList()
          for (const name of unclosed) addOpenPartition(this.#os, this.#dir, name)
          for (const name of damaged) addOpenPartition(this.#os, this.#dir, FOUND_DAMAGED + name)
        }
        if (!this.#lock.try('shared')) throw this.#refusal()
      }
      this.#listed = undefined
      this.#cleanUntil = undefined
      this.#gate.unlock()
    } catch (error) {
      this.#closeLocks()
      this.#gate.close()
      throw error
    }
  }

  /** Takes `.lock`: true shared, with others who know the state; false exclusively, alone. */
  async #joinOthers(): Promise<boolean> {
    for (let waited = 0; ; waited += 5) {
      if (this.#lock.try('exclusive')) return false
      if (this.#lock.try('shared')) {
        // A writer that was just killed may have held it a moment ago: then nobody has looked at the state.
        if (this.#knownState()) return true
        if (this.#lock.try('exclusive')) return false
        this.#refuseBesideReader()
        return true
      }
      // A killed process loses its locks one by one: the gate may be free while its `.lock` is still held.
      if (waited >= DYING_MS || this.#os.locks.holders(this.#lock.path, 'process').length > 0) {
        throw this.#refusal()
      }
      await this.#os.clock.sleep(5)
    }
  }

  async #leave(): Promise<void> {
    try {
      await this.#gate.wait('exclusive')
      if (this.#lock.try('exclusive')) {
        await this.#lastOut()
        if (this.#os.locks.kind === 'fallback') removeQuietly(this.#os, join(this.#dir, FALLBACK_FILE))
      }
    } catch (error) {
      // Nothing is lost: the list stays, and the next one out tries again. A listed partition that one may not open was
      // told by whoever meant to write to it; who writes elsewhere has no part in that.
      if (!isDiskFull(error) && !isNotPermitted(error)) throw error
    } finally {
      try {
        this.#work.left()
      } finally {
        this.#closeLocks()
        this.#gate.close()
      }
    }
  }

  #closeLocks(): void {
    this.#lock.close()
    for (const lock of this.#otherLocks) lock.close()
  }

  async #lastOut(): Promise<void> {
    this.#work.finish()
    if (this.#isClean()) {
      const epoch = this.#work.brokerEpoch()
      for (const dir of this.#dirs) {
        if (readCleanShutdownFile(this.#os, dir) !== epoch) restoreCleanShutdownFile(this.#os, dir, epoch)
      }
      invalidateOpenPartitions(this.#os, this.#dir)
      return
    }
    const list = this.#validList()
    if (list === undefined) return
    const found = [...list.names].filter((name) => name.startsWith(FOUND_DAMAGED))
    let closed = true
    for (const name of list.names) {
      if (name.startsWith(FOUND_DAMAGED) || name.startsWith(ALSO_OF)) continue
      closed = (await this.#work.closePartition(name)) && closed
    }
    await this.#work.closed()
    if (!closed) return
    if (found.some((name) => this.#work.isDamaged(name.slice(FOUND_DAMAGED.length)))) return
    for (const dir of this.#dirs) restoreCleanShutdownFile(this.#os, dir, list.brokerEpoch)
    invalidateOpenPartitions(this.#os, this.#dir)
  }

  /** Whether it is known which partitions may be torn: none (marker), or those listed. */
  #knownState(): boolean {
    return this.#isClean() || this.#validList() !== undefined
  }

  #isClean(): boolean {
    return this.#dirs.every((dir) => hasCleanShutdownFile(this.#os, dir))
  }

  /**
   * Inside the gate. Of several log.dirs some may have their markers, where somebody was killed between two of them, or
   * worked in the first alone: those that are there go, and the list, where there is one, takes over what they tell.
   */
  #settleMarkers(): void {
    if (this.#dirs.length === 1 || this.#isClean()) return
    const hasList = this.#validList() !== undefined
    for (const [i, dir] of this.#dirs.entries()) {
      if (!hasCleanShutdownFile(this.#os, dir)) continue
      if (hasList && i > 0) addOpenPartition(this.#os, this.#dir, ALSO_OF + this.#others?.otherIds[i - 1])
      setAsideCleanShutdownFile(this.#os, dir)
      this.#os.fs.fsyncDir(dir)
    }
  }

  #validList(): OpenPartitions | undefined {
    return validOpenPartitions(this.#os, this.#dir, () => this.#work.brokerEpoch(), this.#others)
  }

  /** Inside the gate: the names in the list; takes the marker away first if it is there. */
  #openList(): Set<string> {
    if (this.#isClean()) {
      this.#beginList()
      this.#cleanUntil = this.#os.fs.stat(join(this.#dir, OPEN_PARTITIONS_FILE))?.mtimeMs
      for (const dir of this.#dirs) setAsideCleanShutdownFile(this.#os, dir)
    } else this.#settleMarkers()
    // Also when another one took the marker away: it may have been killed before this.
    for (const dir of this.#dirs) this.#os.fs.fsyncDir(dir)
    return this.#validList()?.names ?? new Set()
  }

  /** Before the first look for others: of two that enter at once, at least one sees the other. */
  #announceFallback(): void {
    const file = join(this.#dir, FALLBACK_FILE)
    if (this.#os.fs.stat(file) === undefined) this.#os.fs.close(this.#os.fs.open(file, 'a'))
  }

  #refuseBesideFallback(): void {
    const file = join(this.#dir, FALLBACK_FILE)
    if (this.#os.fs.stat(file) === undefined) return
    throw new TerseError(
      `${this.#dir}: processes with lock files (TKAFKA_FALLBACK_LOCKS=1) write to this directory; ` +
        `when none of them runs any more, remove ${file}`,
    )
  }

  /**
   * Other writers have open file description locks. The shared lock of a whole process is that of a stranger who may read
   * `.lock`: with it nobody is ever alone, so nobody would check a directory that needs it.
   */
  #refuseBesideReader(): void {
    const stranger = this.#os.locks.holders(this.#lock.path, 'process').find(({ exclusive }) => !exclusive)
    if (stranger === undefined) return
    throw new TerseError(
      `${this.#dir}: not shut down cleanly, and ${describeHolder(stranger)} holds a read lock on ${this.#lock.path}, ` +
        'so it cannot be checked; end that process first',
    )
  }

  /** On a full disk there is no list: then the directory is checked whole next time. */
  #beginList(): void {
    try {
      beginOpenPartitions(this.#os, this.#dir, this.#os.bootId(), this.#work.brokerEpoch())
      for (const id of this.#others?.otherIds ?? []) addOpenPartition(this.#os, this.#dir, ALSO_OF + id)
    } catch (error) {
      if (!isDiskFull(error)) throw error
      invalidateOpenPartitions(this.#os, this.#dir)
    }
  }

  #refusal(lock = this.#lock): TerseError {
    const holders = this.#os.locks.holders(lock.path)
    const broker = holders.find((h) => h.exclusive) ?? holders[0]
    const who = broker === undefined ? 'a Kafka broker' : `a Kafka broker (pid ${broker.pid})`
    return new TerseError(
      `${dirname(lock.path)}: ${who} is running on this directory, so tkafka only reads here; ` +
        'write through the broker with --bootstrap-server, or stop it first',
    )
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(task)
    this.#turn = result.then(
      () => {},
      () => {},
    )
    return result
  }
}
