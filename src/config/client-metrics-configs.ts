/** Settings of a client metrics subscription (kept and described; a directory pushes nothing). */
import { KafkaError } from '../errors.ts'
import { ConfigDef, readConfigTable } from './config-def.ts'

const TABLE = `
metrics LIST '' list
interval.ms INT 300000
match LIST '' list
`

let definition: ConfigDef | undefined

export function clientMetricsConfigDef(): ConfigDef {
  definition ??= new ConfigDef(readConfigTable(TABLE))
  return definition
}

const MATCH_KEYS = new Set([
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
])

/** @throws KafkaError INVALID_REQUEST or INVALID_CONFIG with Kafka's words */
export function validateClientMetricsConfigs(overrides: ReadonlyMap<string, string>): void {
  const def = clientMetricsConfigDef()
  for (const name of overrides.keys()) {
    if (def.get(name) === undefined) {
      throw new KafkaError('INVALID_REQUEST', `Unknown client metrics configuration: ${name}`)
    }
  }
  for (const { name } of def.keys()) {
    const text = overrides.get(name)
    if (text === undefined) continue
    const value = def.parse(name, text)
    if (name === 'interval.ms' && ((value as number) < 100 || (value as number) > 3_600_000)) {
      throw new KafkaError(
        'INVALID_REQUEST',
        `Invalid value ${text} for interval.ms, interval must be between 100 and 3600000 (1 hour)`,
      )
    }
    if (name === 'match') for (const pattern of value as readonly string[]) checkMatch(pattern)
  }
}

function checkMatch(pattern: string): void {
  const [key, expression, ...rest] = pattern.split('=').map((part) => part.trim())
  let right = expression !== undefined && rest.length === 0 && MATCH_KEYS.has(key)
  try {
    if (right) new RegExp(expression)
  } catch {
    right = false
  }
  if (!right) throw new KafkaError('INVALID_CONFIG', `Illegal client matching pattern: ${pattern}`)
}
