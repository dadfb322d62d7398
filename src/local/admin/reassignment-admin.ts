/** Elections and reassignments on a data directory: its node is the only one, so whoever leads is right and nothing moves. */
import { dirname } from 'node:path'
import type {
  ElectionResult,
  ElectionType,
  NewReassignment,
  PartitionReassignment,
  ReassignmentAdmin,
  ReplicaMove,
} from '../../client/admin/reassignment-admin.ts'
import { KafkaError } from '../../errors.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

export class LocalReassignments implements ReassignmentAdmin {
  readonly #directory: LocalDirectory

  constructor(directory: LocalDirectory) {
    this.#directory = directory
  }

  async electLeaders(_type: ElectionType, partitions?: readonly TopicPartition[]): Promise<ElectionResult[]> {
    const image = this.#directory.image()
    const all = () =>
      image
        .topics()
        .sort()
        .flatMap((topic) =>
          (image.topic(topic)?.partitions ?? []).map(({ partition }) => ({ topic, partition })),
        )
    return (partitions ?? all()).map(({ topic, partition }) => {
      const known = image.topic(topic)
      if (known?.partitions[partition] !== undefined) {
        return { topic, partition, error: new KafkaError('ELECTION_NOT_NEEDED') }
      }
      const what =
        known === undefined ? `topic as ${topic}` : `partition as ${topicPartitionKey(topic, partition)}`
      return { topic, partition, error: new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `No such ${what}`) }
    })
  }

  async listPartitionReassignments(): Promise<PartitionReassignment[]> {
    // What is no data directory says so.
    this.#directory.image()
    return []
  }

  async alterPartitionReassignments(
    changes: readonly NewReassignment[],
    allowReplicationFactorChange = true,
  ): Promise<(Error | undefined)[]> {
    const image = this.#directory.image()
    return changes.map(({ topic, partition, replicas }) => {
      const known = image.topic(topic)?.partitions[partition]
      if (known === undefined) return new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
      if (replicas === null) return new KafkaError('NO_REASSIGNMENT_IN_PROGRESS')
      const before = known.replicas.length
      if (allowReplicationFactorChange || before === replicas.length) return undefined
      const words = `The replication factor is changed from ${before} to ${replicas.length}`
      return new KafkaError('INVALID_REPLICATION_FACTOR', words)
    })
  }

  async alterReplicaLogDirs(moves: readonly ReplicaMove[]): Promise<(Error | undefined)[]> {
    const { path } = this.#directory
    return moves.map(({ topic, partition, logDir }) =>
      logDir === dirname(this.#directory.folder(`${topic}-${partition}`))
        ? undefined
        : new KafkaError('LOG_DIR_NOT_FOUND', `${logDir} is not the data directory ${path}, the only one`),
    )
  }
}
