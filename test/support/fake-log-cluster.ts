/** A cluster of fake brokers with logs in memory: leaders, idempotent producers as a broker knows them, and faults on demand. */
import * as requests from '../../src/message/generated/requests.ts'
import { ZERO_UUID } from '../../src/message/uuid.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { FakeBroker, FakeSockets, type Misbehaviour } from './fake-broker.ts'

/** A batch of a producer, as a broker remembers it. */
interface KnownBatch {
  readonly first: number
  readonly last: number
  readonly offset: number
}

export class FakePartition {
  leader: number
  readonly values: string[] = []
  readonly keys: (string | null)[] = []
  /** Sizes of the batches in the log. */
  readonly sizes: number[] = []
  producers = new Map<number, { epoch: number; batches: KnownBatch[] }>()

  constructor(leader: number) {
    this.leader = leader
  }

  /** Returns the error code and the offset, as a broker's produce does. */
  append(bytes: Buffer): { errorCode: number; baseOffset: number } {
    const batch = new RecordBatch(bytes)
    batch.ensureValid()
    if (batch.end !== bytes.length) return { errorCode: 87, baseOffset: -1 }
    const { producerId: id, producerEpoch: epoch, baseSequence: first, lastSequence: last } = batch
    if (id >= 0) {
      let known = this.producers.get(id)
      if (known !== undefined && epoch < known.epoch) return { errorCode: 47, baseOffset: -1 }
      if (known !== undefined && epoch > known.epoch) {
        if (first !== 0) return { errorCode: 45, baseOffset: -1 }
        known = undefined
      }
      known ??= { epoch, batches: [] }
      const again = known.batches.find((one) => one.first === first && one.last === last)
      if (again !== undefined) return { errorCode: 0, baseOffset: again.offset }
      const newest = known.batches.at(-1)
      if (newest !== undefined && first !== newest.last + 1) return { errorCode: 45, baseOffset: -1 }
      known.batches.push({ first, last, offset: this.values.length })
      if (known.batches.length > 5) known.batches.shift()
      this.producers.set(id, known)
    }
    const baseOffset = this.values.length
    for (const { key, value } of batch.records()) {
      this.keys.push(key?.toString() ?? null)
      this.values.push(value?.toString() ?? '')
    }
    this.sizes.push(bytes.length)
    return { errorCode: 0, baseOffset }
  }
}

/** One produce request, before it is served. */
export interface ProduceCall {
  readonly broker: FakeBroker
  /** Counted over all brokers, from 0. */
  readonly number: number
  readonly parts: readonly { topic: string; partition: number; records: Buffer }[]
}

/**
 * `store`: as it should be. `drop`: the connection breaks, nothing is stored. `forget`: all is stored, and the connection breaks. A
 * number: that error for each partition. `garbage`: all is stored, and the answer ends too early. `mute`: all is stored, and nobody answers. `silence`: nothing is stored, nobody answers.
 */
export type Fate =
  | 'store'
  | 'mute'
  | 'garbage'
  | 'drop'
  | 'forget'
  | 'silence'
  | { readonly laterMs: number }
  | number

export class FakeLogCluster {
  readonly brokers: FakeBroker[]
  readonly sockets: FakeSockets
  readonly topics = new Map<string, { readonly id: string; readonly partitions: FakePartition[] }>()
  fate: (call: ProduceCall) => Fate = () => 'store'
  /** Error codes of topics in metadata. */
  readonly refused = new Map<string, number>()
  produced = 0
  #nextProducerId = 4000

  constructor(brokers: number) {
    this.brokers = Array.from({ length: brokers }, (_, i) => new FakeBroker(i + 1))
    this.sockets = new FakeSockets(...this.brokers)
    for (const broker of this.brokers) this.#teach(broker)
  }

  /** @param leaders of its partitions */
  topic(name: string, ...leaders: number[]): FakePartition[] {
    const partitions = leaders.map((leader) => new FakePartition(leader))
    const id = Buffer.from(name.padEnd(16, '-')).toString('base64url')
    this.topics.set(name, { id, partitions })
    return partitions
  }

  #teach(broker: FakeBroker): void {
    broker.on(requests.METADATA_REQUEST, requests.METADATA_RESPONSE, ({ topics }) => ({
      brokers: this.sockets.brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port, rack: null })),
      clusterId: 'fake',
      controllerId: 1,
      topics: (topics ?? []).map(({ name }) => this.#metadataOf(name ?? '')),
    }))
    broker.on(requests.INIT_PRODUCER_ID_REQUEST, requests.INIT_PRODUCER_ID_RESPONSE, () => ({
      throttleTimeMs: 0,
      errorCode: 0,
      producerId: this.#nextProducerId++,
      producerEpoch: 0,
    }))
    broker.on(requests.PRODUCE_REQUEST, requests.PRODUCE_RESPONSE, (body, version) => {
      const parts = body.topicData.flatMap((topic) => {
        const name = version >= 13 ? this.#nameOf(topic.topicId) : topic.name
        return topic.partitionData.map(({ index, records }) => ({
          topic: name,
          partition: index,
          records: records ?? Buffer.alloc(0),
        }))
      })
      const fate = this.fate({ broker, number: this.produced++, parts })
      if (fate === 'silence') return { act: 'silence' }
      if (fate === 'drop') return { act: 'close' }
      const answer = {
        responses: body.topicData.map((topic) => ({
          name: topic.name,
          topicId: topic.topicId,
          partitionResponses: topic.partitionData.map(({ index, records }) => {
            const name = version >= 13 ? this.#nameOf(topic.topicId) : topic.name
            const partition = this.topics.get(name)?.partitions[index]
            if (typeof fate === 'number') return { index, errorCode: fate, baseOffset: -1 }
            if (partition === undefined) return { index, errorCode: 3, baseOffset: -1 }
            if (partition.leader !== broker.nodeId) return { index, errorCode: 6, baseOffset: -1 }
            return { index, ...partition.append(records ?? Buffer.alloc(0)) }
          }),
        })),
        throttleTimeMs: 0,
      }
      if (fate === 'garbage') return { act: 'cut', by: 4, body: answer } as Misbehaviour
      if (fate === 'forget') return { act: 'close' }
      // A broker that may not answer hangs up where something is wrong.
      const isWrong = answer.responses.some((topic) =>
        topic.partitionResponses.some((one) => one.errorCode !== 0),
      )
      if (fate === 'mute') return { act: 'silence' }
      if (body.acks === 0) return { act: isWrong ? 'close' : 'silence' }
      if (typeof fate === 'object') return { act: 'later', ms: fate.laterMs, body: answer } as Misbehaviour
      return answer
    })
  }

  #metadataOf(name: string) {
    const topic = this.topics.get(name)
    const refused = this.refused.get(name)
    const errorCode = refused ?? (topic === undefined ? 3 : 0)
    return {
      errorCode,
      name,
      topicId: topic?.id ?? ZERO_UUID,
      isInternal: false,
      partitions: (refused === undefined ? (topic?.partitions ?? []) : []).map(
        ({ leader }, partitionIndex) => ({
          errorCode: 0,
          partitionIndex,
          leaderId: leader,
          leaderEpoch: 1,
          replicaNodes: [leader],
          isrNodes: [leader],
          offlineReplicas: [],
        }),
      ),
    }
  }

  #nameOf(id: string): string {
    return [...this.topics].find(([, topic]) => topic.id === id)?.[0] ?? ''
  }
}
