/**
 * Varints (zigzag) of what is not negative and below 2^20, so of at most three bytes: enough for a record that goes into
 * an open batch beside others. Less work than the general ones, on the path of every line.
 */
export const ONE_BYTE = 0x40
const TWO_BYTES = 0x2000
export const THREE_BYTES = 0x100000

/** Bytes of the varint. */
export function varintSize(value: number): number {
  if (value < ONE_BYTE) return 1
  return value < TWO_BYTES ? 2 : 3
}
/** Bytes of a length and what it counts; -1 is null. */
export const fieldSize = (length: number): number => (length < 0 ? 1 : varintSize(length) + length)

/** Returns the position after the varint. */
export function putVarint(buffer: Buffer, at: number, value: number): number {
  const zigzag = value << 1
  if (value < ONE_BYTE) {
    buffer[at] = zigzag
    return at + 1
  }
  buffer[at] = (zigzag & 0x7f) | 0x80
  if (value < TWO_BYTES) {
    buffer[at + 1] = zigzag >>> 7
    return at + 2
  }
  buffer[at + 1] = ((zigzag >>> 7) & 0x7f) | 0x80
  buffer[at + 2] = zigzag >>> 14
  return at + 3
}
