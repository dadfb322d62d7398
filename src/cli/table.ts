/** Aligned tables for people. Only for a terminal: callers look at `stdout.isTerminal` first. */
import { colours } from './colour.ts'
import type { CommandContext } from './command.ts'
import { terminalParts } from './terminal.ts'
import { harmless } from './terminal-text.ts'

/** Cells: numbers stand right, null is a dash. */
export type TableCell = string | number | null

/** Writes a table without borders, its head in bold. */
export function printTable(
  { stdout, env }: Pick<CommandContext, 'stdout' | 'env'>,
  head: readonly string[],
  rows: readonly (readonly TableCell[])[],
): void {
  const paint = colours(stdout, env)
  const parts = terminalParts()
  if (parts === undefined) {
    for (const row of [head, ...rows]) stdout.line(row.map((cell) => cell ?? '-').join('\t'))
    return
  }
  const bare = Object.fromEntries(BORDERS.map((border) => [border, '']))
  const table = new parts.Table({
    head: head.map((title) => paint.bold(title)),
    chars: { ...bare, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_title, column) =>
      rows.length > 0 && rows.every((row) => typeof row[column] === 'number') ? 'right' : 'left',
    ),
  })
  for (const row of rows)
    table.push(row.map((cell) => (cell === null ? paint.dim('-') : tableCell(String(cell)))))
  // As bytes: the padding is by display width already.
  for (const line of table.toString().split('\n'))
    stdout.write(Buffer.from(`${line.trimEnd().replace(/\x1b\[0(\d+)m/g, '\x1b[$1m')}\n`))
}

/** Own colours stay (their text is harmless already), all else that steers a terminal does not. */
function tableCell(text: string): string {
  return text
    .split(/(\x1b\[0\d+m)/)
    .map((part, i) => (i % 2 === 1 ? part : harmless(part)))
    .join('')
}

const BORDERS = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
]
