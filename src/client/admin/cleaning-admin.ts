/** Cleaning as administration: retention, compaction, expiry of committed offsets, and why nothing was cleaned. */
import type { ConfigSource } from './config-admin.ts'

export type CleaningAction = 'retention' | 'roll' | 'compaction' | 'offsets'

export interface CleaningOptions {
  /** Default: every topic. */
  readonly topics?: (name: string) => boolean
  /** Segments past retention.ms and retention.bytes, or below the log's start. Default: yes. */
  readonly retention?: boolean
  /** Default: yes. */
  readonly compaction?: boolean
  /** Committed offsets past offsets.retention.minutes. Default: yes. */
  readonly offsets?: boolean
  /** Compact even where log.cleaner.enable=false. */
  readonly compactionAsked?: boolean
  /** Says what would be done, changes nothing. */
  readonly dryRun?: boolean
  /**
   * Compacts whatever the ratio and lag limits say, the active segment too; retention rolls an active segment that keeps
   * what is past it, so that it may go later.
   */
  readonly now?: boolean
  /** Stops in time, in good order; what was not reached waits for the next run. */
  readonly maxTimeMs?: number
  /** Read and written together, as log.cleaner.io.max.bytes.per.second counts. */
  readonly maxBytesPerSecond?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: CleaningProgress) => void
}

export interface CleaningProgress {
  readonly topic: string
  readonly partition: number
  readonly phase: 'indexing' | 'cleaning'
  readonly doneBytes: number
  readonly totalBytes: number
}

/** What was done to one partition. Sizes are bytes of the .log files. */
export interface CleaningResult {
  readonly action: CleaningAction
  readonly topic: string
  readonly partition: number
  /** planned: a dry run. stopped: in good order, by time or a signal; unreached: before its turn came. */
  readonly status: 'done' | 'planned' | 'stopped' | 'unreached' | 'failed'
  readonly bytesBefore: number
  readonly bytesAfter: number
  readonly segmentsBefore: number
  readonly segmentsAfter: number
  readonly logStartOffset: number
  readonly durationMs: number
  /** Why segments went: `time`, `size`, `log-start`; of compaction: `ratio`, `lag`, `now`. */
  readonly reasons: readonly string[]
  readonly keys?: number
  readonly recordsBefore?: number
  readonly recordsAfter?: number
  readonly bytesRead?: number
  readonly bytesWritten?: number
  /** Share of the offset map that was in use, 0 to 1. */
  readonly mapUse?: number
  readonly passes?: number
  /** Of offsets: group and what went. */
  readonly group?: string
  readonly offsetsExpired?: number
  /** How long the files that went stay on the disk (file.delete.delay.ms): 0 where they have left it, a full disk among them. */
  readonly deleteDelayMs?: number
  /** One line for a person, where something failed or needs a word. */
  readonly message?: string
}

/** A setting that decides, and where it comes from. */
export interface DecidingSetting {
  readonly name: string
  readonly value: string
  readonly source: ConfigSource
  /** The name under which the value was set, such as the broker's `log.retention.hours`. */
  readonly sourceName: string
}

export interface ExplainedCause {
  /** Stable word for programs: `active`, `newer-than-retention`, ... */
  readonly code: string
  readonly text: string
  readonly setting?: DecidingSetting
  /** A command that would change it. */
  readonly command?: string
}

export interface ExplainedSegment {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly size: number
  readonly active: boolean
  readonly firstTimestamp: number
  readonly largestTimestamp: number
  readonly deletable: boolean
  /** ms since the epoch from which on it may go; undefined: not by time alone. */
  readonly deletableAt?: number
  readonly causes: readonly ExplainedCause[]
  /** Of a compacted topic. */
  readonly cleaning?: 'clean' | 'dirty' | 'uncleanable'
}

export interface ExplainedPartition {
  readonly topic: string
  readonly partition: number
  readonly size: number
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly segments: readonly ExplainedSegment[]
  readonly retention: {
    readonly deletableBytes: number
    readonly causes: readonly ExplainedCause[]
  }
  /** Absent where the topic is not compacted. */
  readonly compaction?: {
    readonly due: boolean
    readonly dirtyRatio: number
    readonly minDirtyRatio: number
    readonly firstDirtyOffset: number
    readonly firstUncleanableOffset: number
    readonly cleanBytes: number
    readonly dirtyBytes: number
    readonly uncleanableBytes: number
    readonly causes: readonly ExplainedCause[]
  }
  readonly settings: readonly DecidingSetting[]
}

/** Nobody cleans a data directory unless asked to: `clean` does once what a broker does all the time. */
export interface CleaningAdmin {
  /**
   * Deletes and compacts what the topics' settings say, as `tkafka log-cleaner` does; `clean()` does all of it. Results
   * come as they are reached, one for each partition (or group) of which something was cleaned; the failure of one of them
   * is a result, too, and does not keep the others from being cleaned. To stop early: `maxTimeMs`, `signal` (then what was
   * not reached is told), or leaving the loop.
   *
   * ```ts
   * for await (const { topic, partition, status, bytesBefore, bytesAfter } of admin.clean({ topics: (name) => name === 'users', now: true })) {
   *   console.log(`${topic}-${partition}: ${status}, ${bytesBefore - bytesAfter} bytes freed`)
   * }
   * ```
   * @throws TerseError when one may not write here, as when a broker runs
   */
  clean(options?: CleaningOptions): AsyncIterable<CleaningResult>
  /**
   * Why each segment of a topic stays or goes, and what compaction waits for, as `tkafka explain` says it. Reads only.
   * With `failed`, a partition that cannot be read is told to it and left out.
   * @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION
   */
  explainCleaning(
    topic: string,
    failed?: (partition: number, error: unknown) => void,
  ): Promise<ExplainedPartition[]>
}
