import type { Clock } from '../../src/os/clock.ts'

/** A clock that stands still until it is told otherwise; whoever sleeps moves it on. */
export class FakeClock implements Clock {
  /** Time that passed, ms, and how much of it was slept. */
  elapsed = 0
  slept = 0
  #start: number

  constructor(start = 1_700_000_000_000) {
    this.#start = start
  }

  now(): number {
    return this.#start + this.elapsed
  }

  monotonic(): number {
    return this.elapsed
  }

  /** Somebody sets the wall clock; the time that passes stays what it was. */
  setWall(time: number): void {
    this.#start = time - this.elapsed
  }

  pass(ms: number): void {
    this.elapsed += ms
  }

  async sleep(ms: number): Promise<void> {
    this.elapsed += ms
    this.slept += ms
  }
}
