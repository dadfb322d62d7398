/** leader-election: elects leaders; with one copy of each partition the one that leads is the one that can. */
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { ElectionResult, ElectionType } from '../client/admin/reassignment-admin.ts'
import { exceptionText, KafkaError, TerseError, UsageError } from '../errors.ts'
import { javaHashOrder, javaPartitionHash } from '../java/java-hash.ts'
import { type TopicPartition, topicPartitionKey } from '../names/topic-partition.ts'
import { propertiesFile } from './open/client-properties.ts'
import { BOOTSTRAP_SERVER } from './open/common-flags.ts'
import { openAdmin } from './open/open-client.ts'
import { JsonPlan } from './plans/json-plan.ts'

const FLAGS = [
  BOOTSTRAP_SERVER,
  {
    name: 'admin.config',
    arg: 'required',
    argName: 'config file',
    deprecated: 'command-config',
    description: 'Configuration properties files to pass to the admin client.',
  },
  {
    name: 'command-config',
    arg: 'required',
    argName: 'Config file',
    description: 'Config properties file to pass to the admin client.',
  },
  {
    name: 'path-to-json-file',
    arg: 'required',
    argName: 'Path to JSON file',
    description:
      'The JSON file with the list of partition for which leader elections should be performed: {"partitions": [{"topic": "foo", "partition": 1}, {"topic": "foobar", "partition": 2}]}. Not allowed if --all-topic-partitions or --topic flags are specified.',
  },
  {
    name: 'topic',
    arg: 'required',
    argName: 'topic name',
    description:
      'Name of topic for which to perform an election. Not allowed if --path-to-json-file or --all-topic-partitions is specified.',
  },
  {
    name: 'partition',
    arg: 'required',
    type: 'int',
    argName: 'partition id',
    description: 'Partition id for which to perform an election. REQUIRED if --topic is specified.',
  },
  {
    name: 'all-topic-partitions',
    description:
      'Perform election on all of the eligible topic partitions based on the type of election (see the --election-type flag). Not allowed if --topic or --path-to-json-file is specified.',
  },
  {
    name: 'election-type',
    arg: 'required',
    argName: '[PREFERRED,UNCLEAN]: election type',
    description:
      'Type of election to attempt. Possible values are "preferred" for preferred leader election or "unclean" for unclean leader election. REQUIRED.',
  },
  outputFlag,
] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'leader-election',
  summary:
    'This tool attempts to elect a new leader for a set of topic partitions. The type of elections supported are preferred replicas and unclean replicas.',
  flags: FLAGS,
  examples: [
    'tkafka leader-election --election-type preferred --all-topic-partitions',
    'tkafka leader-election --election-type preferred --topic orders --partition 0',
  ],
  run,
})

async function run(context: Context): Promise<number> {
  const { options, stderr } = context
  check(options)
  const type = electionType(options)
  const partitions = requested(options)
  if (options.has('admin.config')) {
    stderr.line(
      'Option --admin.config has been deprecated and will be removed in a future version. Use --command-config instead.',
    )
  }
  const file = options.value('admin.config') ?? options.value('command-config')
  if (file !== undefined) await propertiesFile(file)
  const admin = await openAdmin(context)
  try {
    return await elect(context, admin, type, partitions)
  } finally {
    await admin.close()
  }
}

/** The genuine order: what is missing, then which of the three. */
function check(options: Context['options']): void {
  if (!options.has('election-type')) throw new UsageError('Missing required option(s): election-type', false)
  const scopes = ['topic', 'all-topic-partitions', 'path-to-json-file'] as const
  if (scopes.filter((name) => options.has(name)).length !== 1) {
    throw new UsageError(`One and only one of the following options is required: ${scopes.join(', ')}`, false)
  }
  if (options.has('topic') && !options.has('partition'))
    throw new UsageError('Missing required option(s): partition', false)
  if (options.has('partition') && !options.has('topic')) {
    throw new UsageError('Option partition is only allowed if topic is used', false)
  }
  if (options.has('admin.config') && options.has('command-config')) {
    throw new UsageError('Option "[command-config]" can\'t be used with option "[admin.config]"', false)
  }
}

