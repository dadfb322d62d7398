/** The partitions that a consumer reads, as it books them: how far each was handed out, processed, committed; whose turn is next. */
import { TerseError } from '../../errors.ts'
import { comparePartitions, type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { CommittedOffset, OffsetCommit } from '../types.ts'
import { fetchOrder } from './fetch-order.ts'
import type { PartitionFetcher } from './partition-fetcher.ts'
import type { PartitionLog } from './partition-log.ts'

/** An offset, or an end of the log. */
export type StartAt = number | 'earliest' | 'latest'

/** One partition that we read, and how far. Offsets are NaN until known. */
export interface Assigned<L extends PartitionLog = PartitionLog> extends TopicPartition {
  /** undefined while the partition does not exist. */
  fetcher: PartitionFetcher<L> | undefined
  /** undefined: as auto.offset.reset says. */
  startAt: StartAt | undefined
  /** Next offset that the caller will get. */
  consumed: number
  /** What the caller is done with. */
  processed: number
  committed: number
}

/** Which partitions there are, and where each begins, is for those to say who know where they come from. */
export abstract class AssignedPartitions<
  L extends PartitionLog = PartitionLog,
  A extends Assigned<L> = Assigned<L>,
> {
  protected readonly assigned = new Map<string, A>()
  /** In the order in which they are read. */
  protected order: A[] = []
  readonly #untilEnd: boolean
  #turn = 0

  constructor(untilEnd: boolean) {
    this.#untilEnd = untilEnd
  }

  /** Every partition of these topics, also of those that come later. */
  abstract follow(topics: readonly string[] | RegExp): void
  /** These partitions and no others; `committed` of a group holds for those that are new. */
  abstract set(partitions: readonly TopicPartition[], committed: ReadonlyMap<string, CommittedOffset>): void
  /** Partitions that a group gave us. An offset that was committed for an older topic of that name does not count. */
  abstract add(partitions: readonly TopicPartition[], committed: ReadonlyMap<string, CommittedOffset>): void
  abstract seek(partition: TopicPartition, to: StartAt): void
  /** The position is out of range: auto.offset.reset decides. */
  abstract reset(fetcher: PartitionFetcher<L>): void
  /** Everything may have news again. Returns true when the metadata changed. */
  abstract lookAround(inGroup: boolean): boolean
  /** Sees to it that news wake the consumer; returns true when one more look is due before it waits. */
  abstract watch(): boolean
  /** A partition is not ours any more. */
  protected abstract forget(assigned: A): void

  protected keepOnly(partitions: readonly TopicPartition[]): void {
    const keep = new Set(partitions.map(keyOf))
    for (const [key, assigned] of this.assigned) if (!keep.has(key)) this.forget(assigned)
  }

  /** Gives partitions up. Returns what may be committed of them. */
  remove(partitions: readonly TopicPartition[]): OffsetCommit[] {
    const removed = partitions.map((tp) => this.assigned.get(keyOf(tp))).filter((a) => a !== undefined)
    const offsets = uncommittedOf(removed)
    for (const assigned of removed) this.forget(assigned)
    this.sort()
    return offsets
  }

  partitions(): TopicPartition[] {
    return this.order.map(({ topic, partition }) => ({ topic, partition }))
  }

  get size(): number {
    return this.order.length
  }

  /** True when no record can come any more. */
  get finished(): boolean {
    if (this.#untilEnd)
      return this.order.every(({ fetcher }) => fetcher?.ended !== undefined || fetcher === undefined)
    return this.order.length > 0 && this.order.every(({ fetcher }) => fetcher?.ended !== undefined)
  }

  /** The next partition, going round, that may have something to read, or whose turn is not over; undefined when all are idle. */
  nextReady(): PartitionFetcher<L> | undefined {
    const count = this.order.length
    if (this.order[this.#turn - 1]?.fetcher?.turnLeft) this.#turn--
    for (let i = 0; i < count; i++) {
      if (this.#turn >= count) this.#turn = 0
      const { fetcher } = this.order[this.#turn++]
      if (fetcher !== undefined && !fetcher.idle && fetcher.ended === undefined) return fetcher
    }
    return undefined
  }

  /** After a fetch; with `collecting` its records are not in the caller's hands yet. */
  fetched(fetcher: PartitionFetcher<L>, collecting: boolean): void {
    if (!collecting) this.get(fetcher).consumed = fetcher.position
  }

  consumed(partition: TopicPartition, offset: number): void {
    const assigned = this.assigned.get(keyOf(partition))
    if (assigned !== undefined) assigned.consumed = offset
  }

  consumedAll(): void {
    for (const assigned of this.order)
      if (assigned.fetcher !== undefined) assigned.consumed = assigned.fetcher.position
  }

  processed(): void {
    for (const assigned of this.order) assigned.processed = assigned.consumed
  }

  uncommitted(): OffsetCommit[] {
    return uncommittedOf(this.order)
  }

  committed(offsets: readonly OffsetCommit[]): void {
    for (const offset of offsets) {
      const assigned = this.assigned.get(keyOf(offset))
      if (assigned !== undefined) assigned.committed = offset.offset
    }
  }

  positionOf(partition: TopicPartition): number {
    return this.get(partition).consumed
  }

  close(): void {
    for (const assigned of this.order) this.forget(assigned)
    this.order = []
  }

  protected sort(): void {
    this.order = fetchOrder([...this.assigned.values()].sort(comparePartitions))
    if (this.#turn > this.order.length) this.#turn = 0
  }

  protected get(partition: TopicPartition): A {
    const assigned = this.assigned.get(keyOf(partition))
    if (assigned === undefined) {
      throw new TerseError(`No current assignment for partition ${keyOf(partition)}`)
    }
    return assigned
  }
}

function uncommittedOf(assigned: readonly Assigned[]): OffsetCommit[] {
  return assigned
    .filter(({ processed, committed }) => !Number.isNaN(processed) && processed !== committed)
    .map(({ topic, partition, processed, fetcher }) => ({
      topic,
      partition,
      offset: processed,
      leaderEpoch: fetcher?.leaderEpoch ?? -1,
    }))
}

function keyOf({ topic, partition }: TopicPartition): string {
  return topicPartitionKey(topic, partition)
}
