/** What an argparse tool says of arguments that are wrong only together: its usage, then `prog: error: message`. */
import type { Command } from '../cli/command.ts'

export async function argparseFailure(command: Command, message: string): Promise<Error> {
  const { ArgparseError, argparseUsage, progName } = await import('../cli/argparse-parser.ts')
  return new ArgparseError(`${argparseUsage(command)}\n${progName(command)}: error: ${message}`, false)
}
