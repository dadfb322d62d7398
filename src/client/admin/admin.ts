import type { AclAdmin } from './acl-admin.ts'
import type { CheckAdmin } from './check-admin.ts'
import type { CleaningAdmin } from './cleaning-admin.ts'
import type { NodeAdmin } from './node-admin.ts'
import type { ShareGroupAdmin } from './share-group-admin.ts'
import type { StreamsGroupAdmin } from './streams-group-admin.ts'
import type { TokenAdmin } from './token-admin.ts'
import type { TransactionAdmin } from './transaction-admin.ts'
import type { IsolationLevel, OffsetAndMetadata, OffsetSpec, TopicPartition } from '../types.ts'

/**
 * Administration, under the names of Kafka's Admin client. Errors are KafkaErrors with Kafka's own texts, so that a
 * tool prints what the genuine tool prints. Grouped by what it is about; each group has its own interface.
 */
export interface Admin
  extends TopicAdmin,
    ConfigAdmin,
    OffsetAdmin,
    GroupAdmin,
    ClusterAdmin,
    AclAdmin,
    NodeAdmin,
    ShareGroupAdmin,
    StreamsGroupAdmin,
    TokenAdmin,
    TransactionAdmin,
    CheckAdmin,
    CleaningAdmin {
  close(): Promise<void>
}

export interface NewTopic {
  readonly name: string
  /** undefined: the broker's num.partitions. */
  readonly partitions?: number
  readonly replicationFactor?: number
  /** Broker ids per partition. */
  readonly replicaAssignment?: ReadonlyMap<number, readonly number[]>
  readonly configs?: Readonly<Record<string, string>>
}

export interface TopicDescription {
  readonly name: string
  readonly topicId: string
  readonly internal: boolean
  readonly partitions: readonly PartitionDescription[]
}

export interface PartitionDescription {
  readonly partition: number
  /** undefined: none. A partition at rest shows its replica as leader and in sync, as a running broker would. */
  readonly leader: number | undefined
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly eligibleLeaderReplicas: readonly number[]
  readonly lastKnownElr: readonly number[]
}

export interface TopicAdmin {
  createTopic(topic: NewTopic): Promise<TopicDescription>
  /** Sorted by name. */
  listTopics(): Promise<{ name: string; topicId: string; internal: boolean }[]>
  /** Names of all topics, sorted; with `only`, that one if it is there. Quicker than `listTopics` where there are many. */
  topicNames(only?: string): Promise<string[]>
  describeTopics(names: readonly string[]): Promise<TopicDescription[]>
  describeTopicIds(ids: readonly string[]): Promise<TopicDescription[]>
  createPartitions(
    topic: string,
    totalCount: number,
    assignments?: readonly (readonly number[])[],
  ): Promise<void>
  deleteTopic(name: string): Promise<void>
}

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

export interface ListedOffset {
  /** undefined: no record answers (later than every timestamp; max-timestamp of an empty partition). */
  readonly offset: number | undefined
  readonly timestamp: number
  /** Only where no number holds the timestamp (beyond 2^53): all of it. */
  readonly exactTimestamp?: bigint
  readonly leaderEpoch: number
  /** The log's end is damaged: file, position and what is missing; `offset` is where it ended as far as is known. */
  readonly damage?: string
}

export interface OffsetAdmin {
  listOffset(partition: TopicPartition, spec: OffsetSpec, isolation?: IsolationLevel): Promise<ListedOffset>
  /** Moves the log start offset up; -1 is the end. Returns the new low watermark. */
  deleteRecords(partition: TopicPartition, beforeOffset: number): Promise<number>
}

export type GroupState =
  | 'Stable'
  | 'Empty'
  | 'Dead'
  | 'PreparingRebalance'
  | 'CompletingRebalance'
  | 'Assigning'
  | 'Reconciling'

export interface GroupListing {
  readonly groupId: string
  readonly type: 'Classic' | 'Consumer' | 'Share' | 'Streams'
  readonly protocol: string
  readonly state: GroupState
}

export interface MemberDescription {
  readonly memberId: string
  readonly groupInstanceId: string | undefined
  readonly clientId: string
  /** As Kafka prints it: `/127.0.0.1`. */
  readonly host: string
  readonly assignment: readonly TopicPartition[]
}

export interface GroupDescription {
  readonly groupId: string
  readonly type: GroupListing['type']
  readonly state: GroupState
  readonly partitionAssignor: string
  readonly members: readonly MemberDescription[]
}

export interface GroupAdmin {
  /** Sorted by id. */
  listGroups(): Promise<GroupListing[]>
  /** Throws GROUP_ID_NOT_FOUND `Group x not found.` */
  describeConsumerGroup(groupId: string): Promise<GroupDescription>
  listConsumerGroupOffsets(
    groupId: string,
  ): Promise<Map<string, { partition: TopicPartition; offset: OffsetAndMetadata }>>
  /** Throws UNKNOWN_MEMBER_ID / NON_EMPTY_GROUP while the group has members. */
  alterConsumerGroupOffsets(
    groupId: string,
    offsets: readonly { partition: TopicPartition; offset: OffsetAndMetadata }[],
  ): Promise<void>
  deleteConsumerGroup(groupId: string): Promise<void>
  /** One answer a partition. */
  deleteConsumerGroupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<{ partition: TopicPartition; error?: Error }[]>
}

export interface BrokerDescription {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | undefined
}

export interface ClusterAdmin {
  describeCluster(): Promise<{ clusterId: string; controller: number; brokers: BrokerDescription[] }>
  describeFeatures(): Promise<Map<string, { finalized: number; min: number; max: number }>>
}
