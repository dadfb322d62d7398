/** Records for what administration does to topics, in the form that leaves them at rest. */
import { CONFIG_RESOURCE, type MetadataRecord } from '../message/metadata-records.ts'
import { ZERO_UUID } from '../message/uuid.ts'
import type { MetadataImage, TopicImage } from './metadata-image.ts'

/** Producer ids are handed out in blocks of this size. */
export const PRODUCER_ID_BLOCK_SIZE = 1000

/**
 * A new partition at rest. With ELR (metadata.version 23 and its feature) as a clean stop leaves it: no leader, empty
 * ISR, the replica eligible; a broker elects it whether or not there is a clean marker. Without ELR:
 *  - below level 23 as a clean stop leaves it there: no leader, the replica in the ISR;
 *  - from 23 on as a running broker has it, leader and ISR [n]: there a controller takes a broker that comes without a
 *    clean marker out of the ISR, and a partition without leader and ISR could never elect one again.
 * The directory is ours, or "migrating" where it is not known or not our replica: the broker then fills it in.
 */
export function newPartition(
  image: MetadataImage,
  topicId: string,
  partitionId: number,
  replicas: readonly number[] = [image.nodeId],
): MetadataRecord {
  const level = image.metadataVersion
  const elr = image.elrEnabled
  return {
    type: 'PartitionRecord',
    partitionId,
    topicId,
    replicas,
    isr: elr ? [] : replicas,
    leader: elr || level < 23 ? -1 : replicas[0],
    leaderEpoch: 0,
    partitionEpoch: 0,
    ...(elr && { eligibleLeaderReplicas: replicas, lastKnownElr: replicas.slice(0, 1) }),
    ...(level >= 17 && {
      directories: replicas.map((node) =>
        node === image.nodeId ? (image.directoryId ?? ZERO_UUID) : ZERO_UUID,
      ),
    }),
  }
}

/** Topic, configs, partitions, in a controller's order. `replicas` per partition; the caller has checked the names. */
export function createTopicRecords(
  image: MetadataImage,
  topic: {
    readonly name: string
    readonly topicId: string
    readonly replicas: readonly (readonly number[])[]
    readonly configs?: Iterable<readonly [string, string]>
  },
): MetadataRecord[] {
  const records: MetadataRecord[] = [{ type: 'TopicRecord', name: topic.name, topicId: topic.topicId }]
  for (const [name, value] of topic.configs ?? []) {
    records.push(configRecord(CONFIG_RESOURCE.TOPIC, topic.name, name, value))
  }
  topic.replicas.forEach((replicas, partition) => {
    records.push(newPartition(image, topic.topicId, partition, replicas))
  })
  return records
}

/** Partitions from the topic's count on, one for each list of replicas. */
export function addPartitionRecords(
  image: MetadataImage,
  topic: TopicImage,
  replicas: readonly (readonly number[])[],
): MetadataRecord[] {
  return replicas.map((nodes, i) => newPartition(image, topic.id, topic.partitions.length + i, nodes))
}

/** Takes the topic's partitions and configs with it. */
export function removeTopicRecord(topicId: string): MetadataRecord {
  return { type: 'RemoveTopicRecord', topicId }
}

/** `value` null removes the override. A broker's default has the resource name ''. */
export function configRecord(
  resourceType: number,
  resourceName: string,
  name: string,
  value: string | null,
): MetadataRecord {
  return { type: 'ConfigRecord', resourceType, resourceName, name, value }
}

/** Takes a block of producer ids: image.nextProducerId is its first one. */
export function takeProducerIdBlock(image: MetadataImage): MetadataRecord {
  return {
    type: 'ProducerIdsRecord',
    brokerId: image.nodeId,
    brokerEpoch: brokerEpoch(image) ?? -1,
    nextProducerId: image.nextProducerId + PRODUCER_ID_BLOCK_SIZE,
  }
}

/** Epoch of the node's newest registration: what a clean shutdown marker must say. undefined when there is none. */
export function brokerEpoch(image: MetadataImage, nodeId = image.nodeId): number | undefined {
  return image.brokers.get(nodeId)?.epoch
}
