/**
 * What a tool is made of: flag rows and a handler. Help, completion, docs and the parser all come from the rows.
 * cli/ knows no Kafka.
 */
export interface Flag<Name extends string = string> {
  /** Long name without dashes: `bootstrap-server`. Dots are allowed (`producer.config`). */
  readonly name: Name
  /** One-letter alias of argparse tools (`-c`). */
  readonly short?: string
  /** Absent: a switch. `optional`: `--state` and `--state Stable` are both right. */
  readonly arg?: 'required' | 'optional'
  /** What stands for the argument in help: `server(s) to connect to`. */
  readonly argName?: string
  readonly description: string
  /** Checked when the value is asked for, with the genuine parser's message. */
  readonly type?: 'string' | 'int' | 'long'
  readonly default?: string
  /** False (default): a second occurrence is an error when its single value is asked for. */
  readonly repeatable?: boolean
  /** The current name of a deprecated flag; or true when there is none. Deprecated flags are left out of completion. */
  readonly deprecated?: string | true
  /** A flag that Kafka's tool has not. */
  readonly addition?: boolean
  /** Not in help. */
  readonly hidden?: boolean
  /** argparse tools: must be there. (jopt tools check by hand, as the genuine ones do.) */
  readonly required?: boolean
  /** argparse tools: the only right values. */
  readonly choices?: readonly string[]
  /** argparse tools: flags of one name exclude each other; `one-of` demands exactly one. */
  readonly group?: { readonly name: string; readonly required?: boolean }
  /** argparse tools: takes every word up to the next flag (`--feature a=1 b=2`). */
  readonly many?: boolean
  /**
   * Accepted so that scripts for Kafka's tool go on running, and has nothing to decide here. Of every other row
   * test/unit/cli/flag-reads.test.ts finds where it is read.
   */
  readonly noEffect?: true
}

/** The names of these rows, as literals: rows are `as const satisfies readonly Flag[]`. */
export type FlagName<Rows extends readonly Flag[]> = Rows[number]['name']

/**
 * What a tool with these rows gives its handler: a name without a row does not compile. Rows whose names the compiler does not
 * know as literals give a handler that can read none.
 */
export type ToolContext<
  Rows extends readonly Flag[],
  Subcommands extends readonly Subcommand[] = [],
> = CommandContext<LiteralName<FlagName<Rows> | FlagName<Subcommands[number]['flags']>>>

type LiteralName<Name extends string> = string extends Name ? never : Name

export interface Command {
  /** The script's name without `kafka-` and `.sh`. */
  readonly name: string
  /** A tool that Kafka has not: none of its flags needs that said. */
  readonly addition?: true
  /** First line of the help, as in the genuine tool. */
  readonly summary: string
  readonly flags: readonly Flag[]
  /**
   * jopt: `--x v`, `--x=v`, `-x v`, no abbreviations, stray words ignored. argparse: subcommands and positionals
   * (see `subcommands`). words: whatever is there is a word, for tools that have nothing to do with any of it.
   */
  readonly parser?: 'jopt' | 'argparse' | 'words'
  /** argparse tools: the name in usage and errors, where it is not `kafka-` and the tool's name. */
  readonly prog?: string
  /** argparse tools: words by position, in order. */
  readonly positionals?: readonly Positional[]
  readonly subcommands?: readonly Subcommand[]
  /**
   * How a wrong command line is reported, for tools that differ: `usage` prints the usage behind the message (the
   * consoles), `prefix` stands before it (`Error occurred: `). Absent: the message alone. An argparse tool with a
   * `suffix` prints both around the message and no usage.
   */
  readonly parseErrors?: { readonly usage?: boolean; readonly prefix?: string; readonly suffix?: string }
  /** Words without a flag mean something here; elsewhere they are named as what was not looked at. */
  readonly takesWords?: true
  /** Two or three right uses for the help. */
  readonly examples?: readonly string[]
  /**
   * Returns the exit status; undefined is 0. Throws TerseError or UsageError for what a person should read.
   * A property, not a method: so the compiler compares the names that a handler reads with those that its caller has.
   */
  readonly run: (context: CommandContext<string>) => Promise<number | undefined> | number | undefined
}

/** A tool of which the handler reads only flags that have a row in it. What comes out has forgotten the names. */
export function defineCommand<
  const Rows extends readonly Flag[],
  const Subcommands extends readonly Subcommand[] = [],
