/** What a check knows of a partition before it reads it, and of a segment while it reads it. */
import type { Int64 } from '../../bytes/int64.ts'
import type { EndDamage } from '../../log/opening/end-damage.ts'
import type { LogSegment } from '../../log/segment/log-segment.ts'
import type { AbortedTxn } from '../../log/segment/transaction-index.ts'
import type { RecordView } from '../../record/record-view.ts'
import type { Place } from './report.ts'

export interface PartitionToCheck {
  readonly place: Place
  readonly dir: string
  /** Offsets may have gaps. */
  readonly compacted: boolean
  /** By the root's checkpoint; 0 where it says nothing. */
  readonly logStartOffset: number
  /** The directory was closed in order: indexes are trimmed, nothing is torn. */
  readonly clean: boolean
  /** What is known to have been at the log's end, and is not. */
  readonly endDamage?: EndDamage
  /** For records that mean something: called with each record of each data batch. */
  readonly record?: (file: string, position: number, record: RecordView) => void
}

/** What is between two batches, as far as the log's reader must know. */
export interface SegmentFacts {
  readonly segment: LogSegment
  readonly size: number
  readonly isActive: boolean
  /** The offset that its first batch should have, at the least. */
  readonly from: number
  /** Where the next segment begins. */
  readonly nextBase: number | undefined
  /** base, last offset and position of each batch, flat. */
  readonly batches: number[]
  /** Of each batch. */
  readonly maxTimestamps: Int64[]
  readonly aborted: AbortedTxn[]
  /** It begins with a message of format 0 or 1. */
  beginsOld: boolean
  damaged: boolean
}
