/**
 * Admin on a data directory: one line for each call says which part does it, and whether it changes anything. A part is
 * a file of this folder; it is loaded at the first call that needs it, so that listing topics pays for nothing else.
 */
import type { Admin } from '../../client/admin/admin.ts'
import type { RepairOptions } from '../../client/admin/check-admin.ts'
import type {
  CleaningOptions,
  CleaningResult,
  ExplainedPartition,
} from '../../client/admin/cleaning-admin.ts'
import type { FeatureUpdate } from '../../client/admin/node-admin.ts'
import type { TopicDescription } from '../../client/admin/topic-admin.ts'
import { TerseError } from '../../errors.ts'
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

/** What a part is made of. */
interface PartContext {
  readonly os: Os
  readonly address: string | undefined
  /** The directory with logs and locks: all but listing and describing topics needs it. */
  directory(): Promise<LocalDirectory>
}

type Part<P> = (context: PartContext) => Promise<P>

const topics = async ({ os, directory }: PartContext) => {
  const { LocalTopics } = await import('./topic-admin.ts')
  return new LocalTopics(os, await directory())
}

const configs = async ({ directory }: PartContext) => {
  const { LocalConfigs } = await import('./config-admin.ts')
  return new LocalConfigs(await directory())
}

const quotas = async ({ os, directory }: PartContext) => {
  const { LocalQuotas } = await import('./quota-admin.ts')
  return new LocalQuotas(os, await directory())
}

const offsets = async ({ directory }: PartContext) => {
  const { LocalOffsets } = await import('./offset-admin.ts')
  return new LocalOffsets(await directory())
}

const groups = async ({ os, directory }: PartContext) => {
  const { LocalGroups } = await import('./group-admin.ts')
  return new LocalGroups(os, await directory())
}

const shareGroups = async ({ directory }: PartContext) => {
  const { LocalShareGroups } = await import('./share-group-admin.ts')
  return new LocalShareGroups(await directory())
}

const streamsGroups = async ({ os, directory }: PartContext) => {
  const { LocalStreamsGroups } = await import('./streams-group-admin.ts')
  return new LocalStreamsGroups(os, await directory())
}

const transactions = async ({ os, directory }: PartContext) => {
  const { LocalTransactions } = await import('./transaction-admin.ts')
  return new LocalTransactions(os, await directory())
}

const cluster = async ({ directory, address }: PartContext) => {
  const { LocalCluster } = await import('./cluster-admin.ts')
  return new LocalCluster(await directory(), address)
}

const node = async ({ os, directory }: PartContext) => {
  const { LocalNode } = await import('./node-admin.ts')
  return new LocalNode(os, await directory())
}

const reassignments = async ({ directory }: PartContext) => {
  const { LocalReassignments } = await import('./reassignment-admin.ts')
  return new LocalReassignments(await directory())
}

const acls = async ({ os, directory }: PartContext) => {
  const { LocalAcls } = await import('./acl-admin.ts')
  return new LocalAcls(os, await directory())
}

const tokens = async ({ directory }: PartContext) => {
  const { LocalTokens } = await import('./token-admin.ts')
  return new LocalTokens(await directory())
}

const check = async ({ os, directory }: PartContext) => {
  const { LocalCheck } = await import('../check/check.ts')
  return new LocalCheck(os, await directory())
}

const repair = async ({ os, directory }: PartContext) => {
  const { LocalRepair } = await import('../repair/repair.ts')
  return new LocalRepair(os, await directory())
}

export class LocalAdmin implements Admin {
  readonly #context: PartContext
  readonly #warn: LocalAdminOptions['warn']
  #directory: DirectoryReader
  #wholeDirectory: Promise<LocalDirectory> | undefined
  #changed = false

  constructor(os: Os, directory: DirectoryReader, { warn, address }: LocalAdminOptions = {}) {
    this.#directory = directory
    this.#warn = warn
    this.#context = { os, address, directory: () => this.#whole() }
  }

  // Topics

