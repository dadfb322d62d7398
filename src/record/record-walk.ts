import { ByteReader } from '../bytes/byte-reader.ts'
import type { Int64 } from '../bytes/int64.ts'
import { cursor, readUnsignedVarint, readVarlong } from '../bytes/varint.ts'
import { count as counted } from '../count.ts'
import type { CorruptRecordError } from '../errors.ts'
import { exactVarlong, keepTimestamp } from './exact-timestamp.ts'
import type { RecordHeader, RecordVisitor } from './record.ts'

/** What walking needs to know of the batch that the records are in. */
export interface BatchOfRecords {
  readonly baseOffset: number
  readonly lastOffsetDelta: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly timestampType: string
  /** An int64 of the header, exactly: for those that no double holds. */
  readonly exactBaseTimestamp?: Int64
  readonly exactMaxTimestamp?: Int64
  readonly count: number
  corrupt(detail: string): CorruptRecordError
}

/** Where a walk over a batch's (inflated) records stands. Whoever takes records in front of it moves it on. */
export interface RecordRun {
  readonly batch: BatchOfRecords
  readonly buffer: Buffer
  readonly end: number
  /** Number of the next record in the batch, and its position in the buffer. */
  index: number
  at: number
  /** Records of lower offsets are passed over; behind the last one taken. */
  position: number
  /** Records that were taken, without those passed over. */
  taken: number
}

/**
 * Takes as many records as it can at once, none that `walkRecords` would not hand out. The walk goes on where the run
 * then stands. Returning false ends it.
 */
export type RunTaker = (run: RecordRun) => boolean

/** Where little was taken at once the walk hands out so many one by one before it asks again. */
const STEPS_BETWEEN_RUNS = 16

/** length, attributes, timestamp, offset, key length, value length, header count: one byte each at the least. */
const MIN_RECORD_SIZE = 7
/** The largest that a zigzag varint of one byte holds, either way. */
const ONE_BYTE_DELTA = 64
/** A header's key length and value length. */
const MIN_HEADER_SIZE = 2

/**
 * Walks over the (inflated) records of a batch in buffer[start, end) without making an object for each.
 * Record: varint length of what follows, int8 attributes, varlong timestamp delta, varint offset delta, varint key
 * length (-1 null) and key, varint value length (-1 null) and value, varint header count and headers.
 *
 * Every length is checked against the record's end, every record's against the batch's: damaged or crafted bytes end
 * in the CorruptRecordError that `batch.corrupt` makes. Returns false when the visitor (or `takeRun`) stopped it.
 */
export function walkRecords(
  batch: BatchOfRecords,
  buffer: Buffer,
  start: number,
  end: number,
  visitor: RecordVisitor,
  takeRun?: RunTaker,
): boolean {
  const count = batch.count
  if (count < 0 || count * MIN_RECORD_SIZE > end - start) {
    throw batch.corrupt(
      `${counted(count, 'record does', 'records do')} not fit into its ${counted(end - start, 'byte')}`,
    )
  }
  if (takeRun !== undefined) return walkInRuns(batch, buffer, start, end, visitor, takeRun)
  const at = walkSteps(batch, buffer, start, end, visitor, 0, count)
  if (at < 0) return false
  checkEnd(batch, at, end)
  return true
}

function walkInRuns(
  batch: BatchOfRecords,
  buffer: Buffer,
  start: number,
  end: number,
  visitor: RecordVisitor,
  takeRun: RunTaker,
): boolean {
  const { count } = batch
  const run = { batch, buffer, end, index: 0, at: start, position: 0, taken: 0 }
  while (run.index < count) {
    const before = run.index
    if (!takeRun(run)) return false
    if (run.index === count) break
    const steps = run.index - before < STEPS_BETWEEN_RUNS ? STEPS_BETWEEN_RUNS : 1
    const next = Math.min(run.index + steps, count)
    run.at = walkSteps(batch, buffer, run.at, end, visitor, run.index, next)
    if (run.at < 0) return false
    run.index = next
  }
  checkEnd(batch, run.at, end)
  return true
}

