/** Fetches for a consumer: one request in flight with each leader, as long as there is room for what comes. */
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { KafkaError, type KafkaErrorName } from '../../errors.ts'
import { codecOf } from '../../message/codec.ts'
import { FETCH_REQUEST, FETCH_RESPONSE } from '../../message/generated/requests.ts'
import type { MessageOf } from '../../message/schema.ts'
import { ZERO_UUID } from '../../message/uuid.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import { addressText, ConnectionError } from '../connection/connection-error.ts'
import { kafkaErrorOf } from '../connection/protocol-error.ts'
import { type Backoff, mayPass } from '../connection/retry.ts'
import { askEpochEnds } from './epoch-ends.ts'
import { FetchSession, LAST_FETCHED_EPOCH_SINCE, TOPIC_IDS_SINCE } from './fetch-session.ts'
import type { FetchedPartition } from './fetched-partition.ts'

export interface FetcherSettings {
  readonly isReadCommitted: boolean
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly maxPartitionBytes: number
  readonly rack: string
}

export interface FetchListener {
  /** Records of it are there, or what goes wrong behind those that are. */
  arrived(partition: FetchedPartition): void
  /** The broker answered; the ends may be known better. */
  looked(partition: FetchedPartition): void
  /** It has another leader, or the broker does not know it: ask for metadata. */
  lostLeader(partition: FetchedPartition): void
  /** Records that were read, or the position, are not in the leader's log: the logs part at `offset`. */
  truncated(partition: FetchedPartition, offset: number, epoch: number): void
  /** Nothing can be read any more. */
  failed(error: Error): void
  warn(line: string): void
}

/** What waits to be read of one broker's partitions while the next answer is asked for. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024
/** Over how many answers those are spread. */
const ANSWERS = 4
const TELL_AFTER_MS = 10_000

type Answer = MessageOf<typeof FETCH_RESPONSE>
type PartAnswer = Answer['responses'][number]['partitions'][number]

/** What stands in an answer where the logs do not part. */
const NO_EPOCH: unknown =
  FETCH_RESPONSE.fields.responses[0].struct.partitions[0].struct.divergingEpoch.default

const SESSION_ERRORS = new Set([
  'FETCH_SESSION_ID_NOT_FOUND',
  'INVALID_FETCH_SESSION_EPOCH',
  'FETCH_SESSION_TOPIC_ID_ERROR',
])
const LEADER_ERRORS = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'OFFSET_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
  'UNKNOWN_SERVER_ERROR',
])

/** Of a whole answer. */
const PASSING = new Set([...LEADER_ERRORS, ...SESSION_ERRORS, 'BROKER_NOT_AVAILABLE'])

interface Node {
  readonly id: number
  readonly session: FetchSession
  readonly backoff: Backoff
  /** The last one. */
  connection: BrokerConnection | undefined
  isAsked: boolean
  /** Not before this moment, by the monotonic clock. */
  notBefore: number
  timer: NodeJS.Timeout | undefined
  failingSince: number | undefined
  isTold: boolean
}

export class ClusterFetcher {
  readonly #client: ClusterClient
  readonly #settings: FetcherSettings
  readonly #listener: FetchListener
  readonly #nodes = new Map<number, Node>()
  #partitions: readonly FetchedPartition[] = []
  #closed = false

  constructor(client: ClusterClient, settings: FetcherSettings, listener: FetchListener) {
    this.#client = client
    this.#settings = settings
    this.#listener = listener
  }

  /** What is to be fetched from now on. */
  setPartitions(partitions: readonly FetchedPartition[]): void {
    this.#partitions = partitions
    this.pump()
  }

