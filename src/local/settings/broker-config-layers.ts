/** A broker's settings by the layers that Kafka looks through. */
import type { ConfigEntry, ConfigSource } from '../../client/admin/config-admin.ts'
import { brokerConfigKey, brokerConfigSynonyms, isSensitive } from '../../config/broker-configs.ts'
import { CONFIG_RESOURCE } from '../../message/metadata-records.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'

type Synonym = ConfigEntry['synonyms'][number]

/**
 * A broker's settings in Kafka's order of precedence: set for this broker, set for all brokers, server.properties,
 * built in.
 */
export class BrokerConfigLayers {
  readonly #layers: readonly { readonly source: ConfigSource; readonly values: ReadonlyMap<string, string> }[]

  /** `changed`: what a broker, or `''` for all of them, shall have instead of what is stored. */
  constructor(
    image: MetadataImage,
    serverProperties: ReadonlyMap<string, string>,
    changed?: { readonly name: string; readonly values: ReadonlyMap<string, string> },
  ) {
    const stored = (name: string) =>
      changed?.name === name ? changed.values : image.configs(CONFIG_RESOURCE.BROKER, name)
    this.#layers = [
      { source: 'DYNAMIC_BROKER_CONFIG', values: stored(String(image.nodeId)) },
      { source: 'DYNAMIC_DEFAULT_BROKER_CONFIG', values: stored('') },
      { source: 'STATIC_BROKER_CONFIG', values: serverProperties },
    ]
  }

  /** Names that are set somewhere. */
  names(): Set<string> {
    const names = new Set<string>()
    for (const { values } of this.#layers) for (const name of values.keys()) names.add(name)
    return names
  }

  /** What is set, or undefined when only the built-in default holds. */
  setValue(name: string): string | undefined {
    for (const { values } of this.#layers) {
      const value = values.get(name)
      if (value !== undefined) return value
    }
    return undefined
  }

  /** What holds; null: nothing does. */
  value(name: string): string | null {
    return this.setValue(name) ?? brokerConfigKey(name)?.default ?? null
  }

  /** Where a setting's value comes from, first what holds; its other units are listed behind it. */
  synonyms(name: string): Synonym[] {
    const names = brokerConfigSynonyms(name)
    const shown = (value: string) => (isSensitive(name) ? null : value)
    const all: Synonym[] = []
    for (const { source, values } of this.#layers) {
      for (const one of names) {
        const value = values.get(one)
        if (value !== undefined) all.push({ name: one, value: shown(value), source })
      }
    }
    for (const one of names) {
      // A listener's own setting has no default but that of the setting behind it.
      if (one.startsWith('listener.name.')) continue
      const value = brokerConfigKey(one)?.default
      if (value !== null && value !== undefined)
        all.push({ name: one, value: shown(value), source: 'DEFAULT_CONFIG' })
    }
    // Kafka leaves out what stands before the setting itself: another unit that was set is no synonym of a name that was not.
    const first = all.findIndex((synonym) => synonym.name === name)
    return first < 0 ? [] : all.slice(first)
  }
}
