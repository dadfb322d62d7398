/** What a consumer throws, in words for people. */
import { type CorruptRecordError, KafkaError, TerseError } from '../../errors.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { CorruptBatch } from '../consumer.ts'

export function corruptError({ partition, offset, error }: CorruptBatch): CorruptRecordError {
  error.message = `${partition.topic}-${partition.partition} cannot be read at offset ${offset}: ${error.message}`
  return error
}

/** Kafka's words. */
export function noGroup(): TerseError {
  return new TerseError(
    'To use the group management or offset commit APIs, you must provide a valid group.id in the consumer configuration.',
  )
}

/** Kafka's words. */
export function subscribed(): TerseError {
  return new TerseError('Subscription to topics, partitions and pattern are mutually exclusive')
}

/** Going on elsewhere, the group would hide that records at the log's end are missing, and pass over others that get their offsets. */
export function beyondEnd(
  { topic, partition, log }: { topic: string; partition: number; log: { readonly logEndOffset: number } },
  committed: number,
): TerseError {
  return new TerseError(
    `${topic}-${partition}: the group committed offset ${committed}, and the log ends at ${log.logEndOffset}: records at its ` +
      'end are missing; see tkafka repair, or set the group back with consumer-groups --reset-offsets',
  )
}

/** auto.offset.reset=none, and nothing says where to begin. */
export class NoOffsetForPartition extends TerseError {
  override name = 'NoOffsetForPartition'
}

/** Kafka's words. */
export function undefinedOffsets(partitions: readonly TopicPartition[]): NoOffsetForPartition {
  const names = partitions.map(({ topic, partition }) => topicPartitionKey(topic, partition)).join(', ')
  return new NoOffsetForPartition(`Undefined offset with no reset policy for partitions: [${names}]`)
}

/** Kafka's words. */
export function positionOutOfRange({
  topic,
  partition,
  position,
}: TopicPartition & { readonly position: number }): NoOffsetForPartition {
  const at = `${topicPartitionKey(topic, partition)}=${position}`
  return new NoOffsetForPartition(
    `Fetch position is out of range and no reset policy is configured for partitions: {${at}}`,
  )
}

/** Kafka's CommitFailedException. */
const COMMIT_FAILED =
  'Commit cannot be completed since the group has already rebalanced and assigned the partitions to another member. ' +
  'This means that the time between subsequent calls to poll() was longer than the configured max.poll.interval.ms, ' +
  'which typically implies that the poll loop is spending too much time message processing. You can address this either ' +
  'by increasing max.poll.interval.ms or by reducing the maximum size of batches returned in poll() with max.poll.records.'

/** The partitions went to others before these offsets could be written. */
export class CommitFailedError extends KafkaError {
  override name = 'CommitFailedError'

  constructor() {
    super('UNKNOWN_MEMBER_ID', COMMIT_FAILED)
  }
}

/** For commits that nobody asked for: others have the partitions (that was told), and go on from what was committed before. */
export function exceptCommitFailed(error: unknown): void {
  if (!(error instanceof CommitFailedError)) throw error
}
