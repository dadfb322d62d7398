/** The partitions that a consumer of a cluster reads: where each begins is asked of its leader. */
import { AssignedPartitions, type StartAt } from '../../client/consumer/assigned-partitions.ts'
import type { ConsumerHooks } from '../../client/consumer/consumer-backend.ts'
import { positionOutOfRange } from '../../client/consumer/consumer-errors.ts'
import { PartitionFetcher } from '../../client/consumer/partition-fetcher.ts'
import type { AutoOffsetReset } from '../../client/consumer-config.ts'
import type { CommittedOffset, IsolationLevel } from '../../client/types.ts'
import { KafkaError } from '../../errors.ts'
import { isInternalTopic } from '../../names/topic-names.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { PartitionMetadata, TopicMetadata } from '../cluster-metadata.ts'
import { ClusterFetcher, type FetcherSettings, type FetchListener } from './cluster-fetcher.ts'
import type { ConsumerMetadata } from './consumer-metadata.ts'
import { FetchedPartition } from './fetched-partition.ts'
import { behindEndText, truncatedError, truncatedText } from './loss-texts.ts'
import {
  type ClusterAssigned,
  type StartListener,
  StartOffsets,
  timeOf,
  type UnknownStart,
} from './start-offsets.ts'

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

interface Assigned extends ClusterAssigned {
  /** The position that was out of range, kept for the warning. */
  lost: number | undefined
}

