/**
 * The sticky assignor where members subscribe to different topics: keep what is still right, give the rest to those who have least, then
 * move partitions while that evens things out. Follows Kafka's steps one by one, since its results depend on their order.
 */

import { javaHashOrder, javaPartitionHash } from '../../java/java-hash.ts'
import { compareText } from '../../names/compare-text.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { Assignment, MemberSubscription } from './assignment-types.ts'

export function generalStickyAssign(
  members: readonly MemberSubscription[],
  counts: ReadonlyMap<string, number>,
  owned: ReadonlyMap<string, TopicPartition[]>,
): Assignment {
  return new GeneralAssignment(members, counts, owned).build()
}

class GeneralAssignment {
  private readonly members: ReadonlyMap<string, MemberSubscription>
  private readonly counts: ReadonlyMap<string, number>
  private current = new Map<string, TopicPartition[]>()
  private readonly consumersOf = new Map<string, string[]>()
  private readonly topicsOf = new Map<string, string[]>()
  private ownerOf = new Map<string, string>()
  private readonly previous = new Map<string, { consumer: string; generation: number }>()
  private readonly movements = new PartitionMovements()
  /** Members in order of how much they have, then of name. */
  private ranked: string[] = []
  private revocationRequired = false

  constructor(
    members: readonly MemberSubscription[],
    counts: ReadonlyMap<string, number>,
    owned: ReadonlyMap<string, TopicPartition[]>,
  ) {
    this.members = new Map(members.map((member) => [member.memberId, member]))
    this.counts = counts
    for (const topic of counts.keys()) this.consumersOf.set(topic, [])
    for (const member of members) {
      const topics = member.topics.filter((topic) => counts.has(topic))
      this.topicsOf.set(member.memberId, topics)
      for (const topic of topics) this.consumersOf.get(topic)?.push(member.memberId)
      this.current.set(member.memberId, [...(owned.get(member.memberId) ?? [])])
    }
    for (const [member, partitions] of this.current) {
      for (const tp of partitions) this.ownerOf.set(keyOf(tp), member)
    }
  }

  build(): Assignment {
    this.rememberOlderGenerations()
    const assigned = new Set(this.keepOwned().map(keyOf))
    const all = this.allPartitions()
    const unassigned = all.filter((tp) => !assigned.has(keyOf(tp)))
    this.ranked = [...this.current.keys()].sort((a, b) => this.rank(a, b))
    this.balance(all, unassigned)
    return this.current
  }

  private rank(a: string, b: string): number {
    return this.sizeOf(a) - this.sizeOf(b) || compareText(a, b)
  }

  private sizeOf(member: string): number {
    return this.current.get(member)?.length ?? 0
  }

  private unrank(member: string): void {
    const index = this.ranked.indexOf(member)
    if (index >= 0) this.ranked.splice(index, 1)
  }

