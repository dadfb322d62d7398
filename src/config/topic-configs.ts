/**
 * Every topic setting of Kafka 4.4 with type, default and bounds, its broker-level synonyms, and the checks that
 * Kafka's controller makes on a topic's settings as a whole. Facts asked from the genuine 4.4.0 definition.
 */
import { KafkaError } from '../errors.ts'
import { ConfigDef, type ConfigValue, invalid, readConfigTable, type Validator } from './config-def.ts'

/** In the order in which Kafka parses them: of several wrong values the first one is reported. */
const TABLE = `
segment.bytes INT 1073741824 1048576..
segment.ms LONG 604800000 1..
segment.jitter.ms LONG 0 0..
segment.index.bytes INT 10485760 4..
flush.messages LONG 9223372036854775807 1..
flush.ms LONG 9223372036854775807 0..
retention.bytes LONG -1
retention.ms LONG 604800000 -1..
max.message.bytes INT 1048588 0..
max.decompressed.message.bytes INT 2147483639 1..2147483639
index.interval.bytes INT 4096 0..
delete.retention.ms LONG 86400000 0..
min.compaction.lag.ms LONG 0 0..
max.compaction.lag.ms LONG 9223372036854775807 1..
file.delete.delay.ms LONG 60000 0..
min.cleanable.dirty.ratio DOUBLE 0.5 0..1
cleanup.policy LIST delete list{compact,delete}
unclean.leader.election.enable BOOLEAN false
min.insync.replicas INT 1 1..
compression.type STRING producer {uncompressed,zstd,lz4,snappy,gzip,producer}
compression.gzip.level INT -1 gzip
compression.lz4.level INT 9 1..17
compression.zstd.level INT 3 -131072..22
preallocate BOOLEAN false
message.timestamp.type STRING CreateTime {CreateTime,LogAppendTime}
message.timestamp.before.max.ms LONG 9223372036854775807 0..
message.timestamp.after.max.ms LONG 3600000 0..
leader.replication.throttled.replicas LIST ''
follower.replication.throttled.replicas LIST ''
remote.storage.enable BOOLEAN false
local.retention.ms LONG -2 -2..
local.retention.bytes LONG -2 -2..
remote.log.copy.disable BOOLEAN false
remote.copy.lag.ms LONG 0 -1..
remote.copy.lag.bytes LONG -1 -1..
remote.log.delete.on.disable BOOLEAN false
errors.deadletterqueue.group.enable BOOLEAN false
internal.segment.bytes INT - #
`

const throttledReplicas: Validator = (name, value) => {
  const list = value as readonly string[]
  if (list.length === 0 || (list.length === 1 && list[0] === '*')) return undefined
  if (list.every((one) => /^([0-9]+:[0-9]+)?$/.test(one))) return undefined
  return invalid(
    name,
    `[${list.join(', ')}]`,
    `${name} must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...`,
  )
}

let definition: ConfigDef | undefined

/** The topic settings; made on first use. */
export function topicConfigDef(): ConfigDef {
  definition ??= new ConfigDef(
    readConfigTable(TABLE).map((key) =>
      key.name.endsWith('.replication.throttled.replicas') ? { ...key, validator: throttledReplicas } : key,
    ),
  )
  return definition
}

const HOUR = 3_600_000
const MINUTE = 60_000

/** A broker setting that a topic inherits: its value times `factor` is the topic's. */
export interface BrokerSynonym {
  readonly name: string
  readonly factor?: number
}

/**
 * Topic name -> broker names in order of precedence; the first one is the name that describe shows. Settings that
 * are missing here exist for topics only.
 */
export const TOPIC_CONFIG_SYNONYMS: Readonly<Record<string, readonly BrokerSynonym[]>> = {
  'segment.bytes': [{ name: 'log.segment.bytes' }],
  'segment.ms': [{ name: 'log.roll.ms' }, { name: 'log.roll.hours', factor: HOUR }],
  'segment.jitter.ms': [{ name: 'log.roll.jitter.ms' }, { name: 'log.roll.jitter.hours', factor: HOUR }],
  'segment.index.bytes': [{ name: 'log.index.size.max.bytes' }],
  'flush.messages': [{ name: 'log.flush.interval.messages' }],
  'flush.ms': [{ name: 'log.flush.interval.ms' }, { name: 'log.flush.scheduler.interval.ms' }],
  'retention.bytes': [{ name: 'log.retention.bytes' }],
  'retention.ms': [
    { name: 'log.retention.ms' },
    { name: 'log.retention.minutes', factor: MINUTE },
    { name: 'log.retention.hours', factor: HOUR },
  ],
  'max.message.bytes': [{ name: 'message.max.bytes' }],
  'max.decompressed.message.bytes': [{ name: 'max.decompressed.message.bytes' }],
  'remote.copy.lag.ms': [{ name: 'log.remote.copy.lag.ms' }],
  'remote.copy.lag.bytes': [{ name: 'log.remote.copy.lag.bytes' }],
  'index.interval.bytes': [{ name: 'log.index.interval.bytes' }],
  'delete.retention.ms': [{ name: 'log.cleaner.delete.retention.ms' }],
  'min.compaction.lag.ms': [{ name: 'log.cleaner.min.compaction.lag.ms' }],
  'max.compaction.lag.ms': [{ name: 'log.cleaner.max.compaction.lag.ms' }],
  'file.delete.delay.ms': [{ name: 'log.segment.delete.delay.ms' }],
  'min.cleanable.dirty.ratio': [{ name: 'log.cleaner.min.cleanable.ratio' }],
  'cleanup.policy': [{ name: 'log.cleanup.policy' }],
  'unclean.leader.election.enable': [{ name: 'unclean.leader.election.enable' }],
  'min.insync.replicas': [{ name: 'min.insync.replicas' }],
  'compression.type': [{ name: 'compression.type' }],
  'compression.gzip.level': [{ name: 'compression.gzip.level' }],
  'compression.lz4.level': [{ name: 'compression.lz4.level' }],
  'compression.zstd.level': [{ name: 'compression.zstd.level' }],
  preallocate: [{ name: 'log.preallocate' }],
  'message.timestamp.type': [{ name: 'log.message.timestamp.type' }],
  'message.timestamp.before.max.ms': [{ name: 'log.message.timestamp.before.max.ms' }],
  'message.timestamp.after.max.ms': [{ name: 'log.message.timestamp.after.max.ms' }],
  'local.retention.ms': [{ name: 'log.local.retention.ms' }],
  'local.retention.bytes': [{ name: 'log.local.retention.bytes' }],
}

