/**
 * Logs to write to, asked of the directory again only now and then: many short transactions follow each other. Good for one session:
 * whoever leaves the directory has them closed.
 */
import type { UnifiedLog } from '../../log/unified-log.ts'
import { topicPartitionKey } from '../../names/topic-partition.ts'
import { whenFree } from '../../os/lock-wait.ts'
import type { Os } from '../../os/os.ts'
import type { TransactionDirectory } from './transaction-directory.ts'

/** The metadata may have changed (a topic deleted, settings altered): looked at again after so long. */
const LOOK_AGAIN_MS = 200

export class RecentLogs {
  readonly #os: Os
  readonly #directory: TransactionDirectory
  readonly #known = new Map<string, { readonly log: UnifiedLog; readonly lookedAt: number }>()

  constructor(os: Os, directory: TransactionDirectory) {
    this.#os = os
    this.#directory = directory
  }

  /** @throws LockBusyError, and KafkaError UNKNOWN_TOPIC_OR_PARTITION */
  forWriting(topic: string, partition: number): UnifiedLog {
    const key = topicPartitionKey(topic, partition)
    const now = this.#os.clock.monotonic()
    const known = this.#known.get(key)
    if (known !== undefined && now - known.lookedAt < LOOK_AGAIN_MS) return known.log
    const log = this.#directory.logForWriting(topic, partition)
    this.#known.set(key, { log, lookedAt: now })
    return log
  }

  open(topic: string, partition: number): Promise<UnifiedLog> {
    return whenFree(() => this.forWriting(topic, partition))
  }
}
