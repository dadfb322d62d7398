/** kafka-topics.sh: creates, lists, describes, changes and deletes topics. */
import { checkExactlyOne, checkInvalidArguments, checkRequiredArguments } from '../cli/argument-checks.ts'
import { defineCommand, type Flag, type FlagName, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag, outputFormat } from '../cli/machine-output.ts'
import { OutputError } from '../cli/output.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { NewTopic } from '../client/admin/topic-admin.ts'
import { onlyTopic, topicFilter } from '../client/topic-filter.ts'
import { KafkaError, TerseError, UsageError } from '../errors.ts'
import { javaHashOrder, javaStringHash } from '../java/java-hash.ts'
import { hasCollisionChars, isInternalTopic } from '../names/topic-names.ts'
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'
import { openAdmin } from './open/open-client.ts'

const ALTERED_BY_CONFIGS = ' (To alter topic configurations, the kafka-configs tool can be used.)'
const ACTIONS = ['list', 'describe', 'create', 'alter', 'delete'] as const
const REPORTS = [
  'under-replicated-partitions',
  'under-min-isr-partitions',
  'at-min-isr-partitions',
  'unavailable-partitions',
] as const
const FLAGS = [
  BOOTSTRAP_SERVER,
  COMMAND_CONFIG,
  { name: 'list', description: 'List all available topics.' },
  { name: 'create', description: 'Create a new topic.' },
  { name: 'delete', description: 'Delete a topic.' },
  {
    name: 'alter',
    description: `Alter the number of partitions and replica assignment.${ALTERED_BY_CONFIGS}`,
  },
  { name: 'describe', description: 'List details for the given topics.' },
  {
    name: 'topic',
    arg: 'required',
    argName: 'topic',
    description:
      'The topic to create, alter, describe or delete. Except for --create a regular expression is right too: "test\\.topic", "a|b", "log-.*".',
  },
  { name: 'topic-id', arg: 'required', argName: 'topic-id', description: 'The topic-id to describe.' },
  {
    name: 'config',
    arg: 'required',
    argName: 'name=value',
    repeatable: true,
    description: `A topic configuration override for the topic being created, only together with --create.${ALTERED_BY_CONFIGS}`,
  },
  {
    name: 'delete-config',
    arg: 'required',
    argName: 'name',
    deprecated: true,
    description: 'No longer supported since 4.0.',
  },
  {
    name: 'partitions',
    arg: 'required',
    argName: '# of partitions',
    type: 'int',
    description:
      'The number of partitions for the topic being created or altered; without it --create uses the default (num.partitions). More partitions change which partition a key goes to.',
  },
  {
    name: 'replication-factor',
    arg: 'required',
    argName: 'replication factor',
    type: 'int',
    description: 'The replication factor for each partition in the topic being created.',
  },
  {
    name: 'replica-assignment',
    arg: 'required',
    argName: 'broker_id_for_part1_replica1 : broker_id_for_part1_replica2 , ...',
    description: 'A list of manual partition-to-broker assignments for the topic being created or altered.',
  },
  { name: REPORTS[0], description: 'When describing topics, only show under-replicated partitions.' },
  {
    name: REPORTS[3],
    description: 'When describing topics, only show partitions whose leader is not available.',
  },
  {
    name: REPORTS[1],
    description:
      'When describing topics, only show partitions whose isr count is less than the configured minimum.',
  },
  {
    name: REPORTS[2],
    description:
      'When describing topics, only show partitions whose isr count is equal to the configured minimum.',
  },
  {
    name: 'topics-with-overrides',
    description: 'When describing topics, only show topics that have overridden configs.',
  },
  {
    name: 'if-exists',
    description: 'When altering, deleting or describing topics, only act if the topic exists.',
  },
  {
    name: 'if-not-exists',
    description: 'When creating topics, only act if the topic does not already exist.',
  },
  {
    name: 'exclude-internal',
    description: 'Exclude internal topics when listing or describing topics. They are included by default.',
  },
  {
    name: 'partition-size-limit-per-response',
    arg: 'required',
    argName: 'maximum number of partitions per response',
    type: 'int',
    description:
      'The maximum partition size to be included in one response (accepted; there is one response).',
  },
  outputFlag,
] as const satisfies readonly Flag[]

