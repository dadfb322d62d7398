/** verifiable-consumer: reads a topic in a group and tells as JSON what it was given, read and committed. */
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { option } from '../cli/flags.ts'
import { BrokenPipeError, OutputError } from '../cli/output.ts'
import type { Consumer, ConsumerRecord } from '../client/consumer.ts'
import type { OffsetAndMetadata } from '../client/types.ts'
import { TerseError } from '../errors.ts'
import { type TopicPartition, topicPartitionKey } from '../names/topic-partition.ts'
import { tellOfWaiting } from './hints/near-name-hint.ts'
import { verifiableConfig } from './measuring/verifiable-config.ts'
import { printEvent } from './measuring/verifiable-events.ts'
import { openConsumer } from './open/open-client.ts'

const FLAGS = [
  option('topic', 'TOPIC', 'Consumes messages from this topic.', { required: true }),
  option('group-protocol', 'GROUP-PROTOCOL', 'Group protocol (must be one of CLASSIC, CONSUMER)', {
    default: 'classic',
  }),
  option(
    'group-remote-assignor',
    'GROUP-REMOTE-ASSIGNOR',
    'Group remote assignor; only used if the group protocol is CONSUMER',
  ),
  option('group-id', 'GROUP-ID', 'The group id of the consumer group', { required: true }),
  option('group-instance-id', 'GROUP-INSTANCE-ID', 'A unique identifier of the consumer instance'),
  option(
    'max-messages',
    'MAX-MESSAGES',
    'Consume this many messages. If -1 (the default), the consumer will consume until the process is killed externally',
    { type: 'int', default: '-1' },
  ),
  option(
    'session-timeout',
    'TIMEOUT-MS',
    "Set the consumer's session timeout, note that this configuration is not supported when group protocol is consumer",
    { type: 'int' },
  ),
  { name: 'verbose', description: 'Enable to log individual consumed records' },
  { name: 'enable-autocommit', description: 'Enable offset auto-commit on consumer' },
  option(
    'reset-policy',
    'RESET-POLICY',
    "Set reset policy (must be either 'earliest', 'latest', or 'none')",
    { default: 'earliest' },
  ),
  option(
    'assignment-strategy',
    'ASSIGNMENT-STRATEGY',
    'Set assignment strategy (e.g. org.apache.kafka.clients.consumer.RoundRobinAssignor); only used if the group protocol is CLASSIC',
    { default: 'org.apache.kafka.clients.consumer.RangeAssignor' },
  ),
  option('consumer.config', 'CONFIG-FILE', 'Consumer config properties file.', {
    deprecated: 'command-config',
  }),
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
  name: 'verifiable-consumer',
  prog: 'verifiable-consumer',
  summary:
    'This tool consumes messages from a specific topic and emits consumer events (e.g. group rebalances, received messages, and offsets committed) as JSON objects to STDOUT.',
  parser: 'argparse',
  flags: FLAGS,
  examples: ['tkafka verifiable-consumer --topic checks --group-id checkers --max-messages 100'],
  run,
})

/** A signal and new partitions are noticed in between. */
const POLL_MS = 1000

async function run(context: Context): Promise<number> {
  const { options, stdout } = context
  const config = await consumerConfig(context)
  context.handleSignals()
  await tellOfWaiting(context, options.value('topic'))
  stdout.bePatient()
  const told = (name: string) => (partitions: readonly TopicPartition[]) =>
    printEvent(stdout, name, { partitions: plain(partitions) })
  const consumer = await openConsumer(context, {
    groupId: options.value('group-id'),
    config,
    signal: context.signal,
    onAssigned: told('partitions_assigned'),
    onRevoked: told('partitions_revoked'),
    onWait: () => context.watchReader(),
  })
  return await new VerifiableConsumer(context, consumer).run()
}

async function consumerConfig(context: Context): Promise<Record<string, string>> {
  const { options } = context
  const config = await verifiableConfig(context, 'consumer.config')
  const set = (name: string, value: string | undefined) => {
    if (value !== undefined) config.set(name, value)
  }
  const protocol = options.value('group-protocol') ?? 'classic'
  if (!['classic', 'consumer'].includes(protocol.toLowerCase()))
    throw new TerseError(
      `No enum constant org.apache.kafka.clients.consumer.GroupProtocol.${protocol.toUpperCase()}\n--group-protocol is classic or consumer.`,
    )
  if (protocol.toLowerCase() === 'consumer') {
    config.set('group.protocol', protocol)
    set('group.remote.assignor', options.value('group-remote-assignor'))
  } else {
    set('partition.assignment.strategy', options.value('assignment-strategy'))
    set('session.timeout.ms', options.value('session-timeout'))
  }
  set('group.instance.id', options.value('group-instance-id'))
  config.set('enable.auto.commit', String(options.has('enable-autocommit')))
  set('auto.offset.reset', options.value('reset-policy'))
  return Object.fromEntries(config)
}

