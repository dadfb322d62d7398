/** Options of opening, appending to and reading a log. */
import type { LogConfig } from './log-config.ts'
import type { LogDirCheckpoints } from './log-dir-checkpoints.ts'
import type { Closing } from './opening/end-damage.ts'

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
  /** For a writer, asked only where the folder is gone: whether the metadata still has the topic. Default: it has. */
  readonly isTopic?: () => boolean
  /** The root's checkpoint files; shared by all logs of a directory. Default: those of the folder's parent. */
  readonly checkpoints?: LogDirCheckpoints
  /** How the partition was left, asked only where its end looks wrong; default: nobody knows. */
  readonly closing?: () => Closing
  /** For a reader, asked only where offsets are missing: whether compaction can never have taken them. Default: it may have. */
  readonly gapless?: () => boolean
  /** Keep the bytes of a torn tail in a `.broken` file when it is cut; default true. */
  readonly keepBroken?: boolean
  /** The names in a folder whose mtime, in ms, is below this are durable: the directory was clean then. */
  readonly namesDurableBefore?: number
  /**
   * For a reader, asked once: the recovery point of a log that nobody closed. From there on snapshots and indexes of
   * aborted transactions may lack what never reached the disk. undefined: the log was closed in order.
   */
  readonly uncleanFrom?: () => number | undefined
  /** One line for a person: a damaged index or epoch file was made anew. */
  readonly warn?: (line: string) => void
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

export interface ReadOptions {
  /** Default read_uncommitted. */
  readonly isolation?: 'read_uncommitted' | 'read_committed'
  /** Check every batch's CRC (default true); batches handed out then need no second check. */
  readonly checkCrcs?: boolean
  /** Memory to read into, no more than fits but for a first batch that is larger: that comes in another one. */
  readonly into?: Buffer
}

/** One read of a log, from which all that was left open is settled. */
export interface ReadRequest {
  readonly offset: number
  readonly maxBytes: number
  /** Nothing at or behind it. */
  readonly limit: number | undefined
  readonly checkCrcs: boolean
  readonly into: Buffer | undefined
}
