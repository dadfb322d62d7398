import type { Command, Flag, Options } from './command.ts'
import { parseJopt } from './jopt-parser.ts'
import { ParsedOptions } from './options.ts'

/** Rows that every tool has. */
export const COMMON_FLAGS: readonly Flag[] = [
  { name: 'help', description: 'Print usage information.' },
  { name: 'version', description: 'Display Kafka version.' },
  { name: 'help-json', description: 'Print the flags as JSON.', addition: true },
  {
    name: 'data-dir',
    arg: 'required',
    argName: 'directory',
    description: 'The Kafka log directory to work on (else TKAFKA_DATA_DIR, else the per-user default).',
    addition: true,
  },
]

/** The tool's rows and the common ones, by name. */
export function flagsByName(flags: readonly Flag[]): Map<string, Flag> {
  const byName = new Map<string, Flag>()
  for (const flag of flags) byName.set(flag.name, flag)
  for (const flag of COMMON_FLAGS) if (!byName.has(flag.name)) byName.set(flag.name, flag)
  return byName
}

/**
 * Parses the words behind the tool's name.
 * @throws UsageError in the words of the genuine parser
 */
export async function parseArguments(command: Command, args: readonly string[]): Promise<Options> {
  if (command.parser === 'argparse') {
    const { parseArgparse } = await import('./argparse-parser.ts')
    return parseArgparse(command, args)
  }
  const flags = flagsByName(command.flags)
  if (command.parser === 'words') {
    const asked = COMMON_FLAGS.filter(({ name, arg }) => arg === undefined && args.includes(`--${name}`))
    const found = asked.map((flag) => ({ flag, value: undefined }))
    return new ParsedOptions(flags, found, args, args)
  }
  const { found, words } = await parseJopt(flags, args)
  return new ParsedOptions(flags, found, words, args)
}
