/** A consumer's membership in its group: join, take and give back partitions, commit. */
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { ConsumerSettings } from '../consumer-config.ts'
import type { CommittedOffset, OffsetAndMetadata, OffsetCommit } from '../types.ts'
import type { GroupListener, GroupSide } from './consumer-backend.ts'
import { CommitFailedError } from './consumer-errors.ts'
import type { MonotonicClock } from './patient-work.ts'

/** What a member tells. */
export interface MemberCallbacks {
  /** Partitions that are ours from now on, and what was committed of them when nobody else could commit any more. */
  onAssigned(partitions: readonly TopicPartition[], committed: ReadonlyMap<string, CommittedOffset>): void
  /** Before partitions are given up: they stay ours until the promise resolves. */
  onRevoked(partitions: readonly TopicPartition[]): Promise<void>
  /** They went to others while we were not looking: nothing of them can be committed any more. */
  onLost(partitions: readonly TopicPartition[]): void
  /** A failure that ends the membership. */
  onError(error: Error): void
}

/** One membership, from joining to leaving. */
export interface JoinedMember {
  /** The first assignment is there. */
  ready(): Promise<void>
  metadataChanged(): void
  leave(): Promise<void>
}

/** Where the group is kept. */
export interface GroupKeeper {
  join(topics: readonly string[] | RegExp, callbacks: MemberCallbacks): JoinedMember
  /** `check` throws when it is too late; it is asked once more when nobody can commit in between. */
  write(offsets: readonly OffsetCommit[], check?: () => void): Promise<void>
  /** Writes what is given up; `written` is called as soon as others may have the partitions. */
  writeLast(write: () => Promise<void>, written: () => void): Promise<void>
  /** What is left of `writeLast` is over. @throws what went wrong behind it */
  settled(): Promise<void>
  /** A broker leaves a record of every group that had a member, also of one that never committed. */
  remember(): Promise<void>
  /** @throws KafkaError for a partition that does not exist */
  requireExisting(partitions: Iterable<TopicPartition>): Promise<void>
  warn(line: string): void
  explained(error: unknown): unknown
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
export class ConsumerGroup implements GroupSide {
  readonly #clock: MonotonicClock
  readonly #keeper: GroupKeeper
  readonly #settings: ConsumerSettings
  readonly #listener: GroupListener
  readonly #revocations: Revocation[] = []
  #member: JoinedMember | undefined
  #failure: Error | undefined
  #busy = false
  #hadPartitions = false
  #topics: readonly string[] | RegExp = []
  /** The caller left poll, by the monotonic clock; undefined while it is in there. */
  #idleSince: number | undefined
  #idleTimer: NodeJS.Timeout | undefined
  #polling = false
  /** Gave everything up because nobody polled. */
  #expired = false
  /** How often that happened: a commit that began before writes nothing any more. */
  #expiries = 0
  /** How often others got what was ours without our doing: the same holds. */
  #losses = 0
  #givenUp: Promise<void> = Promise.resolve()
  /** The commit that is being written: the next one waits for it, or an older offset might come last. */
  #writing: Promise<void> = Promise.resolve()

  constructor(
    clock: MonotonicClock,
    keeper: GroupKeeper,
    settings: ConsumerSettings,
    listener: GroupListener,
  ) {
    this.#clock = clock
    this.#keeper = keeper
    this.#settings = settings
    this.#listener = listener
  }

  /** Joins and waits for the first assignment. A caller that stops waiting gets its partitions later, as they come. */
  async join(topics: readonly string[] | RegExp): Promise<void> {
    this.#topics = topics
    this.#expired = false
    this.#member = this.#keeper.join(topics, {
      onAssigned: (partitions, committed) => {
        this.#hadPartitions = true
        this.#listener.assigned(partitions, committed)
        this.#listener.wake()
      },
      onRevoked: (partitions) => this.#revoke(partitions),
      onLost: (partitions) => {
        this.#losses++
        this.#listener.revoked(partitions)
        this.#listener.wake()
      },
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
    this.#idleSince = this.#clock.monotonic()
    if (this.#idleTimer === undefined) this.#watchIdle(this.#settings.maxPollIntervalMs)
  }

  /** One timer for many polls. It keeps no program alive. */
  #watchIdle(ms: number): void {
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined
      if (this.#idleSince === undefined || this.#member === undefined) return
      const left = this.#idleSince + this.#settings.maxPollIntervalMs - this.#clock.monotonic()
      if (left > 0) this.#watchIdle(Math.ceil(left))
      else this.#givenUp = this.#expire()
    }, ms).unref()
  }

  /** Like a broker, which takes partitions from a member that does not poll. What was handed out before the last time is committed. */
  async #expire(): Promise<void> {
    const member = this.#member
    this.#member = undefined
    if (this.#expiries++ === 0) this.#keeper.warn(POLL_EXPIRED)
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
    if (this.#failure !== undefined) throw this.#keeper.explained(this.#failure)
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
    await this.#keeper.requireExisting(offsets.keys())
    await this.commit([...offsets].map(([partition, offset]) => ({ ...partition, ...offset })))
  }

  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    if (offsets.length === 0) return
    const expiries = this.#expiries
    const losses = this.#losses
    await this.#writeCommit(offsets, () => {
      if (this.#expired || this.#expiries !== expiries || this.#losses !== losses)
        throw new CommitFailedError()
    })
  }

  #writeCommit(offsets: readonly OffsetCommit[], check?: () => void): Promise<void> {
    const written = this.#writing.then(async () => {
      check?.()
      await this.#keeper.write(offsets, check)
    })
    this.#writing = written.catch(() => {})
    return written
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
      await this.#keeper.remember()
    await this.#member?.leave()
    this.#member = undefined
    await this.#keeper.settled()
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
          await this.#keeper.writeLast(() => this.#writeCommit(offsets), next.done)
        else next.done()
      } catch (error) {
        next.failed(error)
      }
    }
    this.#listener.wake()
  }
}
