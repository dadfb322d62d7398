/**
 * What clients ask brokers, and what these answer: every version that is not in the making.
 * Made by scripts/make-schemas.mjs from the definitions of Kafka 4.4.0: not to be changed by hand.
 */
import { schema } from '../schema.ts'

export const PRODUCE_REQUEST = /* @__PURE__ */ schema(
  'ProduceRequest',
  { apiKey: 0, lowestVersion: 3, highestVersion: 13, flexibleSince: 9 },
  {
    transactionalId: { type: 'string', nullable: true, default: null },
    acks: 'int16',
    timeoutMs: 'int32',
    topicData: [
      {
        struct: {
          name: { type: 'string', until: 12, ignorable: true },
          topicId: { type: 'uuid', since: 13, ignorable: true },
          partitionData: [{ struct: { index: 'int32', records: { type: 'bytes', nullable: true } } }],
        },
      },
    ],
  },
)

export const PRODUCE_RESPONSE = /* @__PURE__ */ schema(
  'ProduceResponse',
  { apiKey: 0, lowestVersion: 3, highestVersion: 13, flexibleSince: 9 },
  {
    responses: [
      {
        struct: {
          name: { type: 'string', until: 12, ignorable: true },
          topicId: { type: 'uuid', since: 13, ignorable: true },
          partitionResponses: [
            {
              struct: {
                index: 'int32',
                errorCode: 'int16',
                baseOffset: 'int64',
                logAppendTimeMs: { type: 'int64', since: 2, ignorable: true, default: -1 },
                logStartOffset: { type: 'int64', since: 5, ignorable: true, default: -1 },
                recordErrors: {
                  type: [
                    {
                      struct: {
                        batchIndex: 'int32',
                        batchIndexErrorMessage: { type: 'string', nullable: true, default: null },
                      },
                    },
                  ],
                  since: 8,
                  ignorable: true,
                },
                errorMessage: { type: 'string', since: 8, nullable: true, ignorable: true, default: null },
                currentLeader: {
                  type: {
                    struct: {
                      leaderId: { type: 'int32', default: -1 },
                      leaderEpoch: { type: 'int32', default: -1 },
                    },
                  },
                  since: 10,
                  tag: 0,
                  default: { leaderId: 0, leaderEpoch: 0 },
                },
              },
            },
          ],
        },
      },
    ],
    throttleTimeMs: { type: 'int32', default: 0 },
    nodeEndpoints: {
      type: [
        {
          struct: {
            nodeId: 'int32',
            host: 'string',
            port: 'int32',
            rack: { type: 'string', nullable: true, default: null },
          },
        },
      ],
      since: 10,
      tag: 0,
    },
  },
)

export const FETCH_REQUEST = /* @__PURE__ */ schema(
  'FetchRequest',
  { apiKey: 1, lowestVersion: 4, highestVersion: 18, flexibleSince: 12 },
  {
    clusterId: { type: 'string', since: 12, nullable: true, tag: 0, ignorable: true, default: null },
    replicaId: { type: 'int32', until: 14, default: -1 },
    replicaState: {
      type: {
        struct: { replicaId: { type: 'int32', default: -1 }, replicaEpoch: { type: 'int64', default: -1 } },
      },
      since: 15,
      tag: 1,
      default: { replicaId: 0, replicaEpoch: 0 },
    },
    maxWaitMs: 'int32',
    minBytes: 'int32',
    maxBytes: { type: 'int32', default: 2147483647 },
    isolationLevel: { type: 'int8', default: 0 },
    sessionId: { type: 'int32', since: 7, ignorable: true, default: 0 },
    sessionEpoch: { type: 'int32', since: 7, ignorable: true, default: -1 },
    topics: [
      {
        struct: {
          topic: { type: 'string', until: 12, ignorable: true },
          topicId: { type: 'uuid', since: 13, ignorable: true },
          partitions: [
            {
              struct: {
                partition: 'int32',
                currentLeaderEpoch: { type: 'int32', since: 9, ignorable: true, default: -1 },
                fetchOffset: 'int64',
                lastFetchedEpoch: { type: 'int32', since: 12, default: -1 },
                logStartOffset: { type: 'int64', since: 5, ignorable: true, default: -1 },
                partitionMaxBytes: 'int32',
                replicaDirectoryId: { type: 'uuid', since: 17, tag: 0, ignorable: true },
                highWatermark: {
                  type: 'int64',
                  since: 18,
                  tag: 1,
                  ignorable: true,
                  default: 9223372036854776000,
                },
              },
            },
          ],
        },
      },
    ],
    forgottenTopicsData: {
      type: [
        {
          struct: {
            topic: { type: 'string', until: 12, ignorable: true },
            topicId: { type: 'uuid', since: 13, ignorable: true },
            partitions: ['int32'],
          },
        },
      ],
      since: 7,
    },
    rackId: { type: 'string', since: 11, ignorable: true, default: '' },
  },
)

export const FETCH_RESPONSE = /* @__PURE__ */ schema(
  'FetchResponse',
  { apiKey: 1, lowestVersion: 4, highestVersion: 18, flexibleSince: 12 },
  {
    throttleTimeMs: 'int32',
    errorCode: { type: 'int16', since: 7, ignorable: true },
    sessionId: { type: 'int32', since: 7, default: 0 },
    responses: [
      {
        struct: {
          topic: { type: 'string', until: 12, ignorable: true },
          topicId: { type: 'uuid', since: 13, ignorable: true },
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                errorCode: 'int16',
                highWatermark: 'int64',
                lastStableOffset: { type: 'int64', since: 4, ignorable: true, default: -1 },
                logStartOffset: { type: 'int64', since: 5, ignorable: true, default: -1 },
                divergingEpoch: {
                  type: {
                    struct: {
                      epoch: { type: 'int32', default: -1 },
                      endOffset: { type: 'int64', default: -1 },
                    },
                  },
                  since: 12,
                  tag: 0,
                  default: { epoch: 0, endOffset: 0 },
                },
                currentLeader: {
                  type: {
                    struct: {
                      leaderId: { type: 'int32', default: -1 },
                      leaderEpoch: { type: 'int32', default: -1 },
                    },
                  },
                  since: 12,
                  tag: 1,
                  default: { leaderId: 0, leaderEpoch: 0 },
                },
                snapshotId: {
                  type: {
                    struct: {
                      endOffset: { type: 'int64', default: -1 },
                      epoch: { type: 'int32', default: -1 },
                    },
                  },
                  since: 12,
                  tag: 2,
                  default: { endOffset: 0, epoch: 0 },
                },
                abortedTransactions: {
                  type: [{ struct: { producerId: 'int64', firstOffset: 'int64' } }],
                  since: 4,
                  nullable: true,
                  ignorable: true,
                },
                preferredReadReplica: { type: 'int32', since: 11, default: -1 },
                records: { type: 'bytes', nullable: true },
              },
            },
          ],
        },
      },
    ],
    nodeEndpoints: {
      type: [
        {
          struct: {
            nodeId: 'int32',
            host: 'string',
            port: 'int32',
            rack: { type: 'string', nullable: true, default: null },
          },
        },
      ],
      since: 16,
      tag: 0,
    },
  },
)

export const LIST_OFFSETS_REQUEST = /* @__PURE__ */ schema(
  'ListOffsetsRequest',
  { apiKey: 2, lowestVersion: 1, highestVersion: 11, flexibleSince: 6 },
  {
    replicaId: 'int32',
    isolationLevel: { type: 'int8', since: 2 },
    topics: [
      {
        struct: {
          name: 'string',
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                currentLeaderEpoch: { type: 'int32', since: 4, ignorable: true, default: -1 },
                timestamp: 'wide64',
              },
            },
          ],
        },
      },
    ],
    timeoutMs: { type: 'int32', since: 10, ignorable: true },
  },
)

export const LIST_OFFSETS_RESPONSE = /* @__PURE__ */ schema(
  'ListOffsetsResponse',
  { apiKey: 2, lowestVersion: 1, highestVersion: 11, flexibleSince: 6 },
  {
    throttleTimeMs: { type: 'int32', since: 2, ignorable: true },
    topics: [
      {
        struct: {
          name: 'string',
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                errorCode: 'int16',
                timestamp: { type: 'wide64', since: 1, default: -1 },
                offset: { type: 'int64', since: 1, default: -1 },
                leaderEpoch: { type: 'int32', since: 4, default: -1 },
              },
            },
          ],
        },
      },
    ],
  },
)

export const METADATA_REQUEST = /* @__PURE__ */ schema(
  'MetadataRequest',
  { apiKey: 3, highestVersion: 13, flexibleSince: 9 },
  {
    topics: {
      type: [
        {
          struct: {
            topicId: { type: 'uuid', since: 10, ignorable: true },
            name: { type: 'string', nullable: true, nullableSince: 10 },
          },
        },
      ],
      nullable: true,
      nullableSince: 1,
    },
    allowAutoTopicCreation: { type: 'bool', since: 4, default: true },
    includeClusterAuthorizedOperations: { type: 'bool', since: 8, until: 10 },
    includeTopicAuthorizedOperations: { type: 'bool', since: 8 },
  },
)

export const METADATA_RESPONSE = /* @__PURE__ */ schema(
  'MetadataResponse',
  { apiKey: 3, highestVersion: 13, flexibleSince: 9 },
  {
    throttleTimeMs: { type: 'int32', since: 3, ignorable: true },
    brokers: [
      {
        struct: {
          nodeId: 'int32',
          host: 'string',
          port: 'int32',
          rack: { type: 'string', since: 1, nullable: true, ignorable: true, default: null },
        },
      },
    ],
    clusterId: { type: 'string', since: 2, nullable: true, ignorable: true, default: null },
    controllerId: { type: 'int32', since: 1, ignorable: true, default: -1 },
    topics: [
      {
        struct: {
          errorCode: 'int16',
          name: { type: 'string', nullable: true, nullableSince: 12 },
          topicId: { type: 'uuid', since: 10, ignorable: true },
          isInternal: { type: 'bool', since: 1, ignorable: true, default: false },
          partitions: [
            {
              struct: {
                errorCode: 'int16',
                partitionIndex: 'int32',
                leaderId: 'int32',
                leaderEpoch: { type: 'int32', since: 7, ignorable: true, default: -1 },
                replicaNodes: ['int32'],
                isrNodes: ['int32'],
                offlineReplicas: { type: ['int32'], since: 5, ignorable: true },
              },
            },
          ],
          topicAuthorizedOperations: { type: 'int32', since: 8, default: -2147483648 },
        },
      },
    ],
    clusterAuthorizedOperations: { type: 'int32', since: 8, until: 10, default: -2147483648 },
    errorCode: { type: 'int16', since: 13, ignorable: true },
  },
)

export const OFFSET_COMMIT_REQUEST = /* @__PURE__ */ schema(
  'OffsetCommitRequest',
  { apiKey: 8, lowestVersion: 2, highestVersion: 10, flexibleSince: 8 },
  {
    groupId: 'string',
    generationIdOrMemberEpoch: { type: 'int32', default: -1 },
    memberId: 'string',
    groupInstanceId: { type: 'string', since: 7, nullable: true, default: null },
    retentionTimeMs: { type: 'int64', until: 4, ignorable: true, default: -1 },
    topics: [
      {
        struct: {
          name: { type: 'string', until: 9, ignorable: true },
          topicId: { type: 'uuid', since: 10, ignorable: true },
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                committedOffset: 'int64',
                committedLeaderEpoch: { type: 'int32', since: 6, ignorable: true, default: -1 },
                committedMetadata: { type: 'string', nullable: true },
              },
            },
          ],
        },
      },
    ],
  },
)

export const OFFSET_COMMIT_RESPONSE = /* @__PURE__ */ schema(
  'OffsetCommitResponse',
  { apiKey: 8, lowestVersion: 2, highestVersion: 10, flexibleSince: 8 },
  {
    throttleTimeMs: { type: 'int32', since: 3, ignorable: true },
    topics: [
      {
        struct: {
          name: { type: 'string', until: 9, ignorable: true },
          topicId: { type: 'uuid', since: 10, ignorable: true },
          partitions: [{ struct: { partitionIndex: 'int32', errorCode: 'int16' } }],
        },
      },
    ],
  },
)

