/**
 * Keys and values of `__consumer_offsets`.
 * Made by scripts/make-schemas.mjs from the definitions of Kafka 4.4.0: not to be changed by hand.
 */
import { schema } from '../schema.ts'

export const LEGACY_OFFSET_COMMIT_KEY = /* @__PURE__ */ schema(
  'LegacyOffsetCommitKey',
  { apiKey: 0, flexibleSince: Number.POSITIVE_INFINITY },
  { group: 'string', topic: 'string', partition: 'int32' },
)

export const LEGACY_OFFSET_COMMIT_VALUE = /* @__PURE__ */ schema(
  'LegacyOffsetCommitValue',
  { apiKey: 0, flexibleSince: Number.POSITIVE_INFINITY },
  { offset: 'int64', metadata: 'string', commitTimestamp: 'int64' },
)

export const OFFSET_COMMIT_KEY = /* @__PURE__ */ schema(
  'OffsetCommitKey',
  { apiKey: 1, flexibleSince: Number.POSITIVE_INFINITY },
  { group: 'string', topic: 'string', partition: 'int32' },
)

export const OFFSET_COMMIT_VALUE = /* @__PURE__ */ schema(
  'OffsetCommitValue',
  { apiKey: 1, highestVersion: 4, flexibleSince: 4 },
  {
    offset: 'int64',
    leaderEpoch: { type: 'int32', since: 3, ignorable: true, default: -1 },
    metadata: 'string',
    commitTimestamp: 'int64',
    expireTimestamp: { type: 'int64', since: 1, until: 1, ignorable: true, default: -1 },
    topicId: { type: 'uuid', since: 4, tag: 0, ignorable: true },
  },
)

export const GROUP_METADATA_KEY = /* @__PURE__ */ schema(
  'GroupMetadataKey',
  { apiKey: 2, flexibleSince: Number.POSITIVE_INFINITY },
  { group: 'string' },
)

export const GROUP_METADATA_VALUE = /* @__PURE__ */ schema(
  'GroupMetadataValue',
  { apiKey: 2, highestVersion: 4, flexibleSince: 4 },
  {
    protocolType: 'string',
    generation: 'int32',
    protocol: { type: 'string', nullable: true },
    leader: { type: 'string', nullable: true },
    currentStateTimestamp: { type: 'int64', since: 2, ignorable: true, default: -1 },
    members: [
      {
        struct: {
          memberId: 'string',
          groupInstanceId: { type: 'string', since: 3, nullable: true, ignorable: true, default: null },
          clientId: 'string',
          clientHost: 'string',
          rebalanceTimeout: { type: 'int32', since: 1, ignorable: true, default: -1 },
          sessionTimeout: 'int32',
          subscription: 'bytes',
          assignment: 'bytes',
        },
      },
    ],
  },
)

