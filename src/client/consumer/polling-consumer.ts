/** Consumer over a backend: assignment, group, fetching and waiting put together. */
import { KafkaError, TerseError } from '../../errors.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { Consumer, ConsumerOptions, ConsumerRecord, ConsumerVisitor, CorruptBatch } from '../consumer.ts'
import { type ConsumerSettings, consumerSettings } from '../consumer-config.ts'
import type { OffsetAndMetadata, OffsetCommit } from '../types.ts'
import type { AssignedPartitions, StartAt } from './assigned-partitions.ts'
import type { ConsumerBackend, ConsumerHooks, GroupSide, LoneCommits } from './consumer-backend.ts'
import { corruptError, exceptCommitFailed, noGroup, subscribed } from './consumer-errors.ts'
import { CLOSE_MS, JOIN_MS, PatientWork } from './patient-work.ts'
import { RecordCollector } from './record-collector.ts'

/** The longest that one wait of an iteration takes. */
const ITERATION_MS = 1000
/** A reader that is always busy lets timers, signals and revocations have their turn this often. */
const TURN_MS = 20
const FIRST_COMMIT_MS = 1000

/** Reads, waits, commits; what a directory and a cluster do in different ways is their backend's. */
export class PollingConsumer implements Consumer {
  readonly #backend: ConsumerBackend
  readonly #options: ConsumerOptions
  readonly #settings: ConsumerSettings
  readonly #patienceMs: number
  readonly #assignment: AssignedPartitions
  readonly #work: PatientWork
  readonly #corrupt: CorruptBatch[] = []
  /** To be told by the next poll. */
  #elsewhere: TerseError | undefined
  #group: GroupSide | undefined
  /** Of a group whose member it is not: its partitions were assigned by hand. */
  #alone: LoneCommits | undefined
  #joining: Promise<void> | undefined
  #committing: Promise<void> | undefined
  /** What to subscribe to: once there is a directory, or by the next poll, which gives back what is held first. */
  #unjoined: readonly string[] | RegExp | undefined
  #lastLook = 0
  /** Partitions may have come that nobody watches yet. */
  #watchDue = true
  #lastTurn = 0
  #lastCommit = 0
  #closed = false
  #collector: RecordCollector | undefined

