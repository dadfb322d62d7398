/** Records for what administration does to topics, in the form that leaves them at rest. */
import { CONFIG_RESOURCE, type MetadataRecord } from '../message/metadata-records.ts'
import { ZERO_UUID } from '../message/uuid.ts'
import type { MetadataImage, TopicImage } from './metadata-image.ts'

/**
 * A new partition at rest, as a clean stop leaves it. With ELR (metadata.version 23 and its feature): no leader, empty
 * ISR, the replica eligible. Without: no leader, the replica in the ISR. In both forms a broker (4.3.1) elects it,
 * with a clean shutdown marker and without; mixing them (ELR on, Leader -1, Isr [n], no LastKnownElr) is what loses a
 * partition for good.
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
  // Only this directory is written to, so of several replicas only ours may ever lead with what is in it.
  const holder = [replicas.includes(image.nodeId) ? image.nodeId : replicas[0]]
  return {
    type: 'PartitionRecord',
    partitionId,
    topicId,
    replicas,
    isr: elr ? [] : holder,
    removingReplicas: [],
    addingReplicas: [],
    leader: -1,
    leaderEpoch: 0,
    partitionEpoch: 0,
    ...(elr && { eligibleLeaderReplicas: holder, lastKnownElr: holder }),
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

/** Epoch of the node's newest registration: what a clean shutdown marker must say. undefined when there is none. */
export function brokerEpoch(image: MetadataImage, nodeId = image.nodeId): number | undefined {
  return image.brokers.get(nodeId)?.epoch
}
