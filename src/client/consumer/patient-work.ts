/** Work of a consumer that may have to wait for another process: joining a group, handing over, closing. */

/** What does the waiting: until something happens, or the time is over. */
export interface Waiter {
  wait(ms: number, signal?: AbortSignal): Promise<unknown>
  wake(): void
}

export interface MonotonicClock {
  monotonic(): number
}

/** A group hands partitions over in some 50 ms; where a member is stopped or at work, `poll` waits on. */
export const JOIN_MS = 1000
/** As Kafka's close. */
export const CLOSE_MS = 30_000
/** What our own work may take when nobody is in its way, whatever the caller's deadline. */
const SHORTEST_WAIT_MS = 100
const LOOK_MS = 1000

/**
 * A consumer's work that may have to wait for other processes (joining, committing, giving partitions up), while its caller has
 * a deadline and a signal. Beyond these it goes on by itself, and what it throws then is thrown by the next look.
 */
export class PatientWork {
  readonly #clock: MonotonicClock
  readonly #waiter: Waiter
  readonly #signal: AbortSignal | undefined
  #failure: unknown

  constructor(clock: MonotonicClock, waiter: Waiter, signal: AbortSignal | undefined) {
    this.#clock = clock
    this.#waiter = waiter
    this.#signal = signal
  }

  /** `deadline` by the monotonic clock. @throws what the work threw, now or earlier */
  async waitFor(work: Promise<void>, deadline: number): Promise<void> {
    const signal = this.#signal
    let over = false
    const ended = (error?: unknown) => {
      over = true
      this.#failure ??= error
      this.#waiter.wake()
    }
    work.then(() => ended(), ended)
    const until = Math.max(deadline, this.#clock.monotonic() + SHORTEST_WAIT_MS)
    while (!over && !signal?.aborted) {
      const left = until - this.#clock.monotonic()
      if (left <= 0) break
      await this.#waiter.wait(Math.min(left, LOOK_MS), signal)
    }
    this.throwFailure()
  }

  throwFailure(): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }
}
