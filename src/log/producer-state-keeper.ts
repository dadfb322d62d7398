import type { LocalLog } from './local-log.ts'
import type { LogSettings } from './log-settings.ts'
import { ProducerStateManager } from './producer-state-manager.ts'

/** With less than this behind the newest snapshot, state is loaded even for a producer that need not be checked. */
const CHEAP_BYTES = 256 * 1024

/** Keeps a partition's producer state up with its log, loading it only when somebody asks. */
export class ProducerStateKeeper {
  readonly #local: LocalLog
  readonly #settings: LogSettings
  #state: ProducerStateManager | undefined

  constructor(local: LocalLog, settings: LogSettings) {
    this.#local = local
    this.#settings = settings
  }

  get isLoaded(): boolean {
    return this.#state !== undefined
  }

  /** The state at the log's end. */
  get(logStartOffset: number): ProducerStateManager {
    const local = this.#local
    const end = local.tail.nextOffset
    if (this.#state !== undefined && this.#state.endOffset > end) this.#state = undefined
    if (this.#state === undefined) {
      const { topicPartition, config } = this.#settings
      const state = new ProducerStateManager(topicPartition, config.producerIdExpirationMs)
      const { fs, clock } = local.os
      state.loadSnapshot(fs, local.dir, local.snapshots, logStartOffset, end, clock.now())
      this.#state = state
    }
    const state = this.#state
    if (state.endOffset < end) {
      local.walk(state.endOffset, ({ buffer, at }) => {
        state.update(buffer, at)
        return undefined
      })
      state.endOffset = end
    }
    return state
  }

  /**
   * The state when it is loaded and at the log's end, or can be at next to no cost. One that others have left behind is
   * dropped: keeping up with them would cost each of many producers a look at every header of all the others, and who
   * closes the log needs it once.
   */
  getIfCheap(logStartOffset: number): ProducerStateManager | undefined {
    if (this.#state?.endOffset !== this.#local.tail.nextOffset) {
      if (!this.#isCheap()) this.#state = undefined
      else return this.get(logStartOffset)
    }
    return this.#state
  }

  forget(): void {
    this.#state = undefined
  }

  #isCheap(): boolean {
    const { segments, snapshots, tail } = this.#local
    if (segments.length === 0) return true
    const newest = snapshots.findLast((offset) => offset <= tail.nextOffset)
    if (newest === tail.nextOffset) return true
    const base = segments[segments.length - 1].baseOffset
    return tail.end <= CHEAP_BYTES && (segments.length === 1 || (newest ?? -1) >= base)
  }
}