/**
 * Checks a topic's overrides as a whole, as Kafka's controller does.
 * `overrides`: every override that the topic will have; `existing`: what it has now; `inherited`: the broker's
 * values under topic names; `remoteStorage`: remote.log.storage.system.enable.
 * @throws KafkaError INVALID_CONFIG with Kafka's words
 */
export function validateTopicConfigs(
  overrides: ReadonlyMap<string, string>,
  existing: ReadonlyMap<string, string> = new Map(),
  inherited: ReadonlyMap<string, string> = new Map(),
  remoteStorage = false,
): void {
  validateTiers(validateTopicConfigValues(overrides, inherited), existing, remoteStorage)
}

/**
 * The part of it that needs no broker, which Kafka's tool checks before it asks for anything: names, values, and the two
 * lags of compaction. Returns every value by name.
 * @throws KafkaError INVALID_CONFIG with Kafka's words
 */
export function validateTopicConfigValues(
  overrides: ReadonlyMap<string, string>,
  inherited: ReadonlyMap<string, string> = new Map(),
): Map<string, ConfigValue> {
  const def = topicConfigDef()
  for (const name of overrides.keys()) {
    if (def.get(name) === undefined) fail(`Unknown topic config name: ${name}`)
  }
  const values = new Map<string, ConfigValue>()
  for (const { name, default: builtIn } of def.keys()) {
    const text = overrides.get(name) ?? inherited.get(name) ?? builtIn
    if (text === null || text === undefined) continue
    // A broker's value is the broker's business: only what the topic sets itself is refused here.
    values.set(name, overrides.has(name) ? def.parse(name, text) : parseOr(def, name, text, builtIn ?? ''))
  }
  const internal = overrides.get('internal.segment.bytes')
  if (internal !== undefined) def.parse('internal.segment.bytes', internal)
  const number = (name: string) => values.get(name) as number | bigint
  if (number('min.compaction.lag.ms') > number('max.compaction.lag.ms')) {
    fail(
      `conflict topic config setting min.compaction.lag.ms (${number('min.compaction.lag.ms')}) > max.compaction.lag.ms (${number('max.compaction.lag.ms')})`,
    )
  }
  return values
}

/** What Kafka asks of topics that keep old segments in a remote tier. */
function validateTiers(
  values: ReadonlyMap<string, ConfigValue>,
  existing: ReadonlyMap<string, string>,
  remoteStorage: boolean,
): void {
  const number = (name: string) => values.get(name) as number | bigint
  if (values.get('remote.storage.enable') !== true) {
    const wasEnabled = /^true$/i.test(existing.get('remote.storage.enable') ?? '')
    if (wasEnabled && values.get('remote.log.delete.on.disable') !== true) {
      fail(
        'It is invalid to disable remote storage without deleting remote data. If you want to keep the remote data and turn to read only, please set `remote.storage.enable=true,remote.log.copy.disable=true`. If you want to disable remote storage and delete all remote data, please set `remote.storage.enable=false,remote.log.delete.on.disable=true`.',
      )
    }
    return
  }
  if (!remoteStorage) {
    fail(
      'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
    )
  }
  const policy = values.get('cleanup.policy') as readonly string[]
  if (policy.length > 0 && !(policy.length === 1 && policy[0] === 'delete')) {
    fail(
      'Remote log storage only supports topics with cleanup.policy=delete or cleanup.policy being an empty list.',
    )
  }
  for (const unit of ['bytes', 'ms']) {
    const total = number(`retention.${unit}`)
    const name = `local.retention.${unit}`
    const local = number(name)
    if (total === -1 || local === -2) continue
    if (local === -1)
      fail(invalid(name, '-1', `Value must not be -1 as retention.${unit} value is set as ${total}.`))
    if (local > total) {
      fail(
        invalid(
          name,
          String(local),
          `Value must not be more than retention.${unit} property value: ${total}`,
        ),
      )
    }
  }
  if (values.get('remote.log.copy.disable') === true) {
    for (const unit of ['bytes', 'ms']) {
      const local = number(`local.retention.${unit}`)
      if (local !== -2 && local !== number(`retention.${unit}`)) {
        fail(
          `When \`remote.log.copy.disable\` is set to true, the \`local.retention.${unit}\` and \`retention.${unit}\` must be set to the identical value because there will be no more logs copied to the remote storage.`,
        )
      }
    }
  }
}

function parseOr(def: ConfigDef, name: string, text: string, fallback: string): ConfigValue {
  try {
    return def.parse(name, text)
  } catch {
    return def.parse(name, fallback)
  }
}

function fail(message: string): never {
  throw new KafkaError('INVALID_CONFIG', message)
}