  readonly createTopic = this.#change(topics, 'createTopic')
  readonly createPartitions = this.#change(topics, 'createPartitions')
  readonly deleteTopic = this.#change(topics, 'deleteTopic')

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

  // Settings

  readonly describeConfigs = this.#read(configs, 'describeConfigs')
  readonly describeConfigsOf = this.#read(configs, 'describeConfigsOf')
  readonly listConfigResources = this.#read(configs, 'listConfigResources')
  readonly incrementalAlterConfigs = this.#change(configs, 'incrementalAlterConfigs')
  readonly describeClientQuotas = this.#read(quotas, 'describeClientQuotas')
  readonly alterClientQuotas = this.#change(quotas, 'alterClientQuotas')
  readonly describeUserScramCredentials = this.#read(quotas, 'describeUserScramCredentials')
  readonly alterUserScramCredentials = this.#change(quotas, 'alterUserScramCredentials')

  // Offsets and groups

  readonly listOffset = this.#read(offsets, 'listOffset')
  readonly listOffsets = this.#read(offsets, 'listOffsets')
  readonly deleteRecords = this.#change(offsets, 'deleteRecords')
  readonly deleteRecordsOf = this.#change(offsets, 'deleteRecordsOf')
  readonly listGroups = this.#read(groups, 'listGroups')
  readonly describeConsumerGroup = this.#read(groups, 'describeConsumerGroup')
  readonly describeConsumerGroups = this.#read(groups, 'describeConsumerGroups')
  readonly listConsumerGroupOffsets = this.#read(groups, 'listConsumerGroupOffsets')
  readonly alterConsumerGroupOffsets = this.#change(groups, 'alterConsumerGroupOffsets')
  readonly deleteConsumerGroup = this.#change(groups, 'deleteConsumerGroup')
  readonly deleteConsumerGroupOffsets = this.#change(groups, 'deleteConsumerGroupOffsets')
  readonly listShareGroupOffsets = this.#read(shareGroups, 'listShareGroupOffsets')
  readonly describeShareGroup = this.#read(shareGroups, 'describeShareGroup')
  readonly alterShareGroupOffsets = this.#read(shareGroups, 'alterShareGroupOffsets')
  readonly deleteShareGroupOffsets = this.#read(shareGroups, 'deleteShareGroupOffsets')
  readonly deleteShareGroup = this.#read(shareGroups, 'deleteShareGroup')
  readonly describeStreamsGroup = this.#read(streamsGroups, 'describeStreamsGroup')
  readonly deleteStreamsGroup = this.#change(streamsGroups, 'deleteStreamsGroup')

  // Transactions

  readonly listTransactions = this.#read(transactions, 'listTransactions')
  readonly describeTransaction = this.#read(transactions, 'describeTransaction')
  readonly describeTransactions = this.#read(transactions, 'describeTransactions')
  readonly describeProducers = this.#read(transactions, 'describeProducers')
  readonly describeProducersOf = this.#read(transactions, 'describeProducersOf')
  readonly abortTransaction = this.#change(transactions, 'abortTransaction')
  readonly forceTerminateTransaction = this.#change(transactions, 'forceTerminateTransaction')

