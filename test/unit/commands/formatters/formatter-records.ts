import { encodeOffsetCommitKey, encodeOffsetCommitValue } from '../../../../src/message/offset-messages.ts'
import {
  encodeTransactionLogKey,
  encodeTransactionLogValue,
} from '../../../../src/message/transaction-log-messages.ts'

/** A record of `__consumer_offsets`. */
export function encodeOffsetCommit(
  group: string,
  topic: string,
  partition: number,
  offset: number,
  topicId: string,
) {
  return {
    key: encodeOffsetCommitKey(group, topic, partition),
    value: encodeOffsetCommitValue({
      offset,
      leaderEpoch: 0,
      metadata: '',
      commitTimestamp: 1700000000000,
      topicId,
    }),
  }
}

/** A record of `__transaction_state`. */
export function encodeTransactionLog(transactionalId: string) {
  return {
    key: encodeTransactionLogKey(transactionalId),
    value: encodeTransactionLogValue({
      producerId: 9,
      producerEpoch: 3,
      transactionTimeoutMs: 60000,
      transactionStatus: 4,
      transactionPartitions: [],
      transactionLastUpdateTimestampMs: 11,
      transactionStartTimestampMs: 10,
      clientTransactionVersion: 2,
    }),
  }
}
