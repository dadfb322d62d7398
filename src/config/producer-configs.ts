/** The producer's settings with their types and defaults, and what they mean here. */
import { KafkaError } from '../errors.ts'
import { ConfigDef, type ConfigValue, readConfigTable } from './config-def.ts'

/**
 * Kafka 4.3's producer settings that a value can be wrong for. Those that need a network are checked and then have no
 * meaning here; names that are not listed are ignored, as Kafka does (with a log line).
 */
const TABLE = `
acks STRING all {all,-1,0,1}
batch.size INT 16384 0..
buffer.memory LONG 33554432 0..
client.id STRING ''
compression.gzip.level INT -1 gzip
compression.lz4.level INT 9 1..17
compression.type STRING none {none,gzip,snappy,lz4,zstd}
compression.zstd.level INT 3 -131072..22
delivery.timeout.ms INT 120000 0..
enable.idempotence BOOLEAN true
enable.metrics.push BOOLEAN true
linger.ms LONG 5 0..
max.block.ms LONG 60000 0..
max.in.flight.requests.per.connection INT 5 1..
max.request.size INT 1048576 0..
metadata.max.age.ms LONG 300000 0..
metadata.max.idle.ms LONG 300000 5000..
partitioner.adaptive.partitioning.enable BOOLEAN true
partitioner.availability.timeout.ms LONG 0 0..
partitioner.class CLASS -
partitioner.ignore.keys BOOLEAN false
receive.buffer.bytes INT 32768 -1..
reconnect.backoff.max.ms LONG 1000 0..
reconnect.backoff.ms LONG 50 0..
request.timeout.ms INT 30000 0..
retries INT 2147483647 0..2147483647
retry.backoff.max.ms LONG 1000 0..
retry.backoff.ms LONG 100 0..
send.buffer.bytes INT 131072 -1..
transaction.timeout.ms INT 60000
transactional.id STRING - nonempty
`

export interface ProducerSettings {
  /** 0, 1, or -1 for all. */
  readonly acks: number
  readonly batchSize: number
  /** Somebody asked for this batch.size. */
  readonly batchSizeGiven: boolean
  readonly bufferMemory: number
  readonly codec: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  /** undefined: the codec's own default. */
  readonly level: number | undefined
  readonly idempotent: boolean
  readonly maxRequestSize: number
  readonly maxBlockMs: number
  readonly partitionerClass: string | undefined
  readonly ignoreKeys: boolean
  readonly transactionalId: string | undefined
  readonly transactionTimeoutMs: number
  /** Of a network: how long a batch that is not full waits for more; undefined where nobody said. */
  readonly lingerMs: number | undefined
  readonly deliveryTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly retries: number
  readonly maxInFlight: number
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
}

/**
 * Reads and checks producer settings under Kafka's names.
 * @throws KafkaError INVALID_CONFIG with Kafka's text
 */
export function producerSettings(config: Readonly<Record<string, string>>): ProducerSettings {
  const definition = new ConfigDef(readConfigTable(TABLE))
  const values = new Map<string, ConfigValue>()
  for (const [name, text] of Object.entries(config)) {
    if (definition.get(name) !== undefined) values.set(name, definition.parse(name, text))
  }
  checkRest(config, values)
  const number = (name: string) => Number(values.get(name) ?? definition.get(name)?.default)
  const flag = (name: string) => (values.get(name) ?? definition.get(name)?.default === 'true') === true
  const text = (name: string) => {
    const value = values.get(name) ?? definition.get(name)?.default
    return value === null || value === undefined || value === '' ? undefined : String(value)
  }
  const acksText = text('acks') ?? 'all'
  const acks = acksText === 'all' ? -1 : Number(acksText)
  const codec = (text('compression.type') ?? 'none') as ProducerSettings['codec']
  return {
    acks,
    batchSize: number('batch.size'),
    batchSizeGiven: values.has('batch.size'),
    bufferMemory: number('buffer.memory'),
    codec,
    level: values.has(`compression.${codec}.level`) ? number(`compression.${codec}.level`) : undefined,
    idempotent: idempotence(
      flag('enable.idempotence'),
      values,
      acks,
      number('retries'),
      number('max.in.flight.requests.per.connection'),
    ),
    maxRequestSize: number('max.request.size'),
    maxBlockMs: number('max.block.ms'),
    partitionerClass: config['partitioner.class'] === '' ? '' : text('partitioner.class'),
    ignoreKeys: flag('partitioner.ignore.keys'),
    transactionalId: text('transactional.id'),
    transactionTimeoutMs: number('transaction.timeout.ms'),
    lingerMs: values.has('linger.ms') ? number('linger.ms') : undefined,
    deliveryTimeoutMs: values.has('delivery.timeout.ms')
      ? number('delivery.timeout.ms')
      : Math.max(number('delivery.timeout.ms'), number('linger.ms') + number('request.timeout.ms')),
    requestTimeoutMs: number('request.timeout.ms'),
    retries: number('retries'),
    maxInFlight: number('max.in.flight.requests.per.connection'),
    retryBackoffMs: number('retry.backoff.ms'),
    retryBackoffMaxMs: number('retry.backoff.max.ms'),
  }
}

const SECURITY_PROTOCOLS = ['SASL_SSL', 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT']

/** What is looked at once each setting is right by itself. */
function checkRest(config: Readonly<Record<string, string>>, values: ReadonlyMap<string, ConfigValue>): void {
  const refuse = (message: string): never => {
    throw new KafkaError('INVALID_CONFIG', message)
  }
  const protocol = config['security.protocol']
  if (protocol !== undefined && !SECURITY_PROTOCOLS.includes(protocol.trim().toUpperCase())) {
    refuse(
      `Invalid value ${protocol} for configuration security.protocol: String must be one of (case insensitive): ${SECURITY_PROTOCOLS.join(', ')}`,
    )
  }
  const construct = 'Failed to construct kafka producer'
  const least = Number(values.get('linger.ms') ?? 5) + Number(values.get('request.timeout.ms') ?? 30000)
  if (Number(values.get('delivery.timeout.ms') ?? 2147483647) < Math.min(least, 2147483647)) {
    refuse(
      `${construct}\ndelivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms`,
    )
  }
  const interceptor = (config['interceptor.classes'] ?? '').split(',').find((name) => name.trim() !== '')
  if (interceptor !== undefined) {
    refuse(`${construct}\nClass ${interceptor.trim()} cannot be found: Java classes cannot be loaded here`)
  }
}

/** On by default; settings that contradict it turn it off, or are refused where it was asked for by name. */
function idempotence(
  enabled: boolean,
  values: ReadonlyMap<string, ConfigValue>,
  acks: number,
  retries: number,
  inFlight: number,
): boolean {
  let idempotent = enabled
  if (enabled) {
    const asked = values.has('enable.idempotence')
    const refuse = (message: string): never => {
      throw new KafkaError('INVALID_CONFIG', message)
    }
    if (retries === 0) {
      if (asked) refuse('Must set retries to non-zero when using the idempotent producer.')
      idempotent = false
    }
    if (acks !== -1) {
      if (asked) {
        refuse(
          'Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.',
        )
      }
      idempotent = false
    }
    if (inFlight > 5) {
      refuse(
        `To use the idempotent producer, max.in.flight.requests.per.connection must be set to at most 5. Current value is ${inFlight}.`,
      )
    }
  }
  if (!idempotent && values.has('transactional.id')) {
    throw new KafkaError('INVALID_CONFIG', 'Cannot set a transactional.id without also enabling idempotence.')
  }
  return idempotent
}
