/** Kafka's uuids as bytes and as text. */
import { readInt32 } from '../bytes/int32.ts'

/**
 * Kafka's uuids: 16 bytes on disk, base64url text of 22 characters everywhere else. Reserved: zero (no id, a
 * partition's directory not known yet), one (the metadata topic; "unassigned" directory), two (lost directory).
 */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'
export const METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'

/**
 * Sixteen bytes as text. The same few ids come again and again (the partitions of one topic, one directory), so the
 * last ones are kept: a lookup of four integers instead of a new string.
 */
export function uuidFromBytes(buffer: Buffer, position: number): string {
  const a = readInt32(buffer, position)
  const b = readInt32(buffer, position + 4)
  const c = readInt32(buffer, position + 8)
  const d = readInt32(buffer, position + 12)
  const slot = ((a ^ b ^ c ^ d) & (SLOTS - 1)) * 4
  const index = slot >> 2
  if (
    keys[slot] === a &&
    keys[slot + 1] === b &&
    keys[slot + 2] === c &&
    keys[slot + 3] === d &&
    texts[index] !== ''
  ) {
    return texts[index]
  }
  const text = buffer.toString('base64url', position, position + 16)
  keys[slot] = a
  keys[slot + 1] = b
  keys[slot + 2] = c
  keys[slot + 3] = d
  texts[index] = text
  return text
}

const SLOTS = 64
const keys = new Int32Array(SLOTS * 4)
const texts: string[] = new Array(SLOTS).fill('')

/** The 16 bytes; throws a RangeError where the text is no uuid (a mistake of the caller, not of a disk). */
export function uuidToBytes(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== 16 || text.length > 24) throw new RangeError(`"${text}" is not a uuid`)
  return bytes
}

/** Whether the text is a uuid in Kafka's form. */
export function isUuid(text: string): boolean {
  return /^[A-Za-z0-9_-]{21}[AQgw]$/.test(text)
}

/** A new random id (v4), never a reserved one and never with a leading dash, which command lines would take for a flag. */
export function randomUuid(randomBytes: (size: number) => Buffer): string {
  for (;;) {
    const bytes = randomBytes(16)
    bytes[6] = (bytes[6] & 0x0f) | 0x40
    bytes[8] = (bytes[8] & 0x3f) | 0x80
    const text = bytes.toString('base64url')
    if (!text.startsWith('-')) return text
  }
}
