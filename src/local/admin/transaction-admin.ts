/**
 * Transactions of a data directory: the coordinator's log (`__transaction_state`), what partitions know of their
 * producers, and the markers that end a transaction.
 *
 * Bytes: a marker is one control batch at a partition's end; a state is one record in the partition of
 * `__transaction_state` that the id's Java hash chooses.
 * Invariant: the end of a transaction is written down before its first marker and called complete behind the last
 * one, so whoever finds it in between (a broker, or the next run) knows what is left to do.
 * Crash: at any point as with a broker. A marker that is written twice changes nothing.
 */
import type {
  AbortTransactionSpec,
  ProducerState,
  TransactionAdmin,
  TransactionDescription,
  TransactionFilter,
  TransactionListing,
  TransactionState,
} from '../../client/admin/transaction-admin.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import { javaStringHash } from '../../java/java-hash.ts'
import { withLock } from '../../log/partition-lock.ts'
import { storedBatches } from '../../log/stored-batches.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import {
  decodeTransactionLogKey,
  decodeTransactionLogValue,
  encodeTransactionLogKey,
  encodeTransactionLogValue,
  TRANSACTION_STATUS,
  type TransactionLogValue,
} from '../../message/transaction-log-messages.ts'
import { TRANSACTION_TOPIC } from '../../names/topic-names.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { Os } from '../../os/os.ts'
import { endTransactionBatch } from '../../record/control-record.ts'
import type { RecordBatch } from '../../record/record-batch.ts'
import { RecordBatchBuilder } from '../../record/record-batch-builder.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

const MAX_EPOCH = 32767
/** What the Admin client asks for when it fences. */
const FENCED_TIMEOUT_MS = 30000

export class LocalTransactions implements TransactionAdmin {
  readonly #os: Os
  readonly #directory: LocalDirectory

  constructor(os: Os, directory: LocalDirectory) {
    this.#os = os
    this.#directory = directory
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
    const found: TransactionDescription[] = []
    for (let partition = 0; partition < this.#partitionCount(); partition++) {
      const elsewhere = this.#directory.elsewhere(TRANSACTION_TOPIC, partition)
      if (elsewhere !== undefined) {
        this.#directory.warn(
          `${this.#directory.path}: partition ${partition} of ${TRANSACTION_TOPIC} is not in this directory, ${elsewhere} keeps it: there may be more transactions`,
        )
        continue
      }
      for (const [id, value] of this.#states(this.#directory.logForReading(TRANSACTION_TOPIC, partition))) {
        const description = this.#describe(id, value)
        if (description.state !== 'Dead') found.push(description)
      }
    }
    return found.sort((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1))
  }

  async describeTransaction(transactionalId: string): Promise<TransactionDescription> {
    const description = this.#describe(transactionalId, this.#state(transactionalId))
    if (description.state === 'Dead') throw notFound(transactionalId)
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

  abortTransaction(spec: AbortTransactionSpec): Promise<void> {
    return this.#directory.session(() => this.#writeMarker(spec, 'ABORT'))
  }

  async forceTerminateTransaction(transactionalId: string): Promise<void> {
    // All of it or nothing: a marker in some of its partitions would be half a transaction.
    for (const { topic, partition } of partitionsOf(this.#state(transactionalId))) {
      const why = this.#directory.whyNotWritable(topic, partition)
      if (why !== undefined) throw new TerseError(why)
    }
    await this.#directory.session(async () => {
      // Decided: from here on a broker that boots would do the rest.
      const value = await this.#change(transactionalId, (now) =>
        decided(transactionalId, now, this.#os.clock.now()),
      )
      const status = TRANSACTION_STATUS[value.transactionStatus]
      if (status !== 'PrepareAbort' && status !== 'PrepareCommit') {
        await this.#change(transactionalId, (now) => fenced(transactionalId, now, this.#os.clock.now()))
        return
      }
      const { producerId, producerEpoch } = value
      for (const partition of partitionsOf(value)) {
        if (this.#directory.image().topic(partition.topic)?.partitions[partition.partition] === undefined)
          continue
        const spec = {
          partition,
          producerId,
          producerEpoch,
          coordinatorEpoch: this.#coordinatorEpoch(transactionalId),
        }
        await this.#writeMarker(spec, status === 'PrepareAbort' ? 'ABORT' : 'COMMIT')
      }
      await this.#change(transactionalId, (now) =>
        now.producerId === producerId &&
        now.producerEpoch === producerEpoch &&
        now.transactionStatus === value.transactionStatus
          ? {
              ...now,
              transactionStatus: TRANSACTION_STATUS.indexOf(
                status === 'PrepareAbort' ? 'CompleteAbort' : 'CompleteCommit',
              ),
              transactionPartitions: [],
              transactionLastUpdateTimestampMs: this.#os.clock.now(),
            }
          : now,
      )
    })
  }

  /** Under the partition's lock; checks what a broker checks. */
  async #writeMarker(spec: AbortTransactionSpec, type: 'ABORT' | 'COMMIT'): Promise<void> {
    const { partition, producerId, producerEpoch, coordinatorEpoch } = spec
    const log = await this.#directory.openForWriting(partition.topic, partition.partition)
    await withLock(log, () => {
      log.refresh()
      const known = log.producers.find((entry) => entry.producerId === producerId)
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
      const batch = endTransactionBatch(
        { type, coordinatorEpoch },
        this.#os.clock.now(),
        producerId,
        producerEpoch,
      )
      log.append(batch, 0, batch.length)
      log.flush()
    })
  }

  /** Appends what `next` makes of the id's state, under the lock; the same object means that there is nothing to do. */
  async #change(
    transactionalId: string,
    next: (now: TransactionLogValue) => TransactionLogValue,
  ): Promise<TransactionLogValue> {
    const log = await this.#directory.openForWriting(TRANSACTION_TOPIC, this.#partitionOf(transactionalId))
    return withLock(log, () => {
      const now = this.#states(log).get(transactionalId)
      if (now === undefined) throw notFound(transactionalId)
      const value = next(now)
      if (value === now) return now
      const builder = new RecordBatchBuilder()
      const { version, ...fields } = value
      builder.append(
        this.#os.clock.now(),
        encodeTransactionLogKey(transactionalId),
        encodeTransactionLogValue(fields, version),
        [],
      )
      const batch = builder.build()
      log.append(batch, 0, batch.length)
      log.flush()
      return value
    })
  }

  #partitionCount(): number {
    return this.#directory.image().topic(TRANSACTION_TOPIC)?.partitions.length ?? 0
  }

  #partitionOf(transactionalId: string): number {
    const hash = javaStringHash(transactionalId)
    return (hash === -2147483648 ? 0 : Math.abs(hash)) % this.#partitionCount()
  }

  /** A broker counts how often it took the partition over: its leader epoch in the metadata. */
  #coordinatorEpoch(transactionalId: string): number {
    const { partitions } = this.#directory.image().topic(TRANSACTION_TOPIC) ?? { partitions: [] }
    return partitions[this.#partitionOf(transactionalId)]?.leaderEpoch ?? 0
  }

  #state(transactionalId: string): TransactionLogValue {
    const value =
      this.#partitionCount() === 0
        ? undefined
        : this.#states(
            this.#directory.logForReading(TRANSACTION_TOPIC, this.#partitionOf(transactionalId)),
          ).get(transactionalId)
    if (value === undefined) throw notFound(transactionalId)
    return value
  }

  /** The newest state of each id in one partition of the coordinator's log. */
  #states(log: UnifiedLog): Map<string, TransactionLogValue> {
    const states = new Map<string, TransactionLogValue>()
    log.refresh()
    for (const batch of storedBatches(log)) replay(batch, states)
    return states
  }

  #describe(transactionalId: string, value: TransactionLogValue): TransactionDescription {
    return {
      transactionalId,
      coordinator: this.#directory.image().nodeId,
      producerId: value.producerId,
      producerEpoch: value.producerEpoch,
      state: (TRANSACTION_STATUS[value.transactionStatus] ?? 'Dead') satisfies TransactionState,
      timeoutMs: value.transactionTimeoutMs,
      startTimeMs: value.transactionStartTimestampMs < 0 ? undefined : value.transactionStartTimestampMs,
      partitions: partitionsOf(value),
    }
  }
}

