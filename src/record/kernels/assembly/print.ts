/**
 * The print kernel in AssemblyScript: walks over a batch's stored records and writes what is printed of them.
 * scripts/make-kernels.mjs compiles it into ../generated/print.ts; ../print-kernel.ts calls it. CONTRIBUTING.md says how
 * to change it.
 *
 * Memory, which the caller owns (nothing here allocates):
 *
 *     [ state: fields, constant bytes, prefix ] [ stored records ] [ output, up to the limit ] [ table of ends ]
 *
 * State and table: see ../print-layout.ts. A stored record, numbers as varints, zigzag but for none:
 *
 *     size of what follows | attributes, one byte | timestamp delta | offset delta | key size, -1: null | key |
 *     value size, -1: null | value | header count | headers: key size, key, value size (-1: null), value
 *
 * Invariants:
 * - It prints only what record-walk.ts would hand out: every length is checked against the record's end, the record's
 *   against the records' end. In front of a record that is damaged or unusual (a varint of more than four bytes, more
 *   than 1000 headers) it stops, and JavaScript goes on with that one, or says what is wrong with it.
 * - A record is printed only when the most that its print can take ends at or before the limit.
 * - Vectors are read and written whole: up to 31 bytes behind the stored records are read, up to PRINT_SLACK bytes behind
 *   the limit are overwritten.
 * - A varint that is none puts the position behind `end`, so that the next check of a length finds it. It never goes
 *   further, so that reading on until that check stays within memory.
 */
import * as state from '../print-layout'

/** Attributes, timestamp delta, offset delta, key size, value size, header count: one byte each at the least. */
const MIN_BODY_SIZE: u32 = 6
/** Key size and value size. */
const MIN_HEADER_SIZE: u32 = 2
const MAX_HEADERS: u32 = 1000
/** Not known before the first timestamp. */
const UNKNOWN: i32 = -1

/** Prints records until one is no ordinary one, has no room, or there are no more. All it is told stands in the state. */
export function printRecords(): void {
  let index = load<u32>(state.INDEX)
  let at: usize = load<u32>(state.AT)
  let to: usize = load<u32>(state.TO)
  let ends: usize = load<u32>(state.ENDS)
  let position = load<i64>(state.POSITION)
  const count = load<u32>(state.COUNT)
  const end: usize = load<u32>(state.END)
  const most = load<u32>(state.MOST)
  const limit: usize = load<u32>(state.LIMIT)
  const baseOffset = load<i64>(state.BASE_OFFSET)
  const lastOffsetDelta = load<i32>(state.LAST_OFFSET_DELTA)
  const prefix: usize = load<u32>(state.PREFIX_AT)
  let prefixLength = load<u32>(state.HAS_TIMESTAMP) ? UNKNOWN : load<i32>(state.PREFIX_LENGTH)
  let lastTimestamp: i64 = 0
  let taken: u32 = 0
  let full = false

  while (index < count && taken < most) {
    let word = load<u32>(at)
    let raw = varintOf(word)
    let p = behindVarint(at, word, end)
    if (raw & 1 || raw >> 1 < MIN_BODY_SIZE) break
    const recordEnd = p + (raw >> 1)
    if (recordEnd > end) break
    p += 1

    word = load<u32>(p)
    const timestampDelta = varintOf(word)
    p = behindVarint(p, word, end)

    word = load<u32>(p)
    raw = varintOf(word)
    p = behindVarint(p, word, end)
    if (raw & 1 || i32(raw >> 1) > lastOffsetDelta) break
    const offset = baseOffset + i64(raw >> 1)

    word = load<u32>(p)
    const keyLength = zigzag(varintOf(word))
    const key = behindVarint(p, word, end)
    if (keyLength < -1) break
    p = key + max(keyLength, 0)
    if (p > recordEnd) break

    word = load<u32>(p)
    const valueLength = zigzag(varintOf(word))
    const value = behindVarint(p, word, end)
    if (valueLength < -1) break
    p = value + max(valueLength, 0)
    if (p > recordEnd) break

    // Nearly every record ends here, with a byte 0 for no headers.
    word = load<u32>(p)
    p += 1
    let headerCount: u32 = 0
    let headers = p
    if (word & 0xff) {
      raw = varintOf(word)
      if (raw & 1) break
      headerCount = raw >> 1
      headers = behindVarint(p - 1, word, end)
      p = behindHeaders(headers, headerCount, recordEnd)
    }
    if (p != recordEnd) break

    // The record is whole.
    if (offset < position) {
      at = recordEnd
      index += 1
      continue
    }
    const size = recordEnd - at + load<u32>(state.FIXED_SIZE) + headerCount * load<u32>(state.HEADER_SIZE)
    full = to + size > limit
    if (full) break

    position = offset + 1
    if (load<u32>(state.HAS_TIMESTAMP)) {
      const timestamp = load<u32>(state.HAS_APPEND_TIME)
        ? load<i64>(state.APPEND_TIME)
        : load<i64>(state.BASE_TIMESTAMP) + zigzag(timestampDelta)
      if (prefixLength == UNKNOWN || timestamp != lastTimestamp) {
        lastTimestamp = timestamp
        prefixLength = putPrefix(timestamp)
      }
    }
    if (prefixLength != 0) {
      copy(to, prefix, prefixLength)
      to += prefixLength
    }
    if (load<u32>(state.HAS_OFFSET)) to = putDecimal(to, offset)
    if (load<u32>(state.HAS_HEADERS)) {
      to = headerCount == 0 ? putConstant(to, state.NO_HEADERS) : putHeaders(to, headers, headerCount)
    }
    if (load<u32>(state.HAS_KEY)) {
      to = putConstant(to, state.KEY_LEAD)
      to = putField(to, key, keyLength)
    }
    if (load<u32>(state.HAS_VALUE)) {
      to = putConstant(to, state.VALUE_LEAD)
      to = putField(to, value, valueLength)
    }
    to = putConstant(to, state.ENDING)
    store<f64>(ends, <f64>position)
    store<u32>(ends, to, state.END_ADDRESS)
    ends += state.PRINTED_END_SIZE
    at = recordEnd
    index += 1
    taken += 1
  }
  store<i64>(state.POSITION, position)
  store<u32>(state.AT, at)
  store<u32>(state.INDEX, index)
  store<u32>(state.TO, to)
  store<u32>(state.TAKEN, taken)
  store<u32>(state.FULL, u32(full))
}

