/** reassign-partitions on a directory: one broker, so every partition is already where it can be. */

import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import { OutputError } from '../cli/output.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { PartitionDescription } from '../client/admin/topic-admin.ts'
import { KafkaError, TerseError, UsageError } from '../errors.ts'
import { comparePartitions, type TopicPartition, topicPartitionKey } from '../names/topic-partition.ts'
import { openAdmin } from './open/open-client.ts'
import {
  executableReassignment,
  type PlannedPartition,
  planText,
  reassignment,
  replicationFactorChanges,
  topicsToMove,
} from './plans/reassign-plan.ts'
import {
  REASSIGN_PARTITIONS_FLAGS,
  type ReassignAction,
  reassignAction,
} from './reassign-partitions/flags.ts'

/** With a single broker there never is one. */
const REASSIGNMENT_SHAPE = {
  kind: 'reassignment',
  columns: ['topic', 'partition', 'replicas', 'addingReplicas', 'removingReplicas'],
}

const FLAGS = [...REASSIGN_PARTITIONS_FLAGS, outputFlag] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'reassign-partitions',
  summary: 'This tool helps to move topic partitions between replicas.',
  flags: FLAGS,
  parseErrors: { usage: true },
  examples: [
    'tkafka reassign-partitions --list',
    'tkafka reassign-partitions --topics-to-move-json-file topics.json --broker-list 1 --generate',
    'tkafka reassign-partitions --reassignment-json-file plan.json --verify',
  ],
  async run(context) {
    const action = reassignAction(context.options)
    try {
      const admin = await openAdmin(context)
      try {
        await RUNS[action](context, admin)
      } finally {
        await admin.close()
      }
    } catch (error) {
      if (!(error instanceof TerseError) || error instanceof OutputError) throw error
      if (error instanceof UsageError && error.showUsage) throw error
      context.stdout.flush()
      context.stderr.line(`Error: ${error.message}`)
      return 1
    }
    return 0
  },
})

const RUNS: Readonly<Record<ReassignAction, (context: Context, admin: Admin) => Promise<void>>> = {
  generate,
  execute,
  verify,
  cancel,
  list: async (context, admin) => {
    // What is no data directory says so.
    await admin.topicNames()
    const machine = machineOutput(context, REASSIGNMENT_SHAPE)
    if (machine !== undefined) machine.end()
    else context.stdout.line('No partition reassignments found.')
  },
}

const BROKER_THROTTLES = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate']
const LOG_DIR_THROTTLE = 'replica.alter.log.dirs.io.max.bytes.per.second'
const TOPIC_THROTTLES = ['leader.replication.throttled.replicas', 'follower.replication.throttled.replicas']

async function generate({ options, stdout }: Context, admin: Admin): Promise<void> {
  const brokers = brokerList(options.value('broker-list') ?? '')
  const topics = topicsToMove(options.value('topics-to-move-json-file') ?? '')
  const current: PlannedPartition[] = []
  const all = await partitionsOf(admin, topics)
  const [{ logDir }] = await admin.describeLogDirs()
  for (const [topic, partitions] of all) {
    for (const { partition, replicas } of partitions)
      current.push({ topic, partition, replicas, logDirs: replicas.map(() => logDir) })
  }
  const live = (await liveBrokers(admin)).filter((id) => brokers.includes(id))
  if (live.length === 0)
    throw new TerseError('All brokers are currently fenced, or have all their log directories cordoned.')
  const sorted = current.sort(comparePartitions)
  stdout.line(`Current partition replica assignment\n${planText(sorted)}\n`)
  const proposed = sorted.map((one) => ({ ...one, replicas: [live[0]], logDirs: undefined }))
  stdout.line(`Proposed partition reassignment configuration\n${planText(proposed)}`)
}

function brokerList(text: string): number[] {
  const ids = text.split(',').map((word) => {
    if (!/^[+-]?\d+$/.test(word)) throw new TerseError(`For input string: "${word}"`)
    return Number(word)
  })
  const twice = [...new Set(ids.filter((id, i) => ids.indexOf(id) < i))]
  if (twice.length > 0) throw new TerseError(`Broker list contains duplicate entries: [${twice.join(', ')}]`)
  return ids
}

