/**
 * Messages of formats 0 and 1 as batches of format 2, in memory: what is behind (walks, formatters, groups, check) knows
 * one format. Several messages make one batch, as long as one header can say the timestamps of all. Nothing of it is ever
 * stored.
 *
 * What comes in are whole stored messages whose header and checksum were looked at; what a wrapper holds is checked by
 * legacy-inner.ts.
 */
import { crc32c } from '../bytes/crc32c.ts'
import { writeInt32 } from '../bytes/int32.ts'
import { type Int64, readInt64, subtractInt64 } from '../bytes/int64.ts'
import { CorruptRecordError } from '../errors.ts'
import * as header from './batch-header.ts'
import { type LegacyKernel, type LegacyRunRequest, legacyKernelFor } from './kernels/legacy-kernel.ts'
import { type InnerMessages, type InnerOutline, innerMessages } from './legacy-inner.ts'
import * as legacy from './legacy-message.ts'
import type { BatchTimestampType } from './record.ts'
import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE } from './record.ts'
import { RecordBatch } from './record-batch.ts'
import { RecordSlices } from './record-slices.ts'
import { MAX_RECORD_OVERHEAD, sizeOfRecordBody, writeRecordFields } from './record-writer.ts'

const { RECORD_BATCH_OVERHEAD } = header
const MAX_OFFSET_DELTA = 0x7fffffff
/** Of messages with a timestamp of their own, by magic. */
const TYPES = ['NoTimestampType', 'CreateTime'] as const
const NO_BYTES = Buffer.alloc(0)

/** One message, or what is in a wrapper, as one batch. @throws CorruptRecordError */
export function equalBatch(buffer: Buffer, at: number, size: number): RecordBatch {
  const problem = legacy.fieldsProblem(buffer, at, size)
  if (problem !== undefined) throw new CorruptRecordError(problem, at)
  const batches = new LegacyBatches()
  batches.add(buffer, at, size)
  batches.finish()
  if (batches.count > 1)
    throw new CorruptRecordError('its offsets are further apart than a batch can tell', at)
  return new RecordBatch(batches.buffer, 0, batches.end)
}

/** What a run of messages may hold. */
export interface RunLimits {
  readonly limitOffset: number
  readonly checkCrcs: boolean
}

export class LegacyBatches {
  /** The batches are buffer[0, end), once `finish` was called. */
  buffer: Buffer = NO_BYTES
  end = 0
  /** Batches so far. */
  count = 0
  /** Memory that is nobody else's. */
  #own: Buffer = NO_BYTES
  // Of the batch that is being filled: it begins at #start, -1 for none.
  #start = -1
  #records = 0
  #baseOffset = 0
  #lastOffset = 0
  #type: BatchTimestampType = 'CreateTime'
  #baseTimestamp: Int64 = Number.NaN
  #maxTimestamp: Int64 = Number.NaN
  readonly #record = new RecordSlices()
  readonly #deltas = { timestamp: 0 as Int64, offset: 0, bodySize: 0 }
  readonly #kernelFor: (size: number) => LegacyKernel | undefined

  /** `kernelFor`: what takes the ordinary messages, where so many bytes of them are there. */
  constructor(kernelFor: (size: number) => LegacyKernel | undefined = legacyKernelFor) {
    this.#kernelFor = kernelFor
  }

  /** Begins anew, in `memory` as long as that is enough. */
  begin(memory: Buffer = NO_BYTES): void {
    this.buffer = memory.length > 0 ? memory : this.#own
    this.end = 0
    this.count = 0
    this.#start = -1
    // What was read last stands in the same memory.
    this.#kernelFor(0)?.forget()
  }

