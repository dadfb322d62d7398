/** What a process knows of the active segment's end. A cache of the disk, see local-log.ts. */
import type { CorruptRecordError } from '../errors.ts'
import type { TimestampOffset } from './time-index.ts'

export interface LogTail {
  /** Behind the last whole batch. */
  end: number
  nextOffset: number
  /** The file's size when it was looked at: more than `end` where the tail is torn. */
  fileSize: number
  lastBatchPosition: number
  lastBatchCrc: number
  /** The last whole batch's header has been seen with this epoch; -1 in an empty segment. */
  lastEpoch: number
  /** Set where bytes behind `end` are no batch. */
  torn: CorruptRecordError | undefined
  /** Largest timestamp in the segment with its batch's last offset; undefined until asked for. */
  max: TimestampOffset | undefined
  /** First batch's max timestamp; undefined until asked for. */
  firstTimestamp: number | undefined
  /** Position of the last batch that the offset index points to; undefined until asked for. */
  lastIndexed: number | undefined
}

export function emptyTail(baseOffset: number): LogTail {
  return {
    end: 0,
    nextOffset: baseOffset,
    fileSize: 0,
    lastBatchPosition: -1,
    lastBatchCrc: 0,
    lastEpoch: -1,
    torn: undefined,
    max: undefined,
    firstTimestamp: undefined,
    lastIndexed: undefined,
  }
}
