/** Where a cluster keeps a consumer group: at its coordinator. */
import type { GroupListener, LoneCommits } from '../../client/consumer/consumer-backend.ts'
import { CommitFailedError } from '../../client/consumer/consumer-errors.ts'
import {
  ConsumerGroup,
  type GroupKeeper,
  type JoinedMember,
  type MemberCallbacks,
} from '../../client/consumer/consumer-group.ts'
import type { ConsumerSettings } from '../../client/consumer-config.ts'
import type { OffsetAndMetadata, OffsetCommit } from '../../client/types.ts'
import { KafkaError, type KafkaErrorName } from '../../errors.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { ClassicMember } from './classic-member.ts'
import { type CommittingMember, commitOnce, fetchCommitted } from './committed-offsets.ts'
import { ConsumerMember } from './consumer-member.ts'
import type { ConsumerMetadata } from './consumer-metadata.ts'
import { Coordinator } from './coordinator.ts'

export interface ClusterGroupParts {
  readonly client: ClusterClient
  readonly metadata: ConsumerMetadata
  readonly groupId: string
  readonly settings: ConsumerSettings
  readonly config: Readonly<Record<string, string>>
  readonly warn: (line: string) => void
}

export function clusterConsumerGroup(parts: ClusterGroupParts, listener: GroupListener): ConsumerGroup {
  return new ConsumerGroup(parts.client.clock, new CoordinatedGroup(parts), parts.settings, listener)
}

/** What a group has committed, whether or not one is a member of it. */
export async function committedOf(
  client: ClusterClient,
  metadata: ConsumerMetadata,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<Map<TopicPartition, OffsetAndMetadata | undefined>> {
  const idOf = (topic: string) => metadata.topics.get(topic)?.topicId
  const found = await fetchCommitted(new Coordinator(client, groupId), partitions, idOf)
  return new Map(partitions.map((tp) => [tp, found.get(topicPartitionKey(tp.topic, tp.partition))]))
}

/** The member takes notice of it by itself; then the same may work. */
const PASSES: ReadonlySet<KafkaErrorName> = new Set(['REBALANCE_IN_PROGRESS', 'STALE_MEMBER_EPOCH'])

class CoordinatedGroup implements GroupKeeper {
  readonly #parts: ClusterGroupParts
  readonly #coordinator: Coordinator
  #member: (JoinedMember & { readonly committing: CommittingMember }) | undefined

  constructor(parts: ClusterGroupParts) {
    this.#parts = parts
    this.#coordinator = new Coordinator(parts.client, parts.groupId)
  }

  join(topics: readonly string[] | RegExp, callbacks: MemberCallbacks): JoinedMember {
    const { metadata, settings, config } = this.#parts
    const options = { coordinator: this.#coordinator, metadata, settings, config, topics, callbacks }
    this.#member =
      settings.groupProtocol === 'consumer'
        ? new ConsumerMember(options, newMemberId())
        : new ClassicMember(options)
    return this.#member
  }

  async write(offsets: readonly OffsetCommit[], check?: () => void): Promise<void> {
    const member = this.#member
    if (member === undefined) return
    const { client, metadata } = this.#parts
    // In a classic group another generation may mean that others have these partitions.
    const { generation } = member.committing
    const isClassic = this.#parts.settings.groupProtocol === 'classic'
    if (generation < (isClassic ? 0 : 1)) throw new CommitFailedError()
    await client.retry(
      () => {
        check?.()
        const now = member.committing
        const as = isClassic ? { ...now, generation } : now
        return commitOnce(this.#coordinator, offsets, as, (topic) => metadata.topics.get(topic)?.topicId)
      },
      { passing: PASSES },
    )
  }

  async writeLast(write: () => Promise<void>, written: () => void): Promise<void> {
    await write()
    written()
  }

  async settled(): Promise<void> {}

  async remember(): Promise<void> {}

  async requireExisting(partitions: Iterable<TopicPartition>): Promise<void> {
    requireExisting(this.#parts.metadata, partitions)
  }

  warn(line: string): void {
    this.#parts.warn(line)
  }

  explained(error: unknown): unknown {
    return error
  }
}

/** @throws KafkaError for a partition that does not exist */
function requireExisting(metadata: ConsumerMetadata, partitions: Iterable<TopicPartition>): void {
  for (const { topic, partition } of partitions) {
    if (metadata.topics.get(topic)?.partitions[partition] !== undefined) continue
    const message = `Topic or Partition ${topic}-${partition} does not exist`
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', message)
  }
}

/** As whom a consumer commits that chose its partitions itself: as nobody, which a group takes while it has no members. */
const NO_MEMBER: CommittingMember = { memberId: '', generation: -1, groupInstanceId: undefined }

export function clusterLoneCommits(
  client: ClusterClient,
  metadata: ConsumerMetadata,
  groupId: string,
): LoneCommits {
  const coordinator = new Coordinator(client, groupId)
  const idOf = (topic: string) => metadata.topics.get(topic)?.topicId
  const commits: LoneCommits = {
    fetch: (partitions) => fetchCommitted(coordinator, partitions, idOf),
    async commitExisting(offsets) {
      requireExisting(metadata, offsets.keys())
      await commits.commit([...offsets].map(([partition, offset]) => ({ ...partition, ...offset })))
    },
    commit: (offsets) => client.retry(() => commitOnce(coordinator, offsets, NO_MEMBER, idOf)),
  }
  return commits
}

/** A uuid of version 4 as Kafka writes them; none that could be taken for an option. */
function newMemberId(): string {
  for (;;) {
    const bytes = Buffer.from(crypto.randomUUID().replaceAll('-', ''), 'hex')
    const text = bytes.toString('base64url')
    if (!text.startsWith('-')) return text
  }
}
