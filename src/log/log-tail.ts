/**
 * What a process knows of the active segment's end: a value that a scan of the disk makes (tail-scan.ts), and that moves on
 * only by what its methods are named after. A cache of the disk, see local-log.ts.
 */
import { readUInt32 } from '../bytes/int32.ts'
import type { Int64 } from '../bytes/int64.ts'
import type { CorruptRecordError } from '../errors.ts'
import * as header from '../record/batch-header.ts'
import type { BatchCursor } from './segment/batch-cursor.ts'
import { maxTimestampAt } from './segment/batch-cursor.ts'
import type { TimestampOffset } from './segment/time-index.ts'

/** The last batch does not begin where the one before it ends: offsets are missing, or its own one is wrong, which no checksum covers. */
export interface OffsetJump {
  readonly position: number
  /** Where the batch before it ends. */
  readonly expected: number
  /** Where the batch itself would end if it began there. */
  readonly end: number
}

export class LogTail {
  #end = 0
  #nextOffset: number
  #fileSize: number
  #lastBatchPosition = -1
  #lastBatchCrc = 0
  #lastEpoch = -1
  #jump: OffsetJump | undefined
  #doubted: OffsetJump | undefined
  #torn: CorruptRecordError | undefined
  #tornMark = ''
  #damage: CorruptRecordError | undefined
  #max: TimestampOffset | undefined
  #firstTimestamp: Int64 | undefined
  #lastIndexed: number | undefined

  /** Of a segment in which no batch has been seen yet. */
  constructor(baseOffset: number, fileSize = 0) {
    this.#nextOffset = baseOffset
    this.#fileSize = fileSize
  }

  /** To scan on into, where the file has grown: the known one stays as it is, whatever happens to the scan. */
  grown(fileSize: number): LogTail {
    const tail = new LogTail(this.#nextOffset, fileSize)
    tail.#end = this.#end
    tail.#lastBatchPosition = this.#lastBatchPosition
    tail.#lastBatchCrc = this.#lastBatchCrc
    tail.#lastEpoch = this.#lastEpoch
    tail.#jump = this.#jump
    tail.#damage = this.#damage
    tail.#max = this.#max
    tail.#firstTimestamp = this.#firstTimestamp
    return tail
  }

  /** Behind the last whole batch. */
  get end(): number {
    return this.#end
  }

  get nextOffset(): number {
    return this.#nextOffset
  }

  /** The file's size when it was looked at: more than `end` where the tail is torn. */
  get fileSize(): number {
    return this.#fileSize
  }

  /** -1 where there is no batch. */
  get lastBatchPosition(): number {
    return this.#lastBatchPosition
  }

  get lastBatchCrc(): number {
    return this.#lastBatchCrc
  }

  /** The last whole batch's header has been seen with this epoch; -1 in an empty segment. */
  get lastEpoch(): number {
    return this.#lastEpoch
  }

  get jump(): OffsetJump | undefined {
    return this.#jump
  }

  /** The jump that somebody knows to be none: the batch is good but for its offset. */
  get doubted(): OffsetJump | undefined {
    return this.#doubted
  }

  /** Set where bytes behind `end` are no batch. */
  get torn(): CorruptRecordError | undefined {
    return this.#torn
  }

  /** The torn bytes as they were when they were judged, in short. */
  get tornMark(): string {
    return this.#tornMark
  }

  /** Damage with good batches behind it: the log is not to be appended to. */
  get damage(): CorruptRecordError | undefined {
    return this.#damage
  }

  /** Largest timestamp in the segment with its batch's last offset; undefined until asked for. */
  get max(): TimestampOffset | undefined {
    return this.#max
  }

  /** First batch's max timestamp; undefined until asked for. */
  get firstTimestamp(): Int64 | undefined {
    return this.#firstTimestamp
  }

  /** Position of the last batch that the offset index points to; undefined until asked for. */
  get lastIndexed(): number | undefined {
    return this.#lastIndexed
  }

  /** A scan found the batch that the cursor stands on. */
  scanned(cursor: BatchCursor): void {
    const { buffer, at } = cursor
    this.#moveBehind(buffer, at, cursor.position)
    if (this.#max !== undefined) this.noteTimestamp(maxTimestampAt(cursor), cursor.nextOffset - 1)
  }

  /** Whole batches buffer[start, end) were written at the tail's end. */
  appended(buffer: Buffer, start: number, end: number): void {
    let last = -1
    for (let at = start; at < end; at += header.sizeAt(buffer, at)) last = at
    if (last < 0) return
    this.#moveBehind(buffer, last, this.#end + last - start)
    this.#fileSize = this.#end
  }

  /** The file was cut behind its last whole batch. */
  cut(): void {
    this.#fileSize = this.#end
    this.#torn = undefined
  }

  tornBy(problem: CorruptRecordError, mark: string): void {
    this.#torn = problem
    this.#tornMark = mark
  }

  /** The last batch's offset cannot be: the log ends before it, as far as it can be read. */
  lastDoubted(jump: OffsetJump, problem: CorruptRecordError, mark: string): void {
    this.#doubted = jump
    this.#jump = undefined
    this.#end = jump.position
    this.#nextOffset = jump.expected
    this.tornBy(problem, mark)
  }

  /** The first damage that was met is the one that is told. */
  damagedBy(problem: CorruptRecordError): void {
    this.#damage ??= problem
  }

  /** Raises `max` where the batch with this last offset is younger. */
  noteTimestamp(timestamp: Int64, lastOffset: number): void {
    if (this.#max !== undefined && timestamp > this.#max.timestamp)
      this.#max = { timestamp, offset: lastOffset }
  }

  knowMax(max: TimestampOffset): void {
    this.#max = max
  }

  forgetMax(): void {
    this.#max = undefined
  }

  knowFirstTimestamp(timestamp: Int64): void {
    this.#firstTimestamp = timestamp
  }

  indexedUpTo(position: number): void {
    this.#lastIndexed = position
  }

  /** The indexes may lack entries: the next writer to prepare the tail looks at them. */
  forgetIndexed(): void {
    this.#lastIndexed = undefined
  }

  /** Forgets what was noted of batches that did not get into the log. */
  forgetPending(): void {
    this.#max = undefined
    this.#firstTimestamp = undefined
    this.#lastIndexed = undefined
  }

  #moveBehind(buffer: Buffer, at: number, position: number): void {
    const expected = this.#nextOffset
    const isKnown = position === this.#end && header.baseOffsetAt(buffer, at) !== expected
    const length = header.lastOffsetAt(buffer, at) + 1 - header.baseOffsetAt(buffer, at)
    this.#jump = isKnown ? { position, expected, end: expected + length } : undefined
    this.#lastBatchPosition = position
    this.#lastBatchCrc = readUInt32(buffer, at + header.CRC_POSITION)
    this.#lastEpoch = header.leaderEpochAt(buffer, at)
    this.#end = position + header.sizeAt(buffer, at)
    this.#nextOffset = header.lastOffsetAt(buffer, at) + 1
  }
}
