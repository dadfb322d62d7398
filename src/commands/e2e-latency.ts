/** e2e-latency: how long a record takes from its sender to a reader that waits for it. */
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { option } from '../cli/flags.ts'
import { type MachineOutput, machineOutput, outputFlag } from '../cli/machine-output.ts'
import type { Consumer, ConsumerRecord } from '../client/consumer.ts'
import type { Producer } from '../client/producer.ts'
import type { Header } from '../client/types.ts'
import { TerseError, UsageError } from '../errors.ts'
import { WordOptions } from './e2e-latency/word-options.ts'
import { propertiesFile } from './open/client-properties.ts'
import { openAdmin, openConsumer, openProducer } from './open/open-client.ts'

const POLL_TIMEOUT_MS = 60000
/** In the order of the old, positional usage. */
const NAMES = [
  'bootstrap-server',
  'topic',
  'num-records',
  'producer-acks',
  'record-size',
  'command-config',
] as const

const FLAGS = [
  option(
    'bootstrap-server',
    'bootstrap-server',
    'The Kafka broker list string in the form HOST1:PORT1,HOST2:PORT2. Without it the tool works on the data directory.',
  ),
  option('topic', 'topic-name', 'REQUIRED: The topic to use for the test.'),
  option('num-records', 'count', 'REQUIRED: The number of messages to send.', { type: 'int' }),
  option('producer-acks', 'producer-acks', "REQUIRED: Producer acknowledgements. Must be '1' or 'all'."),
  option('record-size', 'bytes', 'REQUIRED: The size of each message payload in bytes.', { type: 'int' }),
  option(
    'record-key-size',
    'bytes',
    'Optional: The size of the message key in bytes. If not set, messages are sent without a key.',
    { arg: 'optional', type: 'int', default: '0' },
  ),
  option(
    'record-header-key-size',
    'bytes',
    'Optional: The size of the message header key in bytes. Used together with record-header-size.',
    { arg: 'optional', type: 'int', default: '0' },
  ),
  option(
    'record-header-size',
    'bytes',
    'Optional: The size of message header value in bytes. Use -1 for null header value.',
    { arg: 'optional', type: 'int', default: '0' },
  ),
  option('num-headers', 'count', 'Optional: The number of headers to include in each message.', {
    arg: 'optional',
    type: 'int',
    default: '0',
  }),
  option(
    'command-config',
    'config-file',
    'Optional: A property file for Kafka producer/consumer/admin client configuration.',
    { arg: 'optional' },
  ),
  outputFlag,
] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'e2e-latency',
  takesWords: true,
  summary: 'This tool measures end-to-end latency in Kafka by sending messages and timing their reception.',
  flags: FLAGS,
  parseErrors: { usage: true },
  examples: ['tkafka e2e-latency --topic probe --num-records 5000 --producer-acks all --record-size 100'],
  async run(context) {
    const options = namedOptions(context)
    check(options)
    return await new Latency({ ...context, signal: context.signal, options }).run()
  },
})

/** The old usage by position is still right. */
function namedOptions({ options, stderr }: Context): Context['options'] {
  if (options.words.length === 0 || NAMES.some((name) => options.has(name))) return options
  const { words } = options
  if (words.length !== 5 && words.length !== 6) {
    throw new TerseError(
      `Invalid number of arguments. Expected 5 or 6 positional arguments, but got ${words.length}. Usage: bootstrap-server topic num-records producer-acks record-size [optional] command-config`,
    )
  }
  stderr.line(
    `WARNING: Positional argument usage is deprecated and will be removed in Apache Kafka 5.0. Please use named arguments instead: ${NAMES.map((name) => `--${name}`).join(', ')}`,
  )
  return new WordOptions(options, NAMES, words)
}

function check(options: Context['options']): void {
  for (const name of ['topic', 'num-records', 'producer-acks', 'record-size'] as const) {
    if (!options.has(name)) throw new UsageError(`Missing required argument "[${name}]"`)
  }
  if (!['1', 'all'].includes(options.value('producer-acks') ?? '')) {
    throw new UsageError(
      "Invalid value for --producer-acks. Latency testing requires synchronous acknowledgement. Please use '1' or 'all'.",
    )
  }
  if ((options.int('num-records') ?? 0) <= 0) {
    throw new UsageError('Value for --num-records must be a positive integer.')
  }
  for (const name of ['record-size', 'record-key-size', 'record-header-key-size', 'num-headers'] as const) {
    if ((options.int(name) ?? 0) < 0)
      throw new UsageError(`Value for --${name} must be a non-negative integer.`)
  }
  if ((options.int('record-header-size') ?? 0) < -1) {
    throw new UsageError(
      'Value for --record-header-size must be a non-negative integer or -1 for null header value.',
    )
  }
}

class Latency {
  readonly #context: Context
  readonly #topic: string
  readonly #machine: MachineOutput | undefined

