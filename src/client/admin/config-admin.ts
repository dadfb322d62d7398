/** The part of Admin that reads and changes settings, client quotas and SCRAM credentials. */
export type ConfigResourceType = 'topic' | 'broker' | 'broker-logger' | 'group' | 'client-metrics'
export interface ConfigResource {
  readonly type: ConfigResourceType
  /** '' is the cluster-wide default of brokers. */
  readonly name: string
}

export type ConfigSource =
  | 'DYNAMIC_TOPIC_CONFIG'
  | 'DYNAMIC_BROKER_CONFIG'
  | 'DYNAMIC_DEFAULT_BROKER_CONFIG'
  | 'DYNAMIC_GROUP_CONFIG'
  | 'DYNAMIC_CLIENT_METRICS_CONFIG'
  | 'DYNAMIC_BROKER_LOGGER_CONFIG'
  | 'STATIC_BROKER_CONFIG'
  | 'DEFAULT_CONFIG'
export interface ConfigEntry {
  readonly name: string
  readonly value: string | null
  readonly source: ConfigSource
  readonly sensitive: boolean
  readonly readOnly: boolean
  readonly synonyms: readonly { name: string; value: string | null; source: ConfigSource }[]
}

export interface ConfigAlteration {
  readonly name: string
  readonly operation: 'set' | 'delete'
  readonly value?: string
}

/** Entity parts of a quota: type user, client-id or ip; name null is the default entity. */
export type QuotaEntity = readonly {
  readonly type: 'user' | 'client-id' | 'ip'
  readonly name: string | null
}[]

export interface ScramCredentialInfo {
  readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly iterations: number
}

export interface ConfigAdmin {
  /** Every entry, in Kafka's order, defaults included. */
  describeConfigs(resource: ConfigResource): Promise<ConfigEntry[]>
  /** The same of several at once, in the order asked. */
  describeConfigsOf(resources: readonly ConfigResource[]): Promise<ConfigEntry[][]>
  /** Names of resources that have settings of their own. */
  listConfigResources(type: ConfigResourceType): Promise<string[]>
  /** Validated whole before anything is stored. */
  incrementalAlterConfigs(resource: ConfigResource, alterations: readonly ConfigAlteration[]): Promise<void>
  describeClientQuotas(): Promise<{ entity: QuotaEntity; values: ReadonlyMap<string, number> }[]>
  alterClientQuotas(entity: QuotaEntity, values: ReadonlyMap<string, number | null>): Promise<void>
  describeUserScramCredentials(users?: readonly string[]): Promise<Map<string, ScramCredentialInfo[]>>
  alterUserScramCredentials(
    user: string,
    upsertions: readonly {
      mechanism: ScramCredentialInfo['mechanism']
      iterations: number
      password: string
    }[],
    deletions: readonly ScramCredentialInfo['mechanism'][],
  ): Promise<void>
}
