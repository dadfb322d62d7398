/** The settings that hold for a topic: its own, then those of the broker's layers. */
import type { ConfigEntry } from '../../client/admin/config-admin.ts'
import { TOPIC_CONFIG_SYNONYMS, topicConfigDef } from '../../config/topic-configs.ts'
import { type LogConfig, logConfigFrom } from '../../log/log-config.ts'
import { CONFIG_RESOURCE } from '../../message/metadata-records.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import { BrokerConfigLayers } from './broker-config-layers.ts'
import { describedEntry } from './described-config.ts'

/**
 * The settings that hold for a topic's logs: topic override, dynamic broker config, dynamic broker default,
 * server.properties, built in. Works from the stored texts; no table is read, since every producer comes by here.
 */
export function resolveTopicConfig(
  image: MetadataImage,
  serverProperties: ReadonlyMap<string, string>,
  topic: string,
): LogConfig {
  const overrides = image.topicConfigs(topic)
  if (serverProperties.size === 0 && !hasBrokerConfigs(image)) return logConfigFrom(overrides)
  const values = inheritedTopicConfigs(new BrokerConfigLayers(image, serverProperties))
  for (const [name, value] of overrides) values.set(name, value)
  return logConfigFrom(values)
}

/** Broker-level values under topic names, as far as they are set somewhere. */
export function inheritedTopicConfigs(layers: BrokerConfigLayers): Map<string, string> {
  const values = new Map<string, string>()
  for (const [topicName, synonyms] of Object.entries(TOPIC_CONFIG_SYNONYMS)) {
    for (const { name, factor } of synonyms) {
      const text = layers.setValue(name)
      if (text === undefined) continue
      const value = inTopicUnits(topicName, text, factor)
      if (value === undefined) continue
      values.set(topicName, value)
      break
    }
  }
  const expiration = layers.setValue('producer.id.expiration.ms')
  if (expiration !== undefined) values.set('producer.id.expiration.ms', expiration)
  return values
}

function hasBrokerConfigs(image: MetadataImage): boolean {
  return image
    .configResources(CONFIG_RESOURCE.BROKER)
    .some((name) => name === '' || name === String(image.nodeId))
}

/** Undefined where a number was wanted and none is there: the next synonym decides. */
function inTopicUnits(topicName: string, text: string, factor: number | undefined): string | undefined {
  if (factor === undefined && topicName !== 'retention.ms') return text
  const number = Number(text)
  if (text.trim() === '' || !Number.isFinite(number)) return undefined
  if (topicName === 'retention.ms' && number < 0) return '-1'
  return factor === undefined ? text : String(number * factor)
}

/** Every setting of a topic as describe shows it, in the order of Kafka's definition. */
export function describeTopicConfigs(
  image: MetadataImage,
  serverProperties: ReadonlyMap<string, string>,
  topic: string,
): ConfigEntry[] {
  const overrides = image.topicConfigs(topic)
  const layers = new BrokerConfigLayers(image, serverProperties)
  const inherited = inheritedTopicConfigs(layers)
  const def = topicConfigDef()
  const names = new Set([...def.keys().map((key) => key.name), ...overrides.keys()])
  return [...names].map((name) => {
    const broker = TOPIC_CONFIG_SYNONYMS[name]?.[0].name
    return describedEntry({
      name,
      key: def.get(name),
      override: overrides.get(name),
      source: 'DYNAMIC_TOPIC_CONFIG',
      inherited: inherited.get(name),
      behind: broker === undefined ? [] : layers.synonyms(broker),
    })
  })
}