  /** @throws TerseError in Kafka's words for settings that are wrong */
  constructor(
    options: ConsumerOptions,
    backend: (settings: ConsumerSettings, hooks: ConsumerHooks) => ConsumerBackend,
  ) {
    this.#options = options
    this.#patienceMs = Math.min(options.patienceMs ?? CLOSE_MS, CLOSE_MS)
    this.#settings = consumerSettings(options.config ?? {}, options.groupId)
    this.#backend = backend(this.#settings, {
      onElsewhere:
        options.onElsewhere ??
        ((line) => {
          this.#elsewhere = new TerseError(line)
        }),
      onCorrupt: options.onCorrupt ?? ((corrupt) => this.#corrupt.push(corrupt)),
      onRemoved: (fetcher) => this.#collector?.drop(fetcher),
      lookAgain: () => {
        this.#lastLook = 0
      },
    })
    this.#assignment = this.#backend.assignment
    this.#work = new PatientWork(this.#backend.clock, this.#backend.waiter, options.signal)
  }

  async subscribe(topics: readonly string[] | RegExp): Promise<void> {
    const asked = topics instanceof RegExp ? topics : topics.map((topic) => ({ topic, partition: 0 }))
    await this.#backend.meetAbsent(asked)
    if (this.#options.groupId === undefined) {
      this.#explaining(() => this.#assignment.follow(topics))
    } else if (this.#group?.isFor(topics)) this.#unjoined = undefined
    // A reader makes no directory: it joins when somebody else made it.
    else if (this.#group !== undefined || !this.#backend.mayJoin) this.#unjoined = topics
    else await this.#joinGroup(this.#options.groupId, topics)
  }

  async #joinGroup(groupId: string, topics: readonly string[] | RegExp): Promise<void> {
    this.#unjoined = undefined
    const former = this.#group
    const group = await this.#backend.openGroup(groupId, {
      assigned: (partitions, committed) => {
        this.#watchDue = true
        this.#assignment.add(partitions, committed)
        this.#options.onAssigned?.(partitions)
      },
      revoked: (partitions) => {
        this.#options.onRevoked?.(partitions)
        return this.#assignment.remove(partitions)
      },
      wake: () => this.#backend.waiter.wake(),
    })
    // The first commit comes early, so that what a new group holds is soon to be seen from outside.
    const { autoCommitIntervalMs } = this.#settings
    this.#lastCommit =
      this.#backend.clock.monotonic() - autoCommitIntervalMs + Math.min(autoCommitIntervalMs, FIRST_COMMIT_MS)
    this.#group = group
    const join = async () => {
      // Else its partitions would stay with a member that nobody asks for records.
      await former?.leave()
      // Who cannot commit in the end is told before the first record.
      await this.#backend.beforeJoining()
      if (!this.#closed && this.#group === group) await group.join(topics)
    }
    await this.#join(join, Math.min(JOIN_MS, this.#patienceMs))
  }

  /** Starts to join and waits a while: what is missing then comes while `poll` waits. */
  async #join(join: () => Promise<void>, ms: number): Promise<void> {
    const joining = join()
      .catch((error) => {
        throw this.#backend.explained(error)
      })
      .finally(() => {
        if (this.#joining === joining) this.#joining = undefined
      })
    this.#joining = joining
    await this.#work.waitFor(joining, this.#backend.clock.monotonic() + ms)
  }

  /** @throws what went wrong meanwhile */
  #check(): void {
    this.#work.throwFailure()
    this.#group?.check()
  }

  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    // What another member holds would be read, and committed, twice.
    if (this.#group !== undefined || this.#unjoined !== undefined) throw subscribed()
    await this.#backend.meetAbsent(partitions)
    const { groupId } = this.#options
    if (groupId !== undefined && this.#alone === undefined) {
      this.#alone = await this.#backend.openLoneCommits(groupId)
      this.#lastCommit = this.#backend.clock.monotonic()
    }
    const committed = (await this.#alone?.fetch(partitions)) ?? new Map()
    this.#explaining(() => this.#assignment.set(partitions, committed))
  }

  assignment(): readonly TopicPartition[] {
    return this.#assignment.partitions()
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#seek([partition], offset)
  }

  seekToBeginning(partitions?: readonly TopicPartition[]): void {
    this.#seek(partitions ?? this.assignment(), 'earliest')
  }

  seekToEnd(partitions?: readonly TopicPartition[]): void {
    this.#seek(partitions ?? this.assignment(), 'latest')
  }

  #seek(partitions: readonly TopicPartition[], to: StartAt): void {
    for (const partition of partitions) {
      this.#collector?.drop(partition)
      this.#assignment.seek(partition, to)
    }
    this.#backend.waiter.wake()
  }

  position(partition: TopicPartition): number {
    return this.#assignment.positionOf(partition)
  }

  get finished(): boolean {
    const inHand = this.#collector !== undefined && !this.#collector.isEmpty
    if (this.#closed) return true
    return !inHand && this.#joining === undefined && this.#corrupt.length === 0 && this.#assignment.finished
  }

  poll(timeoutMs: number): Promise<ConsumerRecord[]> {
    return this.#poll(timeoutMs, this.#settings.maxPollRecords)
  }

  async #poll(timeoutMs: number, most: number): Promise<ConsumerRecord[]> {
    this.#collector ??= new RecordCollector()
    const collector = this.#collector
    const deadline = this.#backend.clock.monotonic() + timeoutMs
    await this.#begin(deadline)
    let records = collector.take(most)
    if (records.length === 0) {
      await this.#next(collector, deadline)
      records = collector.take(most)
    }
    for (const record of records) this.#assignment.consumed(record, record.offset + 1)
    // With nothing left in hand, what is hidden behind the last record (markers, gaps) is consumed as well.
    if (collector.isEmpty) this.#assignment.consumedAll()
    this.#end(records.length)
    return records
  }

  async visit(visitor: ConsumerVisitor, timeoutMs: number): Promise<number> {
    const deadline = this.#backend.clock.monotonic() + timeoutMs
    await this.#begin(deadline)
    const count = await this.#next(visitor, deadline)
    this.#end(count)
    return count
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord, void, undefined> {
    while (!this.finished && !this.#options.signal?.aborted) {
      // One by one: a commit in the loop's body goes as far as the record in hand, and no further.
      yield* await this.#poll(ITERATION_MS, 1)
    }
  }

  /** What was handed out before is processed: it may be committed, and partitions may go. */
  async #begin(deadline: number): Promise<void> {
    if (this.#closed) throw new TerseError('This consumer has already been closed.')
    const elsewhere = this.#elsewhere
    this.#elsewhere = undefined
    if (elsewhere !== undefined) throw elsewhere
    this.#assignment.processed()
    const group = this.#group
    if (group === undefined) return this.#commitWhenDue(deadline)
    group.pollBegins()
    this.#check()
    if (group.expired && this.#joining === undefined)
      await this.#join(() => group.rejoin(), deadline - this.#backend.clock.monotonic())
    if (group.mustTakeBack) await this.#work.waitFor(group.takeBack(), deadline)
    await this.#commitWhenDue(deadline)
  }

  #end(count: number): void {
    if (count > 0) this.#group?.handOut()
    this.#group?.pollEnds()
  }

  async #next(visitor: ConsumerVisitor, deadline: number): Promise<number> {
    const { signal } = this.#options
    const { clock, waiter } = this.#backend
    for (;;) {
      const now = clock.monotonic()
      if (now - this.#lastLook >= this.#lookMs()) this.#lookAround(now)
      if (now - this.#lastTurn >= TURN_MS) {
        await new Promise(setImmediate)
        this.#lastTurn = now
      }
      if (signal?.aborted || this.#closed) return 0
      if (this.#unjoined !== undefined && this.#backend.mayJoin)
        await this.#joinGroup(this.#options.groupId ?? '', this.#unjoined)
      const count = this.#fetch(visitor)
      if (this.#corrupt.length > 0 && count === 0) throw corruptError(this.#corrupt.shift() as CorruptBatch)
      if (count > 0 || this.finished) return count
      const left = deadline - clock.monotonic()
      if (left <= 0) return 0
      // Something may have come between the last look and the new watches.
      const watchDue = this.#watchDue
      this.#watchDue = false
      if (watchDue && this.#assignment.watch()) continue
      this.#options.onWait?.()
      await waiter.wait(Math.min(left, waiter.pollMs, this.#commitDueIn(clock.monotonic())), signal)
      this.#lastTurn = clock.monotonic()
      this.#check()
      await this.#commitWhenDue(deadline)
    }
  }

  /** One chunk of the next partition in turn that has something. */
  #fetch(visitor: ConsumerVisitor): number {
    for (
      let fetcher = this.#assignment.nextReady();
      fetcher !== undefined;
      fetcher = this.#assignment.nextReady()
    ) {
      let count: number
      try {
        count = fetcher.visit(visitor)
      } catch (error) {
        if (!(error instanceof KafkaError) || error.code !== 'OFFSET_OUT_OF_RANGE') {
          this.#assignment.fetched(fetcher, visitor === this.#collector)
          throw this.#backend.explained(error)
        }
        this.#explaining(() => this.#assignment.reset(fetcher))
        continue
      }
      this.#assignment.fetched(fetcher, visitor === this.#collector)
      if (count > 0) return count
      if (this.#corrupt.length > 0) return 0
    }
    return 0
  }

  /** What no watch reports: new and deleted topics and partitions, and changes on disks that report nothing. */
  #lookAround(now: number): void {
    this.#lastLook = now
    this.#watchDue = true
    this.#explaining(() => {
      if (this.#assignment.lookAround(this.#group !== undefined)) this.#group?.metadataChanged()
    })
  }

  /** Looking at very many partitions takes its time: less often then. */
  #lookMs(): number {
    return this.#backend.waiter.pollMs * Math.max(1, this.#assignment.size / 1000)
  }

  get #commitsItself(): boolean {
    return this.#settings.enableAutoCommit && (this.#group ?? this.#alone) !== undefined
  }

  /** Milliseconds until the next commit by itself. */
  #commitDueIn(now: number): number {
    if (!this.#commitsItself) return Number.POSITIVE_INFINITY
    return Math.max(1, this.#lastCommit + this.#settings.autoCommitIntervalMs - now)
  }

  async #commitWhenDue(deadline: number): Promise<void> {
    if (!this.#commitsItself) return
    if (this.#committing === undefined) {
      const now = this.#backend.clock.monotonic()
      if (now - this.#lastCommit < this.#settings.autoCommitIntervalMs) return
      this.#lastCommit = now
      const commit = this.#commit(this.#assignment.uncommitted()).catch(exceptCommitFailed)
      this.#committing = commit.finally(() => {
        this.#committing = undefined
      })
    }
    await this.#work.waitFor(this.#committing, deadline)
  }

  async #commit(offsets: readonly OffsetCommit[]): Promise<void> {
    if (offsets.length === 0) return
    await (this.#group ?? this.#alone)?.commit(offsets)
    this.#assignment.committed(offsets)
  }

  async commit(offsets?: ReadonlyMap<TopicPartition, OffsetAndMetadata>): Promise<void> {
    if (this.#group === undefined && this.#unjoined !== undefined) return
    const commits = this.#group ?? this.#alone
    if (commits === undefined) throw noGroup()
    // An older commit by itself must not come last; a group sees to that.
    if (this.#group === undefined) await this.#committing?.catch(() => {})
    if (offsets !== undefined) return commits.commitExisting(offsets)
    this.#assignment.processed()
    await this.#commit(this.#assignment.uncommitted())
  }

  async committed(
    partitions: readonly TopicPartition[],
  ): Promise<Map<TopicPartition, OffsetAndMetadata | undefined>> {
    if (this.#options.groupId === undefined) throw noGroup()
    return this.#backend.committed(this.#options.groupId, partitions)
  }

  async close(options: { readonly processed?: boolean } = {}): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const patience = setTimeout(() => this.#backend.endWaits(), this.#patienceMs)
    try {
      if (options.processed !== false) this.#assignment.processed()
      if (this.#group !== undefined) await this.#leaveGroup(this.#group)
      else if (this.#commitsItself) await this.#commitLast()
    } finally {
      clearTimeout(patience)
      this.#backend.waiter.close()
      this.#assignment.close()
      this.#backend.waiter.wake()
      await this.#backend.close()
    }
  }

  async #leaveGroup(group: GroupSide): Promise<void> {
    // A member that is still joining has nothing to commit, so it need not wait for the right to.
    if (this.#joining !== undefined && !group.isMember) this.#backend.endWaits()
    try {
      await this.#commitLast()
    } finally {
      await group.leave()
    }
    await this.#joining?.catch(() => {})
  }

  async #commitLast(): Promise<void> {
    await this.#committing?.catch(() => {})
    if (this.#settings.enableAutoCommit) await this.#commit(this.#assignment.uncommitted())
  }

  #explaining<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      throw this.#backend.explained(error)
    }
  }
}
