/**
 * A segment in the making by compaction: `NNN.log.cleaned` and its indexes, beside the ones it will replace.
 *
 * Bytes: batches one behind another; indexes as an append would write them. Invariant: nobody reads it before it is
 * whole and synced (`finish`) and renamed to `.swap` (segment-files.ts); it is made under the cleaner's lock. Crash: the
 * next writer removes what ends in .cleaned.
 */
import type { Int64 } from '../../bytes/int64.ts'
import { openTemporary, writeFully } from '../../os/file-system.ts'
import type { Os } from '../../os/os.ts'
import * as header from '../../record/batch-header.ts'
import { isLegacyAt } from '../../record/legacy-message.ts'
import {
  CLEANED_SUFFIX,
  INDEX_SUFFIX,
  LOG_SUFFIX,
  logFile,
  TIME_INDEX_SUFFIX,
  TXN_INDEX_SUFFIX,
} from '../segment/log-files.ts'
import { OffsetIndex } from '../segment/offset-index.ts'
import { TimeIndex } from '../segment/time-index.ts'
import type { AbortedTxn } from '../segment/transaction-index.ts'
import { TransactionIndex } from '../segment/transaction-index.ts'
import { unlinkIfThere } from '../side-file.ts'

const BUFFER_SIZE = 1024 * 1024
export const MAX_SEGMENT_SIZE = 0x7fffffff

export interface CleanedSegmentOptions {
  readonly indexIntervalBytes: number
  readonly maxIndexBytes: number
  /** Counts only, writes nothing. */
  readonly dryRun: boolean
}

export class CleanedSegment {
  readonly baseOffset: number
  readonly #os: Os
  readonly #stem: string
  readonly #options: CleanedSegmentOptions
  readonly #offsetIndex: OffsetIndex
  readonly #timeIndex: TimeIndex
  readonly #transactionIndex: TransactionIndex
  readonly #aborted: AbortedTxn[] = []
  #fd: number | undefined
  /** Bytes to be written, up to `at`. */
  buffer: Buffer
  at = 0
  #position = 0
  #lastIndexed = 0
  #maxTimestamp: Int64 = -1
  #maxTimestampOffset: number
  /** Of the batch with the largest timestamp. */
  #maxHasRecords = false
  /** Whether any batch holds a record; empty ones stay only for their producers. */
  hasRecords = false

  /** `buffer` is used for writing when it is large enough; the grown one is in `this.buffer` afterwards. */
  constructor(os: Os, dir: string, baseOffset: number, options: CleanedSegmentOptions, buffer?: Buffer) {
    this.#os = os
    this.baseOffset = baseOffset
    this.#options = options
    this.#stem = logFile(dir, baseOffset).slice(0, -LOG_SUFFIX.length)
    this.#offsetIndex = new OffsetIndex(os.fs, this.#path(INDEX_SUFFIX), baseOffset)
    this.#timeIndex = new TimeIndex(os.fs, this.#path(TIME_INDEX_SUFFIX), baseOffset)
    this.#transactionIndex = new TransactionIndex(os.fs, this.#path(TXN_INDEX_SUFFIX))
    this.#maxTimestampOffset = baseOffset
    this.buffer = buffer ?? Buffer.allocUnsafeSlow(BUFFER_SIZE)
    if (options.dryRun) return
    this.discard()
    this.#fd = openTemporary(os.fs, this.#path(LOG_SUFFIX))
  }

  /** Bytes so far. */
  get size(): number {
    return this.#position + this.at
  }

  /** Makes room for `size` bytes at `at` in `buffer`, which the caller fills. */
  reserve(size: number): void {
    if (this.at + size <= this.buffer.length) return
    this.#flush()
    if (size > this.buffer.length) this.buffer = Buffer.allocUnsafeSlow(size)
  }

  /** The batch of `size` bytes that was written at `at` is taken. */
  appended(size: number, lastOffset: number, maxTimestamp: Int64): void {
    const position = this.size
    if (position + size > MAX_SEGMENT_SIZE) {
      throw new RangeError(`${this.#path(LOG_SUFFIX)}: a cleaned segment would grow beyond 2 GB`)
    }
    const hasRecords = isLegacyAt(this.buffer, this.at) || header.countAt(this.buffer, this.at) > 0
    this.hasRecords ||= hasRecords
    if (maxTimestamp > this.#maxTimestamp) {
      this.#maxTimestamp = maxTimestamp
      this.#maxTimestampOffset = lastOffset
      this.#maxHasRecords = hasRecords
    }
    if (position - this.#lastIndexed > this.#options.indexIntervalBytes) {
      const { maxIndexBytes } = this.#options
      if (!this.#offsetIndex.isFull(maxIndexBytes)) this.#offsetIndex.append(lastOffset, position)
      // An entry that leads to an empty batch finds nothing, and Kafka's dump tool calls it a mismatch.
      if (this.#maxHasRecords && !this.#timeIndex.isFull(maxIndexBytes, 1)) {
        this.#timeIndex.maybeAppend(this.#maxTimestamp, this.#maxTimestampOffset)
      }
      this.#lastIndexed = position
    }
    this.at += size
  }

  /** An aborted transaction whose marker stays. */
  keepAborted(aborted: AbortedTxn): void {
    this.#aborted.push(aborted)
  }

  /** All of it on disk and synced. */
  finish(): void {
    this.#flush()
    if (this.#fd === undefined) return
    const { fs } = this.#os
    this.#timeIndex.maybeAppend(this.#maxTimestamp, this.#maxTimestampOffset)
    for (const index of [this.#offsetIndex, this.#timeIndex]) {
      index.writeStaged()
      index.trim()
      index.close()
    }
    this.#transactionIndex.append(this.#aborted)
    fs.fdatasync(this.#fd)
    this.#close()
    for (const suffix of [INDEX_SUFFIX, TIME_INDEX_SUFFIX]) {
      const fd = fs.open(this.#path(suffix), 'r+')
      try {
        fs.fdatasync(fd)
      } finally {
        fs.close(fd)
      }
    }
    this.#transactionIndex.sync()
  }

  /** Gives it up. Safe at any moment. */
  abort(): void {
    if (this.#options.dryRun) return
    this.#close()
    this.#offsetIndex.close()
    this.#timeIndex.close()
    this.discard()
  }

  /** Removes its files, whoever left them. */
  discard(): void {
    for (const suffix of [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX]) {
      unlinkIfThere(this.#os.fs, this.#path(suffix))
    }
  }

  /** Once: the number may be somebody else's by the next time. */
  #close(): void {
    const fd = this.#fd
    this.#fd = undefined
    if (fd !== undefined) this.#os.fs.close(fd)
  }

  #flush(): void {
    if (this.#fd !== undefined) writeFully(this.#os.fs, this.#fd, this.buffer, 0, this.at, this.#position)
    this.#position += this.at
    this.at = 0
  }

  #path(suffix: string): string {
    return this.#stem + suffix + CLEANED_SUFFIX
  }
}
