/** The coordinator of one transactional id on a fake cluster: broker 1, which also keeps all groups. */
import * as requests from '../../src/message/generated/requests.ts'
import type { MessageSchema } from '../../src/message/schema.ts'
import type { Misbehaviour } from './fake-broker.ts'
import type { FakeLogCluster } from './fake-log-cluster.ts'

/** For the next request of this kind in place of serving it; `forget`: it is served, and nobody answers. */
export type Trouble = number | 'drop' | 'forget'

export class FakeTransactions {
  epoch = -1
  /** In order: how each transaction ended, in which epoch. */
  readonly ends: string[] = []
  /** Partitions that were added explicitly. */
  readonly added: string[] = []
  readonly offsets: string[] = []
  readonly #troubles = new Map<MessageSchema, Trouble[]>()
  readonly #version: number

  /** @param version of transactions */
  constructor(cluster: FakeLogCluster, version: number) {
    this.#version = version
    for (const broker of cluster.brokers) broker.features.set('transaction.version', version)
    for (const broker of cluster.brokers)
      broker.on(
        requests.FIND_COORDINATOR_REQUEST,
        requests.FIND_COORDINATOR_RESPONSE,
        ({ coordinatorKeys }) => ({
          throttleTimeMs: 0,
          coordinators: coordinatorKeys.map((key) => ({
            key,
            nodeId: 1,
            host: 'broker1',
            port: 9092,
            errorCode: 0,
            errorMessage: null,
          })),
        }),
      )
    this.#teach(cluster)
  }

  next(request: MessageSchema, ...troubles: Trouble[]): void {
    this.#troubles.set(request, troubles)
  }

  #teach({ brokers: [broker] }: FakeLogCluster): void {
    const head = { throttleTimeMs: 0 }
    broker.on(requests.INIT_PRODUCER_ID_REQUEST, requests.INIT_PRODUCER_ID_RESPONSE, () =>
      this.#serve(requests.INIT_PRODUCER_ID_REQUEST, (errorCode) => {
        if (errorCode === 0) this.epoch++
        return { ...head, errorCode, producerId: 7, producerEpoch: this.epoch }
      }),
    )
    broker.on(
      requests.ADD_PARTITIONS_TO_TXN_REQUEST,
      requests.ADD_PARTITIONS_TO_TXN_RESPONSE,
      ({ v3AndBelowTopics }) =>
        this.#serve(requests.ADD_PARTITIONS_TO_TXN_REQUEST, (errorCode) => ({
          ...head,
          resultsByTopicV3AndBelow: v3AndBelowTopics.map(({ name, partitions }) => {
            if (errorCode === 0) this.added.push(...partitions.map((partition) => `${name}-${partition}`))
            return {
              name,
              resultsByPartition: partitions.map((partitionIndex) => ({
                partitionIndex,
                partitionErrorCode: errorCode,
              })),
            }
          }),
        })),
    )
    broker.on(requests.ADD_OFFSETS_TO_TXN_REQUEST, requests.ADD_OFFSETS_TO_TXN_RESPONSE, ({ groupId }) =>
      this.#serve(requests.ADD_OFFSETS_TO_TXN_REQUEST, (errorCode) => {
        this.added.push(groupId)
        return { ...head, errorCode }
      }),
    )
    broker.on(
      requests.TXN_OFFSET_COMMIT_REQUEST,
      requests.TXN_OFFSET_COMMIT_RESPONSE,
      ({ topics }, version) =>
        this.#serve(requests.TXN_OFFSET_COMMIT_REQUEST, (errorCode) => ({
          ...head,
          topics: topics.map(({ name, partitions }) => ({
            name,
            partitions: partitions.map(({ partitionIndex, committedOffset }) => {
              if (errorCode === 0)
                this.offsets.push(`${name}-${partitionIndex}:${committedOffset} v${version}`)
              return { partitionIndex, errorCode }
            }),
          })),
        })),
    )
    broker.on(requests.END_TXN_REQUEST, requests.END_TXN_RESPONSE, ({ committed, producerEpoch }) =>
      this.#serve(requests.END_TXN_REQUEST, (code) => {
        const bumps = this.#version >= 2
        const isAgain = bumps && producerEpoch === this.epoch - 1
        const errorCode = code !== 0 || isAgain || producerEpoch === this.epoch ? code : 90
        if (errorCode === 0 && !isAgain) {
          this.ends.push(`${committed ? 'commit' : 'abort'} ${producerEpoch}`)
          if (bumps) this.epoch++
        }
        return { ...head, errorCode, ...(bumps ? { producerId: 7, producerEpoch: this.epoch } : {}) }
      }),
    )
  }

  #serve<T>(request: MessageSchema, answer: (errorCode: number) => T): T | Misbehaviour {
    const trouble = this.#troubles.get(request)?.shift() ?? 0
    if (trouble === 'drop') return { act: 'close' }
    const body = answer(trouble === 'forget' ? 0 : trouble)
    return trouble === 'forget' ? { act: 'close' } : body
  }
}
