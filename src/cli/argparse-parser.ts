/**
 * Command lines in the manner of Python's argparse, which Kafka's Java tools with subcommands copy: parsing,
 * usage, help and complaints.
 */
import { UsageError } from '../errors.ts'
import { didYouMean } from './argparse-candidates.ts'
import type { Command, Flag, Positional } from './command.ts'
import { flagsByName } from './flags.ts'
import { type Occurrence, ParsedOptions } from './options.ts'
import { exampleLines } from './usage.ts'

/** A wrong command line of an argparse tool: usage first, then `prog: error: message`. */
export class ArgparseError extends UsageError {
  override name = 'ArgparseError'
}

/**
 * The genuine argparse tools' habits (argparse4j): subcommands, words by position, `-c X` and `-cX`, unambiguous
 * prefixes of long names, required flags, choices and groups checked while parsing, and its messages.
 */
export function parseArgparse(command: Command, args: readonly string[]): ParsedOptions {
  return new ArgparseRun(command).parse(args)
}

/** `kafka-storage`, or the tool's own name for itself. */
export function progName(command: Command): string {
  return command.prog ?? `kafka-${command.name}`
}

/** First line(s) of an argparse tool's usage. */
export function argparseUsage(command: Command, subcommand?: string): string {
  const sub = command.subcommands?.find((one) => one.name === subcommand)
  const flags = [...command.flags, ...(sub?.flags ?? [])].filter((flag) => !flag.hidden)
  const positionals = [...(command.positionals ?? []), ...(sub?.positionals ?? [])]
  const parts = ['[-h]', ...flags.map(flagUsage), ...positionals.map((one) => one.name)]
  if (sub !== undefined) parts.unshift(sub.name)
  else if (command.subcommands !== undefined)
    parts.push(`{${command.subcommands.map((one) => one.name).join(',')}} ...`)
  return `usage: ${progName(command)} ${parts.join(' ')}`
}

/** What `-h` prints, within `width`, and a few right uses. */
export function argparseHelp(command: Command, subcommand?: string, width = 80): string {
  const sub = command.subcommands?.find((one) => one.name === subcommand)
  const lines = [...wrapped(argparseUsage(command, subcommand), width, 7), '']
  lines.push(...wrapped(sub?.summary ?? command.summary, width, 0), '')
  const row = (name: string, text: string) => {
    const head = `  ${name.padEnd(TEXT_COLUMN - 3)} `
    const [first, ...more] = wrapped(' '.repeat(TEXT_COLUMN) + text, width, TEXT_COLUMN)
    if (head.length > TEXT_COLUMN) lines.push(head.trimEnd(), first, ...more)
    else lines.push((head + first.slice(TEXT_COLUMN)).trimEnd(), ...more)
  }
  for (const one of sub?.positionals ?? command.positionals ?? []) row(one.name, one.description)
  if (sub === undefined) for (const one of command.subcommands ?? []) row(one.name, one.summary)
  row('-h, --help', 'show this help message and exit')
  for (const flag of [...command.flags, ...(sub?.flags ?? [])]) {
    if (flag.hidden) continue
    const note = flag.default === undefined ? '' : ` (default: ${flag.default})`
    row(flagNames(flag, ', ') + (flag.arg === undefined ? '' : ` ${metavar(flag)}`), flag.description + note)
  }
  if (command.examples !== undefined) lines.push('', 'Examples:', ...exampleLines(command))
  return lines.join('\n')
}

/** Where descriptions begin. */
const TEXT_COLUMN = 31

/** Breaks at spaces; further lines are indented. */
function wrapped(text: string, width: number, indent: number): string[] {
  const lines: string[] = []
  let rest = text
  while (rest.length > width) {
    const at = rest.lastIndexOf(' ', width)
    if (at <= indent) break
    lines.push(rest.slice(0, at).trimEnd())
    rest = ' '.repeat(indent) + rest.slice(at + 1)
  }
  return [...lines, rest]
}

function flagUsage(flag: Flag): string {
  const text = flag.arg === undefined ? `--${flag.name}` : `--${flag.name} ${metavar(flag)}`
  return flag.required ? text : `[${text}]`
}

