/** `topics --output`: the rows of --list and --describe, one a topic and one a partition. */
import type { MachineOutput, Row, RowShape } from '../../cli/machine-output.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { ConfigEntry } from '../../client/admin/config-admin.ts'
import type { PartitionDescription, TopicDescription } from '../../client/admin/topic-admin.ts'

export const TOPIC_SHAPE: RowShape = { kind: 'topic', columns: ['topic', 'topicId', 'internal'] }

export const TOPIC_PARTITION_SHAPE: RowShape = {
  kind: 'topic-partition',
  columns: [
    'topic',
    'topicId',
    'internal',
    'partitionCount',
    'replicationFactor',
    'configs',
    'partition',
    'leader',
    'replicas',
    'isr',
    'elr',
    'lastKnownElr',
  ],
}

/** Rows of `--list`. */
export async function* topicRows(admin: Admin, names: readonly string[]): AsyncGenerator<Row> {
  const wanted = new Set(names)
  for (const { name, topicId, internal } of await admin.listTopics()) {
    if (wanted.has(name)) yield { topic: name, topicId, internal }
  }
}

export interface DescribedPartitions {
  readonly topic: TopicDescription
  readonly configs: readonly ConfigEntry[]
  readonly partitions: readonly PartitionDescription[]
}

/** Writes one row a partition that the text form would show. */
export function writePartitions(
  machine: MachineOutput,
  { topic, configs, partitions }: DescribedPartitions,
): void {
  const set = configs.filter((entry) => entry.source !== 'DEFAULT_CONFIG')
  const overrides = Object.fromEntries(set.map(({ name, value }) => [name, value]).sort())
  for (const { partition, leader, replicas, isr, eligibleLeaderReplicas, lastKnownElr } of partitions) {
    machine.row({
      topic: topic.name,
      topicId: topic.topicId,
      internal: topic.internal,
      partitionCount: topic.partitions.length,
      replicationFactor: topic.partitions[0]?.replicas.length ?? 0,
      configs: overrides,
      partition,
      leader: leader ?? null,
      replicas,
      isr,
      elr: eligibleLeaderReplicas,
      lastKnownElr,
    })
  }
}
