/** The tables of consumer-groups, with the genuine tool's columns. Each begins with an empty line. */
import type { Admin } from '../../client/admin/admin.ts'
import type { BrokerDescription } from '../../client/admin/cluster-admin.ts'
import type { GroupDescription, GroupListing, MemberDescription } from '../../client/admin/group-admin.ts'
import type { OffsetAndMetadata } from '../../client/types.ts'
import { exceptionText } from '../../errors.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { ResetPlan } from './reset-plan.ts'

export const MISSING = '-'

export interface PartitionRow extends TopicPartition {
  readonly committed: OffsetAndMetadata | undefined
  readonly logEndOffset: number | undefined
  readonly consumerId: string
  readonly host: string
  readonly clientId: string
}

/** Column widths of 0 are the last column's: not padded. */
function row(widths: readonly number[], cells: readonly (string | number)[]): string {
  return `${cells.map((cell, i) => String(cell).padEnd(widths[i] ?? 0)).join(' ')}\n`
}

function widest(least: number, texts: Iterable<string>): number {
  let width = least
  for (const text of texts) width = Math.max(width, text.length)
  return width
}

export function listingTable(groups: readonly GroupListing[], withType: boolean, withState: boolean): string {
  const widths = [
    widest(
      15,
      groups.map((group) => group.groupId),
    ) + 10,
    20,
    20,
  ]
  const cells = (id: string, type: string, state: string) => [
    id,
    ...(withType ? [type] : []),
    ...(withState ? [state] : []),
  ]
  return [
    row(widths, cells('GROUP', 'TYPE', 'STATE')),
    ...groups.map(({ groupId, type, state }) => row(widths, cells(groupId, type, state))),
  ].join('')
}

export function offsetsTable(group: string, rows: readonly PartitionRow[], verbose: boolean): string {
  const widths = [
    widest(15, [group]),
    widest(
      15,
      rows.map((r) => r.topic),
    ),
    10,
    ...(verbose ? [15] : []),
    15,
    15,
    15,
    widest(
      15,
      rows.map((r) => r.consumerId),
    ),
    widest(
      15,
      rows.map((r) => r.host),
    ),
    0,
  ]
  const header = [
    'GROUP',
    'TOPIC',
    'PARTITION',
    ...(verbose ? ['LEADER-EPOCH'] : []),
    'CURRENT-OFFSET',
    'LOG-END-OFFSET',
    'LAG',
  ]
  return `\n${row(widths, [...header, 'CONSUMER-ID', 'HOST', 'CLIENT-ID'])}${rows
    .map((r) => {
      const offset = r.committed?.offset
      const epoch = r.committed?.leaderEpoch ?? -1
      const lag =
        offset === undefined || offset === -1 || r.logEndOffset === undefined
          ? MISSING
          : r.logEndOffset - offset
      return row(widths, [
        group,
        r.topic,
        r.partition,
        ...(verbose ? [epoch < 0 ? MISSING : epoch] : []),
        offset ?? MISSING,
        r.logEndOffset ?? MISSING,
        lag,
        r.consumerId,
        r.host,
        r.clientId,
      ])
    })
    .join('')}`
}

