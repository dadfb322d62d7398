/** reassign-partitions: moves partitions between brokers and log directories; in a directory each is already where it can be. */

import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import { OutputError } from '../cli/output.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { PartitionReassignment } from '../client/admin/reassignment-admin.ts'
import { KafkaError, TerseError, UsageError } from '../errors.ts'
import { comparePartitions, topicPartitionKey } from '../names/topic-partition.ts'
import { openAdmin } from './open/open-client.ts'
import {
  executableReassignment,
  type PlannedPartition,
  planText,
  reassignment,
  topicsToMove,
} from './plans/reassign-plan.ts'
import {
  REASSIGN_PARTITIONS_FLAGS,
  type ReassignAction,
  reassignAction,
} from './reassign-partitions/flags.ts'
import { executeMoves, moveStates, movesOf } from './reassign-partitions/moves.ts'
import { placeReplicas } from './reassign-partitions/placement.ts'
import {
  clearThrottles,
  LOG_DIR_THROTTLE,
  setConfigs,
  throttleReplication,
} from './reassign-partitions/throttles.ts'
import { logDirsOf, partitionsOf } from './reassign-partitions/where.ts'

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
  list,
}

const EXISTING =
  'Cannot execute because there is an existing partition assignment.  Use --additional to override this and create a new partition assignment in addition to the existing one. The --additional flag can also be used to change the throttle by resubmitting the current reassignment.'

async function list(context: Context, admin: Admin): Promise<void> {
  const found = await admin.listPartitionReassignments()
  const machine = machineOutput(context, REASSIGNMENT_SHAPE)
  if (machine !== undefined) {
    await machine.all(
      found.map(({ topic, partition, replicas, adding, removing }) => ({
        topic,
        partition,
        replicas,
        addingReplicas: adding,
        removingReplicas: removing,
      })),
    )
    return
  }
  if (found.length === 0) context.stdout.line('No partition reassignments found.')
  else context.stdout.line(['Current partition reassignments:', ...found.map(reassignmentText)].join('\n'))
}

function reassignmentText(found: PartitionReassignment): string {
  const { replicas, adding, removing } = found
  const some = (word: string, ids: readonly number[]) =>
    ids.length === 0 ? '' : ` ${word}: ${ids.join(',')}.`
  return `${key(found)}: replicas: ${replicas.join(',')}.${some('adding', adding)}${some('removing', removing)}`
}

async function generate({ options, stdout }: Context, admin: Admin): Promise<void> {
  const brokers = brokerList(options.value('broker-list') ?? '')
  const topics = topicsToMove(options.value('topics-to-move-json-file') ?? '')
  const all = await partitionsOf(admin, topics)
  const current = [...all].flatMap(([topic, partitions]) =>
    partitions.map(({ partition, replicas }) => ({ topic, partition, replicas })),
  )
  const sorted = (await withLogDirs(admin, current)).sort(comparePartitions)
  const live = (await admin.describeCluster()).brokers.filter(({ id }) => brokers.includes(id))
  if (live.length === 0)
    throw new TerseError('All brokers are currently fenced, or have all their log directories cordoned.')
  const proposed = placeReplicas(sorted, live, options.has('disable-rack-aware'))
  stdout.line(`Current partition replica assignment\n${planText(sorted)}\n`)
  stdout.line(`Proposed partition reassignment configuration\n${planText(proposed)}`)
}

/** With the directory of each replica, where a broker knows it. */
async function withLogDirs(
  admin: Admin,
  current: readonly Omit<PlannedPartition, 'logDirs'>[],
): Promise<PlannedPartition[]> {
  const dirs = await logDirsOf(admin, [...new Set(current.flatMap(({ replicas }) => replicas))])
  return current.map((one) => ({
    ...one,
    logDirs: one.replicas.map((broker) => dirs.current({ ...one, broker }) ?? 'any'),
  }))
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
  const timeoutMs = options.long('timeout') ?? 10000
  const active = await admin.listPartitionReassignments()
  if (!options.has('additional') && active.length > 0) throw new TerseError(EXISTING)
  const live = (await admin.describeCluster()).brokers.map(({ id }) => id)
  const unknown = planned.flatMap(({ replicas }) => replicas).find((id) => !live.includes(id))
  if (unknown !== undefined) throw new TerseError(`Unknown broker id ${unknown}`)
  const current = await currentOf(admin, planned)
  stdout.line(`Current partition replica assignment\n\n${planText(current)}\n`)
  stdout.line('Save this to use as the --reassignment-json-file option during rollback')
  if (throttle >= 0 || logDirThrottle >= 0) {
    stdout.line(
      'Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.',
    )
  }
  if (throttle >= 0) {
    await throttleReplication(admin, { current, planned, active }, throttle)
    stdout.line(`The inter-broker throttle limit was set to ${throttle} B/s`)
  }
  const moves = movesOf(planned)
  if (logDirThrottle >= 0) {
    for (const id of new Set(moves.map(({ broker }) => broker))) {
      await setConfigs(admin, 'broker', String(id), [[LOG_DIR_THROTTLE, String(logDirThrottle)]])
    }
    stdout.line(`The replica-alter-dir throttle limit was set to ${logDirThrottle} B/s`)
  }
  const errors = await admin.alterPartitionReassignments(
    planned,
    !options.has('disallow-replication-factor-change'),
  )
  throwFailures('Error reassigning partition(s)', planned, errors)
  stdout.line(
    `Successfully started partition reassignment${planned.length === 1 ? '' : 's'} for ${planned.map(key).join(',')}`,
  )
  if (moves.length > 0) await executeMoves(stdout, admin, moves, timeoutMs)
}

