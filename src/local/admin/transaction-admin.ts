/**
 * Transactions of a data directory for administration: what the coordinator's log (local/transaction/) and the partitions know of
 * them, and ending them.
 *
 * Bytes: a marker is one control batch at a partition's end. Crash: as in local/transaction/end-transaction.ts.
 */
import type {
  AbortTransactionSpec,
  EndedTransaction,
  ProducerState,
  TransactionAdmin,
  TransactionDescription,
  TransactionFilter,
  TransactionListing,
  TransactionState,
} from '../../client/admin/transaction-admin.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import { withLock } from '../../log/partition-lock.ts'
import type { TransactionLogValue } from '../../message/transaction-log-messages.ts'
import { compareText } from '../../names/compare-text.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { Os } from '../../os/os.ts'
import { endTransactionBatch } from '../../record/control-record.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { whyNotEnded } from '../transaction/end-transaction.ts'
import { endDeadTransactions, endTransaction } from '../transaction/recovery.ts'
import { TransactionLog, unknownId } from '../transaction/transaction-log.ts'
import { fenced, isUnfinished, partitionsOf, statusOf } from '../transaction/transaction-state.ts'

/** What the Admin client asks for when it fences. */
const FENCED_TIMEOUT_MS = 30000

export class LocalTransactions implements TransactionAdmin {
  readonly #os: Os
  readonly #directory: LocalDirectory
  readonly #log: TransactionLog

  constructor(os: Os, directory: LocalDirectory) {
    this.#os = os
    this.#directory = directory
    this.#log = new TransactionLog(os, directory)
  }

