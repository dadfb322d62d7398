/**
 * Names and content of a group's files, all in the root of the data directory:
 *
 *   .tkafka-group-G-m-N          a member; one line of JSON; held locked while it lives. N: random, or `s` and the hash of an instance id
 *   .tkafka-group-G-p-TOPICID-P  the claim on a partition; the member's id as text; held locked while it reads and commits it
 *   .tkafka-group-G-a            previous assignment of sticky assignors, JSON; temp + rename
 *
 * G is the start of the group id's SHA-256. What counts is the lock, never the file: one that nobody holds is a leftover of a killed
 * process, says nothing, and is removed by the next member that comes along. Member lines end in a newline; one without it is still
 * being written. Crash cases: killed before the lock is taken, or after: a leftover.
 */
import { createHash } from 'node:crypto'

const PREFIX = '.tkafka-group-'

/** Who a member is, as its file says. */
export interface MemberFile {
  readonly groupId: string
  readonly memberId: string
  readonly clientId: string
  /** As Kafka prints it: `/127.0.0.1`. */
  readonly host: string
  readonly pid: number
  readonly groupInstanceId?: string
  /** Static members: how long the place is kept when nobody holds the lock. */
  readonly sessionTimeoutMs?: number
  readonly topics?: readonly string[]
  readonly pattern?: { readonly source: string; readonly flags: string }
  readonly excludeInternalTopics?: boolean
  readonly assignors: readonly string[]
  readonly protocol: 'classic' | 'consumer'
  /** Milliseconds since the epoch. */
  readonly startTime: number
  /** Where others can hold on to it, to hear of its death (os/lifeline.ts). */
  readonly lifeline?: string
}

function hash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length)
}

/** What the names of a group's files begin with. */
export function groupFilePrefix(groupId: string): string {
  return `${PREFIX}${hash(groupId, 20)}-`
}

export function memberFileName(groupId: string, unique: string): string {
  return `${groupFilePrefix(groupId)}m-${unique}`
}

export function staticMemberFileName(groupId: string, instanceId: string): string {
  return memberFileName(groupId, `s${hash(instanceId, 20)}`)
}

export function isStaticMemberFile(name: string): boolean {
  return name.startsWith(PREFIX) && name.slice(PREFIX.length + 21).startsWith('m-s')
}

export function claimFileName(groupId: string, topicId: string, partition: number): string {
  return `${groupFilePrefix(groupId)}p-${topicId}-${partition}`
}

export function assignmentFileName(groupId: string): string {
  return `${groupFilePrefix(groupId)}a`
}

/** Kind of a group's file by its name; undefined for another file. `prefix` ends in a dash. */
export function groupFileKind(name: string): 'member' | 'claim' | 'assignment' | undefined {
  if (!name.startsWith(PREFIX)) return undefined
  const rest = name.slice(PREFIX.length + 21)
  if (rest.startsWith('m-')) return 'member'
  if (rest.startsWith('p-')) return 'claim'
  return rest === 'a' ? 'assignment' : undefined
}

/** Topic id and partition of a claim file's name. */
export function parseClaimFileName(name: string): { topicId: string; partition: number } | undefined {
  const match = /-p-([A-Za-z0-9_-]{22})-(\d+)$/.exec(name)
  return match ? { topicId: match[1] as string, partition: Number(match[2]) } : undefined
}

export function encodeMemberFile(member: MemberFile): Buffer {
  return Buffer.from(`${JSON.stringify(member)}\n`)
}

/** undefined: not (yet) a whole line, or not ours. */
export function decodeMemberFile(content: Buffer): MemberFile | undefined {
  if (content.length === 0 || content[content.length - 1] !== 10) return undefined
  try {
    const member = JSON.parse(content.toString('utf8')) as MemberFile
    return typeof member.groupId === 'string' &&
      typeof member.memberId === 'string' &&
      Array.isArray(member.assignors)
      ? member
      : undefined
  } catch {
    return undefined
  }
}
