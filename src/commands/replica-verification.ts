/** replica-verification on a directory: there is one copy of everything, which agrees with itself. */
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import { javaPattern } from '../client/topic-filter.ts'
import { TerseError, UsageError } from '../errors.ts'
import { type TopicPartition, topicPartitionKey } from '../names/topic-partition.ts'
import { openAdmin } from './open/open-client.ts'

const FLAGS = [
  {
    name: 'broker-list',
    arg: 'required',
    argName: 'hostname:port,...,hostname:port',
    description:
      'The list of hostname and port of the server to connect to. Without it the tool works on the data directory.',
  },
  {
    name: 'fetch-size',
    arg: 'required',
    type: 'int',
    argName: 'bytes',
    default: '1048576',
    description: 'The fetch size of each request.',
  },
  {
    name: 'max-wait-ms',
    arg: 'required',
    type: 'int',
    argName: 'ms',
    default: '1000',
    description: 'The max amount of time each fetch request waits.',
  },
  {
    name: 'topics-include',
    arg: 'required',
    argName: 'Java regex (String)',
    default: '.*',
    description: 'List of topics to verify replica consistency.',
  },
  {
    name: 'time',
    arg: 'required',
    type: 'long',
    argName: 'timestamp/-1(latest)/-2(earliest)',
    default: '-1',
    description: 'Timestamp for getting the initial offsets.',
  },
  {
    name: 'report-interval-ms',
    arg: 'required',
    type: 'long',
    argName: 'ms',
    default: '30000',
    description: 'The reporting interval.',
  },
  outputFlag,
] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'replica-verification',
  summary: 'Validate that all replicas for a set of topics have the same data.',
  flags: FLAGS,
  parseErrors: { usage: true },
  examples: ['tkafka replica-verification --topics-include orders.*'],
  run,
})

/** As the genuine tool, goes on until it is stopped. */
async function run(context: Context): Promise<number> {
  const { options, stdout, stderr } = context
  const servers = options.value('broker-list')
  if (servers !== undefined && !servers.split(',').every((server) => /:\d+$/.test(server.trim())))
    throw new UsageError('Please provide valid host:port like host1:9091,host2:9092')
  const include = options.value('topics-include') ?? '.*'
  const matches = topicPattern(include)
  const intervalMs = options.long('report-interval-ms') ?? 30000
  for (const name of ['fetch-size', 'max-wait-ms', 'time'] as const) options.long(name)
  const admin = await openAdmin(context)
  let partitions = 0
  let first: TopicPartition | undefined
  let offset = -1
  try {
    const names = (await admin.listTopics()).map(({ name }) => name).filter((name) => matches.test(name))
    for (const { name: topic, partitions: all } of await admin.describeTopics(names)) {
      partitions += all.length
      if (first !== undefined || all.length === 0) continue
      first = { topic, partition: all[0].partition }
      offset = (await admin.listOffset(first, 'latest')).offset ?? 0
    }
  } finally {
    await admin.close()
  }
  if (first === undefined) {
    stderr.line(
      'No topics found. --topics-include if specified, is either filtering out all topics or there is no topic.',
    )
    return 1
  }
  context.handleSignals()
  const machine = machineOutput(context, {
    kind: 'replica-lag',
    columns: ['timestamp', 'maxLag', 'topic', 'partition', 'offset', 'partitions'],
  })
  if (machine === undefined) stdout.line(`${now()}: verification process is started`)
  const { topic, partition } = first
  while (!context.signal.aborted) {
    stdout.flush()
    await pause(intervalMs, context.signal)
    if (context.signal.aborted) break
    if (machine === undefined)
      stdout.line(
        `${now()}: max lag is 0 for partition ${topicPartitionKey(topic, partition)} at offset ${offset} among ${partitions} partitions`,
      )
    else machine.row({ timestamp: Date.now(), maxLag: 0, topic, partition, offset, partitions })
  }
  machine?.end()
  return 0
}

function topicPattern(include: string): RegExp {
  try {
    return javaPattern(include.replaceAll(',', '|'))
  } catch {
    throw new TerseError(`${include} is an invalid regex.`)
  }
}

function now(): string {
  return new Date().toISOString().replace('T', ' ').replace('.', ',').slice(0, 23)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
