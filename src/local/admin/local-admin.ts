/** Admin on a data directory: hands each call on to the part that it belongs to. */
import type { AclBinding, AclBindingFilter } from '../../client/admin/acl.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { CheckOptions, CheckSummary, RepairOptions } from '../../client/admin/check-admin.ts'
import type {
  CleaningOptions,
  CleaningResult,
  ExplainedPartition,
} from '../../client/admin/cleaning-admin.ts'
import type { BrokerDescription } from '../../client/admin/cluster-admin.ts'
import type {
  ConfigAlteration,
  ConfigEntry,
  ConfigResource,
  ConfigResourceType,
  QuotaEntity,
  ScramCredentialInfo,
} from '../../client/admin/config-admin.ts'
import type { GroupDescription, GroupListing } from '../../client/admin/group-admin.ts'
import type { FeatureUpdate, LogDirDescription, QuorumInfo } from '../../client/admin/node-admin.ts'
import type { ListedOffset } from '../../client/admin/offset-admin.ts'
import type { ShareGroupDescription, ShareGroupOffset } from '../../client/admin/share-group-admin.ts'
import type { StreamsGroupDescription } from '../../client/admin/streams-group-admin.ts'
import type { DelegationToken } from '../../client/admin/token-admin.ts'
import type { NewTopic, TopicDescription } from '../../client/admin/topic-admin.ts'
import type {
  AbortTransactionSpec,
  ProducerState,
  TransactionDescription,
} from '../../client/admin/transaction-admin.ts'
import type { IsolationLevel, OffsetAndMetadata, OffsetSpec } from '../../client/types.ts'
import { OFFSETS_TOPIC } from '../../names/topic-names.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { Os } from '../../os/os.ts'
import type { DirectoryReader } from '../directory/directory-reader.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { TopicReader } from './topic-reader.ts'

export interface LocalAdminOptions {
  /** One line for a person. */
  readonly warn?: (line: string) => void
  /** `host:port` that was declared to be this directory: where a table names its node, it is this. */
  readonly address?: string
}

/** Each part but topics is loaded when it is first asked for, so that listing topics pays for nothing else. */
export class LocalAdmin implements Admin {
  readonly #os: Os
  #directory: DirectoryReader
  #wholeDirectory: Promise<LocalDirectory> | undefined
  readonly #options: LocalAdminOptions
  #changed = false

  constructor(os: Os, directory: DirectoryReader, options: LocalAdminOptions = {}) {
    this.#os = os
    this.#directory = directory
    this.#options = options
  }