  async listTransactions({
    longerThanMs = -1,
    idPattern,
    producerIds = [],
  }: TransactionFilter = {}): Promise<TransactionListing[]> {
    const matches = idPattern === undefined || idPattern === '' ? undefined : this.#idPattern(idPattern)
    const now = this.#os.clock.now()
    const all = this.#all().filter(
      ({ transactionalId, startTimeMs, producerId }) =>
        (longerThanMs < 0 || now - (startTimeMs ?? -1) > longerThanMs) &&
        (matches?.test(transactionalId) ?? true) &&
        (producerIds.length === 0 || producerIds.includes(producerId)),
    )
    return all.map(({ transactionalId, coordinator, producerId, state }) => ({
      transactionalId,
      coordinator,
      producerId,
      state,
    }))
  }

  async describeTransactions(ids: readonly string[]): Promise<(TransactionDescription | Error)[]> {
    return Promise.all(ids.map((id) => this.describeTransaction(id).catch((error: Error) => error)))
  }

  async describeProducersOf(partitions: readonly TopicPartition[]): Promise<(ProducerState[] | Error)[]> {
    return Promise.all(partitions.map((one) => this.describeProducers(one).catch((error: Error) => error)))
  }

  #idPattern(pattern: string): RegExp {
    try {
      return new RegExp(`^(?:${pattern})$`)
    } catch {
      throw new KafkaError(
        'INVALID_REGULAR_EXPRESSION',
        `ListTransactions request sent to broker ${this.#directory.image().nodeId} failed with an unexpected exception`,
      )
    }
  }

  #all(): TransactionDescription[] {
    return [...this.#log.all()]
      .map(([id, value]) => this.#describe(id, value))
      .filter(({ state }) => state !== 'Dead')
      .sort((a, b) => compareText(a.transactionalId, b.transactionalId))
  }

  async describeTransaction(transactionalId: string): Promise<TransactionDescription> {
    const value = this.#log.state(transactionalId)
    const description = value && this.#describe(transactionalId, value)
    if (description === undefined || description.state === 'Dead') throw unknownId(transactionalId)
    return description
  }

  async describeProducers({ topic, partition }: TopicPartition): Promise<ProducerState[]> {
    const log = this.#directory.logForReading(topic, partition)
    log.refresh()
    return log.producers
      .map((entry) => ({
        producerId: entry.producerId,
        producerEpoch: entry.epoch,
        coordinatorEpoch: entry.coordinatorEpoch,
        lastSequence: entry.batches.at(-1)?.lastSequence ?? -1,
        lastTimestamp: Number(entry.lastTimestamp),
        ...(typeof entry.lastTimestamp === 'bigint' ? { exactLastTimestamp: entry.lastTimestamp } : {}),
        currentTransactionStartOffset:
          entry.currentTxnFirstOffset < 0 ? undefined : entry.currentTxnFirstOffset,
      }))
      .sort((a, b) => a.producerId - b.producerId)
  }

  async abortTransaction(spec: AbortTransactionSpec): Promise<void> {
    const { topic, partition } = spec.partition
    const log = this.#directory.logForReading(topic, partition)
    log.refresh()
    const isOpen = log.openTransactions.some(([producerId]) => producerId === spec.producerId)
    return this.#directory.session(() => this.#writeMarker(spec, isOpen))
  }

  async forceTerminateTransaction(transactionalId: string): Promise<void> {
    const known = this.#log.state(transactionalId)
    if (known === undefined) throw unknownId(transactionalId)
    // All of it or nothing: a marker in some of its partitions would be half a transaction.
    const why = whyNotEnded(this.#directory, known)
    if (why !== undefined) throw new TerseError(why)
    await this.#directory.session(async () => {
      // Its logs are good for this session alone.
      const log = new TransactionLog(this.#os, this.#directory)
      const coordinator = { os: this.#os, directory: this.#directory, log }
      if ((await endTransaction(coordinator, transactionalId)) !== undefined) return
      await log.withState(transactionalId, (states, value) => {
        if (value === undefined) throw unknownId(transactionalId)
        // Somebody else ended it meanwhile: this very process when it entered, where the owner is dead.
        if (isUnfinished(known) || isUnfinished(value)) return
        // With nothing open: a producer that comes back with the old epoch is refused, as behind a broker's answer.
        log.append(states, transactionalId, fenced(value, FENCED_TIMEOUT_MS, this.#os.clock.now()))
        states.flush()
      })
    })
  }

  async abortDeadTransactions({
    dryRun,
  }: {
    readonly dryRun: boolean
  }): Promise<readonly EndedTransaction[]> {
    const work = (look: boolean) =>
      endDeadTransactions(this.#os, this.#directory, { thorough: true, dryRun: look })
    const found = await work(true)
    if (dryRun || found.length === 0) return found
    // Some are ended by entering already.
    await this.#directory.session(() => work(false))
    return found
  }

  /** Under the partition's lock; checks what a broker checks. */
  async #writeMarker(spec: AbortTransactionSpec, wasOpen: boolean): Promise<void> {
    const { partition, producerId, producerEpoch, coordinatorEpoch } = spec
    const log = await this.#directory.openForWriting(partition.topic, partition.partition)
    await withLock(log, () => {
      log.refresh()
      const known = log.producers.find((entry) => entry.producerId === producerId)
      // Ended when this process entered.
      if (wasOpen && known !== undefined && known.currentTxnFirstOffset < 0) return
      if (known !== undefined && known.epoch > producerEpoch) {
        throw new KafkaError(
          'INVALID_PRODUCER_EPOCH',
          `WriteTxnMarkers request with ${specText(spec)} failed due an invalid producer epoch`,
        )
      }
      if (known !== undefined && known.coordinatorEpoch > coordinatorEpoch) {
        throw new KafkaError(
          'TRANSACTION_COORDINATOR_FENCED',
          `WriteTxnMarkers request with ${specText(spec)} failed since the provided coordinator epoch ${coordinatorEpoch} has been fenced by the active coordinator`,
        )
      }
      const marker = { type: 'ABORT', coordinatorEpoch } as const
      const batch = endTransactionBatch(marker, this.#os.clock.now(), producerId, producerEpoch)
      log.append(batch, 0, batch.length)
      log.flush()
    })
  }

  #describe(transactionalId: string, value: TransactionLogValue): TransactionDescription {
    return {
      transactionalId,
      coordinator: this.#directory.image().nodeId,
      producerId: value.producerId,
      producerEpoch: value.producerEpoch,
      state: statusOf(value) satisfies TransactionState,
      timeoutMs: value.transactionTimeoutMs,
      startTimeMs: value.transactionStartTimestampMs < 0 ? undefined : value.transactionStartTimestampMs,
      partitions: partitionsOf(value),
    }
  }
}

/** As the genuine client writes a request of this kind. */
function specText({ partition, producerId, producerEpoch, coordinatorEpoch }: AbortTransactionSpec): string {
  return `AbortTransactionSpec(topicPartition=${partition.topic}-${partition.partition}, producerId=${producerId}, producerEpoch=${producerEpoch}, coordinatorEpoch=${coordinatorEpoch})`
}
