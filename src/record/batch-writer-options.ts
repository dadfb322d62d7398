/** Options of a BatchWriter. */
import type { CompressionQueue } from './compression/compression-queue.ts'
import type { Codec } from './record.ts'

/** What a BatchWriter is told at its beginning. */
export interface BatchWriterOptions {
  readonly codec?: Codec
  readonly level?: number
  /** Kafka's batch.size: a new batch begins when a record would not fit; a larger record is a batch of its own. */
  readonly batchSize?: number
  readonly producerId?: number
  readonly producerEpoch?: number
  /** Sequence of the first record; the following batches go on from there. */
  readonly baseSequence?: number
  readonly transactional?: boolean
  /** What compresses, shared with other writers; absent: one of its own. */
  readonly compression?: CompressionQueue
  /** Bytes that compressed batches will come to before they are taken: memory for them is taken at once. */
  readonly closedSize?: number
  /** Bytes to begin with; it grows. */
  readonly initialSize?: number
  /**
   * Memory to begin with instead: buffer[start, end). Records whose bytes lie in the same Buffer object are taken over
   * several times faster (a move within one buffer needs no view). When it is too small, memory of its own is taken.
   * Compressed batches are gathered elsewhere, and only the open one is in it.
   */
  readonly memory?: { readonly buffer: Buffer; readonly start: number; readonly end: number }
}
