/** One line on a terminal's standard error that tells how far a long look is; nothing elsewhere. */
import type { Output } from '../cli/command.ts'

const EVERY_MS = 100

export class CheckProgress {
  readonly #stderr: Output
  #shown = 0
  #at = 0

  constructor(stderr: Output) {
    this.#stderr = stderr
  }

  readonly update = (what: string, done: number, total: number): void => {
    if (!this.#stderr.isTerminal || Date.now() - this.#at < EVERY_MS) return
    this.#at = Date.now()
    const text = `${Math.floor((100 * done) / Math.max(total, 1))}%  ${what}`.slice(
      0,
      this.#stderr.columns - 1,
    )
    this.#stderr.write(`\r${text.padEnd(this.#shown)}`)
    this.#stderr.flush()
    this.#shown = text.length
  }

  clear(): void {
    if (this.#shown === 0) return
    this.#stderr.write(`\r${' '.repeat(this.#shown)}\r`)
    this.#stderr.flush()
    this.#shown = 0
  }
}
