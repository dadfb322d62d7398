/** Loads the producer state of a partition when it is needed, and keeps it up to the log's end. */
import type { LocalLog } from '../local-log.ts'
import type { LogSettings } from '../log-settings.ts'
import type { AbortedTxn } from '../segment/transaction-index.ts'
import { ProducerStateManager } from './producer-state-manager.ts'

/** With less than this behind the newest snapshot, state is loaded even for a producer that need not be checked. */
const CHEAP_BYTES = 256 * 1024

/**
 * Keeps a partition's producer state up with its log, loading it only when somebody asks.
 *
 * For a reader of a log that nobody closed (`uncleanFrom`) snapshots and `.txnindex` files from the recovery point on are
 * not trusted: they may never have reached the disk. What they would say follows from the batches, as recovery works it
 * out; nothing is written. So it is, from the log's start on, where a `.txnindex` holds what cannot be.
 */
export class ProducerStateKeeper {
  readonly #local: LocalLog
  readonly #settings: LogSettings
  #state: ProducerStateManager | undefined
  /** From this offset on what the batches say counts; undefined: not asked yet, -1: the files are trusted. */
  #untrustedFrom: number | undefined
  #derived: { readonly base: number; readonly aborted: Map<number, AbortedTxn[]> } | undefined

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
    this.#untrustedFrom ??= this.#settings.uncleanFrom?.() ?? -1
    if (this.#state === undefined) {
      const { topicPartition, config } = this.#settings
      const state = new ProducerStateManager(topicPartition, config.producerIdExpirationMs)
      const { fs, clock } = local.os
      const base = this.#trustedEnd()
      this.#derived = base === undefined ? undefined : { base, aborted: new Map() }
      state.loadSnapshot(fs, local.dir, local.snapshots, logStartOffset, base ?? end, clock.now())
      this.#state = state
    }
    const state = this.#state
    const derived = this.#derived
    if (state.endOffset < end) {
      local.walk(state.endOffset, ({ buffer, at }, { baseOffset }) => {
        const txn = state.update(buffer, at)
        if (txn === undefined || derived === undefined) return undefined
        const known = derived.aborted.get(baseOffset)
        if (known === undefined) derived.aborted.set(baseOffset, [txn])
        else known.push(txn)
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

  /** Aborted transactions whose marker lies in a segment, by its batches; undefined where its index tells them. */
  abortedIn(baseOffset: number): readonly AbortedTxn[] | undefined {
    if (this.#derived === undefined || baseOffset < this.#derived.base) return undefined
    return this.#derived.aborted.get(baseOffset) ?? []
  }

  /** An index holds what cannot be: from here on the batches tell, all of them. */
  distrust(logStartOffset: number): void {
    this.#untrustedFrom = 0
    this.#state = undefined
    this.get(logStartOffset)
  }

  forget(): void {
    this.#state = undefined
  }

  /** Where what is not trusted begins: with a whole segment, as recovery does. undefined: nowhere. */
  #trustedEnd(): number | undefined {
    const from = this.#untrustedFrom ?? -1
    if (from < 0) return undefined
    const { segments, tail } = this.#local
    const first = Math.max(this.#local.floor(Math.min(from, tail.nextOffset)), 0)
    return segments[first]?.baseOffset ?? 0
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