/** The timestamp, exactly, of a record whose delta is at `deltaAt`. */
function createTime(batch: BatchOfRecords, buffer: Buffer, deltaAt: number): number {
  const base = BigInt(batch.exactBaseTimestamp ?? batch.baseTimestamp)
  return keepTimestamp(base + exactVarlong(buffer, deltaAt))
}

const appendTimeOf = (batch: BatchOfRecords): number =>
  keepTimestamp(BigInt(batch.exactMaxTimestamp ?? batch.maxTimestamp))

function checkEnd(batch: BatchOfRecords, at: number, end: number): void {
  if (at !== end)
    throw batch.corrupt(
      `${counted(end - at, 'byte is', 'bytes are')} left behind its ${counted(batch.count, 'record')}`,
    )
}

/** The records from number `first` at `start` up to number `last`. Returns the position behind, -1 when it was stopped. */
function walkSteps(
  batch: BatchOfRecords,
  buffer: Buffer,
  start: number,
  end: number,
  visitor: RecordVisitor,
  first: number,
  last: number,
): number {
  const baseOffset = batch.baseOffset
  const lastOffsetDelta = batch.lastOffsetDelta
  const baseTimestamp = batch.baseTimestamp
  const appendTime = batch.timestampType === 'LogAppendTime' ? batch.maxTimestamp : Number.NaN
  const hasAppendTime = !Number.isNaN(appendTime)
  // Once a walk, not once a record: with such a base and a delta of one byte a timestamp is no double.
  const isWide = !Number.isSafeInteger(hasAppendTime ? appendTime : Math.abs(baseTimestamp) + ONE_BYTE_DELTA)
  let at = start
  for (let index = first; index < last; index++) {
    // Every length is a zigzag varint; the one-byte and two-byte ones, nearly all, are decoded here.
    let raw = at < end ? buffer[at] : 0x80
    if (raw < 0x80) at++
    else if (at + 1 < end && buffer[at + 1] < 0x80) {
      raw = (raw & 0x7f) | (buffer[at + 1] << 7)
      at += 2
    } else {
      raw = readUnsignedVarint(buffer, at, end)
      at = cursor.at
    }
    const recordEnd = at + ((raw >>> 1) ^ -(raw & 1))
    // Also false for a varint that is none (NaN).
    if (Number.isNaN(raw) || !(recordEnd <= end && recordEnd - at >= MIN_RECORD_SIZE - 1)) {
      throw damaged(batch, index, 'length')
    }
    at++

    let timestamp: number
    const deltaAt = at
    raw = buffer[at]
    if (raw < 0x80) {
      timestamp = baseTimestamp + ((raw >>> 1) ^ -(raw & 1))
      at++
    } else {
      const delta = readVarlong(buffer, at, recordEnd)
      timestamp = baseTimestamp + delta
      if (Number.isNaN(timestamp)) throw damaged(batch, index, 'timestamp')
      at = cursor.at
      if (!Number.isSafeInteger(timestamp) || !Number.isSafeInteger(delta)) {
        timestamp = createTime(batch, buffer, deltaAt)
      }
    }
    if (isWide) timestamp = hasAppendTime ? appendTimeOf(batch) : createTime(batch, buffer, deltaAt)
    else if (hasAppendTime) timestamp = appendTime

    raw = at < recordEnd ? buffer[at] : 0x80
    if (raw < 0x80) at++
    else if (at + 1 < recordEnd && buffer[at + 1] < 0x80) {
      raw = (raw & 0x7f) | (buffer[at + 1] << 7)
      at += 2
    } else {
      raw = readUnsignedVarint(buffer, at, recordEnd)
      if (Number.isNaN(raw)) throw damaged(batch, index, 'offset')
      at = cursor.at
    }
    const offsetDelta = (raw >>> 1) ^ -(raw & 1)
    if (offsetDelta < 0 || offsetDelta > lastOffsetDelta) throw damaged(batch, index, 'offset')

    raw = at < recordEnd ? buffer[at] : 0x80
    if (raw < 0x80) at++
    else {
      raw = readUnsignedVarint(buffer, at, recordEnd)
      if (Number.isNaN(raw)) throw damaged(batch, index, 'key length')
      at = cursor.at
    }
    let length = (raw >>> 1) ^ -(raw & 1)
    const keyStart = at
    let keyEnd = -1
    if (length >= 0) {
      if (length > recordEnd - at) throw damaged(batch, index, 'key length')
      at += length
      keyEnd = at
    } else if (length !== -1) throw damaged(batch, index, 'key length')

    raw = at < recordEnd ? buffer[at] : 0x80
    if (raw < 0x80) at++
    else if (at + 1 < recordEnd && buffer[at + 1] < 0x80) {
      raw = (raw & 0x7f) | (buffer[at + 1] << 7)
      at += 2
    } else {
      raw = readUnsignedVarint(buffer, at, recordEnd)
      if (Number.isNaN(raw)) throw damaged(batch, index, 'value length')
      at = cursor.at
    }
    length = (raw >>> 1) ^ -(raw & 1)
    const valueStart = at
    let valueEnd = -1
    if (length >= 0) {
      if (length > recordEnd - at) throw damaged(batch, index, 'value length')
      at += length
      valueEnd = at
    } else if (length !== -1) throw damaged(batch, index, 'value length')

    let headersCount = 0
    if (at === recordEnd - 1 && buffer[at] === 0) at++
    else {
      raw = readUnsignedVarint(buffer, at, recordEnd)
      if (Number.isNaN(raw)) throw damaged(batch, index, 'header count')
      at = cursor.at
      headersCount = (raw >>> 1) ^ -(raw & 1)
      if (headersCount < 0 || headersCount * MIN_HEADER_SIZE > recordEnd - at)
        throw damaged(batch, index, 'header count')
      if (skipHeaders(buffer, at, recordEnd, headersCount) !== recordEnd)
        throw damaged(batch, index, 'headers')
    }
    const goOn = visitor(
      index,
      baseOffset + offsetDelta,
      timestamp,
      buffer,
      keyStart,
      keyEnd,
      valueStart,
      valueEnd,
      at,
      headersCount,
      recordEnd,
    )
    if (goOn === false) return -1
    at = recordEnd
  }
  return at
}

