/** A spinner on standard error for what lasts over a second; nothing at all where standard error is no terminal. */
import type { CommandContext } from './command.ts'
import { terminalParts } from './terminal.ts'

export interface Progress {
  /** What is being done now: `37 of 120 partitions`. Cheap; call it as often as you like. */
  update(text: string): void
  /** Takes the spinner away. Call it before anything is printed, and at the end. */
  stop(): void
}

const SILENT: Progress = { update: () => {}, stop: () => {} }
const PATIENCE_MS = 1000

/**
 *     const progress = startProgress(context, 'checking')
 *     try { ... progress.update(`${done} of ${all}`) ... } finally { progress.stop() }
 *
 * The work has to come back to the event loop now and then for it to turn.
 */
export function startProgress({ stderr }: Pick<CommandContext, 'stderr'>, text: string): Progress {
  if (!stderr.isTerminal) return SILENT
  let spinner: { text: string; stop(): unknown } | undefined
  let shown = text
  const timer = setTimeout(() => {
    stderr.flush()
    spinner = terminalParts()
      ?.ora({ text: shown, stream: process.stderr, discardStdin: false, hideCursor: false })
      .start()
  }, PATIENCE_MS)
  timer.unref()
  return {
    update(next) {
      shown = next
      if (spinner !== undefined) spinner.text = next
    },
    stop() {
      clearTimeout(timer)
      spinner?.stop()
      spinner = undefined
    },
  }
}