class VerifiableConsumer {
  readonly #context: Context
  readonly #consumer: Consumer
  readonly #most: number
  #consumed = 0
  /** Whether all events of the last records are out: then these records are delivered. */
  #told = true
  /** The first one of each partition that is more than was wanted. */
  readonly #untold: ConsumerRecord[] = []

  constructor(context: Context, consumer: Consumer) {
    this.#context = context
    this.#consumer = consumer
    const most = context.options.int('max-messages') ?? -1
    this.#most = most < 0 ? Number.POSITIVE_INFINITY : most
  }

  async run(): Promise<number> {
    const { stdout, stderr, signal } = this.#context
    let status = 0
    let brokenPipe: BrokenPipeError | undefined
    try {
      printEvent(stdout, 'startup_complete')
      await this.#consume()
    } catch (error) {
      if (error instanceof BrokenPipeError) brokenPipe = error
      else {
        const { message } = error as Error
        const terminating = `Error during processing, terminating consumer process: ${message}`
        stderr.line(error instanceof OutputError ? message : terminating)
        status = 1
      }
    }
    if (brokenPipe === undefined && signal.aborted) printEvent(stdout, 'shutdown_requested')
    // What is committed by itself goes as far as what was told of.
    if (this.#told) this.#takeBack()
    await this.#consumer.close({ processed: this.#told })
    if (brokenPipe !== undefined) throw brokenPipe
    printEvent(stdout, 'shutdown_complete')
    // After a signal it was asked for; else the genuine tool says so behind all the rest, when its process ends.
    if (!signal.aborted) printEvent(stdout, 'shutdown_requested')
    await stdout.drain(signal)
    return status
  }

  /** What was more than was wanted. */
  #takeBack(): void {
    const ours = new Set(this.#consumer.assignment().map((tp) => topicPartitionKey(tp.topic, tp.partition)))
    for (const first of this.#untold) {
      if (ours.has(topicPartitionKey(first.topic, first.partition))) this.#consumer.seek(first, first.offset)
    }
  }

  async #consume(): Promise<void> {
    const { options, stdout, signal } = this.#context
    const autoCommit = options.has('enable-autocommit')
    if (this.#most > 0) await this.#consumer.subscribe([options.value('topic') ?? ''])
    while (this.#consumed < this.#most && !signal.aborted) {
      const records = await this.#consumer.poll(POLL_MS)
      if (records.length === 0) continue
      this.#told = false
      const offsets = this.#received(records)
      this.#told = await stdout.drain(signal)
      if (this.#told && !autoCommit) await this.#commit(offsets)
    }
  }

  /** Tells of the records, up to as many as are wanted; returns what is to be committed for them. */
  #received(records: readonly ConsumerRecord[]): Map<TopicPartition, OffsetAndMetadata> {
    const { options, stdout } = this.#context
    const verbose = options.has('verbose')
    const offsets = new Map<TopicPartition, OffsetAndMetadata>()
    const partitions: object[] = []
    for (const all of byPartition(records)) {
      const taken = all.slice(0, this.#most - this.#consumed)
      if (taken.length < all.length) this.#untold.push(all[taken.length])
      if (taken.length === 0) continue
      const { topic, partition, offset: minOffset } = taken[0]
      const maxOffset = taken[taken.length - 1].offset
      offsets.set({ topic, partition }, { offset: maxOffset + 1, leaderEpoch: -1, metadata: '' })
      partitions.push({ topic, partition, count: taken.length, minOffset, maxOffset })
      if (verbose) for (const record of taken) printEvent(stdout, 'record_data', recordData(record))
      this.#consumed += taken.length
    }
    printEvent(stdout, 'records_consumed', { count: records.length, partitions })
    return offsets
  }

  async #commit(offsets: ReadonlyMap<TopicPartition, OffsetAndMetadata>): Promise<void> {
    const told = [...offsets].map(([{ topic, partition }, { offset }]) => ({ topic, partition, offset }))
    try {
      await this.#consumer.commit(offsets)
    } catch (error) {
      const message = (error as Error).message
      printEvent(this.#context.stdout, 'offsets_committed', { offsets: told, error: message, success: false })
      return
    }
    printEvent(this.#context.stdout, 'offsets_committed', { offsets: told, success: true })
  }
}

function byPartition(records: readonly ConsumerRecord[]): Iterable<ConsumerRecord[]> {
  const groups = new Map<string, ConsumerRecord[]>()
  for (const record of records) {
    const key = topicPartitionKey(record.topic, record.partition)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [record])
    else group.push(record)
  }
  return groups.values()
}

function recordData({ key, value, topic, partition, offset }: ConsumerRecord): Record<string, unknown> {
  return { key: key?.toString() ?? null, value: value?.toString() ?? null, topic, partition, offset }
}

function plain(partitions: readonly TopicPartition[]): TopicPartition[] {
  return partitions.map(({ topic, partition }) => ({ topic, partition }))
}
