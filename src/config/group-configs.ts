/** Group settings of Kafka 4.4, their bounds (set by broker settings) and their broker-level synonyms. */
import { KafkaError } from '../errors.ts'
import { ConfigDef, invalid, readConfigTable, type Validator } from './config-def.ts'

const TABLE = `
consumer.session.timeout.ms INT 45000 1..
consumer.heartbeat.interval.ms INT 5000 1..
consumer.assignment.interval.ms INT 1000 0..
consumer.assignor.offload.enable BOOLEAN true #
share.session.timeout.ms INT 45000 1..
share.heartbeat.interval.ms INT 5000 1..
share.record.lock.duration.ms INT 30000 1000..
share.delivery.count.limit INT 5 2..
share.partition.max.record.locks INT 2000 100..
share.auto.offset.reset STRING latest
share.isolation.level STRING read_uncommitted {read_committed,read_uncommitted}
share.renew.acknowledge.enable BOOLEAN true
share.assignment.interval.ms INT 1000 0..
share.assignor.offload.enable BOOLEAN true #
streams.session.timeout.ms INT 45000 1..
streams.heartbeat.interval.ms INT 5000 1..
streams.num.standby.replicas INT 0 0..
streams.initial.rebalance.delay.ms INT 3000 0..
streams.assignment.interval.ms INT 1000 0..
streams.assignor.offload.enable BOOLEAN true #
streams.task.offset.interval.ms INT 60000 1..#
streams.num.warmup.replicas INT 2 0..#
streams.rack.aware.assignment.tags LIST '' list
streams.acceptable.recovery.lag LONG 10000 0..#
streams.assignor.name STRING -
errors.deadletterqueue.topic.name STRING ''
errors.deadletterqueue.copy.record.enable BOOLEAN false
`

const shareOffsetReset: Validator = (name, value) => {
  const text = String(value)
  if (text === 'earliest' || text === 'latest') return undefined
  if (/^by_duration:P(?=\d|T\d)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/.test(text)) return undefined
  return invalid(
    name,
    text,
    `Invalid value \`${text}\` for configuration ${name}. The value must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.`,
  )
}

let definition: ConfigDef | undefined

export function groupConfigDef(): ConfigDef {
  definition ??= new ConfigDef(
    readConfigTable(TABLE).map((key) =>
      key.name === 'share.auto.offset.reset' ? { ...key, validator: shareOffsetReset } : key,
    ),
  )
  return definition
}

const RACK_TAGS = 'streams.rack.aware.assignment.tags'
const DEAD_LETTER_TOPIC = 'errors.deadletterqueue.topic.name'

/** Settings that no broker setting stands behind; describe shows them as their own synonym. */
const OWN = new Set([
  'share.auto.offset.reset',
  'share.isolation.level',
  'share.renew.acknowledge.enable',
  DEAD_LETTER_TOPIC,
  'errors.deadletterqueue.copy.record.enable',
])

/** The broker setting that gives a group setting its default. */
export function groupConfigSynonym(name: string): string {
  if (name === 'streams.assignor.name') return 'group.streams.assignors'
  return OWN.has(name) ? name : `group.${name}`
}

/** In the order of Kafka's checks; `min` and `max` stand behind the kind of group in the broker's names. */
const BOUNDED: readonly (readonly [kind: string, setting: string, bounds: 'both' | 'max' | 'min'])[] = [
  ['consumer', 'heartbeat.interval.ms', 'both'],
  ['consumer', 'session.timeout.ms', 'both'],
  ['consumer', 'assignment.interval.ms', 'both'],
  ['share', 'heartbeat.interval.ms', 'both'],
  ['share', 'session.timeout.ms', 'both'],
  ['share', 'record.lock.duration.ms', 'both'],
  ['share', 'delivery.count.limit', 'both'],
  ['share', 'partition.max.record.locks', 'both'],
  ['share', 'assignment.interval.ms', 'both'],
  ['streams', 'heartbeat.interval.ms', 'both'],
  ['streams', 'session.timeout.ms', 'both'],
  ['streams', 'num.standby.replicas', 'max'],
  ['streams', 'assignment.interval.ms', 'both'],
  ['streams', 'task.offset.interval.ms', 'min'],
  ['streams', 'num.warmup.replicas', 'max'],
]

/**
 * Checks a group's overrides as a whole. `broker` tells the effective value of a broker setting.
 * @throws KafkaError INVALID_CONFIG with Kafka's words
 */
export function validateGroupConfigs(
  overrides: ReadonlyMap<string, string>,
  broker: (name: string) => string | null,
): void {
  const def = groupConfigDef()
  for (const name of overrides.keys()) {
    if (def.get(name) === undefined) throw refused(`Unknown group config name: ${name}`)
  }
  const tags = (overrides.get(RACK_TAGS) ?? '').split(',').map((tag) => tag.trim())
  if (new Set(tags).size < tags.length) throw refused(`${RACK_TAGS} must not contain duplicate tag keys.`)
  for (const { name } of def.keys()) {
    const text = overrides.get(name)
    if (text !== undefined) def.parse(name, text)
  }
  for (const bounded of BOUNDED) checkBounds(bounded, overrides, broker)
  checkStreamsAssignor(overrides, broker)
  const value = (name: string) => Number(overrides.get(name) ?? broker(groupConfigSynonym(name)))
  for (const kind of ['consumer', 'share', 'streams']) {
    const session = `${kind}.session.timeout.ms`
    const heartbeat = `${kind}.heartbeat.interval.ms`
    if (value(session) <= value(heartbeat)) throw refused(`${session} must be greater than ${heartbeat}`)
  }
  if (overrides.get(DEAD_LETTER_TOPIC)?.startsWith('__')) {
    throw refused(`${DEAD_LETTER_TOPIC}: DLQ topic name must not start with '__'`)
  }
}

function checkBounds(
  [kind, setting, bounds]: (typeof BOUNDED)[number],
  overrides: ReadonlyMap<string, string>,
  broker: (name: string) => string | null,
): void {
  const name = `${kind}.${setting}`
  const text = overrides.get(name)
  if (text === undefined) return
  const value = Number(text)
  const min = Number(broker(`group.${kind}.min.${setting}`) ?? Number.NEGATIVE_INFINITY)
  const max = Number(broker(`group.${kind}.max.${setting.replace('num.', '')}`) ?? Number.POSITIVE_INFINITY)
  if (bounds === 'both' && (value < min || value > max)) {
    throw refused(`${name} must be in the range ${min} to ${max} inclusive.`)
  }
  if (bounds === 'max' && value > max) throw refused(`${name} must be less than or equal to ${max}`)
  if (bounds === 'min' && value < min) throw refused(`${name} must be greater than or equal to ${min}`)
}

function checkStreamsAssignor(
  overrides: ReadonlyMap<string, string>,
  broker: (name: string) => string | null,
): void {
  const name = overrides.get('streams.assignor.name')
  if (name === undefined) return
  const registered = (broker('group.streams.assignors') ?? '').split(',')
  if (registered.includes(name)) return
  throw refused(
    `streams.assignor.name '${name}' is not a registered task assignor. Registered assignors are: [${registered.join(', ')}].`,
  )
}

function refused(message: string): KafkaError {
  return new KafkaError('INVALID_CONFIG', message)
}
