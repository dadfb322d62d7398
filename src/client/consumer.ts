/** The Consumer interface, and the record visitors that it hands stored records to. */
import type { CorruptRecordError } from '../errors.ts'
import type { TopicPartition } from '../names/topic-partition.ts'
import type { RecordBatch } from '../record/record-batch.ts'
import type { RecordView } from '../record/record-view.ts'
import type { RunTaker } from '../record/record-walk.ts'
import type { Header, IsolationLevel, OffsetAndMetadata, TimestampType } from './types.ts'

export interface ConsumerRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  /** Only where no number holds the timestamp (beyond 2^53): all of it. */
  readonly exactTimestamp?: bigint
  readonly timestampType: TimestampType
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  readonly leaderEpoch: number | undefined
}

/** Takes records as bytes, without an object for each: the view is good until the call returns, so copy what must live longer. */
export interface ConsumerVisitor {
  /** Before the first record of each stored batch. */
  batch(batch: VisitedBatch): void
  /**
   * One record. Return false to stop behind it. It counts as consumed once it was handed out, also when the visitor
   * throws on it.
   */
  record(record: RecordView): boolean
  /**
   * Where there is one, it is offered the records of each batch behind `batch`, and takes as many as it can at once;
   * those that it leaves come to `record`. Return false to stop behind what was taken. Sets the run's position and count
   * before it throws.
   */
  readonly records?: RunTaker
  /** Where there is one, stored batches go to it whole, in place of `batch` and their records: for who moves them on as they are. */
  readonly whole?: WholeBatchTaker
  /** Memory that stored chunks may be read into, where they fit, so that `records` need not copy them. */
  readonly chunk?: Buffer
}

/** Takes stored batches as they lie, compressed or not. Control batches are left out. The bytes are good until the call returns. */
export interface WholeBatchTaker {
  /** Records of offsets below `from` do not belong to it. Counts as consumed once it was handed out. */
  batch(batch: RecordBatch, from: number, partition: TopicPartition): void
  /** One of an aborted transaction, of which read_committed shows nothing. */
  aborted(batch: RecordBatch, partition: TopicPartition): void
}

/** What the records of a batch share. */
export interface VisitedBatch {
  readonly topic: string
  readonly partition: number
  readonly timestampType: TimestampType
  readonly leaderEpoch: number
  /** buffer[start, end) holds the bytes of all its records (inflated, when it was compressed). */
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
}

/** A stored batch that cannot be read. */
export interface CorruptBatch {
  readonly partition: TopicPartition
  /** First offset that cannot be read. */
  readonly offset: number
  /** Names the file and the position in it. */
  readonly error: CorruptRecordError
}

export interface ConsumerOptions {
  readonly groupId?: string
  readonly isolationLevel?: IsolationLevel
  /** Kafka consumer settings (auto.offset.reset, enable.auto.commit, max.poll.records, client.id, ...). */
  readonly config?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Read to the ends as they are when a partition is first read, then end. */
  readonly untilEnd?: boolean
  /** Go on behind a corrupt batch. Default false: it ends its partition. */
  readonly skipCorrupt?: boolean
  /**
   * How long `subscribe` waits for the group's first assignment (1000 ms at most: the rest comes while `poll` waits), and `close`
   * for locks that others hold. Default: 30000 ms, as Kafka's close.
   */
  readonly patienceMs?: number
  /** Told of corrupt batches; the other partitions go on. Without it `poll` and `visit` reject with the error, once. */
  readonly onCorrupt?: (corrupt: CorruptBatch) => void
  /**
   * Told, in one line, of partitions that other nodes or log directories keep; those that are here are read. Without it
   * the first `poll` or `visit` rejects with that line, once.
   */
  readonly onElsewhere?: (line: string) => void
  /** Told whenever there is nothing to read and the waiting begins. */
  readonly onWait?: () => void
  /** Told of what the group gave and took (`close` gives back the rest). */
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => void
  readonly onRevoked?: (partitions: readonly TopicPartition[]) => void
}

/**
 * `for await (const record of consumer)` reads, waits for more, and ends when the signal aborts, `close` is called, or
 * nothing can come any more (`finished`). A corrupt batch ends its partition with a CorruptRecordError.
 *
 * Records count as processed when the next `poll` or `visit` is called, and by `close`; automatic commits go no further.
 */
export interface Consumer extends AsyncIterable<ConsumerRecord> {
  /** Group subscription by names or by a pattern. Without a group id: every partition of these topics, committing nothing. */
  subscribe(topics: readonly string[] | RegExp): Promise<void>
  /** Partitions by hand, without a group's assignment. */
  assign(partitions: readonly TopicPartition[]): Promise<void>
  assignment(): readonly TopicPartition[]
  seek(partition: TopicPartition, offset: number): void
  seekToBeginning(partitions?: readonly TopicPartition[]): void
  seekToEnd(partitions?: readonly TopicPartition[]): void
  /** Next offset that will be returned. */
  position(partition: TopicPartition): number
  /** Records ready now, at most `max.poll.records`; waits up to `timeoutMs` for the first one. */
  poll(timeoutMs: number): Promise<ConsumerRecord[]>
  /**
   * Hands the next stored chunk (whole batches of one partition) to the visitor; waits up to `timeoutMs` for one.
   * Resolves with the number of records handed out: 0 after the time, an abort, or when there is nothing more to wait for.
   */
  visit(visitor: ConsumerVisitor, timeoutMs: number): Promise<number>
  /** True when nothing can come any more: all partitions are read to the end asked for, or ended by corruption. */
  readonly finished: boolean
  /** Commits given offsets, else the position behind the last record returned of each assigned partition. */
  commit(offsets?: ReadonlyMap<TopicPartition, OffsetAndMetadata>): Promise<void>
  committed(
    partitions: readonly TopicPartition[],
  ): Promise<Map<TopicPartition, OffsetAndMetadata | undefined>>
  /**
   * Commits (in a group with enable.auto.commit) and leaves. With `processed: false` the records of the last poll or
   * visit do not count.
   */
  close(options?: { readonly processed?: boolean }): Promise<void>
}
