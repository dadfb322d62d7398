/** What console-consumer does beyond Kafka's tool, loaded only when one of those flags is given. */

import type { Int64 } from '../../bytes/int64.ts'
import { outputFormat } from '../../cli/machine-output.ts'
import type { Consumer, ConsumerVisitor, VisitedBatch } from '../../client/consumer.ts'
import { visitHeaders } from '../../client/stored-headers.ts'
import { UsageError } from '../../errors.ts'
import { RecordView } from '../../record/record-view.ts'
import { parseExact } from '../console-producer/exact-json.ts'
import { formatOf } from '../formatters/field-formats.ts'
import { DEFAULT_MESSAGE_FORMATTER } from '../formatters/formatter-loader.ts'
import type { MessageFormatter } from '../formatters/message-formatter.ts'
import type { Context } from './flags.ts'
import { FormattedText, MachineFormatter } from './machine-formatter.ts'
import type { ConsoleConsumerOptions } from './options.ts'
import { RecordRange } from './ranges.ts'
import { type Condition, parseWhere, type RecordFields, regexOf } from './where.ts'

/** @throws UsageError for flags that are not right */
export class ConsumerAdditions {
  /** undefined: as Kafka's flags say. */
  readonly formatter: MessageFormatter | undefined
  readonly #range: RecordRange | undefined
  readonly #conditions: readonly Condition[]

  constructor(context: Context, options: ConsoleConsumerOptions) {
    const { options: flags, stdout } = context
    const given = (name: 'key-format' | 'value-format') => (flags.has(name) ? flags.value(name) : undefined)
    const formats = {
      key: formatOf('key-format', given('key-format')),
      value: formatOf('value-format', given('value-format')),
    }
    const output = outputFormat(flags)
    const formatted = formats.key !== undefined || formats.value !== undefined
    if ((output !== 'text' || formatted) && flags.has('formatter')) {
      if (options.formatterClass !== DEFAULT_MESSAGE_FORMATTER) {
        throw new UsageError('--formatter goes without --output, --key-format and --value-format', false)
      }
    }
    if (output !== 'text') this.formatter = new MachineFormatter(output, formats, stdout)
    else if (formatted) this.formatter = new FormattedText(options.formatterProperties, formats)
    this.#range =
      flags.has('from') || flags.has('to') ? new RecordRange(context, options, Date.now()) : undefined
    const greps = flags.values('grep').map((pattern) => {
      const regex = regexOf('--grep', pattern)
      return ({ value }: RecordFields) => value !== null && regex.test(value)
    })
    this.#conditions = [...greps, ...flags.values('where').map(parseWhere)]
  }

  /** The consumer reads to the present ends and finishes. */
  get untilEnd(): boolean {
    return this.#range?.ends ?? false
  }

  /** False: assign as Kafka's flags say. */
  async assign(consumer: Consumer): Promise<boolean> {
    await this.#range?.assign(consumer)
    return this.#range !== undefined
  }

  /** What `inner` gets is in the range and fulfils all conditions. */
  visitor(inner: ConsumerVisitor): ConsumerVisitor {
    if (this.#conditions.length === 0 && !this.untilEnd) return inner
    const range = this.#range
    return new FilteringVisitor(
      inner,
      this.#conditions,
      (batch) => range?.endOf(batch.topic, batch.partition) ?? Number.POSITIVE_INFINITY,
    )
  }

  finished(consumer: Consumer): boolean {
    return this.#range?.finished(consumer) ?? false
  }
}

class FilteringVisitor implements ConsumerVisitor, RecordFields {
  readonly #inner: ConsumerVisitor
  readonly #conditions: readonly Condition[]
  readonly #endOf: (batch: VisitedBatch) => number
  #end = Number.POSITIVE_INFINITY
  topic = ''
  partition = 0
  #record = new RecordView()
  #key: string | null | undefined
  #value: string | null | undefined

  constructor(
    inner: ConsumerVisitor,
    conditions: readonly Condition[],
    endOf: (batch: VisitedBatch) => number,
  ) {
    this.#inner = inner
    this.#conditions = conditions
    this.#endOf = endOf
  }

  batch(batch: VisitedBatch): void {
    this.topic = batch.topic
    this.partition = batch.partition
    this.#end = this.#endOf(batch)
    this.#inner.batch(batch)
  }

  record(record: RecordView): boolean {
    // The position passes the end; then the caller looks.
    if (record.offset >= this.#end) return false
    this.#record = record
    this.#key = undefined
    this.#value = undefined
    for (const holds of this.#conditions) if (!holds(this)) return true
    return this.#inner.record(record)
  }

  get offset(): number {
    return this.#record.offset
  }

  get timestamp(): Int64 {
    return this.#record.exactTimestamp
  }

  get key(): string | null {
    const { buffer, keyStart, keyEnd } = this.#record
    this.#key ??= text(buffer, keyStart, keyEnd)
    return this.#key
  }

  get value(): string | null {
    const { buffer, valueStart, valueEnd } = this.#record
    this.#value ??= text(buffer, valueStart, valueEnd)
    return this.#value
  }

  get keyJson(): unknown {
    return parsed(this.key)
  }

  get valueJson(): unknown {
    return parsed(this.value)
  }

  header(name: string): string | null {
    const { buffer, headersStart, headersCount } = this.#record
    let last: string | null = null
    visitHeaders(buffer, headersStart, headersCount, (keyStart, keyEnd, start, end) => {
      if (buffer.toString('utf8', keyStart, keyEnd) === name) last = text(buffer, start, end)
    })
    return last
  }
}

const text = (buffer: Buffer, start: number, end: number): string | null =>
  end < 0 ? null : buffer.toString('utf8', start, end)

function parsed(text: string | null): unknown {
  if (text === null) return null
  try {
    return parseExact(text)
  } catch {
    return undefined
  }
}
