/** What a broker said of its cluster: brokers, topics, leaders. */
import type { KafkaErrorName } from '../errors.ts'
import type { METADATA_RESPONSE } from '../message/generated/requests.ts'
import type { MessageOf } from '../message/schema.ts'
import { ZERO_UUID } from '../message/uuid.ts'
import { kafkaErrorOf } from './connection/protocol-error.ts'

export interface BrokerNode {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | undefined
}

export interface PartitionMetadata {
  readonly partition: number
  /** -1: none. */
  readonly leader: number
  /** -1 when unknown. */
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly offline: readonly number[]
}

export interface TopicMetadata {
  readonly name: string
  /** Zeros where the broker knows no ids (before 2.8). */
  readonly topicId: string
  readonly internal: boolean
  /** By number, without gaps. */
  readonly partitions: readonly PartitionMetadata[]
  readonly error: KafkaErrorName | undefined
}

export interface ClusterMetadata {
  readonly clusterId: string
  /** -1: none. */
  readonly controllerId: number
  readonly brokers: ReadonlyMap<number, BrokerNode>
  readonly topics: readonly TopicMetadata[]
}

export function clusterMetadata(answer: MessageOf<typeof METADATA_RESPONSE>): ClusterMetadata {
  const brokers = answer.brokers.map(({ nodeId, host, port, rack }) => ({
    id: nodeId,
    host,
    port,
    rack: rack ?? undefined,
  }))
  return {
    clusterId: answer.clusterId ?? '',
    controllerId: answer.controllerId,
    brokers: new Map(brokers.map((broker) => [broker.id, broker])),
    topics: answer.topics.map((topic) => ({
      name: topic.name ?? '',
      topicId: topic.topicId || ZERO_UUID,
      internal: topic.isInternal,
      error: topic.errorCode === 0 ? undefined : kafkaErrorOf(topic.errorCode).code,
      partitions: topic.partitions
        .map((one) => ({
          partition: one.partitionIndex,
          leader: one.leaderId,
          leaderEpoch: one.leaderEpoch,
          replicas: one.replicaNodes,
          isr: one.isrNodes,
          offline: one.offlineReplicas,
        }))
        .sort((a, b) => a.partition - b.partition),
    })),
  }
}
