/** The pauses of a member's loop: until the next beat is due, or something happens. */
import { WakeUp } from '../../client/consumer/wake-up.ts'

export class GroupHeart extends WakeUp {
  readonly #clock: { monotonic(): number }
  #nextAt = 0

  constructor(clock: { monotonic(): number }) {
    super()
    this.#clock = clock
  }

  /** The next beat comes that much later. */
  restart(ms: number): void {
    this.#nextAt = this.#clock.monotonic() + ms
  }

  /** Waits until a beat is due. False when something else came up before. */
  async pause(): Promise<boolean> {
    const left = this.#nextAt - this.#clock.monotonic()
    if (left > 0) await this.wait(Math.ceil(left))
    return this.#nextAt <= this.#clock.monotonic()
  }
}
