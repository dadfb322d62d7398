/** kafka-consumer-groups.sh: lists, describes, deletes and resets consumer groups. */
import { checkExactlyOne, checkInvalidArguments } from '../cli/argument-checks.ts'
import { defineCommand, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFormat } from '../cli/machine-output.ts'
import { OutputError } from '../cli/output.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { BrokerDescription } from '../client/admin/cluster-admin.ts'
import type { GroupDescription, GroupListing } from '../client/admin/group-admin.ts'
import { KafkaError, TerseError, UsageError } from '../errors.ts'
import { javaHashOrder, javaStringHash } from '../java/java-hash.ts'
import type { TopicPartition } from '../names/topic-partition.ts'
import { CONSUMER_GROUPS_FLAGS } from './consumer-groups/flags.ts'
import { partitionRows } from './consumer-groups/partitions.ts'
import { checkResetScenarios } from './group-tools/reset-scenarios.ts'

const ACTIONS = ['list', 'describe', 'delete', 'reset-offsets', 'delete-offsets', 'validate-regex'] as const
const STATES = [
  'Assigning',
  'CompletingRebalance',
  'Dead',
  'Empty',
  'PreparingRebalance',
  'Reconciling',
  'Stable',
]
const TYPES = ['Classic', 'Consumer']
const DRY_RUN_WARNING =
  'WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will require either --dry-run or --execute to be specified. You should add the --dry-run option explicitly if you are scripting this command and want to keep the current default behavior without prompting.'

/** Flags that only go with others; the genuine parser refuses them before anything else. */
const AVAILABLE_WITH = [
  ['members', ['describe']],
  ['verbose', ['describe']],
  ['offsets', ['describe']],
  ['state', ['describe', 'list']],
  ['type', ['list']],
] as const

type Context = ToolContext<typeof CONSUMER_GROUPS_FLAGS>

export const command = defineCommand({
  name: 'consumer-groups',
  summary: 'This tool helps to list, describe, delete and manage the offsets of consumer groups.',
  flags: CONSUMER_GROUPS_FLAGS,
  examples: [
    'tkafka consumer-groups --list',
    'tkafka consumer-groups --describe --group readers',
    'tkafka consumer-groups --reset-offsets --group readers --topic quakes --to-earliest --execute',
  ],
  async run(context) {
    const { options, stdout, stderr } = context
    checkArguments(context)
    outputFormat(options)
    if (options.has('validate-regex')) {
      const { re2Problem } = await import('./consumer-groups/re2-syntax.ts')
      const regex = options.value('validate-regex') ?? ''
      const problem = re2Problem(regex)
      stdout.line(
        `The regular expression \`${regex}\` is ${problem === undefined ? 'valid' : `invalid: ${problem}`}.`,
      )
      return 0
    }
    const { openAdmin } = await import('./open/open-client.ts')
    const admin = await openAdmin(context)
    try {
      options.long('timeout')
      if (options.has('command-config')) {
        const { propertiesFile } = await import('./open/client-properties.ts')
        await propertiesFile(options.value('command-config') ?? '')
      }
      return await perform(context, admin)
    } catch (error) {
      if (error instanceof OutputError || !(error instanceof TerseError)) throw error
      if (error instanceof UsageError && error.showUsage) throw error
      stdout.flush()
      stderr.line(`Error: Executing consumer group command failed due to ${error.message}`)
      return 1
    } finally {
      await admin.close()
    }
  },
})

async function perform(context: Context, admin: Admin): Promise<number> {
  const { options, stdout, stderr } = context
  const fail = (message: string, details: readonly string[] = []) => {
    stdout.flush()
    stderr.line(`Error: ${message}`)
    for (const detail of details) stderr.line(detail)
  }
  if (options.has('list')) return list(context, admin)
  if (options.has('delete-offsets')) return deleteOffsets(context, admin, fail)
  const groupIds = options.has('all-groups')
    ? (await consumerGroups(admin)).map((group) => group.groupId)
    : options.values('group')
  if (options.has('describe')) return describe(context, admin, groupIds)
  if (options.has('delete')) return deleteGroups(context, admin, groupIds, fail)
  const { resetOffsets } = await import('./group-tools/reset.ts')
  return resetOffsets(context, admin, groupIds, fail)
}

