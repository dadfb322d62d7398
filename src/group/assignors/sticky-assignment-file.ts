/**
 * Sticky assignors need the assignment before. It lies in `.tkafka-group-G-a`, one line of JSON: a key of what it was made from (members,
 * subscriptions, partition counts) and who got what. The first present member writes the next one (temp + rename); the others wait for the
 * one whose key is that of their own view. A crash leaves the old file or the new one, or a temp file that is overwritten; without a
 * readable file there is no assignment before.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import { openTemporary, writeFully } from '../../os/file-system.ts'
import { assignmentFileName } from '../group-files.ts'
import type { LockFileOs } from '../lock-file.ts'
import type { Assignment, MemberSubscription } from './assignment-types.ts'

interface Stored {
  readonly key: string
  /** By member: partitions by topic. */
  readonly assignment: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
}

export class StickyAssignmentFile {
  private readonly os: LockFileOs
  private readonly path: string

  constructor(os: LockFileOs, logDir: string, groupId: string) {
    this.os = os
    this.path = path.join(logDir, assignmentFileName(groupId))
  }

  /** The key of a view: equal views have equal keys. */
  static keyOf(
    assignor: string,
    subscriptions: readonly MemberSubscription[],
    counts: ReadonlyMap<string, number>,
  ): string {
    const view = [assignor, subscriptions.map((s) => [s.memberId, [...s.topics].sort()]), [...counts].sort()]
    return createHash('sha256').update(JSON.stringify(view)).digest('hex').slice(0, 32)
  }

  read(): { key: string; assignment: Assignment } | undefined {
    try {
      const stored = JSON.parse(this.os.fs.readFile(this.path).toString('utf8')) as Stored
      const assignment: Assignment = new Map()
      for (const [memberId, topics] of Object.entries(stored.assignment)) {
        assignment.set(
          memberId,
          Object.entries(topics).flatMap(([topic, partitions]) =>
            partitions.map((partition) => ({ topic, partition })),
          ),
        )
      }
      return { key: stored.key, assignment }
    } catch {
      return undefined
    }
  }

  write(key: string, assignment: Assignment): void {
    const byMember: Record<string, Record<string, number[]>> = {}
    for (const [memberId, partitions] of assignment) {
      const topics: Record<string, number[]> = {}
      for (const { topic, partition } of partitions) {
        topics[topic] ??= []
        topics[topic].push(partition)
      }
      byMember[memberId] = topics
    }
    const content = Buffer.from(`${JSON.stringify({ key, assignment: byMember } satisfies Stored)}\n`)
    const temporary = `${this.path}.tmp`
    const fd = openTemporary(this.os.fs, temporary)
    try {
      writeFully(this.os.fs, fd, content, 0, content.length, null)
    } finally {
      this.os.fs.close(fd)
    }
    this.os.fs.rename(temporary, this.path)
  }

  remove(): void {
    try {
      this.os.fs.unlink(this.path)
    } catch {
      // Nobody wrote one, or someone else removed it.
    }
  }
}
