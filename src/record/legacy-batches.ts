/**
 * Messages of formats 0 and 1 as batches of format 2, in memory: what is behind (walks, formatters, groups, check) knows
 * one format. Several messages make one batch, as long as one header can say the timestamps of all. Nothing of it is ever
 * stored.
 *
 * What comes in are whole stored messages whose header and checksum were looked at; what a wrapper holds is checked here:
 * the checksum of each message, no wrapper in a wrapper, offsets that grow and end with the wrapper's own.
 */
import { crc32c } from '../bytes/crc32c.ts'
import { readInt32, writeInt32 } from '../bytes/int32.ts'
import { type Int64, isSafeInt64, readInt64, subtractInt64 } from '../bytes/int64.ts'
import { sizeOfVarint, writeVarint } from '../bytes/varint.ts'
import { count } from '../count.ts'
import { CorruptRecordError } from '../errors.ts'
import * as header from './batch-header.ts'
import { decompress } from './compression/compression.ts'
import * as legacy from './legacy-message.ts'
import type { BatchTimestampType } from './record.ts'
import { CODECS, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE } from './record.ts'
import { RecordBatch } from './record-batch.ts'
import { RecordSlices } from './record-slices.ts'
import { copyBytes, MAX_RECORD_OVERHEAD, sizeOfRecordBody, writeRecordFields } from './record-writer.ts'

const { RECORD_BATCH_OVERHEAD } = header
const MAX_OFFSET_DELTA = 0x7fffffff
/** Its zigzag fits into 31 bits. */
const MAX_PLAIN_DELTA = 2 ** 29
const NO_BYTES = Buffer.alloc(0)

/** The messages in a wrapper. */
export interface InnerMessages {
  readonly bytes: Buffer
  /** Position of each in `bytes`, and its absolute offset. */
  readonly positions: readonly number[]
  readonly offsets: readonly number[]
}

/**
 * With `isLenient` as far as it can be shown at all: checksums are not looked at, nor what the offsets say, and a last
 * message that is cut off is left out.
 * @throws CorruptRecordError where a wrapper does not hold what it says, with its position in `buffer`
 */
export function innerMessages(buffer: Buffer, at: number, size: number, isLenient = false): InnerMessages {
  const fail = (detail: string) => new CorruptRecordError(detail, at)
  const codec = legacy.legacyAttributesAt(buffer, at) & header.CODEC_MASK
  if (codec > legacy.LAST_LEGACY_CODEC) throw fail(`its compression ${codec} is none of its format`)
  const problem = fieldsProblem(buffer, at, size)
  if (problem !== undefined) throw fail(problem)
  const { valueStart, valueEnd } = fieldsOf(buffer, at, size)
  if (valueEnd < 0) throw fail('a compressed message without a value')
  const magic = buffer[at + header.MAGIC_POSITION]
  let bytes: Buffer
  try {
    bytes = decompress(CODECS[codec], buffer.subarray(valueStart, valueEnd), { oldFraming: magic === 0 })
  } catch (error) {
    throw error instanceof CorruptRecordError ? fail(error.detail) : error
  }
  const positions: number[] = []
  const offsets: number[] = []
  for (let inner = 0; inner < bytes.length; ) {
    const room = bytes.length - inner
    if (isLenient && (room < header.LOG_OVERHEAD || header.sizeAt(bytes, inner) > room)) break
    const problem = innerProblem(bytes, inner, isLenient)
    if (problem !== undefined) throw fail(`message ${positions.length + 1} in it: ${problem}`)
    positions.push(inner)
    offsets.push(readInt64(bytes, inner))
    inner += header.sizeAt(bytes, inner)
  }
  if (offsets.length === 0) throw fail('a compressed message that holds none')
  return { bytes, positions, offsets: absolute(offsets, readInt64(buffer, at), magic, isLenient, fail) }
}

function innerProblem(bytes: Buffer, at: number, isLenient: boolean): string | undefined {
  const room = bytes.length - at
  if (room < legacy.SMALLEST_MESSAGE) return `${count(room, 'byte is', 'bytes are')} too few for a message`
  if (!legacy.isLegacyAt(bytes, at)) return `magic ${bytes[at + header.MAGIC_POSITION]} is not 0 or 1`
  const problem = legacy.legacyProblem(bytes, at, room, Number.NEGATIVE_INFINITY)
  if (problem !== undefined) return problem
  if (isLenient) return undefined
  if (legacy.isWrapperAt(bytes, at)) return 'it is compressed once more'
  const fields = fieldsProblem(bytes, at, header.sizeAt(bytes, at))
  return fields ?? legacy.legacyCrcProblem(bytes, at, header.sizeAt(bytes, at))
}

/** In format 1 they count from the first message there was, which compaction may have taken since. */
function absolute(
  offsets: number[],
  wrapperOffset: number,
  magic: number,
  isLenient: boolean,
  fail: (detail: string) => CorruptRecordError,
): number[] {
  const last = offsets[offsets.length - 1]
  // Some librdkafka left the wrapper's offset at 0.
  const base = magic === 0 || wrapperOffset === 0 ? 0 : wrapperOffset - last
  if (base < 0 || (!isLenient && base + last > wrapperOffset))
    throw fail(`the offsets in it end at ${last}, its own is ${wrapperOffset}`)
  for (let i = 0; i < offsets.length && !isLenient; i++) {
    if (offsets[i] < 0 || (i > 0 && offsets[i] <= offsets[i - 1]))
      throw fail(`the offsets in it do not grow: ${offsets[i]} stands behind ${offsets[i - 1] ?? 'none'}`)
  }
  return base === 0 ? offsets : offsets.map((offset) => base + offset)
}

