/** Options of a tool that may also be given by position: the words under the names of the flags they stand for. */
import type { Options } from '../../cli/command.ts'
import { UsageError } from '../../errors.ts'

export class WordOptions<Name extends string> implements Options<Name> {
  readonly words: readonly string[] = []
  readonly raw: readonly string[]
  readonly #options: Options<Name>
  readonly #byName = new Map<string, string>()

  constructor(options: Options<Name>, names: readonly NoInfer<Name>[], words: readonly string[]) {
    this.#options = options
    this.raw = options.raw
    words.forEach((word, i) => {
      if (i < names.length) this.#byName.set(names[i], word)
    })
  }

  /** For what serves every tool: words count there as well. */
  get ofAnyTool(): Options<string> {
    return new WordOptions<string>(
      this.#options.ofAnyTool,
      [...this.#byName.keys()],
      [...this.#byName.values()],
    )
  }

  has(name: Name): boolean {
    return this.#byName.has(name) || this.#options.has(name)
  }

  value(name: Name): string | undefined {
    return this.#byName.get(name) ?? this.#options.value(name)
  }

  values(name: Name): string[] {
    const word = this.#byName.get(name)
    return word === undefined ? this.#options.values(name) : [word]
  }

  int(name: Name): number | undefined {
    const word = this.#byName.get(name)
    if (word === undefined) return this.#options.int(name)
    if (!/^[+-]?\d{1,10}$/.test(word) || Math.abs(Number(word)) > 2147483647) {
      throw new UsageError(`Cannot parse argument '${word}' of option ${name}`, false)
    }
    return Number(word)
  }

  long(name: Name): number | undefined {
    return this.#byName.has(name) ? this.int(name) : this.#options.long(name)
  }
}
