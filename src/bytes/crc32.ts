/**
 * CRC-32 (IEEE), the checksum of messages before format 2: of many short pieces, for which a call out of JavaScript costs
 * more than the checksum.
 */
import { createRequire } from 'node:module'
import { crcTables } from './crc32c.ts'

const NATIVE_PAYS_FROM_BYTES = 512

type NativeCrc32 = (bytes: Uint8Array) => number

let tables: Int32Array | undefined
/** Node has one from 20.15 on; undefined: not looked for yet. */
let native: NativeCrc32 | false | undefined

/** CRC-32 of buffer[start, end). Unsigned. */
export function crc32(buffer: Uint8Array, start: number, end: number): number {
  if (end - start >= NATIVE_PAYS_FROM_BYTES) {
    native ??= (createRequire(import.meta.url)('node:zlib') as { crc32?: NativeCrc32 }).crc32 ?? false
    if (native !== false) return native(buffer.subarray(start, end))
  }
  return crc32InJavaScript(buffer, start, end)
}

/** The JavaScript one alone. */
export function crc32InJavaScript(buffer: Uint8Array, start: number, end: number): number {
  tables ??= crcTables(0xedb88320)
  const t = tables
  let crc = -1
  let at = start
  for (const last = end - 8; at <= last; at += 8) {
    crc ^= buffer[at] | (buffer[at + 1] << 8) | (buffer[at + 2] << 16) | (buffer[at + 3] << 24)
    crc =
      t[1792 + (crc & 0xff)] ^
      t[1536 + ((crc >>> 8) & 0xff)] ^
      t[1280 + ((crc >>> 16) & 0xff)] ^
      t[1024 + (crc >>> 24)] ^
      t[768 + buffer[at + 4]] ^
      t[512 + buffer[at + 5]] ^
      t[256 + buffer[at + 6]] ^
      t[buffer[at + 7]]
  }
  for (; at < end; at++) crc = t[(crc ^ buffer[at]) & 0xff] ^ (crc >>> 8)
  return ~crc >>> 0
}
