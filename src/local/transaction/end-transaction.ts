/**
 * Ending a transaction: the decision, its markers, and that they are all there.
 *
 * Bytes: a state Prepare*, one control batch at the end of each partition of the transaction, a state Complete*.
 * Invariant, each `sync` being on the disk before what stands behind it is written:
 *   1. Ongoing, sync; data and offsets, sync (transactional-producer.ts)
 *   2. Prepare*, sync: the commit point
 *   3. markers, sync
 *   4. Complete*, sync
 * 2 to 4 are one hold of the lock of the id's partition of `__transaction_state`. So no marker comes from a process that decided
 * long ago: with the epoch of a marker the next transaction's records are written, and such a marker would end it, too.
 * Crash: before 2 nothing was decided, and whoever finds it aborts; behind it whoever finds it writes all markers (one that is there
 * twice changes nothing) and Complete*. A Complete* that is lost is repeated in the same way.
 */
import { KafkaError } from '../../errors.ts'
import { withLock } from '../../log/partition-lock.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import type { TransactionLogValue } from '../../message/transaction-log-messages.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { Os } from '../../os/os.ts'
import { endTransactionBatch } from '../../record/control-record.ts'
import type { RecentLogs } from './recent-logs.ts'
import type { TransactionDirectory } from './transaction-directory.ts'
import type { TransactionLog } from './transaction-log.ts'
import { completed, endOf, partitionsOf } from './transaction-state.ts'

/** What ending a transaction works on. */
export interface Coordinator {
  readonly os: Os
  readonly directory: TransactionDirectory
  readonly log: TransactionLog
}

/** The logs of its partitions, opened before any lock is held; a topic that is gone has none, and needs no marker. */
export async function openPartitions(
  known: RecentLogs,
  partitions: readonly TopicPartition[],
): Promise<UnifiedLog[]> {
  const logs: UnifiedLog[] = []
  for (const { topic, partition } of partitions) {
    await unlessDeleted(async () => {
      logs.push(await known.open(topic, partition))
    })
  }
  return logs
}

/**
 * Needs the lock of the id's partition, whose log `states` is: puts the decision on the disk, and then does it.
 * @param prepared the state Prepare*; one that stands in the log already is written again, since whoever wrote it may have died
 * before it synced
 */
export async function finish(
  { os, log }: Pick<Coordinator, 'os' | 'log'>,
  transactionalId: string,
  prepared: TransactionLogValue,
  states: UnifiedLog,
  logs: readonly UnifiedLog[],
): Promise<TransactionLogValue> {
  log.append(states, transactionalId, prepared)
  states.flush()
  const type = endOf(prepared) ?? 'ABORT'
  const coordinatorEpoch = log.coordinatorEpoch(transactionalId)
  const { producerId, producerEpoch } = prepared
  const now = os.clock.now()
  for (const partition of logs) {
    await unlessDeleted(() =>
      withLock(partition, () => {
        const batch = endTransactionBatch({ type, coordinatorEpoch }, now, producerId, producerEpoch)
        partition.append(batch, 0, batch.length)
      }),
    )
  }
  await syncAll(logs)
  const value = completed(prepared, os.clock.now())
  log.append(states, transactionalId, value)
  // Or a power cut could take it and keep the next state, whoever's: a hole, which is damage.
  states.flush()
  return value
}

/** One sync is quickest right here; many go side by side. */
export async function syncAll(logs: readonly UnifiedLog[]): Promise<void> {
  if (logs.length <= 2) for (const log of logs) log.flush()
  else {
    await Promise.all(
      logs.map(async (log) => {
        // A sync that is under way may have begun before the last write.
        await log.flushInBackground()
        await log.flushInBackground()
      }),
    )
  }
}

/** A topic that is deleted in the middle of its transaction needs no marker. */
async function unlessDeleted(act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof KafkaError) || error.code !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
  }
}

/** Every partition of it can be written to here; half a transaction would be worse than an open one. */
export function whyNotEnded(directory: TransactionDirectory, value: TransactionLogValue): string | undefined {
  for (const { topic, partition } of partitionsOf(value)) {
    const why = directory.whyNotWritable(topic, partition)
    if (why !== undefined) return why
  }
  return undefined
}
