/** The stored record that a walk over a batch has in hand. */
import type { Int64 } from '../bytes/int64.ts'

const NO_BYTES = Buffer.alloc(0)

/**
 * The stored record in hand: where its parts lie in `buffer`, with no object made for any of them. A walk over a batch
 * has one view and sets its fields anew for each record, so a view is good until the visitor returns: whoever keeps
 * something copies it. The bytes in `buffer` (for a compressed batch the inflated ones) are good as long, or longer if
 * the visitor keeps the buffer.
 *
 *     [keyStart, keyEnd)       the key; keyEnd is -1 for null
 *     [valueStart, valueEnd)   the value; valueEnd is -1 for null
 *     [headersStart, end)      headersCount headers, as they are stored: varint key length, key, varint value length
 *                              (-1 for null), value
 */
export class RecordView {
  /** Number of the record in its batch. */
  index = 0
  // Both begin as NaN so that V8 keeps doubles in these fields from the start, and a store makes no new number object.
  offset = Number.NaN
  /** Milliseconds since the epoch; the nearest double where `exactTimestamp` is beyond 2^53. */
  timestamp = Number.NaN
  /** The timestamp as it is stored, where `timestamp` is not a safe integer; else of an earlier record. */
  wideTimestamp = 0n
  buffer: Buffer = NO_BYTES
  keyStart = 0
  keyEnd = -1
  valueStart = 0
  valueEnd = -1
  headersStart = 0
  headersCount = 0
  end = 0

  /** The int64 that is stored: a number where a number holds it. */
  get exactTimestamp(): Int64 {
    return Number.isSafeInteger(this.timestamp) ? this.timestamp : this.wideTimestamp
  }

  /** -1 for null. */
  get keyLength(): number {
    return this.keyEnd < 0 ? -1 : this.keyEnd - this.keyStart
  }

  /** -1 for null. */
  get valueLength(): number {
    return this.valueEnd < 0 ? -1 : this.valueEnd - this.valueStart
  }

  /** A view on the buffer, which the next chunk may overwrite. */
  get key(): Buffer | null {
    return this.keyEnd < 0 ? null : this.buffer.subarray(this.keyStart, this.keyEnd)
  }

  /** A view on the buffer, which the next chunk may overwrite. */
  get value(): Buffer | null {
    return this.valueEnd < 0 ? null : this.buffer.subarray(this.valueStart, this.valueEnd)
  }

  /** A timestamp that no safe integer may hold; the low 64 bits count. */
  setExactTimestamp(timestamp: bigint): void {
    this.wideTimestamp = BigInt.asIntN(64, timestamp)
    this.timestamp = Number(this.wideTimestamp)
  }
}

/**
 * Called for each record of a batch. Returning false ends the walk.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: visitors that never stop return nothing
export type RecordVisitor = (record: RecordView) => boolean | void
