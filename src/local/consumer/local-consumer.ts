/** Consumer on a data directory. */
import type { ConsumerBackend, ConsumerHooks, GroupListener } from '../../client/consumer/consumer-backend.ts'
import { PollingConsumer } from '../../client/consumer/polling-consumer.ts'
import type { ConsumerOptions } from '../../client/consumer.ts'
import type { ConsumerSettings } from '../../client/consumer-config.ts'
import { TRANSACTION_TOPIC } from '../../names/topic-names.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { Os } from '../../os/os.ts'
import { explained } from '../directory/data-dir.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { LocalAssignment } from './assignment.ts'
import { type LocalFetcher, LocalFetchWaiter } from './fetch-waiter.ts'

/**
 * Consumer on a data directory. Reading takes no lock and changes no file; a group member holds its membership and enters the
 * directory only to commit.
 */
export class LocalConsumer extends PollingConsumer {
  /** @throws TerseError in Kafka's words for settings that are wrong */
  constructor(os: Os, directory: LocalDirectory, options: ConsumerOptions) {
    super(options, (settings, hooks) => new DirectoryBackend({ os, directory, options, settings }, hooks))
  }
}

interface Parts {
  readonly os: Os
  readonly directory: LocalDirectory
  readonly options: ConsumerOptions
  readonly settings: ConsumerSettings
}

class DirectoryBackend implements ConsumerBackend {
  readonly clock
  readonly waiter: LocalFetchWaiter
  readonly assignment: LocalAssignment
  readonly #parts: Parts

  constructor(parts: Parts, hooks: ConsumerHooks) {
    this.#parts = parts
    const { os, directory, options, settings } = parts
    this.clock = os.clock
    this.waiter = new LocalFetchWaiter(os, directory.path, hooks.lookAgain, directory.logDirs?.others)
    this.assignment = new LocalAssignment(os, directory, settings, this.waiter, {
      isolation: options.isolationLevel ?? settings.isolationLevel,
      untilEnd: options.untilEnd ?? false,
      skipCorrupt: options.skipCorrupt ?? false,
      inGroup: options.groupId !== undefined,
      onElsewhere: hooks.onElsewhere,
      onCorrupt: hooks.onCorrupt,
      onRemoved: (fetcher: LocalFetcher) => {
        this.waiter.forget(fetcher)
        hooks.onRemoved(fetcher)
      },
    })
  }

  /** A reader makes no directory: it joins when somebody else made it. */
  get mayJoin(): boolean {
    return this.#parts.directory.exists()
  }

  async openGroup(groupId: string, listener: GroupListener) {
    const { os, directory, settings } = this.#parts
    const { localConsumerGroup } = await import('./consumer-group.ts')
    return localConsumerGroup(os, directory, groupId, settings, listener)
  }

  async openLoneCommits(groupId: string) {
    const { os, directory } = this.#parts
    const { localLoneCommits } = await import('./lone-commits.ts')
    return localLoneCommits(os, directory, groupId)
  }

  /** Who cannot commit in the end is told before the first record. */
  async beforeJoining(): Promise<void> {
    const { os, directory, options } = this.#parts
    await directory.enter()
    await directory.leave()
    if (options.groupId === undefined || directory.image().topic(TRANSACTION_TOPIC) === undefined) return
    const { offsetsSettled } = await import('./settled-offsets.ts')
    await offsetsSettled(os, directory, options.groupId)
  }

  async committed(groupId: string, partitions: readonly TopicPartition[]) {
    const { committedOf } = await import('./consumer-group.ts')
    return committedOf(this.#parts.os, this.#parts.directory, groupId, partitions)
  }

  /** A reader makes no topic, unless `allow.auto.create.topics=true` was given: it waits, or (`untilEnd`) says what is absent. */
  async meetAbsent(asked: readonly TopicPartition[] | RegExp): Promise<void> {
    const { os, directory, options, settings } = this.#parts
    const { untilEnd = false } = options
    if (asked instanceof RegExp ? !untilEnd : this.assignment.exist(asked)) return
    const { meetAbsent } = await import('../directory/absent-topics.ts')
    await meetAbsent(os, directory, asked, { create: settings.allowAutoCreateTopics, untilEnd })
  }

  explained(error: unknown): unknown {
    return explained(this.#parts.os, this.#parts.directory.path, error)
  }

  endWaits(): void {
    this.#parts.directory.waits.end()
  }

  async close(): Promise<void> {}
}
