/** Where partitions begin and end, asked of their leaders until it is known. */
import type { Assigned, StartAt } from '../../client/consumer/assigned-partitions.ts'
import { undefinedOffsets } from '../../client/consumer/consumer-errors.ts'
import type { PartitionFetcher } from '../../client/consumer/partition-fetcher.ts'
import type { AutoOffsetReset } from '../../client/consumer-config.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { mayPass } from '../connection/retry.ts'
import type { FetchedPartition } from './fetched-partition.ts'
import {
  EARLIEST,
  LATEST,
  leaderMoved,
  listOffsets,
  type OffsetAnswer,
  type OffsetQuery,
} from './list-offsets.ts'

export type ClusterAssigned = Assigned<FetchedPartition>

/** What is to be asked before a partition can be read. */
export interface UnknownStart {
  readonly assigned: ClusterAssigned
  readonly fetcher: PartitionFetcher<FetchedPartition>
  /** Of its log: another one means that this is asked in vain. */
  readonly turn: number
  /** By time; undefined: the position is known, the end is not. */
  readonly startAt: number | undefined
}

export interface StartListener {
  /** Requests go to these brokers. */
  asking(leaders: Iterable<number>): void
  found(start: UnknownStart, position: number, end: number | undefined): void
  leaderMoved(partition: FetchedPartition): void
  failed(error: Error): void
  /** A round of answers is there. */
  answered(): void
}

export class StartOffsets {
  readonly #client: ClusterClient
  readonly #options: { readonly isReadCommitted: boolean; readonly untilEnd: boolean }
  readonly #listener: StartListener
  readonly #unknown = new Map<ClusterAssigned, UnknownStart>()
  readonly #open = new Set<ClusterAssigned>()
  #isResolving = false
  #closed = false

  constructor(
    client: ClusterClient,
    options: { readonly isReadCommitted: boolean; readonly untilEnd: boolean },
    listener: StartListener,
  ) {
    this.#client = client
    this.#options = options
    this.#listener = listener
  }

  add(start: UnknownStart): void {
    this.#unknown.set(start.assigned, start)
  }

  /** auto.offset.reset=none, and nothing says where it begins: its reader must, before the next record. */
  leaveOpen(assigned: ClusterAssigned): void {
    this.#open.add(assigned)
  }

  forget(assigned: ClusterAssigned): void {
    this.#unknown.delete(assigned)
    this.#open.delete(assigned)
  }

  /** @throws NoOffsetForPartition in Kafka's words */
  check(): void {
    if (this.#open.size > 0) throw undefinedOffsets([...this.#open])
  }

  close(): void {
    this.#closed = true
  }

  /** Asks where there is a leader to ask; comes back for the others when they have one. */
  async resolve(): Promise<void> {
    if (this.#isResolving) return
    this.#isResolving = true
    try {
      const backoff = this.#client.backoff()
      while (!this.#closed) {
        const due = [...this.#unknown.values()].filter(({ fetcher }) => fetcher.log.leader >= 0)
        if (due.length === 0) break
        if (!(await this.#ask(due))) await this.#client.clock.sleep(backoff.next())
      }
    } catch (error) {
      this.#listener.failed(error as Error)
    } finally {
      this.#isResolving = false
    }
  }

  /** False when it is to be tried again after a pause. */
  async #ask(due: readonly UnknownStart[]): Promise<boolean> {
    const { untilEnd, isReadCommitted } = this.#options
    this.#listener.asking(due.map(({ fetcher }) => fetcher.log.leader))
    const starts: OffsetQuery[] = due.map(({ fetcher, startAt }) => ({
      partition: fetcher.log,
      timestamp: startAt ?? LATEST,
    }))
    const ends: OffsetQuery[] = untilEnd
      ? due.map(({ fetcher }) => ({ partition: fetcher.log, timestamp: LATEST }))
      : []
    const answers = await listOffsets(this.#client, [...starts, ...ends], isReadCommitted)
    if (this.#closed) return true
    let all = true
    due.forEach((start, i) => {
      if (!this.#take(start, answers[i], answers[due.length + i])) all = false
    })
    this.#listener.answered()
    return all
  }

  #take(start: UnknownStart, first: OffsetAnswer, end: OffsetAnswer | undefined): boolean {
    const { assigned, fetcher, turn, startAt } = start
    const failed = 'error' in first ? first : end
    if (failed !== undefined && 'error' in failed) {
      const { error } = failed
      if (!mayPass(error) && !leaderMoved(error)) this.#listener.failed(tellable(error, fetcher))
      this.#listener.leaderMoved(fetcher.log)
      return false
    }
    if ('error' in first || this.#unknown.get(assigned) !== start || fetcher.log.turn !== turn) return true
    if (startAt !== undefined && first.offset < 0) {
      // No record is that young: then from the end on.
      this.#unknown.set(assigned, { ...start, startAt: LATEST })
      return true
    }
    this.#unknown.delete(assigned)
    const position = startAt === undefined ? fetcher.position : first.offset
    this.#listener.found(start, position, end !== undefined && 'offset' in end ? end.offset : undefined)
    return true
  }
}

function tellable(error: unknown, { topic }: TopicPartition): Error {
  if (error instanceof KafkaError && error.code === 'TOPIC_AUTHORIZATION_FAILED')
    return new KafkaError(error.code, `Not authorized to access topics: [${topic}]`)
  return error instanceof Error ? error : new TerseError(String(error))
}

/** What ListOffsets is asked for. */
export function timeOf(startAt: StartAt | undefined, policy: AutoOffsetReset, now: number): number | 'none' {
  const reset = startAt ?? policy
  if (reset === 'earliest') return EARLIEST
  if (reset === 'latest') return LATEST
  if (reset === 'none' || typeof reset === 'number') return reset
  return Math.floor(now - reset.backMs)
}
