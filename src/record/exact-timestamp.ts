/**
 * Timestamps beyond 2^53, as of a producer that counts nanoseconds. A RecordView has them as the nearest double, so that all
 * others stay plain numbers, and beside it as they are stored.
 */
import type { Int64 } from '../bytes/int64.ts'
import { MAX_VARLONG_BYTES } from '../bytes/varint.ts'

/** As programs get it: a number, and beside it what a number cannot hold. */
export function timestampFields(timestamp: Int64): {
  readonly timestamp: number
  readonly exactTimestamp?: bigint
} {
  return typeof timestamp === 'number'
    ? { timestamp }
    : { timestamp: Number(timestamp), exactTimestamp: timestamp }
}

/** The zigzag varint (64 bits) at `position`, which was read before and is whole. */
export function exactVarlong(buffer: Buffer, position: number): bigint {
  let raw = 0n
  for (let i = 0; i < MAX_VARLONG_BYTES; i++) {
    const byte = buffer[position + i]
    raw |= BigInt(byte & 0x7f) << BigInt(7 * i)
    if (byte < 0x80) break
  }
  return BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n))
}
