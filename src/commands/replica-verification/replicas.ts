/** Replicas of partitions read side by side: where they agree the position moves on, where they differ it is told. */
import type { Admin } from '../../client/admin/admin.ts'
import type { ReplicaBatch, ReplicaRead } from '../../client/admin/replica-admin.ts'
import type { TopicDescription } from '../../client/admin/topic-admin.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'

interface Verified extends TopicPartition {
  readonly replicas: readonly number[]
  offset: number
  highWatermark: number
}

/** How far the partition that is farthest behind is behind. */
export interface MaxLag extends TopicPartition {
  readonly lag: number
  readonly offset: number
}

export class ReplicaVerifier {
  readonly #admin: Admin
  readonly #options: { readonly partitionMaxBytes: number; readonly maxWaitMs: number }
  readonly #partitions: Verified[]

  constructor(
    admin: Admin,
    topics: readonly TopicDescription[],
    starts: ReadonlyMap<string, number>,
    options: { readonly partitionMaxBytes: number; readonly maxWaitMs: number },
  ) {
    this.#admin = admin
    this.#options = options
    this.#partitions = topics.flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partition, replicas }) => {
        const offset = starts.get(topicPartitionKey(topic, partition)) ?? 0
        return { topic, partition, replicas, offset, highWatermark: offset }
      }),
    )
  }

  get count(): number {
    return this.#partitions.length
  }

  /** Reads every replica once from where its partition is. Lines for what does not agree; then a partition stays where it is. */
  async round(): Promise<string[]> {
    const brokers = [...new Set(this.#partitions.flatMap(({ replicas }) => replicas))]
    const reads = new Map<string, ReplicaRead>()
    await Promise.all(
      brokers.map(async (broker) => {
        const positions = this.#partitions
          .filter(({ replicas }) => replicas.includes(broker))
          .map(({ topic, partition, offset }) => ({ topic, partition, offset }))
        for (const read of await this.#admin.readReplicas(broker, positions, this.#options))
          reads.set(`${broker} ${topicPartitionKey(read.topic, read.partition)}`, read)
      }),
    )
    return this.#partitions.flatMap((one) => verify(one, reads))
  }

  maxLag(): MaxLag | undefined {
    let most: MaxLag | undefined
    for (const { topic, partition, offset, highWatermark } of this.#partitions) {
      const lag = Math.max(0, highWatermark - offset)
      if (most === undefined || lag > most.lag) most = { topic, partition, offset, lag }
    }
    return most
  }
}

/** Batch by batch, as far as all replicas have them and no farther than each knows them to be committed. */
function verify(one: Verified, reads: ReadonlyMap<string, ReplicaRead>): string[] {
  const key = topicPartitionKey(one.topic, one.partition)
  const all = one.replicas.map((id) => ({ id, read: reads.get(`${id} ${key}`) }))
  for (const { read } of all) one.highWatermark = Math.max(one.highWatermark, read?.highWatermark ?? 0)
  const failed = all.find(({ read }) => read === undefined || read.error !== undefined)
  if (failed !== undefined)
    return [`partition ${key}: replica ${failed.id}: ${failed.read?.error?.message ?? 'did not answer'}`]
  const [first, ...others] = all.map(({ id, read }) => ({ id, batches: committed(read) }))
  for (const [i, batch] of first.batches.entries()) {
    for (const other of others) {
      const same = other.batches[i]
      if (same === undefined) return []
      if (same.lastOffset !== batch.lastOffset) {
        return [
          `partition ${key}: replica ${first.id}'s offset ${batch.lastOffset} doesn't match replica ${other.id}'s offset ${same.lastOffset}`,
        ]
      }
      if (same.checksum !== batch.checksum) {
        return [
          `partition ${key} has unmatched checksum at offset ${batch.lastOffset}; replica ${first.id}'s checksum ${batch.checksum}; replica ${other.id}'s checksum ${same.checksum}`,
        ]
      }
    }
    one.offset = batch.lastOffset + 1
  }
  return []
}

function committed(read: ReplicaRead | undefined): readonly ReplicaBatch[] {
  return read === undefined ? [] : read.batches.filter(({ lastOffset }) => lastOffset < read.highWatermark)
}
