/**
 * CRC-32 (IEEE), the checksum of messages before format 2: of many short pieces, for which a call out of JavaScript costs
 * more than the checksum.
 */
import { createRequire } from 'node:module'
import { crcByTables, crcTables } from './crc32c.ts'

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
  return crcByTables(tables, buffer, start, end, 0)
}
