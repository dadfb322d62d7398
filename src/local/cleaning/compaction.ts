/**
 * Compaction of one partition of a data directory: the cleaner's lock (tried, never waited for), the active segment rolled
 * when asked for, passes until all that may be cleaned is clean, the cleaner's checkpoint after each.
 */
import type { CleaningOptions, CleaningResult } from '../../client/admin/cleaning-admin.ts'
import { KafkaError } from '../../errors.ts'
import { removeOffsetSnapshot } from '../../group/offsets/offset-snapshot.ts'
import { Cleaner } from '../../log/cleaner/cleaner.ts'
import { CleanerLock } from '../../log/cleaner/cleaner-lock.ts'
import { CleanerPace, CleaningStopped } from '../../log/cleaner/cleaner-pace.ts'
import { LogSurvey } from '../../log/cleaner/cleaner-survey.ts'
import type { LogToClean } from '../../log/cleaner/log-to-clean.ts'
import { logToClean } from '../../log/cleaner/log-to-clean.ts'
import { OffsetMap } from '../../log/cleaner/offset-map.ts'
import { withLock } from '../../log/partition-lock.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import { OFFSETS_TOPIC } from '../../names/topic-names.ts'
import { elapsedSince } from '../../os/clock.ts'
import { whenFree } from '../../os/lock-wait.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { BrokerConfigLayers } from '../settings/broker-config-layers.ts'
import { cleaningConfig } from './retention.ts'
import { surveyPartition } from './survey.ts'

/** Of the broker. */
export interface CleanerConfig {
  readonly enable: boolean
  readonly dedupeBufferSize: number
  readonly loadFactor: number
  readonly ioBufferSize: number
  readonly maxBytesPerSecond: number | undefined
}

export interface CompactionPlan {
  readonly topic: string
  readonly partition: number
  readonly toClean: LogToClean
  readonly reason: 'ratio' | 'lag' | 'now'
  readonly size: number
  readonly segments: number
}

export function cleanerConfig(directory: LocalDirectory): CleanerConfig {
  const layers = new BrokerConfigLayers(directory.image(), directory.serverProperties())
  const number = (name: string, otherwise: number) => {
    const value = Number(layers.value(name) ?? otherwise)
    return Number.isFinite(value) && value > 0 ? value : otherwise
  }
  const perSecond = number('log.cleaner.io.max.bytes.per.second', Number.MAX_VALUE)
  return {
    enable: (layers.value('log.cleaner.enable') ?? 'true').trim().toLowerCase() !== 'false',
    dedupeBufferSize: number('log.cleaner.dedupe.buffer.size', 134217728),
    loadFactor: number('log.cleaner.io.buffer.load.factor', 0.9),
    ioBufferSize: number('log.cleaner.io.buffer.size', 524288),
    maxBytesPerSecond: perSecond < 1e15 ? perSecond : undefined,
  }
}

/** Undefined: nothing to do. Reads only. */
export function planCompaction(
  os: Os,
  directory: LocalDirectory,
  topic: string,
  partition: number,
  ignoreLimits: boolean,
): CompactionPlan | undefined {
  if (!directory.logConfig(topic).compact) return undefined
  const survey = surveyPartition(os, directory, topic, partition)
  try {
    const { active } = survey
    if (active === undefined || survey.size === 0) return undefined
    const now = os.clock.now()
    const segments = survey.segments.length
    const { due } = logToClean(survey, now)
    if (ignoreLimits) survey.assumeRolled()
    const toClean = logToClean(survey, now, ignoreLimits)
    const reason = due ?? (ignoreLimits && toClean.cleanableBytes > 0 ? 'now' : undefined)
    if (reason === undefined) return undefined
    return { topic, partition, toClean, reason, size: survey.size, segments }
  } finally {
    survey.close()
  }
}

type CompactionOptions = CleaningOptions & { readonly deadline: number; readonly atOnce?: boolean }

/** One partition while it is being compacted. */
interface Compaction {
  readonly os: Os
  readonly directory: LocalDirectory
  readonly log: UnifiedLog
  readonly topic: string
  readonly partition: number
  readonly options: CompactionOptions
  readonly now: number
}

/**
 * Needs a session unless it is a dry run. Undefined: another cleaner is at it, or there was nothing to do after all.
 */