  /**
   * The message at buffer[at, at + size), and what it holds where that is known.
   * @throws CorruptRecordError where that is what cannot be; nothing of it is taken then
   */
  add(buffer: Buffer, at: number, size: number, inner?: InnerMessages): void {
    const magic = buffer[at + header.MAGIC_POSITION]
    const type = legacy.legacyTimestampType(magic, legacy.legacyAttributesAt(buffer, at))
    if (!legacy.isWrapperAt(buffer, at)) {
      const timestamp = legacy.legacyTimestampAt(buffer, at)
      this.#append(type, readInt64(buffer, at), timestamp, buffer, legacy.fieldsOf(buffer, at, size))
      return
    }
    const { bytes, positions, offsets } = inner ?? innerMessages(buffer, at, size)
    const appended = type === 'LogAppendTime' ? legacy.legacyTimestampAt(buffer, at) : undefined
    for (let i = 0; i < positions.length; i++) {
      const timestamp = appended ?? legacy.legacyTimestampAt(bytes, positions[i])
      const fields = legacy.fieldsOf(bytes, positions[i], header.sizeAt(bytes, positions[i]))
      this.#append(type, offsets[i], timestamp, bytes, fields)
    }
  }

  /**
   * As add, of the ordinary messages from buffer[at] on that have the offsets from `nextOffset` on, none at or behind
   * `limitOffset`: of millions, so WebAssembly checks them all, and nothing is taken of what it does not know. Returns
   * the bytes that were taken.
   */
  addRun(
    buffer: Buffer,
    at: number,
    end: number,
    nextOffset: number,
    { limitOffset, checkCrcs }: RunLimits,
  ): number {
    const magic = buffer[at + header.MAGIC_POSITION]
    // A codec or log-append time.
    if (buffer[at + header.MAGIC_POSITION + 1] !== 0 || !this.#goesOn(magic)) return 0
    const kernel = this.#kernelFor(end - at)
    if (kernel === undefined) return 0
    const stored = { base: 0, nextOffset, limitOffset, hasGaps: false, checkCrcs }
    return this.#take(kernel, buffer, at, end, stored) ? kernel.sourceSize : 0
  }

  /** As add, of what is in a wrapper; false, with nothing taken, where any of it is not ordinary. */
  addInner({ magic, bytes, base, firstOffset, lastOffset }: InnerOutline): boolean {
    const kernel = this.#kernelFor(bytes.length)
    if (kernel === undefined || firstOffset < base) return false
    const isNew = this.#start < 0
    if (isNew) this.#begin(TYPES[magic], firstOffset, legacy.legacyTimestampAt(bytes, 0))
    const before = {
      end: this.end,
      records: this.#records,
      lastOffset: this.#lastOffset,
      maxTimestamp: this.#maxTimestamp,
    }
    // The memory may be that of the wrapper before.
    kernel.forget()
    const limitOffset = lastOffset - base + 1
    let at = 0
    while (at < bytes.length && this.#goesOn(magic)) {
      const nextOffset = at === 0 ? 0 : kernel.nextOffset
      const stored = { base, nextOffset, limitOffset, hasGaps: true, checkCrcs: true }
      if (!this.#take(kernel, bytes, at, bytes.length, stored)) break
      at += kernel.sourceSize
    }
    kernel.forget()
    if (at === bytes.length) return true
    this.end = before.end
    this.#records = before.records
    this.#lastOffset = before.lastOffset
    this.#maxTimestamp = before.maxTimestamp
    if (isNew) {
      this.end -= RECORD_BATCH_OVERHEAD
      this.count--
      this.#start = -1
    }
    return false
  }

  /** Whether a message with a timestamp of its own may go into the batch that is being filled. */
  #goesOn(magic: number): boolean {
    return (
      this.#start >= 0 &&
      this.#type === TYPES[magic] &&
      typeof this.#baseTimestamp === 'number' &&
      typeof this.#maxTimestamp === 'number'
    )
  }

  /** False where the kernel took nothing. `base`: what the stored offsets count from. */
  #take(
    kernel: LegacyKernel,
    source: Buffer,
    at: number,
    end: number,
    {
      base,
      ...stored
    }: Pick<LegacyRunRequest, 'nextOffset' | 'limitOffset' | 'hasGaps' | 'checkCrcs'> & {
      base: number
    },
  ): boolean {
    kernel.take(source, at, end, {
      ...stored,
      magic: this.#type === 'NoTimestampType' ? 0 : 1,
      baseOffset: this.#baseOffset - base,
      baseTimestamp: Number(this.#baseTimestamp),
      maxTimestamp: Number(this.#maxTimestamp),
    })
    if (kernel.taken === 0) return false
    this.#reserve(kernel.recordsSize)
    kernel.copyRecords(this.buffer, this.end)
    this.end += kernel.recordsSize
    this.#records += kernel.taken
    this.#lastOffset = base + kernel.nextOffset - 1
    this.#maxTimestamp = kernel.maxTimestamp
    return true
  }

  /** Behind all that was taken. */
  get nextOffset(): number {
    return this.#lastOffset + 1
  }

  /** Ends the last batch. */
  finish(): void {
    if (this.#start < 0) return
    const { buffer, end } = this
    const start = this.#start
    header.writeBatchHeader(buffer, start, {
      baseOffset: this.#baseOffset,
      sizeInBytes: end - start,
      partitionLeaderEpoch: -1,
      attributes: header.attributesOf('none', this.#type, false, false, false),
      lastOffsetDelta: this.#lastOffset - this.#baseOffset,
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp: this.#maxTimestamp,
      producerId: NO_PRODUCER_ID,
      producerEpoch: NO_PRODUCER_EPOCH,
      baseSequence: NO_SEQUENCE,
      count: this.#records,
    })
    writeInt32(buffer, start + header.CRC_POSITION, crc32c(buffer, start + header.ATTRIBUTES_POSITION, end))
    this.#start = -1
  }

  #append(
    type: BatchTimestampType,
    offset: number,
    timestamp: Int64,
    source: Buffer,
    { keyStart, keyEnd, valueStart, valueEnd }: legacy.Fields,
  ): void {
    const fits =
      this.#start >= 0 &&
      type === this.#type &&
      // Where log-append time rules, all records of a batch have the same.
      (type !== 'LogAppendTime' || timestamp === this.#maxTimestamp) &&
      offset - this.#baseOffset <= MAX_OFFSET_DELTA
    if (!fits) this.#begin(type, offset, timestamp)
    const keyLength = keyEnd < 0 ? -1 : keyEnd - keyStart
    const valueLength = valueEnd < 0 ? -1 : valueEnd - valueStart
    const deltas = this.#deltas
    deltas.timestamp = subtractInt64(timestamp, this.#baseTimestamp)
    deltas.offset = offset - this.#baseOffset
    deltas.bodySize = sizeOfRecordBody(deltas.timestamp, deltas.offset, keyLength, valueLength, 1)
    this.#reserve(MAX_RECORD_OVERHEAD + deltas.bodySize)
    const record = this.#record
    record.key = source
    record.keyStart = keyStart
    record.keyEnd = keyEnd
    record.value = source
    record.valueStart = valueStart
    record.valueEnd = valueEnd
    const end = writeRecordFields(this.buffer, this.end, deltas, record)
    // No headers.
    this.buffer[end] = 0
    this.end = end + 1
    this.#records++
    this.#lastOffset = offset
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
  }

  #begin(type: BatchTimestampType, offset: number, timestamp: Int64): void {
    this.finish()
    this.#reserve(RECORD_BATCH_OVERHEAD)
    this.count++
    this.#start = this.end
    this.end += RECORD_BATCH_OVERHEAD
    this.#records = 0
    this.#type = type
    this.#baseOffset = offset
    this.#baseTimestamp = timestamp
    this.#maxTimestamp = timestamp
  }

  #reserve(size: number): void {
    const needed = this.end + size
    if (needed <= this.buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2, 1024))
    this.buffer.copy(larger, 0, 0, this.end)
    this.buffer = larger
    this.#own = larger
  }
}
