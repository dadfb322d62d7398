/** kafka-get-offsets.sh: offsets of partitions, by time or place. */
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag, outputFormat, type Row } from '../cli/machine-output.ts'
import { OutputError } from '../cli/output.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { ListedOffset } from '../client/admin/offset-admin.ts'
import type { OffsetSpec } from '../client/types.ts'
import { count } from '../count.ts'
import { exceptionText, TerseError, UsageError } from '../errors.ts'
import { type TopicPartition, topicPartitionKey } from '../names/topic-partition.ts'
import { systemErrorText } from '../os/system-error.ts'
import { createFilter, parseOffsetSpec } from './get-offsets/arguments.ts'
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'

const FLAGS = [
  { ...BOOTSTRAP_SERVER, argName: 'HOST1:PORT1,...,HOST3:PORT3' },
  COMMAND_CONFIG,
  {
    name: 'topic',
    arg: 'required',
    argName: 'topic',
    description:
      'The topic to get the offsets for. It also accepts a regular expression. If not present, all topics are queried. Cannot be used if --topic-partitions is present.',
  },
  {
    name: 'partitions',
    arg: 'required',
    argName: 'partition ids',
    description:
      'Comma separated list of partition ids to get the offsets for. If not present, all partitions are queried. Cannot be used if --topic-partitions is present.',
  },
  {
    name: 'topic-partitions',
    arg: 'required',
    argName: 'topic1:1,topic2:0-3,topic3,topic4:5-,topic5:-3',
    description:
      "Comma separated list of topic-partition patterns: an optional regular expression of topics, then ':' and a number, a range NUMBER-NUMBER (upper exclusive), NUMBER-, -NUMBER, or nothing for all.",
  },
  {
    name: 'time',
    arg: 'required',
    argName:
      '<timestamp> / -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload',
    default: 'latest',
    description:
      'Timestamp of the offsets before that. No offset is returned if it is greater than that of the last record.',
  },
  {
    name: 'exclude-internal-topics',
    description: 'By default, internal topics are included. If specified, internal topics are excluded.',
  },
  outputFlag,
] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'get-offsets',
  summary: 'An interactive shell for getting topic-partition offsets.',
  flags: FLAGS,
  parseErrors: { prefix: 'Error occurred: ' },
  examples: [
    'tkafka get-offsets --topic quakes',
    'tkafka get-offsets --topic-partitions quakes:0-2 --time earliest',
  ],
  async run(context) {
    const { stdout, stderr } = context
    try {
      return await run(context)
    } catch (error) {
      if (error instanceof OutputError || !(error instanceof TerseError)) throw error
      stdout.flush()
      stderr.line(`Error occurred: ${error.message}`)
      return 1
    }
  },
})

async function run(context: Context): Promise<number> {
  const { options } = context
  if (options.has('topic-partitions') && (options.has('topic') || options.has('partitions'))) {
    throw new UsageError('--topic-partitions cannot be used with --topic or --partitions')
  }
  outputFormat(options)
  if (options.has('command-config')) {
    const { propertiesFile } = await import('./open/client-properties.ts')
    await propertiesFile(options.value('command-config') ?? '')
  }
  const spec = parseOffsetSpec(options.value('time') ?? 'latest')
  const matches = createFilter(
    options.value('topic-partitions'),
    options.value('topic'),
    options.value('partitions'),
  )
  const { openAdmin } = await import('./open/open-client.ts')
  const admin = await openAdmin(context)
  try {
    const topics = (await admin.listTopics()).filter(
      ({ internal }) => !(internal && options.has('exclude-internal-topics')),
    )
    const described = await admin.describeTopics(
      topics.map(({ name }) => name).filter((name) => matches(name)),
    )
    const partitions = described
      .flatMap(({ name, partitions: all }) => all.map(({ partition }) => ({ topic: name, partition })))
      .filter(({ topic, partition }) => matches(topic, partition))
    if (partitions.length === 0)
      throw new TerseError('Could not match any topic-partitions with the specified filters')
    return await listOffsets(context, admin, partitions.sort(byText), spec)
  } finally {
    await admin.close()
  }
}

/** One line, table row or JSON row a partition. Returns the status. */
async function listOffsets(
  context: Context,
  admin: Admin,
  partitions: readonly TopicPartition[],
  spec: OffsetSpec,
): Promise<number> {
  const { options, stdout, stderr } = context
  let failed = false
  const isForPerson = stdout.isTerminal && !options.has('output')
  const table: (string | number)[][] | undefined = isForPerson ? [] : undefined
  const machine = machineOutput(context, {
    kind: 'partition-offset',
    columns: ['topic', 'partition', 'offset', 'timestamp', 'leaderEpoch'],
  })
  const progress = stderr.isTerminal
    ? (await import('../cli/progress.ts')).startProgress(context, 'reading offsets')
    : undefined
  const all = await admin.listOffsets(partitions, spec, undefined, (done) =>
    progress?.update(`reading offsets: ${done} of ${count(partitions.length, 'partition')}`),
  )
  progress?.stop()
  for (const [i, partition] of partitions.entries()) {
    const listed = all[i]
    if (listed instanceof Error || listed.damage !== undefined) failed = true
    if (listed instanceof Error) {
      tellSkipped(context, partition, listed)
      continue
    }
    if (listed.damage !== undefined) {
      stdout.flush()
      stderr.line(`${partition.topic}-${partition.partition}: ${listed.damage}; see tkafka repair`)
    }
    if (machine !== undefined) machine.row(offsetRow(partition, listed))
    else if (table !== undefined) table.push([partition.topic, partition.partition, listed.offset ?? ''])
    else if (listed.offset !== undefined)
      stdout.line(`${partition.topic}:${partition.partition}:${listed.offset}`)
  }
  machine?.end(!failed)
  if (table !== undefined) {
    const { printTable } = await import('../cli/table.ts')
    printTable(context, ['TOPIC', 'PARTITION', 'OFFSET'], table)
  }
  return failed ? 1 : 0
}

function offsetRow(
  partition: TopicPartition,
  { offset, timestamp, exactTimestamp, leaderEpoch }: ListedOffset,
): Row {
  return {
    ...partition,
    offset: offset ?? null,
    timestamp: timestamp < 0 ? null : (exactTimestamp ?? timestamp),
    leaderEpoch: leaderEpoch < 0 ? null : leaderEpoch,
  }
}

function tellSkipped({ stdout, stderr }: Context, { topic, partition }: TopicPartition, error: Error): void {
  stdout.flush()
  const why = systemErrorText(error) ?? exceptionText(error)
  stderr.line(
    `Skip getting offsets for topic-partition ${topicPartitionKey(topic, partition)} due to error: ${why}`,
  )
}

/** The genuine tool sorts by `topic-partition` as text: 10 comes before 2. */
function byText(a: TopicPartition, b: TopicPartition): number {
  return topicPartitionKey(a.topic, a.partition) < topicPartitionKey(b.topic, b.partition) ? -1 : 1
}
