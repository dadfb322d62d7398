/** Broker settings: definition, which of them can be changed while a broker runs, and Kafka's checks on a change. */
import { KafkaError } from '../errors.ts'
import { BROKER_CONFIG_TABLE } from './broker-config-table.ts'
import { ConfigDef, type ConfigKey, inRange, readConfigTable } from './config-def.ts'

const LISTENER_PREFIX = /^listener\.name\.[^.]*\.(.*)$/

/** One setting in several units. */
const FAMILIES: readonly (readonly string[])[] = [
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
]

let definition: ConfigDef | undefined

/** Every broker setting; made on first use. */
export function brokerConfigDef(): ConfigDef {
  definition ??= new ConfigDef(readConfigTable(BROKER_CONFIG_TABLE))
  return definition
}

/** Dynamic only: replication quotas are no part of a broker's static settings. */
const DYNAMIC_QUOTAS: readonly ConfigKey[] = [
  'leader.replication.throttled.rate',
  'follower.replication.throttled.rate',
  'replica.alter.log.dirs.io.max.bytes.per.second',
].map((name) => ({ name, type: 'LONG', default: null, validator: inRange(0) }))

/** The row of a static or dynamic broker setting; a listener's prefix counts as the setting behind it. */
export function brokerConfigKey(name: string): ConfigKey | undefined {
  const bare = LISTENER_PREFIX.exec(name)?.[1] ?? name
  return brokerConfigDef().get(bare) ?? DYNAMIC_QUOTAS.find((key) => key.name === bare)
}

const PER_BROKER = words(`
cordoned.log.dirs
listener.security.protocol.map
listeners
principal.builder.class
sasl.enabled.mechanisms
sasl.jaas.config
sasl.kerberos.kinit.cmd
sasl.kerberos.min.time.before.relogin
sasl.kerberos.principal.to.local.rules
sasl.kerberos.service.name
sasl.kerberos.ticket.renew.jitter
sasl.kerberos.ticket.renew.window.factor
sasl.login.refresh.buffer.seconds
sasl.login.refresh.min.period.seconds
sasl.login.refresh.window.factor
sasl.login.refresh.window.jitter
sasl.mechanism.inter.broker.protocol
ssl.cipher.suites
ssl.client.auth
ssl.enabled.protocols
ssl.endpoint.identification.algorithm
ssl.engine.factory.class
ssl.key.password
ssl.keymanager.algorithm
ssl.keystore.certificate.chain
ssl.keystore.key
ssl.keystore.location
ssl.keystore.password
ssl.keystore.type
ssl.protocol
ssl.provider
ssl.secure.random.implementation
ssl.trustmanager.algorithm
ssl.truststore.certificates
ssl.truststore.location
ssl.truststore.password
ssl.truststore.type
`)

const CLUSTER_WIDE = words(`
background.threads
compression.gzip.level
compression.lz4.level
compression.type
compression.zstd.level
config.providers
errors.deadletterqueue.auto.create.topics.enable
errors.deadletterqueue.topic.name.prefix
follower.fetch.last.tiered.offset.enable
follower.replication.throttled.rate
group.consumer.assignment.interval.ms
group.consumer.assignor.offload.enable
group.coordinator.cached.buffer.max.bytes
group.share.assignment.interval.ms
group.share.assignor.offload.enable
group.streams.assignment.interval.ms
group.streams.assignor.offload.enable
leader.replication.throttled.rate
log.cleaner.backoff.ms
log.cleaner.dedupe.buffer.size
log.cleaner.delete.retention.ms
log.cleaner.io.buffer.load.factor
log.cleaner.io.buffer.size
log.cleaner.io.max.bytes.per.second
log.cleaner.max.compaction.lag.ms
log.cleaner.min.cleanable.ratio
log.cleaner.min.compaction.lag.ms
log.cleaner.threads
log.cleanup.policy
log.flush.interval.messages
log.flush.interval.ms
log.index.interval.bytes
log.index.size.max.bytes
log.local.retention.bytes
log.local.retention.ms
log.message.timestamp.after.max.ms
log.message.timestamp.before.max.ms
log.message.timestamp.type
log.preallocate
log.remote.copy.lag.bytes
log.remote.copy.lag.ms
log.retention.bytes
log.retention.ms
log.roll.jitter.ms
log.roll.ms
log.segment.bytes
log.segment.delete.delay.ms
max.connection.creation.rate
max.connections
max.connections.per.ip
max.connections.per.ip.overrides
max.decompressed.message.bytes
message.max.bytes
metric.reporters
min.insync.replicas
num.io.threads
num.network.threads
num.recovery.threads.per.data.dir
num.replica.fetchers
producer.id.expiration.ms
remote.fetch.max.wait.ms
remote.list.offsets.request.timeout.ms
remote.log.index.file.cache.total.size.bytes
remote.log.manager.copier.thread.pool.size
remote.log.manager.copy.max.bytes.per.second
remote.log.manager.expiration.thread.pool.size
remote.log.manager.fetch.max.bytes.per.second
remote.log.manager.follower.thread.pool.size
remote.log.reader.threads
replica.alter.log.dirs.io.max.bytes.per.second
share.coordinator.cached.buffer.max.bytes
transaction.partition.verification.enable
unclean.leader.election.enable
`)