  /** Says that a broker runs here, when all that was done was reading; a change would have been refused. */
  async close(): Promise<void> {
    const broker = this.#changed ? undefined : this.#directory.broker()
    if (broker !== undefined) {
      this.#options.warn?.(
        `${this.#directory.path}: a broker (pid ${broker.pid}) runs on this directory; what was read may be a moment old`,
      )
    }
    await this.#directory.close()
  }

  // Topics

  async createTopic(topic: NewTopic): Promise<TopicDescription> {
    this.#changed = true
    return (await this.#topics()).createTopic(topic)
  }

  listTopics(): Promise<{ name: string; topicId: string; internal: boolean }[]> {
    return new TopicReader(this.#directory).listTopics()
  }

  topicNames(only?: string): Promise<string[]> {
    return new TopicReader(this.#directory).topicNames(only)
  }

  describeTopics(names: readonly string[]): Promise<TopicDescription[]> {
    return new TopicReader(this.#directory).describeTopics(names)
  }

  describeTopicIds(ids: readonly string[]): Promise<TopicDescription[]> {
    return new TopicReader(this.#directory).describeTopicIds(ids)
  }

  async createPartitions(
    topic: string,
    totalCount: number,
    assignments?: readonly (readonly number[])[],
  ): Promise<void> {
    this.#changed = true
    return (await this.#topics()).createPartitions(topic, totalCount, assignments)
  }

  async deleteTopic(name: string): Promise<void> {
    this.#changed = true
    await (await this.#topics()).deleteTopic(name)
    // As a broker does: what groups committed for the topic goes with it.
    if (this.#directory.image().topic(OFFSETS_TOPIC) === undefined) return
    const { OffsetStore } = await import('../../group/offsets/offset-store.ts')
    await new OffsetStore(this.#os, await this.#whole()).forgetTopics([name])
  }

  // Settings

  async describeConfigs(resource: ConfigResource): Promise<ConfigEntry[]> {
    return (await this.#configs()).describeConfigs(resource)
  }

  async listConfigResources(type: ConfigResourceType): Promise<string[]> {
    return (await this.#configs()).listConfigResources(type)
  }

  async incrementalAlterConfigs(
    resource: ConfigResource,
    alterations: readonly ConfigAlteration[],
  ): Promise<void> {
    this.#changed = true
    await (await this.#configs()).incrementalAlterConfigs(resource, alterations)
  }

  async describeClientQuotas(): Promise<{ entity: QuotaEntity; values: ReadonlyMap<string, number> }[]> {
    return (await this.#quotas()).describeClientQuotas()
  }

  async alterClientQuotas(entity: QuotaEntity, values: ReadonlyMap<string, number | null>): Promise<void> {
    this.#changed = true
    await (await this.#quotas()).alterClientQuotas(entity, values)
  }

  async describeUserScramCredentials(users?: readonly string[]): Promise<Map<string, ScramCredentialInfo[]>> {
    return (await this.#quotas()).describeUserScramCredentials(users)
  }

  async alterUserScramCredentials(
    user: string,
    upsertions: readonly {
      mechanism: ScramCredentialInfo['mechanism']
      iterations: number
      password: string
    }[],
    deletions: readonly ScramCredentialInfo['mechanism'][],
  ): Promise<void> {
    this.#changed = true
    await (await this.#quotas()).alterUserScramCredentials(user, upsertions, deletions)
  }

  // Offsets

  async listOffset(
    partition: TopicPartition,
    spec: OffsetSpec,
    isolation?: IsolationLevel,
  ): Promise<ListedOffset> {
    return (await this.#offsets()).listOffset(partition, spec, isolation)
  }

  async deleteRecords(partition: TopicPartition, beforeOffset: number): Promise<number> {
    this.#changed = true
    return (await this.#offsets()).deleteRecords(partition, beforeOffset)
  }

  // Groups

  async listGroups(): Promise<GroupListing[]> {
    return (await this.#groups()).listGroups()
  }

  async describeConsumerGroup(groupId: string): Promise<GroupDescription> {
    return (await this.#groups()).describeConsumerGroup(groupId)
  }

  async listConsumerGroupOffsets(
    groupId: string,
  ): Promise<Map<string, { partition: TopicPartition; offset: OffsetAndMetadata }>> {
    return (await this.#groups()).listConsumerGroupOffsets(groupId)
  }

  async alterConsumerGroupOffsets(
    groupId: string,
    offsets: readonly { partition: TopicPartition; offset: OffsetAndMetadata }[],
  ): Promise<void> {
    this.#changed = true
    await (await this.#groups()).alterConsumerGroupOffsets(groupId, offsets)
  }

  async deleteConsumerGroup(groupId: string): Promise<void> {
    this.#changed = true
    await (await this.#groups()).deleteConsumerGroup(groupId)
  }

  async deleteConsumerGroupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<{ partition: TopicPartition; error?: Error }[]> {
    this.#changed = true
    return (await this.#groups()).deleteConsumerGroupOffsets(groupId, partitions)
  }

  // Cluster

  async describeCluster(): Promise<{ clusterId: string; controller: number; brokers: BrokerDescription[] }> {
    return (await this.#cluster()).describeCluster(this.#options.address)
  }

  async describeFeatures(): Promise<Map<string, { finalized: number; min: number; max: number }>> {
    return (await this.#cluster()).describeFeatures()
  }

  async describeLogDirs(): Promise<LogDirDescription[]> {
    return (await this.#node()).describeLogDirs()
  }

  async updateFeatures(updates: readonly FeatureUpdate[], validateOnly: boolean): Promise<void> {
    this.#changed = !validateOnly
    await (await this.#node()).updateFeatures(updates, validateOnly)
  }

  async clusterId(): Promise<string> {
    return (await this.#node()).clusterId()
  }

  async describeMetadataQuorum(): Promise<QuorumInfo> {
    return (await this.#node()).describeMetadataQuorum()
  }

  async featuresEpoch(): Promise<number> {
    return (await this.#node()).featuresEpoch()
  }

  async unregisterBroker(id: number): Promise<void> {
    await (await this.#node()).unregisterBroker(id)
  }

  // Access control

  async describeAcls(filter: AclBindingFilter): Promise<AclBinding[]> {
    return (await this.#acls()).describeAcls(filter)
  }

  async createAcls(acls: readonly AclBinding[]): Promise<void> {
    this.#changed = true
    await (await this.#acls()).createAcls(acls)
  }

  async deleteAcls(filters: readonly AclBindingFilter[]): Promise<AclBinding[]> {
    this.#changed = true
    return (await this.#acls()).deleteAcls(filters)
  }

  async listShareGroupOffsets(groupId: string): Promise<ShareGroupOffset[]> {
    return (await this.#shareGroups()).listShareGroupOffsets(groupId)
  }

  async describeShareGroup(groupId: string): Promise<ShareGroupDescription> {
    return (await this.#shareGroups()).describeShareGroup(groupId)
  }

  async #shareGroups() {
    const { LocalShareGroups } = await import('./share-group-admin.ts')
    return new LocalShareGroups(await this.#whole())
  }

  async describeStreamsGroup(groupId: string): Promise<StreamsGroupDescription> {
    return (await this.#streamsGroups()).describeStreamsGroup(groupId)
  }

  async deleteStreamsGroup(groupId: string): Promise<void> {
    this.#changed = true
    await (await this.#streamsGroups()).deleteStreamsGroup(groupId)
  }

  async #streamsGroups() {
    const { LocalStreamsGroups } = await import('./streams-group-admin.ts')
    return new LocalStreamsGroups(this.#os, await this.#whole())
  }

  async describeDelegationTokens(): Promise<DelegationToken[]> {
    const { LocalTokens } = await import('./token-admin.ts')
    return new LocalTokens(await this.#whole()).describeDelegationTokens()
  }

  // Transactions

  async listTransactions(): Promise<TransactionDescription[]> {
    return (await this.#transactions()).listTransactions()
  }

  async describeTransaction(transactionalId: string): Promise<TransactionDescription> {
    return (await this.#transactions()).describeTransaction(transactionalId)
  }

  async describeProducers(partition: TopicPartition): Promise<ProducerState[]> {
    return (await this.#transactions()).describeProducers(partition)
  }

  async abortTransaction(spec: AbortTransactionSpec): Promise<void> {
    this.#changed = true
    await (await this.#transactions()).abortTransaction(spec)
  }

  async forceTerminateTransaction(transactionalId: string): Promise<void> {
    this.#changed = true
    await (await this.#transactions()).forceTerminateTransaction(transactionalId)
  }

  async #transactions() {
    const { LocalTransactions } = await import('./transaction-admin.ts')
    return new LocalTransactions(this.#os, await this.#whole())
  }

  // Checking and mending

  async check(options: CheckOptions): Promise<CheckSummary> {
    const { LocalCheck } = await import('../check/check.ts')
    return new LocalCheck(this.#os, await this.#whole()).check(options)
  }

  async repair(options: RepairOptions): Promise<void> {
    this.#changed = !options.dryRun
    const { LocalRepair } = await import('../repair/repair.ts')
    await new LocalRepair(this.#os, await this.#whole()).repair(options)
  }

  // Cleaning

  async *clean(options: CleaningOptions = {}): AsyncGenerator<CleaningResult> {
    this.#changed = options.dryRun !== true
    const { LocalCleaning } = await import('../cleaning/cleaning-run.ts')
    yield* new LocalCleaning(this.#os, await this.#whole()).clean(options)
  }

  async explainCleaning(
    topic: string,
    failed?: (partition: number, error: unknown) => void,
  ): Promise<ExplainedPartition[]> {
    const { explainCleaning } = await import('../cleaning/explain/explain.ts')
    return explainCleaning(this.#os, await this.#whole(), topic, failed)
  }

  /** With logs and locks: for all but listing and describing topics. */
  #whole(): Promise<LocalDirectory> {
    this.#wholeDirectory ??= import('../directory/local-directory.ts').then(({ LocalDirectory }) => {
      const whole = LocalDirectory.of(this.#directory)
      this.#directory = whole
      return whole
    })
    return this.#wholeDirectory
  }

  async #topics() {
    const { LocalTopics } = await import('./topic-admin.ts')
    return new LocalTopics(this.#os, await this.#whole())
  }

  async #configs() {
    const { LocalConfigs } = await import('./config-admin.ts')
    return new LocalConfigs(await this.#whole())
  }

  async #quotas() {
    const { LocalQuotas } = await import('./quota-admin.ts')
    return new LocalQuotas(this.#os, await this.#whole())
  }

  async #offsets() {
    const { LocalOffsets } = await import('./offset-admin.ts')
    return new LocalOffsets(await this.#whole())
  }

  async #groups() {
    const { LocalGroups } = await import('./group-admin.ts')
    return new LocalGroups(this.#os, await this.#whole())
  }

  async #node() {
    const { LocalNode } = await import('./node-admin.ts')
    return new LocalNode(this.#os, await this.#whole())
  }

  async #acls() {
    const { LocalAcls } = await import('./acl-admin.ts')
    return new LocalAcls(this.#os, await this.#whole())
  }

  async #cluster() {
    const { LocalCluster } = await import('./cluster-admin.ts')
    return new LocalCluster(await this.#whole())
  }
}
