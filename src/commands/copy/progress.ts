/**
 * How far a copy came, kept in the target as committed offsets of a group of its own: the offset is how far the target's partition was
 * filled, its metadata say from where. They go with the topic when it is deleted. A crash before one is written leaves records
 * behind it, which the next run compares with the source (resume.ts).
 */
import type { GroupAdmin } from '../../client/admin/group-admin.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'

/** The group that has no members. */
export const PROGRESS_GROUP = 'tkafka-copy'

const WORDS = /^tkafka-copy 1 (\S+) (\S+) (\d+) (-?\d+) ([01])$/

/** Which topic of which cluster: one that was made anew is another one. */
export interface SourceId {
  readonly clusterId: string
  readonly topicId: string
}

export interface Progress {
  readonly from: SourceId
  /** Everything below is copied. */
  readonly source: number
  /** Where the target ends then. */
  readonly target: number
  /** What the batches are known by (batch-sink.ts). */
  readonly producerId: number
  /** The copy made the topic. */
  readonly made: boolean
}

export async function readProgress(admin: GroupAdmin): Promise<Map<string, Progress>> {
  const found = new Map<string, Progress>()
  for (const [key, { offset }] of await admin.listConsumerGroupOffsets(PROGRESS_GROUP)) {
    const words = WORDS.exec(offset.metadata)
    if (words === null) continue
    const [, clusterId, topicId, source, producerId, made] = words
    found.set(key, {
      from: { clusterId, topicId },
      source: Number(source),
      target: offset.offset,
      producerId: Number(producerId),
      made: made === '1',
    })
  }
  return found
}

export function writeProgress(
  admin: GroupAdmin,
  all: readonly (readonly [TopicPartition, Progress])[],
): Promise<void> {
  return admin.alterConsumerGroupOffsets(
    PROGRESS_GROUP,
    all.map(([{ topic, partition }, { from, source, target, producerId, made }]) => ({
      partition: { topic, partition },
      offset: {
        offset: target,
        leaderEpoch: -1,
        metadata: `tkafka-copy 1 ${from.clusterId} ${from.topicId} ${source} ${producerId} ${made ? 1 : 0}`,
      },
    })),
  )
}

export const isSame = (a: SourceId, b: SourceId): boolean =>
  a.clusterId === b.clusterId && a.topicId === b.topicId
