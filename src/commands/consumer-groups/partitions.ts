/** The partitions of a group as `consumer-groups --describe` shows them: committed offset, log end, and who reads them. */

import type { Admin } from '../../client/admin/admin.ts'
import type { GroupDescription } from '../../client/admin/group-admin.ts'
import { KafkaError } from '../../errors.ts'
import { comparePartitions, type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'

/** Members with most partitions first, then what nobody reads. */
export async function partitionRows(admin: Admin, group: GroupDescription, problems: Set<string>) {
  const committed = await admin.listConsumerGroupOffsets(group.groupId)
  const readers: { tp: TopicPartition; consumerId: string; host: string; clientId: string }[] = []
  const assigned = new Set<string>()
  const members = group.members
    .filter((member) => member.assignment.length > 0)
    .sort((a, b) => b.assignment.length - a.assignment.length)
  for (const { assignment, memberId: consumerId, host, clientId } of members) {
    for (const tp of [...assignment].sort(comparePartitions)) {
      assigned.add(topicPartitionKey(tp.topic, tp.partition))
      readers.push({ tp, consumerId, host, clientId })
    }
  }
  const rest = [...committed].filter(([key]) => !assigned.has(key)).map(([, { partition }]) => partition)
  for (const tp of rest.sort(comparePartitions))
    readers.push({ tp, consumerId: '-', host: '-', clientId: '-' })
  const ends = await endOffsets(
    admin,
    readers.map(({ tp }) => tp),
    problems,
  )
  return readers.map(({ tp, ...reader }, i) => {
    const offset = committed.get(topicPartitionKey(tp.topic, tp.partition))?.offset
    const logEndOffset = ends[i]
    // The commits were read first: a log only grows.
    if (offset !== undefined && logEndOffset !== undefined && offset.offset > logEndOffset) {
      problems.add(
        `${tp.topic}-${tp.partition}: group ${group.groupId} committed offset ${offset.offset}, and the log ends at ${logEndOffset}: ` +
          'records at its end are missing; see tkafka repair',
      )
    }
    return { ...tp, committed: offset, logEndOffset, ...reader }
  })
}

/**
 * A line goes to `problems` for damage at a log's end, where the lag is counted from where the log ended as far as is known, and
 * for a partition that other nodes keep, whose end is not known here.
 */
async function endOffsets(
  admin: Admin,
  partitions: readonly TopicPartition[],
  problems: Set<string>,
): Promise<(number | undefined)[]> {
  if (partitions.length === 0) return []
  const topics = new Set((await admin.listTopics()).map(({ name }) => name))
  const known = partitions.filter(({ topic }) => topics.has(topic))
  const listed = await admin.listOffsets(known, 'latest')
  const ends = new Map<TopicPartition, number | undefined>()
  for (const [i, answer] of listed.entries()) {
    if (!(answer instanceof Error)) {
      const { offset, damage } = answer
      const { topic, partition } = known[i]
      if (damage !== undefined) problems.add(`${topic}-${partition}: ${damage}; see tkafka repair`)
      ends.set(known[i], offset)
    } else if (!(answer instanceof KafkaError)) throw answer
    else if (answer.code !== 'UNKNOWN_TOPIC_OR_PARTITION') {
      if (answer.code !== 'KAFKA_STORAGE_ERROR') throw answer
      problems.add(answer.message)
    }
  }
  return partitions.map((one) => ends.get(one))
}