  async abortDeadTransactions(options: { readonly dryRun: boolean }) {
    if (!options.dryRun) this.#changed = true
    return (await transactions(this.#context)).abortDeadTransactions(options)
  }

  // Cluster (unregisterBroker only says why it cannot)

  readonly describeCluster = this.#read(cluster, 'describeCluster')
  readonly describeFeatures = this.#read(cluster, 'describeFeatures')
  readonly describeLogDirs = this.#read(node, 'describeLogDirs')
  readonly clusterId = this.#read(node, 'clusterId')
  readonly describeMetadataQuorum = this.#read(node, 'describeMetadataQuorum')
  readonly featuresEpoch = this.#read(node, 'featuresEpoch')
  readonly unregisterBroker = this.#read(node, 'unregisterBroker')
  readonly unregisterController = this.#read(node, 'unregisterController')
  readonly addRaftVoter = this.#read(node, 'addRaftVoter')
  readonly removeRaftVoter = this.#read(node, 'removeRaftVoter')
  readonly describeApiVersions = this.#read(node, 'describeApiVersions')
  readonly electLeaders = this.#read(reassignments, 'electLeaders')
  readonly listPartitionReassignments = this.#read(reassignments, 'listPartitionReassignments')
  readonly alterPartitionReassignments = this.#read(reassignments, 'alterPartitionReassignments')
  readonly alterReplicaLogDirs = this.#read(reassignments, 'alterReplicaLogDirs')

  async updateFeatures(updates: readonly FeatureUpdate[], validateOnly: boolean): Promise<void> {
    if (!validateOnly) this.#changed = true
    await (await node(this.#context)).updateFeatures(updates, validateOnly)
  }

  /** A directory has one replica of everything. */
  async readReplicas(): Promise<never> {
    throw new TerseError(
      'the replicas of a data directory cannot be compared: there is one of each partition',
    )
  }

  // Access

  readonly describeAcls = this.#read(acls, 'describeAcls')
  readonly createAcls = this.#change(acls, 'createAcls')
  readonly deleteAcls = this.#change(acls, 'deleteAcls')
  readonly describeDelegationTokens = this.#read(tokens, 'describeDelegationTokens')
  readonly createDelegationToken = this.#read(tokens, 'createDelegationToken')
  readonly renewDelegationToken = this.#read(tokens, 'renewDelegationToken')
  readonly expireDelegationToken = this.#read(tokens, 'expireDelegationToken')

  // Checking, mending, cleaning

  readonly check = this.#read(check, 'check')

  async repair(options: RepairOptions): Promise<void> {
    if (!options.dryRun) this.#changed = true
    await (await repair(this.#context)).repair(options)
  }

  async *clean(options: CleaningOptions = {}): AsyncGenerator<CleaningResult> {
    if (options.dryRun !== true) this.#changed = true
    const { LocalCleaning } = await import('../cleaning/cleaning-run.ts')
    yield* new LocalCleaning(this.#context.os, await this.#whole()).clean(options)
  }

  async explainCleaning(
    topic: string,
    failed?: (partition: number, error: unknown) => void,
  ): Promise<ExplainedPartition[]> {
    const { explainCleaning } = await import('../cleaning/explain/explain.ts')
    return explainCleaning(this.#context.os, await this.#whole(), topic, failed)
  }

  /** Says that a broker runs here, when all that was done was reading; a change would have been refused. */
  async close(): Promise<void> {
    const broker = this.#changed ? undefined : this.#directory.broker()
    if (broker !== undefined) {
      this.#warn?.(
        `${this.#directory.path}: a broker (pid ${broker.pid}) runs on this directory; what was read may be a moment old`,
      )
    }
    await this.#directory.close()
  }

  #whole(): Promise<LocalDirectory> {
    this.#wholeDirectory ??= import('../directory/local-directory.ts').then(({ LocalDirectory }) => {
      const whole = LocalDirectory.of(this.#directory)
      this.#directory = whole
      return whole
    })
    return this.#wholeDirectory
  }

  /** A method of a part that changes nothing. */
  #read<P, M extends AsyncMethod<P>>(part: Part<P>, method: M): P[M] {
    return forward(() => part(this.#context), method)
  }

  #change<P, M extends AsyncMethod<P>>(part: Part<P>, method: M): P[M] {
    return forward(() => {
      this.#changed = true
      return part(this.#context)
    }, method)
  }
}

type Async = (...args: never[]) => Promise<unknown>
type AsyncMethod<P> = { [M in keyof P]: P[M] extends Async ? M : never }[keyof P]

/** Calls the part's method of that name with what it is called with; the part is made anew for each call. */
function forward<P, M extends AsyncMethod<P>>(part: () => Promise<P>, method: M): P[M] {
  const call = async (...args: never[]) => {
    const made = await part()
    return (made[method] as Async).apply(made, args)
  }
  // AsyncMethod says that it is a method that returns a promise, which the compiler does not follow through P[M].
  return call as P[M]
}
