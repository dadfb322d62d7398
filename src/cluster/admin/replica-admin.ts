/** Replicas as brokers store them: a fetch that any of them answers, not the leader alone. */
import type {
  ReadReplicasOptions,
  ReplicaAdmin,
  ReplicaBatch,
  ReplicaPosition,
  ReplicaRead,
} from '../../client/admin/replica-admin.ts'
import { FETCH_REQUEST, FETCH_RESPONSE } from '../../message/generated/requests.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { kafkaErrorOf } from '../connection/protocol-error.ts'
import { underTopics } from './by-leader.ts'

/** The newest version in which topics go by name; followers answer consumers from version 11 on. */
const VERSION = 12
const MAX_BYTES = 64 * 1024 * 1024
const LENGTH_AT = 8
const CHECKSUM_AT = 17
const LAST_OFFSET_DELTA_AT = 23
/** Of a batch: its base offset and its length, which counts what is behind. */
const PREFIX = 12

export class ClusterReplicas implements ReplicaAdmin {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  async readReplicas(
    broker: number,
    positions: readonly ReplicaPosition[],
    { partitionMaxBytes, maxWaitMs }: ReadReplicasOptions,
  ): Promise<ReplicaRead[]> {
    const topics = underTopics(positions, ({ partition, offset }) => ({
      partition,
      fetchOffset: offset,
      partitionMaxBytes,
    })).map(({ name, partitions }) => ({ topic: name, partitions }))
    const body = { replicaId: -1, maxWaitMs, minBytes: 1, maxBytes: MAX_BYTES, isolationLevel: 0, topics }
    const { responses } = await this.#client.retry(async () => {
      const connection = await this.#client.broker(broker)
      const version = Math.min(VERSION, connection.versionOf(FETCH_REQUEST))
      return connection.askEach(FETCH_REQUEST, FETCH_RESPONSE, body, { version })
    })
    return responses.flatMap(({ topic, partitions }) =>
      partitions.map(({ partitionIndex, errorCode, highWatermark, records }) => ({
        topic,
        partition: partitionIndex,
        highWatermark,
        batches: records === null ? [] : batchesOf(records),
        error: errorCode === 0 ? undefined : kafkaErrorOf(errorCode),
      })),
    )
  }
}

/** The last batch may be cut off. */
function batchesOf(records: Buffer): ReplicaBatch[] {
  const batches: ReplicaBatch[] = []
  for (let at = 0; at + PREFIX <= records.length; ) {
    const end = at + PREFIX + records.readInt32BE(at + LENGTH_AT)
    if (end > records.length || end <= at + LAST_OFFSET_DELTA_AT) break
    const baseOffset = Number(records.readBigInt64BE(at))
    batches.push({
      lastOffset: baseOffset + records.readInt32BE(at + LAST_OFFSET_DELTA_AT),
      checksum: records.readUInt32BE(at + CHECKSUM_AT),
    })
    at = end
  }
  return batches
}