/** The genuine tool's checks, in its order. */
function checkArguments({ options, stderr }: Context): void {
  const unavailable = AVAILABLE_WITH.filter(
    ([flag, others]) => options.has(flag) && !others.some((other) => options.has(other)),
  )
  if (unavailable.length > 0) {
    const names = unavailable.map(([flag]) => flag).join(', ')
    throw new UsageError(
      `Option(s) [${names}] are unavailable given other options on the command line`,
      false,
    )
  }
  const scope = '[all-groups], [group]'
  const needGroups = (action: string) => {
    if (!options.has('group') && !options.has('all-groups'))
      throw new UsageError(`Option [${action}] takes one of these options: ${scope}`)
  }
  if (options.has('describe')) {
    needGroups('describe')
    if ((['members', 'offsets', 'state'] as const).filter((view) => options.has(view)).length > 1) {
      throw new UsageError(
        'Option [describe] takes at most one of these options: [members], [offsets], [state]',
      )
    }
    if (options.has('state') && options.value('state') !== undefined) {
      throw new UsageError('Option [describe] does not take a value for [state]')
    }
  }
  if (options.has('delete')) {
    needGroups('delete')
    if (options.has('topic')) {
      throw new UsageError(
        'The consumer does not support topic-specific offset deletion from a consumer group.',
      )
    }
  }
  if (options.has('delete-offsets') && (!options.has('group') || !options.has('topic'))) {
    throw new UsageError('Option [delete-offsets] takes the following options: [group], [topic]')
  }
  if (options.has('reset-offsets')) checkResetArguments(options, needGroups, (line) => stderr.line(line))
  checkInvalidArguments(options, 'group', ['all-groups', 'list'])
  checkInvalidArguments(options, 'topic', ['list', 'describe'])
  checkExactlyOne(
    options,
    ACTIONS,
    `Command must include exactly one action: ${ACTIONS.map((action) => `--${action}`).join(', ')}`,
  )
}

function checkResetArguments(
  options: Context['options'],
  needGroups: (action: string) => void,
  warn: (line: string) => void,
): void {
  if (options.has('dry-run') && options.has('execute')) {
    throw new UsageError('Option [reset-offsets] only accepts one of [execute] and [dry-run]')
  }
  if (!options.has('dry-run') && !options.has('execute')) warn(DRY_RUN_WARNING)
  needGroups('reset-offsets')
  checkResetScenarios(options)
}

/** In the order in which the genuine tool's hash map has them. */
async function consumerGroups(admin: Admin): Promise<GroupListing[]> {
  const groups = (await admin.listGroups()).filter(
    ({ type, protocol }) => TYPES.includes(type) && (protocol === '' || protocol === 'consumer'),
  )
  return javaHashOrder(groups, (group) => javaStringHash(group.groupId))
}

async function list(context: Context, admin: Admin): Promise<number> {
  const { options, stdout } = context
  const withType = options.has('type')
  const withState = options.has('state')
  const types = filter(options.value('type'), TYPES, 'types')
  const states = filter(options.value('state'), STATES, 'state')
  const groups = (await consumerGroups(admin)).filter(
    ({ type, state }) =>
      (types.length === 0 || types.includes(type)) && (states.length === 0 || states.includes(state)),
  )
  const rows = options.has('output') ? await import('./group-tools/rows.ts') : undefined
  const machine = rows && machineOutput(context, rows.GROUP_SHAPE)
  if (machine !== undefined) rows?.writeGroups(machine, groups)
  else if (withType || withState) {
    const { listingTable } = await import('./group-tools/tables.ts')
    stdout.write(listingTable(groups, withType, withState))
  } else {
    for (const { groupId } of groups) stdout.line(groupId)
  }
  return 0
}

/** Names from a list in any case, with dashes and underscores or without. */
function filter(value: string | undefined, known: readonly string[], what: string): string[] {
  if (value === undefined || value === '') return []
  return value.split(',').map((word) => {
    const plain = word.trim().toLowerCase().replace(/[-_]/g, '')
    const name = known.find((candidate) => candidate.toLowerCase() === plain)
    if (name === undefined)
      throw new UsageError(
        `Invalid ${what} list '${value}'. Valid ${what === 'state' ? 'states' : what} are: ${known.join(', ')}`,
      )
    return name
  })
}

async function describe(context: Context, admin: Admin, groupIds: readonly string[]): Promise<number> {
  const { options, stdout, stderr } = context
  const tables = await import('./group-tools/tables.ts')
  const verbose = options.has('verbose')
  const groups: GroupDescription[] = []
  for (const group of await admin.describeConsumerGroups([...new Set(groupIds)].sort())) {
    if (group instanceof Error) throw group
    groups.push(group)
  }
  const output = options.has('output') ? await import('./group-tools/rows.ts') : undefined
  const machine =
    output &&
    machineOutput(
      context,
      output.describeShape((flag) => options.has(flag)),
    )
  const bold = stdout.isTerminal
    ? (await import('../cli/colour.ts')).boldHead(stdout, context.env)
    : (table: string) => table
  const problems = new Set<string>()
  for (const group of groups) {
    tellOfState(context, group)
    if (output !== undefined && machine !== undefined) {
      if (options.has('members')) output.writeMembers(machine, group)
      else if (options.has('state')) await output.writeState(machine, admin, group)
      else output.writeOffsets(machine, group.groupId, await partitionRows(admin, group, problems))
    } else if (options.has('members')) stdout.write(bold(tables.membersTable(group, verbose)))
    else if (options.has('state')) {
      const coordinator = coordinatorText(await tables.coordinatorOf(admin, group))
      stdout.write(bold(tables.stateTable(group, coordinator, verbose)))
    } else {
      const rows = await partitionRows(admin, group, problems)
      if (rows.length > 0) stdout.write(bold(tables.offsetsTable(group.groupId, rows, verbose)))
    }
  }
  machine?.end(problems.size === 0)
  stdout.flush()
  for (const problem of problems) stderr.line(problem)
  return problems.size > 0 ? 1 : 0
}

