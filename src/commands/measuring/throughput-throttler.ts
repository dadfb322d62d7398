/** Holds a sender to about so many records a second, as the perf and verifiable tools do. */

/** Sleeps are gathered until they last at least this long: shorter ones cost more than they wait. */
const MIN_SLEEP_MS = 2

export class ThroughputThrottler {
  readonly #target: number
  readonly #startMs: number
  #debtMs = 0

  /** @param target records a second; negative is no limit, 0 is none at all */
  constructor(target: number, startMs: number) {
    this.#target = target
    this.#startMs = startMs
  }

  /** Whether `sent` records until `nowMs` are more than allowed. */
  shouldThrottle(sent: number, nowMs: number): boolean {
    if (this.#target < 0) return false
    const elapsedSec = (nowMs - this.#startMs) / 1000
    return elapsedSec >= 0 && sent / elapsedSec > this.#target
  }

  /** Waits as long as one record may take; ends early on the signal. */
  async throttle(signal: AbortSignal): Promise<void> {
    if (this.#target === 0) return sleep(undefined, signal)
    this.#debtMs += 1000 / this.#target
    if (this.#debtMs < MIN_SLEEP_MS) return
    const before = performance.now()
    await sleep(this.#debtMs, signal)
    this.#debtMs -= performance.now() - before
  }
}

/** Waits `ms` (undefined: for ever), or until the signal. */
function sleep(ms: number | undefined, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    // A timer also keeps the process alive while there is nothing else to wait for.
    const timer = ms === undefined ? setInterval(() => {}, 1 << 30) : setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
