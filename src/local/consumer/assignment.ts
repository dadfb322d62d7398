/** The partitions that a consumer reads: where each begins, whose turn is next, which came and went. */

import { type Assigned, AssignedPartitions, type StartAt } from '../../client/consumer/assigned-partitions.ts'
import { beyondEnd, positionOutOfRange, undefinedOffsets } from '../../client/consumer/consumer-errors.ts'
import { PartitionFetcher } from '../../client/consumer/partition-fetcher.ts'
import type { CorruptBatch } from '../../client/consumer.ts'
import type { ConsumerSettings } from '../../client/consumer-config.ts'
import type { CommittedOffset, IsolationLevel } from '../../client/types.ts'
import { TerseError } from '../../errors.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import type { MetadataImage, TopicImage } from '../../metadata/metadata-image.ts'
import { elsewhereLine } from '../../metadata/replica-place.ts'
import { isInternalTopic } from '../../names/topic-names.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { Os } from '../../os/os.ts'
import { whyForeign } from '../directory/folder-owner.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { isNoFolder } from '../directory/partition-folders.ts'
import type { LocalFetcher, LocalFetchWaiter } from './fetch-waiter.ts'

export interface AssignmentOptions {
  readonly isolation: IsolationLevel
  readonly untilEnd: boolean
  readonly skipCorrupt: boolean
  readonly inGroup: boolean
  readonly onCorrupt: (corrupt: CorruptBatch) => void
  /** Some of what is to be read is not in this directory. */
  readonly onElsewhere: (line: string) => void
  /** A partition is not ours any more. */
  readonly onRemoved: (fetcher: LocalFetcher) => void
}

interface LocalAssigned extends Assigned<UnifiedLog> {
  /** By whom it is kept, where that is not this directory. */
  elsewhere: string | undefined
}

const MAX_BUFFERED_BYTES = 32 * 1024 * 1024
const MIN_FETCH_BYTES = 32 * 1024

export class LocalAssignment extends AssignedPartitions<UnifiedLog, LocalAssigned> {
  readonly #os: Os
  readonly #directory: LocalDirectory
  readonly #settings: ConsumerSettings
  readonly #options: AssignmentOptions
  readonly #waiter: LocalFetchWaiter
  #followed: readonly string[] | RegExp | undefined
  #image: MetadataImage | undefined
  #told: string | undefined
  /** With auto.offset.reset=none: those that wait for a seek. */
  readonly #startless = new Set<LocalAssigned>()

  constructor(
    os: Os,
    directory: LocalDirectory,
    settings: ConsumerSettings,
    waiter: LocalFetchWaiter,
    options: AssignmentOptions,
  ) {
    super(options.untilEnd)
    this.#os = os
    this.#waiter = waiter
    this.#directory = directory
    this.#settings = settings
    this.#options = options
  }

  /** Every partition of these topics, also of those that come later. */
  follow(topics: readonly string[] | RegExp): void {
    this.#followed = topics
    this.#image = this.#currentImage()
    this.#followTopics(undefined)
  }

  /** These partitions and no others. */
  set(partitions: readonly TopicPartition[], committed: ReadonlyMap<string, CommittedOffset>): void {
    this.#followed = undefined
    this.keepOnly(partitions)
    this.add(partitions, committed)
  }

  /** Partitions that a group gave us. An offset that was committed for an older topic of that name does not count. */
  add(partitions: readonly TopicPartition[], committed: ReadonlyMap<string, CommittedOffset>): void {
    this.#image = this.#currentImage()
    for (const { topic, partition } of partitions) {
      const offset = committed.get(topicPartitionKey(topic, partition))
      const topicId = this.#image?.topic(topic)?.id
      const valid = offset !== undefined && (offset.topicId === undefined || offset.topicId === topicId)
      const assigned = this.#put(topic, partition, valid ? offset.offset : undefined)
      if (valid) assigned.committed = offset.offset
    }
    this.sort()
    this.#tellElsewhere()
  }

