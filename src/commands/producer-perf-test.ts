/** producer-perf-test: how fast records get into a topic, and how long each takes. */
import { defineCommand, type Flag, type FlagName, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag, outputFormat } from '../cli/machine-output.ts'
import { startProgress } from '../cli/progress.ts'
import type { TopicProducer } from '../client/producer.ts'
import { count } from '../count.ts'
import { TerseError } from '../errors.ts'
import { steadyTimeOfDay, systemClock } from '../os/clock.ts'
import { RecordSlices } from '../record/record-slices.ts'
import { ThroughputThrottler } from './measuring/throughput-throttler.ts'
import { argparseFailure } from './open/argparse-failure.ts'
import { propertiesFile } from './open/client-properties.ts'
import { openProducer } from './open/open-client.ts'
import { type Payload, perfPayload } from './producer-perf-test/payload.ts'
import { type PerfOutput, PRODUCER_PERFORMANCE, ProducerPerfStats } from './producer-perf-test/stats.ts'
import { durationOf, PerfTransactions } from './producer-perf-test/transactions.ts'

const PAYLOAD = { name: 'payload', required: true } as const
const EXACTLY_ONE =
  'Note that you must provide exactly one of --record-size, --payload-file or --payload-monotonic.'

const FLAGS = [
  {
    name: 'bootstrap-server',
    arg: 'required',
    argName: 'BOOTSTRAP-SERVER',
    description:
      'The server(s) to connect to. Without it the tool works on the data directory. This config takes precedence over bootstrap.servers specified via --command-property or --command-config.',
  },
  { name: 'topic', arg: 'required', required: true, description: 'Produce records to this topic.' },
  {
    name: 'num-records',
    arg: 'required',
    required: true,
    type: 'long',
    argName: 'NUM-RECORDS',
    description: 'Number of records to produce.',
  },
  {
    name: 'payload-delimiter',
    arg: 'required',
    argName: 'PAYLOAD-DELIMITER',
    default: '\\n',
    description:
      'Provides the delimiter to be used when --payload-file is provided. Defaults to new line. Note that this parameter will be ignored if --payload-file is not provided.',
  },
  {
    name: 'throughput',
    arg: 'required',
    required: true,
    argName: 'THROUGHPUT',
    description:
      'Throttle maximum record throughput to *approximately* THROUGHPUT records/sec. Set this to -1 to disable throttling.',
  },
  {
    name: 'producer-props',
    arg: 'required',
    many: true,
    argName: 'PROP-NAME=PROP-VALUE',
    deprecated: 'command-property',
    description: 'Kafka producer related configuration properties like client.id.',
  },
  {
    name: 'command-property',
    arg: 'required',
    many: true,
    argName: 'PROP-NAME=PROP-VALUE',
    description:
      'Kafka producer related configuration properties like client.id. These configs take precedence over those passed via --command-config or --producer.config. Example: --command-property linger.ms=10 batch.size=32768',
  },
  {
    name: 'producer.config',
    arg: 'required',
    argName: 'CONFIG-FILE',
    deprecated: 'command-config',
    description: 'Producer config properties file.',
  },
  {
    name: 'command-config',
    arg: 'required',
    argName: 'CONFIG-FILE',
    description: 'Producer config properties file.',
  },
  {
    name: 'print-metrics',
    noEffect: true,
    description: 'Print out metrics at the end of the test. A data directory has none.',
  },
  {
    name: 'transactional-id',
    arg: 'required',
    argName: 'TRANSACTIONAL-ID',
    description:
      'The transactional id to use. This config takes precedence over the transactional.id specified via --command-property or --command-config.',
  },
  {
    name: 'transaction-duration-ms',
    arg: 'required',
    type: 'long',
    argName: 'TRANSACTION-DURATION',
    description:
      'The maximum duration of each transaction, in milliseconds; 3000 when only a transactional id is given.',
  },
  {
    name: 'warmup-records',
    arg: 'required',
    type: 'long',
    argName: 'WARMUP-RECORDS',
    default: '0',
    description:
      'The number of records to treat as warmup. These initial records will not be included in steady-state statistics. An additional summary line will be printed describing the steady-state statistics.',
  },
  {
    name: 'reporting-interval',
    arg: 'required',
    type: 'long',
    argName: 'INTERVAL-MS',
    default: '5000',
    description: 'Interval in milliseconds at which to print progress info.',
  },
  {
    name: 'record-size',
    arg: 'required',
    type: 'int',
    group: PAYLOAD,
    argName: 'RECORD-SIZE',
    description: `Record size in bytes. ${EXACTLY_ONE}`,
  },
  {
    name: 'payload-file',
    arg: 'required',
    group: PAYLOAD,
    argName: 'PAYLOAD-FILE',
    description: `File to read the record payloads from. This works only for UTF-8 encoded text files. Payloads will be read from this file and a payload will be randomly selected when sending records. ${EXACTLY_ONE}`,
  },
  {
    name: 'payload-monotonic',
    group: PAYLOAD,
    description: `Payload is a monotonically increasing integer. ${EXACTLY_ONE}`,
  },
  outputFlag,
] as const satisfies readonly Flag[]

