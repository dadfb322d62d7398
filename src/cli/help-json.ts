/** `--help-json`: a tool's flag rows as data, for wrappers, completions and documentation. */
import type { Command, Flag, Positional } from './command.ts'
import { flagsByName } from './flags.ts'

export interface HelpFlag {
  readonly name: string
  readonly short?: string
  /** none: a switch. */
  readonly argument: 'none' | 'required' | 'optional'
  readonly argName?: string
  readonly type: 'switch' | 'string' | 'int' | 'long'
  readonly description: string
  readonly default?: string
  readonly choices?: readonly string[]
  readonly repeatable: boolean
  readonly required: boolean
  readonly deprecated: boolean
  readonly replacedBy?: string
  /** Not in Kafka's tool. */
  readonly addition: boolean
}

export interface HelpSubcommand {
  readonly name: string
  readonly summary: string
  readonly flags: readonly HelpFlag[]
  readonly positionals: readonly Positional[]
}

export interface HelpTool {
  readonly tool: string
  readonly summary: string
  readonly flags: readonly HelpFlag[]
  readonly positionals: readonly Positional[]
  readonly subcommands: readonly HelpSubcommand[]
  readonly examples: readonly string[]
}

/** What `tkafka TOOL --help-json` prints, as an object. Flags are sorted by name. */
export function helpTool(command: Command): HelpTool {
  return {
    tool: command.name,
    summary: command.summary,
    flags: helpFlags([...flagsByName(command.flags).values()], command.addition === true),
    positionals: command.positionals ?? [],
    subcommands: (command.subcommands ?? []).map(({ name, summary, flags, positionals }) => ({
      name,
      summary,
      flags: helpFlags(flags, command.addition === true),
      positionals: positionals ?? [],
    })),
    examples: command.examples ?? [],
  }
}

/** The text of it: indented JSON. */
export function helpJson(command: Command): string {
  return JSON.stringify({ version: 1, ...helpTool(command) }, undefined, 2)
}

/** `ours`: of a tool that Kafka has not, where no flag needs that said. */
function helpFlags(flags: readonly Flag[], ours: boolean): HelpFlag[] {
  return flags
    .filter((flag) => !flag.hidden)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((flag) => ({
      name: flag.name,
      short: flag.short,
      argument: flag.arg ?? 'none',
      argName: flag.argName,
      type: flag.arg === undefined ? 'switch' : (flag.type ?? 'string'),
      description: flag.description,
      default: flag.default,
      choices: flag.choices,
      repeatable: flag.repeatable ?? flag.many ?? false,
      required: flag.required ?? false,
      deprecated: flag.deprecated !== undefined,
      replacedBy: typeof flag.deprecated === 'string' ? flag.deprecated : undefined,
      addition: !ours && (flag.addition ?? false),
    }))
}

/** What stands behind a flag's name: nothing, its argument, or an argument that may be left out. */
export function argumentText(flag: HelpFlag, required: string, optional = `[${required}]`): string {
  if (flag.argument === 'none') return ''
  return flag.argument === 'required' ? ` ${required}` : ` ${optional}`
}
