/** share-groups: lists and describes share groups as far as their records stand in the directory. */

import { checkInvalidArguments } from '../cli/argument-checks.ts'
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { option } from '../cli/flags.ts'
import { machineOutput, outputFlag, wholeRow } from '../cli/machine-output.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { GroupListing } from '../client/admin/group-admin.ts'
import { KafkaError, TerseError, UsageError } from '../errors.ts'
import { javaHashOrder, javaPartitionHash } from '../java/java-hash.ts'
import { compareText } from '../names/compare-text.ts'
import { topicPartitionKey } from '../names/topic-partition.ts'
import {
  actionOf,
  checkDescribe,
  checkReset,
  chosenGroups,
  deleteShareGroups,
  describeStates,
  listGroups,
  runAction,
} from './group-tools/newer-groups.ts'
import { assignmentText } from './group-tools/tables.ts'
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'

const FLAGS = [
  BOOTSTRAP_SERVER,
  option('group', 'share group', 'The share group we wish to act on.', { repeatable: true }),
  option(
    'topic',
    'topic',
    "The topic whose offset information should be deleted or included in the reset offset process. When resetting offsets, partitions can be specified using this format: 'topic1:0,1,2', where 0,1,2 are the partitions to be included.",
    { repeatable: true },
  ),
  {
    name: 'all-topics',
    description: "Consider all topics assigned to a share group in the 'reset-offsets' process.",
  },
  { name: 'list', description: 'List all share groups.' },
  { name: 'describe', description: 'Describe share group, members and offset information.' },
  { name: 'all-groups', description: 'Apply to all share groups.' },
  { name: 'delete', description: 'Delete share group. (Only a broker can.)' },
  { name: 'delete-offsets', description: 'Delete offsets of share group. (Only a broker can.)' },
  { name: 'reset-offsets', description: 'Reset offsets of share group. (Only a broker can.)' },
  { name: 'dry-run', description: 'Only show results without executing changes on share groups.' },
  { name: 'execute', description: 'Execute operation. Supported operations: reset-offsets.' },
  { name: 'to-earliest', description: 'Reset offsets to earliest offset.' },
  { name: 'to-latest', description: 'Reset offsets to latest offset.' },
  option(
    'to-datetime',
    'datetime',
    "Reset offsets to offset from datetime. Format: 'YYYY-MM-DDThh:mm:ss.sss'",
  ),
  option(
    'timeout',
    'timeout (ms)',
    'The timeout that can be set for some use cases. Without a network it has no effect.',
    {
      type: 'long',
      default: '30000',
    },
  ),
  COMMAND_CONFIG,
  {
    name: 'state',
    arg: 'optional',
    description:
      "When specified with '--describe', includes the state of the group. When specified with '--list', it displays the state of all groups. It can also be used to list groups with specific states. Valid values are Empty, Stable and Dead.",
  },
  {
    name: 'members',
    description: "Describe members of the group. This option may be used with the '--describe' option only.",
  },
  {
    name: 'offsets',
    description:
      "Describe the group and list all topic partitions in the group along with their offset information. This is the default sub-action and may be used with the '--describe' option only.",
  },
  { name: 'verbose', description: 'Provide additional information, if any, when describing the group.' },
  outputFlag,
] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'share-groups',
  summary: 'This tool helps to list, describe, reset and delete share groups.',
  flags: FLAGS,
  parseErrors: { usage: true },
  examples: ['tkafka share-groups --list --state', 'tkafka share-groups --describe --all-groups'],
  async run(context) {
    const { options } = context
    const action = actionOf(
      options,
      'Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets.',
    )
    check(options)
    return await runAction(context, 'share', async (admin) => {
      checkValues(options)
      const all = await admin.listGroups()
      const groups = all.filter(({ type }) => type === 'Share')
      if (action === 'list') await listGroups(context, groups, ['Empty', 'Stable', 'Dead'])
      else if (action === 'describe')
        await describe(context, admin, await chosenGroups('share', options, groups, all))
      else if (action === 'delete') return await deleteShareGroups(context, admin, groups)
      else if (action === 'delete-offsets') return await deleteOffsets(context, admin, groups, all)
      else return await resetShareOffsets(context, admin, all)
      return 0
    })
  },
})

