/**
 * What is in a wrapper, a compressed message of format 0 or 1, and what has to be true of it: the checksum of each message,
 * no wrapper in a wrapper, offsets that grow and end with the wrapper's own.
 */
import { isSafeInt64, readInt64 } from '../bytes/int64.ts'
import { count } from '../count.ts'
import { CorruptRecordError } from '../errors.ts'
import * as header from './batch-header.ts'
import { decompress } from './compression/compression.ts'
import * as legacy from './legacy-message.ts'
import { CODECS } from './record.ts'

/** The messages in a wrapper. */
export interface InnerMessages {
  readonly bytes: Buffer
  /** Position of each in `bytes`, and its absolute offset. */
  readonly positions: readonly number[]
  readonly offsets: readonly number[]
}

/** What the wrapper's value inflates to. @throws CorruptRecordError with its position in `buffer` */
export function inflated(buffer: Buffer, at: number, size: number): Buffer {
  const fail = (detail: string) => new CorruptRecordError(detail, at)
  const codec = legacy.legacyAttributesAt(buffer, at) & header.CODEC_MASK
  if (codec > legacy.LAST_LEGACY_CODEC) throw fail(`its compression ${codec} is none of its format`)
  const problem = legacy.fieldsProblem(buffer, at, size)
  if (problem !== undefined) throw fail(problem)
  const { valueStart, valueEnd } = legacy.fieldsOf(buffer, at, size)
  if (valueEnd < 0) throw fail('a compressed message without a value')
  const oldFraming = buffer[at + header.MAGIC_POSITION] === 0
  try {
    return decompress(CODECS[codec], buffer.subarray(valueStart, valueEnd), { oldFraming })
  } catch (error) {
    throw error instanceof CorruptRecordError ? fail(error.detail) : error
  }
}

/**
 * With `isLenient` as far as it can be shown at all: checksums are not looked at, nor what the offsets say, and a last
 * message that is cut off is left out. `bytes` is what it inflates to.
 * @throws CorruptRecordError where a wrapper does not hold what it says, with its position in `buffer`
 */
export function innerMessages(
  buffer: Buffer,
  at: number,
  size: number,
  isLenient = false,
  bytes: Buffer = inflated(buffer, at, size),
): InnerMessages {
  const fail = (detail: string) => new CorruptRecordError(detail, at)
  const magic = buffer[at + header.MAGIC_POSITION]
  const positions: number[] = []
  const offsets: number[] = []
  for (let inner = 0; inner < bytes.length; ) {
    const room = bytes.length - inner
    if (isLenient && (room < header.LOG_OVERHEAD || header.sizeAt(bytes, inner) > room)) break
    const problem = innerProblem(bytes, inner, isLenient)
    if (problem !== undefined) throw fail(`message ${positions.length + 1} in it: ${problem}`)
    positions.push(inner)
    offsets.push(readInt64(bytes, inner))
    inner += header.sizeAt(bytes, inner)
  }
  if (offsets.length === 0) throw fail('a compressed message that holds none')
  return { bytes, positions, offsets: absolute(offsets, readInt64(buffer, at), magic, isLenient, fail) }
}

function innerProblem(bytes: Buffer, at: number, isLenient: boolean): string | undefined {
  const room = bytes.length - at
  if (room < legacy.SMALLEST_MESSAGE) return `${count(room, 'byte is', 'bytes are')} too few for a message`
  if (!legacy.isLegacyAt(bytes, at)) return `magic ${bytes[at + header.MAGIC_POSITION]} is not 0 or 1`
  const problem = legacy.legacyProblem(bytes, at, room, Number.NEGATIVE_INFINITY)
  if (problem !== undefined) return problem
  if (isLenient) return undefined
  if (legacy.isWrapperAt(bytes, at)) return 'it is compressed once more'
  const fields = legacy.fieldsProblem(bytes, at, header.sizeAt(bytes, at))
  return fields ?? legacy.legacyCrcProblem(bytes, at, header.sizeAt(bytes, at))
}

/** In format 1 they count from the first message there was, which compaction may have taken since. */
function absolute(
  offsets: number[],
  wrapperOffset: number,
  magic: number,
  isLenient: boolean,
  fail: (detail: string) => CorruptRecordError,
): number[] {
  const last = offsets[offsets.length - 1]
  const base = innerBase(magic, wrapperOffset, last)
  if (base < 0 || (!isLenient && base + last > wrapperOffset))
    throw fail(`the offsets in it end at ${last}, its own is ${wrapperOffset}`)
  for (let i = 0; i < offsets.length && !isLenient; i++) {
    if (offsets[i] < 0 || (i > 0 && offsets[i] <= offsets[i - 1]))
      throw fail(`the offsets in it do not grow: ${offsets[i]} stands behind ${offsets[i - 1] ?? 'none'}`)
  }
  return base === 0 ? offsets : offsets.map((offset) => base + offset)
}

/** What an inner offset counts from, where the last one is `last`. */
function innerBase(magic: number, wrapperOffset: number, last: number): number {
  // Some librdkafka left the wrapper's offset at 0.
  return magic === 0 || wrapperOffset === 0 ? 0 : wrapperOffset - last
}

/** What is in a wrapper by its first and last message, with nothing checked. */
export interface InnerOutline {
  readonly magic: 0 | 1
  readonly bytes: Buffer
  /** What offsets in it count from. */
  readonly base: number
  /** Absolute. */
  readonly firstOffset: number
  readonly lastOffset: number
}

/** Undefined where the wrapper at `at`, which inflates to `bytes`, is not ordinary. */
export function innerOutline(buffer: Buffer, at: number, bytes: Buffer): InnerOutline | undefined {
  const magic = buffer[at + header.MAGIC_POSITION]
  if ((buffer[at + header.MAGIC_POSITION + 1] & header.LOG_APPEND_TIME_FLAG) !== 0) return undefined
  let lastAt = 0
  for (let next = 0; next < bytes.length; ) {
    const room = bytes.length - next
    if (room < legacy.SMALLEST_MESSAGE) return undefined
    const size = header.sizeAt(bytes, next)
    if (size < legacy.SMALLEST_MESSAGE || size > room) return undefined
    lastAt = next
    next += size
  }
  if (bytes.length === 0 || !isSafeInt64(bytes, 0) || !isSafeInt64(bytes, lastAt)) return undefined
  const last = readInt64(bytes, lastAt)
  const wrapperOffset = readInt64(buffer, at)
  const base = innerBase(magic, wrapperOffset, last)
  // In format 0 it may end elsewhere than the wrapper says, of which no checksum knows: a second look is due.
  if (base < 0 || base + last !== wrapperOffset) return undefined
  return {
    magic: magic === 0 ? 0 : 1,
    bytes,
    base,
    firstOffset: base + readInt64(bytes, 0),
    lastOffset: base + last,
  }
}
