import { Command as Commander, type CommanderError, Option } from 'commander'
import { UsageError } from '../errors.ts'
import type { Flag } from './command.ts'
import type { Occurrence } from './options.ts'

/**
 * The genuine tools parse with jopt-simple, whose habits differ from commander's: one dash does for long names
 * (`-list`), a switch ignores `=value`, an argument is taken whatever it looks like (`--offset -1`), stray words are
 * ignored, nothing may be shortened, and the messages are its own. So a hook brings the words into the one form that
 * commander cannot misread (`--name` or `--name=value`), commander takes them by the rows, and its complaints are
 * put into jopt's words.
 */
export function parseJopt(
  flags: ReadonlyMap<string, Flag>,
  args: readonly string[],
): { found: Occurrence[]; words: string[] } {
  const { canonical, words } = canonicalise(flags, args)
  const found: Occurrence[] = []
  const parser = new Commander('tkafka')
  parser.exitOverride().helpOption(false).allowExcessArguments()
  parser.configureOutput({ writeOut: () => {}, writeErr: () => {} })
  for (const flag of flags.values()) parser.addOption(optionOf(flag))
  for (const flag of flags.values()) {
    parser.on(`option:${flag.name}`, (value: string | undefined) =>
      found.push({ flag, value: value ?? undefined }),
    )
  }
  try {
    parser.parse(canonical, { from: 'user' })
  } catch (error) {
    throw inJoptsWords(error as CommanderError)
  }
  return { found, words }
}

function optionOf(flag: Flag): Option {
  const argument = flag.arg === undefined ? '' : flag.arg === 'required' ? ' <value>' : ' [value]'
  return new Option(`--${flag.name}${argument}`)
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

/** jopt's reading of the words, one by one. */
function canonicalise(
  flags: ReadonlyMap<string, Flag>,
  args: readonly string[],
): { canonical: string[]; words: string[] } {
  const canonical: string[] = []
  const words: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]
    if (arg === '--') {
      words.push(...args.slice(i + 1))
      break
    }
    if (!looksLikeFlag(arg)) {
      words.push(arg)
      continue
    }
    const body = arg.slice(arg.startsWith('--') ? 2 : 1)
    const equals = body.indexOf('=')
    const name = equals < 0 ? body : body.slice(0, equals)
    const flag = flags.get(name)
    if (flag === undefined) {
      // With one dash jopt reads a cluster of one-letter flags and names the first that it does not know.
      canonical.push(`--${arg.startsWith('--') ? name : name.slice(0, 1)}`)
    } else if (flag.arg === undefined) {
      canonical.push(`--${name}`)
    } else if (equals >= 0) {
      canonical.push(`--${name}=${body.slice(equals + 1)}`)
    } else {
      const next = args[i + 1]
      const takes = next !== undefined && (flag.arg === 'required' || !looksLikeFlag(next))
      canonical.push(takes ? `--${name}=${next}` : `--${name}`)
      if (takes) i++
    }
  }
  return { canonical, words }
}

function looksLikeFlag(arg: string): boolean {
  return arg.startsWith('-') && arg !== '-' && arg !== '--'
}
