/** The file of client settings of a verifiable tool: `--command-config`, or the flag that it had before. */
import type { CommandContext } from '../../cli/command.ts'
import { argparseFailure, propertiesOrFailure } from '../open/argparse-failure.ts'

/** Empty where no file was named. Tells that the old flag is deprecated. @throws argparse's failure for both flags, or a file that cannot be read */
export async function verifiableConfig<Old extends string>(
  { options, command, stderr }: CommandContext<Old | 'command-config'>,
  old: Old,
): Promise<Map<string, string>> {
  if (options.has(old) && options.has('command-config')) {
    throw await argparseFailure(command, `Options --${old} and --command-config are mutually exclusive.`)
  }
  if (options.has(old)) {
    stderr.line(
      `Option --${old} has been deprecated and will be removed in a future version. Use --command-config instead.`,
    )
  }
  const file = options.value(old) ?? options.value('command-config')
  return file === undefined ? new Map() : propertiesOrFailure(command, file)
}
