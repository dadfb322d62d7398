/** Checks server.properties as a broker does when it starts. */
import { join } from 'node:path'
import { brokerConfigDef, isSensitive } from '../../config/broker-configs.ts'
import { type KafkaError, TerseError } from '../../errors.ts'
import { HOUSEKEEPING_CONFIG, SERVER_PROPERTIES_FILE } from './server-properties.ts'

/**
 * Refuses a `server.properties` that a broker would not start with: whoever writes would take a built-in value for one
 * that the owner meant to set. Names that Kafka does not know are left alone, as it does; so are references to
 * a config provider (`${file:...}`).
 * @throws TerseError naming file, setting and value
 */
export function checkServerProperties(dir: string, properties: ReadonlyMap<string, string>): void {
  const def = brokerConfigDef()
  for (const [name, value] of properties) {
    const problem = value.includes('${') ? undefined : problemOf(name, value)
    if (problem === undefined) continue
    throw new TerseError(
      `${join(dir, SERVER_PROPERTIES_FILE)}: ${problem}; a broker would not start with it, so nothing is written: mend that line`,
    )
  }

  function problemOf(name: string, value: string): string | undefined {
    if (name === HOUSEKEEPING_CONFIG && !/^(true|false)$/i.test(value)) {
      return `Invalid value ${value} for configuration ${name}: Expected value to be either true or false`
    }
    const key = def.get(name)
    if (key === undefined) return undefined
    // Older brokers took these: a directory of theirs stays writable.
    if (name === 'log.segment.bytes' && /^\d+$/.test(value)) return undefined
    if (key.type === 'LIST' && value === '') return undefined
    try {
      def.parse(name, value)
      return undefined
    } catch (error) {
      return isSensitive(name) ? `Invalid value for configuration ${name}` : (error as KafkaError).message
    }
  }
}
