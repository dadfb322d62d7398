/** Transactions of a perf test: each as long as --transaction-duration-ms, as Kafka's tool has it. */
import { randomBytes } from 'node:crypto'
import type { Producer } from '../../client/producer.ts'

const DEFAULT_DURATION_MS = 3000

interface Asked {
  readonly transactionalId: string | undefined
  readonly durationMs: number | undefined
}

/** Sets the id in `config`. undefined: no transactions are asked for. */
export function durationOf({ transactionalId, durationMs }: Asked, config: Record<string, string>) {
  const id = transactionalId ?? config['transactional.id']
  if (id === undefined && durationMs === undefined) return undefined
  config['transactional.id'] = id ?? `performance-producer-${randomBytes(8).toString('hex')}`
  return durationMs ?? DEFAULT_DURATION_MS
}

/** Does nothing without a duration. */
export class PerfTransactions {
  readonly #producer: Producer
  readonly #durationMs: number | undefined
  readonly #now: () => number
  #beganAt = 0

  constructor(producer: Producer, durationMs: number | undefined, now: () => number) {
    this.#producer = producer
    this.#durationMs = durationMs
    this.#now = now
  }

  async open(): Promise<void> {
    if (this.#durationMs === undefined) return
    await this.#producer.initTransactions()
    await this.#begin()
  }

  isDue(now: number): boolean {
    return this.#durationMs !== undefined && now - this.#beganAt >= this.#durationMs
  }

  async next(): Promise<void> {
    await this.commit()
    await this.#begin()
  }

  async commit(): Promise<void> {
    if (this.#durationMs !== undefined) await this.#producer.commitTransaction()
  }
  /** Its time begins here: a cluster may need seconds for what goes before it. */
  async #begin(): Promise<void> {
    await this.#producer.beginTransaction()
    this.#beganAt = this.#now()
  }
}