export async function compact(
  os: Os,
  directory: LocalDirectory,
  { topic, partition, reason, size, segments }: CompactionPlan,
  config: CleanerConfig,
  options: CompactionOptions,
): Promise<CleaningResult | undefined> {
  const now = os.clock.now()
  const started = os.clock.monotonic()
  const dryRun = options.dryRun === true
  const log = dryRun
    ? directory.logForReading(topic, partition)
    : await directory.openForWriting(topic, partition)
  if (!dryRun) {
    if (options.atOnce === true) log.config = { ...log.config, fileDeleteDelayMs: 0 }
    // What a crash left behind is put in order (before we hold the cleaner's lock, which says that `.cleaned` files
    // are no leftovers); segments below the log's start go.
    await withLock(log, () => log.deleteRecordsBefore(log.logStartOffset))
  }
  const lock = dryRun ? undefined : CleanerLock.tryTake(os, log.dir)
  if (!dryRun && lock === undefined) return undefined
  const compaction: Compaction = { os, directory, log, topic, partition, options, now }
  const cleaner = cleanerOf(compaction, config)
  let end: PassesEnd
  try {
    end = await runPasses(compaction, cleaner)
  } finally {
    lock?.release()
  }
  const { passes, stopped } = end
  if (passes === 0 && stopped === undefined) return undefined
  const { stats } = cleaner
  const after = dryRun ? undefined : sizes(os, directory, topic, partition)
  const ending = dryRun ? 'planned' : 'done'
  return {
    action: 'compaction',
    topic,
    partition,
    status: stopped === undefined ? ending : 'stopped',
    bytesBefore: size,
    bytesAfter: after?.size ?? size - stats.bytesFreed,
    segmentsBefore: segments,
    segmentsAfter: after?.segments ?? segments,
    logStartOffset: after?.logStartOffset ?? log.logStartOffset,
    durationMs: elapsedSince(os.clock, started),
    reasons: [reason],
    keys: stats.keys,
    recordsBefore: stats.recordsRead,
    recordsAfter: stats.recordsKept,
    bytesRead: stats.mapBytesRead + stats.bytesRead,
    bytesWritten: stats.bytesWritten,
    mapUse: stats.mapUse,
    passes,
    // A segment that was written anew has taken the old one's name, and that file is gone; only what went whole stays.
    deleteDelayMs: (after?.segments ?? segments) < segments ? log.config.fileDeleteDelayMs : 0,
    ...(stopped === undefined ? {} : { message: stopped }),
  }
}

function cleanerOf(
  { os, directory, log, topic, partition, options, now }: Compaction,
  config: CleanerConfig,
) {
  const maxBytesPerSecond = options.maxBytesPerSecond ?? config.maxBytesPerSecond
  return new Cleaner(os, {
    map: new OffsetMap(config.dedupeBufferSize, config.loadFactor, os.randomBytes(4).readInt32LE(0)),
    ioBufferSize: config.ioBufferSize,
    now,
    dryRun: options.dryRun === true,
    pace: new CleanerPace(os.clock, {
      deadline: options.deadline,
      ...(maxBytesPerSecond === undefined ? {} : { maxBytesPerSecond }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }),
    onProgress: (phase, doneBytes, totalBytes) =>
      options.onProgress?.({ topic, partition, phase, doneBytes, totalBytes }),
    underLock: (swap) =>
      withLock(log, () => {
        // The policy as it is now: records must not be compacted after an owner took `compact` away (KAFKA-12840).
        if (!stillCompacted(directory, topic)) return false
        if (topic === OFFSETS_TOPIC) removeOffsetSnapshot(os.fs, log.dir)
        swap()
        return true
      }),
  })
}

interface PassesEnd {
  readonly passes: number
  /** Why the cleaner stopped before all was clean. */
  readonly stopped: string | undefined
}

async function runPasses(compaction: Compaction, cleaner: Cleaner): Promise<PassesEnd> {
  const { log, options } = compaction
  let passes = 0
  let cleanTo = -1
  try {
    if (options.now === true && options.dryRun !== true) await withLock(log, () => log.roll())
    for (;;) {
      const endOffset = await onePass(compaction, cleaner, cleanTo)
      if (endOffset === undefined) break
      cleanTo = endOffset
      passes++
      if (options.dryRun === true) break
    }
  } catch (error) {
    if (!(error instanceof CleaningStopped)) throw error
    return { passes, stopped: error.message }
  }
  return { passes, stopped: undefined }
}

/** Where the log is clean up to, now; undefined when there was nothing left to clean. `cleanTo`: as the pass before said. */
async function onePass(
  { os, directory, log, topic, partition, options, now }: Compaction,
  cleaner: Cleaner,
  cleanTo: number,
): Promise<number | undefined> {
  const key = `${topic}-${partition}`
  const logConfig = cleaningConfig(directory, topic, options.atOnce === true)
  const survey = new LogSurvey(os, log.dir, directory.checkpoints, key, logConfig, now)
  try {
    if (survey.corrupt !== undefined) throw survey.corrupt
    if (options.now === true && options.dryRun === true) survey.assumeRolled()
    const toClean = logToClean(survey, now, options.now === true)
    if (toClean.firstDirtyOffset >= toClean.firstUncleanableOffset || toClean.cleanableBytes === 0)
      return undefined
    // A checkpoint that is not read back as it was written would have the same pass again, for ever.
    if (toClean.firstDirtyOffset < cleanTo) {
      throw new CleaningStopped(
        `${directory.checkpoints.path('cleaner')} does not keep what is written to it`,
      )
    }
    const endOffset = await cleaner.clean(survey, toClean)
    if (options.dryRun !== true)
      await whenFree(() => directory.checkpoints.update('cleaner', new Map([[key, endOffset]])))
    return endOffset
  } finally {
    survey.close()
  }
}

function stillCompacted(directory: LocalDirectory, topic: string): boolean {
  try {
    return directory.image().topic(topic) !== undefined && directory.logConfig(topic).compact
  } catch (error) {
    if (error instanceof KafkaError) return false
    throw error
  }
}

function sizes(os: Os, directory: LocalDirectory, topic: string, partition: number) {
  const survey = surveyPartition(os, directory, topic, partition)
  survey.close()
  return { size: survey.size, segments: survey.segments.length, logStartOffset: survey.logStartOffset }
}