export const OFFSET_FETCH_REQUEST = /* @__PURE__ */ schema(
  'OffsetFetchRequest',
  { apiKey: 9, lowestVersion: 1, highestVersion: 10, flexibleSince: 6 },
  {
    groupId: { type: 'string', until: 7 },
    topics: {
      type: [{ struct: { name: 'string', partitionIndexes: ['int32'] } }],
      until: 7,
      nullable: true,
      nullableSince: 2,
    },
    groups: {
      type: [
        {
          struct: {
            groupId: 'string',
            memberId: { type: 'string', since: 9, nullable: true, ignorable: true, default: null },
            memberEpoch: { type: 'int32', since: 9, ignorable: true, default: -1 },
            topics: {
              type: [
                {
                  struct: {
                    name: { type: 'string', until: 9, ignorable: true },
                    topicId: { type: 'uuid', since: 10, ignorable: true },
                    partitionIndexes: ['int32'],
                  },
                },
              ],
              nullable: true,
            },
          },
        },
      ],
      since: 8,
    },
    requireStable: { type: 'bool', since: 7, default: false },
  },
)

export const OFFSET_FETCH_RESPONSE = /* @__PURE__ */ schema(
  'OffsetFetchResponse',
  { apiKey: 9, lowestVersion: 1, highestVersion: 10, flexibleSince: 6 },
  {
    throttleTimeMs: { type: 'int32', since: 3, ignorable: true },
    topics: {
      type: [
        {
          struct: {
            name: 'string',
            partitions: [
              {
                struct: {
                  partitionIndex: 'int32',
                  committedOffset: 'wide64',
                  committedLeaderEpoch: { type: 'int32', since: 5, ignorable: true, default: -1 },
                  metadata: { type: 'string', nullable: true },
                  errorCode: 'int16',
                },
              },
            ],
          },
        },
      ],
      until: 7,
    },
    errorCode: { type: 'int16', since: 2, until: 7, ignorable: true, default: 0 },
    groups: {
      type: [
        {
          struct: {
            groupId: 'string',
            topics: [
              {
                struct: {
                  name: { type: 'string', until: 9, ignorable: true },
                  topicId: { type: 'uuid', since: 10, ignorable: true },
                  partitions: [
                    {
                      struct: {
                        partitionIndex: 'int32',
                        committedOffset: 'wide64',
                        committedLeaderEpoch: { type: 'int32', default: -1 },
                        metadata: { type: 'string', nullable: true },
                        errorCode: 'int16',
                      },
                    },
                  ],
                },
              },
            ],
            errorCode: { type: 'int16', default: 0 },
          },
        },
      ],
      since: 8,
    },
  },
)

export const FIND_COORDINATOR_REQUEST = /* @__PURE__ */ schema(
  'FindCoordinatorRequest',
  { apiKey: 10, highestVersion: 6, flexibleSince: 3 },
  {
    key: { type: 'string', until: 3 },
    keyType: { type: 'int8', since: 1, default: 0 },
    coordinatorKeys: { type: ['string'], since: 4 },
  },
)

export const FIND_COORDINATOR_RESPONSE = /* @__PURE__ */ schema(
  'FindCoordinatorResponse',
  { apiKey: 10, highestVersion: 6, flexibleSince: 3 },
  {
    throttleTimeMs: { type: 'int32', since: 1, ignorable: true },
    errorCode: { type: 'int16', until: 3 },
    errorMessage: { type: 'string', since: 1, until: 3, nullable: true, ignorable: true },
    nodeId: { type: 'int32', until: 3 },
    host: { type: 'string', until: 3 },
    port: { type: 'int32', until: 3 },
    coordinators: {
      type: [
        {
          struct: {
            key: 'string',
            nodeId: 'int32',
            host: 'string',
            port: 'int32',
            errorCode: 'int16',
            errorMessage: { type: 'string', nullable: true },
          },
        },
      ],
      since: 4,
    },
  },
)

export const JOIN_GROUP_REQUEST = /* @__PURE__ */ schema(
  'JoinGroupRequest',
  { apiKey: 11, highestVersion: 9, flexibleSince: 6 },
  {
    groupId: 'string',
    sessionTimeoutMs: 'int32',
    rebalanceTimeoutMs: { type: 'int32', since: 1, ignorable: true, default: -1 },
    memberId: 'string',
    groupInstanceId: { type: 'string', since: 5, nullable: true, default: null },
    protocolType: 'string',
    protocols: [{ struct: { name: 'string', metadata: 'bytes' } }],
    reason: { type: 'string', since: 8, nullable: true, ignorable: true, default: null },
  },
)

export const JOIN_GROUP_RESPONSE = /* @__PURE__ */ schema(
  'JoinGroupResponse',
  { apiKey: 11, highestVersion: 9, flexibleSince: 6 },
  {
    throttleTimeMs: { type: 'int32', since: 2, ignorable: true },
    errorCode: 'int16',
    generationId: { type: 'int32', default: -1 },
    protocolType: { type: 'string', since: 7, nullable: true, ignorable: true, default: null },
    protocolName: { type: 'string', nullable: true, nullableSince: 7 },
    leader: 'string',
    skipAssignment: { type: 'bool', since: 9, default: false },
    memberId: 'string',
    members: [
      {
        struct: {
          memberId: 'string',
          groupInstanceId: { type: 'string', since: 5, nullable: true, ignorable: true, default: null },
          metadata: 'bytes',
        },
      },
    ],
  },
)

export const HEARTBEAT_REQUEST = /* @__PURE__ */ schema(
  'HeartbeatRequest',
  { apiKey: 12, highestVersion: 4, flexibleSince: 4 },
  {
    groupId: 'string',
    generationId: 'int32',
    memberId: 'string',
    groupInstanceId: { type: 'string', since: 3, nullable: true, default: null },
  },
)

export const HEARTBEAT_RESPONSE = /* @__PURE__ */ schema(
  'HeartbeatResponse',
  { apiKey: 12, highestVersion: 4, flexibleSince: 4 },
  { throttleTimeMs: { type: 'int32', since: 1, ignorable: true }, errorCode: 'int16' },
)

export const LEAVE_GROUP_REQUEST = /* @__PURE__ */ schema(
  'LeaveGroupRequest',
  { apiKey: 13, highestVersion: 5, flexibleSince: 4 },
  {
    groupId: 'string',
    memberId: { type: 'string', until: 2 },
    members: {
      type: [
        {
          struct: {
            memberId: 'string',
            groupInstanceId: { type: 'string', nullable: true, default: null },
            reason: { type: 'string', since: 5, nullable: true, ignorable: true, default: null },
          },
        },
      ],
      since: 3,
    },
  },
)

export const LEAVE_GROUP_RESPONSE = /* @__PURE__ */ schema(
  'LeaveGroupResponse',
  { apiKey: 13, highestVersion: 5, flexibleSince: 4 },
  {
    throttleTimeMs: { type: 'int32', since: 1, ignorable: true },
    errorCode: 'int16',
    members: {
      type: [
        {
          struct: {
            memberId: 'string',
            groupInstanceId: { type: 'string', nullable: true },
            errorCode: 'int16',
          },
        },
      ],
      since: 3,
    },
  },
)

export const SYNC_GROUP_REQUEST = /* @__PURE__ */ schema(
  'SyncGroupRequest',
  { apiKey: 14, highestVersion: 5, flexibleSince: 4 },
  {
    groupId: 'string',
    generationId: 'int32',
    memberId: 'string',
    groupInstanceId: { type: 'string', since: 3, nullable: true, default: null },
    protocolType: { type: 'string', since: 5, nullable: true, ignorable: true, default: null },
    protocolName: { type: 'string', since: 5, nullable: true, ignorable: true, default: null },
    assignments: [{ struct: { memberId: 'string', assignment: 'bytes' } }],
  },
)

export const SYNC_GROUP_RESPONSE = /* @__PURE__ */ schema(
  'SyncGroupResponse',
  { apiKey: 14, highestVersion: 5, flexibleSince: 4 },
  {
    throttleTimeMs: { type: 'int32', since: 1, ignorable: true },
    errorCode: 'int16',
    protocolType: { type: 'string', since: 5, nullable: true, ignorable: true, default: null },
    protocolName: { type: 'string', since: 5, nullable: true, ignorable: true, default: null },
    assignment: 'bytes',
  },
)

export const DESCRIBE_GROUPS_REQUEST = /* @__PURE__ */ schema(
  'DescribeGroupsRequest',
  { apiKey: 15, highestVersion: 6, flexibleSince: 5 },
  { groups: ['string'], includeAuthorizedOperations: { type: 'bool', since: 3 } },
)

export const DESCRIBE_GROUPS_RESPONSE = /* @__PURE__ */ schema(
  'DescribeGroupsResponse',
  { apiKey: 15, highestVersion: 6, flexibleSince: 5 },
  {
    throttleTimeMs: { type: 'int32', since: 1, ignorable: true },
    groups: [
      {
        struct: {
          errorCode: 'int16',
          errorMessage: { type: 'string', since: 6, nullable: true, default: null },
          groupId: 'string',
          groupState: 'string',
          protocolType: 'string',
          protocolData: 'string',
          members: [
            {
              struct: {
                memberId: 'string',
                groupInstanceId: { type: 'string', since: 4, nullable: true, ignorable: true, default: null },
                clientId: 'string',
                clientHost: 'string',
                memberMetadata: 'bytes',
                memberAssignment: 'bytes',
              },
            },
          ],
          authorizedOperations: { type: 'int32', since: 3, default: -2147483648 },
        },
      },
    ],
  },
)

export const LIST_GROUPS_REQUEST = /* @__PURE__ */ schema(
  'ListGroupsRequest',
  { apiKey: 16, highestVersion: 5, flexibleSince: 3 },
  { statesFilter: { type: ['string'], since: 4 }, typesFilter: { type: ['string'], since: 5 } },
)

export const LIST_GROUPS_RESPONSE = /* @__PURE__ */ schema(
  'ListGroupsResponse',
  { apiKey: 16, highestVersion: 5, flexibleSince: 3 },
  {
    throttleTimeMs: { type: 'int32', since: 1, ignorable: true },
    errorCode: 'int16',
    groups: [
      {
        struct: {
          groupId: 'string',
          protocolType: 'string',
          groupState: { type: 'string', since: 4, ignorable: true },
          groupType: { type: 'string', since: 5, ignorable: true },
        },
      },
    ],
  },
)

export const SASL_HANDSHAKE_REQUEST = /* @__PURE__ */ schema(
  'SaslHandshakeRequest',
  { apiKey: 17, highestVersion: 1, flexibleSince: Number.POSITIVE_INFINITY },
  { mechanism: 'string' },
)

export const SASL_HANDSHAKE_RESPONSE = /* @__PURE__ */ schema(
  'SaslHandshakeResponse',
  { apiKey: 17, highestVersion: 1, flexibleSince: Number.POSITIVE_INFINITY },
  { errorCode: 'int16', mechanisms: ['string'] },
)

export const API_VERSIONS_REQUEST = /* @__PURE__ */ schema(
  'ApiVersionsRequest',
  { apiKey: 18, highestVersion: 5, flexibleSince: 3 },
  {
    clientSoftwareName: { type: 'string', since: 3, ignorable: true },
    clientSoftwareVersion: { type: 'string', since: 3, ignorable: true },
    clusterId: { type: 'string', since: 5, nullable: true, ignorable: true, default: null },
    nodeId: { type: 'int32', since: 5, ignorable: true, default: -1 },
  },
)

export const API_VERSIONS_RESPONSE = /* @__PURE__ */ schema(
  'ApiVersionsResponse',
  { apiKey: 18, highestVersion: 5, flexibleSince: 3 },
  {
    errorCode: 'int16',
    apiKeys: [{ struct: { apiKey: 'int16', minVersion: 'int16', maxVersion: 'int16' } }],
    throttleTimeMs: { type: 'int32', since: 1, ignorable: true },
    supportedFeatures: {
      type: [{ struct: { name: 'string', minVersion: 'int16', maxVersion: 'int16' } }],
      since: 3,
      tag: 0,
      ignorable: true,
    },
    finalizedFeaturesEpoch: { type: 'int64', since: 3, tag: 1, ignorable: true, default: -1 },
    finalizedFeatures: {
      type: [{ struct: { name: 'string', maxVersionLevel: 'int16', minVersionLevel: 'int16' } }],
      since: 3,
      tag: 2,
      ignorable: true,
    },
    zkMigrationReady: { type: 'bool', since: 3, tag: 3, ignorable: true, default: false },
  },
)