>(
  command: Omit<Command, 'flags' | 'subcommands' | 'run'> & {
    readonly flags: Rows
    readonly subcommands?: Subcommands
    readonly run: (context: NoInfer<ToolContext<Rows, Subcommands>>) => ReturnType<Command['run']>
  },
): Command {
  return command
}

export interface Subcommand {
  readonly name: string
  readonly summary: string
  readonly flags: readonly Flag[]
  readonly positionals?: readonly Positional[]
  /** One that Kafka's tool has not: its messages do not name it. */
  readonly addition?: boolean
}

export interface Positional {
  readonly name: string
  readonly description: string
}

/**
 * Parsed arguments, in jopt's terms; `Name` is what may be asked for. Options of more names serve where fewer are read, not the
 * other way round: that is why the questions are properties (methods the compiler would compare in both directions).
 */
export interface Options<Name extends string = never> {
  readonly has: (name: Name) => boolean
  /** The single value (or the flag's default). Throws UsageError `Found multiple arguments for option x, but you asked for only one`. */
  readonly value: (name: Name) => string | undefined
  /** Every value in order of appearance; empty when absent. */
  readonly values: (name: Name) => string[]
  readonly int: (name: Name) => number | undefined
  /** int64 checked to be a safe number. */
  readonly long: (name: Name) => number | undefined
  /** The same, for code that serves every tool (commands/open, commands/hints): a flag without a row is absent. */
  readonly ofAnyTool: Options<string>
  /** Words that are no flag (ignored by most jopt tools). */
  readonly words: readonly string[]
  /** The chosen subcommand of an argparse tool. */
  readonly subcommand?: string
  /** Flags as typed, in order, for messages. */
  readonly raw: readonly string[]
}

/** What a handler is given. A helper names the flags it reads: `CommandContext<'topic' | 'group'>`; without names it reads none. */
export interface CommandContext<Name extends string = never> {
  readonly command: Command
  readonly options: Options<Name>
  /** `--data-dir` before or after the tool, already removed from the arguments. */
  readonly dataDir: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly stdout: StandardOutput
  readonly stderr: ErrorOutput
  /** File descriptor of standard input, for synchronous reads. */
  readonly stdin: number
  readonly stdinIsTerminal: boolean
  /**
   * Aborts on SIGINT, SIGTERM and SIGHUP, and where `watchReader` sees that nobody reads our output any more; `reason` is the
   * signal's name, or EPIPE. A handler that never looks is ended with 130, 143 or 129.
   */
  readonly signal: AbortSignal
  /** Whether it has come: cheaper than asking `signal`. */
  readonly interrupted: boolean
  /** Call first in a handler that finishes its work itself after a signal (producer, consumer). */
  handleSignals(): void
  /** Call when the tool begins to wait, as often as it does: from then on `signal` hears of a reader that goes away (`| head`). */
  watchReader(): void
}

/** Standard output or error. A closed pipe (EPIPE) on stdout ends the process quietly with 0. */
export interface Output {
  readonly isTerminal: boolean
  readonly columns: number
  /** Buffered; `flush` or the end of the handler writes it. */
  write(text: string | Uint8Array): void
  line(text: string): void
  /** Synchronous; waits when the pipe is full. */
  flush(): void
  /** Set while what was written waits for its end: called where the process ends before it came, to say that it is not whole. */
  breakOff?: () => void
}

export interface ErrorOutput extends Output {
  /** A line for the end, behind all others; the same one is written once. */
  last(text: string): void
}

/** Standard output, which knows how much of it was delivered. Bytes are counted from the start of the process. */
export interface StandardOutput extends Output {
  /** Bytes that the operating system has taken: what lies behind them is not delivered, whatever ends the process. */
  readonly taken: number
  /** Bytes that were handed over. */
  readonly given: number
  /** Writes these bytes now, behind what was buffered, and makes no copy. */
  send(bytes: Uint8Array): void
  /** From now on a pipe that is full blocks nobody: `stalled` tells, and who hands over more has it kept until `drain`. */
  bePatient(): void
  readonly stalled: boolean
  /**
   * Writes all there is; waits for a full pipe in the event loop. False where the signal ended that before all was taken: what was
   * not is given up.
   */
  drain(stop?: AbortSignal): Promise<boolean>
  /** Gives up what was not taken, and whatever comes. */
  abandon(): void
}
