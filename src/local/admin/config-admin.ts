/**
 * Stored settings of topics, brokers, groups and client metrics. A change is validated as a whole against what else
 * is set and against the broker's bounds, then appended to the metadata in one piece.
 */
import type {
  ConfigAlteration,
  ConfigEntry,
  ConfigResource,
  ConfigResourceType,
} from '../../client/admin/config-admin.ts'
import { checkBrokerConfigsTogether } from '../../config/broker-config-checks.ts'
import {
  brokerConfigDef,
  brokerConfigKey,
  isDynamicBrokerConfig,
  isSensitive,
  validateBrokerConfigs,
} from '../../config/broker-configs.ts'
import { clientMetricsConfigDef, validateClientMetricsConfigs } from '../../config/client-metrics-configs.ts'
import { type ConfigDef, describedValue } from '../../config/config-def.ts'
import { groupConfigDef, groupConfigSynonym, validateGroupConfigs } from '../../config/group-configs.ts'
import { validateTopicConfigs } from '../../config/topic-configs.ts'
import { KafkaError } from '../../errors.ts'
import { CONFIG_RESOURCE, type MetadataRecord } from '../../message/metadata-records.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import { validateTopicName } from '../../names/topic-names.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { BrokerConfigLayers } from '../settings/broker-config-layers.ts'
import { builtInBrokerProperties } from '../settings/built-in-broker-properties.ts'
import { describedEntry } from '../settings/described-config.ts'
import { withoutRepeats } from '../settings/list-config.ts'
import { describeTopicConfigs, inheritedTopicConfigs } from '../settings/topic-config-resolver.ts'
import { registeredBrokers, remoteStorage } from './topic-admin.ts'

const TYPES = {
  topic: CONFIG_RESOURCE.TOPIC,
  broker: CONFIG_RESOURCE.BROKER,
  'broker-logger': CONFIG_RESOURCE.BROKER_LOGGER,
  group: CONFIG_RESOURCE.GROUP,
  'client-metrics': CONFIG_RESOURCE.CLIENT_METRICS,
} as const

const MAX_VALUE_BYTES = 32767

export class LocalConfigs {
  readonly #directory: LocalDirectory

  constructor(directory: LocalDirectory) {
    this.#directory = directory
  }

