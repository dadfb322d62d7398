/**
 * A piece of a segment that begins with messages of formats 0 and 1, as batches of format 2: what log-reader.ts hands out
 * of it. The same is checked, and in the same order, as of stored batches.
 */
import { CorruptRecordError } from '../errors.ts'
import * as header from '../record/batch-header.ts'
import {
  fieldsProblem,
  type InnerMessages,
  innerMessages,
  type LegacyBatches,
} from '../record/legacy-batches.ts'
import * as legacy from '../record/legacy-message.ts'

/** buffer[0, length) was read at `position` of a segment of which `end` bytes count. */
export interface ReadPiece {
  readonly buffer: Buffer
  readonly length: number
  readonly position: number
  readonly end: number
  /** Of the segment. */
  readonly baseOffset: number
  /** Of the segment behind it. */
  readonly nextBase: number
}

export interface LegacyRequest {
  readonly offset: number
  readonly limit: number | undefined
  readonly checkCrcs: boolean
  /** Where offsets may not have gaps a piece ends in front of one. */
  readonly hasNoGaps: () => boolean
  /** What is wrong with the message at `at`, in front of which offsets are missing. */
  readonly behindGap: (at: number, expected: number) => string | undefined
}

/** What was found: batches.buffer[0, batches.end) is of the first `storedSize` bytes of the piece. */
export interface LegacyRun {
  readonly storedSize: number
  readonly nextOffset: number
  /** Set where the first message cannot be handed out. */
  readonly problem?: string
  /** The first message belongs to the next segment. */
  readonly isForeign?: boolean
}

/** Why a run ends in front of a message; END where there is just no more to hand out. */
type Stop = Pick<LegacyRun, 'problem' | 'isForeign'>

const END: Stop = {}

interface Found {
  readonly size: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly inner: InnerMessages | undefined
}

export function readLegacy(piece: ReadPiece, request: LegacyRequest, batches: LegacyBatches): LegacyRun {
  const { buffer, length, position, end, baseOffset, nextBase } = piece
  const { offset, limit, checkCrcs } = request
  let at = 0
  let nextOffset = offset
  let minOffset = baseOffset
  while (length - at >= legacy.SMALLEST_MESSAGE && legacy.isLegacyAt(buffer, at)) {
    // Of a message behind others as much as a header must be there, unless the file ends before.
    const isPart = length - at < header.RECORD_BATCH_OVERHEAD
    if (at > 0 && isPart && position + length < end) break
    const room = isPart ? length - at : end - position - at
    const plain = plainSize(buffer, at, length, room, minOffset, checkCrcs)
    if (plain > 0 && at > 0 && header.baseOffsetAt(buffer, at) === minOffset) {
      const isIn = minOffset < nextBase && (limit === undefined || minOffset < limit)
      if (isIn && batches.addPlain(buffer, at, plain)) {
        minOffset++
        nextOffset = minOffset
        at += plain
        continue
      }
    }
    let found = messageAt(buffer, at, length, room, minOffset, checkCrcs)
    if ('size' in found) found = stopBefore(found, at, minOffset, nextBase, request) ?? found
    if (!('size' in found)) {
      // Behind other messages the next read begins with it, and tells.
      if (at === 0 && found !== END) return { storedSize: 0, nextOffset, ...found }
      break
    }
    const { size, lastOffset, inner } = found
    batches.add(buffer, at, size, inner)
    minOffset = lastOffset + 1
    nextOffset = minOffset
    at += size
  }
  batches.finish()
  return { storedSize: at, nextOffset }
}

/** Size of the whole and sound message at `at` that is no wrapper; 0 for all else, which `messageAt` tells. */
function plainSize(
  buffer: Buffer,
  at: number,
  length: number,
  room: number,
  minOffset: number,
  checkCrcs: boolean,
): number {
  if (legacy.legacyProblem(buffer, at, room, minOffset) !== undefined || legacy.isWrapperAt(buffer, at))
    return 0
  const size = header.sizeAt(buffer, at)
  if (at + size > length || fieldsProblem(buffer, at, size) !== undefined) return 0
  return checkCrcs && legacy.legacyCrcProblem(buffer, at, size) !== undefined ? 0 : size
}

/** Why the message `found` at `at` is not handed out with those before it; undefined where it is. */
function stopBefore(
  { firstOffset, lastOffset, inner }: Found,
  at: number,
  minOffset: number,
  nextBase: number,
  { offset, limit, hasNoGaps, behindGap }: LegacyRequest,
): Stop | undefined {
  if (firstOffset >= nextBase) return { isForeign: true }
  const expected = at === 0 ? offset : minOffset
  if (firstOffset > expected) {
    if (at > 0 && hasNoGaps()) return END
    const problem = inner === undefined ? behindGap(at, expected) : undefined
    if (problem !== undefined) return { problem }
  }
  return limit !== undefined && lastOffset >= limit ? END : undefined
}

function messageAt(
  buffer: Buffer,
  at: number,
  length: number,
  room: number,
  minOffset: number,
  checkCrcs: boolean,
): Found | Stop {
  const problem = legacy.legacyProblem(buffer, at, room, minOffset)
  if (problem !== undefined) return { problem }
  const size = header.sizeAt(buffer, at)
  // Not all of it was read.
  if (at + size > length) return END
  const crcProblem = checkCrcs ? legacy.legacyCrcProblem(buffer, at, size) : undefined
  if (crcProblem !== undefined) return { problem: crcProblem }
  const lastOffset = header.baseOffsetAt(buffer, at)
  const fields = fieldsProblem(buffer, at, size)
  if (fields !== undefined) return { problem: fields }
  if (!legacy.isWrapperAt(buffer, at)) return { size, firstOffset: lastOffset, lastOffset, inner: undefined }
  try {
    const inner = innerMessages(buffer, at, size)
    return { size, firstOffset: inner.offsets[0], lastOffset, inner }
  } catch (error) {
    if (error instanceof CorruptRecordError) return { problem: error.detail }
    throw error
  }
}
