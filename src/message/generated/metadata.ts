/**
 * The records of `__cluster_metadata-0`.
 * Made by scripts/make-schemas.mjs from the definitions of Kafka 4.4.0: not to be changed by hand.
 */
import { schema } from '../schema.ts'

export const REGISTER_BROKER_RECORD = /* @__PURE__ */ schema(
  'RegisterBrokerRecord',
  { apiKey: 0, highestVersion: 4 },
  {
    brokerId: 'int32',
    isMigratingZkBroker: { type: 'bool', since: 2, default: false },
    incarnationId: 'uuid',
    brokerEpoch: 'int64',
    endPoints: [{ struct: { name: 'string', host: 'string', port: 'uint16', securityProtocol: 'int16' } }],
    features: [{ struct: { name: 'string', minSupportedVersion: 'int16', maxSupportedVersion: 'int16' } }],
    rack: { type: 'string', nullable: true },
    fenced: { type: 'bool', default: true },
    inControlledShutdown: { type: 'bool', since: 1, default: false },
    logDirs: { type: ['uuid'], since: 3, tag: 0 },
    cordonedLogDirs: { type: ['uuid'], since: 4, nullable: true, tag: 1, default: null },
  },
)

export const UNREGISTER_BROKER_RECORD = /* @__PURE__ */ schema(
  'UnregisterBrokerRecord',
  { apiKey: 1 },
  { brokerId: 'int32', brokerEpoch: 'int64' },
)

export const TOPIC_RECORD = /* @__PURE__ */ schema(
  'TopicRecord',
  { apiKey: 2 },
  { name: 'string', topicId: 'uuid' },
)

export const PARTITION_RECORD = /* @__PURE__ */ schema(
  'PartitionRecord',
  { apiKey: 3, highestVersion: 2 },
  {
    partitionId: { type: 'int32', default: -1 },
    topicId: 'uuid',
    replicas: ['int32'],
    isr: ['int32'],
    removingReplicas: ['int32'],
    addingReplicas: ['int32'],
    leader: { type: 'int32', default: -1 },
    leaderRecoveryState: { type: 'int8', tag: 0, default: 0 },
    leaderEpoch: { type: 'int32', default: -1 },
    partitionEpoch: { type: 'int32', default: -1 },
    directories: { type: ['uuid'], since: 1 },
    eligibleLeaderReplicas: { type: ['int32'], since: 2, nullable: true, tag: 1, default: null },
    lastKnownElr: { type: ['int32'], since: 2, nullable: true, tag: 2, default: null },
  },
)

export const CONFIG_RECORD = /* @__PURE__ */ schema(
  'ConfigRecord',
  { apiKey: 4 },
  { resourceType: 'int8', resourceName: 'string', name: 'string', value: { type: 'string', nullable: true } },
)

export const PARTITION_CHANGE_RECORD = /* @__PURE__ */ schema(
  'PartitionChangeRecord',
  { apiKey: 5, highestVersion: 2 },
  {
    partitionId: { type: 'int32', default: -1 },
    topicId: 'uuid',
    isr: { type: ['int32'], nullable: true, tag: 0, default: null },
    leader: { type: 'int32', tag: 1, default: -2 },
    replicas: { type: ['int32'], nullable: true, tag: 2, default: null },
    removingReplicas: { type: ['int32'], nullable: true, tag: 3, default: null },
    addingReplicas: { type: ['int32'], nullable: true, tag: 4, default: null },
    leaderRecoveryState: { type: 'int8', tag: 5, default: -1 },
    directories: { type: ['uuid'], since: 1, nullable: true, tag: 8, default: null },
    eligibleLeaderReplicas: { type: ['int32'], since: 2, nullable: true, tag: 6, default: null },
    lastKnownElr: { type: ['int32'], since: 2, nullable: true, tag: 7, default: null },
  },
)

export const FENCE_BROKER_RECORD = /* @__PURE__ */ schema(
  'FenceBrokerRecord',
  { apiKey: 7 },
  { id: 'int32', epoch: 'int64' },
)

export const UNFENCE_BROKER_RECORD = /* @__PURE__ */ schema(
  'UnfenceBrokerRecord',
  { apiKey: 8 },
  { id: 'int32', epoch: 'int64' },
)

export const REMOVE_TOPIC_RECORD = /* @__PURE__ */ schema(
  'RemoveTopicRecord',
  { apiKey: 9 },
  { topicId: 'uuid' },
)

export const DELEGATION_TOKEN_RECORD = /* @__PURE__ */ schema(
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
)

export const USER_SCRAM_CREDENTIAL_RECORD = /* @__PURE__ */ schema(
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
)

export const FEATURE_LEVEL_RECORD = /* @__PURE__ */ schema(
  'FeatureLevelRecord',
  { apiKey: 12 },
  { name: 'string', featureLevel: 'int16' },
)

export const CLIENT_QUOTA_RECORD = /* @__PURE__ */ schema(
  'ClientQuotaRecord',
  { apiKey: 14 },
  {
    entity: [{ struct: { entityType: 'string', entityName: { type: 'string', nullable: true } } }],
    key: 'string',
    value: 'float64',
    remove: 'bool',
  },
)

