/** Transactions of a cluster: what their coordinators and the partitions know of them, and ending them. */
import type {
  AbortTransactionSpec,
  ProducerState,
  TransactionAdmin,
  TransactionDescription,
  TransactionFilter,
  TransactionListing,
  TransactionState,
} from '../../client/admin/transaction-admin.ts'
import { KafkaError } from '../../errors.ts'
import {
  DESCRIBE_PRODUCERS_REQUEST,
  DESCRIBE_PRODUCERS_RESPONSE,
  DESCRIBE_TRANSACTIONS_REQUEST,
  DESCRIBE_TRANSACTIONS_RESPONSE,
  INIT_PRODUCER_ID_REQUEST,
  INIT_PRODUCER_ID_RESPONSE,
  LIST_TRANSACTIONS_REQUEST,
  LIST_TRANSACTIONS_RESPONSE,
  WRITE_TXN_MARKERS_REQUEST,
  WRITE_TXN_MARKERS_RESPONSE,
} from '../../message/generated/requests.ts'
import { compareText } from '../../names/compare-text.ts'
import { comparePartitions, type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import { kafkaErrorOf } from '../connection/protocol-error.ts'
import { mayPass } from '../connection/retry.ts'
import { askCoordinator, askCoordinators } from '../coordinators.ts'
import { askLeaders, underTopics } from './by-leader.ts'

/** First versions of ListTransactions that filter by duration and by pattern. */
const DURATION_SINCE = 1
const PATTERN_SINCE = 2

export class ClusterTransactions implements Omit<TransactionAdmin, 'abortDeadTransactions'> {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  /** Every broker tells those that it coordinates. */
  async listTransactions(filter: TransactionFilter = {}): Promise<TransactionListing[]> {
    const ids = [...(await this.#client.retry(() => this.#client.brokers())).keys()]
    const found = await Promise.all(
      ids.map((id) => this.#client.retry(async () => list(await this.#client.broker(id), id, filter))),
    )
    return found.flat().sort((a, b) => compareText(a.transactionalId, b.transactionalId))
  }

  async describeTransaction(transactionalId: string): Promise<TransactionDescription> {
    const [described] = await this.describeTransactions([transactionalId])
    if (described instanceof Error) throw described
    return described
  }

  async describeTransactions(ids: readonly string[]): Promise<(TransactionDescription | Error)[]> {
    const answers = await askCoordinators<TransactionDescription>(
      this.#client,
      'transaction',
      ids,
      async (connection, asked, coordinator) => {
        const { transactionStates } = await connection.askEach(
          DESCRIBE_TRANSACTIONS_REQUEST,
          DESCRIBE_TRANSACTIONS_RESPONSE,
          { transactionalIds: [...asked] },
        )
        return new Map<string, TransactionDescription | KafkaError>(
          transactionStates.map((state) => {
            const { transactionalId, errorCode, transactionStartTimeMs: start } = state
            if (errorCode !== 0)
              return [transactionalId, descriptionError(transactionalId, errorCode)] as const
            const description: TransactionDescription = {
              transactionalId,
              coordinator,
              producerId: state.producerId,
              producerEpoch: state.producerEpoch,
              state: state.transactionState as TransactionState,
              timeoutMs: state.transactionTimeoutMs,
              startTimeMs: start < 0 ? undefined : start,
              partitions: state.topics
                .flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
                .sort(comparePartitions),
            }
            return [transactionalId, description] as const
          }),
        )
      },
    )
    return ids.map((id) => answers.get(id) ?? new KafkaError('TRANSACTIONAL_ID_NOT_FOUND'))
  }

  async describeProducers(partition: TopicPartition, broker?: number): Promise<ProducerState[]> {
    const [producers] = await this.describeProducersOf([partition], broker)
    if (producers instanceof Error) throw producers
    return producers
  }

  async describeProducersOf(
    partitions: readonly TopicPartition[],
    broker?: number,
  ): Promise<(ProducerState[] | Error)[]> {
    if (partitions.length === 0) return []
    if (broker === undefined) return askLeaders(this.#client, partitions, describeProducers)
    const answers = await this.#client.retry(async () =>
      describeProducers(await this.#client.broker(broker), partitions),
    )
    const byKey = new Map(
      answers.map(({ topic, partition, answer }) => [topicPartitionKey(topic, partition), answer]),
    )
    return partitions.map(({ topic, partition }) => {
      const key = topicPartitionKey(topic, partition)
      const answer = byKey.get(key) ?? new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
      if (!(answer instanceof KafkaError) || answer.code !== 'NOT_LEADER_OR_FOLLOWER') return answer
      const words = `Failed to describe active producers for partition ${key} on brokerId ${broker}`
      return new KafkaError(answer.code, words)
    })
  }

  async abortTransaction(spec: AbortTransactionSpec): Promise<void> {
    const { partition, producerId, producerEpoch, coordinatorEpoch } = spec
    const [failed] = await askLeaders(this.#client, [partition], async (leader, asked) => {
      const { markers } = await leader.askEach(WRITE_TXN_MARKERS_REQUEST, WRITE_TXN_MARKERS_RESPONSE, {
        markers: [
          {
            producerId,
            producerEpoch,
            transactionResult: false,
            topics: indexesUnderTopics(asked),
            coordinatorEpoch,
          },
        ],
      })
      return markers.flatMap(({ topics }) =>
        topics.flatMap(({ name: topic, partitions }) =>
          partitions.map(({ partitionIndex, errorCode }) => ({
            topic,
            partition: partitionIndex,
            answer: errorCode === 0 ? undefined : abortError(spec, errorCode),
          })),
        ),
      )
    })
    if (failed !== undefined) throw failed
  }

  /** As Kafka's client fences: who asks for the producer id ends what is open. */
  async forceTerminateTransaction(transactionalId: string): Promise<void> {
    const transactionTimeoutMs = this.#client.settings.requestTimeoutMs
    await askCoordinator(this.#client, 'transaction', transactionalId, (coordinator) =>
      coordinator.ask(INIT_PRODUCER_ID_REQUEST, INIT_PRODUCER_ID_RESPONSE, {
        transactionalId,
        transactionTimeoutMs,
      }),
    )
  }
}

async function list(
  broker: BrokerConnection,
  id: number,
  { longerThanMs = -1, idPattern, producerIds = [] }: TransactionFilter,
): Promise<TransactionListing[]> {
  const version = broker.versionOf(LIST_TRANSACTIONS_REQUEST)
  if ((longerThanMs >= 0 && version < DURATION_SINCE) || (idPattern !== undefined && version < PATTERN_SINCE))
    throw new KafkaError('UNSUPPORTED_VERSION')
  try {
    const { transactionStates } = await broker.ask(LIST_TRANSACTIONS_REQUEST, LIST_TRANSACTIONS_RESPONSE, {
      stateFilters: [],
      producerIdFilters: [...producerIds],
      ...(longerThanMs >= 0 ? { durationFilter: longerThanMs } : {}),
      ...(idPattern === undefined ? {} : { transactionalIdPattern: idPattern }),
    })
    return transactionStates.map(({ transactionalId, producerId, transactionState }) => ({
      transactionalId,
      coordinator: id,
      producerId,
      state: transactionState as TransactionState,
    }))
  } catch (error) {
    if (!(error instanceof KafkaError) || mayPass(error)) throw error
    const words = `ListTransactions request sent to broker ${id} failed with an unexpected exception`
    throw new KafkaError(error.code, words)
  }
}

function descriptionError(id: string, code: number): KafkaError {
  const error = kafkaErrorOf(code)
  const why: Partial<Record<KafkaError['code'], string>> = {
    TRANSACTIONAL_ID_NOT_FOUND: 'because the ID could not be found',
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'due to authorization failure',
  }
  if (mayPass(error)) return error
  const reason = why[error.code] ?? 'due to unexpected error'
  return new KafkaError(
    error.code,
    `DescribeTransactions request for transactionalId \`${id}\` failed ${reason}`,
  )
}

async function describeProducers(connection: BrokerConnection, partitions: readonly TopicPartition[]) {
  const { topics } = await connection.askEach(DESCRIBE_PRODUCERS_REQUEST, DESCRIBE_PRODUCERS_RESPONSE, {
    topics: indexesUnderTopics(partitions),
  })
  return topics.flatMap(({ name: topic, partitions: answered }) =>
    answered.map(({ partitionIndex: partition, errorCode, errorMessage, activeProducers }) => ({
      topic,
      partition,
      answer:
        errorCode === 0
          ? activeProducers
              .map(
                ({ currentTxnStartOffset, lastTimestamp, ...state }): ProducerState => ({
                  ...state,
                  lastTimestamp: Number(lastTimestamp),
                  ...(typeof lastTimestamp === 'bigint' ? { exactLastTimestamp: lastTimestamp } : {}),
                  currentTransactionStartOffset:
                    currentTxnStartOffset < 0 ? undefined : currentTxnStartOffset,
                }),
              )
              .sort((a, b) => a.producerId - b.producerId)
          : kafkaErrorOf(errorCode, errorMessage),
    })),
  )
}

function indexesUnderTopics(partitions: readonly TopicPartition[]) {
  return underTopics(partitions, ({ partition }) => partition).map(({ name, partitions: indexes }) => ({
    name,
    partitionIndexes: indexes,
  }))
}

function abortError(spec: AbortTransactionSpec, code: number): KafkaError {
  const error = kafkaErrorOf(code)
  if (mayPass(error)) return error
  const { topic, partition } = spec.partition
  const text = `AbortTransactionSpec(topicPartition=${topicPartitionKey(topic, partition)}, producerId=${spec.producerId}, producerEpoch=${spec.producerEpoch}, coordinatorEpoch=${spec.coordinatorEpoch})`
  const why: Partial<Record<KafkaError['code'], string>> = {
    CLUSTER_AUTHORIZATION_FAILED: 'due to cluster authorization error',
    INVALID_PRODUCER_EPOCH: 'due an invalid producer epoch',
    TRANSACTION_COORDINATOR_FENCED: `since the provided coordinator epoch ${spec.coordinatorEpoch} has been fenced by the active coordinator`,
  }
  const reason = why[error.code] ?? `due to unexpected error: ${error.message}`
  return new KafkaError(error.code, `WriteTxnMarkers request with ${text} failed ${reason}`)
}
