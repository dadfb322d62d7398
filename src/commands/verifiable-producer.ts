/** verifiable-producer: sends counted values and tells of each as JSON whether it was acknowledged. */
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { option } from '../cli/flags.ts'
import { OutputError } from '../cli/output.ts'
import type { Producer } from '../client/producer.ts'
import { KafkaError } from '../errors.ts'
import { steadyTimeOfDay, systemClock } from '../os/clock.ts'
import { ThroughputThrottler } from './measuring/throughput-throttler.ts'
import { verifiableConfig } from './measuring/verifiable-config.ts'
import { printEvent } from './measuring/verifiable-events.ts'
import { openProducer } from './open/open-client.ts'

const FLAGS = [
  option('topic', 'TOPIC', 'Produce messages to this topic.', { required: true }),
  option(
    'max-messages',
    'MAX-MESSAGES',
    'Produce this many messages. If -1, produce messages until the process is killed externally.',
    { type: 'int', default: '-1' },
  ),
  option(
    'throughput',
    'THROUGHPUT',
    'If set >= 0, throttle maximum message throughput to *approximately* THROUGHPUT messages/sec.',
    { type: 'int', default: '-1' },
  ),
  option('acks', 'ACKS', 'Acks required on each produced message. See Kafka docs on acks for details.', {
    type: 'int',
    default: '-1',
    choices: ['0', '1', '-1'],
  }),
  option('producer.config', 'CONFIG-FILE', 'Producer config properties file.', {
    deprecated: 'command-config',
  }),
  option(
    'message-create-time',
    'CREATE-TIME',
    'Send messages with creation time starting at the arguments value, in milliseconds since epoch',
    { type: 'long', default: '-1' },
  ),
  option(
    'value-prefix',
    'VALUE-PREFIX',
    'If specified, each produced value will have this prefix with a dot separator',
    { type: 'int' },
  ),
  option(
    'repeating-keys',
    'REPEATING-KEYS',
    'If specified, each produced record will have a key starting at 0 increment by 1 up to the number specified (exclusive), then the key is set to 0 again',
    { type: 'int' },
  ),
  option(
    'command-config',
    'CONFIG-FILE',
    'Config properties file (config options shared with command line parameters will be overridden).',
  ),
  option(
    'bootstrap-server',
    'HOST1:PORT1[,HOST2:PORT2[...]]',
    'The server(s) to connect to. Without it the tool works on the data directory.',
  ),
] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'verifiable-producer',
  prog: 'verifiable-producer',
  summary:
    'This tool produces increasing integers to the specified topic and prints JSON metadata to stdout on each "send" request, making externally visible which messages have been acked and which have not.',
  parser: 'argparse',
  flags: FLAGS,
  examples: ['tkafka verifiable-producer --topic checks --max-messages 100 --throughput 10'],
  run,
})

/** Without a throttle so many are sent before their answers are waited for. */
const IN_FLIGHT = 500

async function run(context: Context): Promise<number> {
  const config = await producerConfig(context)
  context.handleSignals()
  const producer = await openProducer(context, config)
  return await new VerifiableProducer(context, producer).run()
}

async function producerConfig(context: Context): Promise<Record<string, string>> {
  const given = await verifiableConfig(context, 'producer.config')
  return { acks: String(context.options.int('acks')), retries: '0', ...Object.fromEntries(given) }
}

class VerifiableProducer {
  readonly #context: Context
  readonly #options: Context['options']
  readonly #producer: Producer
  readonly #topic: string
  readonly #now = steadyTimeOfDay(systemClock)
  readonly #startMs = this.#now()
  #sent = 0
  #acked = 0

  constructor(context: Context, producer: Producer) {
    this.#context = context
    this.#options = context.options
    this.#producer = producer
    this.#topic = context.options.value('topic') ?? ''
  }

  async run(): Promise<number> {
    const { stdout, stderr } = this.#context
    printEvent(stdout, 'startup_complete')
    let status = 0
    try {
      await this.#sendAll()
    } finally {
      try {
        await this.#producer.close()
      } catch (error) {
        stderr.line((error as Error).message)
        status = 1
      }
    }
    printEvent(stdout, 'shutdown_complete')
    printEvent(stdout, 'tool_data', {
      sent: this.#sent,
      acked: this.#acked,
      target_throughput: this.#options.int('throughput'),
      avg_throughput: (1000 * this.#acked) / (this.#now() - this.#startMs),
    })
    return this.#acked < this.#sent ? 1 : status
  }

  async #sendAll(): Promise<void> {
    const { signal } = this.#context
    const most = this.#options.int('max-messages') ?? -1
    const throttler = new ThroughputThrottler(this.#options.int('throughput') ?? -1, this.#startMs)
    const prefix = this.#options.int('value-prefix')
    const keys = this.#options.int('repeating-keys')
    let open: Promise<void>[] = []
    for (let i = 0; (most < 0 || i < most) && !signal.aborted; i++) {
      const now = this.#now()
      const key = keys === undefined ? null : String(keys > 0 ? i % keys : i)
      open.push(this.#send(key, prefix === undefined ? String(i) : `${prefix}.${i}`, now))
      const throttled = throttler.shouldThrottle(i, now)
      // The first one opens the topic; what follows is sent when that is done, with its own time.
      if (throttled || i === 0 || open.length >= IN_FLIGHT) {
        await Promise.all(open)
        open = []
      }
      if (throttled) await throttler.throttle(signal)
    }
    await Promise.all(open)
  }

  async #send(key: string | null, value: string, now: number): Promise<void> {
    const { stdout } = this.#context
    const createTime = this.#options.long('message-create-time') ?? -1
    const timestamp = createTime === -1 ? now : createTime + now - this.#startMs
    this.#sent++
    try {
      const { offset, topic, partition } = await this.#producer.send({
        topic: this.#topic,
        key,
        value,
        timestamp,
      })
      this.#acked++
      printEvent(stdout, 'producer_send_success', { key, value, offset, topic, partition })
    } catch (error) {
      if (!(error instanceof Error) || error instanceof OutputError) throw error
      // Harnesses look for the exception's Java name here.
      const exception =
        error instanceof KafkaError
          ? `class org.apache.kafka.common.errors.${error.exceptionName}`
          : 'class org.apache.kafka.common.KafkaException'
      printEvent(stdout, 'producer_send_error', {
        key,
        value,
        topic: this.#topic,
        exception,
        message: error.message,
      })
    }
  }
}
