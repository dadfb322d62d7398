/**
 * Taking a transactional id: an earlier owner is fenced, what it left open is ended, and the new one is known to live.
 *
 * Bytes: a state Empty with the next epoch in `__transaction_state`; the owner's file; a line in the list of unfinished ids.
 * Invariant, in this order: the owner's file is there and locked before the state is written; the id is listed before its first
 * transaction can be open. Crash: between any two of them nothing is open yet.
 */
import { KafkaError, TerseError } from '../../errors.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import type { TransactionLogValue } from '../../message/transaction-log-messages.ts'
import { TRANSACTION_TOPIC } from '../../names/topic-names.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import type { ProducerIdentity } from '../producer/topic-producer-options.ts'
import { BrokerConfigLayers } from '../settings/broker-config-layers.ts'
import { brokerEpochOf, endTransaction } from './recovery.ts'
import type { TransactionLog } from './transaction-log.ts'
import { ownerState, TransactionOwner } from './transaction-owner.ts'
import { hasUsedUpEpochs, initialized, isUnfinished } from './transaction-state.ts'
import { changeUnfinished } from './unfinished-list.ts'

interface Parts {
  readonly os: Os
  readonly directory: LocalDirectory
  readonly log: TransactionLog
}

export class TransactionalIdClaim {
  readonly #parts: Parts
  readonly #id: string
  readonly #timeoutMs: number
  #owner: TransactionOwner | undefined

  constructor(parts: Parts, transactionalId: string, timeoutMs: number) {
    this.#parts = parts
    this.#id = transactionalId
    this.#timeoutMs = timeoutMs
  }

  /** Needs a session. */
  async take(): Promise<ProducerIdentity> {
    const { directory, log } = this.#parts
    this.#refuseTimeout()
    await this.#ensureTopic()
    let state: TransactionLogValue | undefined
    while (state === undefined) {
      await endTransaction(this.#parts, this.#id)
      const seen = log.state(this.#id)
      const isNew = seen === undefined || hasUsedUpEpochs(seen)
      const freshProducerId = isNew ? await directory.nextProducerId() : -1
      state = await log.withState(this.#id, (states, value) => {
        if (value !== undefined && isUnfinished(value)) return undefined
        if ((value === undefined || hasUsedUpEpochs(value)) && !isNew) return undefined
        return this.#write(states, value, freshProducerId)
      })
    }
    await this.#list((ids) => (ids?.includes(this.#id) ? ids : ids && [...ids, this.#id]))
    return { producerId: state.producerId, producerEpoch: state.producerEpoch }
  }

  /** With nothing open nobody else needs to look for it; what `isOwn` says of an unfinished state stays for others to end. */
  async giveUp(isOwn: (value: TransactionLogValue) => boolean): Promise<void> {
    const owner = this.#owner
    if (owner === undefined) return
    this.#owner = undefined
    const { os, directory, log } = this.#parts
    const isOpen = await log.withState(this.#id, (_, value) => {
      const open = value !== undefined && isUnfinished(value) && isOwn(value)
      if (open) owner.abandon()
      else owner.release()
      return open
    })
    if (isOpen) return
    const lives = () => ownerState(os, directory.path, this.#id, brokerEpochOf(directory)) === 'living'
    await this.#list((ids) => ids?.filter((id) => id !== this.#id || lives()))
  }

  #write(
    states: UnifiedLog,
    before: TransactionLogValue | undefined,
    freshProducerId: number,
  ): TransactionLogValue {
    const { os, directory, log } = this.#parts
    const previous = this.#owner
    const brokerEpoch = brokerEpochOf(directory)
    const owner = { transactionalId: this.#id, pid: process.pid, brokerEpoch }
    this.#owner = TransactionOwner.take(os, directory.path, owner)
    previous?.abandon()
    const value = initialized(before, {
      freshProducerId,
      timeoutMs: this.#timeoutMs,
      now: os.clock.now(),
      transactionVersion: log.version,
    })
    log.append(states, this.#id, value)
    // Or a power cut could take it and keep the state behind it: a hole, which is damage.
    states.flush()
    return value
  }

  #list(change: Parameters<typeof changeUnfinished>[3]): Promise<void> {
    const { os, directory } = this.#parts
    return changeUnfinished(os, directory.path, brokerEpochOf(directory), change)
  }

  #refuseTimeout(): void {
    const { directory } = this.#parts
    const layers = new BrokerConfigLayers(directory.image(), directory.serverProperties())
    const most = Number(layers.value('transaction.max.timeout.ms') ?? 900000)
    if (this.#timeoutMs > most || this.#timeoutMs <= 0) throw new KafkaError('INVALID_TRANSACTION_TIMEOUT')
  }

  /** There is none in a directory that never had a transaction. */
  async #ensureTopic(): Promise<void> {
    const { os, directory, log } = this.#parts
    if (log.partitionCount === 0) {
      const { ensureTopic } = await import('../admin/ensure-topic.ts')
      await ensureTopic(os, directory, TRANSACTION_TOPIC, true)
      // There was none, so nothing is open.
      await this.#list((ids) => ids ?? [])
    }
    const why = directory.whyNotWritable(TRANSACTION_TOPIC, log.partitionOf(this.#id))
    if (why !== undefined) throw new TerseError(why)
  }
}
