/** Asking a person before something is done that cannot be undone. */
import type { CommandContext } from '../../cli/command.ts'
import { TerseError } from '../../errors.ts'
import { type InputChunks, openInput } from '../../os/standard-input.ts'

/** Reads answers from standard input, a line each; a script may pipe them. */
export class Confirmation {
  readonly #context: CommandContext
  #input: InputChunks | undefined

  constructor(context: CommandContext) {
    this.#context = context
  }

  /**
   * Prints the question; true for `y`, in any case.
   * @throws TerseError when there is nobody to answer
   */
  async yes(question: string): Promise<boolean> {
    const { stdout, stdin } = this.#context
    stdout.line(question)
    stdout.flush()
    this.#input ??= openInput(stdin)
    const answer = await this.#line(this.#input)
    if (answer === undefined) {
      throw new TerseError('there is no answer on standard input; --force goes on without asking')
    }
    return answer.trim().toLowerCase() === 'y'
  }

  close(): void {
    this.#input?.close()
  }

  async #line(input: InputChunks): Promise<string | undefined> {
    const bytes: number[] = []
    const one = Buffer.alloc(1)
    for (;;) {
      const count = input.read(one, 0, 1)
      if (count < 0) await input.ready()
      else if (count === 0) return bytes.length === 0 ? undefined : Buffer.from(bytes).toString()
      else if (one[0] === 0x0a) return Buffer.from(bytes).toString()
      else bytes.push(one[0])
    }
  }
}