/** Where the partitions of a plan are now. */
async function currentOf(admin: Admin, planned: readonly PlannedPartition[]): Promise<PlannedPartition[]> {
  const all = await partitionsOf(admin, [...new Set(planned.map(({ topic }) => topic))])
  const current = planned.map(({ topic, partition }) => {
    const found = all.get(topic)?.find((one) => one.partition === partition)
    if (found === undefined) {
      throw new KafkaError(
        'UNKNOWN_TOPIC_OR_PARTITION',
        `Unable to find partition: ${topicPartitionKey(topic, partition)}`,
      )
    }
    return { topic, partition, replicas: found.replicas }
  })
  return withLogDirs(admin, current)
}

/** @throws TerseError with a line a partition */
function throwFailures(
  words: string,
  partitions: readonly PlannedPartition[],
  errors: readonly (Error | undefined)[],
): void {
  const lines = partitions.flatMap((one, i) => {
    const error = errors[i]
    return error === undefined ? [] : `${key(one)}: ${error.message}`
  })
  if (lines.length > 0) throw new TerseError(`${words}:\n${lines.join('\n')}`)
}

async function verify({ options, stdout }: Context, admin: Admin): Promise<void> {
  const { partitions } = reassignment(options.value('reassignment-json-file') ?? '')
  const planned = [...partitions].sort(comparePartitions)
  const active = new Set((await admin.listPartitionReassignments()).map(key))
  const known = new Set((await admin.listTopics()).map(({ name }) => name))
  const names = [...new Set(planned.map(({ topic }) => topic))].filter((topic) => known.has(topic))
  const all = await partitionsOf(admin, names)
  stdout.line('Status of partition reassignment:')
  for (const one of planned) {
    const now = all.get(one.topic)?.find(({ partition }) => partition === one.partition)?.replicas ?? []
    const text = key(one)
    if (active.has(text)) stdout.line(`Reassignment of partition ${text} is still in progress.`)
    else if (now.join() === one.replicas.join())
      stdout.line(`Reassignment of partition ${text} is completed.`)
    else {
      stdout.line(
        `There is no active reassignment of partition ${text}, but replica set is ${now.join(',')} rather than ${one.replicas.join(',')}.`,
      )
    }
  }
  const states = await moveStates(admin, movesOf(planned))
  for (const { text } of states) stdout.line(text)
  if (states.length === 0) stdout.line('')
  const moving = states.some(({ isActive }) => isActive)
  const done = active.size === 0 && !moving
  if (done && !options.has('preserve-throttles')) await clearThrottles(stdout, admin, planned)
}

async function cancel({ options, stdout }: Context, admin: Admin): Promise<void> {
  const { partitions } = reassignment(options.value('reassignment-json-file') ?? '')
  const timeoutMs = options.long('timeout') ?? 10000
  const active = new Set((await admin.listPartitionReassignments()).map(key))
  const reassigning = [...partitions].sort(comparePartitions).filter((one) => active.has(key(one)))
  const plural = reassigning.length === 1 ? '' : 's'
  if (reassigning.length > 0) {
    const errors = await admin.alterPartitionReassignments(
      reassigning.map(({ topic, partition }) => ({ topic, partition, replicas: null })),
    )
    throwFailures(`Error cancelling partition reassignment${plural} for`, reassigning, errors)
    stdout.line(
      `Successfully cancelled partition reassignment${plural} for: ${reassigning.map(key).join(',')}`,
    )
  } else stdout.line('None of the specified partition reassignments are active.')
  const moving = (await moveStates(admin, movesOf(partitions))).filter(({ isActive }) => isActive)
  if (moving.length === 0) stdout.write('None of the specified partition moves are active.')
  else {
    // Back to where they are.
    const back = moving.map(({ move, currentDir }) => ({ ...move, logDir: currentDir ?? move.logDir }))
    await executeMoves(stdout, admin, back, timeoutMs)
  }
  if (!options.has('preserve-throttles')) await clearThrottles(stdout, admin, partitions)
}

function key({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return topicPartitionKey(topic, partition)
}
