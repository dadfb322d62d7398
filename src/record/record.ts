/** One record and what its batch says of all of them, under Kafka's names. */

/** Codec of a batch, as in bits 0 to 2 of its attributes: the index is the id on disk. */
export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export type Codec = (typeof CODECS)[number]

/** The last one is that of messages of format 0. */
export type BatchTimestampType = 'CreateTime' | 'LogAppendTime' | 'NoTimestampType'

export interface RecordHeader {
  readonly key: string
  /** null is a header without a value, which is not an empty one. */
  readonly value: Buffer | null
}

export interface Record {
  readonly offset: number
  /** Milliseconds since the epoch; the batch's append time where that rules. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
  /** -1 without an idempotent producer. */
  readonly sequence: number
}

export const NO_TIMESTAMP = -1
export const NO_PRODUCER_ID = -1
export const NO_PRODUCER_EPOCH = -1
export const NO_SEQUENCE = -1
export const NO_PARTITION_LEADER_EPOCH = -1

/** The sequence `increment` records later: it goes round from 2^31 - 1 to 0. */
export function incrementSequence(sequence: number, increment: number): number {
  const next = sequence + increment
  return next > 0x7fffffff ? next - 0x80000000 : next
}
