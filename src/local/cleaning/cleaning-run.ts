/**
 * A run of the cleaner over a data directory: retention first, since it frees room, then compaction, the dirtiest log
 * first; committed offsets in between. Looking is done without being a writer: a run with nothing to do touches nothing.
 */
import type { CleaningOptions, CleaningResult } from '../../client/admin/cleaning-admin.ts'
import { KafkaError } from '../../errors.ts'
import { isDiskFull, isNearlyFull } from '../../log/full-disk.ts'
import { METADATA_TOPIC, OFFSETS_TOPIC, TRANSACTION_TOPIC } from '../../names/topic-names.ts'
import type { Os } from '../../os/os.ts'
import { systemErrorText } from '../../os/system-error.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { BrokerConfigLayers } from '../settings/broker-config-layers.ts'
import type { CompactionPlan } from './compaction.ts'
import {
  applyRetention,
  planRetention,
  type RetentionPlan,
  retentionConfig,
  unlinkDeleted,
} from './retention.ts'
import { surveyPartition } from './survey.ts'

interface Partition {
  readonly topic: string
  readonly partition: number
}

export class LocalCleaning {
  readonly #os: Os
  readonly #directory: LocalDirectory

  constructor(os: Os, directory: LocalDirectory) {
    this.#os = os
    this.#directory = directory
  }

