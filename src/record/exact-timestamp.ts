/**
 * Timestamps beyond 2^53, as of a producer that counts nanoseconds. They travel as the nearest double, so that all others stay
 * plain numbers; while a record is handed out, what it says exactly is to be had here (as varint.ts keeps its cursor: decoding
 * is synchronous, so nobody interleaves).
 */
import type { Int64 } from '../bytes/int64.ts'
import { MAX_VARLONG_BYTES } from '../bytes/varint.ts'

const wide = { timestamp: 0n }

/** Of the record in hand: its timestamp where a number holds it, else the int64. */
export function exactTimestamp(timestamp: number): Int64 {
  return Number.isSafeInteger(timestamp) ? timestamp : wide.timestamp
}

/** As programs get it: a number, and beside it what a number cannot hold. */
export function timestampFields(timestamp: Int64): {
  readonly timestamp: number
  readonly exactTimestamp?: bigint
} {
  return typeof timestamp === 'number'
    ? { timestamp }
    : { timestamp: Number(timestamp), exactTimestamp: timestamp }
}

/** Keeps what an int64 says and returns the nearest double. */
export function keepTimestamp(int64: bigint): number {
  wide.timestamp = BigInt.asIntN(64, int64)
  return Number(wide.timestamp)
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
