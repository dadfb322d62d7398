/** consumer-perf-test: how fast records come out of topics. */
import { defineCommand, type FlagName, type ToolContext } from '../cli/command.ts'
import { type MachineOutput, machineOutput, type RowShape } from '../cli/machine-output.ts'
import { startProgress } from '../cli/progress.ts'
import type { Consumer, ConsumerVisitor } from '../client/consumer.ts'
import { javaPattern } from '../client/topic-filter.ts'
import { count as counted } from '../count.ts'
import { TerseError, UsageError } from '../errors.ts'
import { simpleDateFormat } from '../java/simple-date-format.ts'
import { steadyTimeOfDay, systemClock } from '../os/clock.ts'
import type { RecordView } from '../record/record-view.ts'
import { CONSUMER_PERF_FLAGS } from './consumer-perf-test/flags.ts'
import { absentTopic, tellOfWaiting } from './hints/near-name-hint.ts'
import { keyValueArguments, propertiesFile } from './open/client-properties.ts'
import { openConsumer } from './open/open-client.ts'

const SHAPE: RowShape = {
  kind: 'consumer-performance',
  columns: ['scope', 'startMs', 'endMs', 'bytes', 'records', 'rebalanceMs', 'fetchMs'],
}

type Name = FlagName<typeof CONSUMER_PERF_FLAGS>
type Context = ToolContext<typeof CONSUMER_PERF_FLAGS>

export const command = defineCommand({
  name: 'consumer-perf-test',
  summary: 'This tool is used to verify the consumer performance.',
  flags: CONSUMER_PERF_FLAGS,
  parseErrors: { usage: true },
  examples: [
    'tkafka consumer-perf-test --topic load --num-records 1000000',
    'tkafka consumer-perf-test --include load.* --num-records 1000000 --show-detailed-stats --reporting-interval 1000',
  ],
  run,
})

/** How long one look for records may last, so that progress is reported and the end is noticed. */
const POLL_MS = 100

async function run(context: Context): Promise<number> {
  const { options, stdout } = context
  checkFlags(context)
  const fields = 'rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec'
  const detailed = options.has('show-detailed-stats')
  const machine = machineOutput(context, SHAPE)
  if (machine === undefined && !options.has('hide-header')) {
    stdout.line(
      `${detailed ? 'time, threadId' : 'start.time, end.time'}, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, ${fields}`,
    )
    stdout.flush()
  }
  const config = await consumerConfig(options)
  const wanted = options.long(options.has('messages') ? 'messages' : 'num-records') ?? 0
  const timeoutMs = options.long('timeout') ?? 10000
  const reportingIntervalMs = reportingInterval(options)
  const date = simpleDateFormat(options.value('date-format') ?? '')
  context.handleSignals()
  await tellOfWaiting(context, options.value('topic'))
  const consumer = await openConsumer(context, {
    groupId: config['group.id'],
    config,
    signal: context.signal,
  })
  const run = new PerfRun(context, consumer, {
    wanted,
    timeoutMs,
    reportingIntervalMs,
    detailed,
    date,
    machine,
  })
  return await run.run()
}

function checkFlags({ options, stderr }: Context): void {
  const exactlyOne = (one: Name, other: Name) => {
    if (options.has(one) === options.has(other)) {
      throw new UsageError(
        `Exactly one of the following arguments is required: ${[one, other]
          .sort()
          .map((name) => `[${name}]`)
          .join(', ')}`,
      )
    }
  }
  exactlyOne('topic', 'include')
  exactlyOne('num-records', 'messages')
  if (options.has('messages')) stderr.line('Warning: --messages is deprecated. Use --num-records instead.')
  if (options.has('consumer.config') && options.has('command-config')) {
    throw new UsageError('Option "[consumer.config]" can\'t be used with option "[command-config]"')
  }
  if (options.has('consumer.config')) {
    stderr.line('Warning: --consumer.config is deprecated. Use --command-config instead.')
  }
}

function reportingInterval(options: Context['options']): number {
  const text = options.value('reporting-interval') ?? ''
  if (!/^\d+$/.test(text)) {
    throw new UsageError(`Cannot parse argument '${text}' of option reporting-interval`, false)
  }
  const value = options.long('reporting-interval') ?? 0
  if (value <= 0) throw new TerseError('Reporting interval must be greater than 0.')
  return value
}

async function consumerConfig(options: Context['options']): Promise<Record<string, string>> {
  const file = options.value('consumer.config') ?? options.value('command-config')
  const config = file === undefined ? new Map<string, string>() : await propertiesFile(file)
  for (const [key, value] of keyValueArguments(options.values('command-property'))) config.set(key, value)
  // The genuine tool makes up a group where none is named, and leaves it behind; without one, reading changes nothing.
  const group = options.has('group') ? options.value('group') : undefined
  if (group === undefined) config.delete('group.id')
  else config.set('group.id', group)
  config.set('receive.buffer.bytes', String(options.int('socket-buffer-size')))
  config.set('max.partition.fetch.bytes', String(options.int('fetch-size')))
  config.set('auto.offset.reset', options.has('from-latest') ? 'latest' : 'earliest')
  if (!config.has('client.id')) config.set('client.id', 'perf-consumer-client')
  return Object.fromEntries(config)
}