export const CREATE_TOPICS_REQUEST = /* @__PURE__ */ schema(
  'CreateTopicsRequest',
  { apiKey: 19, lowestVersion: 2, highestVersion: 7, flexibleSince: 5 },
  {
    topics: [
      {
        struct: {
          name: 'string',
          numPartitions: 'int32',
          replicationFactor: 'int16',
          assignments: [{ struct: { partitionIndex: 'int32', brokerIds: ['int32'] } }],
          configs: [{ struct: { name: 'string', value: { type: 'string', nullable: true } } }],
        },
      },
    ],
    timeoutMs: { type: 'int32', default: 60000 },
    validateOnly: { type: 'bool', default: false },
  },
)

export const CREATE_TOPICS_RESPONSE = /* @__PURE__ */ schema(
  'CreateTopicsResponse',
  { apiKey: 19, lowestVersion: 2, highestVersion: 7, flexibleSince: 5 },
  {
    throttleTimeMs: 'int32',
    topics: [
      {
        struct: {
          name: 'string',
          topicId: { type: 'uuid', since: 7, ignorable: true },
          errorCode: 'int16',
          errorMessage: { type: 'string', since: 1, nullable: true, ignorable: true },
          topicConfigErrorCode: { type: 'int16', since: 5, tag: 0, ignorable: true },
          numPartitions: { type: 'int32', since: 5, ignorable: true, default: -1 },
          replicationFactor: { type: 'int16', since: 5, ignorable: true, default: -1 },
          configs: {
            type: [
              {
                struct: {
                  name: 'string',
                  value: { type: 'string', nullable: true },
                  readOnly: 'bool',
                  configSource: { type: 'int8', default: -1 },
                  isSensitive: 'bool',
                },
              },
            ],
            since: 5,
            nullable: true,
            ignorable: true,
          },
        },
      },
    ],
  },
)

export const DELETE_TOPICS_REQUEST = /* @__PURE__ */ schema(
  'DeleteTopicsRequest',
  { apiKey: 20, lowestVersion: 1, highestVersion: 6, flexibleSince: 4 },
  {
    topics: {
      type: [{ struct: { name: { type: 'string', nullable: true, default: null }, topicId: 'uuid' } }],
      since: 6,
    },
    topicNames: { type: ['string'], until: 5, ignorable: true },
    timeoutMs: 'int32',
  },
)

export const DELETE_TOPICS_RESPONSE = /* @__PURE__ */ schema(
  'DeleteTopicsResponse',
  { apiKey: 20, lowestVersion: 1, highestVersion: 6, flexibleSince: 4 },
  {
    throttleTimeMs: 'int32',
    responses: [
      {
        struct: {
          name: { type: 'string', nullable: true, nullableSince: 6 },
          topicId: { type: 'uuid', since: 6, ignorable: true },
          errorCode: 'int16',
          errorMessage: { type: 'string', since: 5, nullable: true, ignorable: true, default: null },
        },
      },
    ],
  },
)

export const DELETE_RECORDS_REQUEST = /* @__PURE__ */ schema(
  'DeleteRecordsRequest',
  { apiKey: 21, highestVersion: 2, flexibleSince: 2 },
  {
    topics: [
      { struct: { name: 'string', partitions: [{ struct: { partitionIndex: 'int32', offset: 'int64' } }] } },
    ],
    timeoutMs: 'int32',
  },
)

export const DELETE_RECORDS_RESPONSE = /* @__PURE__ */ schema(
  'DeleteRecordsResponse',
  { apiKey: 21, highestVersion: 2, flexibleSince: 2 },
  {
    throttleTimeMs: 'int32',
    topics: [
      {
        struct: {
          name: 'string',
          partitions: [{ struct: { partitionIndex: 'int32', lowWatermark: 'int64', errorCode: 'int16' } }],
        },
      },
    ],
  },
)

export const INIT_PRODUCER_ID_REQUEST = /* @__PURE__ */ schema(
  'InitProducerIdRequest',
  { apiKey: 22, highestVersion: 5, flexibleSince: 2 },
  {
    transactionalId: { type: 'string', nullable: true },
    transactionTimeoutMs: 'int32',
    producerId: { type: 'int64', since: 3, default: -1 },
    producerEpoch: { type: 'int16', since: 3, default: -1 },
    enable2Pc: { type: 'bool', since: 6, default: false },
    keepPreparedTxn: { type: 'bool', since: 6, default: false },
  },
)

export const INIT_PRODUCER_ID_RESPONSE = /* @__PURE__ */ schema(
  'InitProducerIdResponse',
  { apiKey: 22, highestVersion: 6, flexibleSince: 2 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    producerId: { type: 'int64', default: -1 },
    producerEpoch: 'int16',
    ongoingTxnProducerId: { type: 'int64', since: 6, default: -1 },
    ongoingTxnProducerEpoch: { type: 'int16', since: 6, default: -1 },
  },
)

export const OFFSET_FOR_LEADER_EPOCH_REQUEST = /* @__PURE__ */ schema(
  'OffsetForLeaderEpochRequest',
  { apiKey: 23, lowestVersion: 2, highestVersion: 4, flexibleSince: 4 },
  {
    replicaId: { type: 'int32', since: 3, ignorable: true, default: -2 },
    topics: [
      {
        struct: {
          topic: 'string',
          partitions: [
            {
              struct: {
                partition: 'int32',
                currentLeaderEpoch: { type: 'int32', since: 2, ignorable: true, default: -1 },
                leaderEpoch: 'int32',
              },
            },
          ],
        },
      },
    ],
  },
)

export const OFFSET_FOR_LEADER_EPOCH_RESPONSE = /* @__PURE__ */ schema(
  'OffsetForLeaderEpochResponse',
  { apiKey: 23, lowestVersion: 2, highestVersion: 4, flexibleSince: 4 },
  {
    throttleTimeMs: 'int32',
    topics: [
      {
        struct: {
          topic: 'string',
          partitions: [
            {
              struct: {
                errorCode: 'int16',
                partition: 'int32',
                leaderEpoch: { type: 'int32', since: 1, ignorable: true, default: -1 },
                endOffset: { type: 'int64', default: -1 },
              },
            },
          ],
        },
      },
    ],
  },
)

export const ADD_PARTITIONS_TO_TXN_REQUEST = /* @__PURE__ */ schema(
  'AddPartitionsToTxnRequest',
  { apiKey: 24, highestVersion: 5, flexibleSince: 3 },
  {
    transactions: {
      type: [
        {
          struct: {
            transactionalId: 'string',
            producerId: 'int64',
            producerEpoch: 'int16',
            verifyOnly: { type: 'bool', default: false },
            topics: [{ struct: { name: 'string', partitions: ['int32'] } }],
          },
        },
      ],
      since: 4,
    },
    v3AndBelowTransactionalId: { type: 'string', until: 3 },
    v3AndBelowProducerId: { type: 'int64', until: 3 },
    v3AndBelowProducerEpoch: { type: 'int16', until: 3 },
    v3AndBelowTopics: { type: [{ struct: { name: 'string', partitions: ['int32'] } }], until: 3 },
  },
)

export const ADD_PARTITIONS_TO_TXN_RESPONSE = /* @__PURE__ */ schema(
  'AddPartitionsToTxnResponse',
  { apiKey: 24, highestVersion: 5, flexibleSince: 3 },
  {
    throttleTimeMs: 'int32',
    errorCode: { type: 'int16', since: 4, ignorable: true },
    resultsByTransaction: {
      type: [
        {
          struct: {
            transactionalId: 'string',
            topicResults: [
              {
                struct: {
                  name: 'string',
                  resultsByPartition: [{ struct: { partitionIndex: 'int32', partitionErrorCode: 'int16' } }],
                },
              },
            ],
          },
        },
      ],
      since: 4,
    },
    resultsByTopicV3AndBelow: {
      type: [
        {
          struct: {
            name: 'string',
            resultsByPartition: [{ struct: { partitionIndex: 'int32', partitionErrorCode: 'int16' } }],
          },
        },
      ],
      until: 3,
    },
  },
)

export const ADD_OFFSETS_TO_TXN_REQUEST = /* @__PURE__ */ schema(
  'AddOffsetsToTxnRequest',
  { apiKey: 25, highestVersion: 4, flexibleSince: 3 },
  { transactionalId: 'string', producerId: 'int64', producerEpoch: 'int16', groupId: 'string' },
)

export const ADD_OFFSETS_TO_TXN_RESPONSE = /* @__PURE__ */ schema(
  'AddOffsetsToTxnResponse',
  { apiKey: 25, highestVersion: 4, flexibleSince: 3 },
  { throttleTimeMs: 'int32', errorCode: 'int16' },
)

export const END_TXN_REQUEST = /* @__PURE__ */ schema(
  'EndTxnRequest',
  { apiKey: 26, highestVersion: 5, flexibleSince: 3 },
  { transactionalId: 'string', producerId: 'int64', producerEpoch: 'int16', committed: 'bool' },
)

export const END_TXN_RESPONSE = /* @__PURE__ */ schema(
  'EndTxnResponse',
  { apiKey: 26, highestVersion: 5, flexibleSince: 3 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    producerId: { type: 'int64', since: 5, ignorable: true, default: -1 },
    producerEpoch: { type: 'int16', since: 5, ignorable: true, default: -1 },
  },
)

export const WRITE_TXN_MARKERS_REQUEST = /* @__PURE__ */ schema(
  'WriteTxnMarkersRequest',
  { apiKey: 27, lowestVersion: 1, highestVersion: 2, flexibleSince: 1 },
  {
    markers: [
      {
        struct: {
          producerId: 'int64',
          producerEpoch: 'int16',
          transactionResult: 'bool',
          topics: [{ struct: { name: 'string', partitionIndexes: ['int32'] } }],
          coordinatorEpoch: 'int32',
          transactionVersion: { type: 'int8', since: 2, ignorable: true, default: 0 },
        },
      },
    ],
  },
)

export const WRITE_TXN_MARKERS_RESPONSE = /* @__PURE__ */ schema(
  'WriteTxnMarkersResponse',
  { apiKey: 27, lowestVersion: 1, highestVersion: 2, flexibleSince: 1 },
  {
    markers: [
      {
        struct: {
          producerId: 'int64',
          topics: [
            {
              struct: {
                name: 'string',
                partitions: [{ struct: { partitionIndex: 'int32', errorCode: 'int16' } }],
              },
            },
          ],
        },
      },
    ],
  },
)

export const TXN_OFFSET_COMMIT_REQUEST = /* @__PURE__ */ schema(
  'TxnOffsetCommitRequest',
  { apiKey: 28, highestVersion: 6, flexibleSince: 3 },
  {
    transactionalId: 'string',
    groupId: 'string',
    producerId: 'int64',
    producerEpoch: 'int16',
    generationIdOrMemberEpoch: { type: 'int32', since: 3, default: -1 },
    memberId: { type: 'string', since: 3, default: '' },
    groupInstanceId: { type: 'string', since: 3, nullable: true, default: null },
    topics: [
      {
        struct: {
          name: { type: 'string', until: 5, ignorable: true },
          topicId: { type: 'uuid', since: 6, ignorable: true },
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                committedOffset: 'int64',
                committedLeaderEpoch: { type: 'int32', since: 2, ignorable: true, default: -1 },
                committedMetadata: { type: 'string', nullable: true },
              },
            },
          ],
        },
      },
    ],
  },
)

export const TXN_OFFSET_COMMIT_RESPONSE = /* @__PURE__ */ schema(
  'TxnOffsetCommitResponse',
  { apiKey: 28, highestVersion: 6, flexibleSince: 3 },
  {
    throttleTimeMs: 'int32',
    topics: [
      {
        struct: {
          name: { type: 'string', until: 5, ignorable: true },
          topicId: { type: 'uuid', since: 6, ignorable: true },
          partitions: [{ struct: { partitionIndex: 'int32', errorCode: 'int16' } }],
        },
      },
    ],
  },
)

