/**
 * A whole batch whose offset alone is wrong: no checksum covers it. Where its neighbours leave it exactly one place, or (in
 * a wrapper of format 0) the messages in it say theirs, it gets its offset back, and no record is lost. Only reads.
 */
import { CorruptRecordError } from '../../errors.ts'
import { checksumProblem, storedProblem } from '../../log/segment/batch-cursor.ts'
import type { LogSegment } from '../../log/segment/log-segment.ts'
import * as header from '../../record/batch-header.ts'
import { equalBatch } from '../../record/legacy-batches.ts'
import { innerMessages } from '../../record/legacy-inner.ts'
import * as legacy from '../../record/legacy-message.ts'

export interface Renumbered {
  readonly batch: Buffer
  readonly lastOffset: number
}

/**
 * The bytes with the right offset: the batch begins at `next`, and the log goes on at `until` behind it, where that is known.
 * undefined where it is not whole, or fits nowhere.
 */
export function withRightOffset(
  stored: Buffer,
  next: number,
  until: number | undefined,
): Renumbered | undefined {
  const batch = Buffer.from(stored)
  if (batch.length < legacy.SMALLEST_MESSAGE || header.sizeAt(batch, 0) !== batch.length) return undefined
  legacy.setLegacyOffset(batch, 0, next)
  if (storedProblem(batch, 0, batch.length, next) !== undefined) return undefined
  if (checksumProblem(batch, 0, batch.length) !== undefined) return undefined
  if (!legacy.isLegacyAt(batch, 0) || !legacy.isWrapperAt(batch, 0)) {
    const lastOffset = legacy.isLegacyAt(batch, 0) ? next : header.lastOffsetAt(batch, 0)
    return lastOffset + 1 === until ? { batch, lastOffset } : undefined
  }
  return wrapperWithRightOffset(batch, next, until)
}

/** It is stored with the last offset in it. */
function wrapperWithRightOffset(
  batch: Buffer,
  next: number,
  until: number | undefined,
): Renumbered | undefined {
  const isAbsolute = header.magicAt(batch, 0) === 0
  try {
    const last = isAbsolute ? innerMessages(batch, 0, batch.length, true).offsets.at(-1) : (until ?? 0) - 1
    if (last === undefined || last < next || (until !== undefined && last >= until)) return undefined
    legacy.setLegacyOffset(batch, 0, last)
    const { baseOffset, lastOffset } = equalBatch(batch, 0, batch.length)
    const fits = isAbsolute ? baseOffset >= next : baseOffset === next
    return fits && lastOffset === last ? { batch, lastOffset } : undefined
  } catch (error) {
    if (error instanceof CorruptRecordError) return undefined
    throw error
  }
}

/** The first offset of the batch that stands there; undefined where none does. */
export function firstOffsetAt(segment: LogSegment, position: number, next: number): number | undefined {
  const cursor = segment.cursor(position, segment.fileSize(), next)
  if (!cursor.next()) return undefined
  try {
    return cursor.isLegacy ? cursor.load().baseOffset : header.baseOffsetAt(cursor.buffer, cursor.at)
  } catch (error) {
    if (error instanceof CorruptRecordError) return undefined
    throw error
  }
}
