/**
 * `__transaction_state`: what the coordinator knows of each transactional id, the newest record of an id being its state.
 *
 * Bytes: one batch a state, without a producer id; key int16 0 and the id, value of version 1 (0 below transaction.version 1); in
 * the partition that the id's Java hash chooses.
 * Invariant: a state is read and the next one appended under one hold of the partition's lock, so no two processes move an id on
 * from the same state. Looking one up reads from the log's end backwards: what a million transactions left before it is not read.
 * Crash: a state is in the log whole or not at all; which ones must be on the disk before what, end-transaction.ts says.
 */
import { KafkaError } from '../../errors.ts'
import { javaStringHash } from '../../java/java-hash.ts'
import { withLock } from '../../log/partition-lock.ts'
import { storedBatches } from '../../log/stored-batches.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import {
  decodeTransactionLogKey,
  decodeTransactionLogValue,
  encodeTransactionLogKey,
  encodeTransactionLogValue,
  type TransactionLogValue,
} from '../../message/transaction-log-messages.ts'
import { TRANSACTION_TOPIC } from '../../names/topic-names.ts'
import type { Os } from '../../os/os.ts'
import { RecordBatchBuilder } from '../../record/record-batch-builder.ts'
import { RecentLogs } from './recent-logs.ts'
import type { TransactionDirectory } from './transaction-directory.ts'

/** So many records at the log's end are looked through first, then ten times as many. */
const FIRST_LOOK = 500

/** What was read of one id: its state as of an offset of its partition's log, which another topic of that name has another of. */
interface KnownState {
  readonly log: UnifiedLog
  readonly nextOffset: number
  readonly value: TransactionLogValue | undefined
}

export class TransactionLog {
  readonly #os: Os
  readonly #directory: TransactionDirectory
  readonly #known = new Map<string, KnownState>()
  /** Of data partitions, too, for whoever ends a transaction. */
  readonly logs: RecentLogs

  constructor(os: Os, directory: TransactionDirectory) {
    this.#os = os
    this.#directory = directory
    this.logs = new RecentLogs(os, directory)
  }

  /** 0: there is no such topic yet. */
  get partitionCount(): number {
    return this.#directory.exists()
      ? (this.#directory.image().topic(TRANSACTION_TOPIC)?.partitions.length ?? 0)
      : 0
  }

  partitionOf(transactionalId: string): number {
    const hash = javaStringHash(transactionalId)
    return (hash === -2147483648 ? 0 : Math.abs(hash)) % this.partitionCount
  }

  /** A broker counts how often it took the partition over: its leader epoch in the metadata. */
  coordinatorEpoch(transactionalId: string): number {
    const { partitions } = this.#directory.image().topic(TRANSACTION_TOPIC) ?? { partitions: [] }
    return partitions[this.partitionOf(transactionalId)]?.leaderEpoch ?? 0
  }

  /** transaction.version: 2 from Kafka 4.0 on. */
  get version(): number {
    return this.#directory.image().features.get('transaction.version') ?? 0
  }

  /** Every id's newest state, of the partitions that are in this directory; those that are not are told once. */
  all(): Map<string, TransactionLogValue> {
    const states = new Map<string, TransactionLogValue>()
    for (let partition = 0; partition < this.partitionCount; partition++) {
      const elsewhere = this.#directory.elsewhere(TRANSACTION_TOPIC, partition)
      if (elsewhere === undefined) {
        const log = this.#directory.logForReading(TRANSACTION_TOPIC, partition)
        log.refresh()
        visitStates(log, log.logStartOffset, (id, value) => {
          if (value === undefined) states.delete(id)
          else states.set(id, value)
        })
      } else {
        this.#directory.warn(
          `${this.#directory.path}: partition ${partition} of ${TRANSACTION_TOPIC} is not in this directory, ${elsewhere} keeps it: there may be more transactions`,
        )
      }
    }
    return states
  }

  /** undefined: nobody knows the id. */
  state(transactionalId: string): TransactionLogValue | undefined {
    if (this.partitionCount === 0) return undefined
    const partition = this.partitionOf(transactionalId)
    return this.#newest(transactionalId, this.#directory.logForReading(TRANSACTION_TOPIC, partition))
  }