function metavar(flag: Flag): string {
  if (flag.choices !== undefined) return `{${flag.choices.join(',')}}`
  return flag.argName ?? flag.name.toUpperCase().replaceAll('-', '_')
}

function flagNames(flag: Flag, separator: string): string {
  return flag.short === undefined ? `--${flag.name}` : `--${flag.name}${separator}-${flag.short}`
}

class ArgparseRun {
  readonly #command: Command
  #flags: Map<string, Flag>
  #positionals: Positional[]
  #subcommand: string | undefined
  readonly #found: Occurrence[] = []
  readonly #words: string[] = []

  constructor(command: Command) {
    this.#command = command
    this.#flags = flagsByName([...command.flags, { name: 'help', short: 'h', description: '' }])
    this.#positionals = [...(command.positionals ?? [])]
  }

  parse(args: readonly string[]): ParsedOptions {
    for (let i = 0; i < args.length; i++) {
      const arg = args[i]
      if (arg.startsWith('-') && arg !== '-' && !/^-\d/.test(arg)) {
        const taken = this.#flagAt(args, i)
        if (taken === 0) this.#failUnknownFlag(arg)
        i += taken - 1
      } else if (this.#command.subcommands !== undefined && this.#subcommand === undefined) this.#choose(arg)
      else if (this.#words.length < this.#positionals.length) this.#words.push(arg)
      else this.#fail(`unrecognized arguments: '${args.slice(i).join(' ')}'`)
      if (this.#has('help') || this.#has('help-json')) return this.#options(args)
    }
    if (this.#has('version')) return this.#options(args)
    this.#checkComplete()
    return this.#options(args)
  }

  #options(args: readonly string[]): ParsedOptions {
    return new ParsedOptions(this.#flags, this.#found, this.#words, args, this.#subcommand)
  }

  #has(name: string): boolean {
    return this.#found.some(({ flag }) => flag.name === name)
  }

  #failUnknownFlag(flag: string): never {
    const typed = flag.replace(/^-+/, '')
    const message = `unrecognized arguments: '${flag}'`
    if (typed.length < 2) this.#fail(message)
    const known = [...this.#flags.values()].filter(({ hidden }) => !hidden)
    const names = (ours: boolean) =>
      known
        .filter(({ name, addition }) => ours === (addition === true || name === 'version'))
        .map(({ name }) => name)
    this.#fail(message, didYouMean(typed, names(false), '--') || didYouMean(typed, names(true), '--'))
  }

  #fail(message: string, candidates = ''): never {
    const suffix = this.#command.parseErrors?.suffix
    if (suffix !== undefined) throw new ArgparseError(message + suffix, false)
    const usage = argparseUsage(this.#command, this.#subcommand)
    throw new ArgparseError(`${usage}\n${progName(this.#command)}: error: ${message}${candidates}`, false)
  }

  #choose(word: string): void {
    const subcommands = this.#command.subcommands ?? []
    const abbreviated = subcommands.filter(({ name }) => name.startsWith(word))
    const chosen =
      subcommands.find(({ name }) => name === word) ?? (abbreviated.length === 1 ? abbreviated[0] : undefined)
    if (chosen === undefined) {
      const genuine = subcommands.filter((one) => !one.addition)
      const names = genuine.map((one) => `'${one.name}'`).join(', ')
      if (abbreviated.length > 1)
        this.#fail(
          `ambiguous command: ${word} could match ${abbreviated
            .map(({ name }) => name)
            .sort()
            .join(', ')}`,
        )
      this.#fail(
        `invalid choice: '${word}' (choose from ${names})`,
        didYouMean(
          word,
          subcommands.map(({ name }) => name),
        ),
      )
    }
    this.#subcommand = chosen.name
    for (const flag of chosen.flags) this.#flags.set(flag.name, flag)
    this.#positionals = [...this.#positionals, ...(chosen.positionals ?? [])]
  }

