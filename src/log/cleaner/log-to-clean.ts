/**
 * What of a compacted log is dirty, what may be cleaned now, and what keeps the rest from it: Kafka's rules, on a survey.
 */
import type { LogSurvey, SurveyedSegment } from './cleaner-survey.ts'

/** Later than any date: Long.MAX_VALUE as a setting's default. */
const NO_LIMIT = 8.64e15

/** Why compaction ends where it ends. */
export type UncleanableReason = 'active' | 'open-transaction' | 'min-compaction-lag'

export interface LogToClean {
  readonly firstDirtyOffset: number
  /** Base of the segment that compaction ends before. */
  readonly firstUncleanableOffset: number
  readonly uncleanableReason: UncleanableReason
  /** With min-compaction-lag: when the first segment held back may be cleaned, ms since the epoch. */
  readonly uncleanableUntil: number | undefined
  readonly cleanBytes: number
  readonly cleanableBytes: number
  readonly uncleanableBytes: number
  /** 0 for an empty log. */
  readonly cleanableRatio: number
  /** max.compaction.lag.ms is over by so many ms. */
  readonly overdueMs: number
  /** When max.compaction.lag.ms makes it due, ms since the epoch; undefined without that limit or where nothing is dirty. */
  readonly lagDueAt: number | undefined
  readonly checkpointIsInvalid: boolean
  /** Undefined: not due. */
  readonly due: 'ratio' | 'lag' | undefined
}

/** With `ignoreLag` min.compaction.lag.ms does not count. */
export function logToClean(survey: LogSurvey, now: number, ignoreLag = false): LogToClean {
  const { config, segments, logStartOffset, logEndOffset, cleanerCheckpoint } = survey
  const activeBase = survey.active?.baseOffset ?? logStartOffset
  // A checkpoint outside the log tells nothing (truncated: KAFKA-3330; start moved on: KAFKA-7400).
  const checkpointIsInvalid =
    cleanerCheckpoint !== undefined &&
    (cleanerCheckpoint < logStartOffset || cleanerCheckpoint > logEndOffset)
  const firstDirtyOffset = checkpointIsInvalid ? logStartOffset : (cleanerCheckpoint ?? logStartOffset)
  const dirty = nonActiveFrom(segments, firstDirtyOffset)

  let limit = activeBase
  let uncleanableReason: UncleanableReason = 'active'
  let uncleanableUntil: number | undefined
  const { lastStableOffset } = survey
  if (lastStableOffset < limit) {
    limit = lastStableOffset
    uncleanableReason = 'open-transaction'
  }
  const lag = ignoreLag ? 0 : Math.max(config.minCompactionLagMs, 0)
  if (lag > 0) {
    const held = dirty.find(({ largestTimestamp }) => largestTimestamp > now - lag)
    if (held !== undefined && held.baseOffset < limit) {
      limit = held.baseOffset
      uncleanableReason = 'min-compaction-lag'
      uncleanableUntil = held.largestTimestamp + lag
    }
  }
  const firstUncleanableOffset =
    nonActiveFrom(segments, Math.max(firstDirtyOffset, limit))[0]?.baseOffset ?? activeBase

  const cleanBytes = sum(segments.filter(({ baseOffset }) => baseOffset < firstDirtyOffset))
  const cleanableBytes = sum(
    from(segments, Math.min(firstDirtyOffset, firstUncleanableOffset)).filter(
      ({ baseOffset }) => baseOffset < firstUncleanableOffset,
    ),
  )
  const total = cleanBytes + cleanableBytes
  const cleanableRatio = total === 0 ? 0 : cleanableBytes / total
  const earliest = Math.min(
    ...dirty.map(({ firstTimestamp, hasTimestamps }) =>
      hasTimestamps && firstTimestamp > 0 ? firstTimestamp : Number.POSITIVE_INFINITY,
    ),
  )
  const overdueMs = Math.max(now - Math.max(config.maxCompactionLagMs, 0) - earliest, 0)
  const lagDueAt = earliest + Math.max(config.maxCompactionLagMs, 0)
  let due: LogToClean['due']
  if (cleanableBytes > 0 && overdueMs > 0) due = 'lag'
  else if (cleanableBytes > 0 && cleanableRatio > config.minCleanableDirtyRatio) due = 'ratio'
  return {
    firstDirtyOffset,
    firstUncleanableOffset,
    uncleanableReason,
    uncleanableUntil,
    cleanBytes,
    cleanableBytes,
    uncleanableBytes: sum(segments.filter(({ baseOffset }) => baseOffset >= firstUncleanableOffset)),
    cleanableRatio,
    overdueMs,
    lagDueAt: lagDueAt < NO_LIMIT ? lagDueAt : undefined,
    checkpointIsInvalid,
    due,
  }
}

/** Segments from the one that holds `offset` on. */
export function from(segments: readonly SurveyedSegment[], offset: number): readonly SurveyedSegment[] {
  const first = segments.findLastIndex(({ baseOffset }) => baseOffset <= offset)
  return segments.slice(Math.max(first, 0))
}

function nonActiveFrom(segments: readonly SurveyedSegment[], offset: number): readonly SurveyedSegment[] {
  const active = segments[segments.length - 1]
  if (active === undefined || offset >= active.baseOffset) return []
  return from(segments, offset).filter((segment) => segment !== active)
}

/**
 * Segments that become one: neighbours, as long as their log, indexes and relative offsets fit into one
 * (KAFKA-4451, KAFKA-5413).
 */
export function groupSegments(
  segments: readonly SurveyedSegment[],
  maxSize: number,
  maxIndexSize: number,
): SurveyedSegment[][] {
  const groups: SurveyedSegment[][] = []
  let group: SurveyedSegment[] = []
  let size = 0
  let indexSize = 0
  let timeIndexSize = 0
  for (const segment of segments) {
    size += segment.size
    indexSize += segment.indexSize
    timeIndexSize += segment.timeIndexSize
    const fits =
      group.length > 0 &&
      size <= maxSize &&
      indexSize <= maxIndexSize &&
      timeIndexSize <= maxIndexSize &&
      (segment.size === 0 || segment.nextOffset - 1 - group[0].baseOffset <= 0x7fffffff)
    if (fits) group.push(segment)
    else {
      group = [segment]
      groups.push(group)
      size = segment.size
      indexSize = segment.indexSize
      timeIndexSize = segment.timeIndexSize
    }
  }
  return groups
}

const sum = (segments: readonly SurveyedSegment[]): number =>
  segments.reduce((total, { size }) => total + size, 0)