function replay(batch: RecordBatch, states: Map<string, TransactionLogValue>): void {
  for (const { key, value } of batch.records()) {
    const id = key === null ? undefined : decodeTransactionLogKey(key)
    if (id === undefined) continue
    if (value === null) states.delete(id)
    else states.set(id, decodeTransactionLogValue(value))
  }
}

function partitionsOf(value: TransactionLogValue): TopicPartition[] {
  return (value.transactionPartitions ?? []).flatMap(({ topic, partitionIds }) =>
    partitionIds.map((partition) => ({ topic, partition })),
  )
}

/** An ongoing transaction is to be aborted, and its producer fenced by a new epoch. */
function decided(id: string, value: TransactionLogValue, now: number): TransactionLogValue {
  if (TRANSACTION_STATUS[value.transactionStatus] !== 'Ongoing') return value
  return {
    ...value,
    producerEpoch: nextEpoch(id, value),
    transactionStatus: TRANSACTION_STATUS.indexOf('PrepareAbort'),
    transactionLastUpdateTimestampMs: now,
  }
}

/** With nothing open: a producer that comes back with the old epoch is refused, as behind a broker's answer. */
function fenced(id: string, value: TransactionLogValue, now: number): TransactionLogValue {
  return {
    ...value,
    producerEpoch: nextEpoch(id, value),
    transactionTimeoutMs: FENCED_TIMEOUT_MS,
    transactionStatus: TRANSACTION_STATUS.indexOf('Empty'),
    transactionPartitions: null,
    transactionLastUpdateTimestampMs: now,
    transactionStartTimestampMs: -1,
  }
}

function nextEpoch(id: string, { producerEpoch }: TransactionLogValue): number {
  if (producerEpoch < MAX_EPOCH - 1) return producerEpoch + 1
  throw new TerseError(
    `the producer of ${id} has used up its epochs; only a broker can give it a new producer id`,
  )
}

function notFound(transactionalId: string): KafkaError {
  return new KafkaError(
    'TRANSACTIONAL_ID_NOT_FOUND',
    `DescribeTransactions request for transactionalId \`${transactionalId}\` failed because the ID could not be found`,
  )
}

/** As the genuine client writes a request of this kind. */
function specText({ partition, producerId, producerEpoch, coordinatorEpoch }: AbortTransactionSpec): string {
  return `AbortTransactionSpec(topicPartition=${partition.topic}-${partition.partition}, producerId=${producerId}, producerEpoch=${producerEpoch}, coordinatorEpoch=${coordinatorEpoch})`
}
