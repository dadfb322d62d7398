/** A fetch session with one broker (KIP-227): only what changed is said, and only what is new comes back. */
import type { FETCH_REQUEST } from '../../message/generated/requests.ts'
import type { MessageInputOf } from '../../message/schema.ts'
import type { FetchedPartition } from './fetched-partition.ts'

type FetchBody = MessageInputOf<typeof FETCH_REQUEST>
type FetchTopics = FetchBody['topics']

interface AskedTopic {
  readonly topic: string
  readonly topicId: string
  readonly partitions: FetchTopics[number]['partitions'][number][]
}

/** What the broker was told last of a partition. */
interface Asked {
  readonly partition: FetchedPartition
  readonly topicId: string
  readonly offset: number
  readonly epoch: number
  readonly leaderEpoch: number
  readonly turn: number
}

/** The versions of Fetch from which on there are topic ids, and epochs that tell of truncation. */
export const TOPIC_IDS_SINCE = 13
export const LAST_FETCHED_EPOCH_SINCE = 12
const LAST_EPOCH = 2 ** 31 - 1
const FINAL_EPOCH = -1

export class FetchSession {
  readonly #maxPartitionBytes: number
  #id = 0
  #epoch = 0
  #version = 0
  readonly #asked = new Map<string, Asked>()

  constructor(maxPartitionBytes: number) {
    this.#maxPartitionBytes = maxPartitionBytes
  }

  /** What asks for these partitions, and no others, from where they are. */
  request(
    wanted: readonly FetchedPartition[],
    version: number,
  ): Pick<FetchBody, 'sessionId' | 'sessionEpoch' | 'topics' | 'forgottenTopicsData'> {
    if (version !== this.#version) this.beginAnew()
    this.#version = version
    const isFull = this.#epoch === 0
    const gone = new Map(this.#asked)
    const changed: FetchedPartition[] = []
    for (const partition of wanted) {
      const key = keyOf(this.#topicOf(partition), partition.partition)
      const before = this.#asked.get(key)
      gone.delete(key)
      if (isFull || before === undefined || isOther(before, partition)) changed.push(partition)
      if (before === undefined || isOther(before, partition) || before.turn !== partition.turn) {
        this.#asked.set(key, askedOf(partition))
      }
    }
    for (const key of gone.keys()) this.#asked.delete(key)
    return {
      sessionId: this.#id,
      sessionEpoch: this.#epoch,
      topics: this.#byTopic(changed),
      forgottenTopicsData: isFull ? [] : this.#forgotten([...gone.values()]),
    }
  }

  /** The partition that part of an answer is of, where that still wants what it asked for. */
  answered(topicIdOrName: string, partition: number): FetchedPartition | undefined {
    const asked = this.#asked.get(keyOf(topicIdOrName, partition))
    return asked === undefined || asked.turn !== asked.partition.turn ? undefined : asked.partition
  }

  /** After an answer without an error. */
  goesOn(sessionId: number): void {
    this.#id = sessionId
    if (sessionId === 0) this.#epoch = 0
    else this.#epoch = this.#epoch === LAST_EPOCH ? 1 : this.#epoch + 1
  }

  /** Nobody knows what the broker knows of it: the next request is whole, and ends the old session with it. */
  beginAnew(): void {
    this.#epoch = 0
    this.#asked.clear()
  }

  /** The same, where the broker knows nothing of it any more. */
  forget(): void {
    this.#id = 0
    this.beginAnew()
  }

  get isNew(): boolean {
    return this.#epoch === 0
  }

  /** What tells the broker that no more will be asked; undefined: there is no session. */
  end():
    | (Pick<FetchBody, 'sessionId' | 'sessionEpoch' | 'topics'> & { readonly version: number })
    | undefined {
    if (this.#id === 0) return undefined
    const sessionId = this.#id
    this.forget()
    return { sessionId, sessionEpoch: FINAL_EPOCH, topics: [], version: this.#version }
  }

  /** Before version 13 it is the names that count. */
  #topicOf({ topic, topicId }: { topic: string; topicId: string }): string {
    return this.#version >= TOPIC_IDS_SINCE ? topicId : topic
  }

  #forgotten(asked: readonly Asked[]) {
    const topics = new Map<string, { topic: string; topicId: string; partitions: number[] }>()
    for (const { partition, topicId } of asked) {
      const key = this.#topicOf({ topic: partition.topic, topicId })
      const topic = topics.get(key) ?? { topic: partition.topic, topicId, partitions: [] }
      topics.set(key, topic)
      topic.partitions.push(partition.partition)
    }
    return [...topics.values()]
  }

  #byTopic(partitions: readonly FetchedPartition[]): FetchTopics {
    const topics = new Map<string, AskedTopic>()
    for (const one of partitions) {
      const key = this.#topicOf(one)
      let topic = topics.get(key)
      if (topic === undefined) {
        topic = { topic: one.topic, topicId: one.topicId, partitions: [] }
        topics.set(key, topic)
      }
      topic.partitions.push({
        partition: one.partition,
        currentLeaderEpoch: one.leaderEpoch,
        fetchOffset: one.fetchOffset,
        lastFetchedEpoch: this.#version >= LAST_FETCHED_EPOCH_SINCE ? one.fetchEpoch : -1,
        logStartOffset: -1,
        partitionMaxBytes: this.#maxPartitionBytes,
      })
    }
    return [...topics.values()]
  }
}

function askedOf(partition: FetchedPartition): Asked {
  const { topicId, fetchOffset, fetchEpoch, leaderEpoch, turn } = partition
  return { partition, topicId, offset: fetchOffset, epoch: fetchEpoch, leaderEpoch, turn }
}

function isOther(asked: Asked, partition: FetchedPartition): boolean {
  return (
    asked.partition !== partition ||
    asked.offset !== partition.fetchOffset ||
    asked.epoch !== partition.fetchEpoch ||
    asked.leaderEpoch !== partition.leaderEpoch
  )
}

function keyOf(topicIdOrName: string, partition: number): string {
  return `${topicIdOrName} ${partition}`
}