export const DESCRIBE_ACLS_REQUEST = /* @__PURE__ */ schema(
  'DescribeAclsRequest',
  { apiKey: 29, lowestVersion: 1, highestVersion: 3, flexibleSince: 2 },
  {
    resourceTypeFilter: 'int8',
    resourceNameFilter: { type: 'string', nullable: true },
    patternTypeFilter: { type: 'int8', default: 3 },
    principalFilter: { type: 'string', nullable: true },
    hostFilter: { type: 'string', nullable: true },
    operation: 'int8',
    permissionType: 'int8',
  },
)

export const DESCRIBE_ACLS_RESPONSE = /* @__PURE__ */ schema(
  'DescribeAclsResponse',
  { apiKey: 29, lowestVersion: 1, highestVersion: 3, flexibleSince: 2 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true },
    resources: [
      {
        struct: {
          resourceType: 'int8',
          resourceName: 'string',
          patternType: { type: 'int8', since: 1, default: 3 },
          acls: [
            { struct: { principal: 'string', host: 'string', operation: 'int8', permissionType: 'int8' } },
          ],
        },
      },
    ],
  },
)

export const CREATE_ACLS_REQUEST = /* @__PURE__ */ schema(
  'CreateAclsRequest',
  { apiKey: 30, lowestVersion: 1, highestVersion: 3, flexibleSince: 2 },
  {
    creations: [
      {
        struct: {
          resourceType: 'int8',
          resourceName: 'string',
          resourcePatternType: { type: 'int8', since: 1, default: 3 },
          principal: 'string',
          host: 'string',
          operation: 'int8',
          permissionType: 'int8',
        },
      },
    ],
  },
)

export const CREATE_ACLS_RESPONSE = /* @__PURE__ */ schema(
  'CreateAclsResponse',
  { apiKey: 30, lowestVersion: 1, highestVersion: 3, flexibleSince: 2 },
  {
    throttleTimeMs: 'int32',
    results: [{ struct: { errorCode: 'int16', errorMessage: { type: 'string', nullable: true } } }],
  },
)

export const DELETE_ACLS_REQUEST = /* @__PURE__ */ schema(
  'DeleteAclsRequest',
  { apiKey: 31, lowestVersion: 1, highestVersion: 3, flexibleSince: 2 },
  {
    filters: [
      {
        struct: {
          resourceTypeFilter: 'int8',
          resourceNameFilter: { type: 'string', nullable: true },
          patternTypeFilter: { type: 'int8', since: 1, default: 3 },
          principalFilter: { type: 'string', nullable: true },
          hostFilter: { type: 'string', nullable: true },
          operation: 'int8',
          permissionType: 'int8',
        },
      },
    ],
  },
)

export const DELETE_ACLS_RESPONSE = /* @__PURE__ */ schema(
  'DeleteAclsResponse',
  { apiKey: 31, lowestVersion: 1, highestVersion: 3, flexibleSince: 2 },
  {
    throttleTimeMs: 'int32',
    filterResults: [
      {
        struct: {
          errorCode: 'int16',
          errorMessage: { type: 'string', nullable: true },
          matchingAcls: [
            {
              struct: {
                errorCode: 'int16',
                errorMessage: { type: 'string', nullable: true },
                resourceType: 'int8',
                resourceName: 'string',
                patternType: { type: 'int8', since: 1, default: 3 },
                principal: 'string',
                host: 'string',
                operation: 'int8',
                permissionType: 'int8',
              },
            },
          ],
        },
      },
    ],
  },
)

export const DESCRIBE_CONFIGS_REQUEST = /* @__PURE__ */ schema(
  'DescribeConfigsRequest',
  { apiKey: 32, lowestVersion: 1, highestVersion: 4, flexibleSince: 4 },
  {
    resources: [
      {
        struct: {
          resourceType: 'int8',
          resourceName: 'string',
          configurationKeys: { type: ['string'], nullable: true },
        },
      },
    ],
    includeSynonyms: { type: 'bool', default: false },
    includeDocumentation: { type: 'bool', since: 3, default: false },
  },
)

export const DESCRIBE_CONFIGS_RESPONSE = /* @__PURE__ */ schema(
  'DescribeConfigsResponse',
  { apiKey: 32, lowestVersion: 1, highestVersion: 4, flexibleSince: 4 },
  {
    throttleTimeMs: 'int32',
    results: [
      {
        struct: {
          errorCode: 'int16',
          errorMessage: { type: 'string', nullable: true },
          resourceType: 'int8',
          resourceName: 'string',
          configs: [
            {
              struct: {
                name: 'string',
                value: { type: 'string', nullable: true },
                readOnly: 'bool',
                configSource: { type: 'int8', since: 1, ignorable: true, default: -1 },
                isSensitive: 'bool',
                synonyms: {
                  type: [
                    { struct: { name: 'string', value: { type: 'string', nullable: true }, source: 'int8' } },
                  ],
                  since: 1,
                  ignorable: true,
                },
                configType: { type: 'int8', since: 3, ignorable: true, default: 0 },
                documentation: { type: 'string', since: 3, nullable: true, ignorable: true },
              },
            },
          ],
        },
      },
    ],
  },
)

export const ALTER_CONFIGS_REQUEST = /* @__PURE__ */ schema(
  'AlterConfigsRequest',
  { apiKey: 33, highestVersion: 2, flexibleSince: 2 },
  {
    resources: [
      {
        struct: {
          resourceType: 'int8',
          resourceName: 'string',
          configs: [{ struct: { name: 'string', value: { type: 'string', nullable: true } } }],
        },
      },
    ],
    validateOnly: 'bool',
  },
)

export const ALTER_CONFIGS_RESPONSE = /* @__PURE__ */ schema(
  'AlterConfigsResponse',
  { apiKey: 33, highestVersion: 2, flexibleSince: 2 },
  {
    throttleTimeMs: 'int32',
    responses: [
      {
        struct: {
          errorCode: 'int16',
          errorMessage: { type: 'string', nullable: true },
          resourceType: 'int8',
          resourceName: 'string',
        },
      },
    ],
  },
)

export const ALTER_REPLICA_LOG_DIRS_REQUEST = /* @__PURE__ */ schema(
  'AlterReplicaLogDirsRequest',
  { apiKey: 34, lowestVersion: 1, highestVersion: 2, flexibleSince: 2 },
  { dirs: [{ struct: { path: 'string', topics: [{ struct: { name: 'string', partitions: ['int32'] } }] } }] },
)

export const ALTER_REPLICA_LOG_DIRS_RESPONSE = /* @__PURE__ */ schema(
  'AlterReplicaLogDirsResponse',
  { apiKey: 34, lowestVersion: 1, highestVersion: 2, flexibleSince: 2 },
  {
    throttleTimeMs: 'int32',
    results: [
      {
        struct: {
          topicName: 'string',
          partitions: [{ struct: { partitionIndex: 'int32', errorCode: 'int16' } }],
        },
      },
    ],
  },
)

export const DESCRIBE_LOG_DIRS_REQUEST = /* @__PURE__ */ schema(
  'DescribeLogDirsRequest',
  { apiKey: 35, lowestVersion: 1, highestVersion: 5, flexibleSince: 2 },
  { topics: { type: [{ struct: { topic: 'string', partitions: ['int32'] } }], nullable: true } },
)

export const DESCRIBE_LOG_DIRS_RESPONSE = /* @__PURE__ */ schema(
  'DescribeLogDirsResponse',
  { apiKey: 35, lowestVersion: 1, highestVersion: 5, flexibleSince: 2 },
  {
    throttleTimeMs: 'int32',
    errorCode: { type: 'int16', since: 3, ignorable: true },
    results: [
      {
        struct: {
          errorCode: 'int16',
          logDir: 'string',
          topics: [
            {
              struct: {
                name: 'string',
                partitions: [
                  {
                    struct: {
                      partitionIndex: 'int32',
                      partitionSize: 'int64',
                      offsetLag: 'int64',
                      isFutureKey: 'bool',
                    },
                  },
                ],
              },
            },
          ],
          totalBytes: { type: 'wide64', since: 4, ignorable: true, default: -1 },
          usableBytes: { type: 'wide64', since: 4, ignorable: true, default: -1 },
          isCordoned: { type: 'bool', since: 5, ignorable: true, default: false },
        },
      },
    ],
  },
)

export const SASL_AUTHENTICATE_REQUEST = /* @__PURE__ */ schema(
  'SaslAuthenticateRequest',
  { apiKey: 36, highestVersion: 2, flexibleSince: 2 },
  { authBytes: 'bytes' },
)

export const SASL_AUTHENTICATE_RESPONSE = /* @__PURE__ */ schema(
  'SaslAuthenticateResponse',
  { apiKey: 36, highestVersion: 2, flexibleSince: 2 },
  {
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true },
    authBytes: 'bytes',
    sessionLifetimeMs: { type: 'wide64', since: 1, ignorable: true, default: 0 },
  },
)

export const CREATE_PARTITIONS_REQUEST = /* @__PURE__ */ schema(
  'CreatePartitionsRequest',
  { apiKey: 37, highestVersion: 3, flexibleSince: 2 },
  {
    topics: [
      {
        struct: {
          name: 'string',
          count: 'int32',
          assignments: { type: [{ struct: { brokerIds: ['int32'] } }], nullable: true },
        },
      },
    ],
    timeoutMs: 'int32',
    validateOnly: 'bool',
  },
)

export const CREATE_PARTITIONS_RESPONSE = /* @__PURE__ */ schema(
  'CreatePartitionsResponse',
  { apiKey: 37, highestVersion: 3, flexibleSince: 2 },
  {
    throttleTimeMs: 'int32',
    results: [
      {
        struct: {
          name: 'string',
          errorCode: 'int16',
          errorMessage: { type: 'string', nullable: true, default: null },
        },
      },
    ],
  },
)

export const CREATE_DELEGATION_TOKEN_REQUEST = /* @__PURE__ */ schema(
  'CreateDelegationTokenRequest',
  { apiKey: 38, lowestVersion: 1, highestVersion: 3, flexibleSince: 2 },
  {
    ownerPrincipalType: { type: 'string', since: 3, nullable: true },
    ownerPrincipalName: { type: 'string', since: 3, nullable: true },
    renewers: [{ struct: { principalType: 'string', principalName: 'string' } }],
    maxLifetimeMs: 'wide64',
  },
)

export const CREATE_DELEGATION_TOKEN_RESPONSE = /* @__PURE__ */ schema(
  'CreateDelegationTokenResponse',
  { apiKey: 38, lowestVersion: 1, highestVersion: 3, flexibleSince: 2 },
  {
    errorCode: 'int16',
    principalType: 'string',
    principalName: 'string',
    tokenRequesterPrincipalType: { type: 'string', since: 3 },
    tokenRequesterPrincipalName: { type: 'string', since: 3 },
    issueTimestampMs: 'int64',
    expiryTimestampMs: 'wide64',
    maxTimestampMs: 'wide64',
    tokenId: 'string',
    hmac: 'bytes',
    throttleTimeMs: 'int32',
  },
)

export const RENEW_DELEGATION_TOKEN_REQUEST = /* @__PURE__ */ schema(
  'RenewDelegationTokenRequest',
  { apiKey: 39, lowestVersion: 1, highestVersion: 2, flexibleSince: 2 },
  { hmac: 'bytes', renewPeriodMs: 'wide64' },
)

export const RENEW_DELEGATION_TOKEN_RESPONSE = /* @__PURE__ */ schema(
  'RenewDelegationTokenResponse',
  { apiKey: 39, lowestVersion: 1, highestVersion: 2, flexibleSince: 2 },
  { errorCode: 'int16', expiryTimestampMs: 'wide64', throttleTimeMs: 'int32' },
)

export const EXPIRE_DELEGATION_TOKEN_REQUEST = /* @__PURE__ */ schema(
  'ExpireDelegationTokenRequest',
  { apiKey: 40, lowestVersion: 1, highestVersion: 2, flexibleSince: 2 },
  { hmac: 'bytes', expiryTimePeriodMs: 'wide64' },
)

export const EXPIRE_DELEGATION_TOKEN_RESPONSE = /* @__PURE__ */ schema(
  'ExpireDelegationTokenResponse',
  { apiKey: 40, lowestVersion: 1, highestVersion: 2, flexibleSince: 2 },
  { errorCode: 'int16', expiryTimestampMs: 'wide64', throttleTimeMs: 'int32' },
)

