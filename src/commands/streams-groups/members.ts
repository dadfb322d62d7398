/** `streams-groups --describe --members`: who is in a group, and the tasks of each. */
import type { CommandContext } from '../../cli/command.ts'
import { machineOutput } from '../../cli/machine-output.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { GroupListing } from '../../client/admin/group-admin.ts'
import type {
  StreamsGroupDescription,
  StreamsMemberDescription,
  StreamsTask,
  StreamsTasks,
} from '../../client/admin/streams-group-admin.ts'

const STREAMS_GROUP_MEMBER = {
  kind: 'streams-group-member',
  columns: ['group', 'consumerId', 'host', 'clientId', 'processId', 'memberEpoch', 'assignment'],
}

/** Members are known to a broker alone. */
export async function describeMembers(
  context: CommandContext<'verbose' | 'output'>,
  admin: Admin,
  chosen: readonly GroupListing[],
): Promise<void> {
  const { options, stdout, stderr } = context
  const machine = machineOutput(context, STREAMS_GROUP_MEMBER)
  for (const { groupId: group, state } of chosen) {
    if (machine === undefined && state === 'Empty')
      stderr.line(`Streams group '${group}' has no active members.`)
    const described = await admin.describeStreamsGroup(group)
    const { members = [] } = described
    if (machine !== undefined) {
      for (const { memberId, host, clientId, processId, memberEpoch, assignment } of members) {
        machine.row({
          group,
          consumerId: memberId,
          host,
          clientId,
          processId,
          memberEpoch,
          assignment: tasksText(assignment),
        })
      }
    } else if (members.length > 0)
      stdout.write(membersTable(group, described, members, options.has('verbose')))
  }
  machine?.end()
}

function membersTable(
  group: string,
  { targetAssignmentEpoch, topologyEpoch = 0 }: StreamsGroupDescription,
  members: readonly StreamsMemberDescription[],
  verbose: boolean,
): string {
  const widest = (texts: readonly string[]) => Math.max(15, ...texts.map(({ length }) => length))
  const [groupWidth, memberWidth, processWidth, clientWidth] = [
    widest([group]),
    widest(members.map(({ memberId }) => memberId)),
    widest(members.map(({ processId }) => processId)),
    widest(members.map(({ clientId }) => clientId)),
  ]
  if (!verbose) {
    const line = table([groupWidth, memberWidth, processWidth, clientWidth])
    const rows = members.map(({ memberId, processId, clientId, assignment }) =>
      line([group, memberId, processId, clientId, tasksText(assignment)]),
    )
    return [line(['GROUP', 'MEMBER', 'PROCESS', 'CLIENT-ID', 'ASSIGNMENTS']), ...rows].join('')
  }
  // As in the genuine tool nothing stands between the topology's epoch and the member.
  const cells = (
    epoch: string | number,
    topology: string | number,
    member: string,
    rest: readonly (string | number)[],
  ) => [epoch, `${String(topology).padEnd(15)}${member.padEnd(memberWidth)}`, ...rest]
  const line = table([groupWidth, 25, 0, 15, 15, processWidth, clientWidth])
  const head = cells('TARGET-ASSIGNMENT-EPOCH', 'TOPOLOGY-EPOCH', 'MEMBER', [
    'MEMBER-PROTOCOL',
    'MEMBER-EPOCH',
    'PROCESS',
    'CLIENT-ID',
    'ASSIGNMENTS',
  ])
  const rows = members.map((member) => {
    const { memberId, memberEpoch, processId, clientId, isClassic, assignment, targetAssignment } = member
    const tasks = `${tasksText(assignment)}${tasksText(targetAssignment, 'TARGET-')}`
    const protocol = isClassic ? 'classic' : 'streams'
    const rest = [protocol, memberEpoch, processId, clientId, tasks]
    return line([group, ...cells(targetAssignmentEpoch, topologyEpoch, memberId, rest)])
  })
  return [line(['GROUP', ...head]), ...rows].join('')
}

function table(widths: readonly number[]): (cells: readonly (string | number)[]) => string {
  return (cells) => `${cells.map((cell, i) => String(cell).padEnd(widths[i] ?? 0)).join(' ')}\n`
}

/** `ACTIVE: 0:[0,1];` and so on; nothing for what there is none of. */
function tasksText({ active, standby, warmup }: StreamsTasks, prefix = ''): string {
  const text = (name: string, tasks: readonly StreamsTask[]) =>
    tasks.length === 0
      ? ''
      : `${prefix}${name}: ${tasks.map(({ subtopologyId, partitions }) => `${subtopologyId}:[${partitions.join(',')}];`).join(' ')} `
  return `${text('ACTIVE', active)}${text('STANDBY', standby)}${text('WARMUP', warmup)}`
}
