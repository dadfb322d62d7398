/** The options of a parsed command line: each flag that was found, with its value by type. */
import { UsageError } from '../errors.ts'
import type { Flag, Options } from './command.ts'

/** One flag as it was found: its value, or undefined when it came without one. */
export interface Occurrence {
  readonly flag: Flag
  readonly value: string | undefined
}

/** Parsed arguments; questions are answered with the genuine parser's messages. */
export class ParsedOptions implements Options<string> {
  readonly words: readonly string[]
  readonly raw: readonly string[]
  readonly subcommand?: string
  readonly #found = new Map<string, (string | undefined)[]>()
  readonly #flags: ReadonlyMap<string, Flag>

  constructor(
    flags: ReadonlyMap<string, Flag>,
    found: readonly Occurrence[],
    words: readonly string[],
    raw: readonly string[],
    subcommand?: string,
  ) {
    this.#flags = flags
    this.words = words
    this.raw = raw
    this.subcommand = subcommand
    for (const { flag, value } of found) {
      const values = this.#found.get(flag.name)
      if (values === undefined) this.#found.set(flag.name, [value])
      else values.push(value)
    }
  }

  /** The same with these behind. */
  with(more: readonly Occurrence[]): ParsedOptions {
    const found = [...this.#found].flatMap(([name, values]) => {
      const flag = this.#flags.get(name)
      return flag === undefined ? [] : values.map((value) => ({ flag, value }))
    })
    const { words, raw, subcommand } = this
    return new ParsedOptions(this.#flags, [...found, ...more], words, raw, subcommand)
  }

  has(name: string): boolean {
    return this.#found.has(name)
  }

  value(name: string): string | undefined {
    const values = this.values(name)
    if (values.length > 1)
      throw new UsageError(`Found multiple arguments for option ${name}, but you asked for only one`, false)
    return values.length === 1 ? values[0] : this.#flags.get(name)?.default
  }

  values(name: string): string[] {
    return (this.#found.get(name) ?? []).filter((value) => value !== undefined)
  }

  get ofAnyTool(): Options<string> {
    return this
  }

  int(name: string): number | undefined {
    return this.#number(name, -2147483648, 2147483647)
  }

  long(name: string): number | undefined {
    return this.#number(name, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  }

  #number(name: string, min: number, max: number): number | undefined {
    const text = this.value(name)
    if (text === undefined) return undefined
    const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    // Long.MAX_VALUE and its like are right, and mean "no limit".
    if (max > 2147483647 && isLong(text)) return number > 0 ? max : min
    throw new UsageError(`Cannot parse argument '${text}' of option ${name}`, false)
  }
}

function isLong(text: string): boolean {
  if (!/^[+-]?\d{1,30}$/.test(text)) return false
  const big = BigInt(text.replace(/^\+/, ''))
  return big === BigInt.asIntN(64, big)
}