type Name = FlagName<typeof FLAGS>
type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'topics',
  summary: 'This tool helps to create, delete, describe, or change a topic.',
  flags: FLAGS,
  examples: [
    'tkafka topics --create --topic quakes --partitions 3',
    'tkafka topics --describe --topic quakes',
    'tkafka topics --list',
  ],
  async run(context) {
    const { options } = context
    checkArguments(context)
    outputFormat(options)
    if (options.has('command-config')) {
      const { propertiesFile } = await import('./open/client-properties.ts')
      await propertiesFile(options.value('command-config') ?? '')
    }
    const admin = await openAdmin(context)
    try {
      await ACTION_HANDLERS[ACTIONS.find((action) => options.has(action))!](context, admin)
      return 0
    } catch (error) {
      if (error instanceof OutputError || !(error instanceof TerseError)) throw error
      context.stdout.flush()
      context.stderr.line(`Error while executing topic command : ${error.message}`)
      return 1
    } finally {
      await admin.close()
    }
  },
})

const ACTION_HANDLERS = { list, describe, create, alter, delete: remove }

/** The genuine tool's checks, in its order. */
function checkArguments({ options, stderr, stdout }: Context): void {
  checkExactlyOne(
    options,
    ACTIONS,
    'Command must include exactly one action: --list, --describe, --create, --alter or --delete',
  )
  if (options.has('delete-config')) {
    stderr.line(
      'delete-config option is no longer supported and deprecated since version 4.0. The config will be fully removed in future releases.',
    )
  }
  if (options.has('describe') && options.has('if-exists')) {
    if (!options.has('topic') && !options.has('topic-id')) {
      throw new UsageError('--topic or --topic-id is required to describe a topic')
    }
    if (options.has('topic') && options.has('topic-id')) {
      stdout.line(
        'Only topic id will be used when both --topic and --topic-id are specified and topicId is not Uuid.ZERO_UUID',
      )
    }
  }
  if (!options.has('list') && !options.has('describe')) checkRequiredArguments(options, 'topic')
  if (options.has('alter')) {
    if (options.has('config')) {
      throw new UsageError(
        `Option combination "[[bootstrap-server], [config]]" can't be used with option "[alter]"${ALTERED_BY_CONFIGS}`,
      )
    }
    checkRequiredArguments(options, 'partitions')
  }
  const only = (flag: Name, allowed: readonly Name[], also: readonly Name[] = []) => {
    const actions = ACTIONS.filter((action) => !allowed.includes(action))
    checkInvalidArguments(options, flag, [...actions, ...also])
  }
  only('config', ['alter', 'create'])
  only('partitions', ['alter', 'create'])
  only('replication-factor', ['create'])
  only('replica-assignment', ['alter', 'create'])
  if (options.has('create')) {
    checkInvalidArguments(options, 'replica-assignment', ['partitions', 'replication-factor'])
  }
  for (const report of REPORTS) only(report, ['describe'], ['topics-with-overrides'])
  only('topics-with-overrides', ['describe'], REPORTS)
  only('if-exists', ['alter', 'delete', 'describe'])
  only('if-not-exists', ['create'])
  only('exclude-internal', ['list', 'describe'])
}

async function list(context: Context, admin: Admin): Promise<void> {
  const { options, stdout } = context
  const names = await chosenTopics(options, admin)
  if (options.has('output')) {
    const { TOPIC_SHAPE, topicRows } = await import('./topics/rows.ts')
    const machine = machineOutput(context, TOPIC_SHAPE)
    if (machine !== undefined) return machine.all(topicRows(admin, names))
  }
  stdout.line(names.join('\n'))
}