type Name = FlagName<typeof FLAGS>
type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'producer-perf-test',
  summary: 'This tool is used to verify the producer performance.',
  parser: 'argparse',
  flags: FLAGS,
  examples: [
    'tkafka producer-perf-test --topic load --num-records 1000000 --record-size 100 --throughput -1',
    'tkafka producer-perf-test --topic load --num-records 5000 --payload-file lines.txt --throughput 500',
  ],
  run,
})

/** So much is handed in before it is written in one go: as much as a client would have in flight. */
const DRAIN_BYTES = 1 << 20
const RECORD_OVERHEAD = 8

const TURN_MS = 20

interface Plan {
  readonly topic: string
  readonly numRecords: number
  readonly warmupRecords: number
  readonly throughput: number
  readonly reportingIntervalMs: number
}

async function run(context: Context): Promise<number> {
  const plan = await checkedPlan(context)
  const { options, stdout, stderr } = context
  const payload = perfPayload(options, outputFormat(options) === 'text' ? stdout : stderr)
  for (const [old, current] of [
    ['producer-props', 'command-property'],
    ['producer.config', 'command-config'],
  ] as const) {
    if (!options.has(old)) continue
    stderr.line(
      `Option --${old} has been deprecated and will be removed in a future version. Use --${current} instead.`,
    )
  }
  const config = await producerConfig(options)
  const transactionMs = durationOf(
    {
      transactionalId: options.value('transactional-id'),
      durationMs: options.long('transaction-duration-ms'),
    },
    config,
  )
  if (plan.warmupRecords > 0 && outputFormat(options) === 'text') {
    stdout.line(
      `Warmup first ${plan.warmupRecords} records. Steady state results will print after the complete test summary.`,
    )
  }
  stdout.flush()
  context.handleSignals()
  return await new PerfRun(context, plan, payload).run(config, transactionMs)
}

/** What is wrong only together, in the genuine tool's order. */
async function checkedPlan(context: Context): Promise<Plan> {
  const { options, command } = context
  const throughput = options.value('throughput') ?? ''
  if (throughput.trim() === '' || Number.isNaN(Number(throughput))) {
    throw await argparseFailure(
      command,
      `argument --throughput: could not convert '${throughput}' to Double (For input string: "${throughput}")`,
    )
  }
  const plan = {
    topic: options.value('topic') ?? '',
    numRecords: options.long('num-records') ?? 0,
    warmupRecords: Math.max(0, options.long('warmup-records') ?? 0),
    throughput: Number(throughput),
    reportingIntervalMs: options.long('reporting-interval') ?? 5000,
  }
  const problem = problemOf(plan, options)
  if (problem !== undefined) throw await argparseFailure(command, problem)
  return plan
}

/** The first thing wrong, in the order in which Kafka's tool looks. */
function problemOf(plan: Plan, options: Context['options']): string | undefined {
  const both = (one: Name, other: Name) => options.has(one) && options.has(other)
  if (plan.numRecords <= 0) return '--num-records should be greater than zero.'
  if (plan.warmupRecords >= plan.numRecords)
    return 'The value for --warmup-records must be strictly fewer than the number of records in the test, --num-records.'
  if ((options.int('record-size') ?? 1) <= 0) return '--record-size should be greater than zero.'
  if (both('command-property', 'producer-props'))
    return '--command-property and --producer-props cannot be specified together.'
  if (both('command-config', 'producer.config'))
    return '--command-config and --producer.config cannot be specified together.'
  if ((options.long('transaction-duration-ms') ?? 1) <= 0)
    return '--transaction-duration-ms should be greater than zero.'
  return plan.reportingIntervalMs <= 0 ? '--reporting-interval should be greater than zero.' : undefined
}

async function producerConfig(options: Context['options']): Promise<Record<string, string>> {
  const file = options.value('command-config') ?? options.value('producer.config')
  const config = file === undefined ? new Map<string, string>() : await propertiesFile(file)
  for (const property of [...options.values('producer-props'), ...options.values('command-property')]) {
    const pieces = property.split('=')
    while (pieces.length > 1 && pieces[pieces.length - 1] === '') pieces.pop()
    if (pieces.length !== 2) throw new TerseError(`Invalid property: ${property}`)
    config.set(pieces[0], pieces[1])
  }
  if (!config.has('client.id')) config.set('client.id', 'perf-producer-client')
  return Object.fromEntries(config)
}