/** Position behind `count` headers, or -1 where they are damaged. */
function skipHeaders(buffer: Buffer, start: number, end: number, count: number): number {
  let at = start
  for (let i = 0; i < count; i++) {
    const keyLength = zigzag(readUnsignedVarint(buffer, at, end))
    // A header's key is never null.
    if (!(keyLength >= 0 && keyLength <= end - cursor.at)) return -1
    at = cursor.at + keyLength
    const valueLength = zigzag(readUnsignedVarint(buffer, at, end))
    if (!(valueLength >= -1 && valueLength <= end - cursor.at)) return -1
    at = cursor.at + Math.max(valueLength, 0)
  }
  return at
}

/** The headers that a visitor was told of, as objects. Values are views on `buffer`. */
export function readHeaders(
  buffer: Buffer,
  start: number,
  count: number,
  end = buffer.length,
): RecordHeader[] {
  const reader = new ByteReader(buffer, start, end)
  const headers: RecordHeader[] = []
  for (let i = 0; i < count; i++) {
    const key = reader.utf8(reader.varint())
    const valueLength = reader.varint()
    headers.push({ key, value: valueLength === -1 ? null : reader.bytes(valueLength) })
  }
  return headers
}

/** NaN stays NaN. */
function zigzag(raw: number): number {
  return Number.isNaN(raw) ? raw : (raw >>> 1) ^ -(raw & 1)
}

function damaged(batch: BatchOfRecords, index: number, what: string): CorruptRecordError {
  return batch.corrupt(`record ${index + 1} of ${batch.count} has a bad ${what}`)
}
