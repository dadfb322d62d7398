/**
 * The kernel for old messages in AssemblyScript: checks stored messages of format 0 or 1 and writes the record of format 2
 * that says the same. scripts/make-kernels.mjs compiles it into ../generated/legacy.ts; ../legacy-kernel.ts calls it.
 * CONTRIBUTING.md says how to change it.
 *
 * Memory, which the caller owns (nothing here allocates):
 *
 *     [ state ] [ tables of CRC-32 ] [ messages ] [ records ]
 *
 * State and tables: see ../legacy-layout.ts. A message (../../legacy-message.ts), big-endian:
 *
 *     offset, int64 | size - 12 | CRC-32 of what follows | magic | attributes | timestamp (format 1) | key size, -1: null |
 *     key | value size, -1: null | value
 *
 * Invariants:
 * - It takes only what legacy-reader.ts would take: whole, with fields that fill it, a right checksum, the offset that
 *   comes next. In front of all else (a wrapper, log-append time, a delta of 2^29 or more) it stops, and JavaScript goes on.
 * - A record is never longer than its message, so the second window is as large as the first and needs no checks.
 * - Vectors are read and written whole: up to LEGACY_SLACK bytes behind a window.
 */
import * as state from '../legacy-layout'

/** Its zigzag fits into 31 bits. */
const MAX_DELTA: i64 = 0x20000000
const MAX_SAFE: i64 = 0x1fffffffffffff
const MAX_SIZE: u32 = 65536

/** Takes messages until one is no ordinary one or there are no more. All it is told stands in the state. */
export function takeMessages(): void {
  let at: usize = load<u32>(state.AT)
  let to: usize = load<u32>(state.TO)
  let next = load<i64>(state.NEXT_OFFSET)
  let maxTimestamp = load<i64>(state.MAX_TIMESTAMP)
  const end: usize = load<u32>(state.END)
  const limit = load<i64>(state.LIMIT_OFFSET)
  const baseOffset = load<i64>(state.BASE_OFFSET)
  const baseTimestamp = load<i64>(state.BASE_TIMESTAMP)
  const magic = load<u32>(state.MAGIC)
  const hasGaps = load<u32>(state.HAS_GAPS) != 0
  const checkCrcs = load<u32>(state.CHECK_CRCS) != 0
  const overhead: u32 = magic ? 34 : 26
  let taken: u32 = 0

  while (at + overhead <= end) {
    const rest = bswap<u32>(load<u32>(at, 8))
    if (rest > MAX_SIZE) break
    const size = rest + 12
    if (size < overhead || at + size > end) break
    // No attributes: neither a codec nor log-append time.
    if (u32(load<u16>(at, 16)) != magic) break

    const offset = bswap<i64>(load<i64>(at))
    if (offset < next || offset >= limit || (offset != next && !hasGaps)) break
    const offsetDelta = offset - baseOffset
    if (offsetDelta < 0 || offsetDelta >= MAX_DELTA) break
    let timestamp: i64 = -1
    if (magic) timestamp = bswap<i64>(load<i64>(at, 18))
    if (timestamp > MAX_SAFE || timestamp < -MAX_SAFE) break
    const timestampDelta = timestamp - baseTimestamp
    if (timestampDelta >= MAX_DELTA || timestampDelta <= -MAX_DELTA) break

    const free = size - overhead
    const key = at + overhead - 4
    const keyLength = bswap<i32>(load<i32>(key - 4))
    const keySize = u32(max(keyLength, 0))
    if (keyLength < -1 || keySize > free) break
    const value = key + keySize + 4
    const valueLength = bswap<i32>(load<i32>(value - 4))
    const valueSize = u32(max(valueLength, 0))
    if (valueLength < -1 || valueSize != free - keySize) break
    if (checkCrcs && crc32(at + 16, at + size) != bswap<u32>(load<u32>(at, 12))) break

    const time = zigzag(i32(timestampDelta))
    const position = u32(offsetDelta) << 1
    const keyField = zigzag(keyLength)
    const valueField = zigzag(valueLength)
    const body = 2 + sizeOf(time) + sizeOf(position) + sizeOf(keyField) + sizeOf(valueField) + free
    to = putVarint(to, body << 1)
    store<u8>(to, 0)
    to = putVarint(to + 1, time)
    to = putVarint(to, position)
    to = putVarint(to, keyField)
    if (keySize) copy(to, key, keySize)
    to += keySize
    to = putVarint(to, valueField)
    if (valueSize) copy(to, value, valueSize)
    to += valueSize
    store<u8>(to, 0)
    to += 1

    if (timestamp > maxTimestamp) maxTimestamp = timestamp
    next = offset + 1
    at += size
    taken += 1
  }
  store<u32>(state.AT, u32(at))
  store<u32>(state.TO, u32(to))
  store<i64>(state.NEXT_OFFSET, next)
  store<i64>(state.MAX_TIMESTAMP, maxTimestamp)
  store<u32>(state.TAKEN, taken)
}

/** CRC-32 of memory[at, end), eight bytes at once. */
@inline
function crc32(from: usize, end: usize): u32 {
  let crc: u32 = 0xffffffff
  let at = from
  for (; at + 8 <= end; at += 8) {
    const low = load<u32>(at) ^ crc
    const high = load<u32>(at, 4)
    crc =
      tableAt(7, low) ^
      tableAt(6, low >> 8) ^
      tableAt(5, low >> 16) ^
      tableAt(4, low >> 24) ^
      tableAt(3, high) ^
      tableAt(2, high >> 8) ^
      tableAt(1, high >> 16) ^
      tableAt(0, high >> 24)
  }
  for (; at < end; at++) crc = tableAt(0, crc ^ load<u8>(at)) ^ (crc >> 8)
  return ~crc
}

@inline
function tableAt(table: u32, byte: u32): u32 {
  return load<u32>(state.TABLES + (table << 10) + ((byte & 0xff) << 2))
}

@inline
function zigzag(value: i32): u32 {
  return u32((value << 1) ^ (value >> 31))
}

/** Bytes of an unsigned varint below 2^32. */
@inline
function sizeOf(value: u32): u32 {
  return value < 0x80 ? 1 : (38 - clz(value)) / 7
}

/** Returns the address behind. */
@inline
function putVarint(to: usize, value: u32): usize {
  let at = to
  let rest = value
  while (rest > 0x7f) {
    store<u8>(at, (rest & 0x7f) | 0x80)
    rest >>= 7
    at += 1
  }
  store<u8>(at, rest)
  return at + 1
}

/** Copies in whole vectors: up to 15 bytes behind are overwritten. */
@inline
function copy(to: usize, from: usize, length: u32): void {
  for (let copied: u32 = 0; copied < length; copied += 16) v128.store(to + copied, v128.load(from + copied))
}
