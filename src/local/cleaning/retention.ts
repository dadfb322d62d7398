/**
 * Retention of one partition, under its lock: what crashes and deletions left behind, what lies below the log's start,
 * what is too old or too much; the active segment is rolled when due. Older segments go first, before anything is
 * written, so that a full disk gets room. Crash: a prefix of what was to go is gone; the next run does the rest.
 */
import type { CleaningResult } from '../../client/admin/cleaning-admin.ts'
import { LogSurvey } from '../../log/cleaner/cleaner-survey.ts'
import type { LogConfig } from '../../log/log-config.ts'
import type { ExpiredSegment } from '../../log/log-retention.ts'
import { rollDueAt } from '../../log/log-retention.ts'
import { withLock } from '../../log/partition-lock.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import { elapsedSince } from '../../os/clock.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

export interface RetentionPlan {
  readonly expired: readonly ExpiredSegment[]
  readonly roll: 'segment.ms' | 'now' | undefined
  /** Files of deleted segments that may be unlinked now. */
  readonly dueDeletions: number
}

/** With remote storage only what was uploaded may go by time or size, and nothing here uploads. */
export function retentionConfig(directory: LocalDirectory, topic: string, atOnce = false): LogConfig {
  const config = cleaningConfig(directory, topic, atOnce)
  return isRemote(directory, topic) ? { ...config, delete: false } : config
}

/** `atOnce`: the disk is full, so what is deleted leaves it whatever file.delete.delay.ms says. */
export function cleaningConfig(directory: LocalDirectory, topic: string, atOnce: boolean): LogConfig {
  const config = directory.logConfig(topic)
  return atOnce ? { ...config, fileDeleteDelayMs: 0 } : config
}

export function isRemote(directory: LocalDirectory, topic: string): boolean {
  return directory.image().topicConfigs(topic).get('remote.storage.enable')?.trim().toLowerCase() === 'true'
}

/** With `rollNow` an active segment that keeps what is past its retention is rolled before its time. */
export function planRetention(
  survey: LogSurvey,
  config: LogConfig,
  now: number,
  rollNow = false,
): RetentionPlan {
  const { active, dueDeletions } = survey
  const due = rollDueAt(active, config)
  const isDue = due !== undefined && now > due
  let roll: RetentionPlan['roll']
  if (isDue) roll = 'segment.ms'
  else if (rollNow && keepsExpired(survey, config, now)) roll = 'now'
  return {
    expired: survey.expired(config, now),
    roll: survey.corrupt === undefined ? roll : undefined,
    dueDeletions,
  }
}

function keepsExpired({ active, size }: LogSurvey, config: LogConfig, now: number): boolean {
  const { retentionMs, retentionBytes } = config
  if (active === undefined || active.size === 0 || !config.delete) return false
  return (
    (retentionMs >= 0 && now - active.firstTimestamp > retentionMs) ||
    (retentionBytes >= 0 && size > retentionBytes)
  )
}

/** Needs a session. Returns undefined when there turned out to be nothing to tell of. */
export async function applyRetention(
  os: Os,
  directory: LocalDirectory,
  topic: string,
  partition: number,
  rollNow: boolean,
  atOnce = false,
): Promise<CleaningResult | undefined> {
  const log = await directory.openForWriting(topic, partition)
  if (atOnce) log.config = { ...log.config, fileDeleteDelayMs: 0 }
  // Policy, segments and start are looked at under the lock: nobody cleans or appends meanwhile (KAFKA-12840).
  return withLock(log, () => retain(os, directory, log, os.clock.now(), rollNow))
}

/** Under the log's lock. */
export function retain(
  os: Os,
  directory: LocalDirectory,
  log: UnifiedLog,
  now: number,
  rollNow = false,
): CleaningResult | undefined {
  const started = os.clock.monotonic()
  const { topic, partition } = log
  const config = retentionConfig(directory, topic)
  const before = log.scanSegments()
  const start = log.logStartOffset
  // Leftovers, and segments below the log's start.
  log.deleteRecordsBefore(start)
  const survey = new LogSurvey(os, log.dir, directory.checkpoints, `${topic}-${partition}`, config, now)
  survey.close()
  const { expired, roll } = planRetention(survey, config, now, rollNow)
  log.deleteSegments(expired.filter(({ active }) => !active).map(({ baseOffset }) => baseOffset))
  const last = expired.find(({ active }) => active)
  if (last !== undefined || roll !== undefined) log.roll()
  if (last !== undefined) log.deleteSegments([last.baseOffset])
  const after = log.scanSegments()
  const deleted = before.filter(
    ({ baseOffset }) => after[0] !== undefined && baseOffset < after[0].baseOffset,
  )
  if (deleted.length === 0 && roll === undefined) return undefined
  const below = deleted.length > expired.length ? ['log-start'] : []
  const reasons = [...new Set([...below, ...expired.map(({ reason }) => reason)])]
  return {
    action: deleted.length > 0 ? 'retention' : 'roll',
    topic,
    partition,
    status: 'done',
    bytesBefore: sum(before),
    bytesAfter: sum(after),
    segmentsBefore: before.length,
    segmentsAfter: after.length,
    logStartOffset: log.logStartOffset,
    durationMs: elapsedSince(os.clock, started),
    reasons: deleted.length > 0 || roll === undefined ? reasons : [roll],
    deleteDelayMs: log.config.fileDeleteDelayMs,
  }
}

/** Needs a session. Unlinks what deletions have left behind, and applies no retention. */
export async function unlinkDeleted(
  directory: LocalDirectory,
  topic: string,
  partition: number,
): Promise<void> {
  const log = await directory.openForWriting(topic, partition)
  log.config = { ...log.config, fileDeleteDelayMs: 0 }
  await withLock(log, () => log.deleteRecordsBefore(log.logStartOffset))
}

const sum = (segments: readonly { readonly size: number }[]): number =>
  segments.reduce((total, { size }) => total + size, 0)