/**
 * The unsigned varint that the four bytes of `word` begin with; 0 when it is longer. It and `behindVarint` look at the
 * same bits, since AssemblyScript returns one value; one and two bytes, nearly all, are decoded without a call.
 */
@inline
function varintOf(word: u32): u32 {
  if (!(word & 0x80)) return word & 0x7f
  if (!(word & 0x8000)) return (word & 0x7f) | ((word >> 1) & 0x3f80)
  return longVarintOf(word)
}

/** The address behind the varint at `at`, whose first four bytes are `word`; end + 1 when it is longer. */
@inline
function behindVarint(at: usize, word: u32, end: usize): usize {
  if (!(word & 0x80)) return at + 1
  if (!(word & 0x8000)) return at + 2
  return behindLongVarint(at, word, end)
}

/** The top bits turned round: the first that is set ends the varint. */
@inline
function stopsOf(word: u32): u32 {
  return ~word & 0x80808080
}

function longVarintOf(word: u32): u32 {
  const stops = stopsOf(word)
  if (stops == 0) return 0
  word &= stops ^ (stops - 1)
  return (
    (word & 0x7f) | ((word >> 1) & 0x3f80) | ((word >> 2) & 0x1fc000) | ((word >> 3) & 0xfe00000)
  )
}

function behindLongVarint(at: usize, word: u32, end: usize): usize {
  const stops = stopsOf(word)
  return stops == 0 ? end + 1 : at + ((ctz(stops) + 1) >> 3)
}

@inline
function zigzag(raw: u32): i32 {
  return (raw >> 1) ^ -(raw & 1)
}

/** The address behind so many headers; end + 1 where they are damaged, unusual or too many for their bytes. */
function behindHeaders(at: usize, count: u32, end: usize): usize {
  if (count > MAX_HEADERS || at > end || count * MIN_HEADER_SIZE > u32(end - at)) return end + 1
  while (count-- != 0) {
    // A header's key is never null.
    let word = load<u32>(at)
    const keyLength = zigzag(varintOf(word))
    at = behindVarint(at, word, end)
    if (keyLength < 0) return end + 1
    at += keyLength
    if (at > end) return end + 1

    word = load<u32>(at)
    const valueLength = zigzag(varintOf(word))
    at = behindVarint(at, word, end)
    if (valueLength < -1) return end + 1
    at += max(valueLength, 0)
    if (at > end) return end + 1
  }
  return at
}

