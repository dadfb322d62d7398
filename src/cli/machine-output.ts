/**
 * `--output json|jsonl|tsv`: the same rows for programs. A tool yields plain objects, this writes them:
 * json is one object `{"tool","kind","version","data":[...],"complete"}`, jsonl one row a line, tsv a header and rows.
 * The shapes are written down in docs/output.md.
 */
import { UsageError } from '../errors.ts'
import { isOneOf } from '../names/one-of.ts'
import type { CommandContext, Flag, Options, Output } from './command.ts'

const FORMATS = ['text', 'json', 'jsonl', 'tsv'] as const

export type OutputFormat = (typeof FORMATS)[number]

/** The row of every tool that lists, describes or consumes. */
export const outputFlag = {
  name: 'output',
  arg: 'required',
  argName: 'text|json|jsonl|tsv',
  addition: true,
  description:
    'For programs: json (one object with all rows), jsonl (one object a line) or tsv (a header, then rows); docs/output.md has the shapes. Default: text, as in Kafka.',
} as const satisfies Flag

/** What a field may hold. undefined fields are left out of JSON; bigints beyond 2^53 are written as strings. */
export type Cell =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | readonly Cell[]
  | { readonly [name: string]: Cell }

export type Row = { readonly [column: string]: Cell }

/** What one tool's rows look like. Within a version columns are only ever added, at the end. */
export interface RowShape {
  /** What a row is: `topic`, `topic-partition`, `group-offset`. */
  readonly kind: string
  /** 1 unless a column was renamed, taken away or changed its meaning. */
  readonly version?: number
  /** Columns of tsv in order: the names of the rows' fields. */
  readonly columns: readonly string[]
}

/** @throws UsageError for a format that does not exist */
export function outputFormat(options: Options<'output'>): OutputFormat {
  if (!options.has('output')) return 'text'
  const format = options.value('output') ?? ''
  if (!isOneOf(FORMATS, format)) {
    throw new UsageError(`--output ${format} is unknown: choose json, jsonl, tsv or text`, false)
  }
  return format
}

/**
 * The writer of a tool's rows when `--output` asks for one, else undefined: print text as ever.
 *
 *     const machine = machineOutput(context, { kind: 'topic', columns: ['name', 'topicId'] })
 *     if (machine !== undefined) return machine.all(topics)
 */
export function machineOutput(
  context: Pick<CommandContext<'output'>, 'command' | 'options' | 'stdout'>,
  shape: RowShape,
): MachineOutput | undefined {
  const format = outputFormat(context.options)
  return format === 'text'
    ? undefined
    : new MachineOutput(format, context.command.name, shape, context.stdout)
}

/** A row with every column of its shape, in their order; what it has not is null. */
export function wholeRow({ columns }: RowShape, row: object): Row {
  return Object.fromEntries(columns.map((name) => [name, (row as Row)[name] ?? null]))
}

/** Writes rows as they come; nothing is gathered. `end` makes it whole; a failure before it closes it as incomplete. */
export class MachineOutput {
  readonly #format: OutputFormat
  readonly #tool: string
  readonly #shape: RowShape
  readonly #stdout: Output
  #rows = 0

  constructor(format: OutputFormat, tool: string, shape: RowShape, stdout: Output) {
    this.#format = format
    this.#tool = tool
    this.#shape = shape
    this.#stdout = stdout
  }

  row(row: Row): void {
    if (this.#rows === 0) this.#begin()
    const first = this.#rows++ === 0
    if (this.#format === 'tsv') {
      this.#stdout.line(this.#shape.columns.map((column) => tsvCell(row[column])).join('\t'))
    } else if (this.#format === 'jsonl') this.#stdout.line(json(row))
    else this.#stdout.write(`${first ? '' : ','}\n${json(row)}`)
  }

  /** Behind the last row. `complete` false: something failed on the way (it is told on stderr). */
  end(complete = true): void {
    if (this.#rows === 0) this.#begin()
    this.#stdout.breakOff = undefined
    if (this.#format === 'json') this.#stdout.line(`${this.#rows === 0 ? '' : '\n'}],"complete":${complete}}`)
  }

  /** All rows and the end. */
  async all(rows: Iterable<Row> | AsyncIterable<Row>): Promise<void> {
    for await (const row of rows) this.row(row)
    this.end()
  }

  #begin(): void {
    const { kind, version = 1, columns } = this.#shape
    // Whatever ends the process before `end`, an error or a signal, leaves an object that says so.
    this.#stdout.breakOff = () => this.end(false)
    if (this.#format === 'tsv') this.#stdout.line(columns.join('\t'))
    if (this.#format === 'json') {
      const head = json({ tool: this.#tool, kind, version })
      this.#stdout.write(`${head.slice(0, -1)},"data":[`)
    }
  }
}

/** JSON on one line. */
export function json(value: Cell): string {
  let hasBigInt = false
  const text = JSON.stringify(value, (_key, cell) => {
    if (typeof cell !== 'bigint') return cell
    hasBigInt = true
    return null
  })
  return hasBigInt ? exactJson(value) : text
}

/** With every int64 as a number, all its digits, as Kafka's JSON has it; JSON.stringify knows no bigint. */
function exactJson(value: Cell): string {
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return `[${value.map((cell) => exactJson(cell ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const fields = Object.entries(value).filter(([, cell]) => cell !== undefined)
  return `{${fields.map(([name, cell]) => `${JSON.stringify(name)}:${exactJson(cell)}`).join(',')}}`
}

/**
 * One field: null and what is absent are `\N`; tab, newline, carriage return and backslash are `\t \n \r \\`; lists of
 * numbers are joined by commas; other lists and objects are JSON.
 */
export function tsvCell(value: Cell): string {
  if (value === null || value === undefined) return '\\N'
  if (typeof value === 'string') return escapeTsv(value)
  if (typeof value !== 'object') return String(value)
  const plain = Array.isArray(value) && value.every((cell) => typeof cell === 'number')
  return escapeTsv(plain ? (value as readonly Cell[]).join(',') : json(value))
}

const ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\' }

function escapeTsv(text: string): string {
  return /[\t\n\r\\]/.test(text) ? text.replace(/[\t\n\r\\]/g, (char) => ESCAPES[char]) : text
}
