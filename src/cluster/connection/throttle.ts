/**
 * How long a broker that we ask too much of wants to hear nothing (KIP-219): it says so in its answer, and reads nothing of the
 * connection before. What was sent meanwhile would only grow old at the broker's door, and run into its timeout.
 */
export class Throttle {
  #until = 0
  /** All that wait go on together, in the order in which they came. */
  #waiting: Promise<void> | undefined
  #end = () => {}
  #stopped = false

  /** Of two answers the one counts that wants the longer pause. */
  begin(ms: number): void {
    if (ms > 0) this.#until = Math.max(this.#until, performance.now() + ms)
  }

  /** undefined: nothing is to be waited for. */
  get pause(): Promise<void> | undefined {
    if (this.#until === 0 || this.#stopped) return undefined
    if (this.#waiting === undefined && this.#until <= performance.now()) {
      this.#until = 0
      return undefined
    }
    this.#waiting ??= this.#wait().finally(() => {
      this.#waiting = undefined
    })
    return this.#waiting
  }

  stop(): void {
    this.#stopped = true
    this.#end()
  }

  async #wait(): Promise<void> {
    for (let left = this.#left(); left > 0; left = this.#left()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.ceil(left))
        this.#end = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#until = 0
  }

  #left(): number {
    return this.#stopped ? 0 : this.#until - performance.now()
  }
}