/** One run: records are handed in until a buffer is full (or the throttle waits), then all of them are acknowledged. */
class PerfRun {
  readonly #context: Context
  readonly #now = steadyTimeOfDay(systemClock)
  readonly #plan: Plan
  readonly #payload: Payload
  readonly #output: PerfOutput
  readonly #stats: ProducerPerfStats
  #steady: ProducerPerfStats | undefined
  /** Of the records handed in and not acknowledged yet: when, and how long they are. */
  readonly #sentAt: number[] = []
  readonly #sizes: number[] = []
  #all = 0
  #lost = 0

  constructor(context: Context, plan: Plan, payload: Payload) {
    this.#context = context
    this.#output = {
      stdout: context.stdout,
      machine: machineOutput(context, PRODUCER_PERFORMANCE),
      progress: startProgress(context, 'sending'),
    }
    this.#plan = plan
    this.#payload = payload
    this.#stats = new ProducerPerfStats(plan.numRecords, plan.reportingIntervalMs, false, this.#now)
  }

  async run(config: Record<string, string>, transactionMs: number | undefined): Promise<number> {
    const { signal } = this.#context
    const { topic: name, numRecords, warmupRecords, throughput } = this.#plan
    const producer = await openProducer(this.#context, config)
    const transactions = new PerfTransactions(producer, transactionMs, this.#now)
    const payload = this.#payload
    const record = new RecordSlices()
    try {
      await transactions.open()
      const topic = await producer.openTopic(name)
      this.#listen(topic)
      const drain = async () => {
        try {
          await topic.drain()
        } catch (error) {
          this.#lose(error, this.#sentAt.length)
          this.#sentAt.length = 0
          this.#sizes.length = 0
          return
        }
        if (topic.listen === undefined) this.#acknowledge(this.#sentAt.length)
      }
      let pending = 0
      let turn = 0
      const throttler = new ThroughputThrottler(throughput, this.#now())
      for (let i = 0; i < numRecords && !signal.aborted; i++) {
        payload.next(i)
        const now = this.#now()
        // A sender that is never held up lets signals have their turn.
        if (now - turn >= TURN_MS) {
          await new Promise(setImmediate)
          turn = now
        }
        if (warmupRecords > 0 && i === warmupRecords) {
          await drain()
          if (topic.listen !== undefined) await producer.flush()
          this.#beginSteady()
        }
        try {
          record.timestamp = now
          record.value = payload.buffer
          record.valueStart = payload.start
          record.valueEnd = payload.end
          while (!topic.append(-1, record)) await drain()
          this.#sentAt.push(now)
          this.#sizes.push(payload.end - payload.start)
          pending += payload.end - payload.start + RECORD_OVERHEAD
          if (pending >= DRAIN_BYTES) {
            pending = 0
            await drain()
          }
        } catch (error) {
          this.#lose(error, 1)
        }
        if (transactions.isDue(now)) {
          await drain()
          await transactions.next()
        }
        if (throttler.shouldThrottle(i, now)) {
          await drain()
          await throttler.throttle(signal)
        }
      }
      await drain()
      await producer.flush()
      if (!signal.aborted) await transactions.commit()
    } finally {
      this.#output.progress.stop()
      await producer.close()
    }
    this.#stats.printTotal(this.#output)
    this.#steady?.printTotal(this.#output)
    this.#output.machine?.end(this.#lost === 0 && !signal.aborted)
    return this.#lost > 0 ? 1 : 0
  }

  #listen(topic: TopicProducer): void {
    topic.listen?.({
      stored: (records) => this.#acknowledge(records),
      lost: (_key, _value, error) => {
        this.#lose(error, 1)
        this.#sentAt.shift()
        this.#sizes.shift()
      },
    })
  }

  /** The warm-up is over. */
  #beginSteady(): void {
    const { numRecords, warmupRecords, reportingIntervalMs } = this.#plan
    this.#steady = new ProducerPerfStats(numRecords - warmupRecords, reportingIntervalMs, true, this.#now)
    this.#stats.prints = false
  }

  /** The oldest: in a topic of one partition it is they; in others the latencies are the same in sum. */
  #acknowledge(records: number): void {
    const now = this.#now()
    const { numRecords } = this.#plan
    this.#all += records
    this.#output.progress.update(`${this.#all} of ${count(numRecords, 'record')}`, this.#all / numRecords)
    for (let i = 0; i < records; i++) {
      const latency = now - this.#sentAt[i]
      this.#stats.record(latency, this.#sizes[i], now, this.#output)
      this.#steady?.record(latency, this.#sizes[i], now, this.#output)
    }
    this.#sentAt.splice(0, records)
    this.#sizes.splice(0, records)
  }

  /** Told once: the same reason would come with every record. */
  #lose(error: unknown, records: number): void {
    if (this.#lost === 0) this.#context.stderr.line((error as Error).message)
    this.#lost += records
  }
}
