/**
 * Lines in transactions: all of them in one, or so many, or so long, in each. What fails (a line, the source, the disk, a signal)
 * aborts the one that is open.
 */
import { randomBytes } from 'node:crypto'
import type { Producer, TopicProducer } from '../../client/producer.ts'
import { count } from '../../count.ts'
import { TerseError, UsageError } from '../../errors.ts'
import { systemClock } from '../../os/clock.ts'
import type { Context } from './flags.ts'

/** Kafka's most (transaction.max.timeout.ms): nobody says how long a pipe lasts. */
const DEFAULT_TIMEOUT_MS = '900000'

interface Limits {
  /** After so many lines the next transaction begins. */
  readonly records: number | undefined
  readonly durationMs: number | undefined
}

/** What a stored text of Kafka's can hold (int16). */
const LONGEST_ID = 32767

export class LineTransactions {
  readonly #producer: Producer
  readonly #limits: Limits
  #isOpen = false
  #beganAt = 0
  /** Lines of the transaction that is open, and of those before it. */
  #lines = 0
  #committed = 0
  #anyCommitted = false

  constructor(producer: Producer, limits: Limits) {
    this.#producer = producer
    this.#limits = limits
  }

  /** Each line is counted, so none may be taken over unseen. */
  get counts(): boolean {
    return this.#limits.records !== undefined
  }

  /** The topic, in the first transaction. */
  async openTopic(topic: string): Promise<TopicProducer> {
    await this.#producer.initTransactions()
    await this.#begin()
    return this.#producer.openTopic(topic)
  }

  taken(lines: number): void {
    this.#lines += lines
  }

  /** The next line belongs to another transaction. */
  get isDue(): boolean {
    const { records, durationMs } = this.#limits
    if (this.#lines === 0) return false
    if (records !== undefined && this.#lines >= records) return true
    return durationMs !== undefined && systemClock.monotonic() - this.#beganAt >= durationMs
  }

  async next(): Promise<void> {
    await this.#commit()
    await this.#begin()
  }

  /** All lines came. */
  async commit(): Promise<void> {
    if (this.#isOpen) await this.#commit()
  }

  /** Of a failure behind the last commit: whoever sends the lines again would have them twice. */
  behindCommit(error: unknown): unknown {
    if (!this.#anyCommitted || !(error instanceof Error)) return error
    return new TerseError(`${error.message}; all lines are committed and can be read`, { cause: error })
  }

  /** Returns what is to be told in place of `error`. */
  async abort(error: unknown): Promise<unknown> {
    let failure = error
    if (this.#isOpen) {
      this.#isOpen = false
      await this.#producer.abortTransaction().catch((also: unknown) => {
        failure ??= also
      })
    }
    const before = this.#committed
    if (before === 0 || !(failure instanceof TerseError)) return failure
    return new TerseError(`${failure.message}; ${count(before, 'line is', 'lines are')} committed before`, {
      cause: failure,
    })
  }

  async #begin(): Promise<void> {
    await this.#producer.beginTransaction()
    this.#isOpen = true
    this.#lines = 0
    this.#beganAt = systemClock.monotonic()
  }

  async #commit(): Promise<void> {
    await this.#producer.commitTransaction()
    this.#isOpen = false
    this.#anyCommitted = true
    this.#committed += this.#lines
  }
}

type Options = Context['options']

/** Whether lines go into transactions; sets what the producer needs for that. @throws UsageError */
export function transactional(options: Options, config: Record<string, string>): boolean {
  const isAsked = options.has('transaction') || config['transactional.id'] !== undefined
  if (!isAsked) {
    for (const flag of ['transactional-id', 'transaction-duration-ms', 'transaction-records'] as const)
      if (options.has(flag)) throw new UsageError(`--${flag} goes with --transaction`)
    return false
  }
  if (options.has('transaction-duration-ms') && options.has('transaction-records'))
    throw new UsageError('Give --transaction-duration-ms or --transaction-records, not both')
  const id = options.value('transactional-id') ?? config['transactional.id']
  if (id !== undefined && Buffer.byteLength(id) > LONGEST_ID)
    throw new TerseError(
      `The transactional id has ${Buffer.byteLength(id)} bytes; ${LONGEST_ID} is the most.`,
    )
  config['transactional.id'] = id ?? `console-producer-${randomBytes(8).toString('hex')}`
  config['transaction.timeout.ms'] ??= DEFAULT_TIMEOUT_MS
  // Absent, or what the flags' defaults would contradict.
  delete config['enable.idempotence']
  if (config.acks !== undefined && !/^(all|-1)$/.test(config.acks)) config.acks = 'all'
  return true
}

/** @throws UsageError for what is not above 0 */
export function limitsOf(options: Options): Limits {
  const positive = (name: 'transaction-records' | 'transaction-duration-ms') => {
    const value = options.long(name)
    if (value !== undefined && value <= 0) throw new UsageError(`--${name} must be above 0, not ${value}`)
    return value
  }
  return { records: positive('transaction-records'), durationMs: positive('transaction-duration-ms') }
}
