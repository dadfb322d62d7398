/**
 * Why a topic's partitions are cleaned, or are not: each segment judged by the very rules of retention and compaction,
 * with the setting that decides, where it comes from, and the command that would change it. Reads only.
 */
import type {
  DecidingSetting,
  ExplainedCause,
  ExplainedPartition,
  ExplainedSegment,
} from '../client/admin-cleaning.ts'
import { TOPIC_CONFIG_SYNONYMS } from '../config/topic-configs.ts'
import { KafkaError } from '../errors.ts'
import type { LogSurvey, SurveyedSegment } from '../log/cleaner-survey.ts'
import type { LogConfig } from '../log/log-config.ts'
import { expiredSegments, rollDueAt } from '../log/log-retention.ts'
import { logToClean } from '../log/log-to-clean.ts'
import type { Os } from '../os/os.ts'
import { BrokerConfigLayers } from './broker-config-layers.ts'
import { cleanerConfig } from './local-cleaning-compaction.ts'
import { isRemote, retentionConfig, surveyPartition } from './local-cleaning-retention.ts'
import type { LocalDirectory } from './local-directory.ts'
import { describeTopicConfigs } from './topic-config-resolver.ts'

const SHOWN = [
  'cleanup.policy',
  'retention.ms',
  'retention.bytes',
  'segment.ms',
  'segment.jitter.ms',
  'segment.bytes',
  'file.delete.delay.ms',
  'min.cleanable.dirty.ratio',
  'min.compaction.lag.ms',
  'max.compaction.lag.ms',
  'delete.retention.ms',
  'message.timestamp.type',
  'local.retention.ms',
  'local.retention.bytes',
  'remote.storage.enable',
]
const COMPACTION_ONLY = /compaction\.lag|dirty\.ratio|delete\.retention/
const RETENTION_ONLY = /^retention\./
const REMOTE_ONLY = /^(local|remote)\./

export async function explainCleaning(
  os: Os,
  directory: LocalDirectory,
  topic: string,
  failed?: (partition: number, error: unknown) => void,
): Promise<ExplainedPartition[]> {
  const image = directory.image().topic(topic)
  if (image === undefined)
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `Topic '${topic}' does not exist`)
  return image.partitions.flatMap(({ partition }) => {
    let survey: LogSurvey | undefined
    try {
      survey = surveyPartition(os, directory, topic, partition)
      return [new Explanation(os, directory, topic, survey).explain(partition)]
    } catch (error) {
      if (failed === undefined) throw error
      failed(partition, error)
      return []
    } finally {
      survey?.close()
    }
  })
}

class Explanation {
  readonly #directory: LocalDirectory
  readonly #topic: string
  readonly #survey: LogSurvey
  readonly #now: number
  readonly #config: LogConfig
  readonly #settings: ReadonlyMap<string, DecidingSetting>

