/** streams-groups: lists and describes streams groups as far as their records stand in the directory. */

import { checkInvalidArguments } from '../cli/argument-checks.ts'
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { option } from '../cli/flags.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { GroupListing } from '../client/admin/group-admin.ts'
import { UsageError } from '../errors.ts'
import { comparePartitions } from '../names/topic-partition.ts'
import {
  actionOf,
  checkDescribe,
  checkReset,
  chosenGroups,
  describeStates,
  listGroups,
  runAction,
} from './group-tools/newer-groups.ts'
import { checkResetScenarios } from './group-tools/reset-scenarios.ts'
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'

const FLAGS = [
  BOOTSTRAP_SERVER,
  option('group', 'streams group', 'The streams group we wish to act on.', { repeatable: true }),
  { name: 'all-groups', description: 'Apply to all streams groups.' },
  { name: 'list', description: 'List all streams groups.' },
  { name: 'describe', description: 'Describe streams group and list offset lag related to given group.' },
  {
    name: 'delete',
    description: 'Pass in groups to delete their committed offsets and all else that is known of them.',
  },
  {
    name: 'delete-offsets',
    description: 'Delete offsets of streams group, for one group and its input topics.',
  },
  {
    name: 'reset-offsets',
    description: 'Reset offsets of streams group. The group must have no members.',
  },
  option('input-topic', 'topic', 'The input topic whose committed offset should be deleted or reset.', {
    repeatable: true,
  }),
  { name: 'all-input-topics', description: 'Consider all source topics used in the topology of the group.' },
  option('delete-internal-topic', 'topic', 'Delete specified internal topic of the streams group.', {
    repeatable: true,
  }),
  {
    name: 'delete-all-internal-topics',
    description: 'Delete all internal topics linked to the streams group.',
  },
  { name: 'dry-run', description: 'Only show results without executing changes on streams group.' },
  { name: 'execute', description: 'Execute operation. Supported operations: reset-offsets.' },
  {
    name: 'export',
    description: 'Export operation execution to a CSV file. Supported operations: reset-offsets.',
  },
  option('from-file', 'path to CSV file', 'Reset offsets to values defined in CSV file.'),
  option(
    'by-duration',
    'duration',
    "Reset offsets to offset by duration from current timestamp. Format: 'PnDTnHnMnS'",
  ),
  option(
    'shift-by',
    'number-of-offsets',
    "Reset offsets shifting current offset by 'n', where 'n' can be positive or negative.",
    { type: 'long' },
  ),
  option(
    'to-datetime',
    'datetime',
    "Reset offsets to offset from datetime. Format: 'YYYY-MM-DDThh:mm:ss.sss'",
  ),
  option('to-offset', 'offset', 'Reset offsets to a specific offset.', { type: 'long' }),
  { name: 'to-earliest', description: 'Reset offsets to earliest offset.' },
  { name: 'to-latest', description: 'Reset offsets to latest offset.' },
  { name: 'to-current', description: 'Reset offsets to current offset.' },
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
      "When specified with '--list', it displays the state of all groups. It can also be used to list groups with specific states. Valid values are Empty, NotReady, Stable, Assigning, Reconciling, and Dead.",
  },
  {
    name: 'members',
    description: "Describe members of the group. This option may be used with the '--describe' option only.",
  },
  {
    name: 'offsets',
    description:
      'Describe the group and list all topic partitions in the group along with their offset information. This is the default sub-action.',
  },
  { name: 'verbose', description: 'With --describe: more columns.' },
  outputFlag,
] as const satisfies readonly Flag[]

const STATES = ['Empty', 'NotReady', 'Stable', 'Assigning', 'Reconciling', 'Dead']

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'streams-groups',
  summary: 'This tool helps to list, describe, delete and manage the offsets of streams groups.',
  flags: FLAGS,
  parseErrors: { usage: true },
  examples: ['tkafka streams-groups --list --state', 'tkafka streams-groups --describe --all-groups'],
  async run(context) {
    const { options } = context
    const action = actionOf(
      options,
      'Command must include exactly one action: --list, --describe, --delete, --reset-offsets, or --delete-offsets.',
    )
    check(options)
    return await runAction(context, 'streams', async (admin) => {
      const all = await admin.listGroups()
      const groups = all.filter(({ type }) => type === 'Streams')
      if (action === 'list') await listGroups(context, groups, STATES)
      else if (action === 'describe')
        await describe(context, admin, await chosenGroups('streams', options, groups, all))
      else {
        const { deleteStreamsGroups, deleteStreamsOffsets, resetStreamsOffsets } = await import(
          './streams-groups/changes.ts'
        )
        if (action === 'delete') return await deleteStreamsGroups(context, admin, groups)
        if (action === 'delete-offsets') return await deleteStreamsOffsets(context, admin)
        return await resetStreamsOffsets(context, admin, groups)
      }
      return 0
    })
  },
})

