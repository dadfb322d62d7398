/**
 * Values of control records, headers of requests and responses, and what the members of a classic consumer group tell each other.
 * Made by scripts/make-schemas.mjs from the definitions of Kafka 4.4.0: not to be changed by hand.
 */
import { schema } from '../schema.ts'

export const CONSUMER_PROTOCOL_ASSIGNMENT = /* @__PURE__ */ schema(
  'ConsumerProtocolAssignment',
  { highestVersion: 3, flexibleSince: Number.POSITIVE_INFINITY },
  {
    assignedPartitions: [{ struct: { topic: 'string', partitions: ['int32'] } }],
    userData: { type: 'bytes', nullable: true, default: null },
  },
)

export const CONSUMER_PROTOCOL_SUBSCRIPTION = /* @__PURE__ */ schema(
  'ConsumerProtocolSubscription',
  { highestVersion: 3, flexibleSince: Number.POSITIVE_INFINITY },
  {
    topics: ['string'],
    userData: { type: 'bytes', nullable: true, default: null },
    ownedPartitions: {
      type: [{ struct: { topic: 'string', partitions: ['int32'] } }],
      since: 1,
      ignorable: true,
    },
    generationId: { type: 'int32', since: 2, ignorable: true, default: -1 },
    rackId: { type: 'string', since: 3, nullable: true, ignorable: true, default: null },
  },
)

export const END_TXN_MARKER = /* @__PURE__ */ schema(
  'EndTxnMarker',
  { flexibleSince: Number.POSITIVE_INFINITY },
  { coordinatorEpoch: 'int32' },
)

export const KRAFT_VERSION_RECORD = /* @__PURE__ */ schema(
  'KRaftVersionRecord',
  {},
  { version: 'int16', kRaftVersion: 'int16' },
)

export const LEADER_CHANGE_MESSAGE = /* @__PURE__ */ schema(
  'LeaderChangeMessage',
  { highestVersion: 1 },
  {
    version: 'int16',
    leaderId: 'int32',
    voters: [{ struct: { voterId: 'int32', voterDirectoryId: { type: 'uuid', since: 1 } } }],
    grantingVoters: [{ struct: { voterId: 'int32', voterDirectoryId: { type: 'uuid', since: 1 } } }],
  },
)

export const REQUEST_HEADER = /* @__PURE__ */ schema(
  'RequestHeader',
  { lowestVersion: 1, highestVersion: 2, flexibleSince: 2 },
  {
    requestApiKey: 'int16',
    requestApiVersion: 'int16',
    correlationId: 'int32',
    clientId: { type: 'string', nullable: true, inflexible: true },
  },
)

export const RESPONSE_HEADER = /* @__PURE__ */ schema(
  'ResponseHeader',
  { highestVersion: 1, flexibleSince: 1 },
  { correlationId: 'int32' },
)

export const SNAPSHOT_FOOTER_RECORD = /* @__PURE__ */ schema('SnapshotFooterRecord', {}, { version: 'int16' })

export const SNAPSHOT_HEADER_RECORD = /* @__PURE__ */ schema(
  'SnapshotHeaderRecord',
  {},
  { version: 'int16', lastContainedLogTimestamp: 'int64' },
)

export const VOTERS_RECORD = /* @__PURE__ */ schema(
  'VotersRecord',
  {},
  {
    version: 'int16',
    voters: [
      {
        struct: {
          voterId: 'int32',
          voterDirectoryId: 'uuid',
          endpoints: [{ struct: { name: 'string', host: 'string', port: 'uint16' } }],
          kRaftVersionFeature: { struct: { minSupportedVersion: 'int16', maxSupportedVersion: 'int16' } },
        },
      },
    ],
  },
)
