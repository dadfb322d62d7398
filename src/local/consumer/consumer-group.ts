/** A consumer's membership in its group: join, take and give back partitions, commit. */
import { CommitFailedError } from '../../client/consumer/consumer-errors.ts'
import type { ConsumerSettings } from '../../client/consumer-config.ts'
import type { OffsetAndMetadata } from '../../client/types.ts'
import { KafkaError } from '../../errors.ts'
import { GroupMember } from '../../group/group-member.ts'
import type { CommittedOffset, OffsetCommit } from '../../group/offsets/offset-store.ts'
import { OffsetStore } from '../../group/offsets/offset-store.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { Os } from '../../os/os.ts'
import { compactingOffsetStore } from '../cleaning/compacting-offset-store.ts'
import { explained } from '../directory/data-dir.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

/** What the group tells its consumer. Both are called only while no record is in the caller's hands. */
export interface GroupListener {
  assigned(partitions: readonly TopicPartition[], committed: ReadonlyMap<string, CommittedOffset>): void
  /** Returns what may be committed of these partitions, and forgets them. */
  revoked(partitions: readonly TopicPartition[]): readonly OffsetCommit[]
  /** Something happened: look again. */
  wake(): void
}

/** What Kafka's client says when it leaves the group for that reason. */
const POLL_EXPIRED =
  'consumer poll timeout has expired. This means the time between subsequent calls to poll() was longer than the configured ' +
  'max.poll.interval.ms, which typically implies that the poll loop is spending too much time processing messages. You can ' +
  'address this either by increasing max.poll.interval.ms or by reducing the maximum size of batches returned in poll() with ' +
  'max.poll.records.'

interface Revocation {
  readonly partitions: readonly TopicPartition[]
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

/**
 * A consumer's side of its group: membership, committed offsets, and the moment at which partitions are given up: never while
 * records of the last poll are being worked on, unless that takes longer than max.poll.interval.ms.
 */
export class LocalConsumerGroup {
  readonly groupId: string
  readonly #os: Os
  readonly #directory: LocalDirectory
  readonly #settings: ConsumerSettings
  readonly #listener: GroupListener
  readonly #store: OffsetStore
  readonly #revocations: Revocation[] = []
  #member: GroupMember | undefined
  #failure: Error | undefined
  #busy = false
  #remembered = false
  #hadPartitions = false
  /** The directory is left behind the last revocation by then. */
  #left: Promise<void> = Promise.resolve()
  #topics: readonly string[] | RegExp = []
  /** The caller left poll, by the monotonic clock; undefined while it is in there. */
  #idleSince: number | undefined
  #idleTimer: NodeJS.Timeout | undefined
  #polling = false
  /** Gave everything up because nobody polled. */
  #expired = false
  /** How often that happened: a commit that began before writes nothing any more. */
  #expiries = 0
  #givenUp: Promise<void> = Promise.resolve()
  /** The commit that is being written: the next one waits for it, or an older offset might come last. */
  #writing: Promise<void> = Promise.resolve()

  constructor(
    os: Os,
    directory: LocalDirectory,
    groupId: string,
    settings: ConsumerSettings,
    listener: GroupListener,
  ) {
    this.#os = os
    this.#directory = directory
    this.groupId = groupId
    this.#settings = settings
    this.#listener = listener
    this.#store = compactingOffsetStore(os, directory)
  }

  /** Joins and waits for the first assignment. A caller that stops waiting gets its partitions later, as they come. */
  async join(topics: readonly string[] | RegExp): Promise<void> {
    const settings = this.#settings
    this.#topics = topics
    this.#expired = false
    this.#store.refuseUncommittable(this.groupId)
    this.#member = GroupMember.join({
      os: this.#os,
      logDir: this.#directory.path,
      groupId: this.groupId,
      clientId: settings.clientId,
      groupInstanceId: settings.groupInstanceId,
      sessionTimeoutMs: settings.sessionTimeoutMs,
      subscription: topics instanceof RegExp ? { pattern: topics } : { topics },
      assignors: settings.assignors,
      groupProtocol: settings.groupProtocol,
      excludeInternalTopics: settings.excludeInternalTopics,
      image: () => this.#directory.image(),
      onAssigned: (partitions) => {
        this.#hadPartitions = true
        this.#listener.assigned(partitions, this.#store.fetch(this.groupId))
        this.#listener.wake()
      },
      onRevoked: (partitions) => this.#revoke(partitions),
      onHeld: (file, what, pid) => this.#directory.tellOfHolder(file, what, pid),
      onError: (error) => {
        this.#failure = error
        this.#listener.wake()
      },
    })
    // Who joins inside of poll is polling.
    if (!this.#polling) this.pollEnds()
    await this.#member.ready()
  }

  /** Nobody polled for max.poll.interval.ms, and others have what was ours: `rejoin` before anything is read. */
  get expired(): boolean {
    return this.#expired
  }

  async rejoin(): Promise<void> {
    // A static member's place is taken until then.
    await this.#givenUp
    await this.join(this.#topics)
  }

  pollBegins(): void {
    this.#polling = true
    this.#idleSince = undefined
  }

  /** From here on max.poll.interval.ms runs. */
  pollEnds(): void {
    this.#polling = false
    this.#idleSince = this.#os.clock.monotonic()
    if (this.#idleTimer === undefined) this.#watchIdle(this.#settings.maxPollIntervalMs)
  }

  /** One timer for many polls. It keeps no program alive. */
  #watchIdle(ms: number): void {
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined
      if (this.#idleSince === undefined || this.#member === undefined) return
      const left = this.#idleSince + this.#settings.maxPollIntervalMs - this.#os.clock.monotonic()
      if (left > 0) this.#watchIdle(Math.ceil(left))
      else this.#givenUp = this.#expire()
    }, ms).unref()
  }

