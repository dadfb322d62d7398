/** Loads dist/terminal_parts.cjs (colours, tables, spinners), for a terminal only. */
import { createRequire } from 'node:module'

export type TerminalParts = typeof import('./terminal-parts.ts')

/** Beside the tool's bundle, one folder up from what a bundle loads later, and for tests from the source. */
const PLACES = ['./terminal_parts.cjs', '../terminal_parts.cjs', '../../dist/terminal_parts.cjs']

/** undefined when that bundle is not there: then things look plain. */
export function terminalParts(): TerminalParts | undefined {
  const require = createRequire(import.meta.url)
  for (const place of PLACES) {
    try {
      return require(place) as TerminalParts
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  return undefined
}
