/** Offsets of a cluster's partitions, and deleting records before one. */
import type { ListedOffset, OffsetAdmin } from '../../client/admin/offset-admin.ts'
import { OFFSET_SPECS } from '../../client/offset-specs.ts'
import type { IsolationLevel, OffsetSpec } from '../../client/types.ts'
import { KafkaError } from '../../errors.ts'
import {
  DELETE_RECORDS_REQUEST,
  DELETE_RECORDS_RESPONSE,
  LIST_OFFSETS_REQUEST,
  LIST_OFFSETS_RESPONSE,
} from '../../message/generated/requests.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import { timestampFields } from '../../record/exact-timestamp.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import { kafkaErrorOf } from '../connection/protocol-error.ts'
import { askLeaders, underTopics } from './by-leader.ts'

/** By spec: the first version of ListOffsets that has it. */
const FIRST_VERSIONS: Readonly<Partial<Record<(typeof OFFSET_SPECS)[number], number>>> = {
  'max-timestamp': 7,
  'earliest-local': 8,
  'latest-tiered': 9,
  'earliest-pending-upload': 11,
}

export class ClusterOffsets implements OffsetAdmin {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  async listOffset(
    partition: TopicPartition,
    spec: OffsetSpec,
    isolation?: IsolationLevel,
  ): Promise<ListedOffset> {
    const [listed] = await this.listOffsets([partition], spec, isolation)
    if (listed instanceof Error) throw listed
    return listed
  }

  async listOffsets(
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
    isolation: IsolationLevel = 'read_uncommitted',
    done?: (count: number) => void,
  ): Promise<(ListedOffset | Error)[]> {
    if (typeof spec !== 'string' && spec < 0)
      return partitions.map(() => new KafkaError('UNSUPPORTED_VERSION'))
    let found = 0
    const listed = await askLeaders(this.#client, partitions, async (leader, asked) => {
      if (typeof spec === 'string' && leader.versionOf(LIST_OFFSETS_REQUEST) < (FIRST_VERSIONS[spec] ?? 0)) {
        return asked.map((one) => ({ ...one, answer: new KafkaError('UNSUPPORTED_VERSION') }))
      }
      const answers = await this.#listed(leader, asked, spec, isolation)
      // Some may be asked for once more, when their leader moved.
      found = Math.min(partitions.length, found + asked.length)
      done?.(found)
      return answers
    })
    if (found < partitions.length) done?.(partitions.length)
    return listed
  }

  /** Throws OFFSET_OUT_OF_RANGE, and POLICY_VIOLATION where records may only be compacted away. */
  async deleteRecords(partition: TopicPartition, beforeOffset: number): Promise<number> {
    const [lowWatermark] = await this.deleteRecordsOf([{ ...partition, beforeOffset }])
    if (lowWatermark instanceof Error) throw lowWatermark
    return lowWatermark
  }

  async deleteRecordsOf(
    partitions: readonly (TopicPartition & { readonly beforeOffset: number })[],
  ): Promise<(number | Error)[]> {
    return askLeaders(this.#client, partitions, async (leader, asked) => {
      const { topics } = await leader.askEach(DELETE_RECORDS_REQUEST, DELETE_RECORDS_RESPONSE, {
        topics: underTopics(asked, ({ partition, beforeOffset }) => ({
          partitionIndex: partition,
          offset: beforeOffset,
        })),
        timeoutMs: this.#client.settings.requestTimeoutMs,
      })
      return topics.flatMap(({ name: topic, partitions: answered }) =>
        answered.map(({ partitionIndex: partition, errorCode, lowWatermark }) => ({
          topic,
          partition,
          answer: errorCode === 0 ? lowWatermark : kafkaErrorOf(errorCode),
        })),
      )
    })
  }

  async #listed(
    leader: BrokerConnection,
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
    isolation: IsolationLevel,
  ) {
    const timestamp = typeof spec === 'string' ? -1 - OFFSET_SPECS.indexOf(spec) : spec
    const { topics } = await leader.askEach(LIST_OFFSETS_REQUEST, LIST_OFFSETS_RESPONSE, {
      replicaId: -1,
      isolationLevel: isolation === 'read_committed' ? 1 : 0,
      topics: underTopics(partitions, ({ partition }) => ({ partitionIndex: partition, timestamp })),
      timeoutMs: this.#client.settings.requestTimeoutMs,
    })
    return topics.flatMap(({ name: topic, partitions: answered }) =>
      answered.map(({ partitionIndex: partition, errorCode, ...found }) => ({
        topic,
        partition,
        answer:
          errorCode === 0
            ? {
                offset: found.offset < 0 ? undefined : found.offset,
                ...timestampFields(found.timestamp),
                leaderEpoch: found.leaderEpoch,
              }
            : kafkaErrorOf(errorCode),
      })),
    )
  }
}
