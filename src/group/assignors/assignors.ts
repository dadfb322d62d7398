/**
 * Kafka's partition assignors as pure functions: who reads what, from the members' subscriptions and the topics' partition counts.
 * The results are those of the genuine classes (RangeAssignor, RoundRobinAssignor, StickyAssignor, CooperativeStickyAssignor), racks aside.
 */

import { KafkaError, TerseError } from '../../errors.ts'
import { compareText } from '../../names/compare-text.ts'
import type { Assignment, MemberSubscription } from './assignment-types.ts'
import { stickyAssign } from './sticky-assignor.ts'

export type AssignorName = 'range' | 'roundrobin' | 'sticky' | 'cooperative-sticky' | 'uniform'

/** The assignors by the name that the group protocol knows them under. `uniform` is the one of the consumer protocol. */
export const ASSIGNORS: Record<
  AssignorName,
  (members: readonly MemberSubscription[], partitionCounts: ReadonlyMap<string, number>) => Assignment
> = {
  range: rangeAssign,
  roundrobin: roundRobinAssign,
  sticky: stickyAssign,
  'cooperative-sticky': stickyAssign,
  uniform: stickyAssign,
}

const CLASS_NAMES: Record<string, AssignorName> = {
  RangeAssignor: 'range',
  RoundRobinAssignor: 'roundrobin',
  StickyAssignor: 'sticky',
  CooperativeStickyAssignor: 'cooperative-sticky',
}

/** Kafka's default for `partition.assignment.strategy`. */
export const DEFAULT_ASSIGNORS: readonly AssignorName[] = ['range', 'cooperative-sticky']

export function isSticky(assignor: AssignorName): boolean {
  return assignor !== 'range' && assignor !== 'roundrobin'
}

/** Names of assignors for class names (or names) in order. Throws TerseError for one that is not known. */
export function assignorNames(strategies: readonly string[]): AssignorName[] {
  if (strategies.every((strategy) => strategy.trim() === '')) {
    throw new TerseError(
      'Must configure at least one partition assigner class name to partition.assignment.strategy configuration property',
    )
  }
  return strategies.map((strategy) => {
    const word = strategy.trim()
    if (word in ASSIGNORS) return word as AssignorName
    const name = CLASS_NAMES[word.slice(word.lastIndexOf('.') + 1)]
    if (name === undefined) {
      throw new TerseError(
        `Invalid value ${word} for configuration partition.assignment.strategy: Class ${word} could not be found. Known are: ${Object.keys(CLASS_NAMES).join(', ')}.`,
      )
    }
    return name
  })
}

/**
 * The assignor that a group of such members uses: among those that all support, the one that most members like best.
 * Throws INCONSISTENT_GROUP_PROTOCOL when there is none.
 */
export function chooseAssignor(preferences: readonly (readonly AssignorName[])[]): AssignorName {
  const candidates = (preferences[0] ?? []).filter((name) => preferences.every((list) => list.includes(name)))
  if (candidates.length === 0) throw new KafkaError('INCONSISTENT_GROUP_PROTOCOL')
  const votes = new Map<AssignorName, number>()
  for (const list of preferences) {
    const vote = list.find((name) => candidates.includes(name)) as AssignorName
    votes.set(vote, (votes.get(vote) ?? 0) + 1)
  }
  // Equal votes: by name, so that every member sees the same winner whatever the order it lists them in.
  return [...votes].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0] as AssignorName
}

type MemberName = Pick<MemberSubscription, 'memberId' | 'groupInstanceId'>

/** Kafka's order of members: static ones first, by instance id; then the others, by member id. */
export function compareMembers(a: MemberName, b: MemberName): number {
  if (a.groupInstanceId !== undefined && b.groupInstanceId !== undefined)
    return compareText(a.groupInstanceId, b.groupInstanceId)
  if (a.groupInstanceId !== undefined) return -1
  if (b.groupInstanceId !== undefined) return 1
  return compareText(a.memberId, b.memberId)
}

/** Topic by topic: the partitions in runs, the first members getting one more. */
export function rangeAssign(
  members: readonly MemberSubscription[],
  partitionCounts: ReadonlyMap<string, number>,
): Assignment {
  const sorted = [...members].sort(compareMembers)
  const assignment: Assignment = new Map(members.map((member) => [member.memberId, []]))
  const topics = [...new Set(members.flatMap((member) => member.topics))].sort(compareText)
  for (const topic of topics) {
    const count = partitionCounts.get(topic)
    if (count === undefined) continue
    const consumers = sorted.filter((member) => member.topics.includes(topic))
    const each = Math.floor(count / consumers.length)
    const withOneMore = count % consumers.length
    let partition = 0
    consumers.forEach((consumer, index) => {
      const end = partition + each + (index < withOneMore ? 1 : 0)
      for (; partition < end; partition++) assignment.get(consumer.memberId)?.push({ topic, partition })
    })
  }
  return assignment
}

/** All partitions of all topics in order, dealt out one by one to those who subscribe to the topic. */
export function roundRobinAssign(
  members: readonly MemberSubscription[],
  partitionCounts: ReadonlyMap<string, number>,
): Assignment {
  const sorted = [...members].sort(compareMembers)
  const assignment: Assignment = new Map(members.map((member) => [member.memberId, []]))
  const topics = [...new Set(members.flatMap((member) => member.topics))]
    .filter((topic) => partitionCounts.has(topic))
    .sort(compareText)
  const subscribed = sorted.map((member) => new Set(member.topics))
  let next = 0
  for (const topic of topics) {
    for (let partition = 0; partition < (partitionCounts.get(topic) ?? 0); partition++) {
      while (!subscribed[next % sorted.length]?.has(topic)) next++
      assignment
        .get((sorted[next++ % sorted.length] as MemberSubscription).memberId)
        ?.push({ topic, partition })
    }
  }
  return assignment
}
