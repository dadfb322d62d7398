/** A record that is to be appended, as ranges of buffers. */
import type { Int64 } from '../bytes/int64.ts'

const NO_BYTES = Buffer.alloc(0)

/**
 * A record that is to be appended: where its parts lie in buffers, with no object made for any of them. Whoever appends
 * millions has one of these and sets its fields anew for each record; whoever takes it copies the bytes at once.
 *
 *     key[keyStart, keyEnd)                the key; keyEnd is -1 for none
 *     value[valueStart, valueEnd)          the value; valueEnd is -1 for null
 *     headers[headersStart, headersEnd)    headersCount headers, as records store them
 */
export class RecordSlices {
  /** Milliseconds since the epoch; a bigint beyond 2^53 alone. NaN at first, so that V8 keeps a double in this field. */
  timestamp: Int64 = Number.NaN
  key: Uint8Array = NO_BYTES
  keyStart = 0
  keyEnd = -1
  value: Uint8Array = NO_BYTES
  valueStart = 0
  valueEnd = -1
  headers: Uint8Array = NO_BYTES
  headersStart = 0
  headersEnd = 0
  headersCount = 0
}

/** -1 for none. */
export const keyLengthOf = ({ keyStart, keyEnd }: RecordSlices): number =>
  keyEnd < 0 ? -1 : keyEnd - keyStart

/** -1 for null. */
export const valueLengthOf = ({ valueStart, valueEnd }: RecordSlices): number =>
  valueEnd < 0 ? -1 : valueEnd - valueStart

/** A record of whole buffers, without headers. */
export const recordOf = (timestamp: Int64, key: Uint8Array | null, value: Uint8Array | null): RecordSlices =>
  setWhole(new RecordSlices(), timestamp, key, value)

/** Makes `record` one of whole buffers, without headers. */
export function setWhole(
  record: RecordSlices,
  timestamp: Int64,
  key: Uint8Array | null,
  value: Uint8Array | null,
): RecordSlices {
  record.timestamp = timestamp
  record.key = key ?? NO_BYTES
  record.keyStart = 0
  record.keyEnd = key === null ? -1 : key.length
  record.value = value ?? NO_BYTES
  record.valueStart = 0
  record.valueEnd = value === null ? -1 : value.length
  record.headersEnd = record.headersStart
  record.headersCount = 0
  return record
}
