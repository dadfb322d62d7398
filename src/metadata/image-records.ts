/** An image as the records that make it again, in the order of a genuine checkpoint: metadata.version first. */
import type { MetadataRecord } from '../message/metadata-records.ts'
import type { MetadataImageParts, PartitionImage } from './metadata-image.ts'

export function* imageRecords(parts: MetadataImageParts): Generator<MetadataRecord, void, undefined> {
  const metadataVersion = parts.features.get('metadata.version')
  if (metadataVersion !== undefined) {
    yield { type: 'FeatureLevelRecord', name: 'metadata.version', featureLevel: metadataVersion }
  }
  for (const [name, featureLevel] of parts.features) {
    if (name !== 'metadata.version') yield { type: 'FeatureLevelRecord', name, featureLevel }
  }
  const level = metadataVersion ?? 0
  yield* nodeRecords(parts, level)
  for (const topic of parts.topicsById.values()) {
    yield { type: 'TopicRecord', name: topic.name, topicId: topic.id }
    for (const partition of topic.partitions) yield partitionRecord(topic.id, partition, level)
  }
  yield* settingRecords(parts)
  if (parts.nextProducerId > 0) {
    yield { type: 'ProducerIdsRecord', brokerId: -1, brokerEpoch: -1, nextProducerId: parts.nextProducerId }
  }
  for (const acl of parts.aclsById.values()) yield { type: 'AccessControlEntryRecord', ...acl }
  for (const credential of parts.scramByKey.values())
    yield { type: 'UserScramCredentialRecord', ...credential }
  for (const token of parts.tokensById.values()) yield { type: 'DelegationTokenRecord', ...token }
  if (parts.zkMigrationState !== 0) {
    yield { type: 'ZkMigrationStateRecord', zkMigrationState: parts.zkMigrationState }
  }
}

/** Registrations of brokers and controllers. */
function* nodeRecords(parts: MetadataImageParts, level: number): Generator<MetadataRecord, void, undefined> {
  for (const broker of parts.brokers.values()) {
    yield {
      type: 'RegisterBrokerRecord',
      brokerId: broker.id,
      incarnationId: broker.incarnationId,
      brokerEpoch: broker.epoch,
      endPoints: broker.endPoints,
      features: broker.features,
      rack: broker.rack,
      fenced: broker.fenced,
      ...(level >= 7 && { inControlledShutdown: broker.inControlledShutdown }),
      ...(level >= 8 && { isMigratingZkBroker: broker.isMigratingZkBroker }),
      ...(level >= 17 && { logDirs: broker.logDirs }),
      ...(level >= 30 && { cordonedLogDirs: broker.cordonedLogDirs }),
    }
  }
  // Level 15 (3.7-IV0) is the first with registrations of controllers.
  if (level < 15) return
  for (const controller of parts.controllers.values()) {
    yield {
      type: 'RegisterControllerRecord',
      controllerId: controller.id,
      incarnationId: controller.incarnationId,
      zkMigrationReady: controller.zkMigrationReady,
      endPoints: controller.endPoints,
      features: controller.features,
    }
  }
}

/** Configs of topics, brokers and groups, and the quotas of clients. */
function* settingRecords(parts: MetadataImageParts): Generator<MetadataRecord, void, undefined> {
  for (const [resourceType, resources] of parts.configsByType) {
    for (const [resourceName, pairs] of resources) {
      for (let i = 0; i < pairs.length; i += 2) {
        yield { type: 'ConfigRecord', resourceType, resourceName, name: pairs[i], value: pairs[i + 1] }
      }
    }
  }
  for (const quota of parts.quotasByEntity.values()) {
    for (const [key, value] of quota.values) {
      yield { type: 'ClientQuotaRecord', entity: quota.entity, key, value, remove: false }
    }
  }
}

/** A partition as a record of the level's version: fields that the version lacks are left out. */
export function partitionRecord(topicId: string, partition: PartitionImage, level: number): MetadataRecord {
  return {
    type: 'PartitionRecord',
    partitionId: partition.partition,
    topicId,
    replicas: partition.replicas,
    isr: partition.isr,
    removingReplicas: partition.removingReplicas,
    addingReplicas: partition.addingReplicas,
    leader: partition.leader,
    leaderRecoveryState: partition.leaderRecoveryState,
    leaderEpoch: partition.leaderEpoch,
    partitionEpoch: partition.partitionEpoch,
    ...(level >= 17 && { directories: partition.directories }),
    ...(level >= 23 && partition.elr.length > 0 && { eligibleLeaderReplicas: partition.elr }),
    ...(level >= 23 && partition.lastKnownElr.length > 0 && { lastKnownElr: partition.lastKnownElr }),
  }
}
