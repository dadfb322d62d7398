/** Who is alive in which group, for those who only look: changes nothing, removes nothing. */

import path from 'node:path'
import { compareText } from '../names/compare-text.ts'
import { errorCode, isMissing } from '../os/error-code.ts'
import { groupAssignor } from './group-assignment.ts'
import { groupFileKind, groupFilePrefix, type MemberFile, parseClaimFileName } from './group-files.ts'
import { readMemberFile } from './group-membership.ts'
import { type LockFileOs, openExisting } from './lock-file.ts'

export interface LiveMember {
  readonly file: MemberFile
  /** Its file's name in the data directory. */
  readonly name: string
}

export interface HeldPartition {
  readonly topicId: string
  readonly partition: number
}

/** Live members of one group, in order of member id. */
export function readLiveMembers(os: LockFileOs, logDir: string, groupId: string): LiveMember[] {
  return findLiveMembers(os, logDir, groupFilePrefix(groupId)).filter(
    (member) => member.file.groupId === groupId,
  )
}

/** Ids of all groups with live members. */
export function readLiveGroups(os: LockFileOs, logDir: string): Map<string, MemberFile[]> {
  const groups = new Map<string, MemberFile[]>()
  for (const { file } of findLiveMembers(os, logDir, ''))
    groups.set(file.groupId, [...(groups.get(file.groupId) ?? []), file])
  return groups
}

/** Partitions that members of the group hold now, by member id. */
export function readHeldPartitions(
  os: LockFileOs,
  logDir: string,
  groupId: string,
): Map<string, HeldPartition[]> {
  const prefix = groupFilePrefix(groupId)
  const held = new Map<string, HeldPartition[]>()
  for (const name of os.fs.readdir(logDir)) {
    if (!name.startsWith(prefix) || groupFileKind(name) !== 'claim') continue
    const claim = parseClaimFileName(name)
    const memberId = claim && readHeld(os, path.join(logDir, name), (content) => content.toString('utf8'))
    if (claim === undefined || !memberId) continue
    held.set(memberId, [...(held.get(memberId) ?? []), claim])
  }
  return held
}

/** `range` and the like; the first preference of the first member where they do not agree. */
export function assignorOf(members: readonly MemberFile[]): string {
  try {
    return groupAssignor(members)
  } catch {
    return members[0]?.assignors[0] ?? ''
  }
}

function findLiveMembers(os: LockFileOs, logDir: string, prefix: string): LiveMember[] {
  const members: LiveMember[] = []
  for (const name of listNames(os, logDir)) {
    if (!name.startsWith(prefix) || groupFileKind(name) !== 'member') continue
    const file = path.join(logDir, name)
    const fd = openReadable(os, file)
    if (fd === undefined) continue
    try {
      const member = os.locks.tryLock(fd, 'shared') ? undefined : readMemberFile(os, fd)
      if (member !== undefined) members.push({ file: member, name })
    } finally {
      os.fs.close(fd)
    }
  }
  return members.sort((a, b) => compareText(a.file.memberId, b.file.memberId))
}

function listNames(os: LockFileOs, logDir: string): string[] {
  try {
    return os.fs.readdir(logDir)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** undefined also for one who may read the directory but not what its members lock: that one sees less. */
function openReadable(os: LockFileOs, file: string): number | undefined {
  try {
    return openExisting(os, file, 'r')
  } catch (error) {
    if (errorCode(error) === 'EACCES') return undefined
    throw error
  }
}

/** What `read` makes of the file's content while someone holds it; undefined when nobody does. */
export function readHeld<T>(os: LockFileOs, file: string, read: (content: Buffer) => T): T | undefined {
  const fd = openReadable(os, file)
  if (fd === undefined) return undefined
  try {
    if (os.locks.tryLock(fd, 'shared')) return undefined
    const content = Buffer.allocUnsafe(Math.min(os.fs.fstat(fd).size, 4096))
    return read(content.subarray(0, os.fs.read(fd, content, 0, content.length, 0)))
  } finally {
    os.fs.close(fd)
  }
}