const LISTENER_SECURITY = words(`
ssl.keystore.type ssl.keystore.location ssl.keystore.password ssl.key.password ssl.keystore.key
ssl.keystore.certificate.chain ssl.truststore.type ssl.truststore.location ssl.truststore.password
ssl.truststore.certificates
`)

const LISTENER_CLUSTER_WIDE = words('max.connections max.connection.creation.rate num.network.threads')

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}

export function isDynamicBrokerConfig(name: string): boolean {
  return CLUSTER_WIDE.has(name) || PER_BROKER.has(name)
}

/**
 * Checks what is to be set for one broker, or for all (`perBroker` false).
 * @throws KafkaError INVALID_REQUEST or INVALID_CONFIG with Kafka's words
 */
export function validateBrokerConfigs(settings: ReadonlyMap<string, string>, perBroker: boolean): void {
  const names = [...settings.keys()]
  const refuse = (why: string, wrong: string[]) => {
    if (wrong.length > 0) throw new KafkaError('INVALID_REQUEST', `${why}: [${wrong.join(', ')}]`)
  }
  refuse(
    'Cannot update these configs dynamically',
    names.filter((name) => brokerConfigDef().get(name) !== undefined && !isDynamicBrokerConfig(name)),
  )
  refuse(
    'These security configs can be dynamically updated only per-listener using the listener prefix',
    names.filter((name) => LISTENER_SECURITY.has(name)),
  )
  for (const [name, text] of settings) {
    const key = brokerConfigKey(name)
    if (key !== undefined) new ConfigDef([key]).parse(key.name, text)
  }
  if (!perBroker) {
    refuse(
      'Cannot update these configs at default cluster level, broker id must be specified',
      names.filter((name) => PER_BROKER.has(name) || isOfOneListener(name)),
    )
  }
}

/** What a listener may have for the whole cluster counts for the listener of that name on every broker. */
function isOfOneListener(name: string): boolean {
  const bare = LISTENER_PREFIX.exec(name)?.[1]
  return bare !== undefined && !LISTENER_CLUSTER_WIDE.has(bare)
}

/** The names that give a setting its value, in order of precedence: what describe lists as synonyms. */
export function brokerConfigSynonyms(name: string): readonly string[] {
  const family = FAMILIES.find((names) => names.includes(name))
  if (family !== undefined) return family
  // The scheduler's interval is the default of the log's, and not the other way round.
  if (name === 'log.flush.interval.ms') return [name, 'log.flush.scheduler.interval.ms']
  const bare = LISTENER_PREFIX.exec(name)?.[1]
  return bare === undefined ? [name] : [name, bare]
}

/** Sensitive values are never shown; neither is what nobody knows the type of. */
export function isSensitive(name: string): boolean {
  const key = brokerConfigKey(name)
  return key === undefined || key.type === 'PASSWORD'
}
