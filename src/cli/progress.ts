/** A spinner, with a bar where the end is known, on standard error for what lasts over a second; nothing where that is no terminal. */
import type { CommandContext } from './command.ts'
import { terminalParts } from './terminal.ts'

export interface Progress {
  /** What is being done now, and how much of it (0 to 1) where that is known. Cheap; call it as often as you like. */
  update(text: string, share?: number): void
  /** Prints something on the way, on a line of its own. */
  aside(print: () => void): void
  /** Takes the spinner away for good. */
  stop(): void
}

const SILENT: Progress = { update: () => {}, aside: (print) => print(), stop: () => {} }
const PATIENCE_MS = 1000
const FRAME_MS = 80
const BAR = 20
/** The frame and the space before the text, and the last column, in which some terminals break the line. */
const BESIDE_TEXT = 3

/**
 *     const progress = startProgress(context, 'checking')
 *     try { ... progress.update(`quakes-${partition}`, done / all) ... } finally { progress.stop() }
 *
 * It turns by itself while the work waits, and with each update when the work never lets timers have their turn.
 */
export function startProgress(
  { stdout, stderr, env }: Pick<CommandContext, 'stdout' | 'stderr' | 'env'>,
  text: string,
  now: () => number = () => performance.now(),
): Progress {
  if (!stderr.isTerminal || env.TERM === 'dumb') return SILENT
  const started = now()
  let spinner: Spinner | undefined
  let shown = cut(text, stderr.columns)
  let drawn = 0
  const show = () => {
    stdout.flush()
    stderr.flush()
    const color = env.NO_COLOR ? (false as const) : ('cyan' as const)
    // A terminal that does not know its width says 0, with which ora would take away lines without end.
    const stream: NodeJS.WriteStream = Object.create(process.stderr, { columns: { value: stderr.columns } })
    const options = { stream, discardStdin: false, hideCursor: false, isEnabled: true, color }
    spinner = terminalParts()
      ?.ora({ ...options, text: shown })
      .start()
  }
  const timer = setTimeout(show, PATIENCE_MS)
  timer.unref()
  return {
    update(next, share) {
      const time = now()
      if (time - drawn < FRAME_MS) return
      drawn = time
      shown = cut(share === undefined ? next : withBar(next, share, stderr.columns), stderr.columns)
      if (time - started < PATIENCE_MS) return
      if (spinner === undefined) {
        clearTimeout(timer)
        show()
      }
      if (spinner === undefined) return
      spinner.text = shown
      spinner.render()
    },
    aside(print) {
      spinner?.clear()
      print()
      stdout.flush()
      stderr.flush()
    },
    stop() {
      clearTimeout(timer)
      spinner?.stop()
      spinner = undefined
    },
  }
}

/** `[#######.............]  37 %  text`; without the bar where there is no room for it. */
function withBar(text: string, share: number, columns: number): string {
  const part = Math.min(1, Math.max(0, share))
  const percent = `${Math.floor(100 * part)} %`.padStart(5)
  if (columns < 3 * BAR) return `${percent}  ${text}`
  const full = Math.floor(BAR * part)
  return `[${'#'.repeat(full)}${'.'.repeat(BAR - full)}]${percent}  ${text}`
}

function cut(text: string, columns: number): string {
  const room = Math.max(8, columns - BESIDE_TEXT)
  return text.length > room ? text.slice(0, room) : text
}

interface Spinner {
  text: string
  render(): unknown
  clear(): unknown
  stop(): unknown
}
