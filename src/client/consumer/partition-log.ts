/** What a partition is read from: a log on disk, or what a broker sent of one. */
import type { FetchedData } from '../../record/fetched-data.ts'
import type { IsolationLevel } from '../types.ts'

export interface ReadLimits {
  readonly isolation: IsolationLevel
  /** Memory that the batches may be put into, where they fit. */
  readonly into?: Buffer | undefined
}

/** `read` throws OFFSET_OUT_OF_RANGE as a KafkaError, and CorruptRecordError for batches that cannot be read. */
export interface PartitionLog {
  readonly logEndOffset: number
  /** First offset that a read_committed reader may not see. */
  readonly lastStableOffset: number
  /** Looks at the log's end anew. */
  refresh(): unknown
  /** Whole batches from `offset` on, checked. undefined: nothing is here yet, and that says nothing of the log's end. */
  read(offset: number, maxBytes: number, limits: ReadLimits): FetchedData | undefined
  /** Where the next batch that can be read begins, behind a corrupt one at `offset`. */
  skipCorrupt(offset: number): number
}
