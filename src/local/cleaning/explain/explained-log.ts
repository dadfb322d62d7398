/** The facts that `tkafka explain` judges a partition by. */
import type { DecidingSetting } from '../../../client/admin/cleaning-admin.ts'
import { TOPIC_CONFIG_SYNONYMS } from '../../../config/topic-configs.ts'
import type { LogSurvey } from '../../../log/cleaner/cleaner-survey.ts'
import type { LogConfig } from '../../../log/log-config.ts'
import type { Os } from '../../../os/os.ts'
import type { LocalDirectory } from '../../directory/local-directory.ts'
import { BrokerConfigLayers } from '../../settings/broker-config-layers.ts'
import { describeTopicConfigs } from '../../settings/topic-config-resolver.ts'
import { retentionConfig } from '../retention.ts'

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

/** What judging the segments of one partition needs: its survey, the time, and each setting with where it comes from. */
export class ExplainedLog {
  readonly directory: LocalDirectory
  readonly topic: string
  readonly survey: LogSurvey
  readonly now: number
  readonly config: LogConfig
  readonly settings: ReadonlyMap<string, DecidingSetting>

  constructor(os: Os, directory: LocalDirectory, topic: string, survey: LogSurvey) {
    this.directory = directory
    this.topic = topic
    this.survey = survey
    this.now = os.clock.now()
    this.config = retentionConfig(directory, topic)
    const entries = describeTopicConfigs(directory.image(), directory.serverProperties(), topic)
    const layers = new BrokerConfigLayers(directory.image(), directory.serverProperties())
    this.settings = new Map(
      entries
        .filter(({ name }) => SHOWN.includes(name))
        .map(({ name, value, source }) => {
          const own = { source, sourceName: name }
          const from = source === 'DYNAMIC_TOPIC_CONFIG' ? own : (brokerOrigin(layers, name) ?? own)
          return [name, { name, value: value ?? '', ...from }]
        }),
    )
  }

  /** A compacted log is rolled by max.compaction.lag.ms, too. */
  rolledBy(): DecidingSetting {
    const { compact, maxCompactionLagMs, segmentMs } = this.config
    const byLag = compact && maxCompactionLagMs > 0 && maxCompactionLagMs < segmentMs
    return this.setting(byLag ? 'max.compaction.lag.ms' : 'segment.ms')
  }

  setting(name: string): DecidingSetting {
    return this.settings.get(name)!
  }

  /** The command that would change a setting. */
  alter(name: string, value: string): string {
    return `tkafka configs --alter --topic ${this.topic} --add-config ${name}=${value}`
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
