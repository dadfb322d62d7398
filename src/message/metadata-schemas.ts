/**
 * Layouts of the KRaft metadata records of Kafka 4.3 (metadata.version 30 and below). Fields stand in the order in which
 * Kafka prints them as JSON; tagged ones are found by their tag.
 */
import { schema } from './schema.ts'

const endPoints = [
  { struct: { name: 'string', host: 'string', port: 'uint16', securityProtocol: 'int16' } },
] as const
const supportedFeatures = [
  { struct: { name: 'string', minSupportedVersion: 'int16', maxSupportedVersion: 'int16' } },
] as const

export const METADATA_SCHEMAS = [
  schema(
    'RegisterBrokerRecord',
    { apiKey: 0, highestVersion: 4 },
    {
      brokerId: 'int32',
      isMigratingZkBroker: { type: 'bool', since: 2, default: false },
      incarnationId: 'uuid',
      brokerEpoch: 'int64',
      endPoints,
      features: supportedFeatures,
      rack: { type: 'string', nullable: true },
      fenced: { type: 'bool', default: true },
      inControlledShutdown: { type: 'bool', since: 1, default: false },
      logDirs: { type: ['uuid'], since: 3, tag: 0 },
      cordonedLogDirs: { type: ['uuid'], since: 4, tag: 1, nullable: true, default: null },
    },
  ),
  schema('UnregisterBrokerRecord', { apiKey: 1 }, { brokerId: 'int32', brokerEpoch: 'int64' }),
  schema('TopicRecord', { apiKey: 2 }, { name: 'string', topicId: 'uuid' }),
  schema(
    'PartitionRecord',
    { apiKey: 3, highestVersion: 2 },
    {
      partitionId: 'int32',
      topicId: 'uuid',
      replicas: ['int32'],
      isr: ['int32'],
      removingReplicas: { type: ['int32'], default: [] },
      addingReplicas: { type: ['int32'], default: [] },
      leader: { type: 'int32', default: -1 },
      leaderRecoveryState: { type: 'int8', tag: 0, default: 0 },
      leaderEpoch: { type: 'int32', default: 0 },
      partitionEpoch: { type: 'int32', default: 0 },
      directories: { type: ['uuid'], since: 1, default: [] },
      eligibleLeaderReplicas: { type: ['int32'], since: 2, tag: 1, nullable: true, default: null },
      lastKnownElr: { type: ['int32'], since: 2, tag: 2, nullable: true, default: null },
    },
  ),
  schema(
    'ConfigRecord',
    { apiKey: 4 },
    {
      resourceType: 'int8',
      resourceName: 'string',
      name: 'string',
      value: { type: 'string', nullable: true },
    },
  ),
  schema(
    'PartitionChangeRecord',
    { apiKey: 5, highestVersion: 2 },
    {
      partitionId: 'int32',
      topicId: 'uuid',
      isr: { type: ['int32'], tag: 0, nullable: true, default: null },
      leader: { type: 'int32', tag: 1, default: -2 },
      replicas: { type: ['int32'], tag: 2, nullable: true, default: null },
      removingReplicas: { type: ['int32'], tag: 3, nullable: true, default: null },
      addingReplicas: { type: ['int32'], tag: 4, nullable: true, default: null },
      leaderRecoveryState: { type: 'int8', tag: 5, default: -1 },
      directories: { type: ['uuid'], since: 1, tag: 8, nullable: true, default: null },
      eligibleLeaderReplicas: { type: ['int32'], since: 2, tag: 6, nullable: true, default: null },
      lastKnownElr: { type: ['int32'], since: 2, tag: 7, nullable: true, default: null },
    },
  ),
  schema('FenceBrokerRecord', { apiKey: 7 }, { id: 'int32', epoch: 'int64' }),
  schema('UnfenceBrokerRecord', { apiKey: 8 }, { id: 'int32', epoch: 'int64' }),
  schema('RemoveTopicRecord', { apiKey: 9 }, { topicId: 'uuid' }),
  schema(
    'DelegationTokenRecord',
    { apiKey: 10 },
    {
      owner: 'string',
      requester: 'string',
      renewers: ['string'],
      issueTimestamp: 'int64',
      maxTimestamp: 'int64',
      expirationTimestamp: 'int64',
      tokenId: 'string',
    },
  ),
  schema(
    'UserScramCredentialRecord',
    { apiKey: 11 },
    {
      name: 'string',
      mechanism: 'int8',
      salt: 'bytes',
      storedKey: 'bytes',
      serverKey: 'bytes',
      iterations: 'int32',
    },
  ),
  schema('FeatureLevelRecord', { apiKey: 12 }, { name: 'string', featureLevel: 'int16' }),
  schema(
    'ClientQuotaRecord',
    { apiKey: 14 },
    {
      entity: [{ struct: { entityType: 'string', entityName: { type: 'string', nullable: true } } }],
      key: 'string',
      value: 'float64',
      remove: 'bool',
    },
  ),
  schema(
    'ProducerIdsRecord',
    { apiKey: 15 },
    {
      brokerId: 'int32',
      brokerEpoch: { type: 'int64', default: -1 },
      nextProducerId: 'int64',
    },
  ),
  schema(
    'BrokerRegistrationChangeRecord',
    { apiKey: 17, highestVersion: 3 },
    {
      brokerId: 'int32',
      brokerEpoch: 'int64',
      fenced: { type: 'int8', tag: 0, default: 0 },
      inControlledShutdown: { type: 'int8', since: 1, tag: 1, default: 0 },
      logDirs: { type: ['uuid'], since: 2, tag: 2, default: [] },
      cordonedLogDirs: { type: ['uuid'], since: 3, tag: 3, nullable: true, default: null },
    },
  ),
  schema(
    'AccessControlEntryRecord',
    { apiKey: 18 },
    {
      id: 'uuid',
      resourceType: 'int8',
      resourceName: 'string',
      patternType: 'int8',
      principal: 'string',
      host: 'string',
      operation: 'int8',
      permissionType: 'int8',
    },
  ),
  schema('RemoveAccessControlEntryRecord', { apiKey: 19 }, { id: 'uuid' }),
  schema('NoOpRecord', { apiKey: 20 }, {}),
  schema('ZkMigrationStateRecord', { apiKey: 21 }, { zkMigrationState: 'int8' }),
  schema('RemoveUserScramCredentialRecord', { apiKey: 22 }, { name: 'string', mechanism: 'int8' }),
  schema(
    'BeginTransactionRecord',
    { apiKey: 23 },
    {
      name: { type: 'string', tag: 0, nullable: true, default: null },
    },
  ),
  schema('EndTransactionRecord', { apiKey: 24 }, {}),
  schema(
    'AbortTransactionRecord',
    { apiKey: 25 },
    {
      reason: { type: 'string', tag: 0, nullable: true, default: null },
    },
  ),
  schema('RemoveDelegationTokenRecord', { apiKey: 26 }, { tokenId: 'string' }),
  schema(
    'RegisterControllerRecord',
    { apiKey: 27 },
    {
      controllerId: 'int32',
      incarnationId: 'uuid',
      zkMigrationReady: 'bool',
      endPoints,
      features: supportedFeatures,
    },
  ),
  schema('ClearElrRecord', { apiKey: 28 }, { topicName: 'string' }),
] as const
