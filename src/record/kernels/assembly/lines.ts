/**
 * The line kernel in AssemblyScript: moves lines of text into open record batches. scripts/make-kernels.mjs compiles it
 * into ../generated/lines.ts; ../line-kernel.ts calls it. CONTRIBUTING.md says how to change it.
 *
 * Memory, which the caller owns (addresses are the caller's; nothing here allocates):
 *
 *     [ input: lines, then a line feed as sentinel ] [ one batch a row, each with room up to its limit ] [ state ]
 *
 * State: see ../line-layout.ts. A record in a batch, numbers as zigzag varints:
 *
 *     body size | attributes, one byte 0 | timestamp delta | offset delta | key size, -1: null | key | value size | value | headers: 0
 *
 * Invariants:
 * - A record is written only when it ends at or before its row's limit. Then the row moves on; otherwise nothing of the
 *   row changes, though bytes behind `at` may.
 * - Numbers that are written stay below 2^13 and the timestamp delta below 2^6, so that a varint has one or two bytes.
 *   The function stops in front of the first line that would need more, and JavaScript does that one.
 * - Vectors are read and written whole. Reads go up to 15 bytes past the sentinel, writes up to KERNEL_SLACK bytes past
 *   a record's end: the caller leaves so much memory behind both.
 */
import {
  KERNEL_MAX_LINE,
  ROW_AT,
  ROW_ATTRIBUTES,
  ROW_COUNT,
  ROW_LIMIT,
  ROW_SIZE,
  ROWS_POSITION,
  TURN_POSITION,
} from '../line-layout'

/** Of line lengths and record counts: their varints have at most two bytes. */
const MAX_NUMBER: u32 = KERNEL_MAX_LINE
const LINE_FEED: u8 = 0x0a
const CARRIAGE_RETURN: u8 = 0x0d

/**
 * Takes the lines of memory[from, end) into the rows' batches, and returns the address behind the last line taken.
 * memory[end] is a line feed. `separator` is the byte between key and value, -1 for lines without keys. With `hashed`
 * the key's murmur2 chooses the row, otherwise the rows take turns.
 */
export function takeLines(from: usize, end: usize, state: usize, rows: u32, separator: i32, hashed: bool): usize {
  const hasKeys = separator >= 0
  const lineFeeds = i8x16.splat(LINE_FEED)
  const carriageReturns = i8x16.splat(CARRIAGE_RETURN)
  const separators = i8x16.splat(<u8>separator)
  let turn = load<u32>(state, TURN_POSITION)
  while (true) {
    const lineEnd = findEither(from, lineFeeds, carriageReturns)
    if (lineEnd >= end) break
    let next = lineEnd + 1
    if (load<u8>(lineEnd) == CARRIAGE_RETURN) {
      // A line feed behind it belongs to it, so that byte must have been read.
      if (next >= end) break
      next += usize(load<u8>(next) == LINE_FEED)
    }
    let length = u32(lineEnd - from)
    if (length > MAX_NUMBER) break

    let value = from
    let keyLength: u32 = 0
    let rowIndex = turn
    if (hasKeys) {
      const keyEnd = findBefore(lineEnd, from, separators)
      if (keyEnd >= lineEnd) break
      keyLength = u32(keyEnd - from)
      value = keyEnd + 1
      length = u32(lineEnd - value)
      if (hashed) rowIndex = (murmur2(from, keyEnd) & 0x7fffffff) % rows
    }

    const row = state + ROWS_POSITION + rowIndex * ROW_SIZE
    const count = load<u32>(row, ROW_COUNT)
    if (count > MAX_NUMBER) break
    // Attributes, timestamp delta, the first byte of offset delta, key size and value size, and no headers.
    const body = 6 + keyLength + extraByte(keyLength) + length + extraByte(length) + extraByte(count)
    let to: usize = load<u32>(row, ROW_AT)
    if (to + body + 1 + extraByte(body) > load<u32>(row, ROW_LIMIT)) break

    to = putVarint(to, body)
    store<u16>(to, load<u32>(row, ROW_ATTRIBUTES))
    to = putVarint(to + 2, count)
    if (hasKeys) {
      to = putVarint(to, keyLength)
      copy(to, from, keyLength)
      to += keyLength
    } else {
      store<u8>(to, 1)
      to += 1
    }
    to = putVarint(to, length)
    copy(to, value, length)
    to += length
    store<u8>(to, 0)

    store<u32>(row, to + 1, ROW_AT)
    store<u32>(row, count + 1, ROW_COUNT)
    if (!hashed) {
      turn++
      if (turn == rows) turn = 0
    }
    from = next
  }
  store<u32>(state, turn, TURN_POSITION)
  return from
}

/** The address of the first byte that is one of two, each given as a vector of 16; there is one. */
@inline
function findEither(from: usize, these: v128, those: v128): usize {
  while (true) {
    const bytes = v128.load(from)
    const found = i8x16.bitmask(v128.or(i8x16.eq(bytes, these), i8x16.eq(bytes, those)))
    if (found) return from + ctz(found)
    from += 16
  }
}

/** The address of the first byte of memory[from, end) that is the one of the vector; `end` or more where there is none. */
@inline
function findBefore(end: usize, from: usize, these: v128): usize {
  do {
    const found = i8x16.bitmask(i8x16.eq(v128.load(from), these))
    if (found) return from + ctz(found)
    from += 16
  } while (from < end)
  return end
}

/** Copies `length` bytes in whole vectors, at least one: up to 16 bytes behind are overwritten. */
@inline
function copy(to: usize, from: usize, length: u32): void {
  let copied: u32 = 0
  do {
    v128.store(to + copied, v128.load(from + copied))
    copied += 16
  } while (copied < length)
}

/** 1 where the zigzag varint of a value below 2^13 has two bytes, 0 where it has one. */
@inline
function extraByte(value: u32): u32 {
  return u32(value >= 0x40)
}

/** Writes the zigzag varint of a value below 2^13, and returns the address behind. */
@inline
function putVarint(to: usize, value: u32): usize {
  if (value < 0x40) {
    store<u8>(to, value << 1)
    return to + 1
  }
  // The low seven bits of value * 2 with the top bit set, then the rest.
  store<u16>(to, ((value << 1) & 0x7f) | 0x80 | ((value >> 6) << 8))
  return to + 2
}

/** Kafka's hash of memory[from, end), as src/client/murmur2.ts has it. */
@inline
function murmur2(from: usize, end: usize): u32 {
  const M: u32 = 0x5bd1e995
  const length = u32(end - from)
  let hash: u32 = 0x9747b28c ^ length
  while (from + 4 <= end) {
    const word = load<u32>(from) * M
    hash = (hash * M) ^ ((word ^ (word >> 24)) * M)
    from += 4
  }
  // The one to three bytes that are left, as the low ones of a word.
  const rest = length & 3
  if (rest) hash = (hash ^ (load<u32>(from) & ((1 << (rest << 3)) - 1))) * M
  hash = (hash ^ (hash >> 13)) * M
  return hash ^ (hash >> 15)
}
