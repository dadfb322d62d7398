/**
 * Integers of up to four bytes, big-endian where the name says nothing. They check nothing: what lies outside the buffer reads as zeros and is not written.
 *
 * In place of Buffer's own methods, which V8 compiles anew at each start, while this comes from the code cache; as quick as
 * they are in a loop.
 */
export function readInt32(buffer: Uint8Array, position: number): number {
  return (
    (buffer[position] << 24) |
    (buffer[position + 1] << 16) |
    (buffer[position + 2] << 8) |
    buffer[position + 3]
  )
}

export function readUInt32(buffer: Uint8Array, position: number): number {
  return readInt32(buffer, position) >>> 0
}

export function readUInt32LE(buffer: Uint8Array, position: number): number {
  return (
    (buffer[position] |
      (buffer[position + 1] << 8) |
      (buffer[position + 2] << 16) |
      (buffer[position + 3] << 24)) >>>
    0
  )
}

export function readInt16(buffer: Uint8Array, position: number): number {
  return ((buffer[position] << 24) >> 16) | buffer[position + 1]
}

/** The low 32 bits of `value`, signed or not. */
export function writeInt32(buffer: Uint8Array, position: number, value: number): void {
  buffer[position] = value >>> 24
  buffer[position + 1] = value >>> 16
  buffer[position + 2] = value >>> 8
  buffer[position + 3] = value
}

export function writeInt16(buffer: Uint8Array, position: number, value: number): void {
  buffer[position] = value >>> 8
  buffer[position + 1] = value
}
