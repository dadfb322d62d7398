/** Computes the assignment of a group from its members, their subscriptions and the topics that exist, and from nothing else. */
import type { MetadataImage } from '../metadata/metadata-image.ts'
import { isInternalTopic } from '../names/topic-names.ts'
import type { Assignment, MemberSubscription } from './assignors/assignment-types.ts'
import { ASSIGNORS, type AssignorName, assignorNames, chooseAssignor } from './assignors/assignors.ts'
import type { MemberFile } from './group-files.ts'

/** Existing topics that a member subscribes to. */
export function subscribedTopics(member: MemberFile, image: MetadataImage): string[] {
  if (member.topics !== undefined) return member.topics.filter((topic) => image.topic(topic) !== undefined)
  if (member.pattern === undefined) return []
  const whole = new RegExp(`^(?:${member.pattern.source})$`, member.pattern.flags.replace(/[gy]/g, ''))
  const internalToo = member.excludeInternalTopics === false
  return [...image.topics()].filter((topic) => whole.test(topic) && (internalToo || !isInternalTopic(topic)))
}

/** The assignor that this group uses. `uniform` as soon as one member speaks the consumer protocol. */
export function groupAssignor(members: readonly MemberFile[]): AssignorName {
  if (members.some((member) => member.protocol === 'consumer')) return 'uniform'
  return chooseAssignor(members.map((member) => assignorNames(member.assignors)))
}

export function partitionCounts(
  subscriptions: readonly MemberSubscription[],
  image: MetadataImage,
): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { topics } of subscriptions) {
    for (const topic of topics) {
      if (!counts.has(topic)) counts.set(topic, image.topic(topic)?.partitions.length ?? 0)
    }
  }
  return counts
}

export function subscriptionsOf(members: readonly MemberFile[], image: MetadataImage): MemberSubscription[] {
  return members.map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    topics: subscribedTopics(member, image),
  }))
}

export function assign(
  assignor: AssignorName,
  subscriptions: readonly MemberSubscription[],
  counts: ReadonlyMap<string, number>,
): Assignment {
  return ASSIGNORS[assignor](subscriptions, counts)
}
