/** The Producer interface: records in, their offsets back. */
import type { RecordSlices } from '../record/record-slices.ts'
import type { Header, OffsetCommit } from './types.ts'

/**
 * A record to send. Strings are encoded as UTF-8. A value of null is a tombstone; one that is absent or anything else is refused
 * with a TypeError (JSON: say `JSON.stringify(value)`). An absent key is none.
 */
export interface ProducerRecord {
  readonly topic: string
  /** Absent: the partitioner chooses. */
  readonly partition?: number
  readonly key?: Buffer | string | null
  readonly value: Buffer | string | null
  readonly headers?: readonly Header[]
  /** Milliseconds since the epoch, a bigint beyond 2^53; absent: now. */
  readonly timestamp?: number | bigint
}

/** Of which group's offsets a transaction takes care. */
export interface ConsumerGroupMetadata {
  readonly groupId: string
}

/** Where an acknowledged record is. */
export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** The record's timestamp as stored (LogAppendTime topics store their own). */
  readonly timestamp: number
  /** Only where no number holds the timestamp (beyond 2^53): all of it. */
  readonly exactTimestamp?: bigint
}

export interface Producer {
  /**
   * Resolves when the record is in the log. Rejects with a KafkaError (UNKNOWN_TOPIC_OR_PARTITION,
   * MESSAGE_TOO_LARGE, INVALID_RECORD, ...) or a TerseError.
   */
  send(record: ProducerRecord): Promise<RecordMetadata>
  /** For many records; see TopicProducer. Made on first use where that is allowed. */
  openTopic(topic: string): Promise<TopicProducer>
  /** Writes everything sent so far and syncs it to disk; rejects when a record was lost. */
  flush(): Promise<void>
  /** Partitions of a topic, made on first use where that is allowed. */
  partitionsFor(topic: string): Promise<number>
  /**
   * With `transactional.id`, once, before anything else: an earlier producer of the id is fenced, what it left open is ended. All
   * five reject with a KafkaError: PRODUCER_FENCED where there is a newer producer (close this one then), INVALID_TXN_STATE for a
   * call that is not in turn, INVALID_TRANSACTION_TIMEOUT.
   */
  initTransactions(): Promise<void>
  beginTransaction(): Promise<void>
  /** What the group has committed counts once the transaction is committed. */
  sendOffsetsToTransaction(offsets: readonly OffsetCommit[], group: ConsumerGroupMetadata): Promise<void>
  /**
   * Resolves when all of it is visible and on the disk. Rejects with what was lost of it: then `abortTransaction`. A rejection behind
   * the decision (a disk that fills with the markers) may be answered by the same call again.
   */
  commitTransaction(): Promise<void>
  /** Nobody who reads committed records ever sees any of it. */
  abortTransaction(): Promise<void>
  /** flush, then release what is held. */
  close(): Promise<void>
}

/**
 * The way for millions of records: slices of buffers go in, no object is made for a record. For one topic of one
 * producer; what it takes is in the log after `drain`, on disk after the producer's `flush`.
 */
export interface TopicProducer {
  readonly topic: string
  readonly partitionCount: number
  /**
   * Takes one record over, copying its bytes. False: NOT taken, because a full buffer waits for its partition; await
   * `drain()` and hand it in again.
   *
   * @param partition -1: the partitioner chooses
   * @throws KafkaError when the record is refused (MESSAGE_TOO_LARGE, INVALID_RECORD, ...); nothing else is affected
   */
  append(partition: number, record: RecordSlices): boolean
  /**
   * Takes over lines of inputMemory[from, end), which a line feed must follow, as records with a value alone, or with a
   * key before the byte `separator` (-1: none), each without its line end (a line feed, a carriage return, or both).
   * Returns the position behind the last line taken, which may be none: what it stops at, for whatever reason (a line
   * without the separator is one), is for `append`. `taken` tells how many there were.
   */
  appendLines?(partition: number, timestamp: number, from: number, end: number, separator: number): number
  /** Lines that the last `appendLines` took. */
  readonly taken?: number
  /** The failure behind which nothing more is taken, and the same with how many of the caller's lines are in the log. */
  readonly stopped?: { readonly first: Error | undefined; afterLines(): Error }
  /**
   * Memory that the caller may read into, [0, size): `append` takes slices of this very Buffer object over fastest.
   * undefined: any buffer is as good.
   */
  readonly inputMemory?: { readonly buffer: Buffer; readonly size: number } | undefined
  /** The error that `append` would throw for a record of these lengths (-1 is null), for records too long to be held. */
  refusalOf(
    keyLength: number,
    valueLength: number,
    headersLength: number,
    headersCount: number,
  ): Error | undefined
  /** Ends the open batch of each partition, so that the next record begins another. */
  endBatches(): void
  /**
   * Makes room, and hands what was taken so far over: to the log, or (where there is `listen`) to a network. Rejects when records
   * were lost.
   */
  drain(): Promise<void>
  /**
   * Only of producers that hand records over before they know what becomes of them. Records of `append` that are lost are told to
   * the listener, one by one, and `drain` and `flush` reject for them no more.
   */
  listen?(listener: DeliveryListener): void
}

/** Hears what became of the records that `append` took. Records that `send` waits for are not told of. */
export interface DeliveryListener {
  /** So many more are in the log. */
  stored(count: number): void
  /** One that is not, or may not be. A length of -1: null. */
  lost(keyLength: number, valueLength: number, error: Error): void
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