function tellOfState({ stdout, stderr }: Context, { groupId, state }: GroupDescription): void {
  if (state === 'Empty') {
    stdout.flush()
    stderr.line(`\nConsumer group '${groupId}' has no active members.`)
    stderr.flush()
  } else if (state !== 'Stable') stderr.line(`\nWarning: Consumer group '${groupId}' is rebalancing.`)
}

function coordinatorText(broker: BrokerDescription | undefined): string {
  return broker === undefined ? '-' : `${broker.host}:${broker.port}  (${broker.id})`
}

type Fail = (message: string, details?: readonly string[]) => void

async function deleteGroups(
  { stdout }: Context,
  admin: Admin,
  groupIds: readonly string[],
  fail: Fail,
): Promise<number> {
  const deleted: string[] = []
  const failures: string[] = []
  const occupants: string[] = []
  for (const groupId of javaHashOrder([...new Set(groupIds)], javaStringHash)) {
    try {
      if (groupId === '') throw new KafkaError('GROUP_ID_NOT_FOUND')
      await admin.deleteConsumerGroup(groupId)
      deleted.push(groupId)
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      failures.push(`* Group '${groupId}' could not be deleted due to: ${error.message}`)
      if (error.code === 'NON_EMPTY_GROUP') occupants.push(...(await occupantLines(admin, groupId)))
    }
  }
  const names = deleted.map((groupId) => `'${groupId}'`).join(', ')
  if (failures.length === 0) {
    stdout.line(`Deletion of requested consumer groups (${names}) was successful.`)
    return 0
  }
  fail('Deletion of some consumer groups failed:', [...failures, ...occupants])
  if (deleted.length > 0) stdout.line(`\nThese consumer groups were deleted successfully: ${names}`)
  return 1
}

async function occupantLines(admin: Admin, groupId: string): Promise<string[]> {
  const { members } = await admin.describeConsumerGroup(groupId)
  return members.map(
    ({ memberId, clientId, host }) =>
      `Group '${groupId}' is read by ${memberId} (client id ${clientId}, host ${host}).`,
  )
}

async function deleteOffsets(context: Context, admin: Admin, fail: Fail): Promise<number> {
  const { options, stdout } = context
  const groupId = options.value('group') ?? ''
  const { namedPartitions, uniquePartitions } = await import('./group-tools/topic-words.ts')
  const { deletedOffsetsTable } = await import('./group-tools/tables.ts')
  const { named, answers } = await namedPartitions(admin, options.values('topic'))
  const partitions = uniquePartitions(named)
  let groupError: KafkaError | undefined
  try {
    answers.push(...(await admin.deleteConsumerGroupOffsets(groupId, partitions)))
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    groupError = error
    answers.push(...partitions.map((partition) => ({ partition, error: groupError as KafkaError })))
  }
  const failed = answers.some((answer) => answer.error !== undefined && answer.partition.partition >= 0)
  const rows = options.has('output') ? await import('./group-tools/rows.ts') : undefined
  const machine = rows && machineOutput(context, rows.DELETED_OFFSET_SHAPE)
  if (groupError !== undefined) fail(groupError.message)
  else if (failed) {
    const busy = answers.some(
      ({ error }) => error instanceof KafkaError && error.code === 'GROUP_SUBSCRIBED_TO_TOPIC',
    )
    const details = busy ? await occupantLines(admin, groupId) : []
    fail('Encountered some partition-level error, see the follow-up details.', details)
  } else if (machine === undefined)
    stdout.line(`Request succeeded for deleting offsets from group ${groupId}.`)
  const sortKey = ({ partition: { topic, partition } }: { partition: TopicPartition }) =>
    `${topic}${partition}`
  if (machine !== undefined) rows?.writeDeletedOffsets(machine, groupId, answers)
  else stdout.write(deletedOffsetsTable(answers.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))))
  // A topic that is not there stands in the table, and is no failure to the genuine tool.
  return groupError === undefined && !failed ? 0 : 1
}