  private rerank(member: string): void {
    let low = 0
    let high = this.ranked.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.rank(this.ranked[middle] as string, member) < 0) low = middle + 1
      else high = middle
    }
    this.ranked.splice(low, 0, member)
  }

  private rememberOlderGenerations(): void {
    const newest = Math.max(-1, ...[...this.members.values()].map((member) => member.generation ?? -1))
    for (const member of this.members.values()) {
      const generation = member.generation ?? -1
      if (generation >= newest) continue
      for (const tp of member.owned ?? []) {
        const known = this.previous.get(keyOf(tp))
        if (known === undefined || generation > known.generation)
          this.previous.set(keyOf(tp), { consumer: member.memberId, generation })
      }
    }
  }

  private keepOwned(): TopicPartition[] {
    const kept: TopicPartition[] = []
    for (const [memberId, partitions] of this.current) {
      const topics = this.members.get(memberId)?.topics ?? []
      const mine = partitions.filter((tp) => {
        if (!this.consumersOf.has(tp.topic) || tp.partition >= (this.counts.get(tp.topic) ?? 0)) {
          this.ownerOf.delete(keyOf(tp))
          return false
        }
        if (topics.includes(tp.topic)) return true
        this.revocationRequired = true
        return false
      })
      this.current.set(memberId, mine)
      kept.push(...mine)
    }
    return kept
  }

  /** Topics with the fewest possible readers first. */
  private allPartitions(): TopicPartition[] {
    const readers = (topic: string) => this.consumersOf.get(topic)?.length ?? 0
    const topics = [...this.consumersOf.keys()].sort((a, b) => readers(a) - readers(b) || (a < b ? -1 : 1))
    return topics.flatMap((topic) =>
      Array.from({ length: this.counts.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
    )
  }

  private balance(all: readonly TopicPartition[], unassigned: readonly TopicPartition[]): void {
    const initializing = this.sizeOf(this.ranked[this.ranked.length - 1] as string) === 0
    for (const tp of unassigned) this.giveToWhoHasLeast(tp)

    const movable = (tp: TopicPartition) => this.canTopicMove(tp.topic)
    const movablePartitions = all.filter(movable)
    const movableUnassigned = unassigned.filter(movable)
    const fixed = new Map<string, TopicPartition[]>()
    for (const member of this.topicsOf.keys()) {
      if (this.canMemberTakePart(member)) continue
      this.unrank(member)
      fixed.set(member, this.current.get(member) ?? [])
      this.current.delete(member)
    }

    const before = new Map([...this.current].map(([member, partitions]) => [member, [...partitions]]))
    const ownersBefore = new Map(this.ownerOf)
    if (!this.revocationRequired) this.reassign(movableUnassigned)
    const reassigned = this.reassign(movablePartitions)
    if (!initializing && reassigned && balanceScore(this.current) >= balanceScore(before)) {
      this.current = before
      this.ownerOf = ownersBefore
    }
    for (const [member, partitions] of fixed) this.current.set(member, partitions)
  }

  private giveToWhoHasLeast(tp: TopicPartition): void {
    const member = this.ranked.find((candidate) => this.topicsOf.get(candidate)?.includes(tp.topic))
    if (member === undefined) return
    this.unrank(member)
    this.current.get(member)?.push(tp)
    this.ownerOf.set(keyOf(tp), member)
    this.rerank(member)
  }

  private canTopicMove(topic: string): boolean {
    return (this.consumersOf.get(topic)?.length ?? 0) >= 2
  }

  private mostFor(member: string): number {
    return (this.topicsOf.get(member) ?? []).reduce((sum, topic) => sum + (this.counts.get(topic) ?? 0), 0)
  }

  private canMemberTakePart(member: string): boolean {
    return (
      this.sizeOf(member) < this.mostFor(member) ||
      (this.current.get(member) ?? []).some((tp) => this.canTopicMove(tp.topic))
    )
  }

  private isBalanced(): boolean {
    const least = this.sizeOf(this.ranked[0] as string)
    const most = this.sizeOf(this.ranked[this.ranked.length - 1] as string)
    if (least >= most - 1) return true
    const owners = new Map<string, string>()
    for (const [member, partitions] of this.current)
      for (const tp of partitions) owners.set(keyOf(tp), member)
    for (const member of this.ranked) {
      const size = this.sizeOf(member)
      if (size === this.mostFor(member)) continue
      for (const topic of this.topicsOf.get(member) ?? []) {
        for (let partition = 0; partition < (this.counts.get(topic) ?? 0); partition++) {
          const other = owners.get(topicPartitionKey(topic, partition))
          if (other !== undefined && other !== member && size + 1 < this.sizeOf(other)) return false
        }
      }
    }
    return true
  }

  private reassign(partitions: readonly TopicPartition[]): boolean {
    let performed = false
    let modified: boolean
    do {
      modified = false
      for (const tp of partitions) {
        if (this.isBalanced()) break
        const consumer = this.ownerOf.get(keyOf(tp)) as string
        const before = this.previous.get(keyOf(tp))
        if (
          before !== undefined &&
          this.current.has(before.consumer) &&
          this.sizeOf(consumer) > this.sizeOf(before.consumer) + 1
        ) {
          this.moveTo(tp, before.consumer)
        } else if (
          this.consumersOf.get(tp.topic)?.some((other) => this.sizeOf(consumer) > this.sizeOf(other) + 1)
        ) {
          this.moveTo(
            tp,
            this.ranked.find((member) => this.topicsOf.get(member)?.includes(tp.topic)) as string,
          )
        } else {
          continue
        }
        performed = true
        modified = true
      }
    } while (modified)
    return performed
  }

  private moveTo(wanted: TopicPartition, newConsumer: string): void {
    const tp = this.movements.actualPartition(wanted, this.ownerOf.get(keyOf(wanted)) as string, newConsumer)
    const oldConsumer = this.ownerOf.get(keyOf(tp)) as string
    this.unrank(oldConsumer)
    this.unrank(newConsumer)
    this.movements.move(tp, oldConsumer, newConsumer)
    const old = this.current.get(oldConsumer) ?? []
    this.current.set(
      oldConsumer,
      old.filter((p) => p.topic !== tp.topic || p.partition !== tp.partition),
    )
    this.current.get(newConsumer)?.push(tp)
    this.ownerOf.set(keyOf(tp), newConsumer)
    this.rerank(newConsumer)
    if (oldConsumer !== newConsumer) this.rerank(oldConsumer)
  }
}

/** Which partition went from whom to whom, so that none is moved there and back between the same two. */
class PartitionMovements {
  private readonly byTopic = new Map<string, Map<string, { partitions: TopicPartition[]; largest: number }>>()
  private readonly movements = new Map<string, { from: string; to: string }>()

  actualPartition(tp: TopicPartition, oldConsumer: string, newConsumer: string): TopicPartition {
    const pairs = this.byTopic.get(tp.topic)
    if (pairs === undefined) return tp
    const from = this.movements.get(keyOf(tp))?.from ?? oldConsumer
    const reverse = pairs.get(pairKey(newConsumer, from))
    if (reverse === undefined) return tp
    return (
      javaHashOrder(reverse.partitions, (p) => javaPartitionHash(p.topic, p.partition), reverse.largest)[0] ??
      tp
    )
  }

  move(tp: TopicPartition, from: string, to: string): void {
    const existing = this.movements.get(keyOf(tp))
    if (existing !== undefined) this.remove(tp, existing)
    const origin = existing?.from ?? from
    if (origin !== to) this.add(tp, origin, to)
  }

  private add(tp: TopicPartition, from: string, to: string): void {
    this.movements.set(keyOf(tp), { from, to })
    const pairs = this.byTopic.get(tp.topic) ?? new Map()
    this.byTopic.set(tp.topic, pairs)
    const entry = pairs.get(pairKey(from, to)) ?? { partitions: [], largest: 0 }
    pairs.set(pairKey(from, to), entry)
    entry.partitions.push(tp)
    entry.largest = Math.max(entry.largest, entry.partitions.length)
  }

  private remove(tp: TopicPartition, pair: { from: string; to: string }): void {
    this.movements.delete(keyOf(tp))
    const pairs = this.byTopic.get(tp.topic)
    const entry = pairs?.get(pairKey(pair.from, pair.to))
    if (pairs === undefined || entry === undefined) return
    entry.partitions = entry.partitions.filter((p) => p.partition !== tp.partition)
    if (entry.partitions.length === 0) pairs.delete(pairKey(pair.from, pair.to))
    if (pairs.size === 0) this.byTopic.delete(tp.topic)
  }
}

function balanceScore(assignment: ReadonlyMap<string, readonly TopicPartition[]>): number {
  const sizes = [...assignment.values()].map((partitions) => partitions.length)
  let score = 0
  for (let i = 0; i < sizes.length; i++) {
    for (let j = i + 1; j < sizes.length; j++) score += Math.abs((sizes[i] as number) - (sizes[j] as number))
  }
  return score
}

function keyOf(tp: TopicPartition): string {
  return topicPartitionKey(tp.topic, tp.partition)
}

function pairKey(from: string, to: string): string {
  return `${from}\0${to}`
}