  async describeConfigs({ type, name }: ConfigResource): Promise<ConfigEntry[]> {
    const image = this.#directory.image()
    switch (type) {
      case 'topic':
        validateTopicName(name)
        if (image.topic(name) === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
        return describeTopicConfigs(image, this.#directory.serverProperties(), name)
      case 'broker':
        return this.#describeBroker(image, name)
      case 'broker-logger':
        // Loggers belong to a running broker; a directory has none.
        return []
      case 'group':
        return describeOverrides(
          groupConfigDef(),
          image.configs(CONFIG_RESOURCE.GROUP, name),
          'DYNAMIC_GROUP_CONFIG',
          (key) => {
            const layers = this.#layers(image)
            const broker = groupConfigSynonym(key)
            const own = {
              name: key,
              value: groupConfigDef().get(key)?.default ?? null,
              source: 'DEFAULT_CONFIG',
            } as const
            return broker === key ? [own] : layers.synonyms(broker)
          },
        )
      case 'client-metrics':
        return describeOverrides(
          clientMetricsConfigDef(),
          image.configs(CONFIG_RESOURCE.CLIENT_METRICS, name),
          'DYNAMIC_CLIENT_METRICS_CONFIG',
          () => [],
        )
    }
  }

  describeConfigsOf(resources: readonly ConfigResource[]): Promise<ConfigEntry[][]> {
    return Promise.all(resources.map((resource) => this.describeConfigs(resource)))
  }

  async listConfigResources(type: ConfigResourceType): Promise<string[]> {
    return this.#directory.image().configResources(TYPES[type]).sort()
  }

  async incrementalAlterConfigs(
    resource: ConfigResource,
    alterations: readonly ConfigAlteration[],
  ): Promise<void> {
    const names = alterations.map(({ name }) => name)
    if (new Set(names).size < names.length)
      throw new KafkaError('INVALID_REQUEST', 'Error due to duplicate config keys')
    // Once before anything is made: what is wrong leaves no directory behind.
    if (this.#changes(this.#directory.image(), resource, alterations).length === 0) return
    await this.#directory.alter((image) => this.#changes(image, resource, alterations))
  }

  #changes(
    image: MetadataImage,
    { type, name }: ConfigResource,
    alterations: readonly ConfigAlteration[],
  ): MetadataRecord[] {
    const existing = image.configs(TYPES[type], name)
    const sets = withoutRepeats(
      new Map(alterations.filter((one) => one.operation === 'set').map((one) => [one.name, one.value ?? ''])),
    )
    const next = new Map(existing)
    for (const alteration of alterations) {
      if (alteration.operation === 'delete') next.delete(alteration.name)
      else next.set(alteration.name, sets.get(alteration.name) ?? '')
    }
    this.#validate(image, { type, name }, existing, next, sets, alterations)
    for (const value of sets.values()) {
      if (Buffer.byteLength(value) > MAX_VALUE_BYTES) {
        throw new KafkaError(
          'INVALID_CONFIG',
          `The configuration value cannot be added because it exceeds the maximum value size of ${MAX_VALUE_BYTES} bytes.`,
        )
      }
    }
    return alterations
      .filter((one) => existing.get(one.name) !== next.get(one.name))
      .map((one) => ({
        type: 'ConfigRecord',
        resourceType: TYPES[type],
        resourceName: name,
        name: one.name,
        value: next.get(one.name) ?? null,
      }))
  }

  #validate(
    image: MetadataImage,
    { type, name }: ConfigResource,
    existing: ReadonlyMap<string, string>,
    next: ReadonlyMap<string, string>,
    sets: ReadonlyMap<string, string>,
    alterations: readonly ConfigAlteration[],
  ): void {
    const layers = this.#layers(image)
    switch (type) {
      case 'topic':
        if (name === '') throw new KafkaError('INVALID_REQUEST', 'Default topic resources are not allowed.')
        validateTopicName(name)
        if (image.topic(name) === undefined) {
          throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`)
        }
        validateTopicConfigs(next, existing, inheritedTopicConfigs(layers), remoteStorage(layers))
        return
      case 'broker':
        if (name !== '') this.#checkBroker(image, name)
        validateBrokerConfigs(sets, name !== '')
        checkMinInSyncReplicas(image, name, alterations)
        this.#checkTogether(image, layers, { name, values: next })
        return
      case 'group':
        if (name === '') throw new KafkaError('INVALID_REQUEST', 'Default group resources are not allowed.')
        validateGroupConfigs(next, (setting) => layers.value(setting))
        return
      case 'client-metrics':
        if (name === '') throw new KafkaError('INVALID_REQUEST', "Subscription name can't be empty")
        validateClientMetricsConfigs(next)
        return
      case 'broker-logger':
        throw new KafkaError('INVALID_REQUEST', 'Loggers belong to a running broker; a directory has none.')
    }
  }

  #checkTogether(
    image: MetadataImage,
    layers: BrokerConfigLayers,
    changed: { readonly name: string; readonly values: ReadonlyMap<string, string> },
  ): void {
    const after = new BrokerConfigLayers(image, this.#directory.serverProperties(), changed)
    checkBrokerConfigsTogether(
      (setting) => layers.value(setting),
      (setting) => after.value(setting),
    )
  }

  #checkBroker(image: MetadataImage, name: string): void {
    if (!/^-?\d+$/.test(name))
      throw new KafkaError('INVALID_REQUEST', 'Unable to parse broker name as a base 10 number.')
    if (Number(name) < 0) throw new KafkaError('INVALID_REQUEST', 'Invalid negative broker ID.')
    if (!registeredBrokers(image).includes(Number(name))) {
      throw new KafkaError(
        'INVALID_REQUEST',
        `Unexpected broker id, expected ${image.nodeId} or empty string, but received ${name}`,
      )
    }
  }

  /** The settings of this directory's node; what a single node implies stands below server.properties. */
  #layers(image: MetadataImage): BrokerConfigLayers {
    return new BrokerConfigLayers(image, this.#directory.serverProperties())
  }

  #describeBroker(image: MetadataImage, name: string): ConfigEntry[] {
    if (name !== '') this.#checkBroker(image, name)
    const builtIn = builtInBrokerProperties(image, this.#directory.path, this.#directory.logDirs?.paths)
    const layers = new BrokerConfigLayers(image, new Map([...builtIn, ...this.#directory.serverProperties()]))
    const known = name === '' ? [] : brokerConfigDef().keys()
    const set = name === '' ? image.configs(CONFIG_RESOURCE.BROKER, '').keys() : layers.names()
    const names = new Set([...known.map((key) => key.name), ...set])
    return [...names].sort().map((setting) => {
      const key = brokerConfigKey(setting)
      const sensitive = isSensitive(setting)
      const bare = name === '' || key === undefined
      const all = layers.synonyms(setting)
      const synonyms = name === '' ? all.filter((one) => one.source === 'DYNAMIC_DEFAULT_BROKER_CONFIG') : all
      const text =
        name === '' ? (image.config(CONFIG_RESOURCE.BROKER, '', setting) ?? null) : layers.value(setting)
      // What all brokers have stands as it was given: only a broker reads it.
      const shown = text === null || bare ? text : describedValue(key, text)
      return {
        name: setting,
        value: sensitive ? null : shown,
        source: synonyms[0]?.source ?? 'DEFAULT_CONFIG',
        sensitive,
        readOnly: !isDynamicBrokerConfig(setting),
        synonyms,
      }
    })
  }
}

/** While partitions keep eligible leaders, their safety rests on one value for the whole cluster. */
function checkMinInSyncReplicas(
  image: MetadataImage,
  name: string,
  alterations: readonly ConfigAlteration[],
): void {
  const alteration = alterations.find((one) => one.name === 'min.insync.replicas')
  if (!image.elrEnabled || alteration === undefined) return
  if (name !== '') {
    throw new KafkaError(
      'INVALID_CONFIG',
      'Broker-level min.insync.replicas cannot be altered while ELR is enabled.',
    )
  }
  if (alteration.operation === 'delete') {
    throw new KafkaError(
      'INVALID_CONFIG',
      'Cluster-level min.insync.replicas cannot be removed while ELR is enabled.',
    )
  }
}

/** Settings that have overrides and, behind them, what a broker says. */
function describeOverrides(
  def: ConfigDef,
  overrides: ReadonlyMap<string, string>,
  source: ConfigEntry['source'],
  inherited: (name: string) => ConfigEntry['synonyms'],
): ConfigEntry[] {
  const names = new Set([...def.keys().map((key) => key.name), ...overrides.keys()])
  return [...names].sort().map((name) => {
    const behind = inherited(name)
    return describedEntry({
      name,
      key: def.get(name),
      override: overrides.get(name),
      source,
      inherited: behind[0]?.value ?? undefined,
      behind,
    })
  })
}
