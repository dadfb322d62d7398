/**
 * A piece of what is stored that begins with messages of formats 0 and 1, as batches of format 2: what a log on disk, or a
 * fetch from an old broker, hands out of it. The same is checked, and in the same order, as of stored batches.
 */
import { CorruptRecordError } from '../errors.ts'
import * as header from './batch-header.ts'
import type { LegacyBatches } from './legacy-batches.ts'
import { type InnerMessages, inflated, innerMessages, innerOutline } from './legacy-inner.ts'
import * as legacy from './legacy-message.ts'

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
  const limits = { limitOffset: Math.min(nextBase, limit ?? nextBase), checkCrcs }
  let at = 0
  let nextOffset = offset
  let minOffset = baseOffset
  while (length - at >= legacy.SMALLEST_MESSAGE && legacy.isLegacyAt(buffer, at)) {
    // Of a message behind others as much as a header must be there, unless the file ends before.
    const isPart = length - at < header.RECORD_BATCH_OVERHEAD
    if (at > 0 && isPart && position + length < end) break
    const run = at > 0 ? batches.addRun(buffer, at, length, minOffset, limits) : 0
    if (run > 0) {
      at += run
      minOffset = batches.nextOffset
      nextOffset = minOffset
      continue
    }
    const room = isPart ? length - at : end - position - at
    const found = nextMessage(piece, at, room, minOffset, request, batches)
    if (!('size' in found)) {
      // Behind other messages the next read begins with it, and tells.
      if (at === 0 && found !== END) return { storedSize: 0, nextOffset, ...found }
      break
    }
    minOffset = found.lastOffset + 1
    nextOffset = minOffset
    at += found.size
  }
  batches.finish()
  return { storedSize: at, nextOffset }
}

/** Takes the message at `at`, or says why it does not. */
function nextMessage(
  piece: ReadPiece,
  at: number,
  room: number,
  minOffset: number,
  request: LegacyRequest,
  batches: LegacyBatches,
): Found | Stop {
  const { buffer, length, nextBase } = piece
  const problem = messageProblem(piece, at, room, minOffset, request.checkCrcs)
  if (problem !== undefined) return { problem }
  const size = header.sizeAt(buffer, at)
  // Not all of it was read.
  if (at + size > length) return END
  const lastOffset = header.baseOffsetAt(buffer, at)
  let found: Found = { size, firstOffset: lastOffset, lastOffset, inner: undefined }
  if (legacy.isWrapperAt(buffer, at)) {
    try {
      const bytes = inflated(buffer, at, size)
      const outline = innerOutline(buffer, at, bytes)
      const isNext = outline !== undefined && !isStop(outline, at, minOffset, nextBase, request)
      if (isNext && batches.addInner(outline)) return { ...found, lastOffset: outline.lastOffset }
      const inner = innerMessages(buffer, at, size, false, bytes)
      found = { ...found, firstOffset: inner.offsets[0], inner }
    } catch (error) {
      if (error instanceof CorruptRecordError) return { problem: error.detail }
      throw error
    }
  }
  const stop = stopBefore(found, at, minOffset, nextBase, request)
  if (stop === undefined) batches.add(buffer, at, size, found.inner)
  return stop ?? found
}

/** Whether messages with these offsets may not be handed out without a second look. */
function isStop(
  { firstOffset, lastOffset }: Pick<Found, 'firstOffset' | 'lastOffset'>,
  at: number,
  minOffset: number,
  nextBase: number,
  { offset, limit }: LegacyRequest,
): boolean {
  const expected = at === 0 ? offset : minOffset
  return firstOffset >= nextBase || firstOffset > expected || (limit !== undefined && lastOffset >= limit)
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
  // In format 0 the messages in a wrapper may end at another offset than its own, of which no checksum knows.
  if (inner !== undefined && inner.offsets[inner.offsets.length - 1] !== lastOffset) {
    const problem = behindGap(at, Math.max(firstOffset, expected))
    if (problem !== undefined) return { problem }
  }
  if (firstOffset > expected) {
    if (at > 0 && hasNoGaps()) return END
    const problem = inner === undefined ? behindGap(at, expected) : undefined
    if (problem !== undefined) return { problem }
  }
  return limit !== undefined && lastOffset >= limit ? END : undefined
}

/** What is wrong with the message at `at`, as far as it was read. */
function messageProblem(
  { buffer, length }: ReadPiece,
  at: number,
  room: number,
  minOffset: number,
  checkCrcs: boolean,
): string | undefined {
  const problem = legacy.legacyProblem(buffer, at, room, minOffset)
  const size = header.sizeAt(buffer, at)
  if (problem !== undefined || at + size > length) return problem
  const crcProblem = checkCrcs ? legacy.legacyCrcProblem(buffer, at, size) : undefined
  return crcProblem ?? legacy.fieldsProblem(buffer, at, size)
}
