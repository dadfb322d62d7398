import type { Os } from '../os/os.ts'
import type { FetchedData, TimestampAndOffset } from './fetched-data.ts'
import type { LogAppendInfo } from './log-append-info.ts'
import type { LogConfig } from './log-config.ts'
import type { LogDirCheckpoints } from './log-dir-checkpoints.ts'

export interface UnifiedLogOptions {
  readonly topic: string
  readonly partition: number
  readonly config: LogConfig
  /** The partition's LeaderEpoch in the metadata: what appended batches carry. */
  readonly leaderEpoch: number
  /** True: cuts, creates and repairs nothing, takes no lock. */
  readonly readOnly: boolean
  /** Written to partition.metadata when a writer makes the folder. */
  readonly topicId?: string
  /** The root's checkpoint files; shared by all logs of a directory. Default: those of the folder's parent. */
  readonly checkpoints?: LogDirCheckpoints
  /** Keep the bytes of a torn tail in a `.broken` file when it is cut; default true. */
  readonly keepBroken?: boolean
}

export interface AppendOptions {
  /** The batches' producer id was never used before: producer state need not be loaded to check sequences. */
  readonly freshProducerId?: boolean
  /**
   * Do what a broker does with a produce request: CRC, max.message.bytes, timestamps, null keys on compacted
   * topics, log-append time, the topic's compression.type. Without it: a walk over the headers only.
   */
  readonly validate?: boolean
}

export interface SegmentInfo {
  readonly baseOffset: number
  readonly file: string
  readonly size: number
  readonly indexSize: number
  readonly timeIndexSize: number
  /** By the time index and the batches behind its last entry; -1 for an empty segment. */
  readonly maxTimestamp: number
  readonly mtimeMs: number
  readonly active: boolean
}

export interface ReadOptions {
  /** Default read_uncommitted. */
  readonly isolation?: 'read_uncommitted' | 'read_committed'
  /** Check every batch's CRC (default true); batches handed out then need no second check. */
  readonly checkCrcs?: boolean
}

/**
 * One partition's log on disk. SIGNATURES FIRST: bodies follow.
 */
export declare class UnifiedLog {
  /** Cheap: lists nothing until asked. A missing folder is an empty log for a reader, made on first lock by a writer. */
  static open(os: Os, partitionDir: string, options: UnifiedLogOptions): UnifiedLog

  readonly dir: string
  readonly topic: string
  readonly partition: number
  readonly readOnly: boolean
  /** May be replaced when the topic's configs change. */
  config: LogConfig
  leaderEpoch: number

  get logStartOffset(): number
  get logEndOffset(): number
  get highWatermark(): number
  /** First offset of the oldest open transaction, else the log end. */
  get lastStableOffset(): number

  /** Looks at the disk again; cheap when nothing changed (three stats). Returns true when something did. */
  refresh(): boolean

  /** Takes `.tkafka-lock` if it is free. Makes the folder first when there is none. */
  tryLock(): boolean
  lock(): Promise<void>
  lockSync(): void
  unlock(): void
  get locked(): boolean

  /**
   * Appends whole encoded batches buffer[start, end). Needs the lock. Base offsets and leader epoch are patched in
   * the caller's buffer. One write for each segment touched. Throws KafkaError (nothing was written), or
   * PartialAppendError (disk full: says what was), or TerseError when the partition is known to be corrupt.
   */
  append(buffer: Buffer, start: number, end: number, options?: AppendOptions): LogAppendInfo

  /** Chunk of whole batches from the one that holds `offset`; about `maxBytes`, at least one batch. */
  read(offset: number, maxBytes: number, options?: ReadOptions): FetchedData
  /** Behind a CorruptRecordError of read(offset): the next offset from which reading can go on. */
  skipCorrupt(offset: number): number

  /** First record with a timestamp at or above `timestamp`. */
  offsetForTimestamp(timestamp: number): TimestampAndOffset | undefined
  /** The (first) record with the largest timestamp. */
  maxTimestampOffset(): TimestampAndOffset | undefined
  /** Leader epoch that wrote `offset`, -1 when unknown. */
  leaderEpochFor(offset: number): number

  /** Begins a new segment (needs the lock). No-op on an empty active segment. */
  roll(): void
  /** fdatasync of all that this process wrote since the last flush, and fsync of the folder for new files. */
  flush(): void
  flushInBackground(): Promise<void>
  /** Moves the log start offset (needs the lock); whole segments below it go. `-1` is the high watermark. Returns the new log start. */
  deleteRecordsBefore(offset: number): number
  /** Removes segments (needs the lock): renames all their files to .deleted; unlinks at once when file.delete.delay.ms is 0. */
  deleteSegments(baseOffsets: readonly number[]): void

  /** Segments with their sizes and times. */
  scanSegments(): SegmentInfo[]
  /** Sum of the .log sizes. */
  get size(): number

  /** Calls back when the folder changed (best effort: poll slowly beside it). */
  onChange(callback: () => void): { close(): void }
  /**
   * What a broker does at a clean stop (needs the lock): cuts a torn tail, index tails trimmed, last time index entry,
   * producer snapshot at the log end, everything synced. The caller writes recovery points (LogDirCheckpoints).
   */
  closeAsBroker(): void
  /** Releases lock, descriptors and watches. Safe to call twice. */
  close(): void
}
