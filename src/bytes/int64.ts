import { CorruptRecordError } from '../errors.ts'
import { readInt32, readUInt32, writeInt32 } from './int32.ts'

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
 * As readInt64, but rounds a value above 2^53 to the nearest double. For timestamps: a producer that counts
 * nanoseconds is odd, and its records are still to be read.
 */
export function readInt64Rounded(buffer: Buffer, position: number): number {
  return readInt32(buffer, position) * 0x100000000 + readUInt32(buffer, position + 4)
}

export function writeInt64(buffer: Buffer, position: number, value: number): void {
  const high = Math.floor(value / 0x100000000)
  writeInt32(buffer, position, high)
  writeInt32(buffer, position + 4, value - high * 0x100000000)
}

function unsafeInt64(buffer: Buffer, position: number): CorruptRecordError {
  const value = buffer.readBigInt64BE(position)
  return new CorruptRecordError(`number ${value} is beyond what any offset or id can be`, position)
}
