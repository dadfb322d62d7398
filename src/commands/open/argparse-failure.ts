/** What an argparse tool says of arguments that are wrong only together: its usage, then `prog: error: message`. */
import type { Command } from '../../cli/command.ts'
import { propertiesFile } from './client-properties.ts'

export async function argparseFailure(command: Command, message: string): Promise<Error> {
  const { ArgparseError, argparseUsage, progName } = await import('../../cli/argparse-parser.ts')
  return new ArgparseError(`${argparseUsage(command)}\n${progName(command)}: error: ${message}`, false)
}

/** A file of settings; one that cannot be read is a wrong argument, and one that is not there is named alone, as in Kafka. */
export async function propertiesOrFailure(command: Command, file: string): Promise<Map<string, string>> {
  try {
    return await propertiesFile(file)
  } catch (error) {
    throw await argparseFailure(command, (error as Error).message.replace(/\nThere is no such file\.$/, ''))
  }
}
