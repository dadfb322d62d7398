/** The partitions that a consumer of a cluster reads: where each begins is asked of its leader. */
import { type Assigned, AssignedPartitions, type StartAt } from '../../client/consumer/assigned-partitions.ts'
import type { ConsumerHooks } from '../../client/consumer/consumer-backend.ts'
import { NoOffsetForPartition } from '../../client/consumer/consumer-errors.ts'
import { PartitionFetcher } from '../../client/consumer/partition-fetcher.ts'
import type { AutoOffsetReset } from '../../client/consumer-config.ts'
import type { CommittedOffset, IsolationLevel } from '../../client/types.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import { ZERO_UUID } from '../../message/uuid.ts'
import { isInternalTopic } from '../../names/topic-names.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { PartitionMetadata, TopicMetadata } from '../cluster-metadata.ts'
import { mayPass } from '../connection/retry.ts'
import { ClusterFetcher, type FetcherSettings, type FetchListener } from './cluster-fetcher.ts'
import type { ConsumerMetadata } from './consumer-metadata.ts'
import { FetchedPartition } from './fetched-partition.ts'
import { EARLIEST, LATEST, leaderMoved, listOffsets, type OffsetQuery } from './list-offsets.ts'

export interface ClusterAssignmentOptions {
  readonly isolation: IsolationLevel
  readonly untilEnd: boolean
  readonly skipCorrupt: boolean
  readonly inGroup: boolean
  readonly reset: AutoOffsetReset
  readonly checkCrcs: boolean
  readonly excludeInternalTopics: boolean
  readonly fetch: FetcherSettings
  readonly warn: (line: string) => void
  readonly wake: () => void
}

type Fetcher = PartitionFetcher<FetchedPartition>

interface ClusterAssigned extends Assigned<FetchedPartition> {
  fetcher: Fetcher | undefined
  /** The position was out of range: it was there. */
  lost: number | undefined
}

/** What is to be asked before a partition can be read. */
interface Unknown {
  readonly assigned: ClusterAssigned
  readonly fetcher: Fetcher
  readonly turn: number
  /** undefined: the position is known, the end is not. */
  readonly startAt: number | undefined
}

