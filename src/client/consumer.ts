import type { Header, IsolationLevel, OffsetAndMetadata, TimestampType, TopicPartition } from './types.ts'

export interface ConsumerRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly timestampType: TimestampType
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  readonly leaderEpoch: number | undefined
}

export interface ConsumerOptions {
  readonly groupId?: string
  readonly isolationLevel?: IsolationLevel
  /** Kafka consumer settings (auto.offset.reset, enable.auto.commit, max.poll.records, client.id, ...). */
  readonly config?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/**
 * `for await (const record of consumer)` reads, waits for more, and ends when the signal aborts or `close` is called.
 * A corrupt batch ends its partition with a CorruptRecordError.
 */
export interface Consumer extends AsyncIterable<ConsumerRecord> {
  /** Group subscription by names or by a pattern; needs a group id. */
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
  /** Commits given offsets, else the position behind the last record returned of each assigned partition. */
  commit(offsets?: ReadonlyMap<TopicPartition, OffsetAndMetadata>): Promise<void>
  committed(partitions: readonly TopicPartition[]): Promise<Map<TopicPartition, OffsetAndMetadata | undefined>>
  close(): Promise<void>
}