  /** Like a broker, which takes partitions from a member that does not poll. What was handed out before the last time is committed. */
  async #expire(): Promise<void> {
    const member = this.#member
    this.#member = undefined
    if (this.#expiries++ === 0) this.#directory.warn(POLL_EXPIRED)
    this.#expired = true
    this.#busy = false
    try {
      await this.#drain()
      await member?.leave()
    } catch (error) {
      this.#failure ??= error as Error
    }
  }

  /** Throws what ended the membership. */
  check(): void {
    if (this.#failure !== undefined) throw explained(this.#os, this.#directory.path, this.#failure)
  }

  /** The caller works on records from now on. */
  handOut(): void {
    this.#busy = true
  }

  /** Whether this is what it has joined for, or is joining for. */
  isFor(topics: readonly string[] | RegExp): boolean {
    if (this.#failure !== undefined || topics instanceof RegExp !== this.#topics instanceof RegExp)
      return false
    return String(topics) === String(this.#topics)
  }

  get isMember(): boolean {
    return this.#member !== undefined
  }

  get mustTakeBack(): boolean {
    return this.#busy || this.#revocations.length > 0
  }

  /** The caller is back: what waited for that is done now. */
  async takeBack(): Promise<void> {
    this.#busy = false
    await this.#drain()
  }

  /** What a program asks for. By itself a consumer also commits what is deleted meanwhile: that is passed over. */
  async commitExisting(offsets: ReadonlyMap<TopicPartition, OffsetAndMetadata>): Promise<void> {
    const image = this.#directory.image()
    for (const { topic, partition } of offsets.keys()) {
      if (image.topic(topic)?.partitions[partition] !== undefined) continue
      const message = `Topic or Partition ${topic}-${partition} does not exist`
      throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', message)
    }
    await this.commit([...offsets].map(([partition, offset]) => ({ ...partition, ...offset })))
  }

  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    if (offsets.length === 0) return
    const expiries = this.#expiries
    await this.#writeCommit(offsets, () => {
      if (this.#expired || this.#expiries !== expiries) throw new CommitFailedError()
    })
  }

  /** `check` throws when it is too late; it is asked once more when nobody can commit in between. */
  #writeCommit(offsets: readonly OffsetCommit[], check?: () => void): Promise<void> {
    const written = this.#writing.then(async () => {
      check?.()
      await this.#remember()
      await this.#store.commit(this.groupId, offsets, check)
      this.#directory.waits.progressed()
    })
    this.#writing = written.catch(() => {})
    return written
  }

  /** A broker leaves a record of every group that had a member, also of one that never committed. */
  async #remember(): Promise<void> {
    if (this.#remembered) return
    await this.#store.rememberGroup(
      this.groupId,
      this.#settings.groupProtocol === 'consumer' ? 'Consumer' : 'Classic',
    )
    this.#remembered = true
  }

  metadataChanged(): void {
    this.#member?.metadataChanged()
  }

  async leave(): Promise<void> {
    this.#busy = false
    clearTimeout(this.#idleTimer)
    await this.#drain()
    // A member without partitions (its topic is not there) must not create `__consumer_offsets`.
    if (this.#member !== undefined && this.#failure === undefined && this.#hadPartitions)
      await this.#remember()
    await this.#member?.leave()
    this.#member = undefined
    const failure = this.#failure
    await this.#left
    if (this.#failure !== failure) throw this.#failure
  }

  #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    return new Promise((done, failed) => {
      this.#revocations.push({ partitions, done, failed })
      if (!this.#busy) {
        void this.#drain()
        return
      }
      this.#listener.wake()
    })
  }

  async #drain(): Promise<void> {
    for (let next = this.#revocations.shift(); next !== undefined; next = this.#revocations.shift()) {
      try {
        // A listener of the program's own may throw: whoever gives up must hear of it, or would wait for ever.
        const offsets = this.#listener.revoked(next.partitions)
        if (this.#settings.enableAutoCommit && offsets.length > 0)
          await this.#commitWithin(offsets, next.done)
        else next.done()
      } catch (error) {
        next.failed(error)
      }
    }
    this.#listener.wake()
  }

  /**
   * Calls `written` when the commit survives kill -9, so that the partitions go to others at that moment, and only then leaves the
   * directory, which takes syncs when no other writer is in.
   */
  async #commitWithin(offsets: readonly OffsetCommit[], written: () => void): Promise<void> {
    await this.#directory.enter()
    try {
      await this.#writeCommit(offsets)
      written()
    } finally {
      const before = this.#left
      // The member lets go of its claims in this turn of the event loop.
      this.#left = new Promise<void>((resolve) => setImmediate(resolve))
        .then(() => this.#directory.leave())
        .catch((error: Error) => {
          this.#failure ??= error
          this.#listener.wake()
        })
        .then(() => before)
    }
  }
}

/** What a group has committed, whether or not one is a member of it. */
export function committedOf(
  os: Os,
  directory: LocalDirectory,
  groupId: string,
  partitions: readonly TopicPartition[],
): Map<TopicPartition, OffsetAndMetadata | undefined> {
  const all = new OffsetStore(os, directory).fetch(groupId)
  return new Map(partitions.map((tp) => [tp, all.get(topicPartitionKey(tp.topic, tp.partition))]))
}
