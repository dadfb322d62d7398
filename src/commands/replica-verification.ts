/** replica-verification: compares the replicas of partitions; in a directory there is one of each, which agrees with itself. */
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import type { Admin } from '../client/admin/admin.ts'
import { javaPattern } from '../client/topic-filter.ts'
import type { OffsetSpec } from '../client/types.ts'
import { TerseError, UsageError } from '../errors.ts'
import { topicPartitionKey } from '../names/topic-partition.ts'
import { meansCluster, openAdmin } from './open/open-client.ts'
import { type MaxLag, ReplicaVerifier } from './replica-verification/replicas.ts'

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
  try {
    const verifier = await verifierOf(context, admin, matches)
    if (verifier.count === 0) {
      stderr.line(
        'No topics found. --topics-include if specified, is either filtering out all topics or there is no topic.',
      )
      return 1
    }
    context.handleSignals()
    const compare = meansCluster(context)
    const machine = machineOutput(context, REPLICA_LAG)
    if (machine === undefined) stdout.line(`${now()}: verification process is started`)
    let failed = false
    for (let next = Date.now() + intervalMs; !context.signal.aborted; ) {
      stdout.flush()
      if (compare) {
        for (const line of await verifier.round()) {
          failed = true
          stderr.line(`${now()}: ${line}`)
        }
        stderr.flush()
        await pause(Math.min(ROUND_MS, intervalMs), context.signal)
      } else await pause(intervalMs, context.signal)
      if (context.signal.aborted || (compare && Date.now() < next)) continue
      next = Date.now() + intervalMs
      const most = verifier.maxLag() as MaxLag
      const { lag, topic, partition, offset } = most
      if (machine === undefined)
        stdout.line(
          `${now()}: max lag is ${lag} for partition ${topicPartitionKey(topic, partition)} at offset ${offset} among ${verifier.count} partitions`,
        )
      else {
        const row = { timestamp: Date.now(), maxLag: lag, topic, partition, offset }
        machine.row({ ...row, partitions: verifier.count })
      }
    }
    machine?.end()
    return failed ? 1 : 0
  } finally {
    await admin.close()
  }
}

const REPLICA_LAG = {
  kind: 'replica-lag',
  columns: ['timestamp', 'maxLag', 'topic', 'partition', 'offset', 'partitions'],
}
/** Between two looks at the replicas. */
const ROUND_MS = 500

async function verifierOf(context: Context, admin: Admin, matches: RegExp): Promise<ReplicaVerifier> {
  const { options } = context
  const names = (await admin.listTopics()).map(({ name }) => name).filter((name) => matches.test(name))
  const topics = await admin.describeTopics(names)
  const partitions = topics.flatMap(({ name: topic, partitions: all }) =>
    all.map(({ partition }) => ({ topic, partition })),
  )
  const listed = await admin.listOffsets(
    partitions,
    meansCluster(context) ? startSpec(options.long('time') ?? -1) : 'latest',
  )
  const starts = new Map<string, number>()
  for (const [i, found] of listed.entries()) {
    if (found instanceof Error) throw found
    const { topic, partition } = partitions[i]
    starts.set(topicPartitionKey(topic, partition), found.offset ?? 0)
  }
  return new ReplicaVerifier(admin, topics, starts, {
    partitionMaxBytes: options.int('fetch-size') ?? 1048576,
    maxWaitMs: options.int('max-wait-ms') ?? 1000,
  })
}

function startSpec(time: number): OffsetSpec {
  if (time === -1) return 'latest'
  return time === -2 ? 'earliest' : time
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
