/** Trying again until it works or the time is over, as Kafka's clients do. */
import { KafkaError, type KafkaErrorName } from '../../errors.ts'
import type { Clock } from '../../os/clock.ts'
import { ConnectionError } from './connection-error.ts'

/** What heals by itself: leaders and coordinators move, brokers start. */
const PASSING: ReadonlySet<KafkaErrorName> = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'NETWORK_EXCEPTION',
  'REQUEST_TIMED_OUT',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_CONTROLLER',
  'UNSTABLE_OFFSET_COMMIT',
  'CONCURRENT_TRANSACTIONS',
  'THROTTLING_QUOTA_EXCEEDED',
])

/** Whether the same request may work a moment later, after the metadata was asked for again. */
export function mayPass(error: unknown): boolean {
  if (error instanceof ConnectionError) return !error.forGood
  return error instanceof KafkaError && PASSING.has(error.code)
}

/** retry.backoff.ms and retry.backoff.max.ms: the pause doubles, give or take a fifth. */
export class Backoff {
  readonly #first: number
  readonly #most: number
  #tries = 0

  constructor(firstMs: number, mostMs: number) {
    this.#first = Math.min(firstMs, mostMs)
    this.#most = mostMs
  }

  next(): number {
    return this.after(++this.#tries)
  }

  /** The pause behind so many failures. */
  after(failures: number): number {
    const pause = Math.min(this.#most, this.#first * 2 ** Math.min(failures - 1, 20))
    return pause * (0.8 + Math.random() * 0.4)
  }

  reset(): void {
    this.#tries = 0
  }
}

export interface RetryOptions {
  readonly clock: Clock
  readonly deadline: number
  readonly backoff: Backoff
  readonly signal?: AbortSignal | undefined
  /** Before each further try; the error is what the last one ended with. */
  again?(error: unknown): void | Promise<void>
  /** Further errors that may pass. */
  readonly passing?: ReadonlySet<KafkaErrorName> | undefined
}

/** @throws what the last try ended with, once it cannot pass or the time is over */
export async function retrying<T>(options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  const { clock, deadline, backoff, signal, passing } = options
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const may = mayPass(error) || (error instanceof KafkaError && passing?.has(error.code))
      const pause = backoff.next()
      if (!may || signal?.aborted || clock.monotonic() + pause >= deadline) throw error
      await options.again?.(error)
      await clock.sleep(pause, signal)
      if (signal?.aborted) throw error
    }
  }
}