  /** Whether all of these are in the metadata. */
  exist(partitions: readonly TopicPartition[]): boolean {
    const image = this.#currentImage()
    return partitions.every(
      ({ topic, partition }) => image?.topic(topic)?.partitions[partition] !== undefined,
    )
  }

  seek(partition: TopicPartition, to: StartAt): void {
    const assigned = this.get(partition)
    assigned.startAt = to
    if (assigned.fetcher === undefined) return
    this.#start(assigned, assigned.fetcher)
    // As in Kafka, a position that was sought is committed without an epoch: it may lie in front of the last batch's.
    assigned.fetcher.leaderEpoch = -1
  }

  /** The position is out of range: auto.offset.reset decides, but not where records that the group was given are missing. */
  reset(fetcher: LocalFetcher): void {
    const assigned = this.get(fetcher)
    assigned.startAt = undefined
    fetcher.log.refresh()
    if (assigned.committed > fetcher.log.logEndOffset) throw beyondEnd(fetcher, assigned.committed)
    if (this.#settings.autoOffsetReset === 'none') throw positionOutOfRange(fetcher)
    this.#start(assigned, fetcher)
  }

  /** @throws NoOffsetForPartition while one of them has no place to begin at */
  override nextReady(): LocalFetcher | undefined {
    if (this.#startless.size > 0) throw undefinedOffsets([...this.#startless])
    return super.nextReady()
  }

  /** Everything may have news again. Returns true when the metadata changed. */
  lookAround(inGroup: boolean): boolean {
    for (const { fetcher } of this.order) {
      // Most partitions of a big topic may have no folder yet: one stat tells.
      if (fetcher?.idle !== true) continue
      if (isNoFolder(fetcher.log.dir)) this.#findFolder(fetcher)
      fetcher.idle = this.#os.fs.stat(fetcher.log.dir) === undefined
    }
    const image = this.#currentImage()
    if (image === undefined || image.endOffset === this.#image?.endOffset) return false
    this.#image = image
    // In a group, the group says so.
    if (!inGroup && !this.#options.untilEnd) {
      if (this.#followed !== undefined) this.#followTopics('earliest')
      else for (const { topic, partition } of [...this.order]) this.#put(topic, partition, undefined)
    }
    return true
  }

  /** The folder of an older topic of this name was in the way; it may have gone meanwhile. */
  #findFolder(fetcher: LocalFetcher): void {
    const topic = this.#currentImage()?.topic(fetcher.topic)
    if (topic?.id !== fetcher.topicId || topic.partitions[fetcher.partition] === undefined) return
    fetcher.log = this.#directory.logForReading(fetcher.topic, fetcher.partition)
  }

  /** Has the waiter watch all of it. */
  watch(): boolean {
    const fetchers = this.order.map(({ fetcher }) => fetcher).filter((fetcher) => fetcher !== undefined)
    return this.#waiter.watch(fetchers)
  }

  /** `late`: where partitions start that were not there before; they are read whole, whatever auto.offset.reset says. */
  #followTopics(late: StartAt | undefined): void {
    for (const assigned of [...this.order]) {
      if (this.#image?.topic(assigned.topic) === undefined) this.forget(assigned)
    }
    for (const topic of this.#topics()) {
      for (const { partition } of topic.partitions) this.#put(topic.name, partition, late)
    }
    this.sort()
    this.#tellElsewhere()
  }

  /** Once, unless it changes. @throws TerseError where nothing of what was asked for is here, and no group shares it */
  #tellElsewhere(): void {
    const missing = this.order.filter(({ elsewhere }) => elsewhere !== undefined)
    if (missing.length === 0) return
    const line = elsewhereLine(this.#directory.path, missing)
    if (line === this.#told) return
    this.#told = line
    if (missing.length === this.order.length && !this.#options.inGroup) throw new TerseError(line)
    this.#options.onElsewhere(line)
  }

  #topics(): TopicImage[] {
    const image = this.#image
    const followed = this.#followed
    if (image === undefined || followed === undefined) return []
    const wanted = (name: string) =>
      followed instanceof RegExp &&
      followed.test(name) &&
      !(this.#settings.excludeInternalTopics && isInternalTopic(name))
    const names = followed instanceof RegExp ? [...image.topics()].filter(wanted) : followed
    return names.map((name) => image.topic(name)).filter((topic) => topic !== undefined)
  }

  /** Takes a partition in; one that is there already stays as it is, unless its topic was made anew. */
  #put(topic: string, partition: number, startAt: StartAt | undefined): LocalAssigned {
    const key = topicPartitionKey(topic, partition)
    let assigned = this.assigned.get(key)
    const topicImage = this.#image?.topic(topic)
    const named = topicImage?.partitions[partition] !== undefined
    const elsewhere = named ? this.#directory.elsewhere(topic, partition) : undefined
    const exists = named && elsewhere === undefined
    if (assigned === undefined) {
      assigned = {
        topic,
        partition,
        fetcher: undefined,
        startAt,
        consumed: Number.NaN,
        processed: Number.NaN,
        committed: Number.NaN,
        elsewhere: undefined,
      }
      this.assigned.set(key, assigned)
    } else if (assigned.fetcher !== undefined) {
      if (assigned.fetcher.topicId === topicImage?.id) return assigned
      this.#options.onRemoved(assigned.fetcher)
      assigned.fetcher = undefined
      assigned.startAt = 'earliest'
    } else if (exists && assigned.startAt === undefined) assigned.startAt = 'earliest'
    assigned.elsewhere = elsewhere
    if (exists) {
      const fetcher = new PartitionFetcher(
        topic,
        partition,
        topicImage.id,
        this.#directory.logForReading(topic, partition),
        {
          isolation: this.#options.isolation,
          maxBytes: () => this.#fetchBytes(),
          skipCorrupt: this.#options.skipCorrupt,
          onCorrupt: this.#options.onCorrupt,
        },
      )
      fetcher.log.refresh()
      this.#start(assigned, fetcher)
      assigned.fetcher = fetcher
      const foreign = isNoFolder(fetcher.log.dir) && whyForeign(this.#os, this.#directory, fetcher)
      if (foreign) this.#options.onElsewhere(foreign)
    }
    return assigned
  }

  /** Each log that is read keeps a buffer of this size: together they stay below a limit. */
  #fetchBytes(): number {
    const share = Math.max(MIN_FETCH_BYTES, Math.floor(MAX_BUFFERED_BYTES / Math.max(1, this.order.length)))
    return Math.min(this.#settings.maxPartitionFetchBytes, this.#settings.fetchMaxBytes, share)
  }

  #start(assigned: LocalAssigned, fetcher: LocalFetcher): void {
    const { startAt } = assigned
    const position = typeof startAt === 'number' ? startAt : this.#offsetFor(fetcher, startAt)
    if (position === undefined) {
      this.#startless.add(assigned)
      return
    }
    this.#startless.delete(assigned)
    fetcher.position = position
    fetcher.idle = false
    fetcher.ended = undefined
    assigned.consumed = position
    assigned.processed = position
    if (this.#options.untilEnd) fetcher.stopAtPresentEnd()
  }

  /** undefined: nothing says where to begin (auto.offset.reset=none). */
  #offsetFor(fetcher: LocalFetcher, startAt: 'earliest' | 'latest' | undefined): number | undefined {
    const reset = startAt ?? this.#settings.autoOffsetReset
    if (reset === 'earliest') return fetcher.log.logStartOffset
    if (reset === 'latest') return fetcher.readableEnd
    if (reset === 'none') return undefined
    const found = fetcher.log.offsetForTimestamp(this.#os.clock.now() - reset.backMs)
    return found?.offset ?? fetcher.readableEnd
  }

  protected forget(assigned: LocalAssigned): void {
    this.assigned.delete(topicPartitionKey(assigned.topic, assigned.partition))
    this.#startless.delete(assigned)
    if (assigned.fetcher !== undefined) this.#options.onRemoved(assigned.fetcher)
  }

  #currentImage(): MetadataImage | undefined {
    return this.#directory.exists() ? this.#directory.image() : undefined
  }
}