export const CONSUMER_GROUP_METADATA_KEY = /* @__PURE__ */ schema(
  'ConsumerGroupMetadataKey',
  { apiKey: 3, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string' },
)

export const CONSUMER_GROUP_METADATA_VALUE = /* @__PURE__ */ schema(
  'ConsumerGroupMetadataValue',
  { apiKey: 3 },
  { epoch: 'int32', metadataHash: { type: 'int64', tag: 0, default: 0 } },
)

export const CONSUMER_GROUP_PARTITION_METADATA_KEY = /* @__PURE__ */ schema(
  'ConsumerGroupPartitionMetadataKey',
  { apiKey: 4, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string' },
)

export const CONSUMER_GROUP_PARTITION_METADATA_VALUE = /* @__PURE__ */ schema(
  'ConsumerGroupPartitionMetadataValue',
  { apiKey: 4 },
  {
    topics: [
      {
        struct: {
          topicId: 'uuid',
          topicName: 'string',
          numPartitions: 'int32',
          partitionMetadata: [{ struct: { partition: 'int32', racks: ['string'] } }],
        },
      },
    ],
  },
)

export const CONSUMER_GROUP_MEMBER_METADATA_KEY = /* @__PURE__ */ schema(
  'ConsumerGroupMemberMetadataKey',
  { apiKey: 5, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string', memberId: 'string' },
)

export const CONSUMER_GROUP_MEMBER_METADATA_VALUE = /* @__PURE__ */ schema(
  'ConsumerGroupMemberMetadataValue',
  { apiKey: 5 },
  {
    instanceId: { type: 'string', nullable: true },
    rackId: { type: 'string', nullable: true },
    clientId: 'string',
    clientHost: 'string',
    subscribedTopicNames: ['string'],
    subscribedTopicRegex: { type: 'string', nullable: true },
    rebalanceTimeoutMs: { type: 'int32', default: -1 },
    serverAssignor: { type: 'string', nullable: true },
    classicMemberMetadata: {
      type: {
        struct: {
          sessionTimeoutMs: 'int32',
          supportedProtocols: [{ struct: { name: 'string', metadata: 'bytes' } }],
        },
      },
      nullable: true,
      tag: 0,
      default: { sessionTimeoutMs: 0, supportedProtocols: [] },
    },
  },
)

export const CONSUMER_GROUP_TARGET_ASSIGNMENT_METADATA_KEY = /* @__PURE__ */ schema(
  'ConsumerGroupTargetAssignmentMetadataKey',
  { apiKey: 6, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string' },
)

export const CONSUMER_GROUP_TARGET_ASSIGNMENT_METADATA_VALUE = /* @__PURE__ */ schema(
  'ConsumerGroupTargetAssignmentMetadataValue',
  { apiKey: 6 },
  { assignmentEpoch: 'int32', assignmentTimestamp: { type: 'int64', tag: 0, default: 0 } },
)

export const CONSUMER_GROUP_TARGET_ASSIGNMENT_MEMBER_KEY = /* @__PURE__ */ schema(
  'ConsumerGroupTargetAssignmentMemberKey',
  { apiKey: 7, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string', memberId: 'string' },
)

export const CONSUMER_GROUP_TARGET_ASSIGNMENT_MEMBER_VALUE = /* @__PURE__ */ schema(
  'ConsumerGroupTargetAssignmentMemberValue',
  { apiKey: 7 },
  { topicPartitions: [{ struct: { topicId: 'uuid', partitions: ['int32'] } }] },
)

export const CONSUMER_GROUP_CURRENT_MEMBER_ASSIGNMENT_KEY = /* @__PURE__ */ schema(
  'ConsumerGroupCurrentMemberAssignmentKey',
  { apiKey: 8, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string', memberId: 'string' },
)

export const CONSUMER_GROUP_CURRENT_MEMBER_ASSIGNMENT_VALUE = /* @__PURE__ */ schema(
  'ConsumerGroupCurrentMemberAssignmentValue',
  { apiKey: 8 },
  {
    memberEpoch: 'int32',
    previousMemberEpoch: 'int32',
    state: 'int8',
    assignedPartitions: [
      {
        struct: {
          topicId: 'uuid',
          partitions: ['int32'],
          assignmentEpochs: { type: ['int32'], nullable: true, tag: 0, default: [] },
        },
      },
    ],
    partitionsPendingRevocation: [
      {
        struct: {
          topicId: 'uuid',
          partitions: ['int32'],
          assignmentEpochs: { type: ['int32'], nullable: true, tag: 0, default: [] },
        },
      },
    ],
  },
)

export const SHARE_GROUP_MEMBER_METADATA_KEY = /* @__PURE__ */ schema(
  'ShareGroupMemberMetadataKey',
  { apiKey: 10, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string', memberId: 'string' },
)

export const SHARE_GROUP_MEMBER_METADATA_VALUE = /* @__PURE__ */ schema(
  'ShareGroupMemberMetadataValue',
  { apiKey: 10 },
  {
    rackId: { type: 'string', nullable: true },
    clientId: 'string',
    clientHost: 'string',
    subscribedTopicNames: ['string'],
  },
)

export const SHARE_GROUP_METADATA_KEY = /* @__PURE__ */ schema(
  'ShareGroupMetadataKey',
  { apiKey: 11, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string' },
)

export const SHARE_GROUP_METADATA_VALUE = /* @__PURE__ */ schema(
  'ShareGroupMetadataValue',
  { apiKey: 11 },
  { epoch: 'int32', metadataHash: 'int64' },
)

export const SHARE_GROUP_TARGET_ASSIGNMENT_METADATA_KEY = /* @__PURE__ */ schema(
  'ShareGroupTargetAssignmentMetadataKey',
  { apiKey: 12, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string' },
)

export const SHARE_GROUP_TARGET_ASSIGNMENT_METADATA_VALUE = /* @__PURE__ */ schema(
  'ShareGroupTargetAssignmentMetadataValue',
  { apiKey: 12 },
  { assignmentEpoch: 'int32', assignmentTimestamp: { type: 'int64', tag: 0, default: 0 } },
)

export const SHARE_GROUP_TARGET_ASSIGNMENT_MEMBER_KEY = /* @__PURE__ */ schema(
  'ShareGroupTargetAssignmentMemberKey',
  { apiKey: 13, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string', memberId: 'string' },
)

export const SHARE_GROUP_TARGET_ASSIGNMENT_MEMBER_VALUE = /* @__PURE__ */ schema(
  'ShareGroupTargetAssignmentMemberValue',
  { apiKey: 13 },
  { topicPartitions: [{ struct: { topicId: 'uuid', partitions: ['int32'] } }] },
)

export const SHARE_GROUP_CURRENT_MEMBER_ASSIGNMENT_KEY = /* @__PURE__ */ schema(
  'ShareGroupCurrentMemberAssignmentKey',
  { apiKey: 14, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string', memberId: 'string' },
)

export const SHARE_GROUP_CURRENT_MEMBER_ASSIGNMENT_VALUE = /* @__PURE__ */ schema(
  'ShareGroupCurrentMemberAssignmentValue',
  { apiKey: 14 },
  {
    memberEpoch: 'int32',
    previousMemberEpoch: 'int32',
    state: 'int8',
    assignedPartitions: [{ struct: { topicId: 'uuid', partitions: ['int32'] } }],
  },
)

export const SHARE_GROUP_STATE_PARTITION_METADATA_KEY = /* @__PURE__ */ schema(
  'ShareGroupStatePartitionMetadataKey',
  { apiKey: 15, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string' },
)

export const SHARE_GROUP_STATE_PARTITION_METADATA_VALUE = /* @__PURE__ */ schema(
  'ShareGroupStatePartitionMetadataValue',
  { apiKey: 15 },
  {
    initializingTopics: [{ struct: { topicId: 'uuid', topicName: 'string', partitions: ['int32'] } }],
    initializedTopics: [{ struct: { topicId: 'uuid', topicName: 'string', partitions: ['int32'] } }],
    deletingTopics: [{ struct: { topicId: 'uuid', topicName: 'string' } }],
  },
)

export const CONSUMER_GROUP_REGULAR_EXPRESSION_KEY = /* @__PURE__ */ schema(
  'ConsumerGroupRegularExpressionKey',
  { apiKey: 16, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string', regularExpression: 'string' },
)

export const CONSUMER_GROUP_REGULAR_EXPRESSION_VALUE = /* @__PURE__ */ schema(
  'ConsumerGroupRegularExpressionValue',
  { apiKey: 16 },
  { topics: ['string'], version: 'int64', timestamp: 'int64' },
)

export const STREAMS_GROUP_METADATA_KEY = /* @__PURE__ */ schema(
  'StreamsGroupMetadataKey',
  { apiKey: 17, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string' },
)

export const STREAMS_GROUP_METADATA_VALUE = /* @__PURE__ */ schema(
  'StreamsGroupMetadataValue',
  { apiKey: 17 },
  {
    epoch: 'int32',
    metadataHash: 'int64',
    validatedTopologyEpoch: { type: 'int32', tag: 0, default: -1 },
    lastAssignmentConfigs: {
      type: [{ struct: { key: 'string', value: 'string' } }],
      nullable: true,
      tag: 1,
      default: [],
    },
    storedDescriptionTopologyEpoch: { type: 'int32', tag: 2, default: -1 },
    failedDescriptionTopologyEpoch: { type: 'int32', tag: 3, default: -1 },
  },
)

export const STREAMS_GROUP_MEMBER_METADATA_KEY = /* @__PURE__ */ schema(
  'StreamsGroupMemberMetadataKey',
  { apiKey: 19, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string', memberId: 'string' },
)

export const STREAMS_GROUP_MEMBER_METADATA_VALUE = /* @__PURE__ */ schema(
  'StreamsGroupMemberMetadataValue',
  { apiKey: 19 },
  {
    instanceId: { type: 'string', nullable: true },
    rackId: { type: 'string', nullable: true },
    clientId: 'string',
    clientHost: 'string',
    rebalanceTimeoutMs: { type: 'int32', default: -1 },
    topologyEpoch: 'int32',
    processId: 'string',
    userEndpoint: { type: { struct: { host: 'string', port: 'uint16' } }, nullable: true, default: null },
    clientTags: [{ struct: { key: 'string', value: 'string' } }],
  },
)

export const STREAMS_GROUP_TARGET_ASSIGNMENT_METADATA_KEY = /* @__PURE__ */ schema(
  'StreamsGroupTargetAssignmentMetadataKey',
  { apiKey: 20, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string' },
)

export const STREAMS_GROUP_TARGET_ASSIGNMENT_METADATA_VALUE = /* @__PURE__ */ schema(
  'StreamsGroupTargetAssignmentMetadataValue',
  { apiKey: 20 },
  { assignmentEpoch: 'int32', assignmentTimestamp: { type: 'int64', tag: 0, default: 0 } },
)

export const STREAMS_GROUP_TARGET_ASSIGNMENT_MEMBER_KEY = /* @__PURE__ */ schema(
  'StreamsGroupTargetAssignmentMemberKey',
  { apiKey: 21, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string', memberId: 'string' },
)

export const STREAMS_GROUP_TARGET_ASSIGNMENT_MEMBER_VALUE = /* @__PURE__ */ schema(
  'StreamsGroupTargetAssignmentMemberValue',
  { apiKey: 21 },
  {
    activeTasks: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
    standbyTasks: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
    warmupTasks: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
  },
)

export const STREAMS_GROUP_CURRENT_MEMBER_ASSIGNMENT_KEY = /* @__PURE__ */ schema(
  'StreamsGroupCurrentMemberAssignmentKey',
  { apiKey: 22, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string', memberId: 'string' },
)

export const STREAMS_GROUP_CURRENT_MEMBER_ASSIGNMENT_VALUE = /* @__PURE__ */ schema(
  'StreamsGroupCurrentMemberAssignmentValue',
  { apiKey: 22 },
  {
    memberEpoch: 'int32',
    previousMemberEpoch: 'int32',
    state: 'int8',
    activeTasks: [
      {
        struct: {
          subtopologyId: 'string',
          partitions: ['int32'],
          assignmentEpochs: { type: ['int32'], nullable: true, tag: 0, default: [] },
        },
      },
    ],
    standbyTasks: [
      {
        struct: {
          subtopologyId: 'string',
          partitions: ['int32'],
          assignmentEpochs: { type: ['int32'], nullable: true, tag: 0, default: [] },
        },
      },
    ],
    warmupTasks: [
      {
        struct: {
          subtopologyId: 'string',
          partitions: ['int32'],
          assignmentEpochs: { type: ['int32'], nullable: true, tag: 0, default: [] },
        },
      },
    ],
    activeTasksPendingRevocation: [
      {
        struct: {
          subtopologyId: 'string',
          partitions: ['int32'],
          assignmentEpochs: { type: ['int32'], nullable: true, tag: 0, default: [] },
        },
      },
    ],
    standbyTasksPendingRevocation: [
      {
        struct: {
          subtopologyId: 'string',
          partitions: ['int32'],
          assignmentEpochs: { type: ['int32'], nullable: true, tag: 0, default: [] },
        },
      },
    ],
    warmupTasksPendingRevocation: [
      {
        struct: {
          subtopologyId: 'string',
          partitions: ['int32'],
          assignmentEpochs: { type: ['int32'], nullable: true, tag: 0, default: [] },
        },
      },
    ],
  },
)

export const STREAMS_GROUP_TOPOLOGY_KEY = /* @__PURE__ */ schema(
  'StreamsGroupTopologyKey',
  { apiKey: 23, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string' },
)

export const STREAMS_GROUP_TOPOLOGY_VALUE = /* @__PURE__ */ schema(
  'StreamsGroupTopologyValue',
  { apiKey: 23 },
  {
    epoch: 'int32',
    subtopologies: [
      {
        struct: {
          subtopologyId: 'string',
          sourceTopics: ['string'],
          sourceTopicRegex: ['string'],
          stateChangelogTopics: [
            {
              struct: {
                name: 'string',
                partitions: 'int32',
                replicationFactor: 'int16',
                topicConfigs: [{ struct: { key: 'string', value: 'string' } }],
              },
            },
          ],
          repartitionSinkTopics: ['string'],
          repartitionSourceTopics: [
            {
              struct: {
                name: 'string',
                partitions: 'int32',
                replicationFactor: 'int16',
                topicConfigs: [{ struct: { key: 'string', value: 'string' } }],
              },
            },
          ],
          copartitionGroups: [
            {
              struct: {
                sourceTopics: ['int16'],
                sourceTopicRegex: ['int16'],
                repartitionSourceTopics: ['int16'],
              },
            },
          ],
        },
      },
    ],
  },
)
