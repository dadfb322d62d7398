/** What share-groups and streams-groups have in common: scopes, states, listing, and the genuine tools' way to fail. */
import type { CommandContext, Options } from '../../cli/command.ts'
import { machineOutput } from '../../cli/machine-output.ts'
import { OutputError } from '../../cli/output.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { BrokerDescription } from '../../client/admin/cluster-admin.ts'
import type { GroupListing } from '../../client/admin/group-admin.ts'
import { KafkaError, TerseError, UsageError } from '../../errors.ts'
import { openAdmin } from '../open/open-client.ts'

export const ACTIONS = ['list', 'describe', 'delete', 'reset-offsets', 'delete-offsets'] as const
export type GroupAction = (typeof ACTIONS)[number]

/** Flags that go only with one of these others; the genuine parser refuses them before anything else. */
type View = 'members' | 'offsets' | 'state' | 'verbose'
const AVAILABLE_WITH: readonly (readonly [View, readonly GroupAction[]])[] = [
  ['members', ['describe']],
  ['offsets', ['describe']],
  ['state', ['describe', 'list']],
  ['verbose', ['describe']],
]

/** The one action that is asked for; of several the genuine tools take the first of this order. */
export function actionOf(options: Options<View | GroupAction>, message: string): GroupAction {
  const unavailable = AVAILABLE_WITH.filter(
    ([flag, actions]) => options.has(flag) && !actions.some((action) => options.has(action)),
  )
  if (unavailable.length > 0) {
    const names = unavailable.map(([flag]) => flag).join(', ')
    throw new UsageError(`Option(s) [${names}] are unavailable given other options on the command line`)
  }
  const given = ACTIONS.filter((action) => options.has(action))
  if (given.length === 0) throw new UsageError(message)
  return given[0]
}

/** Runs an action; a failure is told as the genuine tools tell it, and is a failure (theirs may end with 0). */
export async function runAction(
  context: CommandContext,
  kind: 'share' | 'streams',
  action: (admin: Admin) => Promise<number | undefined>,
): Promise<number> {
  try {
    const admin = await openAdmin(context)
    try {
      return (await action(admin)) ?? 0
    } finally {
      await admin.close()
    }
  } catch (error) {
    if (error instanceof UsageError || error instanceof OutputError) throw error
    if (!(error instanceof TerseError)) throw error
    context.stdout.flush()
    context.stderr.line(`\nError: Executing ${kind} group command failed due to ${error.message}`)
    return 1
  }
}

/** `--list`, with states when `--state` asks for them. */
export async function listGroups(
  context: CommandContext<'state' | 'output'>,
  groups: readonly GroupListing[],
  states: readonly string[],
): Promise<void> {
  const { options, stdout } = context
  const wanted = statesOf(options, states)
  const shown = groups.filter(
    ({ state }) => wanted.length === 0 || wanted.includes(state.toLowerCase().replace(/_/g, '')),
  )
  const machine = machineOutput(context, { kind: 'group', columns: ['group', 'type', 'state', 'protocol'] })
  if (machine !== undefined) {
    await machine.all(
      shown.map(({ groupId: group, type, state, protocol }) => ({ group, type, state, protocol })),
    )
    return
  }
  if (!options.has('state')) {
    for (const { groupId } of shown) stdout.line(groupId)
    return
  }
  const width = Math.max(15, ...shown.map(({ groupId }) => groupId.length))
  stdout.line(`${'GROUP'.padEnd(width)} STATE`)
  for (const { groupId, state } of shown) stdout.line(`${groupId.padEnd(width)} ${state}`)
}

function statesOf(options: Options<'state'>, valid: readonly string[]): string[] {
  const text = options.value('state')
  if (text === undefined || text === '') return []
  const states = text.split(',').map((state) => state.trim().toLowerCase())
  if (!states.every((state) => valid.some((one) => one.toLowerCase() === state)))
    throw new UsageError(`Invalid state list '${text}'. Valid states are: ${[...valid].sort().join(', ')}`)
  return states
}

/** The groups that --group or --all-groups means. @throws TerseError for one that is not there */
export async function chosenGroups(
  kind: 'share' | 'streams',
  options: Options<'group' | 'all-groups'>,
  groups: readonly GroupListing[],
  all: readonly GroupListing[],
): Promise<GroupListing[]> {
  if (options.has('all-groups')) return [...groups]
  return options.values('group').map((id) => {
    const found = groups.find(({ groupId }) => groupId === id)
    if (found === undefined) {
      const other = all.some(({ groupId }) => groupId === id)
      throw new TerseError(other ? `Group ${id} is not a ${kind} group.` : `Group ${id} not found.`)
    }
    return found
  })
}