function check(options: Context['options']): void {
  if (options.has('describe')) checkDescribe(options)
  if (options.has('delete')) {
    if (!options.has('group') && !options.has('all-groups'))
      throw new UsageError('Option [delete] takes the options [group] or [all-groups]')
    if (options.has('group') && options.has('all-groups'))
      throw new UsageError('Option [delete] takes either [group] or [all-groups], not both.')
    if (options.has('topic')) throw new UsageError('Option [delete] does not take the option: [topic]')
  }
  if (options.has('delete-offsets') && (!options.has('group') || !options.has('topic')))
    throw new UsageError('Option [delete-offsets] takes the following options: [group], [topic]')
  if (options.has('reset-offsets')) {
    checkReset(options)
    if (!options.has('group')) throw new UsageError('Option [reset-offsets] takes the option: [group]')
    if (!options.has('topic') && !options.has('all-topics'))
      throw new UsageError('Option [reset-offsets] takes one of these options: [all-topics], [topic]')
    const to = (['to-datetime', 'to-earliest', 'to-latest'] as const).filter((name) => options.has(name))
    if (to.length > 1) throw new UsageError(`Option "[${to[0]}]" can't be used with option "[${to[1]}]"`)
  }
  checkInvalidArguments(options, 'group', ['all-groups', 'list'])
  checkInvalidArguments(options, 'topic', ['list', 'describe'])
}

async function describe(context: Context, admin: Admin, chosen: readonly GroupListing[]): Promise<void> {
  const { options } = context
  if (options.has('members')) await describeMembers(context, admin, chosen)
  else if (options.has('state')) {
    const describeGroup = (group: string) => admin.describeShareGroup(group)
    await describeStates(context, admin, chosen, { ...STATE_VIEW, describe: describeGroup })
  } else await describeOffsets(context, admin, chosen)
}

const SHARE_GROUP_MEMBER = {
  kind: 'share-group-member',
  columns: ['group', 'consumerId', 'host', 'clientId', 'partitionCount', 'memberEpoch', 'assignment'],
}

/** Members are known to a broker alone. */
async function describeMembers(
  context: Context,
  admin: Admin,
  chosen: readonly GroupListing[],
): Promise<void> {
  const { options, stdout, stderr } = context
  const machine = machineOutput(context, SHARE_GROUP_MEMBER)
  const verbose = options.has('verbose')
  for (const { groupId: group, state } of chosen) {
    const { members = [] } = await admin.describeShareGroup(group)
    if (machine !== undefined) {
      for (const { memberId, host, clientId, memberEpoch, assignment } of members) {
        const partitionCount = assignment.length
        machine.row({
          group,
          consumerId: memberId,
          host,
          clientId,
          partitionCount,
          memberEpoch,
          assignment: assignment.map((one) => ({ ...one })),
        })
      }
      continue
    }
    if (state === 'Empty') stderr.line(`\nShare group '${group}' has no active members.`)
    if (members.length === 0) continue
    const widest = (texts: readonly string[]) => Math.max(15, ...texts.map(({ length }) => length))
    const widths = [
      widest([group]),
      widest(members.map(({ memberId }) => memberId)),
      widest(members.map(({ host }) => host)),
      widest(members.map(({ clientId }) => clientId)),
      12,
      ...(verbose ? [13] : []),
    ]
    const line = (cells: readonly (string | number)[]) =>
      cells.map((cell, i) => String(cell).padEnd(widths[i] ?? 0)).join(' ')
    const epoch = <T>(cell: T) => (verbose ? [cell] : [])
    stdout.write(
      `\n${line(['GROUP', 'CONSUMER-ID', 'HOST', 'CLIENT-ID', '#PARTITIONS', ...epoch('MEMBER-EPOCH'), 'ASSIGNMENT'])}`,
    )
    for (const { memberId, host, clientId, memberEpoch, assignment } of [...members].sort((a, b) =>
      compareText(a.memberId, b.memberId),
    )) {
      const cells = [
        group,
        memberId,
        host,
        clientId,
        assignment.length,
        ...epoch(memberEpoch),
        assignmentText(assignment),
      ]
      stdout.write(`\n${line(cells)}`)
    }
    stdout.line('')
  }
  machine?.end()
}

/** What the genuine tool finds only when it looks at a value, and tells as a failure. @throws TerseError */
function checkValues(options: Context['options']): void {
  try {
    options.long('timeout')
  } catch (error) {
    throw new TerseError((error as Error).message)
  }
  const one = options.has('delete-offsets') || options.has('reset-offsets')
  if (one && options.values('group').length > 1)
    throw new TerseError('Found multiple arguments for option group, but you asked for only one')
}

