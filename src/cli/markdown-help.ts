/** docs/commands/*.md, made from the flag rows (scripts/make-docs.mjs). */

import type { HelpFlag, HelpTool } from './help-json.ts'
import { argumentText } from './help-json.ts'

const MADE = '<!-- Made by `npm run docs:commands` from the flag rows in src/commands. Do not edit. -->'

/** The page of one tool. */
export function markdownPage(tool: HelpTool): string {
  const parts = [MADE, `# tkafka ${tool.tool}`, escaped(tool.summary)]
  if (tool.examples.length > 0) {
    const lines = tool.examples.map((example) => (/\btkafka /.test(example) ? example : `tkafka ${example}`))
    parts.push(`## Examples\n\n\`\`\`sh\n${lines.join('\n')}\n\`\`\``)
  }
  if (tool.positionals.length > 0) {
    parts.push(
      `## Arguments\n\n${tool.positionals.map((one) => `- \`${one.name}\`: ${escaped(one.description)}`).join('\n')}`,
    )
  }
  parts.push(`## Flags\n\n${flagTable(tool.flags)}`)
  for (const sub of tool.subcommands) {
    parts.push(`## ${tool.tool} ${sub.name}\n\n${escaped(sub.summary)}`)
    if (sub.positionals.length > 0) {
      parts.push(sub.positionals.map((one) => `- \`${one.name}\`: ${escaped(one.description)}`).join('\n'))
    }
    if (sub.flags.length > 0) parts.push(flagTable(sub.flags))
  }
  if (tool.flags.some((flag) => flag.addition)) parts.push("\\* not in Kafka's tool.")
  return `${parts.join('\n\n')}\n`
}

/** docs/commands/README.md. */
export function markdownIndex(tools: readonly HelpTool[]): string {
  const rows = tools.map(({ tool, summary }) => `| [${tool}](${tool}.md) | ${cell(firstSentence(summary))} |`)
  return `${MADE}\n\n# Tools\n\n| tool | what it does |\n| --- | --- |\n${rows.join('\n')}\n`
}

function flagTable(flags: readonly HelpFlag[]): string {
  return ['| flag | description |', '| --- | --- |', ...flags.map(flagRow)].join('\n')
}

function flagRow(flag: HelpFlag): string {
  const short = flag.short === undefined ? '' : `-${flag.short}, `
  const argument = argumentText(flag, `<${flag.argName ?? flag.type}>`, `[${flag.argName ?? flag.type}]`)
  const notes = [flag.description.trim()]
  if (flag.replacedBy !== undefined) notes.unshift(`Deprecated, use \`--${flag.replacedBy}\`.`)
  else if (flag.deprecated) notes.unshift('Deprecated.')
  if (flag.required) notes.push('Required.')
  if (flag.repeatable) notes.push('Repeatable.')
  if (flag.choices !== undefined) notes.push(`One of: ${flag.choices.join(', ')}.`)
  const fallback = flag.default === undefined ? '' : ` Default: \`${cell(flag.default)}\`.`
  return `| \`${cell(`${short}--${flag.name}${argument}`)}\`${flag.addition ? ' \\*' : ''} | ${cell(escaped(notes.join(' ')))}${fallback} |`
}

function firstSentence(text: string): string {
  return escaped(text.split('\n')[0])
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', '<br>')
}

function escaped(text: string): string {
  return text.replace(/[<>*_]/g, '\\$&')
}
