/**
 * Offsets of groups that are committed with a transaction: they count once its COMMIT marker is there.
 *
 * Bytes: genuine OffsetCommit records in one transactional batch of the producer, in the group's partition of `__consumer_offsets`; with
 * sequences of their own.
 * Invariant: the partition is in the Ongoing state before. Crash: as with records.
 */
import type { ConsumerGroupMetadata } from '../../client/producer.ts'
import type { OffsetCommit } from '../../client/types.ts'
import { KafkaError } from '../../errors.ts'
import { commitRecords } from '../../group/offsets/offset-store.ts'
import { ensureOffsetsTopic, offsetsPartitionFor } from '../../group/offsets/offsets-topic.ts'
import { withLock } from '../../log/partition-lock.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import { OFFSETS_TOPIC } from '../../names/topic-names.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { Os } from '../../os/os.ts'
import { RecordBatchBuilder } from '../../record/record-batch-builder.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import type { ProducerIdentity } from '../producer/topic-producer-options.ts'

export class TransactionalOffsets {
  readonly #os: Os
  readonly #directory: LocalDirectory
  /** By partition of `__consumer_offsets`. */
  readonly #written = new Map<number, UnifiedLog>()
  readonly #sequences = new Map<number, number>()
  #identity: ProducerIdentity | undefined

  constructor(os: Os, directory: LocalDirectory) {
    this.#os = os
    this.#directory = directory
  }

  /** A transaction has ended. */
  begin(): void {
    this.#written.clear()
  }

  /** Written to in this transaction. */
  logs(): UnifiedLog[] {
    return [...this.#written.values()]
  }

  async partitionFor(groupId: string): Promise<TopicPartition> {
    if (groupId === '') throw new KafkaError('INVALID_GROUP_ID')
    await ensureOffsetsTopic(this.#os, this.#directory)
    const count = this.#directory.image().topic(OFFSETS_TOPIC)?.partitions.length ?? 1
    return { topic: OFFSETS_TOPIC, partition: offsetsPartitionFor(groupId, count) }
  }

  async append(
    identity: ProducerIdentity,
    group: ConsumerGroupMetadata,
    { topic, partition }: TopicPartition,
    offsets: readonly OffsetCommit[],
  ): Promise<void> {
    if (
      identity.producerId !== this.#identity?.producerId ||
      identity.producerEpoch !== this.#identity.producerEpoch
    )
      this.#sequences.clear()
    this.#identity = identity
    const log = await this.#directory.openForWriting(topic, partition)
    const now = this.#os.clock.now()
    await withLock(log, () => {
      const baseSequence = this.#sequences.get(partition) ?? 0
      const builder = new RecordBatchBuilder({ ...identity, baseSequence, transactional: true })
      const records = commitRecords(this.#directory.image(), group.groupId, offsets, now)
      for (const [key, value] of records) builder.append(now, key, value, [])
      const batch = builder.build()
      this.#written.set(partition, log)
      log.append(batch, 0, batch.length)
      this.#sequences.set(partition, baseSequence + records.length)
    })
  }
}
