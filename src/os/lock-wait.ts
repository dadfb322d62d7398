/**
 * Waiting for a kernel lock that somebody else holds.
 *
 * No thread ever blocks in the kernel for it: the main one could not hear a signal or a deadline, nor let go of what this
 * very process holds, and a thread of the pool could not be called back (four of them, and no sync gets through any more).
 * So the lock is tried again and again by a timer, which costs a microsecond each. Whoever waits
 *
 *  - says for whom (pid and command), once, after two seconds;
 *  - ends when its client is closed for good, and at the first signal that its process listens for;
 *  - ends when the time is over that its user gave for it (WaitLimit).
 */
import { TerseError } from '../errors.ts'
import type { Clock } from './clock.ts'
import type { FileLocks, LockHolder } from './file-lock.ts'

/** In silence until then. */
export const TELL_AFTER_MS = 2000
/** Between two tries: short while the holder may be one of a crowd that holds it for an instant each. */
const PAUSES: readonly (readonly [untilMs: number, pauseMs: number])[] = [
  [4, 1],
  [20, 2],
  [200, 5],
  [1000, 10],
]
const LONGEST_PAUSE_MS = 20
/** Lock files cost a few system calls each time, and of two that try in step neither gets it. */
const FALLBACK_PAUSE_MS = 10
/** At a signal: what a lock in good hands takes, so that what was read is still written. */
const GRACE_MS = 300

/** What waiting needs of the machine. */
export interface WaitingOs {
  readonly clock: Clock
  readonly locks: FileLocks
  readonly waits?: LockWaits | undefined
}

/** How long the user lets a client wait for locks, and the flag or setting that says so (`--timeout 1500`). */
export interface WaitLimit {
  readonly ms: number
  readonly by: string
}

/** The waits of one client: whom they tell, how long they may last, and whether they go on. */
export class LockWaits {
  limit: WaitLimit | undefined
  readonly #say: (line: string) => void
  readonly #told = new Set<string>()
  #ended = false
  #waiting = 0
  #since = 0
  /** What was waited since the client last got something done: several locks in a row have one limit. */
  #spentMs = 0

  constructor(say: (line: string) => void, limit?: WaitLimit) {
    this.#say = say
    this.limit = limit
  }

