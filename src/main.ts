/**
 * Composition root of every bundle in dist/: parses, runs one tool, reports its failure, ends the process.
 * The only place that exits. What stands here runs at every start, so it stays small.
 */
import type { Command, CommandContext, Options } from './cli/command.ts'
import type { ParsedOptions } from './cli/options.ts'
import { BrokenPipeError, FdOutput, OutputError } from './cli/output.ts'
import { parseArguments } from './cli/parse.ts'
import { TerseError, UsageError } from './errors.ts'
import { KAFKA_COMMIT, KAFKA_VERSION } from './kafka-version.ts'
import { interruptLockWaits } from './os/lock-wait.ts'
import { isTerminal, leaveHungUpTerminals, standardStreams } from './os/standard-streams.ts'
import { systemErrorText } from './os/system-error.ts'

const SIGNAL_STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
/**
 * A signal that comes again sooner than this is the same one: `timeout` sends it to the process and to its group, a closing
 * terminal and its shell both send SIGHUP (and systemd sends one behind SIGTERM, so that one never counts as the second).
 */
const ECHO_MS = 250
type Signal = keyof typeof SIGNAL_STATUS

declare global {
  /** Arguments as the launcher passes them: `[--data-dir DIR] [--profile NAME] TOOL ARGS`. */
  var __tkafkaArgs: string[] | undefined
}

/** Runs a tool with the process's arguments and exits with its status. */
export function main(command: Command): void {
  const stdout = new FdOutput(1, standardStreams)
  const stderr = new FdOutput(2, standardStreams)
  const end = (status: number) => {
    let last = status
    try {
      stdout.breakOff?.()
      // Still stalled: a signal or a failure came, and nobody reads.
      stdout.end(!stdout.stalled)
    } catch (error) {
      last = report(error, stderr) || status
    }
    stderr.conclude()
    leaveHungUpTerminals()
    process.exit(last)
  }
  const fail = (error: unknown) => end(report(error, stderr))
  process.on('uncaughtException', fail)
  runCommand(
    command,
    toolArguments(globalThis.__tkafkaArgs ?? process.argv.slice(2)),
    stdout,
    stderr,
    end,
  ).then(end, fail)
}

/** Takes the tool's name out: the first word that is no `--data-dir DIR` and no `--profile NAME`. */
function toolArguments(args: readonly string[]): string[] {
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--data-dir' || args[i] === '--profile') i++
    else if (!args[i].startsWith('-')) return [...args.slice(0, i), ...args.slice(i + 1)]
  }
  return [...args]
}

