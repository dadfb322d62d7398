/**
 * Offsets by time. The time index only tells where to begin: what is returned is a record that was looked at, inside
 * compressed batches too (trusting the batch header gave wrong offsets in Kafka: KAFKA-16310).
 */

import type { Int64 } from '../bytes/int64.ts'
import type { LocalLog } from './local-log.ts'
import { maxTimestampAt } from './segment/batch-cursor.ts'

/** Answer to a look-up by time. */
export interface TimestampAndOffset {
  readonly offset: number
  readonly timestamp: Int64
  /** -1 when unknown. */
  readonly leaderEpoch: number
}

/** First record at or behind `logStartOffset` with a timestamp at or above `target`. */
export function findOffsetByTimestamp(
  local: LocalLog,
  target: Int64,
  logStartOffset: number,
): TimestampAndOffset | undefined {
  for (let i = Math.max(local.floor(logStartOffset), 0); i < local.segments.length; i++) {
    if (local.maxTimestampOf(i).timestamp < target) continue
    const from = Math.max(local.segments[i].timeIndex.lookup(target).offset, logStartOffset)
    const found = firstRecord(local, i, from, logStartOffset, target)
    if (found !== undefined) return found
  }
  return undefined
}

const newestFirst = (a: Int64, b: Int64): number => {
  if (a === b) return 0
  return a > b ? -1 : 1
}

/** The first record with the largest timestamp. */
export function findMaxTimestamp(local: LocalLog, logStartOffset: number): TimestampAndOffset | undefined {
  const segments: { i: number; timestamp: Int64; offset: number }[] = []
  for (let i = Math.max(local.floor(logStartOffset), 0); i < local.segments.length; i++) {
    const max = local.maxTimestampOf(i)
    if (max.timestamp >= 0) segments.push({ i, ...max })
  }
  segments.sort((a, b) => newestFirst(a.timestamp, b.timestamp) || a.i - b.i)
  let best: TimestampAndOffset | undefined
  for (const { i, timestamp, offset } of segments) {
    if (best !== undefined && best.timestamp >= timestamp) break
    const found =
      firstRecord(local, i, offset, logStartOffset, timestamp) ?? largestRecord(local, i, logStartOffset)
    if (found !== undefined && (best === undefined || found.timestamp > best.timestamp)) best = found
  }
  return best
}

function firstRecord(
  local: LocalLog,
  i: number,
  from: number,
  logStartOffset: number,
  target: Int64,
): TimestampAndOffset | undefined {
  let found: TimestampAndOffset | undefined
  const { baseOffset } = local.segments[i]
  // The index names the last offset of a batch, whose first record with this time may be any of it.
  local.walk(Math.max(from, baseOffset), (cursor, segment) => {
    if (segment.baseOffset !== baseOffset) return false
    if (maxTimestampAt(cursor) < target) return undefined
    const batch = cursor.load()
    batch.visit(({ offset, exactTimestamp: timestamp }) => {
      if (timestamp < target || offset < logStartOffset) return undefined
      found = { offset, timestamp, leaderEpoch: batch.partitionLeaderEpoch }
      return false
    })
    return found === undefined ? undefined : false
  })
  return found
}

/** Behind compaction no record may have the time that the index tells of. */
function largestRecord(local: LocalLog, i: number, logStartOffset: number): TimestampAndOffset | undefined {
  let best: TimestampAndOffset | undefined
  const { baseOffset } = local.segments[i]
  local.walk(Math.max(baseOffset, logStartOffset), (cursor, segment) => {
    if (segment.baseOffset !== baseOffset) return false
    const batch = cursor.load()
    if (best !== undefined && batch.exactMaxTimestamp <= best.timestamp) return undefined
    batch.visit(({ offset, exactTimestamp: timestamp }) => {
      if (offset < logStartOffset || (best !== undefined && timestamp <= best.timestamp)) return
      best = { offset, timestamp, leaderEpoch: batch.partitionLeaderEpoch }
    })
    return undefined
  })
  return best
}