/** Why key and value do not fill the message; looked at before any of it is taken. */
export function fieldsProblem(buffer: Buffer, at: number, size: number): string | undefined {
  const end = at + size
  const keyAt = legacy.keyLengthPosition(buffer, at)
  const keyLength = readInt32(buffer, keyAt)
  const valueAt = keyAt + 4 + Math.max(keyLength, 0)
  if (keyLength < -1 || valueAt + 4 > end) return 'its key does not fit in'
  const valueLength = readInt32(buffer, valueAt)
  const fits = valueLength >= -1 && valueAt + 4 + Math.max(valueLength, 0) === end
  return fits ? undefined : 'its value does not fit in'
}

/** Where key and value lie. */
export interface Fields {
  readonly keyStart: number
  /** -1 for null. */
  readonly keyEnd: number
  readonly valueStart: number
  readonly valueEnd: number
}

/** Of a message whose fields fill it. */
export function fieldsOf(buffer: Buffer, at: number, size: number): Fields {
  const keyStart = legacy.keyLengthPosition(buffer, at) + 4
  const keyLength = readInt32(buffer, keyStart - 4)
  const valueStart = keyStart + Math.max(keyLength, 0) + 4
  const keyEnd = keyLength < 0 ? -1 : keyStart + keyLength
  return { keyStart, keyEnd, valueStart, valueEnd: readInt32(buffer, valueStart - 4) < 0 ? -1 : at + size }
}

/** One message, or what is in a wrapper, as one batch. @throws CorruptRecordError */
export function equalBatch(buffer: Buffer, at: number, size: number): RecordBatch {
  const problem = fieldsProblem(buffer, at, size)
  if (problem !== undefined) throw new CorruptRecordError(problem, at)
  const batches = new LegacyBatches()
  batches.add(buffer, at, size)
  batches.finish()
  if (batches.count > 1)
    throw new CorruptRecordError('its offsets are further apart than a batch can tell', at)
  return new RecordBatch(batches.buffer, 0, batches.end)
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

  /** Begins anew, in `memory` as long as that is enough. */
  begin(memory: Buffer = NO_BYTES): void {
    this.buffer = memory.length > 0 ? memory : this.#own
    this.end = 0
    this.count = 0
    this.#start = -1
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
      this.#append(type, readInt64(buffer, at), timestamp, buffer, fieldsOf(buffer, at, size))
      return
    }
    const { bytes, positions, offsets } = inner ?? innerMessages(buffer, at, size)
    const appended = type === 'LogAppendTime' ? legacy.legacyTimestampAt(buffer, at) : undefined
    for (let i = 0; i < positions.length; i++) {
      const timestamp = appended ?? legacy.legacyTimestampAt(bytes, positions[i])
      const fields = fieldsOf(bytes, positions[i], header.sizeAt(bytes, positions[i]))
      this.#append(type, offsets[i], timestamp, bytes, fields)
    }
  }

  /**
   * As add, of a message that is no wrapper and whose fields fill it: of millions, so no object is made for any, and false
   * is returned, with nothing taken, for what is not ordinary.
   */
  addPlain(buffer: Buffer, at: number, size: number): boolean {
    const magic = buffer[at + header.MAGIC_POSITION]
    const isAppendTime =
      magic === 1 && (buffer[at + header.MAGIC_POSITION + 1] & header.LOG_APPEND_TIME_FLAG) !== 0
    const type = magic === 0 ? 'NoTimestampType' : 'CreateTime'
    const base = this.#baseTimestamp
    if (this.#start < 0 || isAppendTime || type !== this.#type || typeof base !== 'number') return false
    if (magic === 1 && !isSafeInt64(buffer, at + legacy.LEGACY_TIMESTAMP_POSITION)) return false
    const timestamp = magic === 1 ? readInt64(buffer, at + legacy.LEGACY_TIMESTAMP_POSITION) : -1
    const timestampDelta = timestamp - base
    const offset = readInt64(buffer, at)
    const offsetDelta = offset - this.#baseOffset
    if (!(Math.abs(timestampDelta) < MAX_PLAIN_DELTA && offsetDelta < MAX_PLAIN_DELTA)) return false
    const keyStart = at + (magic === 0 ? 22 : 30)
    const keyLength = readInt32(buffer, keyStart - 4)
    const keyEnd = keyLength < 0 ? keyStart : keyStart + keyLength
    const valueLength = readInt32(buffer, keyEnd)
    const bodySize =
      2 +
      sizeOfVarint(timestampDelta) +
      sizeOfVarint(offsetDelta) +
      sizeOfVarint(keyLength) +
      sizeOfVarint(valueLength) +
      size -
      legacy.LEGACY_OVERHEAD[magic]
    this.#reserve(MAX_RECORD_OVERHEAD + bodySize)
    const target = this.buffer
    let to = writeVarint(target, this.end, bodySize)
    target[to++] = 0
    to = writeVarint(target, to, timestampDelta)
    to = writeVarint(target, to, offsetDelta)
    to = writeVarint(target, to, keyLength)
    if (keyLength > 0) to = copyBytes(buffer, keyStart, keyEnd, target, to)
    to = writeVarint(target, to, valueLength)
    if (valueLength > 0) to = copyBytes(buffer, keyEnd + 4, at + size, target, to)
    target[to++] = 0
    this.end = to
    this.#records++
    this.#lastOffset = offset
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
    return true
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
    { keyStart, keyEnd, valueStart, valueEnd }: Fields,
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
