/**
 * Records of `__remote_log_metadata` (tiered storage).
 * Made by scripts/make-schemas.mjs from the definitions of Kafka 4.4.0: not to be changed by hand.
 */
import { schema } from '../schema.ts'

export const REMOTE_LOG_SEGMENT_METADATA_RECORD = /* @__PURE__ */ schema(
  'RemoteLogSegmentMetadataRecord',
  { apiKey: 0 },
  {
    remoteLogSegmentId: {
      struct: {
        topicIdPartition: { struct: { name: 'string', id: 'uuid', partition: 'int32' } },
        id: 'uuid',
      },
    },
    startOffset: 'int64',
    endOffset: 'int64',
    brokerId: 'int32',
    maxTimestampMs: 'int64',
    eventTimestampMs: 'int64',
    segmentLeaderEpochs: [{ struct: { leaderEpoch: 'int32', offset: 'int64' } }],
    segmentSizeInBytes: 'int32',
    customMetadata: { type: 'bytes', nullable: true, default: null },
    remoteLogSegmentState: 'int8',
    txnIndexEmpty: { type: 'bool', tag: 0 },
  },
)

export const REMOTE_LOG_SEGMENT_METADATA_UPDATE_RECORD = /* @__PURE__ */ schema(
  'RemoteLogSegmentMetadataUpdateRecord',
  { apiKey: 1 },
  {
    remoteLogSegmentId: {
      struct: {
        topicIdPartition: { struct: { name: 'string', id: 'uuid', partition: 'int32' } },
        id: 'uuid',
      },
    },
    brokerId: 'int32',
    eventTimestampMs: 'int64',
    customMetadata: { type: 'bytes', nullable: true, default: null },
    remoteLogSegmentState: 'int8',
  },
)

export const REMOTE_PARTITION_DELETE_METADATA_RECORD = /* @__PURE__ */ schema(
  'RemotePartitionDeleteMetadataRecord',
  { apiKey: 2 },
  {
    topicIdPartition: { struct: { name: 'string', id: 'uuid', partition: 'int32' } },
    brokerId: 'int32',
    eventTimestampMs: 'int64',
    remotePartitionDeleteState: 'int8',
  },
)

export const REMOTE_LOG_SEGMENT_METADATA_SNAPSHOT_RECORD = /* @__PURE__ */ schema(
  'RemoteLogSegmentMetadataSnapshotRecord',
  { apiKey: 3 },
  {
    segmentId: 'uuid',
    startOffset: 'int64',
    endOffset: 'int64',
    brokerId: 'int32',
    maxTimestampMs: 'int64',
    eventTimestampMs: 'int64',
    segmentLeaderEpochs: [{ struct: { leaderEpoch: 'int32', offset: 'int64' } }],
    segmentSizeInBytes: 'int32',
    customMetadata: { type: 'bytes', nullable: true, default: null },
    remoteLogSegmentState: 'int8',
    txnIndexEmpty: { type: 'bool', tag: 0 },
  },
)

export const REMOTE_LOG_METADATA_SCHEMAS = [
  REMOTE_LOG_SEGMENT_METADATA_RECORD,
  REMOTE_LOG_SEGMENT_METADATA_UPDATE_RECORD,
  REMOTE_PARTITION_DELETE_METADATA_RECORD,
  REMOTE_LOG_SEGMENT_METADATA_SNAPSHOT_RECORD,
] as const