  constructor(os: Os, directory: LocalDirectory, topic: string, survey: LogSurvey) {
    this.#directory = directory
    this.#topic = topic
    this.#survey = survey
    this.#now = os.clock.now()
    this.#config = retentionConfig(directory, topic)
    const entries = describeTopicConfigs(directory.image(), directory.serverProperties(), topic)
    const layers = new BrokerConfigLayers(directory.image(), directory.serverProperties())
    this.#settings = new Map(
      entries
        .filter(({ name }) => SHOWN.includes(name))
        .map(({ name, value, source }) => {
          const own = { source, sourceName: name }
          const from = source === 'DYNAMIC_TOPIC_CONFIG' ? own : (brokerOrigin(layers, name) ?? own)
          return [name, { name, value: value ?? '', ...from }]
        }),
    )
  }

  explain(partition: number): ExplainedPartition {
    const { segments, logStartOffset, logEndOffset, size } = this.#survey
    const expired = new Map(
      expiredSegments(segments, logStartOffset, this.#config, this.#now).map((one) => [one.baseOffset, one]),
    )
    const compaction = this.#compaction()
    const explained = segments.map((segment, i): ExplainedSegment => {
      const gone = expired.get(segment.baseOffset)
      const causes =
        gone === undefined ? this.#whyKept(segment, i, expired.size) : [this.#whyGone(segment, gone.reason)]
      const at = this.#deletableAt(segment)
      return {
        baseOffset: segment.baseOffset,
        lastOffset: segment.nextOffset - 1,
        size: segment.size,
        active: segment.active,
        firstTimestamp: segment.firstTimestamp,
        largestTimestamp: segment.largestTimestamp,
        deletable: gone !== undefined,
        ...(at === undefined ? {} : { deletableAt: at }),
        causes,
        ...(compaction === undefined ? {} : { cleaning: compaction.stateOf(segment) }),
      }
    })
    const freed = [...expired.values()].reduce((total, one) => total + one.size, 0)
    return {
      topic: this.#topic,
      partition,
      size,
      logStartOffset,
      logEndOffset,
      segments: explained,
      retention: { deletableBytes: freed, causes: this.#retentionCauses(expired.size) },
      ...(compaction === undefined ? {} : { compaction: compaction.report }),
      settings: [...this.#settings.values()].filter(
        ({ name, source }) =>
          (!COMPACTION_ONLY.test(name) || this.#config.compact) &&
          (!RETENTION_ONLY.test(name) || this.#directory.logConfig(this.#topic).delete) &&
          (!REMOTE_ONLY.test(name) || source === 'DYNAMIC_TOPIC_CONFIG'),
      ),
    }
  }

  /** What holds for the partition as a whole. */
  #retentionCauses(expired: number): ExplainedCause[] {
    const causes: ExplainedCause[] = []
    const config = this.#directory.logConfig(this.#topic)
    const cause = (code: string, text: string, name?: string, command?: string) => {
      const setting = name === undefined ? undefined : this.#settings.get(name)
      causes.push({
        code,
        text,
        ...(setting === undefined ? {} : { setting }),
        ...(command === undefined ? {} : { command }),
      })
    }
    if (!config.delete) {
      const what = config.compact
        ? 'the policy is compact alone: nothing is deleted by age or size'
        : 'the policy is empty: records are kept for ever'
      const to = config.compact ? 'compact,delete' : 'delete'
      cause('policy', what, 'cleanup.policy', this.#alter('cleanup.policy', `[${to}]`))
    } else if (isRemote(this.#directory, this.#topic)) {
      cause(
        'remote-storage',
        'remote.storage.enable=true: only segments that were uploaded may go, and there is no remote storage here, so local.retention.ms and local.retention.bytes are not applied',
        'remote.storage.enable',
      )
    } else if (config.retentionMs < 0 && config.retentionBytes < 0) {
      cause(
        'unlimited',
        'neither age nor size is limited: records are kept for ever',
        'retention.ms',
        this.#alter('retention.ms', '604800000'),
      )
    }
    const topicOverrides = this.#directory.image().topicConfigs(this.#topic)
    if (
      !isRemote(this.#directory, this.#topic) &&
      [...topicOverrides.keys()].some((name) => name.startsWith('local.retention'))
    ) {
      cause(
        'local-retention',
        'local.retention.ms and local.retention.bytes count only with remote storage, which this topic has not: retention.ms and retention.bytes decide',
        topicOverrides.has('local.retention.ms') ? 'local.retention.ms' : 'local.retention.bytes',
      )
    }
    if (config.delete && config.retentionBytes >= 0 && config.retentionBytes < config.segmentBytes) {
      cause(
        'retention-below-segment',
        `retention.bytes=${config.retentionBytes} is less than one segment may hold (segment.bytes=${config.segmentBytes}): only whole segments go, so up to a segment more may stay`,
        'retention.bytes',
        this.#alter('segment.bytes', String(Math.max(config.retentionBytes, 1048576))),
      )
    }
    const waiting = this.#survey.local.listing?.leftovers.filter(
      ({ file }) => file.state === 'deleted' && file.kind === 'log',
    )
    if (waiting !== undefined && waiting.length > 0) {
      cause(
        'delete-delay',
        `${waiting.length} deleted segment${waiting.length === 1 ? '' : 's'} still hold${waiting.length === 1 ? 's' : ''} disk space (.deleted) until file.delete.delay.ms is over and the next run unlinks them`,
        'file.delete.delay.ms',
      )
    }
    if (expired > 0) {
      cause(
        'nobody-ran',
        'what is deletable goes when the log cleaner runs: no broker does it here',
        undefined,
        `tkafka log-cleaner --topic ${this.#topic} --retention`,
      )
      if (
        this.#directory.adopted &&
        this.#directory.serverProperties().size === 0 &&
        !topicOverrides.has('retention.ms') &&
        !topicOverrides.has('retention.bytes')
      ) {
        cause(
          'adopted',
          'this directory was made by a broker whose settings are not here (no server.properties), so writers delete nothing by themselves: only log-cleaner does',
        )
      }
    }
    if (this.#survey.corrupt !== undefined)
      cause('corrupt', this.#survey.corrupt.message, undefined, 'tkafka repair')
    return causes
  }

  #whyGone(segment: SurveyedSegment, reason: string): ExplainedCause {
    if (reason === 'log-start') {
      return {
        code: 'below-log-start',
        text: `all of it lies below the log's start, ${this.#survey.logStartOffset}`,
      }
    }
    const roll = segment.active ? '; it is active and is rolled first' : ''
    if (reason === 'size') {
      return {
        code: 'size-exceeded',
        text: `without it the log still holds retention.bytes${roll}`,
        setting: this.#settings.get('retention.bytes')!,
      }
    }
    const age = duration(this.#now - segment.largestTimestamp)
    return {
      code: 'expired',
      text: `its newest record is ${age} old, retention.ms is ${duration(this.#config.retentionMs)}${roll}`,
      setting: this.#settings.get('retention.ms')!,
    }
  }

  #whyKept(segment: SurveyedSegment, index: number, expired: number): ExplainedCause[] {
    const causes: ExplainedCause[] = []
    const { retentionMs, retentionBytes } = this.#config
    if (!this.#config.delete) return causes
    if (segment.size === 0) {
      causes.push({ code: 'empty', text: 'it is empty: the next record goes here' })
      return causes
    }
    const age = this.#now - segment.largestTimestamp
    if (retentionMs >= 0) {
      if (age > retentionMs && index > expired) {
        causes.push({
          code: 'behind-another',
          text: 'an older segment before it has newer records: segments go from the front',
        })
      } else if (age < 0) {
        causes.push({
          code: 'future-timestamp',
          text: `a record in it has a timestamp ${duration(-age)} ahead of the clock, and retention counts from that`,
          setting: this.#settings.get('retention.ms')!,
          command: this.#alter('message.timestamp.type', 'LogAppendTime'),
        })
      } else if (age <= retentionMs) {
        const oldest = duration(this.#now - segment.firstTimestamp)
        const both =
          this.#now - segment.firstTimestamp > retentionMs
            ? `it holds records up to ${oldest} old, but also one only ${duration(age)} old: a segment goes as a whole`
            : `its newest record is ${duration(age)} old`
        causes.push({
          code: 'newer-than-retention',
          text: `${both}; retention.ms is ${duration(retentionMs)}`,
          setting: this.#settings.get('retention.ms')!,
          command: this.#alter('retention.ms', String(Math.max(Math.floor(age), 1))),
        })
      }
      if (!segment.hasTimestamps) {
        causes.push({
          code: 'no-timestamps',
          text: 'its records have no timestamps: the time of its file counts',
        })
      }
    }
    if (retentionBytes >= 0) {
      causes.push({
        code: 'size-below',
        text: `without it the log would hold less than retention.bytes=${retentionBytes} (the log has ${this.#survey.size} bytes)`,
        setting: this.#settings.get('retention.bytes')!,
      })
    }
    if (segment.active) causes.push(this.#whyActive(segment))
    return causes
  }

  #whyActive(segment: SurveyedSegment): ExplainedCause {
    const { segmentBytes, segmentMs, retentionMs } = this.#config
    const due = rollDueAt(segment, this.#config) ?? 0
    const setting = this.#rolledBy()
    if (due < this.#now) {
      return {
        code: 'active',
        text: `it is the active one; ${setting.name} is over, so the next record or log-cleaner rolls it`,
        setting,
        command: `tkafka log-cleaner --topic ${this.#topic} --retention`,
      }
    }
    const keepsOld = retentionMs >= 0 && this.#now - segment.firstTimestamp > retentionMs
    const atOnce = keepsOld
      ? `; tkafka log-cleaner --topic ${this.#topic} --retention --now rolls it at once`
      : ''
    return {
      code: 'active',
      text: `it is the active one: as long as records go into it, its newest stays new; it is rolled in ${duration(due - this.#now)} by ${setting.name}, or when it has ${segmentBytes} bytes (it has ${segment.size})${atOnce}`,
      setting,
      // Rolled sooner than that, it would wait for its age all the same.
      ...(retentionMs >= 0 && retentionMs < segmentMs
        ? { command: this.#alter('segment.ms', String(Math.max(retentionMs, 1000))) }
        : {}),
    }
  }

  /** A compacted log is rolled by max.compaction.lag.ms, too. */
  #rolledBy(): DecidingSetting {
    const { compact, maxCompactionLagMs, segmentMs } = this.#config
    const byLag = compact && maxCompactionLagMs > 0 && maxCompactionLagMs < segmentMs
    return this.#settings.get(byLag ? 'max.compaction.lag.ms' : 'segment.ms')!
  }

  #deletableAt(segment: SurveyedSegment): number | undefined {
    const { retentionMs } = this.#config
    if (!this.#config.delete || retentionMs < 0 || segment.size === 0) return undefined
    return segment.largestTimestamp + retentionMs
  }

  #compaction() {
    if (!this.#config.compact) return undefined
    const toClean = logToClean(this.#survey, this.#now)
    const { minCleanableDirtyRatio, minCompactionLagMs, deleteRetentionMs } = this.#config
    const causes: ExplainedCause[] = []
    const ratio = toClean.cleanableRatio.toFixed(2)
    const now = `tkafka log-cleaner --topic ${this.#topic} --compaction --now`
    const setting = (name: string) => this.#settings.get(name)!
    if (!cleanerConfig(this.#directory).enable) {
      causes.push({
        code: 'cleaner-disabled',
        text: 'log.cleaner.enable=false: log-cleaner compacts only when --compaction asks for it',
      })
    }
    if (toClean.checkpointIsInvalid) {
      causes.push({
        code: 'checkpoint',
        text: `cleaner-offset-checkpoint names an offset outside the log (${this.#survey.cleanerCheckpoint}): cleaning begins at the start again`,
      })
    }
    if (this.#survey.size === 0) causes.push({ code: 'empty', text: 'there are no records' })
    else if (toClean.due === 'ratio') {
      causes.push({
        code: 'due',
        text: `due: the dirty ratio ${ratio} is above ${minCleanableDirtyRatio}`,
        setting: setting('min.cleanable.dirty.ratio'),
        command: `tkafka log-cleaner --topic ${this.#topic} --compaction`,
      })
    } else if (toClean.due === 'lag') {
      causes.push({
        code: 'due',
        text: `due: max.compaction.lag.ms is over for ${duration(toClean.overdueMs)}`,
        setting: setting('max.compaction.lag.ms'),
        command: `tkafka log-cleaner --topic ${this.#topic} --compaction`,
      })
    } else if (toClean.cleanableBytes > 0) {
      const later =
        toClean.lagDueAt === undefined
          ? ''
          : `; max.compaction.lag.ms makes it due in ${duration(toClean.lagDueAt - this.#now)}`
      causes.push({
        code: 'ratio',
        text: `the dirty ratio ${ratio} is not above ${minCleanableDirtyRatio}${later}`,
        setting: setting('min.cleanable.dirty.ratio'),
        command: now,
      })
    } else if (toClean.uncleanableBytes === 0 || toClean.firstDirtyOffset >= this.#survey.logEndOffset) {
      causes.push({
        code: 'clean',
        text: 'all of it is clean: nothing was written since the last compaction',
      })
    }
    if (toClean.uncleanableBytes > 0) {
      const what = `${toClean.uncleanableBytes} bytes from offset ${toClean.firstUncleanableOffset} on are not looked at`
      if (toClean.uncleanableReason === 'min-compaction-lag') {
        causes.push({
          code: 'min-compaction-lag',
          text: `${what}: records younger than min.compaction.lag.ms=${minCompactionLagMs} (for ${duration((toClean.uncleanableUntil ?? this.#now) - this.#now)} more)`,
          setting: setting('min.compaction.lag.ms'),
          command: now,
        })
      } else if (toClean.uncleanableReason === 'open-transaction') {
        causes.push({
          code: 'open-transaction',
          text: `${what}: a transaction is open since offset ${this.#survey.lastStableOffset}`,
          command: `tkafka transactions find-hanging --broker-id ${this.#directory.image().nodeId}`,
        })
      } else {
        const active = this.#survey.active!
        const due = rollDueAt(active, this.#config)
        const { name } = this.#rolledBy()
        const when =
          due === undefined
            ? ''
            : due < this.#now
              ? ` (${name} is over: the next record or log-cleaner rolls it)`
              : ` (in ${duration(due - this.#now)} by ${name}, or when it has ${this.#config.segmentBytes} bytes)`
        causes.push({
          code: 'active',
          text: `${what}: the active segment is never compacted before it is rolled${when}`,
          setting: this.#rolledBy(),
          command: now,
        })
      }
    }
    causes.push({
      code: 'tombstones',
      text: `tombstones and transaction markers stay for ${duration(deleteRetentionMs)} behind the compaction that first sees them`,
      setting: setting('delete.retention.ms'),
    })
    const stateOf = (segment: SurveyedSegment): 'clean' | 'dirty' | 'uncleanable' =>
      segment.baseOffset >= toClean.firstUncleanableOffset
        ? 'uncleanable'
        : segment.nextOffset > toClean.firstDirtyOffset
          ? 'dirty'
          : 'clean'
    const report = {
      due: toClean.due !== undefined,
      dirtyRatio: toClean.cleanableRatio,
      minDirtyRatio: minCleanableDirtyRatio,
      firstDirtyOffset: toClean.firstDirtyOffset,
      firstUncleanableOffset: toClean.firstUncleanableOffset,
      cleanBytes: toClean.cleanBytes,
      dirtyBytes: toClean.cleanableBytes,
      uncleanableBytes: toClean.uncleanableBytes,
      causes,
    }
    return { report, stateOf }
  }

  #alter(name: string, value: string): string {
    return `tkafka configs --alter --topic ${this.#topic} --add-config ${name}=${value}`
  }
}

/** A broker's setting of that meaning, in whatever unit, where one is set. */
function brokerOrigin(
  layers: BrokerConfigLayers,
  name: string,
): Pick<DecidingSetting, 'source' | 'sourceName'> | undefined {
  const set = TOPIC_CONFIG_SYNONYMS[name]?.find((synonym) => layers.setValue(synonym.name) !== undefined)
  const found = set === undefined ? undefined : layers.synonyms(set.name)[0]
  return found === undefined ? undefined : { source: found.source, sourceName: found.name }
}

/** `3 d`, `5 h`, `12 min`, `8 s`, `250 ms`: one or two units. */
export function duration(ms: number): string {
  const units: [string, number][] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
    ['ms', 1],
  ]
  const i = units.findIndex(([, size]) => ms >= size)
  if (i < 0) return '0 ms'
  const [name, size] = units[i]
  const whole = Math.floor(ms / size)
  if (whole >= 10 || i >= 3) return `${whole} ${name}`
  const rest = Math.floor((ms % size) / units[i + 1][1])
  return rest === 0 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${units[i + 1][0]}`
}