/** @throws UsageError of --describe's flags, in the genuine words and order */
export function checkDescribe(
  options: Options<'group' | 'all-groups' | 'members' | 'offsets' | 'state'>,
  ofStreams = false,
): void {
  if (!options.has('group') && !options.has('all-groups'))
    throw new UsageError('Option [describe] takes one of these options: [all-groups], [group]')
  const views = (['members', 'offsets', 'state'] as const).filter((name) => options.has(name))
  if (views.length > 1) {
    throw new UsageError(
      `Option [describe] takes at most one of these options: [members], [offsets], [state]${ofStreams ? ', [topology]' : ''}`,
    )
  }
  if (options.value('state') !== undefined && options.value('state') !== '')
    throw new UsageError('Option [describe] does not take a value for [state]')
}

/** How the tools of two kinds of groups show states. */
export interface GroupStateView {
  /** Of the machine output; the last but one column is the second epoch's. */
  readonly shape: { readonly kind: string; readonly columns: readonly string[] }
  readonly assignmentTitle: string
  /** Of STATE, GROUP-EPOCH and the second epoch. */
  readonly widths: readonly [number, number, number]
  readonly coordinator: (address: string, id: number) => string
  readonly describe: (group: string) => Promise<{
    readonly groupEpoch: number
    readonly assignmentEpoch: number
    readonly coordinator?: BrokerDescription | undefined
    readonly members?: readonly unknown[]
  }>
  readonly aboutMembers: (group: string, state: string) => string | undefined
  readonly beforeTable: string
}

/** `--describe --state`. Members are a coordinator's to know: a directory has none. */
export async function describeStates(
  context: CommandContext<'verbose' | 'output'>,
  admin: Admin,
  groups: readonly GroupListing[],
  view: GroupStateView,
): Promise<void> {
  const { options, stdout, stderr } = context
  const machine = machineOutput(context, view.shape)
  const verbose = options.has('verbose')
  for (const { groupId: group, state } of groups) {
    const described = await view.describe(group)
    const { groupEpoch, assignmentEpoch, members = [] } = described
    const memberCount = members.length
    const { id, host, port } = described.coordinator ?? (await admin.describeCluster()).brokers[0]
    if (machine !== undefined) {
      const epochs = { groupEpoch, [view.shape.columns.at(-2) as string]: assignmentEpoch }
      machine.row({ group, state, coordinator: { id, host, port }, ...epochs, memberCount })
      continue
    }
    const coordinator = view.coordinator(`${host}:${port}`, id)
    const [stateWidth, ...epochWidths] = view.widths
    const widths = [Math.max(15, group.length), Math.max(25, coordinator.length), stateWidth]
    if (verbose) widths.push(...epochWidths)
    const line = (cells: readonly (string | number)[]) =>
      cells.map((cell, i) => String(cell).padEnd(widths[i] ?? 0)).join(' ')
    const epochs = <T>(...cells: T[]) => (verbose ? cells : [])
    const about = view.aboutMembers(group, state)
    if (about !== undefined) stderr.line(`\n${about}`)
    const titles = ['GROUP', 'COORDINATOR (ID)', 'STATE', ...epochs('GROUP-EPOCH', view.assignmentTitle)]
    stdout.line(`${view.beforeTable}${line([...titles, '#MEMBERS'])}`)
    stdout.line(line([group, coordinator, state, ...epochs(groupEpoch, assignmentEpoch), memberCount]))
  }
  machine?.end()
}

/** @throws UsageError `Option [reset-offsets] takes the option: [execute] or [dry-run]` */
export function checkReset(options: Options<'dry-run' | 'execute'>): void {
  if (options.has('dry-run') === options.has('execute')) {
    if (options.has('dry-run'))
      throw new UsageError('Option [reset-offsets] only accepts one of [execute] and [dry-run]')
    throw new UsageError('Option [reset-offsets] takes the option: [execute] or [dry-run]')
  }
}

/** `share-groups --delete`: those that are no share groups fail, in the genuine table. */
export async function deleteShareGroups(
  { options, stdout, stderr }: CommandContext<'group' | 'all-groups'>,
  admin: Admin,
  groups: readonly GroupListing[],
): Promise<number> {
  const ids = options.has('all-groups') ? groups.map(({ groupId }) => groupId) : options.values('group')
  const states = new Map(groups.map(({ groupId, state }) => [groupId, state]))
  const failures: string[] = []
  const deleted: string[] = []
  for (const id of new Set(ids)) {
    const state = states.get(id)
    try {
      if (state === undefined)
        throw new KafkaError('GROUP_ID_NOT_FOUND', `Group '${id}' is not a share group.`)
      if (state !== 'Empty') throw new KafkaError('NON_EMPTY_GROUP', `Share group '${id}' is not EMPTY.`)
      await admin.deleteShareGroup(id)
      deleted.push(`'${id}'`)
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      failures.push(`* Group '${id}' could not be deleted due to: ${error.message}`)
    }
  }
  if (failures.length === 0) {
    stdout.line(`Deletion of requested share groups (${deleted.join(', ')}) was successful.`)
    return 0
  }
  stderr.line(`\nError: Deletion of some share groups failed:`)
  for (const line of failures) stderr.line(line)
  if (deleted.length > 0) stdout.line(`\nThese share groups were deleted successfully: ${deleted.join(', ')}`)
  return 1
}