export const DESCRIBE_DELEGATION_TOKEN_REQUEST = /* @__PURE__ */ schema(
  'DescribeDelegationTokenRequest',
  { apiKey: 41, lowestVersion: 1, highestVersion: 3, flexibleSince: 2 },
  { owners: { type: [{ struct: { principalType: 'string', principalName: 'string' } }], nullable: true } },
)

export const DESCRIBE_DELEGATION_TOKEN_RESPONSE = /* @__PURE__ */ schema(
  'DescribeDelegationTokenResponse',
  { apiKey: 41, lowestVersion: 1, highestVersion: 3, flexibleSince: 2 },
  {
    errorCode: 'int16',
    tokens: [
      {
        struct: {
          principalType: 'string',
          principalName: 'string',
          tokenRequesterPrincipalType: { type: 'string', since: 3 },
          tokenRequesterPrincipalName: { type: 'string', since: 3 },
          issueTimestamp: 'int64',
          expiryTimestamp: 'wide64',
          maxTimestamp: 'wide64',
          tokenId: 'string',
          hmac: 'bytes',
          renewers: [{ struct: { principalType: 'string', principalName: 'string' } }],
        },
      },
    ],
    throttleTimeMs: 'int32',
  },
)

export const DELETE_GROUPS_REQUEST = /* @__PURE__ */ schema(
  'DeleteGroupsRequest',
  { apiKey: 42, highestVersion: 3, flexibleSince: 2 },
  { groupsNames: ['string'] },
)

export const DELETE_GROUPS_RESPONSE = /* @__PURE__ */ schema(
  'DeleteGroupsResponse',
  { apiKey: 42, highestVersion: 3, flexibleSince: 2 },
  {
    throttleTimeMs: 'int32',
    results: [
      {
        struct: {
          groupId: 'string',
          errorCode: 'int16',
          errorMessage: { type: 'string', since: 3, nullable: true, ignorable: true, default: null },
        },
      },
    ],
  },
)

export const ELECT_LEADERS_REQUEST = /* @__PURE__ */ schema(
  'ElectLeadersRequest',
  { apiKey: 43, highestVersion: 2, flexibleSince: 2 },
  {
    electionType: { type: 'int8', since: 1 },
    topicPartitions: { type: [{ struct: { topic: 'string', partitions: ['int32'] } }], nullable: true },
    timeoutMs: { type: 'int32', default: 60000 },
  },
)

export const ELECT_LEADERS_RESPONSE = /* @__PURE__ */ schema(
  'ElectLeadersResponse',
  { apiKey: 43, highestVersion: 2, flexibleSince: 2 },
  {
    throttleTimeMs: 'int32',
    errorCode: { type: 'int16', since: 1 },
    replicaElectionResults: [
      {
        struct: {
          topic: 'string',
          partitionResult: [
            {
              struct: {
                partitionId: 'int32',
                errorCode: 'int16',
                errorMessage: { type: 'string', nullable: true },
              },
            },
          ],
        },
      },
    ],
  },
)

export const INCREMENTAL_ALTER_CONFIGS_REQUEST = /* @__PURE__ */ schema(
  'IncrementalAlterConfigsRequest',
  { apiKey: 44, highestVersion: 1, flexibleSince: 1 },
  {
    resources: [
      {
        struct: {
          resourceType: 'int8',
          resourceName: 'string',
          configs: [
            {
              struct: { name: 'string', configOperation: 'int8', value: { type: 'string', nullable: true } },
            },
          ],
        },
      },
    ],
    validateOnly: 'bool',
  },
)

export const INCREMENTAL_ALTER_CONFIGS_RESPONSE = /* @__PURE__ */ schema(
  'IncrementalAlterConfigsResponse',
  { apiKey: 44, highestVersion: 1, flexibleSince: 1 },
  {
    throttleTimeMs: 'int32',
    responses: [
      {
        struct: {
          errorCode: 'int16',
          errorMessage: { type: 'string', nullable: true },
          resourceType: 'int8',
          resourceName: 'string',
        },
      },
    ],
  },
)

export const ALTER_PARTITION_REASSIGNMENTS_REQUEST = /* @__PURE__ */ schema(
  'AlterPartitionReassignmentsRequest',
  { apiKey: 45, highestVersion: 1 },
  {
    timeoutMs: { type: 'int32', default: 60000 },
    allowReplicationFactorChange: { type: 'bool', since: 1, default: true },
    topics: [
      {
        struct: {
          name: 'string',
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                replicas: { type: ['int32'], nullable: true, default: null },
              },
            },
          ],
        },
      },
    ],
  },
)

export const ALTER_PARTITION_REASSIGNMENTS_RESPONSE = /* @__PURE__ */ schema(
  'AlterPartitionReassignmentsResponse',
  { apiKey: 45, highestVersion: 1 },
  {
    throttleTimeMs: 'int32',
    allowReplicationFactorChange: { type: 'bool', since: 1, ignorable: true, default: true },
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true },
    responses: [
      {
        struct: {
          name: 'string',
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                errorCode: 'int16',
                errorMessage: { type: 'string', nullable: true },
              },
            },
          ],
        },
      },
    ],
  },
)

export const LIST_PARTITION_REASSIGNMENTS_REQUEST = /* @__PURE__ */ schema(
  'ListPartitionReassignmentsRequest',
  { apiKey: 46 },
  {
    timeoutMs: { type: 'int32', default: 60000 },
    topics: {
      type: [{ struct: { name: 'string', partitionIndexes: ['int32'] } }],
      nullable: true,
      default: null,
    },
  },
)

export const LIST_PARTITION_REASSIGNMENTS_RESPONSE = /* @__PURE__ */ schema(
  'ListPartitionReassignmentsResponse',
  { apiKey: 46 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true },
    topics: [
      {
        struct: {
          name: 'string',
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                replicas: ['int32'],
                addingReplicas: ['int32'],
                removingReplicas: ['int32'],
              },
            },
          ],
        },
      },
    ],
  },
)

export const OFFSET_DELETE_REQUEST = /* @__PURE__ */ schema(
  'OffsetDeleteRequest',
  { apiKey: 47, flexibleSince: Number.POSITIVE_INFINITY },
  {
    groupId: 'string',
    topics: [{ struct: { name: 'string', partitions: [{ struct: { partitionIndex: 'int32' } }] } }],
  },
)

export const OFFSET_DELETE_RESPONSE = /* @__PURE__ */ schema(
  'OffsetDeleteResponse',
  { apiKey: 47, flexibleSince: Number.POSITIVE_INFINITY },
  {
    errorCode: 'int16',
    throttleTimeMs: 'int32',
    topics: [
      {
        struct: { name: 'string', partitions: [{ struct: { partitionIndex: 'int32', errorCode: 'int16' } }] },
      },
    ],
  },
)

export const DESCRIBE_CLIENT_QUOTAS_REQUEST = /* @__PURE__ */ schema(
  'DescribeClientQuotasRequest',
  { apiKey: 48, highestVersion: 1, flexibleSince: 1 },
  {
    components: [
      { struct: { entityType: 'string', matchType: 'int8', match: { type: 'string', nullable: true } } },
    ],
    strict: 'bool',
  },
)

export const DESCRIBE_CLIENT_QUOTAS_RESPONSE = /* @__PURE__ */ schema(
  'DescribeClientQuotasResponse',
  { apiKey: 48, highestVersion: 1, flexibleSince: 1 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true },
    entries: {
      type: [
        {
          struct: {
            entity: [{ struct: { entityType: 'string', entityName: { type: 'string', nullable: true } } }],
            values: [{ struct: { key: 'string', value: 'float64' } }],
          },
        },
      ],
      nullable: true,
    },
  },
)

export const ALTER_CLIENT_QUOTAS_REQUEST = /* @__PURE__ */ schema(
  'AlterClientQuotasRequest',
  { apiKey: 49, highestVersion: 1, flexibleSince: 1 },
  {
    entries: [
      {
        struct: {
          entity: [{ struct: { entityType: 'string', entityName: { type: 'string', nullable: true } } }],
          ops: [{ struct: { key: 'string', value: 'float64', remove: 'bool' } }],
        },
      },
    ],
    validateOnly: 'bool',
  },
)

export const ALTER_CLIENT_QUOTAS_RESPONSE = /* @__PURE__ */ schema(
  'AlterClientQuotasResponse',
  { apiKey: 49, highestVersion: 1, flexibleSince: 1 },
  {
    throttleTimeMs: 'int32',
    entries: [
      {
        struct: {
          errorCode: 'int16',
          errorMessage: { type: 'string', nullable: true },
          entity: [{ struct: { entityType: 'string', entityName: { type: 'string', nullable: true } } }],
        },
      },
    ],
  },
)

export const DESCRIBE_USER_SCRAM_CREDENTIALS_REQUEST = /* @__PURE__ */ schema(
  'DescribeUserScramCredentialsRequest',
  { apiKey: 50 },
  { users: { type: [{ struct: { name: 'string' } }], nullable: true } },
)

export const DESCRIBE_USER_SCRAM_CREDENTIALS_RESPONSE = /* @__PURE__ */ schema(
  'DescribeUserScramCredentialsResponse',
  { apiKey: 50 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true },
    results: [
      {
        struct: {
          user: 'string',
          errorCode: 'int16',
          errorMessage: { type: 'string', nullable: true },
          credentialInfos: [{ struct: { mechanism: 'int8', iterations: 'int32' } }],
        },
      },
    ],
  },
)

export const ALTER_USER_SCRAM_CREDENTIALS_REQUEST = /* @__PURE__ */ schema(
  'AlterUserScramCredentialsRequest',
  { apiKey: 51 },
  {
    deletions: [{ struct: { name: 'string', mechanism: 'int8' } }],
    upsertions: [
      {
        struct: {
          name: 'string',
          mechanism: 'int8',
          iterations: 'int32',
          salt: 'bytes',
          saltedPassword: 'bytes',
        },
      },
    ],
  },
)

export const ALTER_USER_SCRAM_CREDENTIALS_RESPONSE = /* @__PURE__ */ schema(
  'AlterUserScramCredentialsResponse',
  { apiKey: 51 },
  {
    throttleTimeMs: 'int32',
    results: [
      { struct: { user: 'string', errorCode: 'int16', errorMessage: { type: 'string', nullable: true } } },
    ],
  },
)

export const DESCRIBE_QUORUM_REQUEST = /* @__PURE__ */ schema(
  'DescribeQuorumRequest',
  { apiKey: 55, highestVersion: 2 },
  { topics: [{ struct: { topicName: 'string', partitions: [{ struct: { partitionIndex: 'int32' } }] } }] },
)

export const DESCRIBE_QUORUM_RESPONSE = /* @__PURE__ */ schema(
  'DescribeQuorumResponse',
  { apiKey: 55, highestVersion: 2 },
  {
    errorCode: 'int16',
    errorMessage: { type: 'string', since: 2, nullable: true, ignorable: true },
    topics: [
      {
        struct: {
          topicName: 'string',
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                errorCode: 'int16',
                errorMessage: { type: 'string', since: 2, nullable: true, ignorable: true },
                leaderId: 'int32',
                leaderEpoch: 'int32',
                highWatermark: 'int64',
                currentVoters: [
                  {
                    struct: {
                      replicaId: 'int32',
                      replicaDirectoryId: { type: 'uuid', since: 2 },
                      logEndOffset: 'int64',
                      lastFetchTimestamp: { type: 'int64', since: 1, ignorable: true, default: -1 },
                      lastCaughtUpTimestamp: { type: 'int64', since: 1, ignorable: true, default: -1 },
                    },
                  },
                ],
                observers: [
                  {
                    struct: {
                      replicaId: 'int32',
                      replicaDirectoryId: { type: 'uuid', since: 2 },
                      logEndOffset: 'int64',
                      lastFetchTimestamp: { type: 'int64', since: 1, ignorable: true, default: -1 },
                      lastCaughtUpTimestamp: { type: 'int64', since: 1, ignorable: true, default: -1 },
                    },
                  },
                ],
              },
            },
          ],
        },
      },
    ],
    nodes: {
      type: [
        {
          struct: {
            nodeId: 'int32',
            listeners: [{ struct: { name: 'string', host: 'string', port: 'uint16' } }],
          },
        },
      ],
      since: 2,
    },
  },
)

