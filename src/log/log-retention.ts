/**
 * Which segments retention lets go, by Kafka's rules and in Kafka's order: below the log's start, then too old, then
 * too much. Pure: nothing is read or written here.
 */
import type { LogConfig } from './log-config.ts'
import { maxSegmentMs, segmentJitter } from './log-roller.ts'

export type RetentionReason = 'log-start' | 'time' | 'size'

/** What retention looks at: whole segments, oldest first. */
export interface RetainedSegment {
  readonly baseOffset: number
  /** Bytes of the .log. */
  readonly size: number
  /** Of any record in it, in ms; for a segment without timestamps when its file was last changed. */
  readonly largestTimestamp: number
  readonly active: boolean
}

export interface ExpiredSegment {
  readonly baseOffset: number
  readonly size: number
  readonly active: boolean
  readonly reason: RetentionReason
}

export type RetentionConfig = Pick<LogConfig, 'delete' | 'retentionMs' | 'retentionBytes'>

/**
 * The segments to delete, oldest first: always a prefix of the log. The active one is among them when all of it is
 * expired (it is rolled first), unless it is empty. Below the log's start everything goes whatever the policy.
 */
export function expiredSegments(
  segments: readonly RetainedSegment[],
  logStartOffset: number,
  config: RetentionConfig,
  now: number,
): ExpiredSegment[] {
  const expired: ExpiredSegment[] = []
  let first = 0
  const take = (reason: RetentionReason) => {
    const { baseOffset, size, active } = segments[first++]
    expired.push({ baseOffset, size, active, reason })
  }
  while (first + 1 < segments.length && segments[first + 1].baseOffset <= logStartOffset) take('log-start')
  if (!config.delete) return expired
  const mayGo = () => first < segments.length && !(segments[first].active && segments[first].size === 0)
  if (config.retentionMs >= 0) {
    while (mayGo() && now - segments[first].largestTimestamp > config.retentionMs) take('time')
  }
  if (config.retentionBytes >= 0) {
    let excess = segments.slice(first).reduce((sum, { size }) => sum + size, 0) - config.retentionBytes
    while (mayGo() && excess - segments[first].size >= 0) {
      excess -= segments[first].size
      take('size')
    }
  }
  return expired
}

/**
 * When the active segment is to be rolled by segment.ms, in ms since the epoch; undefined for an empty one. A broker
 * asks this at the next append only; the cleaner asks it, too, or an idle topic would keep its last records for ever.
 */
export function rollDueAt(
  active: { readonly baseOffset: number; readonly size: number; readonly firstTimestamp: number } | undefined,
  config: LogConfig,
): number | undefined {
  if (active === undefined || active.size === 0) return undefined
  return active.firstTimestamp + maxSegmentMs(config) - segmentJitter(config, active.baseOffset)
}
