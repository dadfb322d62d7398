/** Walks over the records of a batch and checks each length on its way: the consumer's hot path. */
import { ByteReader } from '../bytes/byte-reader.ts'
import type { Int64 } from '../bytes/int64.ts'
import { cursor, readUnsignedVarint, readVarlong } from '../bytes/varint.ts'
import { count as counted } from '../count.ts'
import type { CorruptRecordError } from '../errors.ts'
import { exactVarlong } from './exact-timestamp.ts'
import type { RecordHeader } from './record.ts'
import { RecordView, type RecordVisitor } from './record-view.ts'

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
  const run: RecordRun = { batch, buffer, end, index: 0, at: start, position: 0, taken: 0 }
  const record = new RecordView()
  record.buffer = buffer
  const whole =
    takeRun === undefined ? walkSteps(run, count, record, visitor) : walkInRuns(run, record, visitor, takeRun)
  if (!whole) return false
  if (run.at !== end) {
    throw batch.corrupt(
      `${counted(end - run.at, 'byte is', 'bytes are')} left behind its ${counted(count, 'record')}`,
    )
  }
  return true
}

function walkInRuns(run: RecordRun, record: RecordView, visitor: RecordVisitor, takeRun: RunTaker): boolean {
  const { count } = run.batch
  while (run.index < count) {
    const before = run.index
    if (!takeRun(run)) return false
    if (run.index === count) break
    const steps = run.index - before < STEPS_BETWEEN_RUNS ? STEPS_BETWEEN_RUNS : 1
    if (!walkSteps(run, Math.min(run.index + steps, count), record, visitor)) return false
  }
  return true
}

/** Hands out the records up to number `last`, and moves the run on behind them. Returns false when it was stopped. */
function walkSteps(run: RecordRun, last: number, record: RecordView, visitor: RecordVisitor): boolean {
  const { batch, buffer, end } = run
  const { baseOffset, lastOffsetDelta } = batch
  const times = timesOf(batch)
  const { base, isPlain } = times
  let at = run.at
  for (let index = run.index; index < last; index++) {
    const size = varintAt(buffer, at, end)
    at = cursor.at
    const recordEnd = at + size
    if (size < MIN_RECORD_SIZE - 1 || recordEnd > end) throw damaged(batch, index, 'length')
    record.index = index
    record.end = recordEnd
    // Behind the attributes, which no version uses.
    const timestampDelta = buffer[at + 1]
    if (timestampDelta < 0x80 && isPlain) {
      record.timestamp = base + ((timestampDelta >>> 1) ^ -(timestampDelta & 1))
      at += 2
    } else {
      at = setTimestamp(record, times, at + 1)
      if (at < 0) throw damaged(batch, index, 'timestamp')
    }

    const offsetDelta = varintAt(buffer, at, recordEnd)
    if (offsetDelta < 0 || offsetDelta > lastOffsetDelta) throw damaged(batch, index, 'offset')
    record.offset = baseOffset + offsetDelta

    const keyLength = varintAt(buffer, cursor.at, recordEnd)
    at = cursor.at
    if (keyLength < -1 || keyLength > recordEnd - at) throw damaged(batch, index, 'key length')
    record.keyStart = at
    if (keyLength >= 0) at += keyLength
    record.keyEnd = keyLength < 0 ? -1 : at

    const valueLength = varintAt(buffer, at, recordEnd)
    at = cursor.at
    if (valueLength < -1 || valueLength > recordEnd - at) throw damaged(batch, index, 'value length')
    record.valueStart = at
    if (valueLength >= 0) at += valueLength
    record.valueEnd = valueLength < 0 ? -1 : at

    if (at === recordEnd - 1 && buffer[at] === 0) {
      record.headersStart = recordEnd
      record.headersCount = 0
    } else setHeaders(record, at, batch)
    at = recordEnd
    if (visitor(record) === false) return false
  }
  run.index = last
  run.at = at
  return true
}

/** Stands for a varint that is none: lower than any length or delta there is. */
const BAD_LENGTH = -0x80000000

/** The zigzag varint at `at`, in front of `end`; sets `cursor.at`. One-byte and two-byte ones, nearly all, are decoded here. */
function varintAt(buffer: Buffer, at: number, end: number): number {
  if (at + 1 < end) {
    const first = buffer[at]
    if (first < 0x80) {
      cursor.at = at + 1
      return (first >>> 1) ^ -(first & 1)
    }
    const second = buffer[at + 1]
    if (second < 0x80) {
      cursor.at = at + 2
      const raw = (first & 0x7f) | (second << 7)
      return (raw >>> 1) ^ -(raw & 1)
    }
  }
  return longVarintAt(buffer, at, end)
}

function longVarintAt(buffer: Buffer, at: number, end: number): number {
  const raw = readUnsignedVarint(buffer, at, end)
  return Number.isNaN(raw) ? BAD_LENGTH : (raw >>> 1) ^ -(raw & 1)
}

/** What the timestamps of a batch's records are made of. */
interface Times {
  readonly batch: BatchOfRecords
  readonly base: number
  /** Where log-append time rules, the time of all records; else NaN. */
  readonly appended: number
  readonly hasAppendTime: boolean
  /** With such a base and a delta of one byte a timestamp is no double. */
  readonly isWide: boolean
  /** Neither: base and delta of one byte are the timestamp. */
  readonly isPlain: boolean
}

function timesOf(batch: BatchOfRecords): Times {
  const base = batch.baseTimestamp
  const hasAppendTime = batch.timestampType === 'LogAppendTime'
  const appended = hasAppendTime ? batch.maxTimestamp : Number.NaN
  const isWide = !Number.isSafeInteger(hasAppendTime ? appended : Math.abs(base) + ONE_BYTE_DELTA)
  return { batch, base, appended, hasAppendTime, isWide, isPlain: !isWide && !hasAppendTime }
}

/** Reads the timestamp delta at `at` of the record. Returns the position behind, -1 where it is damaged. */
function setTimestamp(record: RecordView, times: Times, at: number): number {
  const { buffer } = record
  const delta = readVarlong(buffer, at, record.end)
  if (Number.isNaN(delta)) return -1
  const { batch } = times
  const timestamp = times.hasAppendTime ? times.appended : times.base + delta
  if (times.isWide && times.hasAppendTime) {
    record.setExactTimestamp(BigInt(batch.exactMaxTimestamp ?? batch.maxTimestamp))
  } else if (times.isWide || !Number.isSafeInteger(timestamp) || !Number.isSafeInteger(delta)) {
    if (times.hasAppendTime) record.timestamp = timestamp
    else record.setExactTimestamp(BigInt(batch.exactBaseTimestamp ?? times.base) + exactVarlong(buffer, at))
  } else record.timestamp = timestamp
  return cursor.at
}

/** Reads the header count at `at` and looks the headers over. @throws CorruptRecordError */
function setHeaders(record: RecordView, at: number, batch: BatchOfRecords): void {
  const { buffer, end, index } = record
  const count = varintAt(buffer, at, end)
  if (count < 0 || count * MIN_HEADER_SIZE > end - cursor.at) throw damaged(batch, index, 'header count')
  record.headersStart = cursor.at
  record.headersCount = count
  if (skipHeaders(buffer, cursor.at, end, count) !== end) throw damaged(batch, index, 'headers')
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
