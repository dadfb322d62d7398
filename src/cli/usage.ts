/** The table of flags behind a usage error, and the text of --help. */
import type { Command, Flag } from './command.ts'
import { flagsByName } from './flags.ts'
import { didYouMean } from './suggest.ts'

/** The table of flags, as the genuine tools print it behind a usage error: two columns within `width`. */
export function usageTable(command: Command, width = 80): string {
  const rows = [...flagsByName(command.flags).values()]
    .filter((flag) => !flag.hidden)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((flag) => [heading(flag), description(flag, command.addition === true)] as const)
  const left = Math.min(40, Math.max(24, ...rows.map(([head]) => head.length + 1)))
  const right = Math.max(30, width - left - 1)
  const lines = [`${'Option'.padEnd(left)} Description`, `${'------'.padEnd(left)} -----------`]
  for (const [head, text] of rows) {
    const heads = wrap(head, left)
    const texts = wrap(text, right)
    for (let i = 0; i < Math.max(heads.length, texts.length); i++) {
      lines.push(`${(heads[i] ?? '').padEnd(left)} ${texts[i] ?? ''}`.trimEnd())
    }
  }
  return lines.join('\n')
}

/** What a flag without its dashes was meant for, a few right uses, and where the flags are listed. */
export function usagePointer(command: Command, words: readonly string[] = []): string {
  const pointer = `tkafka ${command.name} --help lists its flags.`
  const examples = exampleLines(command)
  const flags = flagsByName(command.flags)
  const meant = didYouMean([...new Set(words)].filter((word) => flags.has(word)).map((word) => `--${word}`))
  const hint = meant === undefined ? '' : `${meant}\n`
  return hint + (examples.length === 0 ? pointer : `\nExamples:\n${examples.join('\n')}\n\n${pointer}`)
}

/** jopt-simple passes over words that belong to no flag; a person should hear of them. undefined: there are none. */
export function strayWords(command: Command, words: readonly string[]): string | undefined {
  if (command.parser !== undefined || command.takesWords === true || words.length === 0) return undefined
  const names = words.map((word) => JSON.stringify(word)).join(', ')
  const flags = flagsByName(command.flags)
  const meant = words.map((word) => ALIASES[word] ?? word).filter((word) => flags.has(word))
  const hint = didYouMean(meant.map((word) => `--${word}`))
  const line = `${command.name}: ${names} ${words.length === 1 ? 'belongs' : 'belong'} to no flag and ${words.length === 1 ? 'was' : 'were'} not looked at`
  return hint === undefined ? line : `${line}. ${hint}`
}

/** What other tools call it. */
const ALIASES: Readonly<Record<string, string>> = {
  ls: 'list',
  rm: 'delete',
  del: 'delete',
  remove: 'delete',
  add: 'create',
  new: 'create',
  desc: 'describe',
  show: 'describe',
  info: 'describe',
}

/** What `--help` prints: the genuine tool's first line, the table, a few right uses. */
export function helpText(command: Command, width = 80): string {
  const examples = exampleLines(command)
  const tail = examples.length === 0 ? '' : `\n\nExamples:\n${examples.join('\n')}`
  return `${wrap(command.summary, width)
    .map((line) => line.trimStart())
    .join('\n')}\n${usageTable(command, width)}${tail}`
}

export function exampleLines(command: Command): string[] {
  return (command.examples ?? []).map((example) =>
    /\btkafka /.test(example) ? `  ${example}` : `  tkafka ${example}`,
  )
}

const JAVA_TYPES: Readonly<Record<string, string>> = { int: 'Integer', long: 'Long' }

function heading(flag: Flag): string {
  const name = `${flag.short === undefined ? '' : `-${flag.short}, `}--${flag.name}`
  if (flag.arg === undefined) return name
  const type = JAVA_TYPES[flag.type ?? ''] ?? 'String'
  const argument = flag.argName === undefined ? type : `${type}: ${flag.argName}`
  return flag.arg === 'required' ? `${name} <${argument}>` : `${name} [${argument}]`
}

function description(flag: Flag, ours: boolean): string {
  const parts = [flag.description]
  if (flag.deprecated === true) parts.unshift('DEPRECATED.')
  else if (flag.deprecated !== undefined) parts.unshift(`DEPRECATED, use --${flag.deprecated}.`)
  if (flag.addition && !ours) parts.push("(not in Kafka's tool)")
  if (flag.default !== undefined) parts.push(`(default: ${flag.default})`)
  return parts.join(' ')
}

/** Breaks at spaces; a longer word stands alone. Continuations of a head are indented as Kafka's help does. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/ +/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = `  ${word}`
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  return lines
}
