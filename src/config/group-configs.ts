/** Group settings of Kafka 4.3, their bounds (set by broker settings) and their broker-level synonyms. */
import { KafkaError } from '../errors.ts'
import { ConfigDef, invalid, readConfigTable, type Validator } from './config-def.ts'

const TABLE = `
consumer.session.timeout.ms INT 45000 1..
consumer.heartbeat.interval.ms INT 5000 1..
consumer.assignment.interval.ms INT 1000 0..
share.session.timeout.ms INT 45000 1..
share.heartbeat.interval.ms INT 5000 1..
share.record.lock.duration.ms INT 30000 1000..
share.delivery.count.limit INT 5 2..
share.partition.max.record.locks INT 2000 100..
share.auto.offset.reset STRING latest
share.isolation.level STRING read_uncommitted {read_committed,read_uncommitted}
share.renew.acknowledge.enable BOOLEAN true
share.assignment.interval.ms INT 1000 0..
streams.session.timeout.ms INT 45000 1..
streams.heartbeat.interval.ms INT 5000 1..
streams.num.standby.replicas INT 0 0..
streams.initial.rebalance.delay.ms INT 3000 0..
streams.assignment.interval.ms INT 1000 0..
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

/** Settings that no broker setting stands behind; describe shows them as their own synonym. */
const OWN = new Set(['share.auto.offset.reset', 'share.isolation.level', 'share.renew.acknowledge.enable'])

/** The broker setting that gives a group setting its default. */
export function groupConfigSynonym(name: string): string {
  return OWN.has(name) ? name : `group.${name}`
}

/** In the order of Kafka's checks; `min` and `max` stand behind the kind of group in the broker's names. */
const BOUNDED: readonly (readonly [kind: string, setting: string, bounds: 'both' | 'max'])[] = [
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
    if (def.get(name) === undefined)
      throw new KafkaError('INVALID_CONFIG', `Unknown group config name: ${name}`)
  }
  for (const { name } of def.keys()) {
    const text = overrides.get(name)
    if (text !== undefined) def.parse(name, text)
  }
  const value = (name: string) => Number(overrides.get(name) ?? broker(groupConfigSynonym(name)))
  for (const [kind, setting, bounds] of BOUNDED) {
    const name = `${kind}.${setting}`
    const refuse = (than: string, limit: string) => {
      throw new KafkaError('INVALID_CONFIG', `${name} must be ${than} than or equal to ${limit}`)
    }
    const min = `group.${kind}.min.${setting}`
    const max = `group.${kind}.max.${setting.replace('num.', '')}`
    if (bounds === 'both' && value(name) < Number(broker(min))) refuse('greater', min)
    if (value(name) > Number(broker(max))) refuse('less', max)
  }
  for (const kind of ['consumer', 'share', 'streams']) {
    const session = `${kind}.session.timeout.ms`
    const heartbeat = `${kind}.heartbeat.interval.ms`
    if (value(session) <= value(heartbeat)) {
      throw new KafkaError('INVALID_CONFIG', `${session} must be greater than ${heartbeat}`)
    }
  }
}