async function runCommand(
  command: Command,
  args: readonly string[],
  stdout: FdOutput,
  stderr: FdOutput,
  end: (status: number) => void,
): Promise<number> {
  let options: ParsedOptions
  try {
    options = await parseArguments(command, args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    stderr.line(`${command.parseErrors?.prefix ?? ''}${error.message}`)
    if (command.parser === 'argparse' && stderr.isTerminal) {
      await printUsage(command, stderr)
    }
    if (command.parseErrors?.usage) await printUsage(command, stderr)
    return 1
  }
  const text = await textAskedFor(command, options, stdout)
  if (text !== undefined) {
    stdout.line(text)
    return 0
  }
  const signals = new Signals(end, (error) => stderr.line(error.message))
  try {
    if (options.has('profile')) {
      const { withProfile } = await import('./commands/open/profile.ts')
      options = await withProfile(command, options, process.env)
    }
    const context: CommandContext<string> = {
      command,
      options,
      dataDir: options.value('data-dir'),
      env: process.env,
      stdout,
      stderr,
      stdin: 0,
      get stdinIsTerminal() {
        return isTerminal(0)
      },
      get signal() {
        return signals.signal()
      },
      get interrupted() {
        return signals.received !== undefined
      },
      handleSignals: () => signals.handle(),
      watchReader: () => signals.watchReader(stdout),
    }
    const status = await runTool(context, stderr)
    if (options.words.length > 0 && (status === 1 || stderr.isTerminal))
      await nameStrayWords(command, options, stderr)
    return signals.received === undefined ? status : status || SIGNAL_STATUS[signals.received]
  } catch (error) {
    if (error instanceof BrokenPipeError && signals.received !== undefined)
      return SIGNAL_STATUS[signals.received]
    if (error instanceof UsageError && error.showUsage) {
      stdout.flush()
      stderr.line(error.message)
      await nameStrayWords(command, options, stderr)
      await printUsage(command, stderr, options.words)
      return 1
    }
    throw error
  }
}

/** What --help-json, --help and --version print in place of running the tool. */
async function textAskedFor(
  command: Command,
  options: Options<string>,
  stdout: FdOutput,
): Promise<string | undefined> {
  if (options.has('help-json')) {
    const { helpJson } = await import('./cli/help-json.ts')
    return helpJson(command)
  }
  const columns = () => (stdout.isTerminal ? stdout.columns : 80)
  if (options.has('help') && command.parser === 'argparse') {
    const { argparseHelp } = await import('./cli/argparse-parser.ts')
    return argparseHelp(command, options.subcommand, columns())
  }
  if (options.has('help')) {
    const { helpText } = await import('./cli/usage.ts')
    return helpText(command, columns())
  }
  if (!options.has('version')) return undefined
  // argparse tools print it so, those of jopt-simple without the commit.
  return command.parser === 'argparse' ? `${KAFKA_VERSION} (Commit:${KAFKA_COMMIT})` : KAFKA_VERSION
}

async function nameStrayWords(command: Command, { words }: Options, stderr: FdOutput): Promise<void> {
  if (words.length === 0) return
  const { strayWords } = await import('./cli/usage.ts')
  const line = strayWords(command, words)
  if (line !== undefined) stderr.line(line)
}

/** Runs the tool; on a terminal what was probably meant stands behind the line of one that failed. */
async function runTool(context: CommandContext<string>, stderr: FdOutput): Promise<number> {
  const { command, stdout } = context
  if (!stderr.isTerminal) return (await command.run(context)) ?? 0
  let status: number
  try {
    status = (await command.run(context)) ?? 0
  } catch (error) {
    if (!(error instanceof TerseError) || error instanceof UsageError) throw error
    stdout.flush()
    status = report(error, stderr)
    if (error.message.includes('did you mean')) return status
  }
  if (status === 1) {
    stderr.flush()
    const { hintNearNames } = await import('./commands/hints/near-name-hint.ts')
    await hintNearNames(context)
  }
  return status
}

/** Kafka prints all flags; on a terminal that would push the message out of sight: there a pointer and right uses. */
async function printUsage(command: Command, stderr: FdOutput, words: readonly string[] = []): Promise<void> {
  if (stderr.isTerminal) {
    const { usagePointer } = await import('./cli/usage.ts')
    stderr.line(usagePointer(command, words))
    return
  }
  const { usageTable } = await import('./cli/usage.ts')
  stderr.line(usageTable(command, stderr.isTerminal ? stderr.columns : 80))
}

/** One line for a person; the stack only for who asks with TKAFKA_DEBUG=1. Returns the exit status. */
function report(error: unknown, stderr: FdOutput): number {
  if (error instanceof BrokenPipeError) return 0
  const debug = Boolean(process.env.TKAFKA_DEBUG)
  if (error instanceof TerseError || error instanceof OutputError)
    stderr.line(debug ? (error.stack ?? error.message) : error.message)
  else if (error instanceof Error) {
    const text = systemErrorText(error) ?? `${error.name}: ${error.message} (TKAFKA_DEBUG=1 shows where)`
    stderr.line(debug ? (error.stack ?? text) : text)
  } else stderr.line(String(error))
  return 1
}

/** Listens only once somebody asks: a tool that does not is ended by the kernel, with the same status for a shell. */
class Signals {
  received: Signal | undefined
  #receivedAt = 0
  /** Made when somebody waits: loading Node's own takes time that most runs need not spend. */
  #controller: AbortController | undefined
  #listening = false
  #handled = false
  #watching = false
  readonly #end: (status: number) => void
  readonly #onStuck: (error: Error) => void

  /** `onStuck` is told of a lock that cannot be had, and so of work that is not finished. */
  constructor(end: (status: number) => void, onStuck: (error: Error) => void) {
    this.#end = end
    this.#onStuck = onStuck
  }

  signal(): AbortSignal {
    this.#listen()
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.received !== undefined) this.#controller.abort(this.received)
    }
    return this.#controller.signal
  }

  handle(): void {
    this.#handled = true
    this.#listen()
  }

  watchReader(stdout: FdOutput): void {
    if (this.#watching) return
    this.#watching = true
    const gone = () => {
      stdout.abandon()
      this.#controller?.abort('EPIPE')
    }
    void import('./os/output-reader.ts').then(({ watchReader }) => watchReader(1, stdout.pipe, gone))
  }

  #listen(): void {
    if (this.#listening) return
    this.#listening = true
    const onSignal = (name: Signal) => {
      if (this.received !== undefined) {
        // Who says it twice does not want to wait, not even for a pipe that is full.
        if (name !== 'SIGHUP' && performance.now() - this.#receivedAt > ECHO_MS) {
          leaveHungUpTerminals()
          process.exit(SIGNAL_STATUS[name])
        }
        return
      }
      this.received = name
      this.#receivedAt = performance.now()
      this.#controller?.abort(name)
      if (!this.#handled) this.#end(SIGNAL_STATUS[name])
      else
        interruptLockWaits((error) => {
          this.#onStuck(error)
          this.#end(SIGNAL_STATUS[name])
        })
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
    process.on('SIGHUP', onSignal)
    // Node would open its debugger's port, to every user of this machine. Like any other tool: it ends.
    process.once('SIGUSR1', () => process.kill(process.pid, 'SIGUSR1'))
  }
}
