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
const FRAME_MS = 80

/**
 *     const progress = startProgress(context, 'checking')
 *     try { ... progress.update(`${done} of ${all}`) ... } finally { progress.stop() }
 *
 * It turns by itself while the work waits, and with each update when the work never lets timers have their turn.
 */
export function startProgress(
  { stderr, env }: Pick<CommandContext, 'stderr' | 'env'>,
  text: string,
  now: () => number = Date.now,
): Progress {
  if (!stderr.isTerminal) return SILENT
  const started = now()
  let spinner: Spinner | undefined
  let shown = text
  let drawn = 0
  const show = () => {
    stderr.flush()
    const isEnabled = env.TERM !== 'dumb'
    const color = env.NO_COLOR ? (false as const) : ('cyan' as const)
    const options = { stream: process.stderr, discardStdin: false, hideCursor: false, isEnabled, color }
    spinner = terminalParts()
      ?.ora({ ...options, text: shown })
      .start()
  }
  const timer = setTimeout(show, PATIENCE_MS)
  timer.unref()
  return {
    update(next) {
      shown = next
      const time = now()
      if (time - started < PATIENCE_MS || time - drawn < FRAME_MS) return
      drawn = time
      if (spinner === undefined) {
        clearTimeout(timer)
        show()
      }
      if (spinner === undefined) return
      spinner.text = next
      spinner.render()
    },
    stop() {
      clearTimeout(timer)
      spinner?.stop()
      spinner = undefined
    },
  }
}

interface Spinner {
  text: string
  render(): unknown
  stop(): unknown
}
