/**
 * Walks over the batches of a byte range by their headers, apart from the program's own readers, which tests hold against it:
 * where whole batches end, and what stands there instead of the next one.
 */
import { crc32c } from '../../src/bytes/crc32c.ts'
import { readInt32, readUInt32 } from '../../src/bytes/int32.ts'
import { isSafeInt64, readInt64 } from '../../src/bytes/int64.ts'
import { count } from '../../src/count.ts'
import { CorruptRecordError } from '../../src/errors.ts'
import {
  ATTRIBUTES_POSITION,
  COUNT_POSITION,
  CRC_POSITION,
  CURRENT_MAGIC,
  LAST_OFFSET_DELTA_POSITION,
  LENGTH_POSITION,
  LOG_OVERHEAD,
  MAGIC_POSITION,
  RECORD_BATCH_OVERHEAD,
} from '../../src/record/batch-header.ts'

/**
 * What stands where a batch should begin:
 * - torn: the beginning of a batch whose end is missing. Behind the last write, or merely behind what was read so far.
 * - zeros: nothing but zero bytes up to the end (a crash left a file longer than its content).
 * - crc: a whole batch with a wrong checksum.
 * - garbage: no header of a batch, or offsets that go backwards.
 * - legacy: a message of a format before magic 2.
 */
export type BatchProblemKind = 'torn' | 'zeros' | 'crc' | 'garbage' | 'legacy'

export interface BatchScan {
  /** Position behind the last whole, sound batch that was visited. */
  readonly validEnd: number
  /** Offset behind that batch; -1 when there was none. */
  readonly nextOffset: number
  /** Absent: every byte up to `end` belongs to a sound batch, or the visitor stopped. */
  readonly kind?: BatchProblemKind
  readonly problem?: CorruptRecordError
  /** Of a torn batch: how many bytes it has in all, as far as its header is there; else 0. */
  readonly tornSize: number
}

export interface ScanOptions {
  /** Check each batch's CRC as well (default: headers alone). */
  readonly crc?: boolean
  /** Refuse a first batch below this offset; later ones may never go back in any case. */
  readonly minOffset?: number
}

/** Called for each whole batch; returning false ends the scan in front of this batch. */
// biome-ignore lint/suspicious/noConfusingVoidType: visitors that never stop return nothing
export type BatchVisitor = (position: number, size: number) => boolean | void

/** Visits the batches in buffer[start, end); see BatchScan for what comes back. Never throws on damaged bytes. */
export function scanBatches(
  buffer: Buffer,
  start: number,
  end: number,
  visit: BatchVisitor,
  options: ScanOptions = {},
): BatchScan {
  const limit = Math.min(end, buffer.length)
  const checkCrc = options.crc === true
  let expected = options.minOffset ?? 0
  let nextOffset = -1
  let at = start
  while (at < limit) {
    const problem = problemAt(buffer, at, limit, expected, checkCrc)
    if (problem !== undefined) {
      const { kind, detail, tornSize } = problem
      return { validEnd: at, nextOffset, kind, problem: new CorruptRecordError(detail, at), tornSize }
    }
    const size = readInt32(buffer, at + LENGTH_POSITION) + LOG_OVERHEAD
    if (visit(at, size) === false) break
    nextOffset = readInt64(buffer, at) + readInt32(buffer, at + LAST_OFFSET_DELTA_POSITION) + 1
    expected = nextOffset
    at += size
  }
  return { validEnd: at, nextOffset, tornSize: 0 }
}

/**
 * The position of the first sound batch (CRC checked) that begins in buffer[start, end), or -1: for going on behind
 * damage. Only batches of at least `minOffset` count, so that bytes that look like an older batch are passed over.
 */
export function findBatch(buffer: Buffer, start: number, end: number, minOffset = 0): number {
  const limit = Math.min(end, buffer.length)
  for (let at = start; limit - at >= RECORD_BATCH_OVERHEAD; at++) {
    // Magic 2 is the cheap test that nearly every position fails.
    if (buffer[at + MAGIC_POSITION] !== CURRENT_MAGIC) continue
    if (problemAt(buffer, at, limit, minOffset, true) === undefined) return at
  }
  return -1
}

interface ProblemAt {
  readonly kind: BatchProblemKind
  readonly detail: string
  readonly tornSize: number
}

/** What is wrong with the batch that should begin at `at`; undefined when it is whole and sound. */
function problemAt(
  buffer: Buffer,
  at: number,
  limit: number,
  minOffset: number,
  checkCrc: boolean,
): ProblemAt | undefined {
  const room = limit - at
  if (room <= MAGIC_POSITION) {
    if (onlyZeros(buffer, at, limit)) return zeros(room)
    return torn(room, room < LOG_OVERHEAD ? 0 : readInt32(buffer, at + LENGTH_POSITION) + LOG_OVERHEAD)
  }
  const magic = (buffer[at + MAGIC_POSITION] << 24) >> 24
  const size = readInt32(buffer, at + LENGTH_POSITION) + LOG_OVERHEAD
  if (size === LOG_OVERHEAD && onlyZeros(buffer, at, limit)) return zeros(room)
  if (magic !== CURRENT_MAGIC) {
    const isLegacy = (magic === 0 || magic === 1) && size > LOG_OVERHEAD
    return { kind: isLegacy ? 'legacy' : 'garbage', detail: `a batch of magic ${magic}`, tornSize: 0 }
  }
  if (size < RECORD_BATCH_OVERHEAD) return garbage(`batch size ${size} is smaller than a batch's header`)
  if (!isSafeInt64(buffer, at) || buffer[at] > 0x7f) return garbage('no offset')
  if (room < RECORD_BATCH_OVERHEAD) return torn(room, size)
  const baseOffset = readInt64(buffer, at)
  if (baseOffset < minOffset)
    return garbage(`batch at offset ${baseOffset} where ${minOffset} or more is expected`)
  if (readInt32(buffer, at + LAST_OFFSET_DELTA_POSITION) < 0) return garbage('negative last offset delta')
  if (readInt32(buffer, at + COUNT_POSITION) < 0) return garbage('negative record count')
  if (size > room) return torn(room, size)
  if (checkCrc) {
    const stored = readUInt32(buffer, at + CRC_POSITION)
    const computed = crc32c(buffer, at + ATTRIBUTES_POSITION, at + size)
    if (stored !== computed) {
      return { kind: 'crc', detail: `batch at offset ${baseOffset} has a wrong checksum`, tornSize: 0 }
    }
  }
  return undefined
}

function torn(room: number, size: number): ProblemAt {
  const detail =
    size > 0
      ? `batch of ${size} bytes of which ${room} are there`
      : `${count(room, 'byte')} of a batch's header`
  return { kind: 'torn', detail, tornSize: Math.max(size, 0) }
}

function zeros(room: number): ProblemAt {
  return { kind: 'zeros', detail: `${count(room, 'zero byte')}`, tornSize: 0 }
}

function garbage(detail: string): ProblemAt {
  return { kind: 'garbage', detail, tornSize: 0 }
}

function onlyZeros(buffer: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (buffer[at] !== 0) return false
  return true
}
