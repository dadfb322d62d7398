/** Records of `__remote_log_metadata` (tiered storage), framed as those of the metadata log. By api key. */
import { type Fields, type MessageSchema, schema } from './schema.ts'

const TOPIC_ID_PARTITION: Fields = { name: 'string', id: 'uuid', partition: 'int32' }
const SEGMENT_ID: Fields = { topicIdPartition: { type: { struct: TOPIC_ID_PARTITION } }, id: 'uuid' }
const LEADER_EPOCHS = [{ struct: { leaderEpoch: 'int32', offset: 'bigint64' } }] as const
const CUSTOM_METADATA = { type: 'bytes', nullable: true, default: null } as const

export const REMOTE_LOG_METADATA_RECORDS: readonly MessageSchema[] = [
  schema(
    'RemoteLogSegmentMetadataRecord',
    { apiKey: 0 },
    {
      remoteLogSegmentId: { type: { struct: SEGMENT_ID } },
      startOffset: 'bigint64',
      endOffset: 'bigint64',
      brokerId: 'int32',
      maxTimestampMs: 'bigint64',
      eventTimestampMs: 'bigint64',
      segmentLeaderEpochs: LEADER_EPOCHS,
      segmentSizeInBytes: 'int32',
      customMetadata: CUSTOM_METADATA,
      remoteLogSegmentState: 'int8',
      txnIndexEmpty: { type: 'bool', tag: 0 },
    },
  ),
  schema(
    'RemoteLogSegmentMetadataUpdateRecord',
    { apiKey: 1 },
    {
      remoteLogSegmentId: { type: { struct: SEGMENT_ID } },
      brokerId: 'int32',
      eventTimestampMs: 'bigint64',
      customMetadata: CUSTOM_METADATA,
      remoteLogSegmentState: 'int8',
    },
  ),
  schema(
    'RemotePartitionDeleteMetadataRecord',
    { apiKey: 2 },
    {
      topicIdPartition: { type: { struct: TOPIC_ID_PARTITION } },
      brokerId: 'int32',
      eventTimestampMs: 'bigint64',
      remotePartitionDeleteState: 'int8',
    },
  ),
  schema(
    'RemoteLogSegmentMetadataSnapshotRecord',
    { apiKey: 3 },
    {
      segmentId: 'uuid',
      startOffset: 'bigint64',
      endOffset: 'bigint64',
      brokerId: 'int32',
      maxTimestampMs: 'bigint64',
      eventTimestampMs: 'bigint64',
      segmentLeaderEpochs: LEADER_EPOCHS,
      segmentSizeInBytes: 'int32',
      customMetadata: CUSTOM_METADATA,
      remoteLogSegmentState: 'int8',
      txnIndexEmpty: { type: 'bool', tag: 0 },
    },
  ),
]