async function deleteOffsets(
  { options, stdout, stderr }: Context,
  admin: Admin,
  groups: readonly GroupListing[],
  all: readonly GroupListing[],
): Promise<number> {
  const id = options.value('group') ?? ''
  const topics = [...new Set(options.values('topic'))].sort()
  let answers: { topic: string; error?: Error }[]
  try {
    if (!groups.some(({ groupId }) => groupId === id)) {
      const other = all.some(({ groupId }) => groupId === id)
      const why = other ? `Group ${id} is not a share group.` : `Group ${id} not found.`
      throw new KafkaError('GROUP_ID_NOT_FOUND', why)
    }
    answers = await admin.deleteShareGroupOffsets(id, topics)
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    stderr.line(`\nError: ${error.message}`)
    answers = topics.map((topic) => ({ topic, error }))
  }
  const width = Math.max(15, ...topics.map((topic) => topic.length))
  stdout.line(`\n${'TOPIC'.padEnd(width)} STATUS`)
  for (const { topic, error } of answers) {
    stdout.line(`${topic.padEnd(width)} ${error === undefined ? 'Successful' : `Error: ${error.message}`}`)
  }
  return answers.some(({ error }) => error !== undefined) ? 1 : 0
}

/** Where a reset leads to is shown; to go there is for a broker, as the group's state is its own: a directory refuses. */
async function resetShareOffsets(
  context: Context,
  admin: Admin,
  all: readonly GroupListing[],
): Promise<number> {
  const { options, stdout, stderr } = context
  const group = options.value('group') ?? ''
  const other = all.some(({ groupId, type }) => groupId === group && type !== 'Share')
  if (all.some(({ groupId, type, state }) => groupId === group && type === 'Share' && state !== 'Empty'))
    throw new UsageError(`Share group '${group}' is not empty.`, false)
  const { resetOffsets } = await import('./group-tools/reset.ts')
  // Of a reset's flags share-groups has rows for some; the others are absent.
  const reset = { command, options: options.ofAnyTool, stdout, stderr }
  return await resetOffsets(reset, admin, [group], (message) => stderr.line(`\nError: ${message}`), {
    partitionsOf: async (id) =>
      options.has('all-topics') ? await admin.listShareGroupOffsets(id) : undefined,
    alter: async (_, offsets) => {
      if (!other) return admin.alterShareGroupOffsets(group, offsets)
      const order = javaHashOrder(offsets, (one) => javaPartitionHash(one.topic, one.partition))
      const partitions = order.map(({ topic, partition }) => topicPartitionKey(topic, partition))
      throw new TerseError(
        `Failed altering group offsets for the following partitions: [${partitions.join(', ')}]\n${group} is no share group.`,
      )
    },
  })
}

const STATE_VIEW = {
  shape: {
    kind: 'share-group-state',
    columns: ['group', 'state', 'coordinator', 'groupEpoch', 'assignmentEpoch', 'memberCount'],
  },
  assignmentTitle: 'ASSIGNMENT-EPOCH',
  widths: [15, 12, 17],
  coordinator: (address: string, id: number) => `${address}  (${id})`,
  aboutMembers: (group: string, state: string) =>
    state === 'Empty' ? `Share group '${group}' has no active members.` : undefined,
  beforeTable: '\n',
} as const

const SHARE_GROUP_OFFSET = {
  kind: 'share-group-offset',
  columns: ['group', 'topic', 'partition', 'leaderEpoch', 'startOffset', 'lag'],
}

async function describeOffsets(
  context: Context,
  admin: Admin,
  groups: readonly GroupListing[],
): Promise<void> {
  const { options, stdout } = context
  const verbose = options.has('verbose')
  const machine = machineOutput(context, SHARE_GROUP_OFFSET)
  for (const { groupId: group } of groups) {
    const offsets = await admin.listShareGroupOffsets(group)
    if (machine !== undefined) {
      for (const { leaderEpoch, ...offset } of offsets) {
        const row = { group, ...offset, leaderEpoch: leaderEpoch < 0 ? null : leaderEpoch }
        machine.row(wholeRow(SHARE_GROUP_OFFSET, row))
      }
      continue
    }
    if (offsets.length === 0) {
      stdout.line(`\nShare group '${group}' has no offset information.`)
      continue
    }
    const width = Math.max(15, group.length)
    const wide = Math.max(15, ...offsets.map(({ topic }) => topic.length))
    const line = (
      name: string,
      topic: string,
      partition: string | number,
      epoch: string | number,
      start: string | number,
      lag: string | number,
    ) =>
      `${name.padEnd(width)} ${topic.padEnd(wide)} ${String(partition).padEnd(10)} ${verbose ? `${String(epoch).padEnd(13)} ` : ''}${String(start).padEnd(13)} ${lag}`
    stdout.line(`\n${line('GROUP', 'TOPIC', 'PARTITION', 'LEADER-EPOCH', 'START-OFFSET', 'LAG')}`)
    for (const { topic, partition, leaderEpoch, startOffset, lag } of offsets) {
      if (startOffset < 0) stdout.line(line(group, topic, partition, '-', '-', '-'))
      else stdout.line(line(group, topic, partition, leaderEpoch, startOffset, lag < 0 ? '-' : lag))
    }
  }
  machine?.end()
}
