/** Brokers that serve logs in memory to consumers: leaders and epochs, fetch sessions as KIP-227 has them, faults on demand. */
import * as requests from '../../src/message/generated/requests.ts'
import type { MessageInputOf, MessageOf } from '../../src/message/schema.ts'
import { ZERO_UUID } from '../../src/message/uuid.ts'
import { sizeAt } from '../../src/record/batch-header.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { RecordBatchBuilder, type RecordBatchOptions } from '../../src/record/record-batch-builder.ts'
import { FakeBroker, FakeSockets, type Misbehaviour } from './fake-broker.ts'

export class FakeLog {
  leader: number
  epoch = 1
  start = 0
  readonly batches: Buffer[] = []
  aborted: { producerId: number; firstOffset: number }[] = []
  /** Where an epoch ended on the leader, when that is before where a consumer is. */
  diverging: { epoch: number; endOffset: number } | undefined

  constructor(leader: number) {
    this.leader = leader
  }

  get end(): number {
    const last = this.batches.at(-1)
    return last === undefined ? this.start : nextOffsetOf(last)
  }

  append(values: readonly string[], options: RecordBatchOptions = {}): this {
    const builder = new RecordBatchBuilder({ baseOffset: this.end, leaderEpoch: this.epoch, ...options })
    for (const value of values) builder.append(1_700_000_000_000, null, Buffer.from(value))
    this.batches.push(builder.build())
    return this
  }

  /** Whole batches from the one with `offset` on, the last one maybe cut, as brokers cut it. */
  read(offset: number, maxBytes: number): Buffer {
    const from = this.batches.findIndex((bytes) => nextOffsetOf(bytes) > offset)
    if (from < 0) return Buffer.alloc(0)
    const bytes = Buffer.concat(this.batches.slice(from))
    return bytes.subarray(0, Math.max(maxBytes, this.batches[from].length))
  }
}

/** Behind a batch, or messages of formats 0 and 1. */
function nextOffsetOf(bytes: Buffer): number {
  let nextOffset = 0
  for (let at = 0; at < bytes.length; at += sizeAt(bytes, at)) {
    const { magic, baseOffset, lastOffset } = new RecordBatch(bytes, at)
    nextOffset = (magic < 2 ? baseOffset : lastOffset) + 1
  }
  return nextOffset
}

type FetchBody = MessageOf<typeof requests.FETCH_REQUEST>

type PartAnswer = MessageInputOf<typeof requests.FETCH_RESPONSE>['responses'][number]['partitions'][number]

interface SessionPart {
  readonly topicId: string
  readonly topic: string
  readonly partition: number
  fetchOffset: number
  lastFetchedEpoch: number
  partitionMaxBytes: number
}

export interface FetchCall {
  readonly broker: FakeBroker
  /** Counted over all brokers, from 0. */
  readonly number: number
  readonly sessionEpoch: number
}

/** An error code of the whole answer, or a broken connection. */
export type FetchFate = 'serve' | 'drop' | number

export class FakeFetchCluster {
  readonly brokers: FakeBroker[]
  readonly sockets: FakeSockets
  readonly topics = new Map<string, { readonly id: string; readonly logs: FakeLog[] }>()
  fate: (call: FetchCall) => FetchFate = () => 'serve'
  fetches = 0
  readonly #sessions = new Map<number, { epoch: number; parts: Map<string, SessionPart> }>()
  #nextSession = 100

  constructor(brokers: number) {
    this.brokers = Array.from({ length: brokers }, (_, i) => new FakeBroker(i + 1))
    this.sockets = new FakeSockets(...this.brokers)
    for (const broker of this.brokers) this.#teach(broker)
  }

  /** @param leaders of its partitions */
  topic(name: string, ...leaders: number[]): FakeLog[] {
    const logs = leaders.map((leader) => new FakeLog(leader))
    this.topics.set(name, { id: Buffer.from(name.padEnd(16, '-')).toString('base64url'), logs })
    return logs
  }

