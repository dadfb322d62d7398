/**
 * The records of Kafka's coordinators (`__consumer_offsets`, `__transaction_state`, `__share_group_state`) as tables
 * for printing: fields in the order in which the genuine JSON has them. Reading state out of them is message/'s job.
 */
import { type Fields, type MessageSchema, schema } from '../../message/schema.ts'

export interface CoordinatorRecord {
  readonly key: MessageSchema
  readonly value: MessageSchema
}

/** An int64 that is no safe number (a hash), in two halves. */
const WHOLE_INT64 = { struct: { $high: 'int32', $low: 'int32' } } as const

const KEY = { flexibleSince: Number.POSITIVE_INFINITY }

function record(key: Fields, value: MessageSchema): CoordinatorRecord {
  return { key: schema('Key', KEY, key), value }
}

const OFFSET_COMMIT = record(
  { group: 'string', topic: 'string', partition: 'int32' },
  schema(
    'OffsetCommitValue',
    { highestVersion: 4, flexibleSince: 4 },
    {
      offset: 'int64',
      leaderEpoch: { type: 'int32', since: 3 },
      metadata: 'string',
      commitTimestamp: 'int64',
      expireTimestamp: { type: 'int64', since: 1, until: 1 },
      topicId: { type: 'uuid', since: 4, tag: 0 },
    },
  ),
)

const GROUP_METADATA = record(
  { group: 'string' },
  schema(
    'GroupMetadataValue',
    { highestVersion: 4, flexibleSince: 4 },
    {
      protocolType: 'string',
      generation: 'int32',
      protocol: { type: 'string', nullable: true },
      leader: { type: 'string', nullable: true },
      currentStateTimestamp: { type: 'int64', since: 2 },
      members: [
        {
          struct: {
            memberId: 'string',
            groupInstanceId: { type: 'string', since: 3, nullable: true },
            clientId: 'string',
            clientHost: 'string',
            rebalanceTimeout: { type: 'int32', since: 1 },
            sessionTimeout: 'int32',
            subscription: 'bytes',
            assignment: 'bytes',
          },
        },
      ],
    },
  ),
)

const TOPIC_PARTITIONS = { struct: { topicId: 'uuid', partitions: ['int32'] } } as const
const NAMED_TOPIC_PARTITIONS = {
  struct: { topicId: 'uuid', topicName: 'string', partitions: ['int32'] },
} as const

const GROUP_AND_MEMBER: Fields = { groupId: 'string', memberId: 'string' }

/** By record type, see the CoordinatorRecordType of Kafka's group coordinator; those that a formatter shows. */
const GROUP_RECORDS: Readonly<Record<number, CoordinatorRecord>> = {
  0: OFFSET_COMMIT,
  1: OFFSET_COMMIT,
  2: GROUP_METADATA,
  10: record(
    GROUP_AND_MEMBER,
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
  11: record(
    { groupId: 'string' },
    schema('ShareGroupMetadataValue', {}, { epoch: 'int32', metadataHash: WHOLE_INT64 }),
  ),
  12: record(
    { groupId: 'string' },
    schema(
      'ShareGroupTargetAssignmentMetadataValue',
      {},
      { assignmentEpoch: 'int32', assignmentTimestamp: { type: 'int64', tag: 0 } },
    ),
  ),
  13: record(
    GROUP_AND_MEMBER,
    schema('ShareGroupTargetAssignmentMemberValue', {}, { topicPartitions: [TOPIC_PARTITIONS] }),
  ),
  14: record(
    GROUP_AND_MEMBER,
    schema(
      'ShareGroupCurrentMemberAssignmentValue',
      {},
      {
        memberEpoch: 'int32',
        previousMemberEpoch: 'int32',
        state: 'int8',
        assignedPartitions: [TOPIC_PARTITIONS],
      },
    ),
  ),
  15: record(
    { groupId: 'string' },
    schema(
      'ShareGroupStatePartitionMetadataValue',
      {},
      {
        initializingTopics: [NAMED_TOPIC_PARTITIONS],
        initializedTopics: [NAMED_TOPIC_PARTITIONS],
        deletingTopics: [{ struct: { topicId: 'uuid', topicName: 'string' } }],
      },
    ),
  ),
}

const TRANSACTION_RECORDS: Readonly<Record<number, CoordinatorRecord>> = {
  0: record(
    { transactionalId: 'string' },
    schema(
      'TransactionLogValue',
      { highestVersion: 1, flexibleSince: 1 },
      {
        producerId: 'int64',
        previousProducerId: { type: 'int64', since: 1, tag: 0, default: -1 },
        nextProducerId: { type: 'int64', since: 1, tag: 1, default: -1 },
        producerEpoch: 'int16',
        nextProducerEpoch: { type: 'int16', since: 1, tag: 3, default: -1 },
        transactionTimeoutMs: 'int32',
        transactionStatus: 'int8',
        transactionPartitions: {
          type: [{ struct: { topic: 'string', partitionIds: ['int32'] } }],
          nullable: true,
        },
        transactionLastUpdateTimestampMs: 'int64',
        transactionStartTimestampMs: 'int64',
        clientTransactionVersion: { type: 'int16', since: 1, tag: 2, default: 0 },
      },
    ),
  ),
}

const SHARE_STATE_KEY: Fields = { groupId: 'string', topicId: 'uuid', partition: 'int32' }
const STATE_BATCHES = [
  {
    struct: { firstOffset: 'int64', lastOffset: 'int64', deliveryState: 'int8', deliveryCount: 'int16' },
  },
] as const

const SHARE_STATE_RECORDS: Readonly<Record<number, CoordinatorRecord>> = {
  0: record(
    SHARE_STATE_KEY,
    schema(
      'ShareSnapshotValue',
      {},
      {
        snapshotEpoch: 'int32',
        stateEpoch: 'int32',
        leaderEpoch: 'int32',
        startOffset: 'int64',
        deliveryCompleteCount: { type: 'int32', tag: 0, default: -1 },
        createTimestamp: 'int64',
        writeTimestamp: 'int64',
        stateBatches: STATE_BATCHES,
      },
    ),
  ),
  1: record(
    SHARE_STATE_KEY,
    schema(
      'ShareUpdateValue',
      {},
      {
        snapshotEpoch: 'int32',
        leaderEpoch: 'int32',
        startOffset: 'int64',
        deliveryCompleteCount: { type: 'int32', tag: 0, default: -1 },
        stateBatches: STATE_BATCHES,
      },
    ),
  ),
}

/** What each formatter shows: its coordinator's records, of these types only (undefined: all). */
export const FORMATTER_RECORDS: Readonly<
  Record<
    string,
    { readonly records: Readonly<Record<number, CoordinatorRecord>>; readonly types?: readonly number[] }
  >
> = {
  OffsetsMessageFormatter: { records: GROUP_RECORDS, types: [0, 1] },
  GroupMetadataMessageFormatter: { records: GROUP_RECORDS, types: [2] },
  ShareGroupMessageFormatter: { records: GROUP_RECORDS, types: [10, 11, 12, 13, 14, 15] },
  TransactionLogMessageFormatter: { records: TRANSACTION_RECORDS },
  'group.share.ShareGroupStateMessageFormatter': { records: SHARE_STATE_RECORDS },
}
