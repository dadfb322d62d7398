/** Colour for people: on a terminal, unless NO_COLOR is set or TERM is dumb; elsewhere text stays as it is. */
import type { Output } from './command.ts'
import { terminalParts } from './terminal.ts'
import { ownColour } from './terminal-text.ts'

export interface Colours {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly yellow: (text: string) => string
  readonly green: (text: string) => string
  readonly cyan: (text: string) => string
}

const same = (text: string) => text
export const PLAIN: Colours = { bold: same, dim: same, red: same, yellow: same, green: same, cyan: same }

/** True when this output is to be coloured. */
export function wantsColour(output: Pick<Output, 'isTerminal'>, env: NodeJS.ProcessEnv): boolean {
  return output.isTerminal && !env.NO_COLOR && env.TERM !== 'dumb'
}

/** The colours of an output; loads chalk only where they are wanted. */
export function colours(output: Pick<Output, 'isTerminal'>, env: NodeJS.ProcessEnv): Colours {
  if (!wantsColour(output, env)) return PLAIN
  const parts = terminalParts()
  if (parts === undefined) return PLAIN
  const { bold, dim, red, yellow, green, cyan } = new parts.Chalk({ level: 1 })
  return {
    bold: ownColour(bold),
    dim: ownColour(dim),
    red: ownColour(red),
    yellow: ownColour(yellow),
    green: ownColour(green),
    cyan: ownColour(cyan),
  }
}

/** Makes the first line of a table of text stand out. */
export function boldHead(
  output: Pick<Output, 'isTerminal'>,
  env: NodeJS.ProcessEnv,
): (table: string) => string {
  const { bold } = colours(output, env)
  return (table) => table.replace(/^(\n?)(.*)/, (_all, line: string, head: string) => line + bold(head))
}
