/** The clock as a port, so that tests can move it: the time of day, a monotonic time, and timers. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /**
   * Milliseconds since some moment in the past, never set back or forward by anybody: for deadlines, intervals and
   * durations. `now` is for what is written down and compared with what others wrote (record timestamps, retention).
   */
  monotonic(): number
  /** Resolves after `ms`, or at once when `signal` aborts (without throwing). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/**
 * The time of day as of now, then by what passes: for what is both printed as a time and counted as a duration (perf
 * tools). Whole milliseconds.
 */
export function steadyTimeOfDay(clock: Clock): () => number {
  const start = clock.now() - clock.monotonic()
  return () => Math.round(start + clock.monotonic())
}

/** Whole milliseconds since `started`, which `monotonic` said. */
export function elapsedSince(clock: Clock, started: number): number {
  return Math.round(clock.monotonic() - started)
}

export const systemClock: Clock = {
  now: () => Date.now(),
  // Not performance.now: its module is not loaded in a bare Node.
  monotonic: () => {
    const [seconds, nanoseconds] = process.hrtime()
    return seconds * 1000 + nanoseconds / 1e6
  },
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal?.addEventListener('abort', done)
    }),
}