export const UPDATE_FEATURES_REQUEST = /* @__PURE__ */ schema(
  'UpdateFeaturesRequest',
  { apiKey: 57, highestVersion: 2 },
  {
    timeoutMs: { type: 'int32', default: 60000 },
    featureUpdates: [
      {
        struct: {
          feature: 'string',
          maxVersionLevel: 'int16',
          allowDowngrade: { type: 'bool', until: 0 },
          upgradeType: { type: 'int8', since: 1, default: 1 },
        },
      },
    ],
    validateOnly: { type: 'bool', since: 1, default: false },
  },
)

export const UPDATE_FEATURES_RESPONSE = /* @__PURE__ */ schema(
  'UpdateFeaturesResponse',
  { apiKey: 57, highestVersion: 2 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true },
    results: {
      type: [
        {
          struct: { feature: 'string', errorCode: 'int16', errorMessage: { type: 'string', nullable: true } },
        },
      ],
      until: 1,
      ignorable: true,
    },
  },
)

export const DESCRIBE_CLUSTER_REQUEST = /* @__PURE__ */ schema(
  'DescribeClusterRequest',
  { apiKey: 60, highestVersion: 2 },
  {
    includeClusterAuthorizedOperations: 'bool',
    endpointType: { type: 'int8', since: 1, default: 1 },
    includeFencedBrokers: { type: 'bool', since: 2 },
  },
)

export const DESCRIBE_CLUSTER_RESPONSE = /* @__PURE__ */ schema(
  'DescribeClusterResponse',
  { apiKey: 60, highestVersion: 2 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true, default: null },
    endpointType: { type: 'int8', since: 1, default: 1 },
    clusterId: 'string',
    controllerId: { type: 'int32', default: -1 },
    brokers: [
      {
        struct: {
          brokerId: 'int32',
          host: 'string',
          port: 'int32',
          rack: { type: 'string', nullable: true, default: null },
          isFenced: { type: 'bool', since: 2 },
        },
      },
    ],
    clusterAuthorizedOperations: { type: 'int32', default: -2147483648 },
  },
)

export const DESCRIBE_PRODUCERS_REQUEST = /* @__PURE__ */ schema(
  'DescribeProducersRequest',
  { apiKey: 61 },
  { topics: [{ struct: { name: 'string', partitionIndexes: ['int32'] } }] },
)

export const DESCRIBE_PRODUCERS_RESPONSE = /* @__PURE__ */ schema(
  'DescribeProducersResponse',
  { apiKey: 61 },
  {
    throttleTimeMs: 'int32',
    topics: [
      {
        struct: {
          name: 'string',
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                errorCode: 'int16',
                errorMessage: { type: 'string', nullable: true, default: null },
                activeProducers: [
                  {
                    struct: {
                      producerId: 'int64',
                      producerEpoch: 'int32',
                      lastSequence: { type: 'int32', default: -1 },
                      lastTimestamp: { type: 'wide64', default: -1 },
                      coordinatorEpoch: 'int32',
                      currentTxnStartOffset: { type: 'int64', default: -1 },
                    },
                  },
                ],
              },
            },
          ],
        },
      },
    ],
  },
)

export const UNREGISTER_BROKER_REQUEST = /* @__PURE__ */ schema(
  'UnregisterBrokerRequest',
  { apiKey: 64 },
  { brokerId: 'int32' },
)

export const UNREGISTER_BROKER_RESPONSE = /* @__PURE__ */ schema(
  'UnregisterBrokerResponse',
  { apiKey: 64 },
  { throttleTimeMs: 'int32', errorCode: 'int16', errorMessage: { type: 'string', nullable: true } },
)

export const DESCRIBE_TRANSACTIONS_REQUEST = /* @__PURE__ */ schema(
  'DescribeTransactionsRequest',
  { apiKey: 65 },
  { transactionalIds: ['string'] },
)

export const DESCRIBE_TRANSACTIONS_RESPONSE = /* @__PURE__ */ schema(
  'DescribeTransactionsResponse',
  { apiKey: 65 },
  {
    throttleTimeMs: 'int32',
    transactionStates: [
      {
        struct: {
          errorCode: 'int16',
          transactionalId: 'string',
          transactionState: 'string',
          transactionTimeoutMs: 'int32',
          transactionStartTimeMs: 'int64',
          producerId: 'int64',
          producerEpoch: 'int16',
          topics: [{ struct: { topic: 'string', partitions: ['int32'] } }],
        },
      },
    ],
  },
)

export const LIST_TRANSACTIONS_REQUEST = /* @__PURE__ */ schema(
  'ListTransactionsRequest',
  { apiKey: 66, highestVersion: 2 },
  {
    stateFilters: ['string'],
    producerIdFilters: ['int64'],
    durationFilter: { type: 'int64', since: 1, default: -1 },
    transactionalIdPattern: { type: 'string', since: 2, nullable: true, default: null },
  },
)

export const LIST_TRANSACTIONS_RESPONSE = /* @__PURE__ */ schema(
  'ListTransactionsResponse',
  { apiKey: 66, highestVersion: 2 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    unknownStateFilters: ['string'],
    transactionStates: [
      { struct: { transactionalId: 'string', producerId: 'int64', transactionState: 'string' } },
    ],
  },
)

export const CONSUMER_GROUP_HEARTBEAT_REQUEST = /* @__PURE__ */ schema(
  'ConsumerGroupHeartbeatRequest',
  { apiKey: 68, highestVersion: 1 },
  {
    groupId: 'string',
    memberId: 'string',
    memberEpoch: 'int32',
    instanceId: { type: 'string', nullable: true, default: null },
    rackId: { type: 'string', nullable: true, default: null },
    rebalanceTimeoutMs: { type: 'int32', default: -1 },
    subscribedTopicNames: { type: ['string'], nullable: true, default: null },
    subscribedTopicRegex: { type: 'string', since: 1, nullable: true, default: null },
    serverAssignor: { type: 'string', nullable: true, default: null },
    topicPartitions: {
      type: [{ struct: { topicId: 'uuid', partitions: ['int32'] } }],
      nullable: true,
      default: null,
    },
  },
)

export const CONSUMER_GROUP_HEARTBEAT_RESPONSE = /* @__PURE__ */ schema(
  'ConsumerGroupHeartbeatResponse',
  { apiKey: 68, highestVersion: 1 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true, default: null },
    memberId: { type: 'string', nullable: true, default: null },
    memberEpoch: 'int32',
    heartbeatIntervalMs: 'int32',
    assignment: {
      type: { struct: { topicPartitions: [{ struct: { topicId: 'uuid', partitions: ['int32'] } }] } },
      nullable: true,
      default: null,
    },
  },
)

export const CONSUMER_GROUP_DESCRIBE_REQUEST = /* @__PURE__ */ schema(
  'ConsumerGroupDescribeRequest',
  { apiKey: 69, highestVersion: 1 },
  { groupIds: ['string'], includeAuthorizedOperations: 'bool' },
)

export const CONSUMER_GROUP_DESCRIBE_RESPONSE = /* @__PURE__ */ schema(
  'ConsumerGroupDescribeResponse',
  { apiKey: 69, highestVersion: 1 },
  {
    throttleTimeMs: 'int32',
    groups: [
      {
        struct: {
          errorCode: 'int16',
          errorMessage: { type: 'string', nullable: true, default: null },
          groupId: 'string',
          groupState: 'string',
          groupEpoch: 'int32',
          assignmentEpoch: 'int32',
          assignorName: 'string',
          members: [
            {
              struct: {
                memberId: 'string',
                instanceId: { type: 'string', nullable: true, default: null },
                rackId: { type: 'string', nullable: true, default: null },
                memberEpoch: 'int32',
                clientId: 'string',
                clientHost: 'string',
                subscribedTopicNames: ['string'],
                subscribedTopicRegex: { type: 'string', nullable: true, default: null },
                assignment: {
                  struct: {
                    topicPartitions: [
                      { struct: { topicId: 'uuid', topicName: 'string', partitions: ['int32'] } },
                    ],
                  },
                },
                targetAssignment: {
                  struct: {
                    topicPartitions: [
                      { struct: { topicId: 'uuid', topicName: 'string', partitions: ['int32'] } },
                    ],
                  },
                },
                memberType: { type: 'int8', since: 1, ignorable: true, default: -1 },
              },
            },
          ],
          authorizedOperations: { type: 'int32', default: -2147483648 },
        },
      },
    ],
  },
)

export const GET_TELEMETRY_SUBSCRIPTIONS_REQUEST = /* @__PURE__ */ schema(
  'GetTelemetrySubscriptionsRequest',
  { apiKey: 71 },
  { clientInstanceId: 'uuid' },
)

export const GET_TELEMETRY_SUBSCRIPTIONS_RESPONSE = /* @__PURE__ */ schema(
  'GetTelemetrySubscriptionsResponse',
  { apiKey: 71 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    clientInstanceId: 'uuid',
    subscriptionId: 'int32',
    acceptedCompressionTypes: ['int8'],
    pushIntervalMs: 'int32',
    telemetryMaxBytes: 'int32',
    deltaTemporality: 'bool',
    requestedMetrics: ['string'],
  },
)

export const PUSH_TELEMETRY_REQUEST = /* @__PURE__ */ schema(
  'PushTelemetryRequest',
  { apiKey: 72 },
  {
    clientInstanceId: 'uuid',
    subscriptionId: 'int32',
    terminating: 'bool',
    compressionType: 'int8',
    metrics: 'bytes',
  },
)

export const PUSH_TELEMETRY_RESPONSE = /* @__PURE__ */ schema(
  'PushTelemetryResponse',
  { apiKey: 72 },
  { throttleTimeMs: 'int32', errorCode: 'int16' },
)

export const LIST_CONFIG_RESOURCES_REQUEST = /* @__PURE__ */ schema(
  'ListConfigResourcesRequest',
  { apiKey: 74, highestVersion: 1 },
  { resourceTypes: { type: ['int8'], since: 1 } },
)

export const LIST_CONFIG_RESOURCES_RESPONSE = /* @__PURE__ */ schema(
  'ListConfigResourcesResponse',
  { apiKey: 74, highestVersion: 1 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    configResources: [
      {
        struct: {
          resourceName: 'string',
          resourceType: { type: 'int8', since: 1, ignorable: true, default: 16 },
        },
      },
    ],
  },
)

export const DESCRIBE_TOPIC_PARTITIONS_REQUEST = /* @__PURE__ */ schema(
  'DescribeTopicPartitionsRequest',
  { apiKey: 75 },
  {
    topics: [{ struct: { name: 'string' } }],
    responsePartitionLimit: { type: 'int32', default: 2000 },
    cursor: {
      type: { struct: { topicName: 'string', partitionIndex: 'int32' } },
      nullable: true,
      default: null,
    },
  },
)

export const DESCRIBE_TOPIC_PARTITIONS_RESPONSE = /* @__PURE__ */ schema(
  'DescribeTopicPartitionsResponse',
  { apiKey: 75 },
  {
    throttleTimeMs: 'int32',
    topics: [
      {
        struct: {
          errorCode: 'int16',
          name: { type: 'string', nullable: true },
          topicId: 'uuid',
          isInternal: { type: 'bool', default: false },
          partitions: [
            {
              struct: {
                errorCode: 'int16',
                partitionIndex: 'int32',
                leaderId: 'int32',
                leaderEpoch: { type: 'int32', default: -1 },
                replicaNodes: ['int32'],
                isrNodes: ['int32'],
                eligibleLeaderReplicas: { type: ['int32'], nullable: true, default: null },
                lastKnownElr: { type: ['int32'], nullable: true, default: null },
                offlineReplicas: ['int32'],
              },
            },
          ],
          topicAuthorizedOperations: { type: 'int32', default: -2147483648 },
        },
      },
    ],
    nextCursor: {
      type: { struct: { topicName: 'string', partitionIndex: 'int32' } },
      nullable: true,
      default: null,
    },
  },
)

export const SHARE_GROUP_HEARTBEAT_REQUEST = /* @__PURE__ */ schema(
  'ShareGroupHeartbeatRequest',
  { apiKey: 76, lowestVersion: 1, highestVersion: 1 },
  {
    groupId: 'string',
    memberId: 'string',
    memberEpoch: 'int32',
    rackId: { type: 'string', nullable: true, default: null },
    subscribedTopicNames: { type: ['string'], nullable: true, default: null },
  },
)

