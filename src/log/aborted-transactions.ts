/**
 * The aborted transactions that a read_committed reader passes over, by the markers behind their data. Where damage took a marker
 * away, the segments' .txnindex files tell, or what the batches say where an index cannot be read, holds what cannot be, or nobody
 * closed the log. An index alone is believed by nobody: a missing one reads as one without entries. Only reads.
 */
import type { AbortedTransaction, FetchedData } from '../record/fetched-data.ts'
import type { LocalLog } from './local-log.ts'
import type { ProducerStateKeeper } from './producers/producer-state-keeper.ts'
import { type AbortedTxn, ENTRY_SIZE } from './segment/transaction-index.ts'
import { hasTransactionalData, TransactionEnds } from './transaction-ends.ts'

export class AbortedTransactions {
  readonly #local: LocalLog
  readonly #producers: ProducerStateKeeper
  readonly #ends: TransactionEnds
  /** What each index held when it had this size. */
  readonly #known = new Map<string, { size: number; entries: AbortedTxn[] }>()

  constructor(local: LocalLog, producers: ProducerStateKeeper) {
    this.#local = local
    this.#producers = producers
    this.#ends = new TransactionEnds(local)
  }

  /** Those that reach into the batches that were fetched from `from` on, which begin in segment `i`. */
  of(fetched: FetchedData, i: number, from: number): readonly AbortedTransaction[] {
    if (!hasTransactionalData(fetched)) return []
    const { aborted, unresolved } = this.#ends.of(fetched)
    if (unresolved.length === 0) return [...aborted].sort(byFirstOffset)
    const known = this.#between(i, from, fetched.nextOffset)
    return [...aborted, ...known.filter(({ producerId }) => unresolved.includes(producerId))].sort(
      byFirstOffset,
    )
  }

  /** Those that the indexes tell of in [from, to), beginning at segment `i`. */
  #between(i: number, from: number, to: number): AbortedTransaction[] {
    const found: AbortedTransaction[] = []
    for (let n = i; n < this.#local.segments.length; n++) {
      for (const txn of this.#abortedOf(n)) {
        if (txn.lastOffset >= from && txn.firstOffset < to) found.push(txn)
        if (txn.lastStableOffset >= to) return found.sort(byFirstOffset)
      }
    }
    return found.sort(byFirstOffset)
  }

  #abortedOf(n: number): readonly AbortedTxn[] {
    const segment = this.#local.segments[n]
    const derived = this.#producers.abortedIn(segment.baseOffset)
    if (derived !== undefined) return derived
    const { path } = segment.transactionIndex
    const size = this.#local.os.fs.stat(path)?.size ?? 0
    if (size === 0) return []
    const known = this.#known.get(path)
    if (known?.size === size) return known.entries
    const entries = size % ENTRY_SIZE === 0 ? this.#indexed(n) : undefined
    if (entries === undefined) {
      this.#producers.distrust(this.#local.segments[0].baseOffset)
      return this.#producers.abortedIn(segment.baseOffset) ?? []
    }
    this.#known.set(path, { size, entries })
    return entries
  }

  /** undefined where the index cannot be read, or holds what cannot be: the batches tell, too. */
  #indexed(n: number): AbortedTxn[] | undefined {
    const { segments } = this.#local
    const { baseOffset, transactionIndex } = segments[n]
    // The entry of a marker is there before the marker.
    const end = segments[n + 1]?.baseOffset ?? Number.POSITIVE_INFINITY
    let entries: AbortedTxn[]
    try {
      entries = transactionIndex.entries()
    } catch {
      return undefined
    }
    const fits = ({ firstOffset, lastOffset }: AbortedTxn) =>
      firstOffset <= lastOffset && lastOffset >= baseOffset && lastOffset < end
    return entries.every(fits) ? entries : undefined
  }
}

function byFirstOffset(a: AbortedTransaction, b: AbortedTransaction): number {
  return a.firstOffset - b.firstOffset
}
