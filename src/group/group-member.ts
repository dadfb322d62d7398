/** One member of a consumer group on disk: joins, claims partitions, hands them over, leaves (files: group-files.ts). */
import path from 'node:path'
import { KafkaError } from '../errors.ts'
import type { MetadataImage } from '../metadata/metadata-image.ts'
import { METADATA_LOG_FOLDER } from '../metadata/metadata-log-files.ts'
import { comparePartitions, type TopicPartition, topicPartitionKey } from '../names/topic-partition.ts'
import { errorCode } from '../os/error-code.ts'
import type { Lifelines } from '../os/lifeline.ts'
import { TELL_AFTER_MS } from '../os/lock-wait.ts'
import { isSticky } from './assignors/assignors.ts'
import { StickyAssignmentFile } from './assignors/sticky-assignment-file.ts'
import { DeathWatch } from './death-watch.ts'
import { type Deferred, deferred } from './deferred.ts'
import { assign, groupAssignor, partitionCounts, subscriptionsOf } from './group-assignment.ts'
import { claimFileName, groupFileKind, groupFilePrefix, type MemberFile } from './group-files.ts'
import {
  checkAssignors,
  describeSelf,
  type GroupMemberOptions,
  takeMemberFile,
  writeClaim,
} from './group-member-options.ts'
import { type GroupMembership, MembershipReader, removeLeftovers } from './group-membership.ts'
import { readHeld, readLiveMembers } from './live-members.ts'
import { type HeldFile, releaseHeldFile, releaseHeldFiles, tryHoldFile } from './lock-file.ts'

export type { GroupMemberOptions } from './group-member-options.ts'

/** Retries of what is on its way: a claim that its former owner has not given up yet, a member file that is being written. */
const RETRY_MS = 20
/** Watching may miss something; this does not. */
const SAFETY_MS = 4000
/** On network disks, where watches report only what this machine does. */
const NETWORK_SAFETY_MS = 1000
/** Without watches (they can run out) joins are looked for this often. */
const UNWATCHED_MS = 100

/**
 * With more members than this each waits a while between two looks, by chance about a millisecond for each member: what a crowd does at
 * one moment is then seen by one look rather than by one for each of its events.
 */
const CROWD = 8

type Lifeline = NonNullable<ReturnType<Lifelines['offer']>>

interface Claim extends TopicPartition {
  readonly topicId: string
  readonly held: HeldFile
}

/**
 * One live member of a group.
 *
 * Being a member is holding a lock (see group-files.ts). Every member computes the same assignment from the same membership and metadata and
 * takes what is its own, partition by partition, each under its claim's lock: so no two members ever read or commit one partition, whatever
 * they believe of each other at the moment. A claim that another member still holds is tried again until it is given up, which happens after
 * that one's commit. Joins and leaves are file events in the data directory; a death is noticed by the next in the ring of members, whose
 * hold on its predecessor's lifeline ends; it finds the lock free, removes the file, and so tells everyone.
 */
export class GroupMember {
  readonly memberId: string
  private readonly options: GroupMemberOptions
  private readonly self: MemberFile
  private readonly file: HeldFile
  private readonly lifeline: Lifeline | undefined
  private readonly name: string
  private readonly prefix: string
  private readonly reader: MembershipReader
  private readonly deaths: DeathWatch
  private readonly claims = new Map<string, Claim>()
  private readonly watches: { close(): void }[] = []
  private readonly timers = new Set<NodeJS.Timeout>()
  private unwatched = false
  private sticky = false
  /** Claims that others hold still: their files' names, with the partitions in words. */
  private pending = new Map<string, string>()
  private pendingSince: number | undefined
  private tellAfter = TELL_AFTER_MS
  private retries = 0
  private again = false
  /** Not before this moment, by the monotonic clock. */
  private nextLook = 0
  private nextLookTimer: NodeJS.Timeout | undefined
  private running: Promise<void> | undefined
  private closing = false
  private left: Promise<void> | undefined
  private readonly firstAssignment: Deferred

  private constructor(
    options: GroupMemberOptions,
    self: MemberFile,
    file: HeldFile,
    lifeline: Lifeline | undefined,
  ) {
    this.options = options
    this.self = self
    this.file = file
    this.lifeline = lifeline
    this.memberId = self.memberId
    this.name = path.basename(file.path)
    this.prefix = groupFilePrefix(options.groupId)
    this.firstAssignment = deferred()
    const { os, logDir, groupId } = options
    this.reader = new MembershipReader({ os, logDir, groupId, ownName: this.name, own: self })
    this.deaths = new DeathWatch({
      os,
      logDir,
      onDeath: () => {
        this.reader.doubt()
        this.changed()
      },
    })
  }

