import type { Header } from './types.ts'

/** A record to send. Strings are encoded as UTF-8; a null value is a tombstone. */
export interface ProducerRecord {
  readonly topic: string
  /** Absent: the partitioner chooses. */
  readonly partition?: number
  readonly key?: Buffer | string | null
  readonly value: Buffer | string | null
  readonly headers?: readonly Header[]
  /** Milliseconds since the epoch; absent: now. */
  readonly timestamp?: number
}

/** Where an acknowledged record is. */
export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** The record's timestamp as stored (LogAppendTime topics store their own). */
  readonly timestamp: number
}

export interface Producer {
  /**
   * Resolves when the record is in the log. Rejects with a KafkaError (UNKNOWN_TOPIC_OR_PARTITION,
   * MESSAGE_TOO_LARGE, INVALID_RECORD, ...) or a TerseError.
   */
  send(record: ProducerRecord): Promise<RecordMetadata>
  /** Writes everything sent so far and syncs it to disk; rejects when a record was lost. */
  flush(): Promise<void>
  /** Partitions of a topic, made on first use where that is allowed. */
  partitionsFor(topic: string): Promise<number>
  /** flush, then release what is held. */
  close(): Promise<void>
}

/**
 * Chooses a partition. `key` is null for records without one. Implementations may keep state.
 * A module of the user's own exports one as default: `export default { partition(topic, key, value, count) { ... } }`
 * or a class or factory that makes one.
 */
export interface Partitioner {
  partition(topic: string, key: Buffer | null, value: Buffer | null, partitionCount: number): number
}

/** Producer settings under Kafka's names; values as in a properties file. */
export type ProducerConfig = Readonly<Record<string, string>>
