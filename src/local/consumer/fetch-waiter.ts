/** Waits for new records: watches files and looks again at intervals. */
import type { PartitionFetcher } from '../../client/consumer/partition-fetcher.ts'
import { WakeUp } from '../../client/consumer/wake-up.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import { errorCode } from '../../os/error-code.ts'
import type { Os } from '../../os/os.ts'

export type LocalFetcher = PartitionFetcher<UnifiedLog>

/** Above this many partitions one watch of the data directory stands for all (writers touch WAKE_FILE), beside the poll. */
const MAX_WATCHES = 1000
/** Between two looks at everything where not all of it is watched: network disks report nothing. */
export const POLL_MS = 250
/** Where all of it is: a watch may miss something when very much happens. */
const WATCHED_POLL_MS = 1000

/**
 * Waiting for data without a busy loop: woken by changes of the partitions' folders, and of the data directory (new
 * partition folders), and in any case every `pollMs`. Watches are made when there is something to wait for.
 */
export class LocalFetchWaiter extends WakeUp {
  readonly #os: Os
  readonly #dir: string
  /** All log.dirs of the node: a new partition's folder may come in each. */
  readonly #dirs: readonly string[]
  readonly #onDirectoryChange: () => void
  readonly #watches = new Map<LocalFetcher, { close(): void }>()
  #dirWatches: readonly { close(): void }[] | undefined
  #watchesLeft = true
  #allWatched = false
  #network: boolean | undefined

  /** `onDirectoryChange`: names came, went or changed in the data directory itself. */
  constructor(os: Os, dir: string, onDirectoryChange: () => void, others: readonly string[] = []) {
    super()
    this.#os = os
    this.#dir = dir
    this.#dirs = [dir, ...others]
    this.#onDirectoryChange = () => {
      onDirectoryChange()
      this.wake()
    }
  }

  /** Makes sure that changes of these partitions wake us. True when a watch is new: look once more before `wait`. */
  watch(fetchers: readonly LocalFetcher[]): boolean {
    let fresh = false
    if (this.#dirWatches === undefined) {
      const watchOne = (dir: string) =>
        this.#try(() => this.#os.fs.watch(dir, () => this.#onDirectoryChange()))
      const watches = this.#dirs.map(watchOne).filter((one) => one !== undefined)
      if (watches.length === this.#dirs.length) this.#dirWatches = watches
      else for (const watch of watches) watch.close()
      fresh = this.#dirWatches !== undefined
    }
    this.#allWatched = false
    if (fetchers.length > MAX_WATCHES) return fresh
    for (const fetcher of fetchers) {
      if (!this.#watchesLeft || this.#watches.has(fetcher) || fetcher.ended !== undefined) continue
      // A folder comes with the first write, and the data directory's watch tells of it.
      if (this.#os.fs.stat(fetcher.log.dir) === undefined) continue
      const watch = this.#try(() =>
        fetcher.log.onChange(() => {
          fetcher.idle = false
          this.wake()
        }),
      )
      if (watch === undefined) continue
      this.#watches.set(fetcher, watch)
      fetcher.idle = false
      fresh = true
    }
    this.#allWatched = this.#dirWatches !== undefined && this.#watchesLeft
    return fresh
  }

  /** How long nobody need look while no watch reports anything. */
  get pollMs(): number {
    if (!this.#allWatched) return POLL_MS
    this.#network ??= this.#os.fs.networkType?.(this.#dir) !== undefined
    return this.#network ? POLL_MS : WATCHED_POLL_MS
  }

  forget(fetcher: LocalFetcher): void {
    this.#watches.get(fetcher)?.close()
    this.#watches.delete(fetcher)
  }

  close(): void {
    for (const watch of this.#watches.values()) watch.close()
    this.#watches.clear()
    for (const watch of this.#dirWatches ?? []) watch.close()
    this.#dirWatches = undefined
  }

  /** No watch to be had (none left, no folder yet): the poll goes on. */
  #try(open: () => { close(): void }): { close(): void } | undefined {
    try {
      return open()
    } catch (error) {
      const code = errorCode(error)
      if (code === 'ENOSPC' || code === 'EMFILE' || code === 'ENFILE') this.#watchesLeft = false
      return undefined
    }
  }
}
