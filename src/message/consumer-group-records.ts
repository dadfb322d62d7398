/** Records of `__consumer_offsets` that classic and consumer groups write, types 0 to 8 and 16. */
import {
  type CoordinatorRecords,
  coordinatorRecord,
  GROUP_KEY,
  MEMBER_KEY,
  NEVER_FLEXIBLE,
  TARGET_ASSIGNMENT_METADATA,
} from './coordinator-record.ts'
import { type Fields, schema } from './schema.ts'

const OFFSET_COMMIT_KEY: Fields = { group: 'string', topic: 'string', partition: 'int32' }
const TOPIC_PARTITIONS: Fields = { topicId: 'uuid', partitions: ['int32'] }
const TOPIC_PARTITION_EPOCHS: Fields = {
  ...TOPIC_PARTITIONS,
  assignmentEpochs: { type: ['int32'], nullable: true, tag: 0, default: [] },
}

/** What stands for a tagged field that is left out; a null is stored, and shown, as such. */
const NOT_CLASSIC = { sessionTimeoutMs: 0, supportedProtocols: [] } as const

export const GROUP_METADATA_TYPE = 2

export const CONSUMER_GROUP_RECORDS: CoordinatorRecords = {
  0: coordinatorRecord(
    OFFSET_COMMIT_KEY,
    schema(
      'LegacyOffsetCommitValue',
      { flexibleSince: NEVER_FLEXIBLE },
      { offset: 'bigint64', metadata: 'string', commitTimestamp: 'bigint64' },
    ),
  ),
  1: coordinatorRecord(
    OFFSET_COMMIT_KEY,
    schema(
      'OffsetCommitValue',
      { highestVersion: 4, flexibleSince: 4 },
      {
        offset: 'bigint64',
        leaderEpoch: { type: 'int32', since: 3, default: -1 },
        metadata: 'string',
        commitTimestamp: 'bigint64',
        expireTimestamp: { type: 'bigint64', since: 1, until: 1, default: -1n },
        topicId: { type: 'uuid', since: 4, tag: 0 },
      },
    ),
  ),
  [GROUP_METADATA_TYPE]: coordinatorRecord(
    { group: 'string' },
    schema(
      'GroupMetadataValue',
      { highestVersion: 4, flexibleSince: 4 },
      {
        protocolType: 'string',
        generation: 'int32',
        protocol: { type: 'string', nullable: true },
        leader: { type: 'string', nullable: true },
        currentStateTimestamp: { type: 'bigint64', since: 2, default: -1n },
        members: [
          {
            struct: {
              memberId: 'string',
              groupInstanceId: { type: 'string', since: 3, nullable: true, default: null },
              clientId: 'string',
              clientHost: 'string',
              rebalanceTimeout: { type: 'int32', since: 1, default: -1 },
              sessionTimeout: 'int32',
              subscription: 'bytes',
              assignment: 'bytes',
            },
          },
        ],
      },
    ),
  ),
  3: coordinatorRecord(
    GROUP_KEY,
    schema(
      'ConsumerGroupMetadataValue',
      {},
      { epoch: 'int32', metadataHash: { type: 'bigint64', tag: 0, default: 0n } },
    ),
  ),
  4: coordinatorRecord(
    GROUP_KEY,
    schema(
      'ConsumerGroupPartitionMetadataValue',
      {},
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
    ),
  ),
  5: coordinatorRecord(
    MEMBER_KEY,
    schema(
      'ConsumerGroupMemberMetadataValue',
      {},
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
          default: NOT_CLASSIC,
        },
      },
    ),
  ),
  6: coordinatorRecord(
    GROUP_KEY,
    schema('ConsumerGroupTargetAssignmentMetadataValue', {}, TARGET_ASSIGNMENT_METADATA),
  ),
  7: coordinatorRecord(
    MEMBER_KEY,
    schema(
      'ConsumerGroupTargetAssignmentMemberValue',
      {},
      { topicPartitions: [{ struct: TOPIC_PARTITIONS }] },
    ),
  ),
  8: coordinatorRecord(
    MEMBER_KEY,
    schema(
      'ConsumerGroupCurrentMemberAssignmentValue',
      {},
      {
        memberEpoch: 'int32',
        previousMemberEpoch: 'int32',
        state: 'int8',
        assignedPartitions: [{ struct: TOPIC_PARTITION_EPOCHS }],
        partitionsPendingRevocation: [{ struct: TOPIC_PARTITION_EPOCHS }],
      },
    ),
  ),
  16: coordinatorRecord(
    { groupId: 'string', regularExpression: 'string' },
    schema(
      'ConsumerGroupRegularExpressionValue',
      {},
      { topics: ['string'], version: 'bigint64', timestamp: 'bigint64' },
    ),
  ),
}