export class ClusterAssignment
  extends AssignedPartitions<FetchedPartition, ClusterAssigned>
  implements FetchListener
{
  readonly #client: ClusterClient
  readonly #metadata: ConsumerMetadata
  readonly #options: ClusterAssignmentOptions
  readonly #hooks: ConsumerHooks
  readonly #fetches: ClusterFetcher
  readonly #readers = new Map<FetchedPartition, Fetcher>()
  readonly #unknown = new Map<ClusterAssigned, Unknown>()
  #isResolving = false
  #followed: readonly string[] | RegExp | undefined
  #failure: Error | undefined
  #closed = false

  constructor(
    client: ClusterClient,
    metadata: ConsumerMetadata,
    options: ClusterAssignmentOptions,
    hooks: ConsumerHooks,
  ) {
    super(options.untilEnd)
    this.#client = client
    this.#metadata = metadata
    this.#options = options
    this.#hooks = hooks
    this.#fetches = new ClusterFetcher(client, options.fetch, this)
  }

  follow(topics: readonly string[] | RegExp): void {
    this.#followed = topics
    this.#followTopics(undefined)
    this.#changed()
  }

  set(partitions: readonly TopicPartition[]): void {
    this.#followed = undefined
    const keep = new Set(partitions.map(keyOf))
    for (const [key, assigned] of this.assigned) if (!keep.has(key)) this.forget(assigned)
    for (const { topic, partition } of partitions) this.#put(topic, partition, undefined)
    this.sort()
    this.#changed()
  }

  add(partitions: readonly TopicPartition[], committed: ReadonlyMap<string, CommittedOffset>): void {
    for (const tp of partitions) {
      const offset = committed.get(keyOf(tp))
      const assigned = this.#put(tp.topic, tp.partition, offset?.offset)
      if (offset === undefined) continue
      assigned.committed = offset.offset
      if (assigned.fetcher !== undefined && assigned.startAt === offset.offset) {
        assigned.fetcher.log.fetchEpoch = offset.leaderEpoch
        assigned.fetcher.leaderEpoch = offset.leaderEpoch
      }
    }
    this.sort()
    this.#changed()
  }

  override remove(partitions: readonly TopicPartition[]) {
    const offsets = super.remove(partitions)
    this.#changed()
    return offsets
  }

  /** @throws what keeps all from being read */
  override nextReady(): Fetcher | undefined {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
    return super.nextReady()
  }

  override fetched(fetcher: Fetcher, collecting: boolean): void {
    super.fetched(fetcher, collecting)
    if (fetcher.ended === undefined) return
    fetcher.log.over = true
    this.#fetches.pump()
  }

  seek(partition: TopicPartition, to: StartAt): void {
    const assigned = this.get(partition)
    assigned.startAt = to
    if (assigned.fetcher === undefined) return
    assigned.lost = undefined
    this.#start(assigned, assigned.fetcher)
    // As in Kafka, a position that was sought is committed without an epoch: it may lie in front of the last batch's.
    assigned.fetcher.leaderEpoch = -1
    this.#changed()
  }

  reset(fetcher: Fetcher): void {
    const assigned = this.get(fetcher)
    if (this.#options.reset === 'none') {
      const { topic, partition, position } = fetcher
      throw new NoOffsetForPartition(
        `Fetch position is out of range and no reset policy is configured for partitions: {${topic}-${partition}=${position}}`,
      )
    }
    assigned.startAt = undefined
    assigned.lost = fetcher.position
    this.#start(assigned, fetcher)
    this.#changed()
  }

  lookAround(inGroup: boolean): boolean {
    this.#metadata.tick()
    const changed = this.#metadata.takeChanged()
    // In a group, the group says so.
    if (changed && !inGroup && !this.#options.untilEnd) {
      if (this.#followed !== undefined) this.#followTopics('earliest')
      this.#changed()
    }
    return changed
  }

  watch(): boolean {
    return false
  }

  /** New metadata are there: leaders, and what was missing. */
  metadataCame(): void {
    for (const { topic, partition, startAt } of this.order) this.#put(topic, partition, startAt)
    this.#changed()
    this.#hooks.lookAgain()
    this.#options.wake()
  }

  override close(): void {
    this.#closed = true
    this.#fetches.close()
    super.close()
  }

  // What the fetches tell.

  arrived(partition: FetchedPartition): void {
    const reader = this.#readers.get(partition)
    if (reader === undefined) return
    reader.idle = false
    this.#options.wake()
  }

  looked(partition: FetchedPartition): void {
    const reader = this.#readers.get(partition)
    // Read from behind the end that there was: then the end is here.
    if (reader?.endOffset !== undefined && reader.ended === undefined && reader.position > reader.endOffset) {
      reader.stopAtPresentEnd()
      this.#options.wake()
    }
  }

  lostLeader(): void {
    this.#metadata.refreshSoon()
    this.#options.wake()
  }

  truncated(partition: FetchedPartition, offset: number, epoch: number): void {
    const reader = this.#readers.get(partition)
    if (reader === undefined) return
    const { topic, partition: number, fetchOffset } = partition
    this.#options.warn(
      `${topic}-${number}: the leader's log has other records from offset ${offset} on than the ones up to ${fetchOffset} that were read before: it was truncated; reading goes on at ${offset}`,
    )
    const assigned = this.get(reader)
    assigned.startAt = offset
    this.#start(assigned, reader)
    partition.fetchEpoch = epoch
    this.#changed()
  }

  failed(error: Error): void {
    this.#failure ??= error
    this.#options.wake()
  }

  warn(line: string): void {
    this.#options.warn(line)
  }

  protected forget(assigned: ClusterAssigned): void {
    this.assigned.delete(keyOf(assigned))
    this.#unknown.delete(assigned)
    if (assigned.fetcher === undefined) return
    this.#readers.delete(assigned.fetcher.log)
    this.#hooks.onRemoved(assigned.fetcher)
  }

  /** `late`: where partitions start that were not there before; they are read whole, whatever auto.offset.reset says. */
  #followTopics(late: StartAt | undefined): void {
    const followed = this.#followed
    if (followed === undefined) return
    const { topics } = this.#metadata
    for (const assigned of [...this.order]) if (!topics.has(assigned.topic)) this.forget(assigned)
    for (const topic of topics.values()) {
      if (followed instanceof RegExp ? !this.#matches(followed, topic) : !followed.includes(topic.name))
        continue
      for (const { partition } of topic.partitions) this.#put(topic.name, partition, late)
    }
    this.sort()
  }

  #matches(pattern: RegExp, { name, internal }: TopicMetadata): boolean {
    const isHidden = this.#options.excludeInternalTopics && (internal || isInternalTopic(name))
    return !isHidden && pattern.test(name)
  }

  /** Takes a partition in; one that is there already learns of its leader, or that its topic was made anew. */
  #put(topic: string, partition: number, startAt: StartAt | undefined): ClusterAssigned {
    const key = topicPartitionKey(topic, partition)
    let assigned = this.assigned.get(key)
    const metadata = this.#metadata.topics.get(topic)
    const found = metadata?.partitions.find((one) => one.partition === partition)
    if (assigned === undefined) {
      assigned = {
        topic,
        partition,
        fetcher: undefined,
        startAt,
        consumed: Number.NaN,
        processed: Number.NaN,
        committed: Number.NaN,
        lost: undefined,
      }
      this.assigned.set(key, assigned)
    } else if (assigned.fetcher === undefined && assigned.startAt === undefined) {
      // It was not there when it was asked for: then it is read whole.
      if (found !== undefined && !this.#options.inGroup) assigned.startAt = 'earliest'
    }
    if (metadata === undefined || found === undefined) return assigned
    const { fetcher } = assigned
    if (fetcher !== undefined && isSameTopic(fetcher.log.topicId, metadata.topicId)) {
      learn(fetcher.log, found)
      return assigned
    }
    if (fetcher !== undefined) {
      this.#readers.delete(fetcher.log)
      this.#hooks.onRemoved(fetcher)
      assigned.startAt = 'earliest'
    }
    this.#begin(assigned, metadata.topicId, found)
    return assigned
  }

  #begin(assigned: ClusterAssigned, topicId: string, found: PartitionMetadata): void {
    const { topic, partition } = assigned
    const { isolation, fetch, checkCrcs, skipCorrupt } = this.#options
    const log = new FetchedPartition(topic, partition, topicId, checkCrcs, () => this.#fetches.pump())
    learn(log, found)
    const fetcher = new PartitionFetcher(topic, partition, topicId, log, {
      isolation,
      maxBytes: () => fetch.maxPartitionBytes,
      skipCorrupt,
      onCorrupt: this.#hooks.onCorrupt,
    })
    assigned.fetcher = fetcher
    this.#readers.set(log, fetcher)
    this.#start(assigned, fetcher)
  }

  /** Goes to where `startAt` says, or begins to find out. */
  #start(assigned: ClusterAssigned, fetcher: Fetcher): void {
    const { startAt } = assigned
    const known = typeof startAt === 'number' ? startAt : Number.NaN
    fetcher.ended = undefined
    fetcher.idle = true
    fetcher.position = known
    fetcher.log.startAt(known)
    assigned.consumed = known
    assigned.processed = known
    const needsEnd = this.#options.untilEnd && fetcher.endOffset === undefined
    this.#unknown.delete(assigned)
    if (!Number.isNaN(known) && !needsEnd) {
      if (this.#options.untilEnd) this.#stopAtEnd(fetcher)
      return
    }
    const { turn } = fetcher.log
    this.#unknown.set(assigned, {
      assigned,
      fetcher,
      turn,
      startAt: Number.isNaN(known) ? this.#timestampOf(assigned) : undefined,
    })
    if (needsEnd) fetcher.log.fetchOffset = Number.NaN
  }

  #timestampOf({ startAt, topic, partition }: ClusterAssigned): number {
    const reset = startAt ?? this.#options.reset
    if (reset === 'earliest') return EARLIEST
    if (reset === 'latest') return LATEST
    if (reset === 'none') {
      throw new NoOffsetForPartition(
        `Undefined offset with no reset policy for partitions: [${topic}-${partition}]`,
      )
    }
    return typeof reset === 'number' ? reset : Math.floor(this.#client.clock.now() - reset.backMs)
  }

  #stopAtEnd(fetcher: Fetcher): void {
    fetcher.stopAtPresentEnd()
    fetcher.log.stopAt = fetcher.position > fetcher.log.logEndOffset ? undefined : fetcher.endOffset
    if (fetcher.ended !== undefined) fetcher.log.over = true
  }

  /** What is fetched, and what must be found out first. */
  #changed(): void {
    if (this.#closed) return
    void this.#resolve()
    const logs = this.order.map(({ fetcher }) => fetcher?.log).filter((log) => log !== undefined)
    if (logs.some(({ leader }) => leader < 0)) this.#metadata.refreshSoon()
    this.#fetches.setPartitions(logs)
  }

  async #resolve(): Promise<void> {
    if (this.#isResolving) return
    this.#isResolving = true
    try {
      const backoff = this.#client.backoff()
      while (!this.#closed) {
        const due = [...this.#unknown.values()].filter(({ fetcher }) => fetcher.log.leader >= 0)
        if (due.length === 0) break
        if (!(await this.#askOffsets(due))) await this.#client.clock.sleep(backoff.next())
      }
    } catch (error) {
      this.failed(error as Error)
    } finally {
      this.#isResolving = false
    }
  }

  /** False when it is to be tried again after a pause. */
  async #askOffsets(due: readonly Unknown[]): Promise<boolean> {
    const { untilEnd, isolation } = this.#options
    this.#fetches.prepare(due.map(({ fetcher }) => fetcher.log.leader))
    const starts: OffsetQuery[] = due.map(({ fetcher, startAt }) => ({
      partition: fetcher.log,
      timestamp: startAt ?? LATEST,
    }))
    const ends: OffsetQuery[] = untilEnd
      ? due.map(({ fetcher }) => ({ partition: fetcher.log, timestamp: LATEST }))
      : []
    const answers = await listOffsets(this.#client, [...starts, ...ends], isolation === 'read_committed')
    let failed = false
    due.forEach((unknown, i) => {
      const [start, end] = [answers[i], answers[due.length + i]]
      for (const answer of [start, end]) {
        if (answer === undefined || !('error' in answer)) continue
        const { error } = answer
        failed = true
        if (!mayPass(error) && !leaderMoved(error)) this.failed(tellable(error, unknown.fetcher))
        unknown.fetcher.log.leader = -1
        this.#metadata.refreshSoon()
        this.#options.wake()
        return
      }
      if ('error' in start) return
      this.#found(unknown, start, end !== undefined && 'offset' in end ? end.offset : undefined)
    })
    this.#fetches.pump()
    this.#options.wake()
    return !failed
  }

  #found(unknown: Unknown, start: { offset: number; leaderEpoch: number }, end: number | undefined): void {
    const { assigned, fetcher, turn, startAt } = unknown
    if (this.#unknown.get(assigned) !== unknown || fetcher.log.turn !== turn) return
    if (startAt !== undefined && start.offset < 0) {
      // No record is that young: then from the end on.
      this.#unknown.set(assigned, { ...unknown, startAt: LATEST })
      return
    }
    this.#unknown.delete(assigned)
    const position = startAt === undefined ? fetcher.position : start.offset
    fetcher.position = position
    fetcher.log.startAt(position)
    assigned.consumed = position
    assigned.processed = position
    this.#tellOfLoss(assigned, position)
    if (end === undefined) return
    fetcher.log.logEndOffset = end
    fetcher.log.lastStableOffset = end
    this.#stopAtEnd(fetcher)
  }

  /** Reading goes on in front of where it was: the log ends before that. */
  #tellOfLoss(assigned: ClusterAssigned, position: number): void {
    const { lost, topic, partition } = assigned
    assigned.lost = undefined
    if (lost === undefined || position >= lost) return
    this.#options.warn(
      `${topic}-${partition}: offset ${lost} is behind the end of the log; reading goes on at ${position}`,
    )
  }
}

/** Metadata of an older epoch come from a broker that is behind. */
function learn(log: FetchedPartition, { leader, leaderEpoch }: PartitionMetadata): void {
  if (leaderEpoch >= 0 && leaderEpoch < log.leaderEpoch) return
  log.leader = leader
  log.leaderEpoch = leaderEpoch
}

function isSameTopic(known: string, now: string): boolean {
  return known === now || known === ZERO_UUID || now === ZERO_UUID
}

function tellable(error: unknown, { topic }: TopicPartition): Error {
  if (error instanceof KafkaError && error.code === 'TOPIC_AUTHORIZATION_FAILED')
    return new KafkaError(error.code, `Not authorized to access topics: [${topic}]`)
  return error instanceof Error ? error : new TerseError(String(error))
}

function keyOf({ topic, partition }: TopicPartition): string {
  return topicPartitionKey(topic, partition)
}
