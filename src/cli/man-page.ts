/** man/tkafka-*.1, made from the flag rows (scripts/make-docs.mjs). */

import type { HelpFlag, HelpTool } from './help-json.ts'
import { argumentText } from './help-json.ts'

const MADE = '.\\" Made by npm run docs:commands from the flag rows in src/commands. Do not edit.'

/** The page of one tool, in man(7) macros. */
export function manPage(tool: HelpTool, version: string): string {
  const name = `tkafka-${tool.tool}`
  const lines = [
    MADE,
    `.TH ${name.toUpperCase()} 1 "" "tkafka ${version}" "tkafka"`,
    '.SH NAME',
    `${name} \\- ${text(tool.summary.split('\n')[0].replace(/\.$/, ''))}`,
    '.SH SYNOPSIS',
    `.B tkafka ${tool.tool}`,
    `${tool.subcommands.length > 0 ? '\\fIsubcommand\\fR ' : ''}[\\fIflags\\fR]${tool.positionals.map((one) => ` \\fI${text(one.name)}\\fR`).join('')}`,
  ]
  const rest = tool.summary.split('\n').slice(1).join('\n').trim()
  if (rest !== '') lines.push('.SH DESCRIPTION', text(rest))
  if (tool.positionals.length > 0) {
    lines.push('.SH ARGUMENTS')
    for (const one of tool.positionals) lines.push('.TP', `\\fI${text(one.name)}\\fR`, text(one.description))
  }
  lines.push('.SH OPTIONS', ...tool.flags.flatMap(flagLines))
  for (const sub of tool.subcommands) {
    lines.push(
      `.SH SUBCOMMAND ${text(sub.name.toUpperCase())}`,
      text(sub.summary),
      ...sub.flags.flatMap(flagLines),
    )
  }
  if (tool.examples.length > 0) {
    lines.push('.SH EXAMPLES', '.nf')
    for (const example of tool.examples) {
      lines.push(text(/\btkafka /.test(example) ? example : `tkafka ${example}`))
    }
    lines.push('.fi')
  }
  lines.push(
    '.SH EXIT STATUS',
    '0 when all was done, 1 when something failed or the command line is wrong, 130 and 143 after SIGINT and SIGTERM.',
    '.SH ENVIRONMENT',
    '.TP',
    '.B TKAFKA_DATA_DIR',
    'The Kafka log directory to work on, where \\-\\-data\\-dir is not given.',
    '.TP',
    '.B TKAFKA_LOCAL_BOOTSTRAP',
    'Addresses (host:port) that mean the directory.',
    '.SH SEE ALSO',
    '.BR tkafka (1)',
  )
  return `${lines.join('\n')}\n`
}

/** man/tkafka.1. */
export function manIndex(tools: readonly HelpTool[], version: string): string {
  const lines = [
    MADE,
    `.TH TKAFKA 1 "" "tkafka ${version}" "tkafka"`,
    '.SH NAME',
    "tkafka \\- Kafka's command line tools straight on a Kafka log directory",
    '.SH SYNOPSIS',
    '.B tkafka',
    '[\\-\\-data\\-dir \\fIdirectory\\fR] \\fItool\\fR [\\fIflags\\fR]',
    '.SH TOOLS',
  ]
  for (const { tool, summary } of tools) {
    lines.push('.TP', `.BR tkafka\\-${text(tool)} (1)`, text(summary.split('\n')[0]))
  }
  return `${lines.join('\n')}\n`
}

function flagLines(flag: HelpFlag): string[] {
  const short = flag.short === undefined ? '' : `\\fB\\-${flag.short}\\fR, `
  const name = `\\fI${text(flag.argName ?? flag.type)}\\fR`
  const argument = argumentText(flag, name)
  const notes = [flag.description.trim()]
  if (flag.replacedBy !== undefined) notes.unshift(`Deprecated, use --${flag.replacedBy}.`)
  else if (flag.deprecated) notes.unshift('Deprecated.')
  if (flag.choices !== undefined) notes.push(`One of: ${flag.choices.join(', ')}.`)
  if (flag.addition) notes.push("(Not in Kafka's tool.)")
  if (flag.default !== undefined) notes.push(`Default: ${flag.default}.`)
  return ['.TP', `${short}\\fB\\-\\-${text(flag.name)}\\fR${argument}`, text(notes.join(' '))]
}

/** Plain text in roff: backslashes and dashes as themselves, no line that begins with a control character. */
function text(plain: string): string {
  return plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .split('\n')
    .map((line) => (/^[.']/.test(line) ? `\\&${line}` : line))
    .join('\n.br\n')
}
