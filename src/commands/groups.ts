/** `tkafka groups`: groups of every kind, as a table. */
import { checkExactlyOne, checkInvalidArguments } from '../cli/argument-checks.ts'
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import type { GroupListing } from '../client/admin/group-admin.ts'
import { UsageError } from '../errors.ts'
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'
import { openAdmin } from './open/open-client.ts'

const TYPES = ['Classic', 'Consumer', 'Share', 'Streams'] as const

const FLAGS = [
  BOOTSTRAP_SERVER,
  COMMAND_CONFIG,
  { name: 'list', description: 'List the groups.' },
  {
    name: 'group-type',
    arg: 'required',
    argName: 'type',
    description:
      "Filter the groups based on group type. Valid types are: 'classic', 'consumer', 'share' and 'streams'.",
  },
  {
    name: 'protocol',
    arg: 'required',
    argName: 'protocol',
    description: 'Filter the groups based on protocol type.',
  },
  {
    name: 'consumer',
    description:
      "Filter the groups to show all kinds of consumer groups, including classic and simple consumer groups. This matches group type 'consumer', and group type 'classic' where the protocol type is 'consumer' or empty.",
  },
  { name: 'share', description: 'Filter the groups to show share groups.' },
  { name: 'streams', description: 'Filter the groups to show streams groups.' },
  outputFlag,
] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'groups',
  summary: 'This tool helps to list groups of all types.',
  flags: FLAGS,
  parseErrors: { usage: true },
  examples: ['tkafka groups --list', 'tkafka groups --list --consumer'],
  async run(context) {
    const { options, stdout } = context
    checkExactlyOne(options, ['list'], 'Command must include exactly one action: --list.')
    checkInvalidArguments(options, 'consumer', ['protocol', 'group-type', 'share', 'streams'])
    checkInvalidArguments(options, 'share', ['consumer', 'protocol', 'group-type', 'streams'])
    checkInvalidArguments(options, 'streams', ['consumer', 'protocol', 'group-type', 'share'])
    const matches = filter(context)
    const admin = await openAdmin(context)
    try {
      const groups = (await admin.listGroups()).filter(matches)
      const machine = machineOutput(context, {
        kind: 'group',
        columns: ['group', 'type', 'state', 'protocol'],
      })
      if (machine !== undefined) {
        await machine.all(
          groups.map(({ groupId, type, protocol, state }) => ({ group: groupId, type, state, protocol })),
        )
        return 0
      }
      const width = Math.max(20, ...groups.map(({ groupId }) => groupId.length))
      const row = (id: string, type: string, protocol: string) =>
        `${id.padEnd(width)} ${type.padEnd(20)} ${protocol.padEnd(20)}`
      stdout.line(row('GROUP', 'TYPE', 'PROTOCOL'))
      for (const { groupId, type, protocol } of groups) stdout.line(`${row(groupId, type, protocol)} `)
      return 0
    } finally {
      await admin.close()
    }
  },
})

function filter({ options }: Context): (group: GroupListing) => boolean {
  if (options.has('consumer')) {
    return ({ type, protocol }) =>
      type === 'Consumer' || (type === 'Classic' && (protocol === 'consumer' || protocol === ''))
  }
  if (options.has('share')) return ({ type }) => type === 'Share'
  if (options.has('streams')) return ({ type }) => type === 'Streams'
  const wanted = options.value('group-type')
  const type = TYPES.find((one) => one.toLowerCase() === wanted?.toLowerCase())
  if (wanted !== undefined && type === undefined) {
    throw new UsageError('--group-type must be a valid group type.', false)
  }
  const protocol = options.value('protocol')
  return (group) =>
    (type === undefined || group.type === type) && (protocol === undefined || group.protocol === protocol)
}
