/** Settings of a cluster's topics, brokers, loggers, groups and client metrics. */
import type {
  ConfigAlteration,
  ConfigEntry,
  ConfigResource,
  ConfigResourceType,
  ConfigSource,
} from '../../client/admin/config-admin.ts'
import {
  DESCRIBE_CONFIGS_REQUEST,
  DESCRIBE_CONFIGS_RESPONSE,
  INCREMENTAL_ALTER_CONFIGS_REQUEST,
  INCREMENTAL_ALTER_CONFIGS_RESPONSE,
  LIST_CONFIG_RESOURCES_REQUEST,
  LIST_CONFIG_RESOURCES_RESPONSE,
} from '../../message/generated/requests.ts'
import type { MessageOf } from '../../message/schema.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import { throwErrorOf } from '../connection/protocol-error.ts'

type DescribedConfig = MessageOf<typeof DESCRIBE_CONFIGS_RESPONSE>['results'][number]['configs'][number]

const TYPES: Readonly<Record<ConfigResourceType, number>> = {
  topic: 2,
  broker: 4,
  'broker-logger': 8,
  'client-metrics': 16,
  group: 32,
}

const SOURCES: Readonly<Record<number, ConfigSource>> = {
  1: 'DYNAMIC_TOPIC_CONFIG',
  2: 'DYNAMIC_BROKER_CONFIG',
  3: 'DYNAMIC_DEFAULT_BROKER_CONFIG',
  4: 'STATIC_BROKER_CONFIG',
  5: 'DEFAULT_CONFIG',
  6: 'DYNAMIC_BROKER_LOGGER_CONFIG',
  7: 'DYNAMIC_CLIENT_METRICS_CONFIG',
  8: 'DYNAMIC_GROUP_CONFIG',
}

const SET = 0
const DELETE = 1

export class ClusterConfigs {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  async describeConfigs(resource: ConfigResource): Promise<ConfigEntry[]> {
    const [entries] = await this.describeConfigsOf([resource])
    return entries
  }

  /** One request for all that any broker answers, and one to each broker that is asked about itself. */
  async describeConfigsOf(resources: readonly ConfigResource[]): Promise<ConfigEntry[][]> {
    const found = new Map<ConfigResource, ConfigEntry[]>()
    const byNode = new Map<number | undefined, ConfigResource[]>()
    for (const resource of resources) {
      const node = nodeOf(resource)
      byNode.set(node, [...(byNode.get(node) ?? []), resource])
    }
    await Promise.all(
      [...byNode].map(([node, asked]) =>
        this.#client.retry(async () => {
          const described = await describe(await this.#of(node), asked)
          for (const [i, entries] of described.entries()) found.set(asked[i], entries)
        }),
      ),
    )
    return resources.map((resource) => found.get(resource) ?? [])
  }

  async listConfigResources(type: ConfigResourceType): Promise<string[]> {
    const { configResources } = await this.#client.retry(async () => {
      const broker = await this.#client.anyBroker()
      // The first version of it knew client metrics alone.
      const old = broker.versionOf(LIST_CONFIG_RESOURCES_REQUEST) === 0 && type === 'client-metrics'
      const body = old ? {} : { resourceTypes: [TYPES[type]] }
      const options = old ? {} : { version: 1 }
      return broker.ask(LIST_CONFIG_RESOURCES_REQUEST, LIST_CONFIG_RESOURCES_RESPONSE, body, options)
    })
    return configResources.map(({ resourceName }) => resourceName).sort()
  }

  async incrementalAlterConfigs(
    resource: ConfigResource,
    alterations: readonly ConfigAlteration[],
  ): Promise<void> {
    const body = {
      resources: [
        {
          resourceType: TYPES[resource.type],
          resourceName: resource.name,
          configs: alterations.map(({ name, operation, value }) => ({
            name,
            configOperation: operation === 'set' ? SET : DELETE,
            value: operation === 'set' ? (value ?? '') : null,
          })),
        },
      ],
      validateOnly: false,
    }
    await this.#client.retry(async () => {
      const node = nodeOf(resource)
      const connection = node === undefined ? await this.#client.controller() : await this.#of(node)
      await connection.ask(INCREMENTAL_ALTER_CONFIGS_REQUEST, INCREMENTAL_ALTER_CONFIGS_RESPONSE, body)
    })
  }

  #of(node: number | undefined): Promise<BrokerConnection> {
    return node === undefined ? this.#client.anyBroker() : this.#client.broker(node)
  }
}

/** A broker alone knows its own settings and loggers. */
function nodeOf({ type, name }: ConfigResource): number | undefined {
  const itself = (type === 'broker' || type === 'broker-logger') && /^\d{1,10}$/.test(name)
  return itself ? Number(name) : undefined
}

/** In the order asked. */
async function describe(
  connection: BrokerConnection,
  resources: readonly ConfigResource[],
): Promise<ConfigEntry[][]> {
  const { results } = await connection.askEach(DESCRIBE_CONFIGS_REQUEST, DESCRIBE_CONFIGS_RESPONSE, {
    resources: resources.map(({ type, name }) => ({
      resourceType: TYPES[type],
      resourceName: name,
      configurationKeys: null,
    })),
    includeSynonyms: true,
    includeDocumentation: false,
  })
  const found = new Map<string, ConfigEntry[]>()
  for (const result of results) {
    throwErrorOf(result)
    found.set(`${result.resourceType} ${result.resourceName}`, result.configs.map(entryOf))
  }
  return resources.map(({ type, name }) => found.get(`${TYPES[type]} ${name}`) ?? [])
}

function entryOf({
  name,
  value,
  configSource,
  isSensitive,
  readOnly,
  synonyms,
}: DescribedConfig): ConfigEntry {
  return {
    name,
    value,
    source: SOURCES[configSource] ?? 'DEFAULT_CONFIG',
    sensitive: isSensitive,
    readOnly,
    synonyms: synonyms.map((synonym) => ({
      name: synonym.name,
      value: synonym.value,
      source: SOURCES[synonym.source] ?? 'DEFAULT_CONFIG',
    })),
  }
}
