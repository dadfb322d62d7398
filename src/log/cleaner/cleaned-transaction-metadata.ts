/**
 * What compaction knows of transactions while it walks over a log: which batches belong to aborted ones (they go), and
 * which markers still have batches of their transaction before them (they stay until those are gone).
 */
import type { RecordBatch } from '../../record/record-batch.ts'
import type { AbortedTxn } from '../segment/transaction-index.ts'

interface OngoingAborted {
  readonly aborted: AbortedTxn
  sawBatches: boolean
}

const ABORT = 0
const COMMIT = 1

export class CleanedTransactionMetadata {
  readonly #committed = new Set<number>()
  readonly #aborted = new Map<number, OngoingAborted>()
  readonly #abortedFrom: (offset: number) => readonly AbortedTxn[]
  /** By first offset, growing; asked for at the first batch of a transaction, as most logs have none. */
  #coming: readonly AbortedTxn[] | undefined
  #next = 0
  readonly #onMarkerKept: (aborted: AbortedTxn) => void

  /** `abortedFrom` gives those with data or marker at or behind an offset, the first one of a transaction's batch. */
  constructor(
    abortedFrom: (offset: number) => readonly AbortedTxn[],
    onMarkerKept: (aborted: AbortedTxn) => void = () => {},
  ) {
    this.#abortedFrom = abortedFrom
    this.#onMarkerKept = onMarkerKept
  }

  /** A batch of records; true when it belongs to an aborted transaction. */
  onBatchRead(batch: RecordBatch): boolean {
    if (!batch.isTransactional) return false
    this.#consumeUpTo(batch)
    const aborted = this.#aborted.get(batch.producerId)
    if (aborted !== undefined) {
      aborted.sawBatches = true
      return true
    }
    this.#committed.add(batch.producerId)
    return false
  }

  /** A control batch; true when nothing needs it any more. */
  onControlBatchRead(batch: RecordBatch): boolean {
    this.#consumeUpTo(batch)
    const type = controlTypeOf(batch)
    // Emptied by an earlier cleaning.
    if (type === undefined) return true
    const { producerId } = batch
    if (type === COMMIT) return !this.#committed.delete(producerId)
    if (type !== ABORT) return false
    const aborted = this.#aborted.get(producerId)
    this.#aborted.delete(producerId)
    if (aborted?.sawBatches !== true) return true
    this.#onMarkerKept(aborted.aborted)
    return false
  }

  #consumeUpTo({ baseOffset, lastOffset }: RecordBatch): void {
    this.#coming ??= [...this.#abortedFrom(baseOffset)].sort((a, b) => a.firstOffset - b.firstOffset)
    while (this.#next < this.#coming.length && this.#coming[this.#next].firstOffset <= lastOffset) {
      const aborted = this.#coming[this.#next++]
      if (!this.#aborted.has(aborted.producerId)) {
        this.#aborted.set(aborted.producerId, { aborted, sawBatches: false })
      }
    }
  }
}

/** Of the batch's first record; undefined without records, -1 for a key that tells none. */
function controlTypeOf(batch: RecordBatch): number | undefined {
  let type: number | undefined
  batch.walk(({ buffer, keyStart, keyEnd }) => {
    type = keyEnd - keyStart >= 4 ? buffer.readInt16BE(keyStart + 2) : -1
    return false
  })
  return type
}