  constructor(context: Context) {
    this.#context = context
    this.#topic = context.options.value('topic') ?? ''
    this.#machine = machineOutput(context, {
      kind: 'end-to-end-latency',
      columns: ['records', 'averageMs', 'p50Ms', 'p99Ms', 'p999Ms'],
    })
  }

  async run(): Promise<number> {
    const { options } = this.#context
    const file = options.value('command-config')?.trim() || undefined
    const config = file === undefined ? {} : Object.fromEntries(await propertiesFile(file))
    const partitionCount = await this.#partitionCount()
    const consumer = await openConsumer(this.#context, {
      config: { ...config, 'enable.auto.commit': 'false', 'auto.offset.reset': 'latest' },
      signal: this.#context.signal,
    })
    const producer = await openProducer(this.#context, {
      ...config,
      'linger.ms': '0',
      acks: options.value('producer-acks') ?? 'all',
    })
    try {
      const partitions = Array.from({ length: partitionCount }, (_, partition) => ({
        topic: this.#topic,
        partition,
      }))
      await consumer.assign(partitions)
      consumer.seekToEnd(partitions)
      for (const partition of partitions) consumer.position(partition)
      await this.#measure(producer, consumer)
    } finally {
      await consumer.close()
      await producer.close()
    }
    return 0
  }

  async #partitionCount(): Promise<number> {
    const admin = await openAdmin(this.#context)
    try {
      const known = (await admin.listTopics()).some(({ name }) => name === this.#topic)
      if (!known) {
        const { stdout, stderr } = this.#context
        const say = this.#machine === undefined ? stdout : stderr
        say.line(
          `Topic "${this.#topic}" does not exist. Will create topic with 1 partition(s) and replication factor = 1`,
        )
        await admin.createTopic({ name: this.#topic, partitions: 1, replicationFactor: 1 })
      }
      const [{ partitions }] = await admin.describeTopics([this.#topic])
      return partitions.length
    } finally {
      await admin.close()
    }
  }

  async #measure(producer: Producer, consumer: Consumer): Promise<void> {
    const { options, stdout, signal } = this.#context
    const count = options.int('num-records') ?? 0
    const latencies: number[] = []
    let total = 0
    for (let i = 0; i < count && !signal.aborted; i++) {
      const key = letters(options.int('record-key-size') ?? 0)
      const sent = {
        value: letters(options.int('record-size') ?? 0),
        key: key.length === 0 ? null : key,
        headers: this.#headers(),
      }
      const begin = performance.now()
      await producer.send({ topic: this.#topic, ...sent })
      const records = await consumer.poll(POLL_TIMEOUT_MS)
      const elapsed = performance.now() - begin
      if (signal.aborted) break
      validate(sent, records)
      if (i % 1000 === 0 && this.#machine === undefined) {
        stdout.line(`${i}\t${elapsed}`)
        stdout.flush()
      }
      total += elapsed
      latencies.push(Math.trunc(elapsed))
    }
    latencies.sort((a, b) => a - b)
    const share = (part: number) => latencies[Math.trunc(latencies.length * part)]
    if (this.#machine !== undefined) {
      if (latencies.length > 0) {
        const averageMs = total / latencies.length
        const shares = { p50Ms: share(0.5), p99Ms: share(0.99), p999Ms: share(0.999) }
        this.#machine.row({ records: latencies.length, averageMs, ...shares })
      }
      this.#machine.end(!signal.aborted)
      return
    }
    if (latencies.length === 0) return
    stdout.line(`Avg latency: ${(total / latencies.length).toFixed(4)} ms`)
    stdout.line(`Percentiles: 50th = ${share(0.5)}, 99th = ${share(0.99)}, 99.9th = ${share(0.999)}`)
  }

  #headers(): Header[] {
    const { options } = this.#context
    const size = options.int('record-header-size') ?? 0
    const keySize = options.int('record-header-key-size') ?? 0
    return Array.from({ length: options.int('num-headers') ?? 0 }, () => ({
      key: letters(keySize).toString(),
      value: size < 0 ? null : letters(size),
    }))
  }
}

function letters(size: number): Buffer {
  return Buffer.alloc(size, 65 + Math.floor(Math.random() * 26))
}

/** One record, and the one that was sent. @throws TerseError in the genuine tool's words */
function validate(
  sent: { readonly value: Buffer; readonly key: Buffer | null; readonly headers: readonly Header[] },
  records: readonly ConsumerRecord[],
): void {
  if (records.length === 0) {
    throw new TerseError(`poll() timed out before finding a result (timeout:[${POLL_TIMEOUT_MS}ms])`)
  }
  const [{ key, value, headers }] = records
  if (value === null || !value.equals(sent.value)) {
    throw new TerseError(
      `The message value read [${value}] did not match the message value sent [${sent.value}]`,
    )
  }
  if (sent.key === null ? key !== null : key === null || !key.equals(sent.key)) {
    throw new TerseError(`The message key read [${key}] did not match the message key sent [${sent.key}]`)
  }
  if (headers.length !== sent.headers.length) {
    throw new TerseError('Header count mismatch between sent and received messages')
  }
  if (records.length !== 1) {
    throw new TerseError(`Only one result was expected during this test. We found [${records.length}]`)
  }
}