export const SHARE_GROUP_HEARTBEAT_RESPONSE = /* @__PURE__ */ schema(
  'ShareGroupHeartbeatResponse',
  { apiKey: 76, lowestVersion: 1, highestVersion: 1 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true, default: null },
    memberId: { type: 'string', nullable: true, default: null },
    memberEpoch: 'int32',
    heartbeatIntervalMs: 'int32',
    assignment: {
      type: { struct: { topicPartitions: [{ struct: { topicId: 'uuid', partitions: ['int32'] } }] } },
      nullable: true,
      default: null,
    },
  },
)

export const SHARE_GROUP_DESCRIBE_REQUEST = /* @__PURE__ */ schema(
  'ShareGroupDescribeRequest',
  { apiKey: 77, lowestVersion: 1, highestVersion: 1 },
  { groupIds: ['string'], includeAuthorizedOperations: 'bool' },
)

export const SHARE_GROUP_DESCRIBE_RESPONSE = /* @__PURE__ */ schema(
  'ShareGroupDescribeResponse',
  { apiKey: 77, lowestVersion: 1, highestVersion: 1 },
  {
    throttleTimeMs: 'int32',
    groups: [
      {
        struct: {
          errorCode: 'int16',
          errorMessage: { type: 'string', nullable: true, default: null },
          groupId: 'string',
          groupState: 'string',
          groupEpoch: 'int32',
          assignmentEpoch: 'int32',
          assignorName: 'string',
          members: [
            {
              struct: {
                memberId: 'string',
                rackId: { type: 'string', nullable: true, default: null },
                memberEpoch: 'int32',
                clientId: 'string',
                clientHost: 'string',
                subscribedTopicNames: ['string'],
                assignment: {
                  struct: {
                    topicPartitions: [
                      { struct: { topicId: 'uuid', topicName: 'string', partitions: ['int32'] } },
                    ],
                  },
                },
              },
            },
          ],
          authorizedOperations: { type: 'int32', default: -2147483648 },
        },
      },
    ],
  },
)

export const SHARE_FETCH_REQUEST = /* @__PURE__ */ schema(
  'ShareFetchRequest',
  { apiKey: 78, lowestVersion: 1, highestVersion: 2 },
  {
    groupId: { type: 'string', nullable: true, default: null },
    memberId: { type: 'string', nullable: true },
    shareSessionEpoch: 'int32',
    maxWaitMs: 'int32',
    minBytes: 'int32',
    maxBytes: { type: 'int32', default: 2147483647 },
    maxRecords: 'int32',
    batchSize: 'int32',
    shareAcquireMode: { type: 'int8', since: 2, ignorable: true, default: 0 },
    isRenewAck: { type: 'bool', since: 2, default: false },
    topics: [
      {
        struct: {
          topicId: 'uuid',
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                partitionMaxBytes: { type: 'int32', until: 0 },
                acknowledgementBatches: [
                  { struct: { firstOffset: 'int64', lastOffset: 'int64', acknowledgeTypes: ['int8'] } },
                ],
              },
            },
          ],
        },
      },
    ],
    forgottenTopicsData: [{ struct: { topicId: 'uuid', partitions: ['int32'] } }],
  },
)

export const SHARE_FETCH_RESPONSE = /* @__PURE__ */ schema(
  'ShareFetchResponse',
  { apiKey: 78, lowestVersion: 1, highestVersion: 2 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true, default: null },
    acquisitionLockTimeoutMs: 'int32',
    responses: [
      {
        struct: {
          topicId: 'uuid',
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                errorCode: 'int16',
                errorMessage: { type: 'string', nullable: true, default: null },
                acknowledgeErrorCode: 'int16',
                acknowledgeErrorMessage: { type: 'string', nullable: true, default: null },
                currentLeader: { struct: { leaderId: 'int32', leaderEpoch: 'int32' } },
                records: { type: 'bytes', nullable: true },
                acquiredRecords: [
                  { struct: { firstOffset: 'int64', lastOffset: 'int64', deliveryCount: 'int16' } },
                ],
              },
            },
          ],
        },
      },
    ],
    nodeEndpoints: [
      {
        struct: {
          nodeId: 'int32',
          host: 'string',
          port: 'int32',
          rack: { type: 'string', nullable: true, default: null },
        },
      },
    ],
  },
)

export const SHARE_ACKNOWLEDGE_REQUEST = /* @__PURE__ */ schema(
  'ShareAcknowledgeRequest',
  { apiKey: 79, lowestVersion: 1, highestVersion: 2 },
  {
    groupId: { type: 'string', nullable: true, default: null },
    memberId: { type: 'string', nullable: true },
    shareSessionEpoch: 'int32',
    isRenewAck: { type: 'bool', since: 2, default: false },
    topics: [
      {
        struct: {
          topicId: 'uuid',
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                acknowledgementBatches: [
                  { struct: { firstOffset: 'int64', lastOffset: 'int64', acknowledgeTypes: ['int8'] } },
                ],
              },
            },
          ],
        },
      },
    ],
  },
)

export const SHARE_ACKNOWLEDGE_RESPONSE = /* @__PURE__ */ schema(
  'ShareAcknowledgeResponse',
  { apiKey: 79, lowestVersion: 1, highestVersion: 2 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true, default: null },
    acquisitionLockTimeoutMs: { type: 'int32', since: 2, ignorable: true },
    responses: [
      {
        struct: {
          topicId: 'uuid',
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                errorCode: 'int16',
                errorMessage: { type: 'string', nullable: true, default: null },
                currentLeader: { struct: { leaderId: 'int32', leaderEpoch: 'int32' } },
              },
            },
          ],
        },
      },
    ],
    nodeEndpoints: [
      {
        struct: {
          nodeId: 'int32',
          host: 'string',
          port: 'int32',
          rack: { type: 'string', nullable: true, default: null },
        },
      },
    ],
  },
)

export const ADD_RAFT_VOTER_REQUEST = /* @__PURE__ */ schema(
  'AddRaftVoterRequest',
  { apiKey: 80, highestVersion: 1 },
  {
    clusterId: { type: 'string', nullable: true },
    timeoutMs: 'int32',
    voterId: 'int32',
    voterDirectoryId: 'uuid',
    listeners: [{ struct: { name: 'string', host: 'string', port: 'uint16' } }],
    ackWhenCommitted: { type: 'bool', since: 1, default: true },
  },
)

export const ADD_RAFT_VOTER_RESPONSE = /* @__PURE__ */ schema(
  'AddRaftVoterResponse',
  { apiKey: 80, highestVersion: 1 },
  { throttleTimeMs: 'int32', errorCode: 'int16', errorMessage: { type: 'string', nullable: true } },
)

export const REMOVE_RAFT_VOTER_REQUEST = /* @__PURE__ */ schema(
  'RemoveRaftVoterRequest',
  { apiKey: 81 },
  { clusterId: { type: 'string', nullable: true }, voterId: 'int32', voterDirectoryId: 'uuid' },
)

export const REMOVE_RAFT_VOTER_RESPONSE = /* @__PURE__ */ schema(
  'RemoveRaftVoterResponse',
  { apiKey: 81 },
  { throttleTimeMs: 'int32', errorCode: 'int16', errorMessage: { type: 'string', nullable: true } },
)

export const INITIALIZE_SHARE_GROUP_STATE_REQUEST = /* @__PURE__ */ schema(
  'InitializeShareGroupStateRequest',
  { apiKey: 83 },
  {
    groupId: 'string',
    topics: [
      {
        struct: {
          topicId: 'uuid',
          partitions: [{ struct: { partition: 'int32', stateEpoch: 'int32', startOffset: 'int64' } }],
        },
      },
    ],
  },
)

export const INITIALIZE_SHARE_GROUP_STATE_RESPONSE = /* @__PURE__ */ schema(
  'InitializeShareGroupStateResponse',
  { apiKey: 83 },
  {
    results: [
      {
        struct: {
          topicId: 'uuid',
          partitions: [
            {
              struct: {
                partition: 'int32',
                errorCode: 'int16',
                errorMessage: { type: 'string', nullable: true, default: null },
              },
            },
          ],
        },
      },
    ],
  },
)

export const READ_SHARE_GROUP_STATE_REQUEST = /* @__PURE__ */ schema(
  'ReadShareGroupStateRequest',
  { apiKey: 84 },
  {
    groupId: 'string',
    topics: [
      { struct: { topicId: 'uuid', partitions: [{ struct: { partition: 'int32', leaderEpoch: 'int32' } }] } },
    ],
  },
)

export const READ_SHARE_GROUP_STATE_RESPONSE = /* @__PURE__ */ schema(
  'ReadShareGroupStateResponse',
  { apiKey: 84 },
  {
    results: [
      {
        struct: {
          topicId: 'uuid',
          partitions: [
            {
              struct: {
                partition: 'int32',
                errorCode: 'int16',
                errorMessage: { type: 'string', nullable: true, default: null },
                stateEpoch: 'int32',
                startOffset: 'int64',
                stateBatches: [
                  {
                    struct: {
                      firstOffset: 'int64',
                      lastOffset: 'int64',
                      deliveryState: 'int8',
                      deliveryCount: 'int16',
                    },
                  },
                ],
              },
            },
          ],
        },
      },
    ],
  },
)

export const WRITE_SHARE_GROUP_STATE_REQUEST = /* @__PURE__ */ schema(
  'WriteShareGroupStateRequest',
  { apiKey: 85, highestVersion: 1 },
  {
    groupId: 'string',
    topics: [
      {
        struct: {
          topicId: 'uuid',
          partitions: [
            {
              struct: {
                partition: 'int32',
                stateEpoch: 'int32',
                leaderEpoch: 'int32',
                startOffset: 'int64',
                deliveryCompleteCount: { type: 'int32', since: 1, ignorable: true, default: -1 },
                stateBatches: [
                  {
                    struct: {
                      firstOffset: 'int64',
                      lastOffset: 'int64',
                      deliveryState: 'int8',
                      deliveryCount: 'int16',
                    },
                  },
                ],
              },
            },
          ],
        },
      },
    ],
  },
)

export const WRITE_SHARE_GROUP_STATE_RESPONSE = /* @__PURE__ */ schema(
  'WriteShareGroupStateResponse',
  { apiKey: 85, highestVersion: 1 },
  {
    results: [
      {
        struct: {
          topicId: 'uuid',
          partitions: [
            {
              struct: {
                partition: 'int32',
                errorCode: 'int16',
                errorMessage: { type: 'string', nullable: true, default: null },
              },
            },
          ],
        },
      },
    ],
  },
)

export const DELETE_SHARE_GROUP_STATE_REQUEST = /* @__PURE__ */ schema(
  'DeleteShareGroupStateRequest',
  { apiKey: 86 },
  {
    groupId: 'string',
    topics: [{ struct: { topicId: 'uuid', partitions: [{ struct: { partition: 'int32' } }] } }],
  },
)

export const DELETE_SHARE_GROUP_STATE_RESPONSE = /* @__PURE__ */ schema(
  'DeleteShareGroupStateResponse',
  { apiKey: 86 },
  {
    results: [
      {
        struct: {
          topicId: 'uuid',
          partitions: [
            {
              struct: {
                partition: 'int32',
                errorCode: 'int16',
                errorMessage: { type: 'string', nullable: true, default: null },
              },
            },
          ],
        },
      },
    ],
  },
)

export const READ_SHARE_GROUP_STATE_SUMMARY_REQUEST = /* @__PURE__ */ schema(
  'ReadShareGroupStateSummaryRequest',
  { apiKey: 87, highestVersion: 1 },
  {
    groupId: 'string',
    topics: [
      { struct: { topicId: 'uuid', partitions: [{ struct: { partition: 'int32', leaderEpoch: 'int32' } }] } },
    ],
  },
)

export const READ_SHARE_GROUP_STATE_SUMMARY_RESPONSE = /* @__PURE__ */ schema(
  'ReadShareGroupStateSummaryResponse',
  { apiKey: 87, highestVersion: 1 },
  {
    results: [
      {
        struct: {
          topicId: 'uuid',
          partitions: [
            {
              struct: {
                partition: 'int32',
                errorCode: 'int16',
                errorMessage: { type: 'string', nullable: true, default: null },
                stateEpoch: 'int32',
                leaderEpoch: 'int32',
                startOffset: 'int64',
                deliveryCompleteCount: { type: 'int32', since: 1, ignorable: true, default: -1 },
              },
            },
          ],
        },
      },
    ],
  },
)

