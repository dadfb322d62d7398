/**
 * Kafka's variable-length integers: seven bits a byte, low group first; `varint` and `varlong` are zigzag coded,
 * `unsigned varint` is not. Sizes can be computed before anything is written, without allocating.
 */
import type { Int64 } from './int64.ts'

export const MAX_VARINT_BYTES = 5
export const MAX_VARLONG_BYTES = 10

/** Bytes that an unsigned value below 2^32 takes. */
export function sizeOfUnsignedVarint(value: number): number {
  const v = value >>> 0
  if (v < 0x80) return 1
  if (v < 0x4000) return 2
  if (v < 0x200000) return 3
  return v < 0x10000000 ? 4 : 5
}

/** Bytes that a signed 32-bit value takes. */
export function sizeOfVarint(value: number): number {
  return sizeOfUnsignedVarint((value << 1) ^ (value >> 31))
}

/** Bytes that a signed 64-bit value takes. */
export function sizeOfVarlong(value: Int64): number {
  if (typeof value === 'bigint') return sizeOfBigVarlong(value)
  if (value === (value | 0)) return sizeOfVarint(value)
  let rest = value < 0 ? -value * 2 - 1 : value * 2
  let size = 1
  while (rest >= 0x80) {
    rest = Math.floor(rest / 0x80)
    size++
  }
  return size
}

/** Writes at `position` and returns the position behind. */
export function writeUnsignedVarint(buffer: Buffer, position: number, value: number): number {
  let v = value >>> 0
  let at = position
  while (v > 0x7f) {
    buffer[at++] = (v & 0x7f) | 0x80
    v >>>= 7
  }
  buffer[at++] = v
  return at
}

/** Writes at `position` and returns the position behind. */
export function writeVarint(buffer: Buffer, position: number, value: number): number {
  return writeUnsignedVarint(buffer, position, (value << 1) ^ (value >> 31))
}

/** Writes at `position` and returns the position behind. */
export function writeVarlong(buffer: Buffer, position: number, value: Int64): number {
  if (typeof value === 'bigint') return writeBigVarlong(buffer, position, value)
  if (value === (value | 0)) return writeVarint(buffer, position, value)
  if (!Number.isSafeInteger(value * 2)) return writeBigVarlong(buffer, position, BigInt(value))
  let rest = value < 0 ? -value * 2 - 1 : value * 2
  let at = position
  while (rest >= 0x80) {
    buffer[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  buffer[at++] = rest
  return at
}

function sizeOfBigVarlong(value: bigint): number {
  let size = 1
  for (let rest = zigzag(value); rest >= 0x80n; rest >>= 7n) size++
  return size
}

const zigzag = (value: bigint): bigint => BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))

function writeBigVarlong(buffer: Buffer, position: number, value: bigint): number {
  let rest = zigzag(value)
  let at = position
  while (rest >= 0x80n) {
    buffer[at++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  buffer[at++] = Number(rest)
  return at
}

/** Not a varint: too long, or it runs past the end. */
export const BAD_VARINT = Number.NaN

/**
 * A cursor for decoding: `at` is the position behind the last value read. A module-wide one spares an object (or a
 * pair of results) for each of the millions of varints of a log; decoding is synchronous, so nobody interleaves.
 */
export const cursor = { at: 0 }

/**
 * The unsigned varint (32 bits) at `position`; sets `cursor.at`. BAD_VARINT (NaN) where it is longer than five
 * bytes, has bits beyond 32, or would reach `end`.
 */
export function readUnsignedVarint(buffer: Buffer, position: number, end: number): number {
  let value = 0
  let at = position
  for (let shift = 0; shift < 35; shift += 7) {
    if (at >= end) return BAD_VARINT
    const byte = buffer[at++]
    if (shift === 28 && byte > 0x0f) return BAD_VARINT
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      cursor.at = at
      return value >>> 0
    }
  }
  return BAD_VARINT
}

/** The zigzag varint (32 bits) at `position`; sets `cursor.at`; BAD_VARINT as readUnsignedVarint. */
export function readVarint(buffer: Buffer, position: number, end: number): number {
  const raw = readUnsignedVarint(buffer, position, end)
  return Number.isNaN(raw) ? raw : (raw >>> 1) ^ -(raw & 1)
}

/**
 * The zigzag varint (64 bits) at `position`, rounded to a double where it is beyond 2^53; sets `cursor.at`;
 * BAD_VARINT where it is longer than ten bytes or would reach `end`.
 */
export function readVarlong(buffer: Buffer, position: number, end: number): number {
  let low = 0
  let at = position
  for (let shift = 0; shift < 28; shift += 7) {
    if (at >= end) return BAD_VARINT
    const byte = buffer[at++]
    low |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      cursor.at = at
      return (low >>> 1) ^ -(low & 1)
    }
  }
  let high = 0
  for (let scale = 1; scale <= 0x20000; scale *= 0x80) {
    if (at >= end) return BAD_VARINT
    const byte = buffer[at++]
    high += (byte & 0x7f) * scale
    if (byte < 0x80) {
      cursor.at = at
      const raw = high * 0x10000000 + low
      return (low & 1) === 0 ? raw / 2 : -(raw + 1) / 2
    }
  }
  return readBigVarlong(buffer, position, end)
}

function readBigVarlong(buffer: Buffer, position: number, end: number): number {
  let raw = 0n
  let at = position
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (at >= end) return BAD_VARINT
    const byte = buffer[at++]
    if (shift === 63n && byte > 1) return BAD_VARINT
    raw |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) {
      cursor.at = at
      return Number((raw >> 1n) ^ -(raw & 1n))
    }
  }
  return BAD_VARINT
}