export function membersTable(
  { groupId, members, targetAssignmentEpoch }: GroupDescription,
  verbose: boolean,
): string {
  const withInstance = members.some((member) => member.groupInstanceId !== undefined)
  const assignments = members.map((member) => assignmentText(member.assignment))
  const targets = members.map((member) => assignmentText(member.targetAssignment ?? []))
  // Where members of both protocols are in one group.
  const withUpgraded =
    members.some((member) => member.upgraded === true) && members.some((member) => member.upgraded === false)
  const widths = [
    members.length === 0 ? 15 : widest(15, [groupId]),
    widest(
      15,
      members.map((member) => member.memberId),
    ),
    ...(withInstance
      ? [
          widest(
            17,
            members.map((member) => member.groupInstanceId ?? ''),
          ),
        ]
      : []),
    widest(
      15,
      members.map((member) => member.host),
    ),
    widest(
      15,
      members.map((member) => member.clientId),
    ),
    15,
    ...(verbose ? [15, widest(20, assignments), 15, widest(20, targets), ...(withUpgraded ? [15] : [])] : []),
  ]
  const header = [
    'GROUP',
    'CONSUMER-ID',
    ...(withInstance ? ['GROUP-INSTANCE-ID'] : []),
    'HOST',
    'CLIENT-ID',
    '#PARTITIONS',
  ]
  const details = [
    'CURRENT-EPOCH',
    'CURRENT-ASSIGNMENT',
    'TARGET-EPOCH',
    'TARGET-ASSIGNMENT',
    ...(withUpgraded ? ['UPGRADED'] : []),
  ]
  const detailsOf = (member: MemberDescription, i: number) => [
    member.memberEpoch ?? MISSING,
    assignments[i],
    targetAssignmentEpoch ?? MISSING,
    targets[i],
    ...(withUpgraded ? [String(member.upgraded ?? MISSING)] : []),
  ]
  const rows = members.map((member, i) =>
    row(widths, [
      groupId,
      member.memberId,
      ...(withInstance ? [member.groupInstanceId ?? ''] : []),
      member.host,
      member.clientId,
      member.assignment.length,
      ...(verbose ? detailsOf(member, i) : []),
    ]),
  )
  return `\n${row(widths, [...header, ...(verbose ? details : [])])}${rows.join('')}`
}

/** `a:0,1;b:2` */
export function assignmentText(partitions: readonly TopicPartition[]): string {
  const byTopic = new Map<string, number[]>()
  for (const { topic, partition } of partitions)
    byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition])
  const parts = [...byTopic].map(([topic, numbers]) => `${topic}:${numbers.sort((a, b) => a - b).join(',')}`)
  return parts.length === 0 ? MISSING : parts.sort().join(';')
}

/** The broker that keeps a group; for a directory its own node, as a broker on it would be. */
export async function coordinatorOf(
  admin: Admin,
  group: GroupDescription,
): Promise<BrokerDescription | undefined> {
  if (group.coordinator !== undefined) return group.coordinator
  const { brokers, controller } = await admin.describeCluster()
  return brokers.find(({ id }) => id === controller) ?? brokers[0]
}

export function stateTable(group: GroupDescription, coordinator: string, verbose: boolean): string {
  const widths = [
    widest(15, [group.groupId]),
    widest(25, [coordinator]),
    20,
    20,
    ...(verbose ? [15, 25] : []),
    0,
  ]
  const header = [
    'GROUP',
    'COORDINATOR (ID)',
    'ASSIGNMENT-STRATEGY',
    'STATE',
    ...(verbose ? ['GROUP-EPOCH', 'TARGET-ASSIGNMENT-EPOCH'] : []),
    '#MEMBERS',
  ]
  const epochs = verbose ? [group.groupEpoch ?? MISSING, group.targetAssignmentEpoch ?? MISSING] : []
  return `\n${row(widths, header)}${row(widths, [group.groupId, coordinator, group.partitionAssignor || MISSING, group.state, ...epochs, group.members.length])}`
}

export function resetTable(plan: ResetPlan): string {
  if (plan.size === 0) return '\n'
  const widths = [
    widest(15, plan.keys()),
    widest(
      15,
      [...plan.values()].flatMap((offsets) => offsets.map((planned) => planned.topic)),
    ),
    10,
    0,
  ]
  const rows = [...plan].flatMap(([group, offsets]) =>
    offsets.map((p) => row(widths, [group, p.topic, p.partition, p.offset])),
  )
  return `\n${row(widths, ['GROUP', 'TOPIC', 'PARTITION', 'NEW-OFFSET'])}${rows.join('')}`
}

export function deletedOffsetsTable(
  answers: readonly { partition: TopicPartition; error?: Error }[],
): string {
  const widths = [
    widest(
      15,
      answers.map((answer) => answer.partition.topic),
    ),
    10,
    15,
  ]
  const rows = answers.map(({ partition: { topic, partition }, error }) =>
    row(widths, [
      topic,
      partition < 0 ? MISSING : partition,
      error === undefined ? 'Successful' : `Error: ${exceptionText(error)}`,
    ]),
  )
  return `\n${row(widths, ['TOPIC', 'PARTITION', 'STATUS'])}${rows.join('')}`
}