  /** Joins: from here on others count us in. Throws KafkaError for an empty group id, a taken instance id or assignors that do not fit. */
  static join(options: GroupMemberOptions): GroupMember {
    if (options.groupId === '') throw new KafkaError('INVALID_GROUP_ID')
    const described = describeSelf(options)
    checkAssignors(options, described)
    removeLeftovers(options.os, options.logDir, options.os.clock.now())
    const lifeline = options.os.lifelines?.offer()
    const self = lifeline === undefined ? described : { ...described, lifeline: lifeline.address }
    let file: HeldFile | undefined
    try {
      file = takeMemberFile(options, self)
      const member = new GroupMember(options, self, file, lifeline)
      member.watch()
      member.changed()
      return member
    } catch (error) {
      if (file !== undefined) releaseHeldFile(options.os, file)
      lifeline?.close()
      throw error
    }
  }

  /** Partitions held now, in the order of topic and partition. */
  assignment(): readonly TopicPartition[] {
    return [...this.claims.values()]
      .map(({ topic, partition }) => ({ topic, partition }))
      .sort(comparePartitions)
  }

  /** True while the claim on this partition is held: read and commit only then. */
  owns(topic: string, partition: number): boolean {
    return this.claims.has(topicPartitionKey(topic, partition))
  }

  /** Resolves when the first assignment is taken whole (or there is none for us: standing by). Rejects when that failed. */
  ready(): Promise<void> {
    return this.firstAssignment.promise
  }

  /** Say so when the metadata may have changed; the member also watches the metadata log by itself. */
  metadataChanged(): void {
    this.changed()
  }

  /**
   * Gives everything up (onRevoked first), then leaves. Idempotent. Rejects with what onRevoked threw, after having left. A static
   * member's place is kept for its session timeout.
   */
  leave(): Promise<void> {
    this.left ??= this.goAway()
    return this.left
  }

  private async goAway(): Promise<void> {
    this.closing = true
    this.deaths.close()
    for (const watch of this.watches) watch.close()
    for (const timer of this.timers) clearTimeout(timer)
    await this.running
    try {
      if (this.claims.size > 0) await this.options.onRevoked(this.assignment())
    } finally {
      this.lifeline?.close()
      this.firstAssignment.resolve()
      const held = [...this.claims.values()].map((claim) => claim.held)
      this.claims.clear()
      if (this.self.groupInstanceId === undefined) held.push(this.file)
      else this.options.os.fs.close(this.file.fd)
      releaseHeldFiles(this.options.os, held)
      this.forgetStickiness()
    }
  }

  /** The last one out takes the previous assignment along; one who joins just now makes a new one. */
  private forgetStickiness(): void {
    const { os, logDir, groupId } = this.options
    if (this.sticky && readLiveMembers(os, logDir, groupId).length === 0)
      new StickyAssignmentFile(os, logDir, groupId).remove()
  }

  private watch(): void {
    const { os, logDir } = this.options
    const metadataDir = path.join(logDir, METADATA_LOG_FOLDER)
    try {
      this.watches.push(os.fs.watch(logDir, (name) => this.sawFile(name)))
      if (os.fs.stat(metadataDir) !== undefined)
        this.watches.push(os.fs.watch(metadataDir, () => this.changed()))
    } catch (error) {
      const code = errorCode(error)
      if (code !== 'ENOSPC' && code !== 'EMFILE') throw error
      this.unwatched = true
    }
    const safety = os.fs.networkType?.(logDir) === undefined ? SAFETY_MS : NETWORK_SAFETY_MS
    this.later(this.unwatched ? UNWATCHED_MS : safety, true)
  }

  private sawFile(name: string | null): void {
    // Others' claims matter only while we wait for them.
    const matters =
      name === null ||
      (name.startsWith(this.prefix) &&
        name !== this.name &&
        (groupFileKind(name) !== 'claim' || this.pending.has(name)))
    if (matters) this.changed()
  }

