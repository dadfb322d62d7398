/** Reads a segment for the log cleaner, batch by batch. */
import { CorruptRecordError } from '../../errors.ts'
import { readRange } from '../../os/file-system.ts'
import type { Os } from '../../os/os.ts'
import * as header from '../../record/batch-header.ts'
import { equalBatch } from '../../record/legacy-batches.ts'
import { isLegacyAt } from '../../record/legacy-message.ts'
import { RecordBatch } from '../../record/record-batch.ts'
import { checksumProblem, lastStoredOffset, storedProblem } from '../segment/batch-cursor.ts'
import type { LogSegment } from '../segment/log-segment.ts'

/**
 * Reads a segment from a position to its end in large pieces, batch by batch, into one buffer that grows for a batch that
 * is larger than it (KAFKA-6834) and is kept for the next segment.
 */
export class CleanerReader {
  readonly #os: Os
  buffer: Buffer
  /** The batch found: its bytes in `buffer`. */
  at = 0
  size = 0
  /** It is a message of format 0 or 1. */
  isLegacy = false
  #limit = 0
  /** Of buffer[0] in the file. */
  #position = 0
  #end = 0
  #fd = -1
  #nextOffset = 0
  #untilOffset = 0
  #segment: LogSegment | undefined

  constructor(os: Os, bufferSize: number) {
    this.#os = os
    this.buffer = Buffer.allocUnsafeSlow(Math.max(bufferSize, 64 * 1024))
  }

  /** `untilOffset`: where the next segment begins, or the log ends. */
  begin(segment: LogSegment, position: number, end: number, untilOffset: number): void {
    this.#segment = segment
    this.#fd = segment.fd()
    this.#position = position
    this.#end = end
    this.#nextOffset = segment.baseOffset
    this.#untilOffset = untilOffset
    this.#limit = 0
    this.at = 0
    this.size = 0
  }

  /** Bytes of the buffer that are still to be walked over; 0: the next call of `next` reads. */
  get isEmpty(): boolean {
    return this.at + this.size >= this.#limit
  }

  /** False at the end. Throws CorruptRecordError where there is no batch, or with `checkCrc` no sound one. */
  next(checkCrc: boolean): boolean {
    this.at += this.size
    this.size = 0
    if (this.#position + this.at >= this.#end) return false
    if (this.#limit - this.at < header.RECORD_BATCH_OVERHEAD) this.#fill(header.RECORD_BATCH_OVERHEAD)
    const room = this.#end - this.#position - this.at
    const whole = this.#limit - this.at
    const seen = whole < header.RECORD_BATCH_OVERHEAD ? whole : room
    const problem = storedProblem(this.buffer, this.at, seen, this.#nextOffset)
    if (problem !== undefined) throw this.#corrupt(problem)
    const size = header.sizeAt(this.buffer, this.at)
    if (size > whole) {
      this.#fill(size)
      if (this.#limit - this.at < size) throw this.#corrupt('the file ends within it')
    }
    this.size = size
    this.isLegacy = isLegacyAt(this.buffer, this.at)
    if (checkCrc && checksumProblem(this.buffer, this.at, size) !== undefined)
      throw this.#corrupt('its checksum is wrong')
    const lastOffset = lastStoredOffset(this.buffer, this.at)
    // No checksum covers a batch's offset: records under another one's would replace good ones.
    if (lastOffset >= this.#untilOffset)
      throw this.#corrupt(
        `its last offset is ${lastOffset}, and ${this.#untilOffset} is given behind its segment`,
      )
    this.#nextOffset = lastOffset + 1
    return true
  }

  /** Of a message of format 0 or 1 an equal one of format 2. */
  batch(): RecordBatch {
    if (this.isLegacy) return this.asFound(() => equalBatch(this.buffer, this.at, this.size))
    return new RecordBatch(this.buffer, this.at, this.at + this.size)
  }

  /** Does something with the batch found; what it finds damaged is told with its place. */
  asFound<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      if (error instanceof CorruptRecordError) throw this.#corrupt(error.detail)
      throw error
    }
  }

  /** Moves what is left to the buffer's begin and reads on; at least `wanted` bytes where the file has them. */
  #fill(wanted: number): void {
    const left = this.#limit - this.at
    if (wanted > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(wanted, this.buffer.length * 2))
      this.buffer.copy(larger, 0, this.at, this.#limit)
      this.buffer = larger
    } else this.buffer.copyWithin(0, this.at, this.#limit)
    this.#position += this.at
    this.at = 0
    const length = Math.min(this.buffer.length - left, this.#end - this.#position - left)
    const read = readRange(this.#os.fs, this.#fd, this.buffer, left, length, this.#position + left)
    this.#limit = left + read
  }

  #corrupt(problem: string) {
    return this.#segment!.corrupt(problem, this.#position + this.at, this.#nextOffset)
  }
}