interface Plan {
  readonly wanted: number
  readonly timeoutMs: number
  readonly reportingIntervalMs: number
  readonly detailed: boolean
  readonly date: (ms: number) => string
  readonly machine: MachineOutput | undefined
}

/** One run; counts as it goes. */
class PerfRun implements ConsumerVisitor {
  readonly #context: Context
  readonly #consumer: Consumer
  readonly #now = steadyTimeOfDay(systemClock)
  readonly #plan: Plan
  #records = 0
  #bytes = 0

  constructor(context: Context, consumer: Consumer, plan: Plan) {
    this.#context = context
    this.#consumer = consumer
    this.#plan = plan
  }

  batch(): void {}

  record({ keyLength, valueLength }: RecordView): boolean {
    this.#records++
    this.#bytes += Math.max(keyLength, 0) + Math.max(valueLength, 0)
    return this.#records < this.#plan.wanted
  }

  async run(): Promise<number> {
    const { options, stdout, stderr } = this.#context
    const startMs = this.#now()
    let joinMs = 0
    try {
      const include = options.value('include')
      await this.#consumer.subscribe(
        include === undefined ? [options.value('topic') ?? ''] : pattern(include),
      )
      joinMs = this.#now() - startMs
      await this.#consume(joinMs)
    } finally {
      await this.#consumer.close()
    }
    const endMs = this.#now()
    const { wanted, timeoutMs, detailed, date, machine } = this.#plan
    if (this.#records < wanted && !this.#context.signal.aborted) {
      const warn = machine === undefined ? stdout : stderr
      warn.line(
        `WARNING: Exiting before consuming the expected number of records: timeout (${timeoutMs} ms) exceeded. You can use the --timeout option to increase the timeout.`,
      )
      const topic = options.value('topic')
      const absent = topic === undefined ? undefined : await absentTopic(this.#context, topic)
      if (absent !== undefined) stderr.line(absent)
    }
    if (machine !== undefined) {
      const fetchMs = endMs - startMs - joinMs
      const counted = { bytes: this.#bytes, records: this.#records }
      machine.row({ scope: 'total', startMs, endMs, ...counted, rebalanceMs: joinMs, fetchMs })
      machine.end(this.#records >= wanted)
      return 0
    }
    if (detailed) return 0
    const megabytes = this.#bytes / 1048576
    const seconds = (endMs - startMs) / 1000
    const fetchMs = endMs - startMs - joinMs
    stdout.line(
      [
        date(startMs),
        date(endMs),
        megabytes.toFixed(4),
        (megabytes / seconds).toFixed(4),
        this.#records,
        (this.#records / seconds).toFixed(4),
        joinMs,
        fetchMs,
        (megabytes / (fetchMs / 1000)).toFixed(4),
        (this.#records / (fetchMs / 1000)).toFixed(4),
      ].join(', '),
    )
    return 0
  }

  async #consume(joinMs: number): Promise<void> {
    const { wanted, timeoutMs, reportingIntervalMs, detailed } = this.#plan
    let now = this.#now()
    let lastRecordMs = now
    let last = { ms: now, records: 0, bytes: 0, joinMs }
    const progress = startProgress(this.#context, 'waiting for records')
    while (this.#records < wanted && now - lastRecordMs <= timeoutMs && !this.#context.signal.aborted) {
      const count = await this.#consumer.visit(this, Math.max(1, Math.min(POLL_MS, timeoutMs)))
      now = this.#now()
      if (count > 0) lastRecordMs = now
      progress.update(`${this.#records} of ${counted(wanted, 'record')}`, this.#records / wanted)
      if (count === 0 || now - last.ms < reportingIntervalMs) continue
      const before = last
      if (detailed) progress.aside(() => this.#printProgress(before, now))
      last = { ms: now, records: this.#records, bytes: this.#bytes, joinMs: 0 }
    }
    progress.stop()
  }

  #printProgress(last: { ms: number; records: number; bytes: number; joinMs: number }, now: number): void {
    const { stdout } = this.#context
    const elapsedMs = now - last.ms
    const fetchMs = elapsedMs - last.joinMs
    if (this.#plan.machine !== undefined) {
      const counted = { bytes: this.#bytes - last.bytes, records: this.#records - last.records }
      const times = { startMs: last.ms, endMs: now, ...counted, rebalanceMs: last.joinMs, fetchMs }
      this.#plan.machine.row({ scope: 'interval', ...times })
      stdout.flush()
      return
    }
    const megabytes = (this.#bytes - last.bytes) / 1048576
    const records = this.#records - last.records
    const perSecond = (amount: number, ms: number) => (ms <= 0 ? 0 : (1000 * amount) / ms).toFixed(4)
    stdout.line(
      [
        this.#plan.date(now),
        0,
        (this.#bytes / 1048576).toFixed(4),
        perSecond(megabytes, elapsedMs),
        this.#records,
        perSecond(records, elapsedMs),
        last.joinMs,
        fetchMs,
        perSecond(megabytes, fetchMs),
        perSecond(records, fetchMs),
      ].join(', '),
    )
    stdout.flush()
  }
}

function pattern(include: string): RegExp {
  try {
    return javaPattern(include)
  } catch {
    throw new TerseError(`${include} is an invalid regex.`)
  }
}