  /** Takes the flag that stands at `i`; returns how many words it took, 0 when nobody knows it. */
  #flagAt(args: readonly string[], i: number): number {
    const arg = args[i]
    const long = arg.startsWith('--')
    const equals = long ? arg.indexOf('=') : -1
    const name = equals < 0 ? arg : arg.slice(0, equals)
    const flag = long ? this.#byLongName(name) : this.#byShortName(arg)
    if (flag === undefined) return 0
    this.#checkGroup(flag)
    let inline: string | undefined
    if (equals >= 0) inline = arg.slice(equals + 1)
    else if (!long && arg.length > 2) inline = arg.slice(2)
    if (flag.arg === undefined) {
      this.#found.push({ flag, value: undefined })
      return 1
    }
    const values = inline === undefined ? [] : [inline]
    let next = i + 1
    const more = () => next < args.length && (!args[next].startsWith('-') || /^-\d/.test(args[next]))
    if (flag.many) while (more()) values.push(args[next++])
    else if (inline === undefined && more()) values.push(args[next++])
    if (values.length === 0 && flag.arg === 'required') {
      this.#fail(`argument ${flagNames(flag, '/')}: expected ${flag.many ? '1 argument(s)' : 'one argument'}`)
    }
    for (const value of values) this.#take(flag, value)
    return next - i
  }

  #checkGroup(flag: Flag): void {
    const { group } = flag
    if (group === undefined) return
    const other = this.#found.find(
      (one) => one.flag.group?.name === group.name && one.flag.name !== flag.name,
    )
    if (other !== undefined)
      this.#fail(`argument ${flagNames(flag, '/')}: not allowed with argument ${flagNames(other.flag, '/')}`)
  }

  #take(flag: Flag, value: string): void {
    const name = flagNames(flag, '/')
    if (flag.type !== undefined && flag.type !== 'string' && !/^[+-]?\d+$/.test(value)) {
      const type = flag.type === 'int' ? 'Integer' : 'Long'
      this.#fail(`argument ${name}: could not convert '${value}' to ${type} (For input string: "${value}")`)
    }
    if (flag.choices !== undefined && !flag.choices.includes(value)) {
      this.#fail(`argument ${name}: invalid choice: '${value}' (choose from {${flag.choices.join(',')}})`)
    }
    // A later occurrence replaces an earlier one, unless the flag gathers.
    if (!flag.many && !flag.repeatable) {
      const at = this.#found.findIndex((one) => one.flag.name === flag.name)
      if (at >= 0) this.#found.splice(at, 1)
    }
    this.#found.push({ flag, value })
  }

  #byLongName(name: string): Flag | undefined {
    const exact = this.#flags.get(name.slice(2))
    if (exact !== undefined) return exact
    const begun = [...this.#flags.values()].filter((one) => one.name.startsWith(name.slice(2)))
    const genuine = begun.filter(({ addition }) => addition !== true)
    // What shortens a flag of Kafka's tool goes on doing so.
    const near = (genuine.length > 0 ? genuine : begun).map((one) => one.name)
    if (near.length > 1)
      this.#fail(`ambiguous option: ${name} could match ${near.map((one) => `--${one}`).join(', ')}`)
    return near.length === 1 ? this.#flags.get(near[0]) : undefined
  }

  #byShortName(arg: string): Flag | undefined {
    // argparse4j takes long names with one dash only where they were declared so; `-c` and `-cX` are short ones.
    for (const flag of this.#flags.values()) if (flag.short === arg[1]) return flag
    return undefined
  }

  #checkComplete(): void {
    const missingCommand = this.#command.subcommands !== undefined && this.#subcommand === undefined
    if (missingCommand || this.#words.length < this.#positionals.length) this.#fail('too few arguments')
    // Of several that are missing the genuine parser names the one declared last.
    for (const flag of [...this.#flags.values()].reverse()) {
      if (flag.required && !this.#has(flag.name)) this.#fail(`argument ${flagNames(flag, '/')} is required`)
    }
    const groups = new Map<string, Flag[]>()
    for (const flag of this.#flags.values()) {
      if (flag.group !== undefined)
        groups.set(flag.group.name, [...(groups.get(flag.group.name) ?? []), flag])
    }
    for (const flags of groups.values()) {
      if (flags[0].group?.required && !flags.some((flag) => this.#has(flag.name))) {
        this.#fail(`one of the arguments ${flags.map((flag) => flagNames(flag, '/')).join(' ')} is required`)
      }
    }
  }
}
