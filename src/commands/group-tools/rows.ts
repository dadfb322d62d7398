/** `consumer-groups --output`: rows of --list, --describe in its three views, --reset-offsets and --delete-offsets. */
import type { MachineOutput, RowShape } from '../../cli/machine-output.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { GroupDescription, GroupListing } from '../../client/admin/group-admin.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { ResetPlan } from './reset-plan.ts'
import { coordinatorOf, type PartitionRow } from './tables.ts'

export const GROUP_SHAPE: RowShape = { kind: 'group', columns: ['group', 'type', 'state', 'protocol'] }

export const GROUP_OFFSET_SHAPE: RowShape = {
  kind: 'group-offset',
  columns: [
    'group',
    'topic',
    'partition',
    'currentOffset',
    'logEndOffset',
    'lag',
    'leaderEpoch',
    'consumerId',
    'host',
    'clientId',
  ],
}

export const GROUP_MEMBER_SHAPE: RowShape = {
  kind: 'group-member',
  columns: ['group', 'consumerId', 'groupInstanceId', 'host', 'clientId', 'partitionCount', 'assignment'],
}

export const GROUP_STATE_SHAPE: RowShape = {
  kind: 'group-state',
  columns: ['group', 'type', 'state', 'assignmentStrategy', 'memberCount', 'coordinator'],
}

export const RESET_SHAPE: RowShape = {
  kind: 'offset-reset',
  columns: ['group', 'topic', 'partition', 'newOffset', 'executed'],
}

export const DELETED_OFFSET_SHAPE: RowShape = {
  kind: 'offset-deletion',
  columns: ['group', 'topic', 'partition', 'deleted', 'error'],
}

/** Which view `--describe` shows. */
export function describeShape(has: (flag: 'members' | 'state') => boolean): RowShape {
  if (has('members')) return GROUP_MEMBER_SHAPE
  return has('state') ? GROUP_STATE_SHAPE : GROUP_OFFSET_SHAPE
}

export function writeGroups(machine: MachineOutput, groups: readonly GroupListing[]): void {
  for (const { groupId, type, state, protocol } of groups)
    machine.row({ group: groupId, type, state, protocol })
  machine.end()
}

export function writeOffsets(machine: MachineOutput, group: string, rows: readonly PartitionRow[]): void {
  const given = (text: string) => (text === '-' || text === '' ? null : text)
  for (const { topic, partition, committed, logEndOffset, consumerId, host, clientId } of rows) {
    const currentOffset = committed === undefined || committed.offset < 0 ? null : committed.offset
    const known = currentOffset !== null && logEndOffset !== undefined
    machine.row({
      group,
      topic,
      partition,
      currentOffset,
      logEndOffset: logEndOffset ?? null,
      lag: known ? logEndOffset - currentOffset : null,
      leaderEpoch: committed === undefined || committed.leaderEpoch < 0 ? null : committed.leaderEpoch,
      consumerId: given(consumerId),
      host: given(host),
      clientId: given(clientId),
    })
  }
}

export function writeMembers(machine: MachineOutput, { groupId, members }: GroupDescription): void {
  for (const { memberId, groupInstanceId, host, clientId, assignment } of members) {
    machine.row({
      group: groupId,
      consumerId: memberId,
      groupInstanceId: groupInstanceId ?? null,
      host,
      clientId,
      partitionCount: assignment.length,
      assignment: assignment.map(({ topic, partition }) => ({ topic, partition })),
    })
  }
}

export async function writeState(
  machine: MachineOutput,
  admin: Admin,
  group: GroupDescription,
): Promise<void> {
  const { groupId, type, state, partitionAssignor, members } = group
  const broker = await coordinatorOf(admin, group)
  machine.row({
    group: groupId,
    type,
    state,
    assignmentStrategy: partitionAssignor === '' ? null : partitionAssignor,
    memberCount: members.length,
    coordinator: broker === undefined ? null : { id: broker.id, host: broker.host, port: broker.port },
  })
}

export function writeResetPlan(
  machine: MachineOutput,
  plan: ResetPlan,
  executed: boolean,
  failed: boolean,
): void {
  for (const [group, offsets] of plan) {
    for (const { topic, partition, offset } of offsets) {
      machine.row({ group, topic, partition, newOffset: offset, executed })
    }
  }
  machine.end(!failed)
}

export function writeDeletedOffsets(
  machine: MachineOutput,
  group: string,
  answers: readonly { readonly partition: TopicPartition; readonly error?: Error }[],
): void {
  let failed = false
  const key = ({ topic, partition }: TopicPartition) => topicPartitionKey(topic, partition)
  for (const { partition, error } of [...answers].sort((a, b) =>
    key(a.partition) < key(b.partition) ? -1 : 1,
  )) {
    failed ||= error !== undefined
    machine.row({
      group,
      topic: partition.topic,
      partition: partition.partition < 0 ? null : partition.partition,
      deleted: error === undefined,
      error: error?.message ?? null,
    })
  }
  machine.end(!failed)
}
