/** What an append returns, and what it throws when only a part of it is in the log. */
import type { Int64 } from '../bytes/int64.ts'
import { TerseError } from '../errors.ts'

/** What became of an append. */
export interface LogAppendInfo {
  /** Offset of the first record appended (or found again, for a duplicate). */
  readonly firstOffset: number
  readonly lastOffset: number
  /** Milliseconds, or -1 where the topic keeps the producer's time. */
  readonly logAppendTime: number
  readonly maxTimestamp: Int64
  /** Bytes that went into the log; 0 for a duplicate. */
  readonly bytes: number
  readonly batches: number
  readonly logStartOffset: number
  /** True when an idempotent producer sent every one of these batches before. */
  readonly duplicate: boolean
}

/**
 * The disk refused in the middle of an append (full, failing). What is whole stays in the log and counts as
 * appended; the rest is not there.
 */
export class PartialAppendError extends TerseError {
  override name = 'PartialAppendError'
  /** What was appended before the failure; undefined when nothing was. */
  readonly appended: LogAppendInfo | undefined
  /** False where a sync that was due failed, too: what was appended is in the log, and not promised to anybody. */
  readonly isSynced: boolean

  constructor(message: string, appended: LogAppendInfo | undefined, isSynced: boolean, cause: unknown) {
    super(message, { cause })
    this.appended = appended
    this.isSynced = isSynced
  }

  /** Bytes of the caller's buffer that are in the log, counted from where it began. */
  get consumed(): number {
    return this.appended?.bytes ?? 0
  }
}
