/** Checks of flags against each other, with the words of Kafka's CommandLineUtils. */
import { UsageError } from '../errors.ts'
import type { Options } from './command.ts'

/** @throws UsageError `Missing required argument "[x]"` for the first flag that is not there */
export function checkRequiredArguments<Name extends string>(
  options: Options<NoInfer<Name>>,
  ...names: readonly Name[]
): void {
  for (const name of names)
    if (!options.has(name)) throw new UsageError(`Missing required argument "[${name}]"`)
}

/** @throws UsageError `Option "[x]" can't be used with option "[y]"` when `used` stands beside one of the others */
export function checkInvalidArguments<Name extends string>(
  options: Options<NoInfer<Name>>,
  used: Name,
  invalid: readonly Name[],
): void {
  if (!options.has(used)) return
  for (const name of invalid) {
    if (options.has(name)) throw new UsageError(`Option "[${used}]" can't be used with option "[${name}]"`)
  }
}

/** @throws UsageError `message` unless exactly one of the flags is there */
export function checkExactlyOne<Name extends string>(
  options: Options<NoInfer<Name>>,
  names: readonly Name[],
  message: string,
): void {
  if (names.filter((name) => options.has(name)).length !== 1) throw new UsageError(message)
}

/** For our own tools: Kafka's ignore stray words, with which `repair quakes` would mend everything. @throws UsageError */
export function refuseWords(tool: string, { words }: Options, flag?: string): void {
  if (words.length === 0) return
  const meant = flag === undefined ? '' : `; --${flag} ${words[0]}?`
  throw new UsageError(`${tool} takes no words, only flags: what is '${words[0]}'${meant || '?'}`, false)
}