  #teach(broker: FakeBroker): void {
    broker.on(requests.METADATA_REQUEST, requests.METADATA_RESPONSE, ({ topics }) => ({
      brokers: this.sockets.brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port, rack: null })),
      clusterId: 'fake',
      controllerId: 1,
      topics: (topics?.map(({ name }) => name ?? '') ?? [...this.topics.keys()]).map((name) =>
        this.#metadataOf(name),
      ),
    }))
    broker.on(requests.LIST_OFFSETS_REQUEST, requests.LIST_OFFSETS_RESPONSE, ({ topics }) => ({
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, timestamp }) => {
          const log = this.topics.get(name)?.logs[partitionIndex]
          if (log?.leader !== broker.nodeId) return { partitionIndex, errorCode: 6 }
          const offset = timestamp === -2 ? log.start : log.end
          return { partitionIndex, errorCode: 0, timestamp: -1, offset, leaderEpoch: log.epoch }
        }),
      })),
    }))
    const { OFFSET_FOR_LEADER_EPOCH_REQUEST, OFFSET_FOR_LEADER_EPOCH_RESPONSE } = requests
    broker.on(OFFSET_FOR_LEADER_EPOCH_REQUEST, OFFSET_FOR_LEADER_EPOCH_RESPONSE, ({ topics }) => ({
      throttleTimeMs: 0,
      topics: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, leaderEpoch }) => {
          const log = this.topics.get(topic)?.logs[partition]
          if (log?.leader !== broker.nodeId) return { partition, errorCode: 6, endOffset: -1 }
          const end = log.diverging ?? { epoch: leaderEpoch, endOffset: log.end }
          log.diverging = undefined
          return { partition, errorCode: 0, leaderEpoch: end.epoch, endOffset: end.endOffset }
        }),
      })),
    }))
    broker.on(requests.FETCH_REQUEST, requests.FETCH_RESPONSE, (body, version) => {
      const fate = this.fate({ broker, number: this.fetches++, sessionEpoch: body.sessionEpoch })
      if (fate === 'drop') return { act: 'close' }
      const empty = { throttleTimeMs: 0, responses: [] }
      if (typeof fate === 'number') return { ...empty, errorCode: fate, sessionId: 0 }
      const session = this.#sessionOf(body, version)
      if (typeof session === 'number') return { ...empty, errorCode: session, sessionId: 0 }
      const responses = [...session.parts.values()].flatMap((part) =>
        this.#serve(broker, part, session.isFull),
      )
      const answer = { ...empty, errorCode: 0, sessionId: session.id, responses }
      // Nothing new: a broker waits.
      if (responses.length === 0) return { act: 'later', ms: 5, body: answer } as Misbehaviour
      return answer
    })
  }

  #sessionOf(body: FetchBody, version: number) {
    const isFull = body.sessionEpoch <= 0
    // Before version 7 there are no sessions.
    const ownId = body.sessionEpoch < 0 ? 0 : this.#nextSession++
    const id = isFull ? ownId : body.sessionId
    const known = isFull ? { epoch: 0, parts: new Map<string, SessionPart>() } : this.#sessions.get(id)
    if (known === undefined) return 70
    if (known.epoch !== Math.max(0, body.sessionEpoch)) return 71
    known.epoch++
    this.#sessions.set(id, known)
    for (const { topicId, topic, partitions } of body.forgottenTopicsData ?? []) {
      for (const partition of partitions)
        known.parts.delete(`${version >= 13 ? topicId : topic} ${partition}`)
    }
    for (const { topicId, topic, partitions } of body.topics) {
      const name = version >= 13 ? this.#nameOf(topicId) : topic
      for (const one of partitions) {
        known.parts.set(`${version >= 13 ? topicId : topic} ${one.partition}`, {
          topicId: version >= 13 ? topicId : ZERO_UUID,
          topic: name,
          partition: one.partition,
          fetchOffset: one.fetchOffset,
          lastFetchedEpoch: one.lastFetchedEpoch,
          partitionMaxBytes: one.partitionMaxBytes,
        })
      }
    }
    return { id, isFull, parts: known.parts }
  }

  #serve(broker: FakeBroker, part: SessionPart, isFull: boolean) {
    const { topicId, topic, partition: partitionIndex, fetchOffset, partitionMaxBytes } = part
    const log = this.topics.get(topic)?.logs[partitionIndex]
    const answered = (parts: Omit<PartAnswer, 'partitionIndex'>) => [
      { topicId, topic, partitions: [{ partitionIndex, ...parts }] },
    ]
    const failed = (errorCode: number) => answered({ errorCode, highWatermark: -1, records: null })
    if (log === undefined) return failed(3)
    if (log.leader !== broker.nodeId) return failed(6)
    const ends = {
      errorCode: 0,
      highWatermark: log.end,
      lastStableOffset: log.end,
      logStartOffset: log.start,
    }
    if (log.diverging !== undefined && part.lastFetchedEpoch >= 0) {
      const divergingEpoch = log.diverging
      log.diverging = undefined
      return answered({ ...ends, divergingEpoch, records: Buffer.alloc(0) })
    }
    if (fetchOffset < log.start || fetchOffset > log.end) return failed(1)
    const records = log.read(fetchOffset, partitionMaxBytes)
    if (records.length === 0 && !isFull) return []
    return answered({ ...ends, abortedTransactions: log.aborted, records })
  }

  #metadataOf(name: string) {
    const topic = this.topics.get(name)
    return {
      errorCode: topic === undefined ? 3 : 0,
      name,
      topicId: topic?.id ?? ZERO_UUID,
      isInternal: false,
      partitions: (topic?.logs ?? []).map(({ leader, epoch }, partitionIndex) => ({
        errorCode: 0,
        partitionIndex,
        leaderId: leader,
        leaderEpoch: epoch,
        replicaNodes: [leader],
        isrNodes: [leader],
        offlineReplicas: [],
      })),
    }
  }

  #nameOf(id: string): string {
    return [...this.topics].find(([, topic]) => topic.id === id)?.[0] ?? ''
  }
}
