/** Which batches of a chunk belong to aborted transactions. */
import { controlRecordTypeOf } from '../../record/control-record.ts'
import type { AbortedTransaction } from '../../record/fetched-data.ts'
import type { RecordBatch } from '../../record/record-batch.ts'

/** The batches of aborted transactions in one chunk, as a consumer tells them: by the broker's list and the markers. */
export class AbortedBatches {
  readonly #waiting: AbortedTransaction[]
  readonly #producerIds = new Set<number>()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Call with each batch in order. */
  hides(batch: RecordBatch): boolean {
    const lastOffset = batch.lastOffset
    while (this.#waiting.length > 0 && this.#waiting[0].firstOffset <= lastOffset) {
      const { producerId } = this.#waiting.shift() as AbortedTransaction
      this.#producerIds.add(producerId)
    }
    if (!batch.isTransactional || !this.#producerIds.has(batch.producerId)) return false
    if (!batch.isControl) return true
    if (isAbortMarker(batch)) this.#producerIds.delete(batch.producerId)
    return false
  }

  /** What counts for the batches behind those that were looked at. */
  rest(): AbortedTransaction[] {
    const active = [...this.#producerIds].map((producerId) => ({ producerId, firstOffset: -1 }))
    return [...active, ...this.#waiting]
  }
}

function isAbortMarker(batch: RecordBatch): boolean {
  let abort = false
  batch.walk(({ key }) => {
    abort = key !== null && controlRecordTypeOf(key) === 'ABORT'
    return false
  })
  return abort
}