  /** Returns how long this wait may last. */
  began(now: number): number {
    if (this.#waiting++ === 0) this.#since = now
    return this.limit === undefined ? Number.POSITIVE_INFINITY : this.limit.ms - this.#spentMs
  }

  over(now: number): void {
    if (--this.#waiting === 0) this.#spentMs += now - this.#since
  }

  /** What was waited for is done (a batch is in its log, a commit written): the limit begins anew. */
  progressed(): void {
    this.#spentMs = 0
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Nobody waits for locks any more: who does, or tries to, gets a LockWaitError. What is free can still be taken. */
  end(): void {
    this.#ended = true
  }

  /** Once for each `key`. */
  tell(key: string, line: string): void {
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.#say(line)
  }
}

/** Somebody else holds the lock, and it is not waited for any longer. */
export class LockWaitError extends TerseError {
  override name = 'LockWaitError'
}

/** Thrown by a call that cannot wait. `whenFree` makes it again. */
export class LockBusyError extends TerseError {
  override name = 'LockBusyError'
  /** Resolves when it is worth while to try again. */
  readonly free: () => Promise<void>

  constructor(path: string, free: () => Promise<void>) {
    super(`${path}: another process holds this lock; try again`)
    this.free = free
  }
}

/** What `action` returns, made again as long as it meets a lock that is held. Until then it must have changed nothing. */
export async function whenFree<T>(action: () => T): Promise<T> {
  for (;;) {
    try {
      return action()
    } catch (error) {
      if (!(error instanceof LockBusyError)) throw error
      await error.free()
    }
  }
}

/** Calls `take` until it says that the lock on `path` is held. @throws LockWaitError */
export async function waitForLock(os: WaitingOs, path: string, take: () => boolean): Promise<void> {
  if (take()) return
  const began = os.clock.monotonic()
  const longest = os.waits?.began(began) ?? Number.POSITIVE_INFINITY
  try {
    await untilTaken(os, path, take, began, longest)
  } finally {
    os.waits?.over(os.clock.monotonic())
  }
}

async function untilTaken(
  os: WaitingOs,
  path: string,
  take: () => boolean,
  began: number,
  longest: number,
): Promise<void> {
  const { clock, locks, waits } = os
  let lookAt = TELL_AFTER_MS
  let interruptedAt: number | undefined
  for (;;) {
    if (waits?.ended === true) throw gaveUp(os, path)
    const waited = clock.monotonic() - began
    if (interruption !== undefined) {
      interruptedAt ??= waited
      // One that has waited for long will not be served within the grace.
      if (waited >= TELL_AFTER_MS || waited - interruptedAt >= GRACE_MS) {
        const error = gaveUp(os, path)
        interruption(error)
        throw error
      }
    }
    if (waited >= longest) throw gaveUp(os, path, waits?.limit)
    if (waited >= lookAt) {
      lookAt = waited * 2
      tellOfHolder(os, path)
    }
    await clock.sleep(Math.min(pauseAfter(waited, locks.kind), longest - waited))
    if (take()) return
  }
}

let interruption: ((error: LockWaitError) => void) | undefined

/** From now on (a signal came) a wait that is not over soon is given up: it calls `onStuck`, which may end the process. */
export function interruptLockWaits(onStuck: ((error: LockWaitError) => void) | undefined): void {
  interruption = onStuck
}

/** One line a holder, however many of its locks are waited for. `what`: in words that people know, where there are any. */
export function tellOfHolder(
  { locks, waits }: WaitingOs,
  path: string,
  what = path,
  known?: LockHolder,
): void {
  if (waits === undefined) return
  const holder = known ?? holderOf(locks, path)
  waits.tell(
    holder === undefined ? path : String(holder.pid),
    `${what}: waiting for ${describeHolder(holder)}, which holds ${what === path ? 'this lock' : 'it'}`,
  )
}

function gaveUp({ locks }: WaitingOs, path: string, limit?: WaitLimit): LockWaitError {
  const over = limit === undefined ? '' : `; the time given is over (${limit.by})`
  return new LockWaitError(
    `${path}: gave up waiting for ${describeHolder(holderOf(locks, path))}, which holds this lock${over}`,
  )
}

/** Another process rather than ourselves, and one that excludes everybody rather than one of many. */
function holderOf(locks: FileLocks, path: string): LockHolder | undefined {
  const holders = locks.holders(path)
  const others = holders.filter(({ pid }) => pid !== process.pid)
  return others.find(({ exclusive }) => exclusive) ?? others[0] ?? holders[0]
}

const LONGEST_COMMAND = 120

/** `process 4711 (tkafka console-consumer ...)`. A command line is what its process makes of it: shown as one plain line. */
export function describeHolder(holder: Pick<LockHolder, 'pid' | 'command' | 'stopped'> | undefined): string {
  if (holder === undefined)
    return 'another process (of another user or container, so not to be seen from here)'
  if (holder.pid === process.pid) return `this process itself (pid ${holder.pid})`
  const command = holder.command.replace(/[\p{C}\s]+/gu, ' ').trim()
  const shown = command.length > LONGEST_COMMAND ? `${command.slice(0, LONGEST_COMMAND)}...` : command
  const who = `process ${holder.pid}${shown === '' ? '' : ` (${shown})`}`
  return holder.stopped === true ? `${who}, stopped (kill -CONT ${holder.pid} lets it go on)` : who
}

function pauseAfter(waitedMs: number, kind: FileLocks['kind']): number {
  if (kind === 'fallback') return FALLBACK_PAUSE_MS * (0.5 + Math.random())
  for (const [untilMs, pauseMs] of PAUSES) if (waitedMs < untilMs) return pauseMs
  return LONGEST_PAUSE_MS
}
