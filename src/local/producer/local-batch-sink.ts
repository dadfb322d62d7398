/**
 * Whole batches into a directory's logs. The partition's lock is held from the look at its end to the append, so that a batch goes
 * exactly where it belongs; a crash leaves whole batches, which the next copy finds at the end.
 */
import {
  type BatchBytes,
  type BatchSink,
  OutOfPlaceError,
  type PartitionSink,
  type PartitionStart,
} from '../../client/batch-sink.ts'
import { PartialAppendError } from '../../log/log-append-info.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import { whenFree } from '../../os/lock-wait.ts'
import { RecordBatch } from '../../record/record-batch.ts'
import { forgetProducer } from '../../record/resettled-batch.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

/** Written bytes behind which the disk is set to work, so that little is left for a flush. */
const SYNC_BEHIND = 16 * 1024 * 1024

export class LocalBatchSink implements BatchSink {
  readonly keepsTimestampType = true
  readonly #directory: LocalDirectory
  readonly #partitions: LocalPartitionSink[] = []
  #entered: Promise<void> | undefined

  constructor(directory: LocalDirectory) {
    this.#directory = directory
  }

  async identity(): Promise<number> {
    return -1
  }

  async open({ topic, partition, end }: PartitionStart): Promise<PartitionSink> {
    this.#entered ??= this.#directory.enter()
    await this.#entered
    const sink = new LocalPartitionSink(await this.#directory.openForWriting(topic, partition), end)
    this.#partitions.push(sink)
    return sink
  }

  async flush(): Promise<void> {
    await Promise.all(this.#partitions.map((partition) => partition.flush()))
  }

  async close(): Promise<void> {
    try {
      if (this.#entered !== undefined) await this.#entered.then(() => this.#directory.leave())
    } finally {
      await this.#directory.close()
    }
  }
}

class LocalPartitionSink implements PartitionSink {
  stored: number
  readonly #log: UnifiedLog
  #memory = Buffer.alloc(0)
  #unsynced = 0
  #syncing: Promise<void> = Promise.resolve()
  #failure: unknown

  constructor(log: UnifiedLog, end: number) {
    this.#log = log
    this.stored = end
  }

  async append(batches: readonly BatchBytes[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const size = this.#gather(batches)
    const log = this.#log
    await whenFree(() => log.lock())
    try {
      log.refresh()
      const { logEndOffset } = log
      if (logEndOffset !== this.stored) {
        throw new OutOfPlaceError(
          `${log.topic}-${log.partition}: somebody else writes to it: it ends at offset ${logEndOffset}, and the copy at ${this.stored}`,
        )
      }
      this.stored = log.append(this.#memory, 0, size).lastOffset + 1
    } catch (error) {
      this.#failure = error
      if (error instanceof PartialAppendError && error.appended !== undefined)
        this.stored = error.appended.lastOffset + 1
      throw error
    } finally {
      log.unlock()
    }
    this.#unsynced += size
    if (this.#unsynced >= SYNC_BEHIND) void this.#sync()
  }

  async flush(): Promise<void> {
    await this.#syncing
    if (this.#unsynced > 0) await this.#sync()
    if (this.#failure !== undefined) throw this.#failure
  }

  #sync(): Promise<void> {
    this.#unsynced = 0
    this.#syncing = this.#syncing
      .then(() => this.#log.flushInBackground())
      .catch((error: unknown) => {
        this.#failure ??= error
      })
    return this.#syncing
  }

  /** The batches in memory of our own, as nobody's. Returns their size. */
  #gather(batches: readonly BatchBytes[]): number {
    const size = batches.reduce((sum, { start, end }) => sum + end - start, 0)
    if (size > this.#memory.length) this.#memory = Buffer.allocUnsafeSlow(size + (size >> 2))
    let at = 0
    for (const { buffer, start, end } of batches) {
      buffer.copy(this.#memory, at, start, end)
      forgetProducer(this.#memory, at)
      new RecordBatch(this.#memory, at, at + end - start).updateCrc()
      at += end - start
    }
    return size
  }
}