  /** Asks where there is something to ask for and room for it. */
  pump(): void {
    if (this.#closed) return
    const byNode = new Map<number, { wanted: FetchedPartition[]; buffered: number }>()
    for (const partition of this.#partitions) {
      const id = partition.replica ?? partition.leader
      if (id < 0) continue
      let group = byNode.get(id)
      if (group === undefined) {
        group = { wanted: [], buffered: 0 }
        byNode.set(id, group)
      }
      group.buffered += partition.buffered
      if (partition.isWanted) group.wanted.push(partition)
    }
    const room = MAX_BUFFERED_BYTES / Math.max(1, byNode.size)
    for (const [id, { wanted, buffered }] of byNode) {
      const node = this.#node(id)
      if (wanted.length === 0 || node.isAsked || buffered > room / ANSWERS) continue
      const pause = node.notBefore - this.#client.clock.monotonic()
      if (pause > 0) this.#later(node, pause)
      else void this.#ask(node, wanted, Math.floor(room / ANSWERS))
    }
  }

  /** Connects to the leaders while other things are asked for. */
  prepare(ids: Iterable<number>): void {
    for (const id of new Set(ids)) if (id >= 0) this.#client.broker(id, 'fetch').catch(() => {})
  }

  close(): void {
    this.#closed = true
    for (const node of this.#nodes.values()) {
      clearTimeout(node.timer)
      this.#endSession(node)
    }
  }

  #node(id: number): Node {
    let node = this.#nodes.get(id)
    if (node === undefined) {
      node = {
        id,
        session: new FetchSession(this.#settings.maxPartitionBytes),
        backoff: this.#client.backoff(),
        connection: undefined,
        isAsked: false,
        notBefore: 0,
        timer: undefined,
        failingSince: undefined,
        isTold: false,
      }
      this.#nodes.set(id, node)
    }
    return node
  }

  /** A broker keeps so many sessions, and would keep this one for minutes. Nobody waits for its answer. */
  #endSession({ session, connection }: Node): void {
    const ending = session.end()
    if (ending === undefined || !connection?.isOpen) return
    const { version, ...body } = ending
    const writer = new ByteWriter(64)
    codecOf(FETCH_REQUEST, version).encode(writer, { replicaId: -1, maxWaitMs: 0, minBytes: 0, ...body })
    connection.tell(FETCH_REQUEST, version, writer.toBuffer()).catch(() => {})
  }