async function create(context: Context, admin: Admin): Promise<void> {
  const { options, stdout } = context
  const name = options.value('topic') ?? ''
  const topic: NewTopic = {
    name,
    partitions: options.int('partitions'),
    replicationFactor: options.int('replication-factor'),
    replicaAssignment: replicaAssignment(options),
    configs: topicConfigs(options),
  }
  const configs = Object.entries(topic.configs ?? {})
  if (configs.length > 0) {
    const { validateTopicConfigValues } = await import('../config/topic-configs.ts')
    validateTopicConfigValues(new Map(configs))
  }
  if (hasCollisionChars(name)) {
    stdout.line(
      "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To avoid issues it is best to use either, but not both.",
    )
  }
  const { replicationFactor, partitions } = topic
  if (replicationFactor !== undefined && (replicationFactor < 1 || replicationFactor > 32767)) {
    throw new TerseError('The replication factor must be between 1 and 32767 inclusive')
  }
  if (partitions !== undefined && partitions < 1) {
    throw new TerseError('The partitions must be greater than 0')
  }
  try {
    await admin.createTopic(topic)
  } catch (error) {
    const exists = error instanceof KafkaError && error.code === 'TOPIC_ALREADY_EXISTS'
    if (exists && options.has('if-not-exists')) return
    throw error
  }
  stdout.line(`Created topic ${name}.`)
  const settings = configs.map(([setting]) => setting)
  if (settings.some((setting) => setting.startsWith('local.retention.'))) {
    const { hintAtNoEffect } = await import('./hints/no-effect-hint.ts')
    hintAtNoEffect(context, settings)
  }
}

async function alter({ options }: Context, admin: Admin): Promise<void> {
  const partitions = options.int('partitions') ?? 0
  const assignment = replicaAssignment(options)
  const names = await existingTopics(options, admin)
  for (const topic of await admin.describeTopics(names)) {
    const added = assignment && [...assignment.values()].slice(topic.partitions.length)
    await admin.createPartitions(topic.name, partitions, added)
  }
}

async function remove({ options }: Context, admin: Admin): Promise<void> {
  for (const name of await existingTopics(options, admin)) await admin.deleteTopic(name)
}

async function describe(context: Context, admin: Admin): Promise<void> {
  const { options } = context
  options.int('partition-size-limit-per-response')
  const topicId = await chosenTopicId(options)
  const { topicDescriber } = await import('./topics/description.ts')
  const { describeTopics, end } = await topicDescriber(context, admin)
  if (topicId === undefined) {
    const names = await existingTopics(options, admin)
    // In text the genuine tool's order counts, which is that of a HashMap; a person and a program get them sorted.
    const sorted = context.stdout.isTerminal || options.has('output')
    const ordered = sorted ? names : orderOfAnswers(names)
    await describeTopics(await admin.describeTopics(ordered), true)
    end()
    return
  }
  const known = (await admin.listTopics()).some(
    (one) => one.topicId === topicId && !(one.internal && options.has('exclude-internal')),
  )
  if (known) {
    await describeTopics(await admin.describeTopicIds([topicId]), false)
  } else if (!options.has('if-exists')) {
    throw new TerseError(`TopicId '${topicId}' does not exist as expected`)
  }
  end()
}

/** Kafka's client keeps the answers in three maps one behind the other, of which the one in the middle is a copy and wider. */
function orderOfAnswers(names: readonly string[]): string[] {
  const { length } = names
  return [length, Math.floor(length / 0.75 + 1), length].reduce(
    (order, capacity) => javaHashOrder(order, javaStringHash, undefined, capacity),
    [...names],
  )
}