export const STREAMS_GROUP_HEARTBEAT_REQUEST = /* @__PURE__ */ schema(
  'StreamsGroupHeartbeatRequest',
  { apiKey: 88, highestVersion: 1 },
  {
    groupId: 'string',
    memberId: 'string',
    memberEpoch: 'int32',
    endpointInformationEpoch: 'int32',
    instanceId: { type: 'string', nullable: true, default: null },
    rackId: { type: 'string', nullable: true, default: null },
    rebalanceTimeoutMs: { type: 'int32', default: -1 },
    topology: {
      type: {
        struct: {
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
      },
      nullable: true,
      default: null,
    },
    activeTasks: {
      type: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
      nullable: true,
      default: null,
    },
    standbyTasks: {
      type: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
      nullable: true,
      default: null,
    },
    warmupTasks: {
      type: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
      nullable: true,
      default: null,
    },
    processId: { type: 'string', nullable: true, default: null },
    userEndpoint: { type: { struct: { host: 'string', port: 'uint16' } }, nullable: true, default: null },
    clientTags: { type: [{ struct: { key: 'string', value: 'string' } }], nullable: true, default: null },
    taskOffsets: {
      type: [{ struct: { subtopologyId: 'string', partition: 'int32', offset: 'int64' } }],
      nullable: true,
      default: null,
    },
    taskEndOffsets: {
      type: [{ struct: { subtopologyId: 'string', partition: 'int32', offset: 'int64' } }],
      nullable: true,
      default: null,
    },
    shutdownApplication: { type: 'bool', default: false },
  },
)

export const STREAMS_GROUP_HEARTBEAT_RESPONSE = /* @__PURE__ */ schema(
  'StreamsGroupHeartbeatResponse',
  { apiKey: 88, highestVersion: 1 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true, default: null },
    memberId: 'string',
    memberEpoch: 'int32',
    heartbeatIntervalMs: 'int32',
    acceptableRecoveryLagLegacy: { type: 'int32', until: 0 },
    taskOffsetIntervalMs: 'int32',
    acceptableRecoveryLag: { type: 'int64', since: 1, ignorable: true, default: -1 },
    status: { type: [{ struct: { statusCode: 'int8', statusDetail: 'string' } }], nullable: true },
    activeTasks: {
      type: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
      nullable: true,
      default: null,
    },
    standbyTasks: {
      type: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
      nullable: true,
      default: null,
    },
    warmupTasks: {
      type: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
      nullable: true,
      default: null,
    },
    topologyDescriptionRequired: { type: 'bool', since: 1, default: false },
    endpointInformationEpoch: 'int32',
    partitionsByUserEndpoint: {
      type: [
        {
          struct: {
            userEndpoint: { struct: { host: 'string', port: 'uint16' } },
            activePartitions: [{ struct: { topic: 'string', partitions: ['int32'] } }],
            standbyPartitions: [{ struct: { topic: 'string', partitions: ['int32'] } }],
          },
        },
      ],
      nullable: true,
      default: null,
    },
  },
)

export const STREAMS_GROUP_DESCRIBE_REQUEST = /* @__PURE__ */ schema(
  'StreamsGroupDescribeRequest',
  { apiKey: 89, highestVersion: 1 },
  {
    groupIds: ['string'],
    includeAuthorizedOperations: 'bool',
    includeTopologyDescription: { type: 'bool', since: 1, default: false },
  },
)

export const STREAMS_GROUP_DESCRIBE_RESPONSE = /* @__PURE__ */ schema(
  'StreamsGroupDescribeResponse',
  { apiKey: 89, highestVersion: 1 },
  {
    throttleTimeMs: 'int32',
    groups: [
      {
        struct: {
          errorCode: 'int16',
          errorMessage: { type: 'string', nullable: true, default: null },
          groupId: 'string',
          groupState: 'string',
          groupEpoch: 'int32',
          assignmentEpoch: 'int32',
          topology: {
            type: {
              struct: {
                epoch: 'int32',
                subtopologies: {
                  type: [
                    {
                      struct: {
                        subtopologyId: 'string',
                        sourceTopics: ['string'],
                        repartitionSinkTopics: ['string'],
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
                      },
                    },
                  ],
                  nullable: true,
                  default: null,
                },
              },
            },
            nullable: true,
            default: null,
          },
          members: [
            {
              struct: {
                memberId: 'string',
                memberEpoch: 'int32',
                instanceId: { type: 'string', nullable: true, default: null },
                rackId: { type: 'string', nullable: true, default: null },
                clientId: 'string',
                clientHost: 'string',
                topologyEpoch: 'int32',
                processId: 'string',
                userEndpoint: {
                  type: { struct: { host: 'string', port: 'uint16' } },
                  nullable: true,
                  default: null,
                },
                clientTags: [{ struct: { key: 'string', value: 'string' } }],
                taskOffsets: [{ struct: { subtopologyId: 'string', partition: 'int32', offset: 'int64' } }],
                taskEndOffsets: [
                  { struct: { subtopologyId: 'string', partition: 'int32', offset: 'int64' } },
                ],
                assignment: {
                  struct: {
                    activeTasks: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
                    standbyTasks: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
                    warmupTasks: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
                  },
                },
                targetAssignment: {
                  struct: {
                    activeTasks: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
                    standbyTasks: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
                    warmupTasks: [{ struct: { subtopologyId: 'string', partitions: ['int32'] } }],
                  },
                },
                isClassic: 'bool',
              },
            },
          ],
          authorizedOperations: { type: 'int32', default: -2147483648 },
          topologyDescription: {
            type: {
              struct: {
                subtopologies: [
                  {
                    struct: {
                      subtopologyId: 'string',
                      nodes: [
                        {
                          struct: {
                            name: 'string',
                            nodeType: 'int8',
                            sourceTopics: ['string'],
                            sinkTopic: { type: 'string', nullable: true, default: null },
                            stores: ['string'],
                            successors: ['string'],
                          },
                        },
                      ],
                    },
                  },
                ],
                globalStores: [
                  {
                    struct: {
                      source: {
                        struct: {
                          name: 'string',
                          nodeType: 'int8',
                          sourceTopics: ['string'],
                          sinkTopic: { type: 'string', nullable: true, default: null },
                          stores: ['string'],
                          successors: ['string'],
                        },
                      },
                      processor: {
                        struct: {
                          name: 'string',
                          nodeType: 'int8',
                          sourceTopics: ['string'],
                          sinkTopic: { type: 'string', nullable: true, default: null },
                          stores: ['string'],
                          successors: ['string'],
                        },
                      },
                    },
                  },
                ],
              },
            },
            since: 1,
            nullable: true,
            default: null,
          },
          topologyDescriptionStatus: { type: 'int8', since: 1, default: 0 },
          assignorName: { type: 'string', since: 1, nullable: true, ignorable: true, default: null },
        },
      },
    ],
  },
)

export const DESCRIBE_SHARE_GROUP_OFFSETS_REQUEST = /* @__PURE__ */ schema(
  'DescribeShareGroupOffsetsRequest',
  { apiKey: 90, highestVersion: 1 },
  {
    groups: [
      {
        struct: {
          groupId: 'string',
          topics: { type: [{ struct: { topicName: 'string', partitions: ['int32'] } }], nullable: true },
        },
      },
    ],
  },
)

export const DESCRIBE_SHARE_GROUP_OFFSETS_RESPONSE = /* @__PURE__ */ schema(
  'DescribeShareGroupOffsetsResponse',
  { apiKey: 90, highestVersion: 1 },
  {
    throttleTimeMs: 'int32',
    groups: [
      {
        struct: {
          groupId: 'string',
          topics: [
            {
              struct: {
                topicName: 'string',
                topicId: 'uuid',
                partitions: [
                  {
                    struct: {
                      partitionIndex: 'int32',
                      startOffset: 'int64',
                      leaderEpoch: 'int32',
                      lag: { type: 'int64', since: 1, ignorable: true, default: -1 },
                      errorCode: 'int16',
                      errorMessage: { type: 'string', nullable: true, default: null },
                    },
                  },
                ],
              },
            },
          ],
          errorCode: 'int16',
          errorMessage: { type: 'string', nullable: true, default: null },
        },
      },
    ],
  },
)

export const ALTER_SHARE_GROUP_OFFSETS_REQUEST = /* @__PURE__ */ schema(
  'AlterShareGroupOffsetsRequest',
  { apiKey: 91 },
  {
    groupId: 'string',
    topics: [
      {
        struct: {
          topicName: 'string',
          partitions: [{ struct: { partitionIndex: 'int32', startOffset: 'int64' } }],
        },
      },
    ],
  },
)

export const ALTER_SHARE_GROUP_OFFSETS_RESPONSE = /* @__PURE__ */ schema(
  'AlterShareGroupOffsetsResponse',
  { apiKey: 91 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true, default: null },
    responses: [
      {
        struct: {
          topicName: 'string',
          topicId: 'uuid',
          partitions: [
            {
              struct: {
                partitionIndex: 'int32',
                errorCode: 'int16',
                errorMessage: { type: 'string', nullable: true, default: null },
              },
            },
          ],
        },
      },
    ],
  },
)

export const DELETE_SHARE_GROUP_OFFSETS_REQUEST = /* @__PURE__ */ schema(
  'DeleteShareGroupOffsetsRequest',
  { apiKey: 92 },
  { groupId: 'string', topics: [{ struct: { topicName: 'string' } }] },
)

export const DELETE_SHARE_GROUP_OFFSETS_RESPONSE = /* @__PURE__ */ schema(
  'DeleteShareGroupOffsetsResponse',
  { apiKey: 92 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true, default: null },
    responses: [
      {
        struct: {
          topicName: 'string',
          topicId: 'uuid',
          errorCode: 'int16',
          errorMessage: { type: 'string', nullable: true, default: null },
        },
      },
    ],
  },
)

export const STREAMS_GROUP_TOPOLOGY_DESCRIPTION_UPDATE_REQUEST = /* @__PURE__ */ schema(
  'StreamsGroupTopologyDescriptionUpdateRequest',
  { apiKey: 93 },
  {
    groupId: 'string',
    memberId: 'string',
    topologyEpoch: 'int32',
    topologyDescription: {
      struct: {
        subtopologies: [
          {
            struct: {
              subtopologyId: 'string',
              nodes: [
                {
                  struct: {
                    name: 'string',
                    nodeType: 'int8',
                    sourceTopics: ['string'],
                    sinkTopic: { type: 'string', nullable: true, default: null },
                    stores: ['string'],
                    successors: ['string'],
                  },
                },
              ],
            },
          },
        ],
        globalStores: [
          {
            struct: {
              source: {
                struct: {
                  name: 'string',
                  nodeType: 'int8',
                  sourceTopics: ['string'],
                  sinkTopic: { type: 'string', nullable: true, default: null },
                  stores: ['string'],
                  successors: ['string'],
                },
              },
              processor: {
                struct: {
                  name: 'string',
                  nodeType: 'int8',
                  sourceTopics: ['string'],
                  sinkTopic: { type: 'string', nullable: true, default: null },
                  stores: ['string'],
                  successors: ['string'],
                },
              },
            },
          },
        ],
      },
    },
  },
)

export const STREAMS_GROUP_TOPOLOGY_DESCRIPTION_UPDATE_RESPONSE = /* @__PURE__ */ schema(
  'StreamsGroupTopologyDescriptionUpdateResponse',
  { apiKey: 93 },
  {
    throttleTimeMs: 'int32',
    errorCode: 'int16',
    errorMessage: { type: 'string', nullable: true, default: null },
  },
)

export const UNREGISTER_CONTROLLER_REQUEST = /* @__PURE__ */ schema(
  'UnregisterControllerRequest',
  { apiKey: 94 },
  { controllerId: 'int32' },
)

export const UNREGISTER_CONTROLLER_RESPONSE = /* @__PURE__ */ schema(
  'UnregisterControllerResponse',
  { apiKey: 94 },
  { throttleTimeMs: 'int32', errorCode: 'int16', errorMessage: { type: 'string', nullable: true } },
)