  #later(node: Node, ms: number): void {
    node.timer ??= setTimeout(() => {
      node.timer = undefined
      this.pump()
    }, Math.ceil(ms))
  }

  async #ask(node: Node, wanted: readonly FetchedPartition[], room: number): Promise<void> {
    node.isAsked = true
    try {
      const connection = await this.#client.broker(node.id, 'fetch')
      if (this.#closed) return
      node.connection = connection
      const sure = await this.#sureOf(node, connection, wanted)
      if (this.#closed || sure.length === 0) return
      const answer = await this.#exchange(node, connection, sure, room)
      if (this.#closed) return
      node.failingSince = undefined
      node.isTold = false
      node.backoff.reset()
      node.session.goesOn(answer.sessionId)
      node.notBefore = answer.throttleTimeMs > 0 ? this.#client.clock.monotonic() + answer.throttleTimeMs : 0
      this.#take(node, answer, `broker ${node.id} (${addressText(connection.address)})`)
    } catch (error) {
      if (!this.#closed) this.#failed(node, wanted, error)
    } finally {
      node.isAsked = false
      this.pump()
    }
  }

  /** Those of which the leader has what was read before; where its fetches tell that themselves, all. */
  async #sureOf(
    node: Node,
    connection: BrokerConnection,
    wanted: readonly FetchedPartition[],
  ): Promise<readonly FetchedPartition[]> {
    const unsure = wanted.filter(({ isUnsure }) => isUnsure)
    for (const partition of unsure) partition.isUnsure = false
    if (unsure.length === 0 || connection.versionOf(FETCH_REQUEST) >= LAST_FETCHED_EPOCH_SINCE) return wanted
    const asked = unsure.filter(({ fetchEpoch }) => fetchEpoch >= 0)
    if (asked.length === 0) return wanted
    const turns = new Map(asked.map((partition) => [partition, partition.turn]))
    const ends = await askEpochEnds(connection, asked).catch((error) => {
      for (const partition of asked) partition.isUnsure = true
      throw error
    })
    if (this.#closed) return []
    for (const [partition, { errorCode, leaderEpoch, endOffset }] of ends) {
      if (turns.get(partition) !== partition.turn) continue
      if (errorCode !== 0) {
        partition.isUnsure = true
        this.#partFailed(node, partition, errorCode)
      } else this.#parts(partition, endOffset, leaderEpoch)
    }
    return wanted.filter((partition) => partition.isWanted && !partition.isUnsure && partition.leader >= 0)
  }

  /** The leader's log has up to `endOffset` what was read of this epoch, or an older one. */
  #parts(partition: FetchedPartition, endOffset: number, epoch: number): void {
    if (endOffset < 0 || epoch < 0) {
      partition.failed(new KafkaError('OFFSET_OUT_OF_RANGE'))
      this.#listener.arrived(partition)
    } else if (endOffset < partition.fetchOffset) this.#listener.truncated(partition, endOffset, epoch)
  }

  #exchange(
    node: Node,
    connection: BrokerConnection,
    wanted: readonly FetchedPartition[],
    room: number,
  ): Promise<Answer> {
    const { isReadCommitted, maxWaitMs, minBytes, maxBytes, rack } = this.#settings
    const newest = connection.versionOf(FETCH_REQUEST)
    const hasIds = wanted.every(({ topicId }) => topicId !== ZERO_UUID)
    const version = hasIds ? newest : Math.min(newest, TOPIC_IDS_SINCE - 1)
    const body = {
      replicaId: -1,
      maxWaitMs,
      minBytes,
      maxBytes: Math.min(maxBytes, room),
      isolationLevel: isReadCommitted ? 1 : 0,
      rackId: rack,
      ...node.session.request(wanted, version),
    }
    const timeoutMs = this.#client.settings.requestTimeoutMs + maxWaitMs
    const options = version === newest ? { timeoutMs } : { timeoutMs, version }
    return connection.askEach(FETCH_REQUEST, FETCH_RESPONSE, body, options)
  }

  #take(node: Node, answer: Answer, from: string): void {
    for (const topic of answer.responses) {
      for (const part of topic.partitions) {
        const name = topic.topicId === ZERO_UUID ? topic.topic : topic.topicId
        const partition = node.session.answered(name, part.partitionIndex)
        if (partition !== undefined) this.#takePart(node, partition, part, from)
      }
    }
  }

  #takePart(node: Node, partition: FetchedPartition, part: PartAnswer, from: string): void {
    const listener = this.#listener
    if (part.errorCode !== 0) {
      this.#partFailed(node, partition, part.errorCode)
      return
    }
    const { divergingEpoch, preferredReadReplica } = part
    if (divergingEpoch !== NO_EPOCH) {
      this.#parts(partition, divergingEpoch.endOffset, divergingEpoch.epoch)
      return
    }
    partition.logEndOffset = part.highWatermark
    partition.lastStableOffset = part.lastStableOffset
    if (preferredReadReplica >= 0 && preferredReadReplica !== node.id)
      partition.replica = preferredReadReplica
    const aborted = part.abortedTransactions ?? []
    let some: boolean
    try {
      some = partition.arrived({ records: part.records, aborted, from })
    } catch (error) {
      partition.failed(error as Error)
      some = true
    }
    if (some) listener.arrived(partition)
    else listener.looked(partition)
  }

  #partFailed(node: Node, partition: FetchedPartition, errorCode: number): void {
    const error = kafkaErrorOf(errorCode)
    // A follower may be behind what its leader shows.
    const isFollower = partition.replica === node.id
    partition.replica = undefined
    if (LEADER_ERRORS.has(error.code) || (isFollower && error.code === 'OFFSET_OUT_OF_RANGE')) {
      if (!isFollower) {
        partition.leader = -1
        this.#listener.lostLeader(partition)
      }
      return
    }
    const { topic, partition: number, fetchOffset } = partition
    if (error.code === 'TOPIC_AUTHORIZATION_FAILED') {
      this.#client.tellRefusals('Fetch', { name: topic }, { errorCode })
      partition.failed(new KafkaError(error.code, `Not authorized to access topics: [${topic}]`))
    } else if (error.code === 'CORRUPT_MESSAGE') {
      const what = `Encountered corrupt message when fetching offset ${fetchOffset} for topic-partition ${topic}-${number}`
      partition.failed(new KafkaError(error.code, what))
    } else partition.failed(error)
    this.#listener.arrived(partition)
  }

  /** The whole request. What may pass is asked again; leaders may have moved meanwhile. */
  #failed(node: Node, wanted: readonly FetchedPartition[], error: unknown): void {
    const wasNew = node.session.isNew
    if (isOf(error, 'FETCH_SESSION_ID_NOT_FOUND')) node.session.forget()
    else node.session.beginAnew()
    // A whole request has nothing to do with what was before it: there is no use in another one at once.
    if (!wasNew && error instanceof KafkaError && SESSION_ERRORS.has(error.code)) return
    const now = this.#client.clock.monotonic()
    node.notBefore = now + node.backoff.next()
    node.failingSince ??= now
    if (!(error instanceof ConnectionError || error instanceof KafkaError) || !healsByItself(error)) {
      this.#listener.failed(error as Error)
      return
    }
    if (!node.isTold && now - node.failingSince >= TELL_AFTER_MS) {
      node.isTold = true
      this.#listener.warn(`${error.message}; trying on`)
    }
    for (const partition of wanted) {
      if (partition.replica === node.id) partition.replica = undefined
      else this.#listener.lostLeader(partition)
    }
  }
}

function isOf(error: unknown, code: KafkaErrorName): boolean {
  return error instanceof KafkaError && error.code === code
}

function healsByItself(error: ConnectionError | KafkaError): boolean {
  return mayPass(error) || (error instanceof KafkaError && PASSING.has(error.code))
}
