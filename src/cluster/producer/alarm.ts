/** One timer for many moments: rings at the earliest that it was set to. */
import type { Clock } from '../../os/clock.ts'

export class Alarm {
  readonly #clock: Clock
  readonly #ring: () => void
  #at = Number.POSITIVE_INFINITY
  #sleeping = new AbortController()
  #stopped = false

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** @param at by the monotonic clock */
  by(at: number): void {
    if (at >= this.#at || this.#stopped) return
    this.#at = at
    this.#sleeping.abort()
    this.#sleeping = new AbortController()
    const { signal } = this.#sleeping
    void this.#clock.sleep(Math.max(0, Math.ceil(at - this.#clock.monotonic())), signal).then(() => {
      if (signal.aborted) return
      this.#at = Number.POSITIVE_INFINITY
      this.#ring()
    })
  }

  stop(): void {
    this.#stopped = true
    this.#sleeping.abort()
  }
}