export const PRODUCER_IDS_RECORD = /* @__PURE__ */ schema(
  'ProducerIdsRecord',
  { apiKey: 15 },
  { brokerId: 'int32', brokerEpoch: { type: 'int64', default: -1 }, nextProducerId: 'int64' },
)

export const BROKER_REGISTRATION_CHANGE_RECORD = /* @__PURE__ */ schema(
  'BrokerRegistrationChangeRecord',
  { apiKey: 17, highestVersion: 3 },
  {
    brokerId: 'int32',
    brokerEpoch: 'int64',
    fenced: { type: 'int8', tag: 0 },
    inControlledShutdown: { type: 'int8', since: 1, tag: 1 },
    logDirs: { type: ['uuid'], since: 2, tag: 2 },
    cordonedLogDirs: { type: ['uuid'], since: 3, nullable: true, tag: 3, default: null },
  },
)

export const ACCESS_CONTROL_ENTRY_RECORD = /* @__PURE__ */ schema(
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
)

export const REMOVE_ACCESS_CONTROL_ENTRY_RECORD = /* @__PURE__ */ schema(
  'RemoveAccessControlEntryRecord',
  { apiKey: 19 },
  { id: 'uuid' },
)

export const NO_OP_RECORD = /* @__PURE__ */ schema('NoOpRecord', { apiKey: 20 }, {})

export const ZK_MIGRATION_STATE_RECORD = /* @__PURE__ */ schema(
  'ZkMigrationStateRecord',
  { apiKey: 21 },
  { zkMigrationState: 'int8' },
)

export const REMOVE_USER_SCRAM_CREDENTIAL_RECORD = /* @__PURE__ */ schema(
  'RemoveUserScramCredentialRecord',
  { apiKey: 22 },
  { name: 'string', mechanism: 'int8' },
)

export const BEGIN_TRANSACTION_RECORD = /* @__PURE__ */ schema(
  'BeginTransactionRecord',
  { apiKey: 23 },
  { name: { type: 'string', nullable: true, tag: 0, default: null } },
)

export const END_TRANSACTION_RECORD = /* @__PURE__ */ schema('EndTransactionRecord', { apiKey: 24 }, {})

export const ABORT_TRANSACTION_RECORD = /* @__PURE__ */ schema(
  'AbortTransactionRecord',
  { apiKey: 25 },
  { reason: { type: 'string', nullable: true, tag: 0, default: null } },
)

export const REMOVE_DELEGATION_TOKEN_RECORD = /* @__PURE__ */ schema(
  'RemoveDelegationTokenRecord',
  { apiKey: 26 },
  { tokenId: 'string' },
)

export const REGISTER_CONTROLLER_RECORD = /* @__PURE__ */ schema(
  'RegisterControllerRecord',
  { apiKey: 27 },
  {
    controllerId: 'int32',
    incarnationId: 'uuid',
    zkMigrationReady: 'bool',
    endPoints: [{ struct: { name: 'string', host: 'string', port: 'uint16', securityProtocol: 'int16' } }],
    features: [{ struct: { name: 'string', minSupportedVersion: 'int16', maxSupportedVersion: 'int16' } }],
  },
)

export const CLEAR_ELR_RECORD = /* @__PURE__ */ schema(
  'ClearElrRecord',
  { apiKey: 28 },
  { topicName: 'string' },
)

export const UNREGISTER_CONTROLLER_RECORD = /* @__PURE__ */ schema(
  'UnregisterControllerRecord',
  { apiKey: 29 },
  { controllerId: 'int32' },
)

export const METADATA_SCHEMAS = [
  REGISTER_BROKER_RECORD,
  UNREGISTER_BROKER_RECORD,
  TOPIC_RECORD,
  PARTITION_RECORD,
  CONFIG_RECORD,
  PARTITION_CHANGE_RECORD,
  FENCE_BROKER_RECORD,
  UNFENCE_BROKER_RECORD,
  REMOVE_TOPIC_RECORD,
  DELEGATION_TOKEN_RECORD,
  USER_SCRAM_CREDENTIAL_RECORD,
  FEATURE_LEVEL_RECORD,
  CLIENT_QUOTA_RECORD,
  PRODUCER_IDS_RECORD,
  BROKER_REGISTRATION_CHANGE_RECORD,
  ACCESS_CONTROL_ENTRY_RECORD,
  REMOVE_ACCESS_CONTROL_ENTRY_RECORD,
  NO_OP_RECORD,
  ZK_MIGRATION_STATE_RECORD,
  REMOVE_USER_SCRAM_CREDENTIAL_RECORD,
  BEGIN_TRANSACTION_RECORD,
  END_TRANSACTION_RECORD,
  ABORT_TRANSACTION_RECORD,
  REMOVE_DELEGATION_TOKEN_RECORD,
  REGISTER_CONTROLLER_RECORD,
  CLEAR_ELR_RECORD,
  UNREGISTER_CONTROLLER_RECORD,
] as const