  /** Does `work` under the lock of the id's partition, with its state. Needs a session. */
  async withState<T>(
    transactionalId: string,
    work: (log: UnifiedLog, value: TransactionLogValue | undefined) => T | Promise<T>,
  ): Promise<T> {
    const log = await this.logs.open(TRANSACTION_TOPIC, this.partitionOf(transactionalId))
    return withLock(log, () => work(log, this.#newest(transactionalId, log)))
  }

  /** The same without waiting, of what is done at once. undefined: somebody else holds the lock. @throws LockBusyError */
  tryWithState<T>(
    transactionalId: string,
    work: (log: UnifiedLog, value: TransactionLogValue | undefined) => T,
  ): T | undefined {
    const log = this.logs.forWriting(TRANSACTION_TOPIC, this.partitionOf(transactionalId))
    if (!log.tryLock()) return undefined
    try {
      return work(log, this.#newest(transactionalId, log))
    } finally {
      log.unlock()
    }
  }

  /** Needs the lock; undefined forgets the id. What it returns is on the disk only after `log.flush()`. */
  append(log: UnifiedLog, transactionalId: string, value: TransactionLogValue | undefined): void {
    const builder = new RecordBatchBuilder()
    const { version = 1, ...fields } = value ?? {}
    const bytes =
      value === undefined
        ? null
        : encodeTransactionLogValue(fields as Omit<TransactionLogValue, 'version'>, version)
    builder.append(this.#os.clock.now(), encodeTransactionLogKey(transactionalId), bytes, [])
    const batch = builder.build()
    const { lastOffset } = log.append(batch, 0, batch.length)
    this.#known.set(transactionalId, { log, nextOffset: lastOffset + 1, value })
  }

  #newest(transactionalId: string, log: UnifiedLog): TransactionLogValue | undefined {
    log.refresh()
    const { logStartOffset, logEndOffset } = log
    const known = this.#known.get(transactionalId)
    const isKnown =
      known !== undefined &&
      known.log === log &&
      known.nextOffset >= logStartOffset &&
      known.nextOffset <= logEndOffset
    if (isKnown && known.nextOffset === logEndOffset) return known.value
    let value: TransactionLogValue | undefined
    if (isKnown) {
      // What was read before counts, where nothing newer stands behind it.
      const found = newestIn(log, transactionalId, known.nextOffset, logEndOffset)
      value = found === undefined ? known.value : found.value
    } else value = newestBackwards(log, transactionalId)
    this.#known.set(transactionalId, { log, nextOffset: logEndOffset, value })
    return value
  }
}

function newestBackwards(log: UnifiedLog, id: string): TransactionLogValue | undefined {
  const { logStartOffset } = log
  let end = log.logEndOffset
  for (let span = FIRST_LOOK; end > logStartOffset; span *= 10) {
    const from = Math.max(logStartOffset, log.logEndOffset - span)
    const found = newestIn(log, id, from, end)
    if (found !== undefined) return found.value
    end = from
  }
  return undefined
}

/** undefined: no record of the id is there. */
function newestIn(
  log: UnifiedLog,
  id: string,
  from: number,
  end: number,
): { readonly value: TransactionLogValue | undefined } | undefined {
  const key = encodeTransactionLogKey(id)
  let found: { readonly value: Buffer | undefined } | undefined
  for (const batch of storedBatches(log, from)) {
    if (batch.baseOffset >= end) break
    batch.walk(({ buffer, keyStart, keyEnd, valueStart, valueEnd }) => {
      if (keyEnd - keyStart !== key.length || key.compare(buffer, keyStart, keyEnd) !== 0) return
      found = { value: valueEnd < 0 ? undefined : Buffer.from(buffer.subarray(valueStart, valueEnd)) }
    })
  }
  if (found === undefined) return undefined
  return { value: found.value === undefined ? undefined : decodeTransactionLogValue(found.value) }
}

/** Every record in turn: an id and its state, undefined where it was forgotten. */
export function visitStates(
  log: UnifiedLog,
  from: number,
  visit: (id: string, value: TransactionLogValue | undefined) => void,
): void {
  for (const batch of storedBatches(log, from)) {
    for (const { key, value } of batch.records()) {
      const id = key === null ? undefined : decodeTransactionLogKey(key)
      if (id !== undefined) visit(id, value === null ? undefined : decodeTransactionLogValue(value))
    }
  }
}

export function unknownId(transactionalId: string): KafkaError {
  return new KafkaError(
    'TRANSACTIONAL_ID_NOT_FOUND',
    `DescribeTransactions request for transactionalId \`${transactionalId}\` failed because the ID could not be found`,
  )
}
