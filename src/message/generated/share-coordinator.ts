/**
 * Keys and values of `__share_group_state`.
 * Made by scripts/make-schemas.mjs from the definitions of Kafka 4.4.0: not to be changed by hand.
 */
import { schema } from '../schema.ts'

export const SHARE_SNAPSHOT_KEY = /* @__PURE__ */ schema(
  'ShareSnapshotKey',
  { apiKey: 0, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string', topicId: 'uuid', partition: 'int32' },
)

export const SHARE_SNAPSHOT_VALUE = /* @__PURE__ */ schema(
  'ShareSnapshotValue',
  { apiKey: 0 },
  {
    snapshotEpoch: 'int32',
    stateEpoch: 'int32',
    leaderEpoch: 'int32',
    startOffset: 'int64',
    deliveryCompleteCount: { type: 'int32', tag: 0, default: -1 },
    createTimestamp: 'int64',
    writeTimestamp: 'int64',
    stateBatches: [
      {
        struct: { firstOffset: 'int64', lastOffset: 'int64', deliveryState: 'int8', deliveryCount: 'int16' },
      },
    ],
  },
)

export const SHARE_UPDATE_KEY = /* @__PURE__ */ schema(
  'ShareUpdateKey',
  { apiKey: 1, flexibleSince: Number.POSITIVE_INFINITY },
  { groupId: 'string', topicId: 'uuid', partition: 'int32' },
)

export const SHARE_UPDATE_VALUE = /* @__PURE__ */ schema(
  'ShareUpdateValue',
  { apiKey: 1 },
  {
    snapshotEpoch: 'int32',
    leaderEpoch: 'int32',
    startOffset: 'int64',
    deliveryCompleteCount: { type: 'int32', tag: 0, default: -1 },
    stateBatches: [
      {
        struct: { firstOffset: 'int64', lastOffset: 'int64', deliveryState: 'int8', deliveryCount: 'int16' },
      },
    ],
  },
)
