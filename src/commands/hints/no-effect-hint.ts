/** A word to a person at a terminal about settings that Kafka stores and that have no effect here. */
import type { CommandContext } from '../../cli/command.ts'

const LOCAL_RETENTION = /^local\.retention\.(ms|bytes)$/

/** Nothing where a script listens. */
export function hintAtNoEffect({ stdout, stderr }: CommandContext, names: Iterable<string>): void {
  if (!stdout.isTerminal || !stderr.isTerminal) return
  for (const name of names) {
    if (!LOCAL_RETENTION.test(name)) continue
    stdout.flush()
    stderr.line(
      `${name} is stored and not applied: it counts only with remote storage, which a directory does not have; ${name.slice('local.'.length)} decides`,
    )
  }
}
