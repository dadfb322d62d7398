/** Admin on a cluster: each method is a row that names the part which has it, loaded when it is first asked for. */
import type { Admin } from '../../client/admin/admin.ts'
import { TerseError } from '../../errors.ts'
import type { ClusterClient } from '../cluster-client.ts'

type Method = Exclude<keyof Admin, 'close' | 'clean'>
/** Loads the part that has the method. */
type Rows = { readonly [M in Method]: (client: ClusterClient) => Promise<Pick<Admin, M>> }

/** What works on files: a cluster keeps its own to itself. */
function keptByBrokers(what: string): () => Promise<never> {
  return async () => {
    throw new TerseError(
      `${what} works on the files of a data directory, and a cluster keeps its files to itself; leave the server's address out`,
    )
  }
}

// Each part is loaded when it is first asked for: who lists topics pays for nothing else.

const topics = async (client: ClusterClient) => new (await import('./topic-admin.ts')).ClusterTopics(client)
const configs = async (client: ClusterClient) =>
  new (await import('./config-admin.ts')).ClusterConfigs(client)
const quotas = async (client: ClusterClient) => new (await import('./quota-admin.ts')).ClusterQuotas(client)
const offsets = async (client: ClusterClient) =>
  new (await import('./offset-admin.ts')).ClusterOffsets(client)
const groups = async (client: ClusterClient) => new (await import('./group-admin.ts')).ClusterGroups(client)
const nodes = async (client: ClusterClient) => new (await import('./cluster-admin.ts')).ClusterNodes(client)
const node = async (client: ClusterClient) => new (await import('./node-admin.ts')).ClusterNodeAdmin(client)
const reassignments = async (client: ClusterClient) =>
  new (await import('./reassignment-admin.ts')).ClusterReassignments(client)
const replicas = async (client: ClusterClient) =>
  new (await import('./replica-admin.ts')).ClusterReplicas(client)
const acls = async (client: ClusterClient) => new (await import('./acl-admin.ts')).ClusterAcls(client)
const tokens = async (client: ClusterClient) => new (await import('./token-admin.ts')).ClusterTokens(client)
const transactions = async (client: ClusterClient) =>
  new (await import('./transaction-admin.ts')).ClusterTransactions(client)
const shareGroups = async (client: ClusterClient) =>
  new (await import('./share-group-admin.ts')).ClusterShareGroups(client)
const streamsGroups = async (client: ClusterClient) =>
  new (await import('./streams-group-admin.ts')).ClusterStreamsGroups(client)

const ROWS: Rows = {
  createTopic: topics,
  listTopics: topics,
  topicNames: topics,
  describeTopics: topics,
  describeTopicIds: topics,
  createPartitions: topics,
  deleteTopic: topics,
  describeConfigs: configs,
  describeConfigsOf: configs,
  listConfigResources: configs,
  incrementalAlterConfigs: configs,
  describeClientQuotas: quotas,
  alterClientQuotas: quotas,
  describeUserScramCredentials: quotas,
  alterUserScramCredentials: quotas,
  listOffset: offsets,
  listOffsets: offsets,
  deleteRecords: offsets,
  deleteRecordsOf: offsets,
  listGroups: groups,
  describeConsumerGroup: groups,
  describeConsumerGroups: groups,
  listConsumerGroupOffsets: groups,
  alterConsumerGroupOffsets: groups,
  deleteConsumerGroup: groups,
  deleteConsumerGroupOffsets: groups,
  describeCluster: nodes,
  describeFeatures: nodes,
  describeLogDirs: node,
  describeApiVersions: node,
  updateFeatures: node,
  clusterId: node,
  describeMetadataQuorum: node,
  featuresEpoch: node,
  unregisterBroker: node,
  unregisterController: node,
  addRaftVoter: node,
  removeRaftVoter: node,
  electLeaders: reassignments,
  listPartitionReassignments: reassignments,
  alterPartitionReassignments: reassignments,
  alterReplicaLogDirs: reassignments,
  readReplicas: replicas,
  describeAcls: acls,
  createAcls: acls,
  deleteAcls: acls,
  listShareGroupOffsets: shareGroups,
  describeShareGroup: shareGroups,
  alterShareGroupOffsets: shareGroups,
  deleteShareGroupOffsets: shareGroups,
  deleteShareGroup: shareGroups,
  describeStreamsGroup: streamsGroups,
  deleteStreamsGroup: streamsGroups,
  describeDelegationTokens: tokens,
  createDelegationToken: tokens,
  renewDelegationToken: tokens,
  expireDelegationToken: tokens,
  listTransactions: transactions,
  describeTransaction: transactions,
  describeTransactions: transactions,
  describeProducers: transactions,
  describeProducersOf: transactions,
  abortTransaction: transactions,
  forceTerminateTransaction: transactions,
  check: keptByBrokers('check'),
  repair: keptByBrokers('repair'),
  abortDeadTransactions: keptByBrokers('transactions abort-dead'),
  explainCleaning: keptByBrokers('explain'),
}

/** Kafka's Admin client: every call is tried again until default.api.timeout.ms is over, where that can help. */
export function kafkaAdminClient(client: ClusterClient): Admin {
  const admin: Record<string, unknown> = {
    close: () => client.close(),
    // biome-ignore lint/correctness/useYield: it is the interface that says that this yields
    async *clean() {
      await keptByBrokers('log-cleaner')()
    },
  }
  for (const method of Object.keys(ROWS) as Method[]) {
    admin[method] = async (...args: readonly unknown[]) => {
      const part = (await ROWS[method](client)) as Record<string, (...given: readonly unknown[]) => unknown>
      return part[method](...args)
    }
  }
  return admin as unknown as Admin
}
