/** What a cluster's nodes are: their log directories, versions, feature levels and the metadata quorum. */
import type {
  FeatureUpdate,
  LogDirDescription,
  NodeAdmin,
  NodeApiVersions,
  QuorumInfo,
  QuorumReplica,
  RaftVoterEndpoint,
} from '../../client/admin/node-admin.ts'
import { KafkaError } from '../../errors.ts'
import {
  ADD_RAFT_VOTER_REQUEST,
  ADD_RAFT_VOTER_RESPONSE,
  DESCRIBE_LOG_DIRS_REQUEST,
  DESCRIBE_LOG_DIRS_RESPONSE,
  DESCRIBE_QUORUM_REQUEST,
  DESCRIBE_QUORUM_RESPONSE,
  REMOVE_RAFT_VOTER_REQUEST,
  REMOVE_RAFT_VOTER_RESPONSE,
  UNREGISTER_BROKER_REQUEST,
  UNREGISTER_BROKER_RESPONSE,
  UNREGISTER_CONTROLLER_REQUEST,
  UNREGISTER_CONTROLLER_RESPONSE,
  UPDATE_FEATURES_REQUEST,
  UPDATE_FEATURES_RESPONSE,
} from '../../message/generated/requests.ts'
import { ZERO_UUID } from '../../message/uuid.ts'
import { METADATA_TOPIC } from '../../names/topic-names.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { kafkaErrorOf } from '../connection/protocol-error.ts'

const UPGRADE_TYPES = { UPGRADE: 1, SAFE_DOWNGRADE: 2, UNSAFE_DOWNGRADE: 3 } as const

export class ClusterNodeAdmin implements NodeAdmin {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  /** In the order of `brokers`. */
  async describeLogDirs(brokers?: readonly number[]): Promise<LogDirDescription[]> {
    const ids = brokers ?? [...(await this.#client.retry(() => this.#client.brokers())).keys()]
    const described = await Promise.all(
      ids.map((id) =>
        this.#client.retry(async () => {
          const broker = await this.#client.broker(id)
          return broker.askEach(DESCRIBE_LOG_DIRS_REQUEST, DESCRIBE_LOG_DIRS_RESPONSE, { topics: null })
        }),
      ),
    )
    return described.flatMap(({ results }, i) =>
      results.map(({ logDir, errorCode, topics }) => ({
        broker: ids[i],
        logDir,
        error: errorCode === 0 ? undefined : kafkaErrorOf(errorCode),
        replicas: topics.flatMap(({ name: topic, partitions }) =>
          partitions.map(({ partitionIndex, partitionSize, offsetLag, isFutureKey }) => ({
            topic,
            partition: partitionIndex,
            size: partitionSize,
            offsetLag,
            isFuture: isFutureKey,
          })),
        ),
      })),
    )
  }

  /** Of every broker. */
  async describeApiVersions(): Promise<NodeApiVersions[]> {
    const nodes = await this.#client.retry(() => this.#client.brokers())
    return Promise.all(
      [...nodes.values()]
        .sort((a, b) => a.id - b.id)
        .map(async (node) => {
          const { apiVersions } = await this.#client.retry(() => this.#client.broker(node.id))
          const apis = apiVersions.apiKeys.map(({ apiKey, minVersion, maxVersion }) => ({
            key: apiKey,
            min: minVersion,
            max: maxVersion,
          }))
          return { node, apis }
        }),
    )
  }

  async updateFeatures(updates: readonly FeatureUpdate[], validateOnly: boolean): Promise<void> {
    const body = {
      timeoutMs: this.#client.settings.requestTimeoutMs,
      featureUpdates: updates.map(({ feature, level, upgradeType }) => ({
        feature,
        maxVersionLevel: level,
        upgradeType: UPGRADE_TYPES[upgradeType],
      })),
      validateOnly,
    }
    await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      await controller.ask(UPDATE_FEATURES_REQUEST, UPDATE_FEATURES_RESPONSE, body)
    })
  }

  async featuresEpoch(): Promise<number> {
    const { apiVersions } = await this.#client.retry(() => this.#client.anyBroker())
    return apiVersions.finalizedFeaturesEpoch
  }

  async clusterId(): Promise<string> {
    return (await this.#client.retry(() => this.#client.describeNodes())).clusterId
  }

  async describeMetadataQuorum(): Promise<QuorumInfo> {
    const clusterId = await this.clusterId()
    return this.#client.retry(async () => {
      const connection = await this.#client.controller()
      const answer = await connection.ask(DESCRIBE_QUORUM_REQUEST, DESCRIBE_QUORUM_RESPONSE, {
        topics: [{ topicName: METADATA_TOPIC, partitions: [{ partitionIndex: 0 }] }],
      })
      const quorum = answer.topics[0]?.partitions[0]
      if (quorum === undefined) throw new KafkaError('UNKNOWN_SERVER_ERROR')
      const listeners = new Map((answer.nodes ?? []).map((node) => [node.nodeId, node.listeners]))
      const replica = (one: (typeof quorum.currentVoters)[number]): QuorumReplica => ({
        id: one.replicaId,
        directoryId: one.replicaDirectoryId || ZERO_UUID,
        logEndOffset: one.logEndOffset,
        lastFetchTimestamp: one.lastFetchTimestamp ?? -1,
        lastCaughtUpTimestamp: one.lastCaughtUpTimestamp ?? -1,
        endpoints: (listeners.get(one.replicaId) ?? []).map(
          ({ name, host, port }) => `${name}://${host}:${port}`,
        ),
      })
      return {
        clusterId,
        leaderId: quorum.leaderId,
        leaderEpoch: quorum.leaderEpoch,
        highWatermark: quorum.highWatermark,
        voters: quorum.currentVoters.map(replica),
        observers: quorum.observers.map((one) => ({ ...replica(one), endpoints: [] })),
      }
    })
  }

  async unregisterBroker(id: number): Promise<void> {
    await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      await controller.ask(UNREGISTER_BROKER_REQUEST, UNREGISTER_BROKER_RESPONSE, { brokerId: id })
    })
  }

  async unregisterController(id: number): Promise<void> {
    await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      await controller.ask(UNREGISTER_CONTROLLER_REQUEST, UNREGISTER_CONTROLLER_RESPONSE, {
        controllerId: id,
      })
    })
  }

  async addRaftVoter(
    id: number,
    directoryId: string,
    endpoints: readonly RaftVoterEndpoint[],
  ): Promise<void> {
    const timeoutMs = this.#client.settings.requestTimeoutMs
    await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      await controller.ask(ADD_RAFT_VOTER_REQUEST, ADD_RAFT_VOTER_RESPONSE, {
        clusterId: null,
        timeoutMs,
        voterId: id,
        voterDirectoryId: directoryId,
        listeners: [...endpoints],
      })
    })
  }

  async removeRaftVoter(id: number, directoryId: string): Promise<void> {
    await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      await controller.ask(REMOVE_RAFT_VOTER_REQUEST, REMOVE_RAFT_VOTER_RESPONSE, {
        clusterId: null,
        voterId: id,
        voterDirectoryId: directoryId,
      })
    })
  }
}
