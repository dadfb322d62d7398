/** Waiting that something can end. */
import type { Waiter } from './patient-work.ts'

export class WakeUp implements Waiter {
  #wake: (() => void) | undefined
  #woken = false

  /** Ends the wait that is under way, or the next one at once. */
  wake(): void {
    this.#woken = true
    this.#wake?.()
  }

  /** Waits at most `ms`. True when woken. */
  async wait(ms: number, signal?: AbortSignal): Promise<boolean> {
    if (!this.#woken && !signal?.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', done)
          this.#wake = undefined
          resolve()
        }
        const timer = setTimeout(done, ms)
        this.#wake = done
        signal?.addEventListener('abort', done)
      })
    }
    const woken = this.#woken
    this.#woken = false
    return woken
  }
}
