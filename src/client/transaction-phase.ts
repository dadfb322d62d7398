/** Which calls a transactional producer may be asked now: the states of Kafka's TransactionManager, with its words. */
import { KafkaError, TerseError } from '../errors.ts'

type Phase =
  | 'UNINITIALIZED'
  | 'INITIALIZING'
  | 'READY'
  | 'IN_TRANSACTION'
  | 'COMMITTING_TRANSACTION'
  | 'ABORTING_TRANSACTION'
  | 'ABORTABLE_ERROR'
  | 'FATAL_ERROR'

/** What may come before each phase. */
const BEFORE: Readonly<Partial<Record<Phase, readonly Phase[]>>> = {
  INITIALIZING: ['UNINITIALIZED'],
  IN_TRANSACTION: ['READY'],
  // A commit that failed behind its decision is asked for again.
  COMMITTING_TRANSACTION: ['IN_TRANSACTION', 'COMMITTING_TRANSACTION'],
  ABORTING_TRANSACTION: ['IN_TRANSACTION', 'ABORTABLE_ERROR', 'ABORTING_TRANSACTION'],
}

export class TransactionPhase {
  readonly #id: string
  #phase: Phase = 'UNINITIALIZED'
  #error: unknown
  #between: Error | undefined

  constructor(transactionalId: string) {
    this.#id = transactionalId
  }

  initializing(): void {
    this.#move('INITIALIZING')
    // Until it is done.
    this.#phase = 'UNINITIALIZED'
  }

  ready(): void {
    this.#phase = 'READY'
    this.#error = undefined
  }

  begun(): void {
    this.#move('IN_TRANSACTION')
  }

  committing(): void {
    this.#move('COMMITTING_TRANSACTION')
  }

  aborting(): void {
    this.#move('ABORTING_TRANSACTION')
  }

  /** Something of the transaction is lost: it can only be aborted, or (fatal) not even that. */
  failed(error: unknown, fatal: boolean): void {
    if (this.#phase === 'FATAL_ERROR') return
    if (!fatal && !this.isOpen && this.#phase !== 'COMMITTING_TRANSACTION') return
    this.#error ??= error
    this.#phase = fatal ? 'FATAL_ERROR' : 'ABORTABLE_ERROR'
  }

  get isOpen(): boolean {
    return (
      this.#phase === 'IN_TRANSACTION' ||
      this.#phase === 'ABORTABLE_ERROR' ||
      this.#phase === 'ABORTING_TRANSACTION'
    )
  }

  get refusal(): Error | undefined {
    if (this.#error !== undefined) return asError(this.#error)
    return this.#phase === 'IN_TRANSACTION' ? undefined : this.betweenTransactions()
  }

  refuseUninitialized(): void {
    this.throwIfFailed()
    if (this.#phase === 'UNINITIALIZED') throw this.betweenTransactions()
  }

  refuseOffsets(): void {
    this.throwIfFailed()
    if (this.#phase === 'IN_TRANSACTION') return
    throw new KafkaError(
      'INVALID_TXN_STATE',
      `Cannot send offsets if a transaction is not in progress (currentState= ${this.#phase})`,
    )
  }

  throwIfFailed(): void {
    if (this.#error !== undefined) throw asError(this.#error)
  }

  /** One for all: such an error is held ready behind every transaction. */
  betweenTransactions(): Error {
    this.#between ??= outside()
    if (this.#phase !== 'UNINITIALIZED') return this.#between
    return new TerseError(
      "Cannot perform a 'send' before completing a call to initTransactions when transactions are enabled.",
    )
  }

  #move(to: Phase): void {
    if (to !== 'ABORTING_TRANSACTION' || this.#phase === 'FATAL_ERROR') this.throwIfFailed()
    if (BEFORE[to]?.includes(this.#phase) !== true) {
      throw new KafkaError(
        'INVALID_TXN_STATE',
        `TransactionalId ${this.#id}: Invalid transition attempted from state ${this.#phase} to state ${to}`,
      )
    }
    this.#phase = to
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new TerseError(String(error))
}

function outside(): Error {
  return new KafkaError(
    'INVALID_TXN_STATE',
    'Cannot add partition to transaction while no transaction is in progress: call beginTransaction first',
  )
}
