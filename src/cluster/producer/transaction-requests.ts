/** What a transactional producer asks coordinators, and which of their errors end it. */
import type { OffsetCommit } from '../../client/types.ts'
import { KafkaError, type KafkaErrorName, TerseError } from '../../errors.ts'
import * as requests from '../../message/generated/requests.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import { kafkaErrorOf, throwErrorOf } from '../connection/protocol-error.ts'
import { topicsOf } from '../consumer/committed-offsets.ts'
import type { ProducerIdentity } from './topic-producer.ts'

/** Versions that take a partition or a group into the transaction by themselves, and end it with a new epoch. */
const PRODUCE_2 = 12
const OFFSET_COMMIT_2 = 5
const END_2 = 5
/** From the next one on, AddPartitionsToTxn is for brokers alone. */
const LAST_ADD_OF_CLIENTS = 3
/** InitProducerId may name the epoch that it goes on from. */
const EPOCH_SINCE = 3
/** What another partition's error kept from being tried. */
const OPERATION_NOT_ATTEMPTED = 55

const FATAL: ReadonlySet<KafkaErrorName> = new Set([
  'PRODUCER_FENCED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_PRODUCER_ID_MAPPING',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
])

export interface TransactionSender extends ProducerIdentity {
  readonly id: string
  readonly isVersion2: boolean
}

/** What the cluster agreed on when the connection was made. */
export function speaksVersion2(connection: BrokerConnection): boolean {
  const feature = connection.apiVersions.finalizedFeatures.find(({ name }) => name === 'transaction.version')
  return (
    (feature?.maxVersionLevel ?? 0) >= 2 &&
    connection.versionOf(requests.END_TXN_REQUEST) >= END_2 &&
    connection.versionOf(requests.PRODUCE_REQUEST) >= PRODUCE_2
  )
}

/** No transaction goes on behind it. `ofCoordinator`: of EndTxn, behind which nobody knows what the coordinator has. */
export function isFatal(error: Error, ofCoordinator = false): boolean {
  if (!(error instanceof KafkaError)) return false
  return FATAL.has(error.code) || (ofCoordinator && error.code === 'INVALID_TXN_STATE')
}

/** An epoch that is too old has but one reason. */
export function told(error: unknown): Error {
  if (error instanceof KafkaError && error.code === 'INVALID_PRODUCER_EPOCH')
    return new KafkaError('PRODUCER_FENCED')
  return error instanceof Error ? error : new TerseError(String(error))
}

export async function initProducer(
  connection: BrokerConnection,
  { id, timeoutMs, producerId, producerEpoch }: ProducerIdentity & { id: string; timeoutMs: number },
): Promise<ProducerIdentity> {
  const goesOn = connection.versionOf(requests.INIT_PRODUCER_ID_REQUEST) >= EPOCH_SINCE
  return connection.ask(requests.INIT_PRODUCER_ID_REQUEST, requests.INIT_PRODUCER_ID_RESPONSE, {
    transactionalId: id,
    transactionTimeoutMs: timeoutMs,
    ...(goesOn ? { producerId, producerEpoch } : {}),
  })
}

/** @throws KafkaError of the first partition that was not added */
export async function addPartitions(
  connection: BrokerConnection,
  { id, producerId, producerEpoch }: ProducerIdentity & { id: string },
  partitions: readonly TopicPartition[],
): Promise<void> {
  const byTopic = topicsOf(partitions, ({ partition }) => partition)
  const answer = await connection.askEach(
    requests.ADD_PARTITIONS_TO_TXN_REQUEST,
    requests.ADD_PARTITIONS_TO_TXN_RESPONSE,
    {
      v3AndBelowTransactionalId: id,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [...byTopic].map(([name, numbers]) => ({ name, partitions: numbers })),
    },
    { version: newest(connection, requests.ADD_PARTITIONS_TO_TXN_REQUEST, LAST_ADD_OF_CLIENTS) },
  )
  for (const { resultsByPartition } of answer.resultsByTopicV3AndBelow) {
    for (const { partitionErrorCode } of resultsByPartition) {
      if (partitionErrorCode !== 0 && partitionErrorCode !== OPERATION_NOT_ATTEMPTED)
        throw kafkaErrorOf(partitionErrorCode)
    }
  }
}

export async function addOffsets(
  connection: BrokerConnection,
  { id, producerId, producerEpoch }: TransactionSender,
  groupId: string,
): Promise<void> {
  await connection.ask(requests.ADD_OFFSETS_TO_TXN_REQUEST, requests.ADD_OFFSETS_TO_TXN_RESPONSE, {
    transactionalId: id,
    producerId,
    producerEpoch,
    groupId,
  })
}

/** @throws KafkaError of the first partition that was not taken */
export async function commitOffsets(
  connection: BrokerConnection,
  { id, producerId, producerEpoch, isVersion2 }: TransactionSender,
  groupId: string,
  offsets: readonly OffsetCommit[],
): Promise<void> {
  const byTopic = topicsOf(offsets, ({ partition, offset, leaderEpoch = -1, metadata = '' }) => ({
    partitionIndex: partition,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    committedMetadata: metadata,
  }))
  const answer = await connection.askEach(
    requests.TXN_OFFSET_COMMIT_REQUEST,
    requests.TXN_OFFSET_COMMIT_RESPONSE,
    {
      transactionalId: id,
      groupId,
      producerId,
      producerEpoch,
      topics: [...byTopic].map(([name, parts]) => ({ name, partitions: parts })),
    },
    {
      version: newest(
        connection,
        requests.TXN_OFFSET_COMMIT_REQUEST,
        isVersion2 ? OFFSET_COMMIT_2 : OFFSET_COMMIT_2 - 1,
      ),
    },
  )
  for (const { partitions } of answer.topics) for (const part of partitions) throwErrorOf(part)
}

/** Returns what the next transaction goes on with; undefined: the same. */
export async function endTransaction(
  connection: BrokerConnection,
  { id, producerId, producerEpoch, isVersion2 }: TransactionSender,
  committed: boolean,
): Promise<ProducerIdentity | undefined> {
  const next = await connection.ask(
    requests.END_TXN_REQUEST,
    requests.END_TXN_RESPONSE,
    { transactionalId: id, producerId, producerEpoch, committed },
    { version: newest(connection, requests.END_TXN_REQUEST, isVersion2 ? END_2 : END_2 - 1) },
  )
  if (!isVersion2 || next.producerId < 0) return undefined
  return { producerId: next.producerId, producerEpoch: next.producerEpoch }
}

function newest(
  connection: BrokerConnection,
  request: Parameters<BrokerConnection['versionOf']>[0],
  most: number,
) {
  return Math.min(connection.versionOf(request), most)
}
