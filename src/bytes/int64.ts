import { CorruptRecordError } from '../errors.ts'

/**
 * Eight big-endian bytes as a plain number. Everything Kafka counts (offsets, ids, milliseconds) stays far below
 * 2^53, so a larger value is damage: it is refused here, once, and nobody behind has to think of it.
 */
export function readInt64(buffer: Buffer, position: number): number {
  const high =
    (buffer[position] << 24) |
    (buffer[position + 1] << 16) |
    (buffer[position + 2] << 8) |
    buffer[position + 3]
  if (high < -0x200000 || high > 0x1fffff) throw unsafeInt64(buffer, position)
  return high * 0x100000000 + readUInt32(buffer, position + 4)
}

/** Whether the eight bytes at `position` are a number that `readInt64` takes. */
export function isSafeInt64(buffer: Buffer, position: number): boolean {
  const high = buffer.readInt32BE(position)
  return high >= -0x200000 && high <= 0x1fffff
}

/**
 * As readInt64, but rounds a value above 2^53 to the nearest double. For timestamps: a producer that counts
 * nanoseconds is odd, and its records are still to be read.
 */
export function readInt64Rounded(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position) * 0x100000000 + readUInt32(buffer, position + 4)
}

export function readUInt32(buffer: Buffer, position: number): number {
  return (
    buffer[position] * 0x1000000 +
    ((buffer[position + 1] << 16) | (buffer[position + 2] << 8) | buffer[position + 3])
  )
}

export function writeInt64(buffer: Buffer, position: number, value: number): void {
  const high = Math.floor(value / 0x100000000)
  writeInt32(buffer, position, high)
  writeInt32(buffer, position + 4, value - high * 0x100000000)
}

/** The low 32 bits of `value`, signed or not: no range check, for the paths that write millions. */
export function writeInt32(buffer: Buffer, position: number, value: number): void {
  buffer[position] = value >>> 24
  buffer[position + 1] = value >>> 16
  buffer[position + 2] = value >>> 8
  buffer[position + 3] = value
}

export function writeInt16(buffer: Buffer, position: number, value: number): void {
  buffer[position] = value >>> 8
  buffer[position + 1] = value
}

function unsafeInt64(buffer: Buffer, position: number): CorruptRecordError {
  const value = buffer.readBigInt64BE(position)
  return new CorruptRecordError(`number ${value} is beyond what any offset or id can be`, position)
}