  private later(ms: number, forever = false): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      if (timer === this.nextLookTimer) this.nextLookTimer = undefined
      if (this.closing) return
      this.changed()
      if (forever) this.later(ms, true)
    }, ms)
    timer.unref()
    this.timers.add(timer)
    return timer
  }

  /** Looks at everything again; calls during a look are served by one more. */
  private changed(): void {
    if (this.closing) return
    this.again = true
    if (this.running !== undefined || this.nextLookTimer !== undefined) return
    const wait = this.nextLook - this.options.os.clock.monotonic()
    if (wait > 0) {
      this.nextLookTimer = this.later(wait)
      return
    }
    this.running = this.settle().finally(() => {
      this.running = undefined
      if (this.again) this.changed()
    })
  }

  private pauseAfterLook(members: number): void {
    if (members > CROWD) this.nextLook = this.options.os.clock.monotonic() + members * (0.5 + Math.random())
  }

  private async settle(): Promise<void> {
    try {
      while (this.again && !this.closing && this.options.os.clock.monotonic() >= this.nextLook) {
        this.again = false
        await this.step()
      }
    } catch (error) {
      this.again = false
      this.fail(error as Error)
    }
  }

  private fail(error: Error): void {
    this.firstAssignment.reject(error)
    this.options.onError?.(error)
    // From outside of the running step, which it waits for.
    setImmediate(() => this.leave().catch(() => {}))
  }

  private async step(): Promise<void> {
    const now = this.options.os.clock.monotonic()
    const { members, unsettled } = this.reader.read(now)
    const present = members.filter((member) => member.present)
    this.pauseAfterLook(present.length)
    const before = predecessor(present, this.name)
    this.deaths.watch(before?.name, before?.file.lifeline)
    if (unsettled) this.later(RETRY_MS)
    if (this.reader.nextExpiry !== undefined) this.later(this.reader.nextExpiry - now + 1)

    const image = this.options.image()
    const target = this.target(members, present[0]?.name === this.name, image)
    if (target === undefined) return

    const wanted = new Map<string, TopicPartition & { topicId: string }>()
    for (const { topic, partition } of target) {
      const topicId = image.topic(topic)?.id
      if (topicId !== undefined)
        wanted.set(topicPartitionKey(topic, partition), { topic, partition, topicId })
    }
    await this.giveUp([...this.claims].filter(([key, claim]) => wanted.get(key)?.topicId !== claim.topicId))
    if (this.closing) return
    await this.take([...wanted].filter(([key]) => !this.claims.has(key)).map(([, partition]) => partition))
    if (this.pending.size > 0) {
      this.pendingSince ??= now
      this.later(Math.min(RETRY_MS * 2 ** (this.retries++ >> 4), 500))
      if (now - this.pendingSince >= this.tellAfter) {
        this.tellAfter *= 2
        this.tellOfHolders(members)
      }
    } else {
      this.retries = 0
      this.pendingSince = undefined
      this.tellAfter = TELL_AFTER_MS
      this.firstAssignment.resolve()
    }
  }

  /** A member that lives, but is stopped, blocked or at work, gives up nothing now: people are told which it is. */
  private tellOfHolders(members: readonly GroupMembership[]): void {
    const { os, logDir, onHeld } = this.options
    for (const [name, what] of this.pending) {
      const file = path.join(logDir, name)
      const holder = readHeld(os, file, (content) => content.toString('utf8'))
      const pid = members.find((member) => member.present && member.file.memberId === holder)?.file.pid
      onHeld?.(file, what, pid)
    }
  }

  /** Our part of the assignment; undefined when it is not known yet. */
  private target(
    members: readonly GroupMembership[],
    leading: boolean,
    image: MetadataImage,
  ): readonly TopicPartition[] | undefined {
    const files = members.map((member) => member.file)
    const assignor = groupAssignor(files)
    const subscriptions = subscriptionsOf(files, image)
    const counts = partitionCounts(subscriptions, image)
    if (!isSticky(assignor)) return assign(assignor, subscriptions, counts).get(this.memberId) ?? []

    this.sticky = true
    const stored = new StickyAssignmentFile(this.options.os, this.options.logDir, this.options.groupId)
    const key = StickyAssignmentFile.keyOf(assignor, subscriptions, counts)
    const before = stored.read()
    if (before?.key === key) return before.assignment.get(this.memberId) ?? []
    if (!leading) return undefined
    const next = assign(
      assignor,
      subscriptions.map((subscription) => ({
        ...subscription,
        owned: before?.assignment.get(subscription.memberId),
      })),
      counts,
    )
    stored.write(key, next)
    return next.get(this.memberId) ?? []
  }

  private async giveUp(entries: readonly [string, Claim][]): Promise<void> {
    if (entries.length === 0) return
    await this.options.onRevoked(
      entries.map(([, { topic, partition }]) => ({ topic, partition })).sort(comparePartitions),
    )
    for (const [key, claim] of entries) {
      this.claims.delete(key)
      releaseHeldFile(this.options.os, claim.held)
    }
  }

  private async take(partitions: readonly (TopicPartition & { topicId: string })[]): Promise<void> {
    const { os, logDir, groupId } = this.options
    const taken: TopicPartition[] = []
    this.pending = new Map()
    for (const { topic, partition, topicId } of partitions) {
      const name = claimFileName(groupId, topicId, partition)
      const held = tryHoldFile(os, path.join(logDir, name), true)
      if (held === undefined) {
        this.pending.set(name, `partition ${topic}-${partition} of group ${groupId}`)
        continue
      }
      writeClaim(os, held, this.memberId)
      this.claims.set(topicPartitionKey(topic, partition), { topic, partition, topicId, held })
      taken.push({ topic, partition })
    }
    if (taken.length > 0) await this.options.onAssigned(taken.sort(comparePartitions))
  }
}

/** Who comes before us in the ring of those present; undefined when we are alone. */
function predecessor(present: readonly GroupMembership[], ownName: string): GroupMembership | undefined {
  if (present.length < 2) return undefined
  const index = present.findIndex((member) => member.name === ownName)
  return present[(index + present.length - 1) % present.length]
}
