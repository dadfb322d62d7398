/**
 * What is wrong with a command line, found out by commander and put into jopt-simple's words. A file of its own, since
 * a right command line needs no commander (jopt-parser.ts).
 */
import { Command as Commander, type CommanderError, Option } from 'commander'
import { UsageError } from '../errors.ts'
import type { Flag } from './command.ts'

/**
 * Parses words in the form `--name` or `--name=value`, to throw at the first that is wrong.
 * @throws UsageError
 */
export function complain(flags: ReadonlyMap<string, Flag>, canonical: readonly string[]): void {
  const parser = new Commander('tkafka')
  parser.exitOverride().helpOption(false).allowExcessArguments()
  parser.configureOutput({ writeOut: () => {}, writeErr: () => {} })
  for (const flag of flags.values()) parser.addOption(optionOf(flag))
  try {
    parser.parse(canonical, { from: 'user' })
  } catch (error) {
    throw inJoptsWords(error as CommanderError)
  }
}

function optionOf(flag: Flag): Option {
  if (flag.arg === undefined) return new Option(`--${flag.name}`)
  return new Option(`--${flag.name} ${flag.arg === 'required' ? '<value>' : '[value]'}`)
}

function inJoptsWords(error: CommanderError): Error {
  const name = /'--([^' ]*)/.exec(error.message)?.[1] ?? ''
  if (error.code === 'commander.optionMissingArgument')
    return new UsageError(`Option ${name} requires an argument`, false)
  if (error.code !== 'commander.unknownOption') return error
  const near = /\(Did you mean (?:one of )?(.*)\?\)/.exec(error.message)?.[1]
  const hint = near === undefined ? '' : `\nDid you mean ${near}?`
  return new UsageError(`${name} is not a recognized option${hint}`, false)
}
