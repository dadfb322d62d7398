/** The record of `__transaction_state`, whole and in the order of Kafka's JSON. */
import { type CoordinatorRecords, coordinatorRecord } from './coordinator-record.ts'
import { schema } from './schema.ts'

export const TRANSACTION_LOG_RECORDS: CoordinatorRecords = {
  0: coordinatorRecord(
    { transactionalId: 'string' },
    schema(
      'TransactionLogValue',
      { highestVersion: 1, flexibleSince: 1 },
      {
        producerId: 'bigint64',
        previousProducerId: { type: 'bigint64', since: 1, tag: 0, default: -1n },
        nextProducerId: { type: 'bigint64', since: 1, tag: 1, default: -1n },
        producerEpoch: 'int16',
        nextProducerEpoch: { type: 'int16', since: 1, tag: 3, default: -1 },
        transactionTimeoutMs: 'int32',
        transactionStatus: 'int8',
        transactionPartitions: {
          type: [{ struct: { topic: 'string', partitionIds: ['int32'] } }],
          nullable: true,
        },
        transactionLastUpdateTimestampMs: 'bigint64',
        transactionStartTimestampMs: 'bigint64',
        clientTransactionVersion: { type: 'int16', since: 1, tag: 2, default: 0 },
      },
    ),
  ),
}
