/**
 * CRC-32C (Castagnoli), the checksum of record batches and producer snapshots.
 *
 * Slicing by eight in JavaScript does some 1 GB/s and is there at once; the native module does 5.8 GB/s but takes
 * some 4 ms to load, so it is loaded only when that much has been checksummed that the rest may pay for it (before V8 begins
 * to optimize the other one, on a thread that has better to do), and used
 * only for pieces where its call overhead does not eat the gain. Where no binary fits, JavaScript goes on alone.
 */
import { createRequire } from 'node:module'

const NATIVE_PAYS_FROM_BYTES = 150
const LOAD_NATIVE_AFTER_BYTES = 1024 * 1024

type NativeCrc32c = (input: Uint8Array, seed?: number) => number

let tables: Int32Array | undefined
let native: NativeCrc32c | undefined
let bytesUntilNative = LOAD_NATIVE_AFTER_BYTES

/** CRC-32C of buffer[start, end); `seed` is the CRC of what came before. Unsigned. */
export function crc32c(buffer: Uint8Array, start = 0, end = buffer.length, seed = 0): number {
  const size = end - start
  if (size >= NATIVE_PAYS_FROM_BYTES) {
    if (native !== undefined) return native(buffer.subarray(start, end), seed)
    bytesUntilNative -= size
    if (bytesUntilNative < 0) loadNative()
  }
  return crc32cInJavaScript(buffer, start, end, seed)
}

/** The JavaScript one alone: what everything falls back to. */
export function crc32cInJavaScript(buffer: Uint8Array, start: number, end: number, seed = 0): number {
  tables ??= crcTables(0x82f63b78)
  return crcByTables(tables, buffer, start, end, seed)
}

/** Loads the native one now, for a caller that knows how much is to come. Returns whether there is one. */
export function loadNative(): boolean {
  if (native !== undefined) return true
  bytesUntilNative = Number.POSITIVE_INFINITY
  try {
    native = (createRequire(import.meta.url)('@node-rs/crc32') as { crc32c: NativeCrc32c }).crc32c
  } catch {
    return false
  }
  return true
}

/**
 * Eight tables of 256 in one array: tables[k * 256 + b] is the CRC of byte b followed by k zero bytes. The polynomial has
 * its lowest power in the highest bit.
 */
export function crcTables(polynomial: number): Int32Array {
  const t = new Int32Array(8 * 256)
  // The CRC of a sum is the sum of the CRCs: those of single bits, then each with all that lie between it and the next.
  for (let bit = 128, crc = 1; bit > 0; bit >>>= 1) {
    crc = (crc >>> 1) ^ (polynomial & -(crc & 1))
    for (let rest = 0; rest < 256; rest += 2 * bit) t[bit + rest] = crc ^ t[rest]
  }
  for (let i = 256; i < t.length; i++) t[i] = (t[i - 256] >>> 8) ^ t[t[i - 256] & 0xff]
  return t
}

/** The CRC of buffer[start, end), by eight bytes at once; `seed` is the CRC of what came before. Unsigned. */
export function crcByTables(
  t: Int32Array,
  buffer: Uint8Array,
  start: number,
  end: number,
  seed: number,
): number {
  let crc = ~seed
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
