/** From a tool's arguments to its options, by the parser that the genuine tool uses. */
import type { Command } from './command.ts'
import { COMMON_FLAGS, flagsByName } from './flags.ts'
import { parseJopt } from './jopt-parser.ts'
import { ParsedOptions } from './options.ts'

/**
 * Parses the words behind the tool's name.
 * @throws UsageError in the words of the genuine parser
 */
export async function parseArguments(command: Command, args: readonly string[]): Promise<ParsedOptions> {
  if (command.parser === 'argparse') {
    const { parseArgparse } = await import('./argparse-parser.ts')
    return parseArgparse(command, args)
  }
  const flags = flagsByName(command.flags)
  if (command.parser === 'words') {
    const asked = COMMON_FLAGS.filter((flag) => !('arg' in flag) && args.includes(`--${flag.name}`))
    const found = asked.map((flag) => ({ flag, value: undefined }))
    return new ParsedOptions(flags, found, args, args)
  }
  const { found, words } = await parseJopt(flags, args)
  return new ParsedOptions(flags, found, words, args)
}
