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
  /** By first offset, growing. */
  readonly #coming: readonly AbortedTxn[]
  #next = 0
  readonly #onMarkerKept: (aborted: AbortedTxn) => void

  /** `aborted` are those whose marker lies at or behind the first offset that is walked over. */
  constructor(aborted: readonly AbortedTxn[], onMarkerKept: (aborted: AbortedTxn) => void = () => {}) {
    this.#coming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
    this.#onMarkerKept = onMarkerKept
  }

  /** A batch of records; true when it belongs to an aborted transaction. */
  onBatchRead(batch: RecordBatch): boolean {
    this.#consumeUpTo(batch.lastOffset)
    if (!batch.isTransactional) return false
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
    this.#consumeUpTo(batch.lastOffset)
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

  #consumeUpTo(offset: number): void {
    while (this.#next < this.#coming.length && this.#coming[this.#next].firstOffset <= offset) {
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
