/**
 * StickyAssignor and CooperativeStickyAssignor: as balanced as can be, and as little moved as can be. Where all members subscribe to the
 * same topics a quicker way gives the result (below); the general case is in general-sticky-assignment.ts. (What sets the two classes
 * apart, eager or cooperative hand-over, is not the assignor's business here: a partition changes hands when its claim is given up.)
 */

import { javaHashOrder, javaStringHash } from '../../java/java-hash.ts'
import { compareText } from '../../names/compare-text.ts'
import { comparePartitions, type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { Assignment, MemberSubscription } from './assignment-types.ts'
import { generalStickyAssign } from './general-sticky-assignment.ts'

const DEFAULT_GENERATION = -1

export function stickyAssign(
  members: readonly MemberSubscription[],
  partitionCounts: ReadonlyMap<string, number>,
): Assignment {
  const subscribed = new Set(members.flatMap((member) => member.topics))
  const counts = new Map([...partitionCounts].filter(([topic, count]) => subscribed.has(topic) && count > 0))
  const walked = javaHashOrder(members, (member) => javaStringHash(member.memberId))
  const { owned, contested } = previousOwners(walked, counts)
  return sameSubscriptions(walked)
    ? new ConstrainedAssignment(counts, owned, contested).build()
    : generalStickyAssign(walked, counts, owned)
}

function sameSubscriptions(members: readonly MemberSubscription[]): boolean {
  const first = members.find((member) => member.topics.length > 0)
  if (first === undefined) return true
  const topics = new Set(first.topics)
  const behind = members.slice(members.indexOf(first))
  return behind.every(
    (member) =>
      new Set(member.topics).size === topics.size && member.topics.every((topic) => topics.has(topic)),
  )
}

/** What each member owned before, a partition with two owners going to the newer generation, or to nobody if they are equal. */
function previousOwners(members: readonly MemberSubscription[], counts: ReadonlyMap<string, number>) {
  const owned = new Map<string, TopicPartition[]>()
  const ownerOf = new Map<string, MemberSubscription>()
  const contested = new Set<string>()
  for (const member of members) {
    const mine: TopicPartition[] = []
    owned.set(member.memberId, mine)
    for (const tp of member.owned ?? []) {
      if (!counts.has(tp.topic)) continue
      const key = topicPartitionKey(tp.topic, tp.partition)
      const other = ownerOf.get(key)
      const generation = member.generation ?? DEFAULT_GENERATION
      const otherGeneration = other?.generation ?? DEFAULT_GENERATION
      if (other !== undefined && generation < otherGeneration) continue
      if (other !== undefined) {
        const theirs = owned.get(other.memberId) ?? []
        owned.set(
          other.memberId,
          theirs.filter((p) => topicPartitionKey(p.topic, p.partition) !== key),
        )
        if (generation === otherGeneration) contested.add(key)
      }
      if (other === undefined || generation > otherGeneration) mine.push(tp)
      ownerOf.set(key, member)
    }
  }
  return { owned, contested }
}

/** All members subscribe to the same topics: everyone gets minQuota or one more. */
class ConstrainedAssignment {
  private readonly counts: ReadonlyMap<string, number>
  private readonly owned: ReadonlyMap<string, TopicPartition[]>
  private readonly contested: ReadonlySet<string>
  private readonly minQuota: number
  private readonly maxQuota: number
  private readonly wantedOverMin: number
  private overMin = 0
  private readonly assignment: Assignment
  private readonly assigned = new Set<string>()
  private underMin: string[] = []
  private exactlyMin: string[] = []

  constructor(
    counts: ReadonlyMap<string, number>,
    owned: ReadonlyMap<string, TopicPartition[]>,
    contested: ReadonlySet<string>,
  ) {
    this.counts = counts
    this.owned = owned
    this.contested = contested
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
    this.minQuota = Math.floor(total / owned.size)
    this.maxQuota = Math.ceil(total / owned.size)
    this.wantedOverMin = total % owned.size
    this.assignment = new Map([...owned.keys()].map((member) => [member, []]))
  }

  build(): Assignment {
    this.keepOwned()
    this.underMin.sort()
    this.exactlyMin.sort()
    this.dealOut()
    return this.assignment
  }

  private keepOwned(): void {
    for (const [member, all] of this.owned) {
      const owned = all
        .filter((tp) => !this.contested.has(topicPartitionKey(tp.topic, tp.partition)))
        .sort((a, b) => a.partition - b.partition || compareText(a.topic, b.topic))
      if (owned.length < this.minQuota) {
        this.keep(member, owned)
        this.underMin.push(member)
      } else if (owned.length >= this.maxQuota && this.overMin < this.wantedOverMin) {
        this.overMin++
        if (this.overMin === this.wantedOverMin) this.exactlyMin = []
        this.keep(member, owned.slice(0, this.maxQuota))
      } else {
        this.keep(member, owned.slice(0, this.minQuota))
        if (this.overMin < this.wantedOverMin) this.exactlyMin.push(member)
      }
    }
  }

  private keep(member: string, partitions: readonly TopicPartition[]): void {
    this.assignment.get(member)?.push(...partitions)
    for (const tp of partitions) this.assigned.add(topicPartitionKey(tp.topic, tp.partition))
  }

  /** Round and round: first to those below minQuota, then one more to each of those that have it. */
  private dealOut(): void {
    let next = 0
    for (const tp of this.unassigned()) {
      let member: string
      if (this.underMin.length > 0) {
        if (next >= this.underMin.length) next = 0
        member = this.underMin[next++] as string
      } else {
        member = this.exactlyMin.shift() as string
      }
      const partitions = this.assignment.get(member) as TopicPartition[]
      partitions.push(tp)
      if (partitions.length === this.minQuota) {
        this.underMin.splice(--next, 1)
        this.exactlyMin.push(member)
      } else if (partitions.length === this.maxQuota) {
        this.overMin++
      }
    }
  }

  private unassigned(): TopicPartition[] {
    const rest: TopicPartition[] = []
    for (const [topic, count] of this.counts) {
      for (let partition = 0; partition < count; partition++) {
        if (!this.assigned.has(topicPartitionKey(topic, partition))) rest.push({ topic, partition })
      }
    }
    return rest.sort(comparePartitions)
  }
}
