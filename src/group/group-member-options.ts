/**
 * What a member is made from, and the making of its files.
 *
 * Bytes: as group-files.ts tells, written at once into a file that is held locked. Invariant: the lock says who is there, the
 * content only who that is; so nothing is synced. Crash: a file that nobody holds, whole or not, which counts for nothing.
 */
import path from 'node:path'
import { KafkaError, TerseError } from '../errors.ts'
import type { MetadataImage } from '../metadata/metadata-image.ts'
import type { TopicPartition } from '../names/topic-partition.ts'
import { writeFully } from '../os/file-system.ts'
import type { Os } from '../os/os.ts'
import { assignorNames, DEFAULT_ASSIGNORS } from './assignors/assignors.ts'
import { groupAssignor } from './group-assignment.ts'
import { encodeMemberFile, type MemberFile, memberFileName, staticMemberFileName } from './group-files.ts'
import { readLiveMembers } from './live-members.ts'
import { type HeldFile, releaseHeldFile, tryHoldFile } from './lock-file.ts'

/** Names, or a pattern that a topic's whole name must match. */
export type Subscription = { readonly topics: readonly string[] } | { readonly pattern: RegExp }

export interface GroupMemberOptions {
  readonly os: Os
  /** The data directory. */
  readonly logDir: string
  readonly groupId: string
  /** Absent: `<clientId or 'consumer'>-<uuid>`, as a coordinator names members (static ones after their instance id). */
  readonly memberId?: string | undefined
  readonly clientId: string
  readonly groupInstanceId?: string | undefined
  /** Of a static member, how long its place is kept after it has gone. Default 45000 ms. */
  readonly sessionTimeoutMs?: number | undefined
  readonly subscription: Subscription
  /** `partition.assignment.strategy`: class names or names of assignors, in order of preference. Default: range, cooperative-sticky. */
  readonly assignors?: readonly string[] | undefined
  /** `classic` (default) or `consumer` (group.protocol). */
  readonly groupProtocol?: 'classic' | 'consumer' | undefined
  /** Exclude internal topics from a pattern. Default true. */
  readonly excludeInternalTopics?: boolean | undefined
  image(): MetadataImage
  /** Called with partitions that are ours from now on: look up their committed offsets now (nobody else commits them any more). */
  onAssigned(partitions: readonly TopicPartition[]): void | Promise<void>
  /** Called before partitions are given up: commit what was read. They stay ours until the promise resolves. */
  onRevoked(partitions: readonly TopicPartition[]): void | Promise<void>
  /** Another member has held this partition's claim for a while: its file, the partition in words, that one's pid if known. */
  onHeld?(file: string, what: string, pid: number | undefined): void
  /** A failure that ends the membership (the directory is gone, a callback failed). */
  onError?(error: Error): void
}

export function describeSelf(options: GroupMemberOptions): MemberFile {
  const { subscription, groupInstanceId } = options
  return {
    groupId: options.groupId,
    memberId:
      options.memberId ?? `${groupInstanceId ?? (options.clientId || 'consumer')}-${randomUuid(options.os)}`,
    clientId: options.clientId,
    host: '/127.0.0.1',
    pid: process.pid,
    ...(groupInstanceId === undefined
      ? {}
      : { groupInstanceId, sessionTimeoutMs: options.sessionTimeoutMs ?? 45_000 }),
    ...('topics' in subscription
      ? { topics: [...new Set(subscription.topics)] }
      : { pattern: { source: subscription.pattern.source, flags: subscription.pattern.flags } }),
    ...(options.excludeInternalTopics === false ? { excludeInternalTopics: false } : {}),
    assignors: assignorNames(options.assignors ?? DEFAULT_ASSIGNORS),
    protocol: options.groupProtocol ?? 'classic',
    startTime: options.os.clock.now(),
  }
}

/** Refuses before anything is made when the group's members could not agree on an assignor with us. */
export function checkAssignors(options: GroupMemberOptions, self: MemberFile): void {
  const others = readLiveMembers(options.os, options.logDir, options.groupId)
  groupAssignor([...others.map((member) => member.file), self])
}

export function takeMemberFile(options: GroupMemberOptions, self: MemberFile): HeldFile {
  const { os, logDir, groupId, groupInstanceId } = options
  for (let attempt = 0; attempt < 10; attempt++) {
    const name =
      groupInstanceId === undefined
        ? memberFileName(groupId, os.randomBytes(8).toString('hex'))
        : staticMemberFileName(groupId, groupInstanceId)
    const held = tryHoldFile(os, path.join(logDir, name), groupInstanceId !== undefined)
    if (held !== undefined) {
      const content = encodeMemberFile(self)
      try {
        os.fs.ftruncate(held.fd, 0)
        writeFully(os.fs, held.fd, content, 0, content.length, null)
        return held
      } catch (error) {
        releaseHeldFile(os, held)
        throw error
      }
    }
    // A probe holds it for an instant; a member holds it for good.
    if (groupInstanceId !== undefined && attempt === 5) throw new KafkaError('FENCED_INSTANCE_ID')
  }
  throw new TerseError(`${logDir}: cannot make a file for a member of group '${groupId}'`)
}

/** For people and tools that list members; the lock is what counts, so a full disk does not matter. */
export function writeClaim(os: Os, held: HeldFile, memberId: string): void {
  try {
    const content = Buffer.from(memberId)
    os.fs.ftruncate(held.fd, 0)
    writeFully(os.fs, held.fd, content, 0, content.length, null)
  } catch {
    // Shown without its member.
  }
}

function randomUuid(os: Os): string {
  const bytes = os.randomBytes(16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
