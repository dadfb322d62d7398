/** Lines that a person types: warns of a line that the terminal has cut off. */
import type { Output } from '../../cli/command.ts'
import type { InputChunks } from '../../os/standard-input.ts'

/** A terminal hands on so many bytes of a line and drops the rest of it in silence (N_TTY_BUF_SIZE of Linux, without the newline). */
const LONGEST_LINE = 4095
const NEWLINE = 0x0a

/** Lines from a terminal; who pastes a longer one than it takes is told that it was cut. */
export class TerminalLines implements InputChunks {
  readonly #input: InputChunks
  readonly #stderr: Output
  #line = 1
  #length = 0

  constructor(input: InputChunks, stderr: Output) {
    this.#input = input
    this.#stderr = stderr
  }

  read(buffer: Buffer, start: number, end: number): number {
    const n = this.#input.read(buffer, start, end)
    for (let at = start; at < start + n; at++) {
      if (buffer[at] !== NEWLINE) {
        this.#length++
        continue
      }
      if (this.#length === LONGEST_LINE) this.#warn()
      this.#line++
      this.#length = 0
    }
    return n
  }

  ready(timeoutMs?: number, signal?: AbortSignal): Promise<boolean> {
    return this.#input.ready(timeoutMs, signal)
  }

  close(): void {
    this.#input.close()
  }

  #warn(): void {
    this.#stderr.line(
      `Line ${this.#line} has ${LONGEST_LINE} bytes, the most that a terminal takes of a line: what was longer is cut. Give longer lines in a file or through a pipe.`,
    )
    this.#stderr.flush()
  }
}
