/**
 * Keys and values of `__transaction_state`.
 * Made by scripts/make-schemas.mjs from the definitions of Kafka 4.4.0: not to be changed by hand.
 */
import { schema } from '../schema.ts'

export const TRANSACTION_LOG_KEY = /* @__PURE__ */ schema(
  'TransactionLogKey',
  { apiKey: 0, flexibleSince: Number.POSITIVE_INFINITY },
  { transactionalId: 'string' },
)

export const TRANSACTION_LOG_VALUE = /* @__PURE__ */ schema(
  'TransactionLogValue',
  { apiKey: 0, highestVersion: 1, flexibleSince: 1 },
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
)