async function execute({ options, stdout }: Context, admin: Admin): Promise<void> {
  const planned = executableReassignment(options.value('reassignment-json-file') ?? '').sort(
    comparePartitions,
  )
  const throttle = options.long('throttle') ?? -1
  const logDirThrottle = options.long('replica-alter-log-dirs-throttle') ?? -1
  options.long('timeout')
  const live = await liveBrokers(admin)
  const unknown = planned.flatMap(({ replicas }) => replicas).find((id) => !live.includes(id))
  if (unknown !== undefined) throw new TerseError(`Unknown broker id ${unknown}`)
  const all = await partitionsOf(admin, [...new Set(planned.map(({ topic }) => topic))])
  const [{ logDir }] = await admin.describeLogDirs()
  const current = planned.map(({ topic, partition }) => {
    const found = all.get(topic)?.find((one) => one.partition === partition)
    if (found === undefined) {
      throw new KafkaError(
        'UNKNOWN_TOPIC_OR_PARTITION',
        `Unable to find partition: ${topicPartitionKey(topic, partition)}`,
      )
    }
    const { replicas } = found
    return { topic, partition, replicas, logDirs: replicas.map(() => logDir) }
  })
  stdout.line(`Current partition replica assignment\n\n${planText(current)}\n`)
  stdout.line('Save this to use as the --reassignment-json-file option during rollback')
  if (throttle >= 0 || logDirThrottle >= 0) {
    stdout.line(
      'Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.',
    )
  }
  if (throttle >= 0) {
    await throttleReplication(admin, current, planned, throttle)
    stdout.line(`The inter-broker throttle limit was set to ${throttle} B/s`)
  }
  const moves = movesOf(planned)
  if (logDirThrottle >= 0) {
    for (const id of new Set(moves.map(({ broker }) => broker))) {
      await setConfigs(admin, 'broker', String(id), [[LOG_DIR_THROTTLE, String(logDirThrottle)]])
    }
    stdout.line(`The replica-alter-dir throttle limit was set to ${logDirThrottle} B/s`)
  }
  if (options.has('disallow-replication-factor-change')) {
    const changes = replicationFactorChanges(current, planned)
    if (changes.length > 0) throw new TerseError(`Error reassigning partition(s):\n${changes.join('\n')}`)
  }
  stdout.line(
    `Successfully started partition reassignment${planned.length === 1 ? '' : 's'} for ${planned.map(key).join(',')}`,
  )
  const wrong = moves.find((move) => move.logDir !== logDir)
  if (wrong !== undefined) {
    throw new TerseError(
      `Failed to alter dir for ${key(wrong)}-${wrong.broker}\n${wrong.logDir} is not the data directory ${logDir}, the only one`,
    )
  }
  for (const move of moves) {
    stdout.line(
      `Successfully started moving log directory to ${move.logDir} for replica ${key(move)} with broker ${move.broker} `,
    )
  }
}

/** Nothing moves, but the settings are there until --verify takes them away, as scripts may look for them. */
async function throttleReplication(
  admin: Admin,
  current: readonly PlannedPartition[],
  planned: readonly PlannedPartition[],
  bytesPerSecond: number,
): Promise<void> {
  for (const id of new Set(planned.flatMap(({ replicas }) => replicas))) {
    await setConfigs(
      admin,
      'broker',
      String(id),
      BROKER_THROTTLES.map((name) => [name, String(bytesPerSecond)]),
    )
  }
  for (const topic of new Set(planned.map((one) => one.topic))) {
    const leaders: string[] = []
    const followers: string[] = []
    current.forEach(({ topic: name, partition, replicas }, i) => {
      if (name !== topic) return
      for (const id of replicas) leaders.push(`${partition}:${id}`)
      for (const id of planned[i].replicas) if (!replicas.includes(id)) followers.push(`${partition}:${id}`)
    })
    await setConfigs(admin, 'topic', topic, [
      [TOPIC_THROTTLES[0], leaders.join(',')],
      [TOPIC_THROTTLES[1], followers.join(',')],
    ])
  }
}

async function setConfigs(
  admin: Admin,
  type: 'broker' | 'topic',
  name: string,
  values: readonly (readonly [string, string])[],
): Promise<void> {
  await admin.incrementalAlterConfigs(
    { type, name },
    values.map(([setting, value]) => ({ name: setting, operation: 'set', value })),
  )
}

