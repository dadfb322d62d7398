/** What the leader of a classic group works out, and what its members tell of themselves. */

import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { CorruptRecordError } from '../../errors.ts'
import type { Assignment, MemberSubscription } from '../../group/assignors/assignment-types.ts'
import { ASSIGNORS, type AssignorName } from '../../group/assignors/assignors.ts'
import { decodeSubscription, encodeSubscription } from '../../message/consumer-protocol.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import { byTopic } from './member-options.ts'

export interface OwnSubscription {
  readonly topics: readonly string[]
  /** What is kept while joining (cooperative). */
  readonly owned: readonly TopicPartition[]
  /** What was had before, for StickyAssignor. */
  readonly before: readonly TopicPartition[]
  readonly generation: number
  readonly rack: string | undefined
}

export function subscriptionFor(assignor: AssignorName, own: OwnSubscription): Buffer {
  return encodeSubscription({
    topics: own.topics,
    userData: userDataFor(assignor, own),
    ownedPartitions: byTopic(own.owned),
    generationId: own.generation,
    rackId: own.rack ?? null,
  })
}

/** StickyAssignor: [topic, [partition]] and the generation; CooperativeStickyAssignor: the generation alone. */
function userDataFor(assignor: AssignorName, { before, generation }: OwnSubscription): Buffer | null {
  if (assignor === 'cooperative-sticky') return new ByteWriter(4).int32(generation).toBuffer()
  if (assignor !== 'sticky' || before.length === 0) return null
  const writer = new ByteWriter(128)
  const topics = byTopic(before)
  writer.int32(topics.length)
  for (const { topic, partitions } of topics) {
    writer.int16(Buffer.byteLength(topic)).utf8(topic).int32(partitions.length)
    for (const partition of partitions) writer.int32(partition)
  }
  return writer.int32(generation).toBuffer()
}

interface JoinedMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly metadata: Buffer
}

/** The members as an assignor wants them. */
export function membersOf(members: readonly JoinedMember[], assignor: AssignorName): MemberSubscription[] {
  return members.map(({ memberId, groupInstanceId, metadata }) => {
    const subscription = decodeSubscription(metadata)
    const { topics, userData, ownedPartitions, generationId } = subscription
    const owned = ownedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    )
    const sticky = assignor === 'sticky' && userData !== null ? stickyMemory(userData) : undefined
    return {
      memberId,
      groupInstanceId: groupInstanceId ?? undefined,
      topics,
      owned: sticky?.owned ?? owned,
      generation: sticky?.generation ?? generationId,
    }
  })
}

/** Of older members, or others' classes, there may be none. */
function stickyMemory(userData: Buffer): { owned: TopicPartition[]; generation: number } | undefined {
  const reader = new ByteReader(userData)
  const owned: TopicPartition[] = []
  try {
    for (let topics = reader.int32(); topics > 0; topics--) {
      const topic = reader.utf8(reader.int16())
      for (let count = reader.int32(); count > 0; count--) owned.push({ topic, partition: reader.int32() })
    }
    return { owned, generation: reader.remaining >= 4 ? reader.int32() : -1 }
  } catch (error) {
    if (error instanceof CorruptRecordError) return undefined
    throw error
  }
}

/** Who reads what. With a cooperative protocol nobody gets what another one still has: that comes with the next round. */
export function assignTo(
  assignor: AssignorName,
  members: readonly MemberSubscription[],
  counts: ReadonlyMap<string, number>,
  isCooperative: boolean,
): Assignment {
  const assignment = ASSIGNORS[assignor](members, counts)
  if (!isCooperative) return assignment
  const ownerOf = new Map<string, string>()
  // Of two claims the newer one counts.
  for (const { memberId, owned = [] } of [...members].sort(
    (a, b) => (a.generation ?? -1) - (b.generation ?? -1),
  )) {
    for (const { topic, partition } of owned) ownerOf.set(topicPartitionKey(topic, partition), memberId)
  }
  const isFree = (memberId: string) => (tp: TopicPartition) => {
    const owner = ownerOf.get(topicPartitionKey(tp.topic, tp.partition))
    return owner === undefined || owner === memberId
  }
  return new Map([...assignment].map(([memberId, list]) => [memberId, list.filter(isFree(memberId))]))
}
