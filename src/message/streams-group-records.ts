/** Records of `__consumer_offsets` that streams groups write, types 17 and 19 to 23. */
import {
  type CoordinatorRecords,
  coordinatorRecord,
  GROUP_KEY,
  MEMBER_KEY,
  TARGET_ASSIGNMENT_METADATA,
} from './coordinator-record.ts'
import { type Fields, type FieldType, schema } from './schema.ts'

const KEY_VALUES: FieldType = [{ struct: { key: 'string', value: 'string' } }]
const TASKS: Fields = { subtopologyId: 'string', partitions: ['int32'] }
const TASK_IDS: FieldType = [{ struct: TASKS }]
const TASK_IDS_WITH_EPOCHS: FieldType = [
  { struct: { ...TASKS, assignmentEpochs: { type: ['int32'], nullable: true, tag: 0, default: [] } } },
]
const TOPIC_INFOS: FieldType = [
  {
    struct: { name: 'string', partitions: 'int32', replicationFactor: 'int16', topicConfigs: KEY_VALUES },
  },
]

export const STREAMS_GROUP_RECORDS: CoordinatorRecords = {
  17: coordinatorRecord(
    GROUP_KEY,
    schema(
      'StreamsGroupMetadataValue',
      {},
      {
        epoch: 'int32',
        metadataHash: 'bigint64',
        validatedTopologyEpoch: { type: 'int32', tag: 0, default: -1 },
        lastAssignmentConfigs: { type: KEY_VALUES, nullable: true, tag: 1, default: [] },
      },
    ),
  ),
  19: coordinatorRecord(
    MEMBER_KEY,
    schema(
      'StreamsGroupMemberMetadataValue',
      {},
      {
        instanceId: { type: 'string', nullable: true },
        rackId: { type: 'string', nullable: true },
        clientId: 'string',
        clientHost: 'string',
        rebalanceTimeoutMs: { type: 'int32', default: -1 },
        topologyEpoch: 'int32',
        processId: 'string',
        userEndpoint: { type: { struct: { host: 'string', port: 'uint16' } }, nullable: true, default: null },
        clientTags: KEY_VALUES,
      },
    ),
  ),
  20: coordinatorRecord(
    GROUP_KEY,
    schema('StreamsGroupTargetAssignmentMetadataValue', {}, TARGET_ASSIGNMENT_METADATA),
  ),
  21: coordinatorRecord(
    MEMBER_KEY,
    schema(
      'StreamsGroupTargetAssignmentMemberValue',
      {},
      { activeTasks: TASK_IDS, standbyTasks: TASK_IDS, warmupTasks: TASK_IDS },
    ),
  ),
  22: coordinatorRecord(
    MEMBER_KEY,
    schema(
      'StreamsGroupCurrentMemberAssignmentValue',
      {},
      {
        memberEpoch: 'int32',
        previousMemberEpoch: 'int32',
        state: 'int8',
        activeTasks: TASK_IDS_WITH_EPOCHS,
        standbyTasks: TASK_IDS_WITH_EPOCHS,
        warmupTasks: TASK_IDS_WITH_EPOCHS,
        activeTasksPendingRevocation: TASK_IDS_WITH_EPOCHS,
        standbyTasksPendingRevocation: TASK_IDS_WITH_EPOCHS,
        warmupTasksPendingRevocation: TASK_IDS_WITH_EPOCHS,
      },
    ),
  ),
  23: coordinatorRecord(
    GROUP_KEY,
    schema(
      'StreamsGroupTopologyValue',
      {},
      {
        epoch: 'int32',
        subtopologies: [
          {
            struct: {
              subtopologyId: 'string',
              sourceTopics: ['string'],
              sourceTopicRegex: ['string'],
              stateChangelogTopics: TOPIC_INFOS,
              repartitionSinkTopics: ['string'],
              repartitionSourceTopics: TOPIC_INFOS,
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
    ),
  ),
}