function check(options: Context['options']): void {
  for (const name of ['timeout', 'to-offset', 'shift-by'] as const) options.long(name)
  if (options.has('describe')) checkDescribe(options, true)
  const topics = options.has('input-topic') || options.has('all-input-topics')
  if (options.has('delete')) {
    if (!options.has('group') && !options.has('all-groups'))
      throw new UsageError('Option [delete] takes one of these options: [all-groups], [group]')
    if (topics)
      throw new UsageError(
        'Kafka Streams does not support topic-specific offset deletion from a streams group.',
      )
  }
  if (options.has('delete-offsets')) {
    if (!options.has('group') || !topics)
      throw new UsageError(
        'Option [delete-offsets] takes the [group] and one of these options: [all-input-topics], [input-topic]',
      )
    const groups = options.values('group')
    if (groups.length > 1)
      throw new UsageError(
        `Option [delete-offsets] supports only one [group] at a time, but found: [${groups.join(', ')}]`,
      )
  }
  if (options.has('reset-offsets')) {
    checkReset(options)
    if (!options.has('group') && !options.has('all-groups'))
      throw new UsageError('Option [reset-offsets] takes one of these options: [all-groups], [group]')
    checkResetScenarios(options)
  }
  checkInternalTopics(options)
  if (!options.has('reset-offsets') && (options.has('dry-run') || options.has('execute')))
    throw new UsageError('Only Option [reset-offsets] accepts [execute] or [dry-run]')
  checkInvalidArguments(options, 'list', ['members', 'offsets'])
  checkInvalidArguments(options, 'group', ['all-groups', 'list'])
  checkInvalidArguments(options, 'input-topic', ['list', 'describe', 'delete'])
}

function checkInternalTopics(options: Context['options']): void {
  const resets = options.has('reset-offsets')
  if (options.has('delete-all-internal-topics')) {
    if (!resets && !options.has('delete'))
      throw new UsageError(
        'Option [delete-all-internal-topics] takes one of these options: [delete], [reset-offsets]',
      )
    if (resets && !options.has('execute'))
      throw new UsageError(
        'Option [delete-all-internal-topics] takes [execute] when [reset-offsets] is used.',
      )
  } else if (options.has('delete-internal-topic') && !(resets && options.has('execute')))
    throw new UsageError('Option [delete-internal-topic] takes [reset-offsets] when [execute] is used.')
}

async function describe(context: Context, admin: Admin, chosen: readonly GroupListing[]): Promise<void> {
  const { options, stderr } = context
  if (options.has('state')) {
    const describeGroup = async (group: string) => {
      const { targetAssignmentEpoch, ...described } = await admin.describeStreamsGroup(group)
      return { ...described, assignmentEpoch: targetAssignmentEpoch }
    }
    return await describeStates(context, admin, chosen, { ...STATE_VIEW, describe: describeGroup })
  }
  if (options.has('members')) {
    const { describeMembers } = await import('./streams-groups/members.ts')
    return await describeMembers(context, admin, chosen)
  }
  const machine = machineOutput(context, STREAMS_GROUP_OFFSET)
  for (const { groupId: group, state } of chosen) {
    if (machine === undefined && state === 'Empty')
      stderr.line(`Streams group '${group}' has no active members.`)
    const rows = await offsetRows(admin, group)
    if (machine === undefined) offsetTable(context.stdout, group, rows, options.has('verbose'))
    else for (const row of rows) machine.row({ group, ...row, state })
  }
  machine?.end()
}

const STREAMS_GROUP_OFFSET = {
  kind: 'streams-group-offset',
  columns: ['group', 'topic', 'partition', 'currentOffset', 'leaderEpoch', 'logEndOffset', 'lag', 'state'],
}

const STATE_VIEW = {
  shape: {
    kind: 'streams-group-state',
    columns: ['group', 'state', 'coordinator', 'groupEpoch', 'targetAssignmentEpoch', 'memberCount'],
  },
  assignmentTitle: 'TARGET-ASSIGNMENT-EPOCH',
  widths: [25, 15, 25],
  coordinator: (address: string, id: number) => `${address} (${id})`,
  aboutMembers: (group: string, state: string) =>
    state === 'Empty' ? `Error: Streams group '${group}' has no active members.` : undefined,
  beforeTable: '',
} as const

interface OffsetRow {
  readonly topic: string
  readonly partition: number
  readonly currentOffset: number
  readonly leaderEpoch: number | null
  readonly logEndOffset: number
  readonly lag: number
}

async function offsetRows(admin: Admin, group: string): Promise<OffsetRow[]> {
  const committed = [...(await admin.listConsumerGroupOffsets(group)).values()]
  const ends = await admin.listOffsets(
    committed.map(({ partition }) => partition),
    'latest',
  )
  const rows = committed.map(({ partition, offset }, i): OffsetRow => {
    const end = ends[i]
    if (end instanceof Error) throw end
    const logEndOffset = end.offset ?? 0
    return {
      ...partition,
      currentOffset: offset.offset,
      leaderEpoch: offset.leaderEpoch < 0 ? null : offset.leaderEpoch,
      logEndOffset,
      lag: logEndOffset - offset.offset,
    }
  })
  return rows.sort(comparePartitions)
}

function offsetTable(
  stdout: Context['stdout'],
  group: string,
  rows: readonly OffsetRow[],
  verbose: boolean,
): void {
  if (rows.length === 0) return
  const width = Math.max(15, group.length)
  const wide = Math.max(15, ...rows.map(({ topic }) => topic.length))
  const line = (cells: readonly (string | number)[]) =>
    cells
      .map((cell, i) => String(cell).padEnd([width, wide, 10][i] ?? 15))
      .join(' ')
      .trimEnd()
  const extra = ['CURRENT-OFFSET', 'LEADER-EPOCH', 'LOG-END-OFFSET']
  stdout.line(line(['GROUP', 'TOPIC', 'PARTITION', ...(verbose ? extra : []), 'OFFSET-LAG']))
  for (const { topic, partition, currentOffset, leaderEpoch, logEndOffset, lag } of rows) {
    const more = verbose ? [currentOffset, leaderEpoch ?? '-', logEndOffset] : []
    stdout.line(line([group, topic, partition, ...more, lag]))
  }
}