function electionType(options: Context['options']): ElectionType {
  const text = options.value('election-type') ?? ''
  const type = text.toUpperCase()
  if (type === 'PREFERRED' || type === 'UNCLEAN') return type
  throw new UsageError(`Cannot parse argument '${text}' of option election-type`, false)
}

/** undefined: all of them. */
function requested(options: Context['options']): TopicPartition[] | undefined {
  const topic = options.value('topic')
  if (topic !== undefined) return [{ topic, partition: options.int('partition') ?? 0 }]
  const file = options.value('path-to-json-file')
  return file === undefined ? undefined : plannedPartitions(new JsonPlan(file))
}

function plannedPartitions(plan: JsonPlan): TopicPartition[] {
  if (plan.problem !== undefined) throw new TerseError(`Replica election data is empty\n${plan.problem}`)
  const { value } = plan
  const list =
    typeof value === 'object' && value !== null ? (value as { partitions?: unknown }).partitions : undefined
  if (list === undefined) plan.fail('Replica election data is missing "partitions" field', '')
  const partitions = plan.array(list, 'partitions').map((one, i) => ({
    topic: plan.string(plan.field(one, 'topic', `partitions[${i}]`), `partitions[${i}].topic`),
    partition: plan.int(plan.field(one, 'partition', `partitions[${i}]`), `partitions[${i}].partition`),
  }))
  const keys = partitions.map(key)
  const twice = keys.findIndex((one, i) => keys.indexOf(one) < i)
  if (twice >= 0) {
    const all = [...new Set(keys.filter((one, i) => keys.indexOf(one) < i))]
    plan.fail(
      `Replica election data contains duplicate partitions: [${all.join(', ')}]`,
      `partitions[${twice}]`,
    )
  }
  return partitions
}

/** Where nothing was asked for, only what changed is told in text; for programs all that was looked at. */
async function elect(
  context: Context,
  admin: Admin,
  type: ElectionType,
  partitions: readonly TopicPartition[] | undefined,
): Promise<number> {
  const { stdout, stderr } = context
  const results = javaHashOrder(await admin.electLeaders(type, partitions), (one) =>
    javaPartitionHash(one.topic, one.partition),
  )
  const notNeeded = ({ error }: ElectionResult) =>
    error instanceof KafkaError && error.code === 'ELECTION_NOT_NEEDED'
  const elected = results.filter(({ error }) => error === undefined)
  const right = results.filter(notNeeded)
  const failed = results.filter((one) => one.error !== undefined && !notNeeded(one))
  const machine = machineOutput(context, {
    kind: 'leader-election',
    columns: ['topic', 'partition', 'electionType', 'result', 'error'],
  })
  if (machine !== undefined) {
    const rows = (some: readonly ElectionResult[], result: string) => {
      for (const { topic, partition } of some)
        machine.row({ topic, partition, electionType: type, result, error: null })
    }
    rows(elected, 'elected')
    rows(right, 'already-elected')
  } else {
    const list = (some: readonly TopicPartition[]) => some.map(key).join(', ')
    if (elected.length > 0)
      stdout.line(`Successfully completed leader election (${type}) for partitions ${list(elected)}`)
    if (right.length > 0 && partitions !== undefined)
      stdout.line(`Valid replica already elected for partitions ${list(right)}`)
  }
  for (const { topic, partition, error } of failed) {
    const why = exceptionText(error as Error)
    machine?.row({ topic, partition, electionType: type, result: 'failed', error: why })
    stdout.flush()
    stderr.line(
      `Error completing leader election (${type}) for partition: ${key({ topic, partition })}: ${why}`,
    )
  }
  machine?.end(failed.length === 0)
  if (failed.length > 0) throw new TerseError(`${failed.length} replica(s) could not be elected`)
  return 0
}

function key({ topic, partition }: TopicPartition): string {
  return topicPartitionKey(topic, partition)
}
