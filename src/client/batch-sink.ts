/** Whole stored batches into partitions: each exactly where it belongs, or not at all, so that a copy can go on where a killed one was. */
import { TerseError } from '../errors.ts'
import type { TopicPartition } from '../names/topic-partition.ts'

/** One batch, buffer[start, end), of format 2, with no offset left out among its records. */
export interface BatchBytes {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
}

export interface PartitionStart extends TopicPartition {
  /** Where the partition ends: the first record goes there. */
  readonly end: number
  /** From `identity`, the same for all that is ever copied into this partition. */
  readonly producerId: number
}

export interface BatchSink {
  /** Whether a batch stays one of log-append time; else it must be given with the times of its records. */
  readonly keepsTimestampType: boolean
  /**
   * What batches are known by: a partition takes the batch of this id that begins at its end, and no other, whoever sends it and
   * however late it comes. -1: a lock does the same.
   */
  identity(): Promise<number>
  open(start: PartitionStart): Promise<PartitionSink>
  /** Everything that was appended is stored, and on disk where that is ours to say. @throws what was not */
  flush(): Promise<void>
  close(): Promise<void>
}

export interface PartitionSink {
  /** Behind the last record that is stored for certain. */
  readonly stored: number
  /**
   * Takes batches over, in order; waits for room. Offsets, producer and checksum are set in copies.
   * @throws what keeps them, or those before them, from being stored: nothing behind a hole is
   */
  append(batches: readonly BatchBytes[]): Promise<void>
}

/** A batch is not taken where it belongs: the partition does not end where it was left. */
export class OutOfPlaceError extends TerseError {
  override name = 'OutOfPlaceError'
}
