/** Where a directory keeps a consumer group: members by locks, offsets in `__consumer_offsets`. */
import type { GroupListener } from '../../client/consumer/consumer-backend.ts'
import {
  ConsumerGroup,
  type GroupKeeper,
  type JoinedMember,
  type MemberCallbacks,
} from '../../client/consumer/consumer-group.ts'
import type { ConsumerSettings } from '../../client/consumer-config.ts'
import type { OffsetAndMetadata, OffsetCommit } from '../../client/types.ts'
import { KafkaError } from '../../errors.ts'
import { GroupMember } from '../../group/group-member.ts'
import { OffsetStore } from '../../group/offsets/offset-store.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { Os } from '../../os/os.ts'
import { compactingOffsetStore } from '../cleaning/compacting-offset-store.ts'
import { explained } from '../directory/data-dir.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

export function localConsumerGroup(
  os: Os,
  directory: LocalDirectory,
  groupId: string,
  settings: ConsumerSettings,
  listener: GroupListener,
): ConsumerGroup {
  const keeper = new DirectoryGroupKeeper(os, directory, groupId, settings, () => listener.wake())
  return new ConsumerGroup(os.clock, keeper, settings, listener)
}

class DirectoryGroupKeeper implements GroupKeeper {
  readonly #os: Os
  readonly #directory: LocalDirectory
  readonly #groupId: string
  readonly #settings: ConsumerSettings
  readonly #store: OffsetStore
  readonly #wake: () => void
  #remembered = false
  #onError: (error: Error) => void = () => {}
  /** Of leaving the directory behind the last revocation. */
  #failure: Error | undefined
  /** The directory is left behind the last revocation by then. */
  #left: Promise<void> = Promise.resolve()

  constructor(
    os: Os,
    directory: LocalDirectory,
    groupId: string,
    settings: ConsumerSettings,
    wake: () => void,
  ) {
    this.#os = os
    this.#directory = directory
    this.#groupId = groupId
    this.#settings = settings
    this.#wake = wake
    this.#store = compactingOffsetStore(os, directory)
  }

  join(topics: readonly string[] | RegExp, callbacks: MemberCallbacks): JoinedMember {
    const settings = this.#settings
    this.#store.refuseUncommittable(this.#groupId)
    this.#onError = callbacks.onError
    return GroupMember.join({
      os: this.#os,
      logDir: this.#directory.path,
      groupId: this.#groupId,
      clientId: settings.clientId,
      groupInstanceId: settings.groupInstanceId,
      sessionTimeoutMs: settings.sessionTimeoutMs,
      subscription: topics instanceof RegExp ? { pattern: topics } : { topics },
      assignors: settings.assignors,
      groupProtocol: settings.groupProtocol,
      excludeInternalTopics: settings.excludeInternalTopics,
      image: () => this.#directory.image(),
      onAssigned: (partitions) => callbacks.onAssigned(partitions, this.#store.fetch(this.#groupId)),
      onRevoked: callbacks.onRevoked,
      onHeld: (file, what, pid) => this.#directory.tellOfHolder(file, what, pid),
      onError: callbacks.onError,
    })
  }

  async write(offsets: readonly OffsetCommit[], check?: () => void): Promise<void> {
    await this.remember()
    await this.#store.commit(this.#groupId, offsets, check)
    this.#directory.waits.progressed()
  }

  async remember(): Promise<void> {
    if (this.#remembered) return
    await this.#store.rememberGroup(
      this.#groupId,
      this.#settings.groupProtocol === 'consumer' ? 'Consumer' : 'Classic',
    )
    this.#remembered = true
  }

  /**
   * Calls `written` when the commit survives kill -9, so that the partitions go to others at that moment, and only then leaves the
   * directory, which takes syncs when no other writer is in.
   */
  async writeLast(write: () => Promise<void>, written: () => void): Promise<void> {
    await this.#directory.enter()
    try {
      await write()
      written()
    } finally {
      const before = this.#left
      // The member lets go of its claims in this turn of the event loop.
      this.#left = new Promise<void>((resolve) => setImmediate(resolve))
        .then(() => this.#directory.leave())
        .catch((error: Error) => {
          this.#failure ??= error
          this.#onError(error)
          this.#wake()
        })
        .then(() => before)
    }
  }

  async settled(): Promise<void> {
    const failure = this.#failure
    await this.#left
    if (this.#failure !== failure) throw this.#failure
  }

  async requireExisting(partitions: Iterable<TopicPartition>): Promise<void> {
    requireExisting(this.#directory, partitions)
  }

  warn(line: string): void {
    this.#directory.warn(line)
  }

  explained(error: unknown): unknown {
    return explained(this.#os, this.#directory.path, error)
  }
}

/** @throws KafkaError for a partition that does not exist */
export function requireExisting(directory: LocalDirectory, partitions: Iterable<TopicPartition>): void {
  const image = directory.image()
  for (const { topic, partition } of partitions) {
    if (image.topic(topic)?.partitions[partition] !== undefined) continue
    const message = `Topic or Partition ${topic}-${partition} does not exist`
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', message)
  }
}

/** What a group has committed, whether or not one is a member of it. */
export function committedOf(
  os: Os,
  directory: LocalDirectory,
  groupId: string,
  partitions: readonly TopicPartition[],
): Map<TopicPartition, OffsetAndMetadata | undefined> {
  const all = new OffsetStore(os, directory).fetch(groupId)
  return new Map(partitions.map((tp) => [tp, all.get(topicPartitionKey(tp.topic, tp.partition))]))
}
