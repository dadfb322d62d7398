/** Records that share groups write: types 10 to 15 of `__consumer_offsets`, and all of `__share_group_state`. */
import {
  type CoordinatorRecords,
  coordinatorRecord,
  GROUP_KEY,
  MEMBER_KEY,
  TARGET_ASSIGNMENT_METADATA,
} from './coordinator-record.ts'
import { type Fields, type FieldType, schema } from './schema.ts'

const TOPIC_PARTITIONS: Fields = { topicId: 'uuid', partitions: ['int32'] }
const NAMED_TOPIC: Fields = { topicId: 'uuid', topicName: 'string' }
const NAMED_TOPIC_PARTITIONS: Fields = { ...NAMED_TOPIC, partitions: ['int32'] }

export const SHARE_GROUP_RECORDS: CoordinatorRecords = {
  10: coordinatorRecord(
    MEMBER_KEY,
    schema(
      'ShareGroupMemberMetadataValue',
      {},
      {
        rackId: { type: 'string', nullable: true },
        clientId: 'string',
        clientHost: 'string',
        subscribedTopicNames: ['string'],
      },
    ),
  ),
  11: coordinatorRecord(
    GROUP_KEY,
    schema('ShareGroupMetadataValue', {}, { epoch: 'int32', metadataHash: 'bigint64' }),
  ),
  12: coordinatorRecord(
    GROUP_KEY,
    schema('ShareGroupTargetAssignmentMetadataValue', {}, TARGET_ASSIGNMENT_METADATA),
  ),
  13: coordinatorRecord(
    MEMBER_KEY,
    schema('ShareGroupTargetAssignmentMemberValue', {}, { topicPartitions: [{ struct: TOPIC_PARTITIONS }] }),
  ),
  14: coordinatorRecord(
    MEMBER_KEY,
    schema(
      'ShareGroupCurrentMemberAssignmentValue',
      {},
      {
        memberEpoch: 'int32',
        previousMemberEpoch: 'int32',
        state: 'int8',
        assignedPartitions: [{ struct: TOPIC_PARTITIONS }],
      },
    ),
  ),
  15: coordinatorRecord(
    GROUP_KEY,
    schema(
      'ShareGroupStatePartitionMetadataValue',
      {},
      {
        initializingTopics: [{ struct: NAMED_TOPIC_PARTITIONS }],
        initializedTopics: [{ struct: NAMED_TOPIC_PARTITIONS }],
        deletingTopics: [{ struct: NAMED_TOPIC }],
      },
    ),
  ),
}

const STATE_KEY: Fields = { groupId: 'string', topicId: 'uuid', partition: 'int32' }
const STATE_BATCHES: FieldType = [
  {
    struct: {
      firstOffset: 'bigint64',
      lastOffset: 'bigint64',
      deliveryState: 'int8',
      deliveryCount: 'int16',
    },
  },
]

export const SHARE_STATE_RECORDS: CoordinatorRecords = {
  0: coordinatorRecord(
    STATE_KEY,
    schema(
      'ShareSnapshotValue',
      {},
      {
        snapshotEpoch: 'int32',
        stateEpoch: 'int32',
        leaderEpoch: 'int32',
        startOffset: 'bigint64',
        deliveryCompleteCount: { type: 'int32', tag: 0, default: -1 },
        createTimestamp: 'bigint64',
        writeTimestamp: 'bigint64',
        stateBatches: STATE_BATCHES,
      },
    ),
  ),
  1: coordinatorRecord(
    STATE_KEY,
    schema(
      'ShareUpdateValue',
      {},
      {
        snapshotEpoch: 'int32',
        leaderEpoch: 'int32',
        startOffset: 'bigint64',
        deliveryCompleteCount: { type: 'int32', tag: 0, default: -1 },
        stateBatches: STATE_BATCHES,
      },
    ),
  ),
}
