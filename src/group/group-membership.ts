/** Reads who is in a group from its files in the root of the data directory, as the kernel's locks say. */
import path from 'node:path'
import { readFully } from '../os/file-system.ts'
import { compareMembers } from './assignors/assignors.ts'
import {
  decodeMemberFile,
  groupFileKind,
  groupFilePrefix,
  isStaticMemberFile,
  type MemberFile,
} from './group-files.ts'
import { isFileAt, type LockFileOs, openExisting, removeIfFree } from './lock-file.ts'

/** One who counts as a member. */
export interface GroupMembership {
  readonly file: MemberFile
  /** Its file's name in the data directory. */
  readonly name: string
  /** False: a static member that is away and whose place is kept. */
  readonly present: boolean
}

const MAX_MEMBER_FILE = 1 << 20
/** Whoever was seen alive is asked again after so long, or when a death was noticed. */
const ASK_AGAIN_MS = 1000

/** Content of a member's file as the open descriptor has it; undefined when it is not whole. */
export function readMemberFile(os: LockFileOs, fd: number): MemberFile | undefined {
  const size = Math.min(os.fs.fstat(fd).size, MAX_MEMBER_FILE)
  const content = Buffer.allocUnsafe(size)
  return decodeMemberFile(content.subarray(0, readFully(os.fs, fd, content, 0, size, 0)))
}

export interface MembershipOptions {
  readonly os: LockFileOs
  readonly logDir: string
  readonly groupId: string
  /** Name of our own file: held by us, so not to be tried. */
  readonly ownName: string
  readonly own: MemberFile
}

/**
 * Membership as one member sees it. Leftovers of dead members are removed on the way; static members that are away keep their place for
 * their session timeout, counted from when this member first missed them.
 *
 * A file whose lock was seen held is not opened again for a while: its content never changes, and who leaves or dies has it removed, by
 * himself or by the next in the ring, so its name is gone. A look then costs a listing of the folder and the new names; else a crowd that
 * joins would open files as often as the cube of its size says. The file of a static member is taken over under the same name: always opened.
 */
export class MembershipReader {
  private readonly options: MembershipOptions
  private readonly prefix: string
  private readonly missedSince = new Map<string, number>()
  private alive = new Map<string, GroupMembership>()
  private askedAt = Number.NEGATIVE_INFINITY
  /** When the first kept place runs out; undefined when none is kept. */
  nextExpiry: number | undefined

  constructor(options: MembershipOptions) {
    this.options = options
    this.prefix = groupFilePrefix(options.groupId)
  }

  /** Somebody died: everybody is asked at the next look. */
  doubt(): void {
    this.alive.clear()
  }

  /** In Kafka's order of members, ourselves among them. `unsettled`: someone is just writing its file; look again soon. */
  read(now: number): { members: GroupMembership[]; unsettled: boolean } {
    const { own, ownName, os, logDir } = this.options
    const members: GroupMembership[] = [{ file: own, name: ownName, present: true }]
    let unsettled = false
    this.nextExpiry = undefined
    if (now - this.askedAt >= ASK_AGAIN_MS) {
      this.doubt()
      this.askedAt = now
    }
    const alive = new Map<string, GroupMembership>()
    for (const name of os.fs.readdir(logDir)) {
      if (!name.startsWith(this.prefix) || name === ownName || groupFileKind(name) !== 'member') continue
      const seen = this.alive.get(name) ?? this.look(name, now)
      if (seen === 'unsettled') unsettled = true
      else if (seen !== undefined) {
        members.push(seen)
        if (!isStaticMemberFile(name)) alive.set(name, seen)
      }
    }
    this.alive = alive
    members.sort((a, b) => compareMembers(a.file, b.file))
    return { members, unsettled }
  }

  private look(name: string, now: number): GroupMembership | 'unsettled' | undefined {
    const { os, logDir } = this.options
    const file = path.join(logDir, name)
    const fd = openExisting(os, file, 'r')
    if (fd === undefined) return undefined
    try {
      const held = !os.locks.tryLock(fd, 'shared')
      if (!held && !isFileAt(os, fd, file)) return 'unsettled'
      const member = readMemberFile(os, fd)
      if (held) {
        this.missedSince.delete(name)
        if (member === undefined) return 'unsettled'
        return member.groupId === this.options.groupId ? { file: member, name, present: true } : undefined
      }
      if (member?.groupInstanceId !== undefined) {
        const since = this.missedSince.get(name) ?? now
        this.missedSince.set(name, since)
        const expiry = since + (member.sessionTimeoutMs ?? 0)
        if (now < expiry) {
          this.nextExpiry = Math.min(this.nextExpiry ?? expiry, expiry)
          return { file: member, name, present: false }
        }
      }
    } finally {
      os.fs.close(fd)
    }
    // A file that its maker has not locked yet looks the same; it notices and makes another.
    removeIfFree(os, file)
    this.missedSince.delete(name)
    return undefined
  }
}

const LEFTOVER_PROBES = 256
const STATIC_LEFTOVER_AGE_MS = 24 * 3600 * 1000

/**
 * Removes files of members and claims, of any group, that nobody holds: a bounded number each time, so that piles of them go over time and
 * cost no single command much. Places of static members are left for a day.
 */
export function removeLeftovers(os: LockFileOs, logDir: string, now: number): void {
  let probes = 0
  for (const name of os.fs.readdir(logDir)) {
    const kind = groupFileKind(name)
    if (kind !== 'member' && kind !== 'claim') continue
    if (++probes > LEFTOVER_PROBES) return
    const file = path.join(logDir, name)
    if (isStaticMemberFile(name) && now - (os.fs.stat(file)?.mtimeMs ?? 0) < STATIC_LEFTOVER_AGE_MS) continue
    removeIfFree(os, file)
  }
}