/** Undefined for none and for the id of zeros, which stands for every topic. */
async function chosenTopicId(options: Context['options']): Promise<string | undefined> {
  const text = options.has('topic-id') ? options.value('topic-id') : undefined
  if (text === undefined) return undefined
  if (text.length > 24) {
    throw new TerseError(
      `Input string with prefix \`${text.slice(0, 24)}\` is too long to be decoded as a base64 UUID`,
    )
  }
  if (/^[A-Za-z0-9_-]+$/.test(text) && text.length % 4 === 1) {
    throw new TerseError(
      text.length === 1
        ? 'Input byte[] should at least have 2 bytes for base64 bytes'
        : 'Last unit does not have enough valid bits',
    )
  }
  const illegal = /[^A-Za-z0-9_=-]/.exec(text)
  if (illegal !== null)
    throw new TerseError(`Illegal base64 character ${illegal[0].charCodeAt(0).toString(16)}`)
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== 16) {
    throw new TerseError(
      `Input string \`${text}\` decoded as ${bytes.length} bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID`,
    )
  }
  return bytes.every((byte) => byte === 0) ? undefined : bytes.toString('base64url')
}

/** Names that --topic chooses (all without it), sorted. */
async function chosenTopics(options: Context['options'], admin: Admin): Promise<string[]> {
  const asked = options.has('topic') ? (options.value('topic') ?? '') : undefined
  const names = await admin.topicNames(asked === undefined ? undefined : onlyTopic(asked))
  if (asked === undefined && !options.has('exclude-internal')) return names
  const wanted = asked === undefined ? () => true : topicFilter(asked)
  const hidden = options.has('exclude-internal') ? isInternalTopic : () => false
  return names.filter((name) => wanted(name) && !hidden(name))
}

async function existingTopics(options: Context['options'], admin: Admin): Promise<string[]> {
  const names = await chosenTopics(options, admin)
  const asked = options.has('topic') ? options.value('topic') : undefined
  if (names.length === 0 && asked !== undefined && asked !== '' && !options.has('if-exists')) {
    throw new TerseError(`Topic '${asked}' does not exist as expected`)
  }
  return names
}

/** `key=value` pairs; of one name the last counts. Checked here as well, before anything is asked. */
function topicConfigs(options: Context['options']): Record<string, string> {
  const pairs = options.values('config').map(splitConfig)
  if (!pairs.every((pair) => pair.length === 2)) {
    throw new TerseError(
      'requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".',
    )
  }
  return Object.fromEntries(pairs.map(([name, value]) => [name.trim(), value.trim()]))
}

/** As Java splits: empty pieces at the end do not count. */
function splitConfig(text: string): string[] {
  const parts = text.split(/\s*=\s*/)
  while (parts.length > 0 && parts[parts.length - 1] === '') parts.pop()
  return parts
}

/** `1:2,2:1`: brokers of each partition. Undefined when there is none. */
function replicaAssignment(options: Context['options']): Map<number, number[]> | undefined {
  const text = options.has('replica-assignment') ? (options.value('replica-assignment') ?? '') : ''
  if (text === '') return undefined
  const assignment = new Map<number, number[]>()
  for (const [partition, list] of splitLikeJava(text, ',').entries()) {
    const brokers = splitLikeJava(list, ':').map((id) => brokerId(id.trim()))
    const repeated = [...new Set(brokers.filter((id, i) => brokers.indexOf(id) !== i))]
    if (repeated.length > 0) {
      throw new TerseError(`Partition replica lists may not contain duplicate entries: ${repeated.join(',')}`)
    }
    assignment.set(partition, brokers)
    if (brokers.length !== assignment.get(0)?.length) {
      throw new TerseError(`Partition ${partition} has different replication factor: [${brokers.join(', ')}]`)
    }
  }
  return assignment.size === 0 ? undefined : assignment
}

function splitLikeJava(text: string, separator: string): string[] {
  const parts = text.split(separator)
  while (parts.length > 1 && parts[parts.length - 1] === '') parts.pop()
  return parts.length === 1 && parts[0] === '' && text !== '' ? [] : parts
}

function brokerId(text: string): number {
  if (!/^[+-]?\d{1,10}$/.test(text)) throw new TerseError(`For input string: "${text}"`)
  return Number(text)
}
