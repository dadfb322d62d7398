/** Elections, reassignments and moves of a cluster's replicas. */
import type {
  ElectionResult,
  ElectionType,
  NewReassignment,
  PartitionReassignment,
  ReassignmentAdmin,
  ReplicaMove,
} from '../../client/admin/reassignment-admin.ts'
import { KafkaError } from '../../errors.ts'
import {
  ALTER_PARTITION_REASSIGNMENTS_REQUEST,
  ALTER_PARTITION_REASSIGNMENTS_RESPONSE,
  ALTER_REPLICA_LOG_DIRS_REQUEST,
  ALTER_REPLICA_LOG_DIRS_RESPONSE,
  ELECT_LEADERS_REQUEST,
  ELECT_LEADERS_RESPONSE,
  LIST_PARTITION_REASSIGNMENTS_REQUEST,
  LIST_PARTITION_REASSIGNMENTS_RESPONSE,
} from '../../message/generated/requests.ts'
import { comparePartitions, type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { kafkaErrorOf } from '../connection/protocol-error.ts'
import { underTopics } from './by-leader.ts'

const ELECTION_TYPES: Readonly<Record<ElectionType, number>> = { PREFERRED: 0, UNCLEAN: 1 }
/** The first version of ElectLeaders with types. */
const TYPES_SINCE = 1
/** The first version of AlterPartitionReassignments that can forbid other replication factors. */
const STRICT_SINCE = 1

export class ClusterReassignments implements ReassignmentAdmin {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  async electLeaders(type: ElectionType, partitions?: readonly TopicPartition[]): Promise<ElectionResult[]> {
    const topicPartitions =
      partitions === undefined
        ? null
        : underTopics(partitions, ({ partition }) => partition).map(({ name, partitions: indexes }) => ({
            topic: name,
            partitions: indexes,
          }))
    const { replicaElectionResults } = await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      const typed = controller.versionOf(ELECT_LEADERS_REQUEST) >= TYPES_SINCE
      if (!typed && type !== 'PREFERRED') throw new KafkaError('UNSUPPORTED_VERSION')
      return controller.askEach(ELECT_LEADERS_REQUEST, ELECT_LEADERS_RESPONSE, {
        ...(typed ? { electionType: ELECTION_TYPES[type] } : {}),
        topicPartitions,
        timeoutMs: this.#client.settings.requestTimeoutMs,
      })
    })
    return replicaElectionResults.flatMap(({ topic, partitionResult }) =>
      partitionResult.map(({ partitionId: partition, errorCode, errorMessage }) => ({
        topic,
        partition,
        error: errorCode === 0 ? undefined : kafkaErrorOf(errorCode, errorMessage),
      })),
    )
  }

  async listPartitionReassignments(): Promise<PartitionReassignment[]> {
    const { topics } = await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      const timeoutMs = this.#client.settings.requestTimeoutMs
      const body = { timeoutMs, topics: null }
      return controller.ask(LIST_PARTITION_REASSIGNMENTS_REQUEST, LIST_PARTITION_REASSIGNMENTS_RESPONSE, body)
    })
    return topics
      .flatMap(({ name: topic, partitions }) =>
        partitions.map(({ partitionIndex: partition, replicas, addingReplicas, removingReplicas }) => ({
          topic,
          partition,
          replicas,
          adding: addingReplicas,
          removing: removingReplicas,
        })),
      )
      .sort(comparePartitions)
  }

  async alterPartitionReassignments(
    changes: readonly NewReassignment[],
    allowReplicationFactorChange = true,
  ): Promise<(Error | undefined)[]> {
    const { responses } = await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      const strict = !allowReplicationFactorChange
      if (strict && controller.versionOf(ALTER_PARTITION_REASSIGNMENTS_REQUEST) < STRICT_SINCE)
        throw new KafkaError('UNSUPPORTED_VERSION')
      return controller.askEach(
        ALTER_PARTITION_REASSIGNMENTS_REQUEST,
        ALTER_PARTITION_REASSIGNMENTS_RESPONSE,
        {
          timeoutMs: this.#client.settings.requestTimeoutMs,
          ...(strict ? { allowReplicationFactorChange } : {}),
          topics: underTopics(changes, ({ partition, replicas }) => ({
            partitionIndex: partition,
            replicas: replicas === null ? null : [...replicas],
          })),
        },
      )
    })
    const errors = new Map<string, Error | undefined>()
    for (const { name, partitions } of responses) {
      for (const { partitionIndex, errorCode, errorMessage } of partitions) {
        const error = errorCode === 0 ? undefined : kafkaErrorOf(errorCode, errorMessage)
        errors.set(topicPartitionKey(name, partitionIndex), error)
      }
    }
    return changes.map((one) => errorOf(errors, one))
  }

  /** Each broker moves its own replicas. */
  async alterReplicaLogDirs(moves: readonly ReplicaMove[]): Promise<(Error | undefined)[]> {
    const answers = new Map<ReplicaMove, Error | undefined>()
    const brokers = [...new Set(moves.map(({ broker }) => broker))]
    await Promise.all(
      brokers.map(async (id) => {
        const own = moves.filter(({ broker }) => broker === id)
        const errors = await this.#client.retry(() => this.#move(id, own))
        for (const move of own) answers.set(move, errorOf(errors, move))
      }),
    )
    return moves.map((move) => answers.get(move))
  }

  async #move(id: number, moves: readonly ReplicaMove[]): Promise<Map<string, Error | undefined>> {
    const broker = await this.#client.broker(id)
    const paths = [...new Set(moves.map(({ logDir }) => logDir))]
    const { results } = await broker.askEach(
      ALTER_REPLICA_LOG_DIRS_REQUEST,
      ALTER_REPLICA_LOG_DIRS_RESPONSE,
      {
        dirs: paths.map((path) => ({
          path,
          topics: underTopics(
            moves.filter(({ logDir }) => logDir === path),
            ({ partition }) => partition,
          ),
        })),
      },
    )
    const errors = new Map<string, Error | undefined>()
    for (const { topicName, partitions } of results) {
      for (const { partitionIndex, errorCode } of partitions) {
        const error = errorCode === 0 ? undefined : kafkaErrorOf(errorCode)
        errors.set(topicPartitionKey(topicName, partitionIndex), error)
      }
    }
    return errors
  }
}

function errorOf(
  errors: ReadonlyMap<string, Error | undefined>,
  { topic, partition }: TopicPartition,
): Error | undefined {
  const key = topicPartitionKey(topic, partition)
  return errors.has(key) ? errors.get(key) : new KafkaError('UNKNOWN_SERVER_ERROR')
}
