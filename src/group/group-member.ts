import type { MetadataImage } from '../metadata/metadata-image.ts'
import type { Os } from '../os/os.ts'
import type { TopicPartition } from './topic-partition.ts'

/** Names, or a pattern that a topic's whole name must match. */
export type Subscription = { readonly topics: readonly string[] } | { readonly pattern: RegExp }

export interface GroupMemberOptions {
  readonly os: Os
  /** The data directory. */
  readonly logDir: string
  readonly groupId: string
  /** Absent: `<clientId or 'consumer'>-<uuid>`, as a coordinator names members (static ones after their instance id). */
  readonly memberId?: string
  readonly clientId: string
  readonly groupInstanceId?: string
  /** Of a static member, how long its place is kept after it has gone. Default 45000 ms. */
  readonly sessionTimeoutMs?: number
  readonly subscription: Subscription
  /** `partition.assignment.strategy`: class names or names of assignors, in order of preference. Default: range, cooperative-sticky. */
  readonly assignors?: readonly string[]
  /** `classic` (default) or `consumer` (group.protocol). */
  readonly groupProtocol?: 'classic' | 'consumer'
  /** Exclude internal topics from a pattern. Default true. */
  readonly excludeInternalTopics?: boolean
  /**
   * The program ends by process.exit (a command line tool): deaths may then be waited for on one thread of the pool, which costs nothing
   * but cannot be called back. Default false: asked for every 20 ms.
   */
  readonly endsByExit?: boolean
  image(): MetadataImage
  /** Called with partitions that are ours from now on: look up their committed offsets now (nobody else commits them any more). */
  onAssigned(partitions: readonly TopicPartition[]): void | Promise<void>
  /** Called before partitions are given up: commit what was read. They stay ours until the promise resolves. */
  onRevoked(partitions: readonly TopicPartition[]): void | Promise<void>
  /** A failure that ends the membership (the directory is gone, a callback failed). */
  onError?(error: Error): void
}

/** One live member of a group. */
export class GroupMember {
  readonly memberId: string

  private constructor(options: GroupMemberOptions) {
    this.memberId = options.memberId ?? ''
  }

  /** Joins: from here on others count us in. Throws KafkaError for an empty group id, a taken instance id or assignors that do not fit. */
  static join(_options: GroupMemberOptions): GroupMember {
    throw new Error('group member: under construction')
  }

  /** Partitions held now, in the order of topic and partition. */
  assignment(): readonly TopicPartition[] {
    throw new Error('group member: under construction')
  }

  /** True while the claim on this partition is held: read and commit only then. */
  owns(_topic: string, _partition: number): boolean {
    throw new Error('group member: under construction')
  }

  /** Resolves when the first assignment is taken whole (or there is none for us: standing by). */
  ready(): Promise<void> {
    throw new Error('group member: under construction')
  }

  /** Say so when the metadata may have changed; the member also watches the metadata log by itself. */
  metadataChanged(): void {}

  /** Gives everything up (onRevoked first), then leaves. Idempotent. */
  async leave(): Promise<void> {}
}
