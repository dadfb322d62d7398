/** 64-bit integers as JavaScript has them: a number where one holds the value exactly, else a bigint. */
import { CorruptRecordError } from '../errors.ts'
import { readInt32, readUInt32, writeInt32 } from './int32.ts'

/**
 * Any int64: a number wherever one holds it, else a bigint. Equal values are `===`, and `<` and `>` compare exactly.
 */
export type Int64 = number | bigint

/**
 * Eight big-endian bytes as a plain number. Everything Kafka counts (offsets, ids, milliseconds) stays far below
 * 2^53, so a larger value is damage: it is refused here, once, and nobody behind has to think of it.
 */
export function readInt64(buffer: Buffer, position: number): number {
  const high = readInt32(buffer, position)
  if (high < -0x200000 || high > 0x1fffff) throw unsafeInt64(buffer, position)
  return high * 0x100000000 + readUInt32(buffer, position + 4)
}

/** Whether the eight bytes at `position` are a number that `readInt64` takes. */
export function isSafeInt64(buffer: Buffer, position: number): boolean {
  const high = readInt32(buffer, position)
  return high >= -0x200000 && high <= 0x1fffff
}

/**
 * As readInt64, but whatever the eight bytes say. For timestamps: a producer that counts nanoseconds is odd, and its
 * records are still to be read and found by time.
 */
export function readExactInt64(buffer: Buffer, position: number): Int64 {
  return isSafeInt64(buffer, position) ? readInt64(buffer, position) : buffer.readBigInt64BE(position)
}

/** As readExactInt64, but rounds a value above 2^53 to the nearest double. */
export function readInt64Rounded(buffer: Buffer, position: number): number {
  return readInt32(buffer, position) * 0x100000000 + readUInt32(buffer, position + 4)
}

export function writeInt64(buffer: Buffer, position: number, value: Int64): void {
  if (typeof value === 'bigint') {
    buffer.writeBigInt64BE(value, position)
    return
  }
  const high = Math.floor(value / 0x100000000)
  writeInt32(buffer, position, high)
  writeInt32(buffer, position + 4, value - high * 0x100000000)
}

/** The int64 that a bigint's low 64 bits are. */
export function toInt64(value: bigint): Int64 {
  const int64 = BigInt.asIntN(64, value)
  const number = Number(int64)
  return Number.isSafeInteger(number) ? number : int64
}

/** As Java subtracts longs: the difference goes round. */
export function subtractInt64(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b
    if (Number.isSafeInteger(difference)) return difference
  }
  return toInt64(BigInt(a) - BigInt(b))
}

function unsafeInt64(buffer: Buffer, position: number): CorruptRecordError {
  const value = buffer.readBigInt64BE(position)
  return new CorruptRecordError(`number ${value} is beyond what any offset or id can be`, position)
}
