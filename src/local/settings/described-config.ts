/** One row of a describe of settings: the value that holds, and the layers behind it. */
import type { ConfigEntry } from '../../client/admin/config-admin.ts'
import { type ConfigKey, describedValue } from '../../config/config-def.ts'

interface DescribedConfig {
  readonly name: string
  /** Undefined for a setting that this Kafka does not know: its text is shown as it stands. */
  readonly key: ConfigKey | undefined
  readonly override: string | undefined
  /** Of the override. */
  readonly source: ConfigEntry['source']
  /** What holds without the override. */
  readonly inherited: string | undefined
  readonly behind: ConfigEntry['synonyms']
}

export function describedEntry({
  name,
  key,
  override,
  source,
  inherited,
  behind,
}: DescribedConfig): ConfigEntry {
  const text = override ?? inherited ?? key?.default ?? ''
  const value = key === undefined ? text : describedValue(key, text)
  const synonyms = override === undefined ? behind : [{ name, value, source }, ...behind]
  return {
    name,
    value,
    source: synonyms[0]?.source ?? 'DEFAULT_CONFIG',
    sensitive: false,
    readOnly: false,
    synonyms,
  }
}