  async *clean(options: CleaningOptions = {}): AsyncGenerator<CleaningResult> {
    if (!this.#directory.exists()) return
    const run = new CleaningRun(this.#os, this.#directory, options)
    try {
      yield* run.results()
    } finally {
      await run.leave()
    }
  }
}

class CleaningRun {
  readonly #os: Os
  readonly #directory: LocalDirectory
  readonly #options: CleaningOptions
  readonly #deadline: number
  #entered = false
  /** What failed, by partition. */
  readonly #told = new Map<string, string | undefined>()
  /** Why we may not write here: that ends the run. */
  #skipped = false
  #refusal: unknown
  /** The disk is full: what is deleted leaves it at once. */
  #atOnce = false

  constructor(os: Os, directory: LocalDirectory, options: CleaningOptions) {
    this.#os = os
    this.#directory = directory
    this.#options = options
    this.#deadline = os.clock.monotonic() + (options.maxTimeMs ?? Number.POSITIVE_INFINITY)
  }

  async *results(): AsyncGenerator<CleaningResult> {
    const { retention = true, compaction = true, offsets = true, dryRun = false } = this.#options
    if (!dryRun && isNearlyFull(this.#os.fs, this.#directory.path)) await this.#makeRoom()
    if (offsets) await this.#deadTransactions()
    if (retention) {
      for (const partition of this.#partitions()) {
        if (this.#mustStop()) yield this.#unreached('retention', partition)
        else {
          const result = await this.#guarded('retention', partition, () => this.#retain(partition))
          if (result !== undefined) yield result
        }
      }
    }
    // Before compaction, which then takes the tombstones along.
    if (offsets) yield* this.#offsets()
    if (!compaction) return
    yield* this.#compactions()
    yield* this.#metadata()
  }

  /** What is left for the next run. Size and segments of a log that was not looked at are 0. */
  #unreached(
    action: CleaningResult['action'],
    { topic, partition }: Partition,
    plan?: CompactionPlan,
  ): CleaningResult {
    const { size = 0, segments = 0, reason } = plan ?? {}
    return {
      action,
      topic,
      partition,
      status: 'unreached',
      bytesBefore: size,
      bytesAfter: size,
      segmentsBefore: segments,
      segmentsAfter: segments,
      logStartOffset: 0,
      durationMs: 0,
      reasons: reason === undefined ? [] : [reason],
      message: this.#options.signal?.aborted === true ? 'stopped by a signal' : 'time is over',
    }
  }

  async leave(): Promise<void> {
    if (this.#entered) await this.#directory.leave()
    this.#entered = false
  }

  /** What is open keeps compaction and readers of committed records behind it; ids that nobody uses any more go. */
  async #deadTransactions(): Promise<void> {
    const { topics = () => true, dryRun = false } = this.#options
    const isThere = this.#directory.image().topic(TRANSACTION_TOPIC) !== undefined
    if (dryRun || !isThere || !topics(TRANSACTION_TOPIC) || this.#mustStop()) return
    const { endDeadTransactions } = await import('../transaction/recovery.ts')
    const end = (look: boolean) =>
      endDeadTransactions(this.#os, this.#directory, { thorough: true, dryRun: look })
    const { expiredIds, forgetExpired } = await import('../transaction/expired-ids.ts')
    const layers = new BrokerConfigLayers(this.#directory.image(), this.#directory.serverProperties())
    const expirationMs = Number(layers.value('transactional.id.expiration.ms') ?? 604_800_000)
    try {
      const expired = expiredIds(this.#os, this.#directory, expirationMs)
      if (expired.length === 0 && (await end(true)).length === 0) return
      await this.#enter()
      await end(false)
      await forgetExpired(this.#os, this.#directory, expired, expirationMs)
    } catch (error) {
      if (this.#refusal !== undefined) throw error
      this.#directory.warn(`an open transaction could not be ended: ${(error as Error).message}`)
    }
  }

  async *#offsets(): AsyncGenerator<CleaningResult> {
    const { topics = () => true, dryRun = false } = this.#options
    if (!topics(OFFSETS_TOPIC) || this.#mustStop()) return
    if (this.#directory.image().topic(OFFSETS_TOPIC) === undefined) return
    const { expireOffsets } = await import('./offset-expiry.ts')
    try {
      yield* expireOffsets(this.#os, this.#directory, { dryRun }, () => this.#enter())
    } catch (error) {
      if (this.#refusal !== undefined) throw error
      yield failed('offsets', { topic: OFFSETS_TOPIC, partition: 0 }, error as Error)
    }
  }

  /** The dirtiest first; a log whose max.compaction.lag.ms is over does not wait for its turn. */
  async *#compactions(): AsyncGenerator<CleaningResult> {
    const { cleanerConfig, compact, planCompaction } = await import('./compaction.ts')
    const config = cleanerConfig(this.#directory)
    const options = { ...this.#options, deadline: this.#deadline }
    if (!config.enable && options.compactionAsked !== true) return
    const plans: CompactionPlan[] = []
    for (const partition of this.#partitions()) {
      if (this.#mustStop()) {
        if (this.#isCompacted(partition.topic)) yield this.#unreached('compaction', partition)
        continue
      }
      const failure = await this.#guarded('compaction', partition, async () => {
        const { topic } = partition
        const plan = planCompaction(
          this.#os,
          this.#directory,
          topic,
          partition.partition,
          options.now === true,
        )
        if (plan !== undefined) plans.push(plan)
        return undefined
      })
      if (failure !== undefined) yield failure
    }
    plans.sort((a, b) => b.toClean.cleanableRatio - a.toClean.cleanableRatio)
    for (const plan of plans) {
      if (this.#mustStop()) {
        yield this.#unreached('compaction', plan, plan)
        continue
      }
      const result = await this.#guarded('compaction', plan, async () => {
        if (options.dryRun !== true) await this.#enter()
        return compact(this.#os, this.#directory, plan, config, { ...options, atOnce: this.#atOnce })
      })
      if (result !== undefined) yield result
    }
  }

  #isCompacted(topic: string): boolean {
    try {
      return this.#directory.logConfig(topic).compact
    } catch {
      return false
    }
  }

  /** `--now` means the topics that are named: the metadata log only when it is one of them. */
  async *#metadata(): AsyncGenerator<CleaningResult> {
    const { topics, dryRun = false, now = false } = this.#options
    if (topics?.(METADATA_TOPIC) === false || this.#mustStop()) return
    const { compactMetadata } = await import('./metadata-compaction.ts')
    const options = { dryRun, now: now && topics !== undefined }
    const result = await this.#guarded('compaction', { topic: METADATA_TOPIC, partition: 0 }, () =>
      compactMetadata(this.#os, this.#directory, options, () => this.#enter()),
    )
    if (result !== undefined) yield result
  }

  /** Becomes a writer with the first thing to do. */
  async #enter(): Promise<void> {
    if (this.#entered) return
    try {
      await this.#directory.enter()
    } catch (error) {
      this.#refusal = error
      throw error
    }
    this.#entered = true
  }

  #partitions(): Partition[] {
    const { topics = () => true } = this.#options
    return [...this.#directory.image().topicImages()]
      .filter(({ name }) => topics(name))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap(({ name, partitions }) => partitions.map(({ partition }) => ({ topic: name, partition })))
      .filter(({ topic, partition }) => this.#isOurs(topic, partition))
  }

  /** What other nodes keep, too, their brokers clean, in agreement: that is told once. */
  #isOurs(topic: string, partition: number): boolean {
    if (this.#directory.elsewhere(topic, partition) !== undefined) return false
    const why = this.#directory.whyNotWritable(topic, partition)
    if (why !== undefined && !this.#skipped) {
      this.#skipped = true
      this.#directory.warn(`${why}; it is not cleaned here, nor are others like it`)
    }
    return why === undefined
  }

  #mustStop(): boolean {
    return this.#options.signal?.aborted === true || this.#os.clock.monotonic() >= this.#deadline
  }

  async #retain({ topic, partition }: Partition): Promise<CleaningResult | undefined> {
    const survey = surveyPartition(this.#os, this.#directory, topic, partition, this.#atOnce)
    survey.close()
    const rollNow = this.#options.now === true
    const config = retentionConfig(this.#directory, topic)
    const plan = planRetention(survey, config, this.#os.clock.now(), rollNow)
    if (plan.expired.length === 0 && plan.roll === undefined && plan.dueDeletions === 0) return undefined
    if (this.#options.dryRun === true) return planned({ topic, partition }, survey, plan)
    await this.#enter()
    return applyRetention(this.#os, this.#directory, topic, partition, rollNow, this.#atOnce)
  }

  /** From here on what is deleted leaves the disk at once, and so does what deletions of before have left on it. */
  async #makeRoom(): Promise<void> {
    this.#atOnce = true
    for (const { topic, partition } of this.#partitions()) {
      try {
        const survey = surveyPartition(this.#os, this.#directory, topic, partition, true)
        survey.close()
        if (survey.dueDeletions === 0) continue
        await this.#enter()
        await unlinkDeleted(this.#directory, topic, partition)
      } catch (error) {
        // Another partition may have more; what is wrong with this one is told when its turn comes.
        if (this.#refusal !== undefined) throw error
      }
    }
  }

  /** One partition's failure is told and does not keep the others from being cleaned. */
  async #guarded(
    action: CleaningResult['action'],
    partition: Partition,
    act: () => Promise<CleaningResult | undefined>,
  ): Promise<CleaningResult | undefined> {
    try {
      return await act().catch(async (error) => {
        if (this.#atOnce || this.#options.dryRun === true || !forWantOfSpace(error)) throw error
        await this.#makeRoom()
        return act()
      })
    } catch (error) {
      if (this.#refusal !== undefined) throw error
      // Deleted while we were at it.
      if (error instanceof KafkaError && error.code === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined
      const result = failed(action, partition, error as Error)
      // What kept retention from it keeps compaction from it: that is told once.
      const key = `${partition.topic}-${partition.partition}`
      if (this.#told.get(key) === result.message) return undefined
      this.#told.set(key, result.message)
      return result
    }
  }
}

function forWantOfSpace(error: Error): boolean {
  return isDiskFull(error) || (error.cause instanceof Error && isDiskFull(error.cause))
}

function planned(
  { topic, partition }: Partition,
  survey: ReturnType<typeof surveyPartition>,
  { expired, roll }: RetentionPlan,
): CleaningResult | undefined {
  if (expired.length === 0 && roll === undefined) return undefined
  const freed = expired.reduce((total, { size }) => total + size, 0)
  const left = survey.segments.slice(expired.length)
  const all = left.length === 0
  return {
    action: expired.length > 0 ? 'retention' : 'roll',
    topic,
    partition,
    status: 'planned',
    bytesBefore: survey.size,
    bytesAfter: survey.size - freed,
    segmentsBefore: survey.segments.length,
    segmentsAfter: all ? 1 : left.length + (roll === undefined ? 0 : 1),
    logStartOffset: all ? survey.logEndOffset : Math.max(survey.logStartOffset, left[0].baseOffset),
    durationMs: 0,
    reasons:
      roll !== undefined && expired.length === 0 ? [roll] : [...new Set(expired.map(({ reason }) => reason))],
  }
}

function failed(
  action: CleaningResult['action'],
  { topic, partition }: Partition,
  error: Error,
): CleaningResult {
  return {
    action,
    topic,
    partition,
    status: 'failed',
    bytesBefore: 0,
    bytesAfter: 0,
    segmentsBefore: 0,
    segmentsAfter: 0,
    logStartOffset: 0,
    durationMs: 0,
    reasons: [],
    message: systemErrorText(error) ?? error.message,
  }
}