async function verify({ options, stdout }: Context, admin: Admin): Promise<void> {
  const { partitions } = reassignment(options.value('reassignment-json-file') ?? '')
  const planned = [...partitions].sort(comparePartitions)
  const known = new Set((await admin.listTopics()).map(({ name }) => name))
  const names = [...new Set(planned.map(({ topic }) => topic))].filter((topic) => known.has(topic))
  const all = await partitionsOf(admin, names)
  const [{ logDir }] = await admin.describeLogDirs()
  stdout.line('Status of partition reassignment:')
  for (const one of planned) {
    const now = all.get(one.topic)?.find(({ partition }) => partition === one.partition)?.replicas ?? []
    stdout.line(
      now.join() === one.replicas.join()
        ? `Reassignment of partition ${key(one)} is completed.`
        : `There is no active reassignment of partition ${key(one)}, but replica set is ${now.join(',')} rather than ${one.replicas.join(',')}.`,
    )
  }
  const moves = movesOf(planned)
  for (const move of moves) {
    const there = all.get(move.topic)?.some(({ partition }) => partition === move.partition)
    if (!there) {
      stdout.line(
        `Partition ${key(move)} cannot be found in any live log directory on broker ${move.broker}.`,
      )
    } else if (move.logDir === logDir) {
      stdout.line(`Reassignment of replica ${key(move)}-${move.broker} completed successfully.`)
    } else {
      stdout.line(
        `Partition ${key(move)} on broker ${move.broker} is not being moved from log dir ${logDir} to ${move.logDir}.`,
      )
    }
  }
  if (moves.length === 0) stdout.line('')
  if (!options.has('preserve-throttles')) await clearThrottles(stdout, admin, planned)
}

async function cancel({ options, stdout }: Context, admin: Admin): Promise<void> {
  const { partitions } = reassignment(options.value('reassignment-json-file') ?? '')
  stdout.line('None of the specified partition reassignments are active.')
  stdout.write('None of the specified partition moves are active.')
  if (!options.has('preserve-throttles')) await clearThrottles(stdout, admin, partitions)
}

async function clearThrottles(
  stdout: Context['stdout'],
  admin: Admin,
  planned: readonly PlannedPartition[],
): Promise<void> {
  const live = await liveBrokers(admin)
  const brokers = [...new Set([...live, ...planned.flatMap(({ replicas }) => replicas)])].sort(
    (a, b) => a - b,
  )
  const topics = [...new Set(planned.map(({ topic }) => topic))]
  const plural = (list: readonly unknown[]) => (list.length === 1 ? '' : 's')
  stdout.line(`Clearing broker-level throttles on broker${plural(brokers)} ${brokers.join(',')}`)
  for (const id of live) await clear(admin, 'broker', String(id), [...BROKER_THROTTLES, LOG_DIR_THROTTLE])
  stdout.line(`Clearing topic-level throttles on topic${plural(topics)} ${topics.join(',')}`)
  for (const topic of topics) await clear(admin, 'topic', topic, TOPIC_THROTTLES)
}

/** Looking changes nothing where there is nothing to take away. */
async function clear(
  admin: Admin,
  type: 'broker' | 'topic',
  name: string,
  settings: readonly string[],
): Promise<void> {
  if (type === 'topic' && !(await admin.listTopics()).some((topic) => topic.name === name))
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`)
  const source = type === 'broker' ? 'DYNAMIC_BROKER_CONFIG' : 'DYNAMIC_TOPIC_CONFIG'
  const set = (await admin.describeConfigs({ type, name })).filter(
    (entry) => settings.includes(entry.name) && entry.source === source,
  )
  if (set.length === 0) return
  await admin.incrementalAlterConfigs(
    { type, name },
    set.map((entry) => ({ name: entry.name, operation: 'delete' })),
  )
}

/** Replicas that the plan gives a log directory. */
function movesOf(planned: readonly PlannedPartition[]) {
  return planned.flatMap(({ topic, partition, replicas, logDirs }) =>
    (logDirs ?? []).flatMap((logDir, i) =>
      logDir === 'any' ? [] : [{ topic, partition, broker: replicas[i], logDir }],
    ),
  )
}

async function liveBrokers(admin: Admin): Promise<number[]> {
  return (await admin.describeCluster()).brokers.map(({ id }) => id)
}

/** @throws KafkaError `Topic x not found.` */
async function partitionsOf(
  admin: Admin,
  topics: readonly string[],
): Promise<Map<string, readonly PartitionDescription[]>> {
  const known = new Set((await admin.listTopics()).map(({ name }) => name))
  const missing = topics.find((topic) => !known.has(topic))
  if (missing !== undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `Topic ${missing} not found.`)
  return new Map((await admin.describeTopics(topics)).map(({ name, partitions }) => [name, partitions]))
}

function key({ topic, partition }: TopicPartition): string {
  return topicPartitionKey(topic, partition)
}
