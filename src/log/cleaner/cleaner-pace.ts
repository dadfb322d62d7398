/** When the log cleaner rests, and when it stops: bytes per second, a deadline, a signal. */
import type { Clock } from '../../os/clock.ts'

/** Thrown inside a cleaning that is to end in good order: by time or by a signal. */
export class CleaningStopped extends Error {
  override name = 'CleaningStopped'
}

export interface PaceOptions {
  /** By the clock's monotonic time, ms. */
  readonly deadline?: number
  /** Read and written together. */
  readonly maxBytesPerSecond?: number
  readonly signal?: AbortSignal
}

const LOOK_EVERY_BYTES = 1024 * 1024

/** How fast and how long the cleaner may go on. */
export class CleanerPace {
  readonly #clock: Clock
  readonly #options: PaceOptions
  readonly #started: number
  #bytes = 0
  #unlooked = 0
  #indexUntil = Number.POSITIVE_INFINITY

  constructor(clock: Clock, options: PaceOptions = {}) {
    this.#clock = clock
    this.#options = options
    this.#started = clock.monotonic()
  }

  /** Of the time that is left, indexing may use a quarter: what is indexed is to be read and written in the rest of it. */
  beginPass(): void {
    const { deadline } = this.#options
    if (deadline === undefined) return
    const now = this.#clock.monotonic()
    this.#indexUntil = now + (deadline - now) / 4
  }

  /** Whether this pass had better clean what it has indexed, so that each run gets on, however short it is. */
  get indexedLongEnough(): boolean {
    return this.#clock.monotonic() >= this.#indexUntil
  }

  /** Counts bytes; true when `rest` is to be awaited before going on. */
  isDue(bytes: number): boolean {
    this.#bytes += bytes
    this.#unlooked += bytes
    return this.#unlooked >= (this.#options.maxBytesPerSecond === undefined ? LOOK_EVERY_BYTES : 1)
  }

  /** Lets others in (signals, for one), sleeps where it went too fast, throws CleaningStopped when it is time to end. */
  async rest(): Promise<void> {
    this.#unlooked = 0
    await new Promise((resolve) => setImmediate(resolve))
    this.check()
    const { maxBytesPerSecond, signal } = this.#options
    if (maxBytesPerSecond === undefined) return
    for (;;) {
      const ahead = this.#started + (this.#bytes / maxBytesPerSecond) * 1000 - this.#clock.monotonic()
      if (ahead <= 5) return
      await this.#clock.sleep(Math.min(ahead, 500), signal)
      this.check()
    }
  }

  check(): void {
    const { signal, deadline } = this.#options
    if (signal?.aborted === true) throw new CleaningStopped('stopped by a signal')
    if (deadline !== undefined && this.#clock.monotonic() >= deadline)
      throw new CleaningStopped('time is over')
  }
}