export class ClusterAssignment
  extends AssignedPartitions<FetchedPartition, Assigned>
  implements FetchListener, StartListener
{
  readonly #client: ClusterClient
  readonly #metadata: ConsumerMetadata
  readonly #options: ClusterAssignmentOptions
  readonly #hooks: ConsumerHooks
  readonly #fetches: ClusterFetcher
  readonly #readers = new Map<FetchedPartition, Fetcher>()
  readonly #starts: StartOffsets
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
    const { untilEnd, fetch } = options
    this.#starts = new StartOffsets(client, { untilEnd, isReadCommitted: fetch.isReadCommitted }, this)
  }

  follow(topics: readonly string[] | RegExp): void {
    this.#followed = topics
    this.#followTopics(undefined)
    this.#changed()
  }

  set(partitions: readonly TopicPartition[], committed: ReadonlyMap<string, CommittedOffset>): void {
    this.#followed = undefined
    this.keepOnly(partitions)
    this.add(partitions, committed)
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
    this.#starts.check()
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
    if (this.#options.reset === 'none') throw positionOutOfRange(fetcher)
    assigned.startAt = undefined
    // A position that was given, not read up to, is the one's who gave it.
    assigned.lost = fetcher.leaderEpoch >= 0 ? fetcher.position : undefined
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
    if (this.#options.untilEnd) this.#failOfGone()
    for (const { topic, partition, startAt } of this.order) this.#put(topic, partition, startAt)
    this.#changed()
    this.#hooks.lookAgain()
    this.#options.wake()
  }

  /** Who reads to the end would wait for ever for that of a topic which was deleted meanwhile. */
  #failOfGone(): void {
    const gone = this.order.find(
      ({ topic, fetcher }) => fetcher?.ended === undefined && this.#metadata.isGone(topic),
    )
    if (gone === undefined) return
    const { topic, partition, consumed } = gone
    const message = `Topic ${topic} was deleted while it was read: its partition ${partition} from offset ${consumed} on is missing`
    this.failed(new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', message))
  }

  override close(): void {
    this.#closed = true
    this.#fetches.close()
    this.#starts.close()
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
    const assigned = this.get(reader)
    if (this.#options.reset === 'none') {
      // Nobody wants more of it until it was sought elsewhere.
      partition.over = true
      this.failed(truncatedError(partition, { offset, epoch }))
      return
    }
    const read = Number.isNaN(assigned.consumed) ? offset : assigned.consumed
    if (read > offset) this.#options.warn(truncatedText(partition, offset, read))
    // What was fetched and not handed out is read again, where it is still there.
    this.#hooks.onRemoved(reader)
    assigned.startAt = Math.min(offset, read)
    this.#start(assigned, reader)
    reader.leaderEpoch = read < offset ? -1 : epoch
    partition.fetchEpoch = reader.leaderEpoch
    this.#changed()
  }

  failed(error: Error): void {
    this.#failure ??= error
    this.#options.wake()
  }

  warn(line: string): void {
    this.#options.warn(line)
  }

  protected forget(assigned: Assigned): void {
    this.assigned.delete(keyOf(assigned))
    this.#starts.forget(assigned)
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
  #put(topic: string, partition: number, startAt: StartAt | undefined): Assigned {
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
    if (fetcher?.log.isOf(metadata.topicId)) {
      fetcher.log.learn(found)
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

  #begin(assigned: Assigned, topicId: string, found: PartitionMetadata): void {
    const { topic, partition } = assigned
    const { isolation, fetch, checkCrcs, skipCorrupt } = this.#options
    const log = new FetchedPartition(topic, partition, topicId, checkCrcs, () => this.#fetches.pump())
    log.learn(found)
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
  #start(assigned: Assigned, fetcher: Fetcher): void {
    const { startAt } = assigned
    const known = typeof startAt === 'number' ? startAt : Number.NaN
    fetcher.ended = undefined
    fetcher.idle = true
    fetcher.position = known
    fetcher.log.startAt(known)
    assigned.consumed = known
    assigned.processed = known
    const needsEnd = this.#options.untilEnd && fetcher.endOffset === undefined
    this.#starts.forget(assigned)
    if (!Number.isNaN(known) && !needsEnd) {
      if (this.#options.untilEnd) this.#stopAtEnd(fetcher)
      return
    }
    const { turn } = fetcher.log
    const isUnknown = Number.isNaN(known)
    const byTime = isUnknown ? timeOf(startAt, this.#options.reset, this.#client.clock.now()) : undefined
    if (byTime === 'none') this.#starts.leaveOpen(assigned)
    else this.#starts.add({ assigned, fetcher, turn, startAt: byTime })
    if (needsEnd) fetcher.log.fetchOffset = Number.NaN
  }

  #stopAtEnd(fetcher: Fetcher): void {
    fetcher.stopAtPresentEnd()
    fetcher.log.stopAt = fetcher.position > fetcher.log.logEndOffset ? undefined : fetcher.endOffset
    if (fetcher.ended !== undefined) fetcher.log.over = true
  }

  /** What is fetched, and what must be found out first. */
  #changed(): void {
    if (this.#closed) return
    void this.#starts.resolve()
    const logs = this.order.map(({ fetcher }) => fetcher?.log).filter((log) => log !== undefined)
    if (logs.some(({ leader }) => leader < 0)) this.#metadata.refreshSoon()
    this.#fetches.setPartitions(logs)
  }

  // What is said of where partitions begin.

  asking(leaders: Iterable<number>): void {
    this.#fetches.prepare(leaders)
  }

  found({ assigned, fetcher }: UnknownStart, position: number, end: number | undefined): void {
    fetcher.position = position
    fetcher.log.startAt(position)
    assigned.consumed = position
    assigned.processed = position
    this.#tellOfLoss(assigned as Assigned, position)
    if (end === undefined) return
    fetcher.log.logEndOffset = end
    fetcher.log.lastStableOffset = end
    this.#stopAtEnd(fetcher)
  }

  leaderMoved(partition: FetchedPartition): void {
    partition.leader = -1
    this.lostLeader()
  }

  answered(): void {
    this.#fetches.pump()
    this.#options.wake()
  }

  /** Reading goes on in front of where it was: the log ends before that. */
  #tellOfLoss(assigned: Assigned, position: number): void {
    const { lost } = assigned
    assigned.lost = undefined
    if (lost !== undefined && position < lost) this.#options.warn(behindEndText(assigned, lost, position))
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return topicPartitionKey(topic, partition)
}