/** Writes headers that were checked, and returns the address behind. */
function putHeaders(to: usize, at: usize, count: u32): usize {
  to = putConstant(to, state.HEADERS_LEAD)
  while (true) {
    let word = load<u32>(at)
    const keyLength = zigzag(varintOf(word))
    at = behindVarint(at, word, 0)
    to = putField(to, at, keyLength)
    at += keyLength
    to = putConstant(to, state.HEADER_COLON)

    word = load<u32>(at)
    const valueLength = zigzag(varintOf(word))
    at = behindVarint(at, word, 0)
    to = putField(to, at, valueLength)
    at += max(valueLength, 0)
    if (--count == 0) return to
    to = putConstant(to, state.HEADER_SEPARATOR)
  }
}

/** Writes what stands in front of the offset, and returns its length. */
function putPrefix(timestamp: i64): u32 {
  const prefix: usize = load<u32>(state.PREFIX_AT)
  let to = putConstant(prefix, state.TIMESTAMP_LEAD)
  to = putDecimal(to, timestamp)
  return u32(putConstant(to, state.OFFSET_LEAD) - prefix)
}

/** Writes a field's bytes, or the null literal for a length below 0, and returns the address behind. */
@inline
function putField(to: usize, from: usize, length: i32): usize {
  if (length < 0) return putConstant(to, state.NULL_LITERAL)
  copyLong(to, from, length)
  return to + length
}

/** Writes the constant whose address and length stand at `field` of the state, and returns the address behind. */
@inline
function putConstant(to: usize, field: usize): usize {
  const length = load<u32>(field, 4)
  if (length != 0) copy(to, load<u32>(field), length)
  return to + length
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

/** As `copy`, two vectors at a time: up to 32 bytes behind are overwritten. */
@inline
function copyLong(to: usize, from: usize, length: u32): void {
  let copied: u32 = 0
  do {
    v128.store(to + copied, v128.load(from + copied))
    v128.store(to + copied, v128.load(from + copied, 16), 16)
    copied += 32
  } while (copied < length)
}

const TEN_TO_8: u64 = 100_000_000
const ASCII_ZEROS: u64 = 0x3030303030303030

/** Writes a number of at most 16 digits, and returns the address behind; up to 8 bytes behind are overwritten. */
function putDecimal(to: usize, number: i64): usize {
  if (number < 0) {
    store<u8>(to, 0x2d)
    to += 1
    number = -number
  }
  const rest = <u64>number
  if (rest < TEN_TO_8) return putShort(to, u32(rest))
  const high = rest / TEN_TO_8
  to = putShort(to, u32(high))
  store<u64>(to, eightDigits(u32(rest - high * TEN_TO_8)) | ASCII_ZEROS)
  return to + 8
}

/** Writes a number below 10^8 without leading zeros, and returns the address behind. */
@inline
function putShort(to: usize, number: u32): usize {
  const digits = eightDigits(number)
  // Bits of leading zeros: whole bytes below the first digit that is not 0; the last digit stays.
  const zeros = ctz(digits | ((<u64>1) << 56)) & 0x38
  store<u64>(to, (digits | ASCII_ZEROS) >> zeros)
  return to + 8 - usize(zeros >> 3)
}

/**
 * The eight digits of a number below 10^8 as bytes 0 to 9, the first in the lowest: halves of four digits side by side,
 * each divided by 100 with one multiplication for both, then quarters by 10.
 */
function eightDigits(number: u32): u64 {
  const upper = number / 10000
  const halves = u64(upper) | (u64(number - upper * 10000) << 32)
  const hundreds = ((halves * 10486) >> 20) & 0x7f0000007f
  const quarters = hundreds | ((halves - hundreds * 100) << 16)
  const tens = ((quarters * 103) >> 10) & 0x000f000f000f000f
  return tens | ((quarters - tens * 10) << 8)
}
