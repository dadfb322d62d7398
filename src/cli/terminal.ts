/** Loads dist/terminal_parts.cjs (colours, tables, spinners), for a terminal only. */
import { createRequire } from 'node:module'

export type TerminalParts = typeof import('./terminal-parts.ts')

/** As seen from bin/ (the launcher's require serves bundles), from dist/, from dist/rest/, and for tests from the source. */
const PLACES = ['../dist/', './', '../', '../../dist/'].map((folder) => `${folder}terminal_parts.cjs`)

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
