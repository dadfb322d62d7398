/** Walking over a record's headers as they are stored, without an object for each. */
import { cursor, readUnsignedVarint } from '../bytes/varint.ts'

/** One header as it is stored: ranges [start, end) in the buffer; `valueEnd` is -1 for a null value. */
export type HeaderVisitor = (keyStart: number, keyEnd: number, valueStart: number, valueEnd: number) => void

/**
 * Walks over the headers of a record that a ConsumerVisitor was told of: varint key length, key, varint value length
 * (-1 null), value. The bytes were checked when the record was walked over.
 */
export function visitHeaders(buffer: Buffer, start: number, count: number, visit: HeaderVisitor): void {
  let at = start
  for (let i = 0; i < count; i++) {
    const keyLength = readUnsignedVarint(buffer, at, buffer.length) >>> 1
    const keyStart = cursor.at
    const keyEnd = keyStart + keyLength
    const raw = readUnsignedVarint(buffer, keyEnd, buffer.length)
    const valueStart = cursor.at
    // Zigzag: an odd number is negative, and only -1 is stored.
    const valueEnd = (raw & 1) === 1 ? -1 : valueStart + (raw >>> 1)
    at = valueEnd === -1 ? valueStart : valueEnd
    visit(keyStart, keyEnd, valueStart, valueEnd)
  }
}
