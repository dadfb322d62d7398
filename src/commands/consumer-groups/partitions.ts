/** The partitions of a group as `consumer-groups --describe` shows them: committed offset, log end, and who reads them. */

import type { Admin } from '../../client/admin/admin.ts'
import type { GroupDescription } from '../../client/admin/group-admin.ts'
import { KafkaError } from '../../errors.ts'
import { comparePartitions, type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'

/** Members with most partitions first, then what nobody reads. */
export async function partitionRows(admin: Admin, group: GroupDescription, problems: Set<string>) {
  const committed = await admin.listConsumerGroupOffsets(group.groupId)
  const known = new Map((await admin.listTopics()).map(({ name }) => [name, true]))
  const assigned = new Set<string>()
  const describePartition = async (
    tp: TopicPartition,
    consumerId: string,
    host: string,
    clientId: string,
  ) => {
    const offset = committed.get(topicPartitionKey(tp.topic, tp.partition))?.offset
    const logEndOffset = known.has(tp.topic) ? await endOffset(admin, tp, problems) : undefined
    // The commits were read first: a log only grows.
    if (offset !== undefined && logEndOffset !== undefined && offset.offset > logEndOffset) {
      problems.add(
        `${tp.topic}-${tp.partition}: group ${group.groupId} committed offset ${offset.offset}, and the log ends at ${logEndOffset}: ` +
          'records at its end are missing; see tkafka repair',
      )
    }
    return { ...tp, committed: offset, logEndOffset, consumerId, host, clientId }
  }
  const rows = []
  const members = group.members
    .filter((member) => member.assignment.length > 0)
    .sort((a, b) => b.assignment.length - a.assignment.length)
  for (const { assignment, memberId, host, clientId } of members) {
    for (const tp of [...assignment].sort(comparePartitions)) {
      assigned.add(topicPartitionKey(tp.topic, tp.partition))
      rows.push(await describePartition(tp, memberId, host, clientId))
    }
  }
  const rest = [...committed].filter(([key]) => !assigned.has(key)).map(([, { partition }]) => partition)
  for (const tp of rest.sort(comparePartitions)) rows.push(await describePartition(tp, '-', '-', '-'))
  return rows
}

/**
 * A line goes to `problems` for damage at a log's end, where the lag is counted from where the log ended as far as is known, and
 * for a partition that other nodes keep, whose end is not known here.
 */
async function endOffset(
  admin: Admin,
  partition: TopicPartition,
  problems: Set<string>,
): Promise<number | undefined> {
  try {
    const { offset, damage } = await admin.listOffset(partition, 'latest')
    if (damage !== undefined) {
      problems.add(`${partition.topic}-${partition.partition}: ${damage}; see tkafka repair`)
    }
    return offset
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    if (error.code !== 'UNKNOWN_TOPIC_OR_PARTITION') {
      if (error.code !== 'KAFKA_STORAGE_ERROR') throw error
      problems.add(error.message)
    }
    return undefined
  }
}
