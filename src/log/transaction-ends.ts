/**
 * How the transactions of stored batches ended, by the markers behind them: the first control batch of a producer behind its data says
 * it, whatever a `.txnindex` holds or lacks. Headers are walked once, from where a reader is to where the last transaction of what
 * it reads has ended. Only reads.
 */
import { readInt64 } from '../bytes/int64.ts'
import * as header from '../record/batch-header.ts'
import type { FetchedData } from '../record/fetched-data.ts'
import { RecordBatch } from '../record/record-batch.ts'
import type { LocalLog } from './local-log.ts'
import { readEndMarker } from './producers/end-marker.ts'

/** The end of a transaction whose data was seen from `firstOffset` on. */
interface TransactionEnd {
  readonly producerId: number
  readonly firstOffset: number
  /** Of the marker. */
  readonly lastOffset: number
  readonly isAborted: boolean
}

type FetchedBatches = Pick<FetchedData, 'buffer' | 'start' | 'end' | 'nextOffset'>

export interface EndsBetween {
  readonly aborted: readonly TransactionEnd[]
  /** Producers with data there and no marker behind it, as far as the log can be read. */
  readonly unresolved: readonly number[]
}

export class TransactionEnds {
  readonly #local: LocalLog
  #ends: TransactionEnd[] = []
  /** First offset of data seen, of producers whose marker was not met yet. */
  readonly #open = new Map<number, number>()
  /** What was walked: [from, to). */
  #from = 0
  #to = 0

  constructor(local: LocalLog) {
    this.#local = local
  }

  /** Of batches that were fetched. Reading on costs one look at each header; going back begins anew. */
  of(fetched: FetchedBatches): EndsBetween {
    const from = header.baseOffsetAt(fetched.buffer, fetched.start)
    const to = fetched.nextOffset
    if (from < this.#from || from > this.#to) {
      this.#ends = []
      this.#open.clear()
      this.#to = from
    }
    this.#from = from
    this.#ends = this.#ends.filter((end) => end.lastOffset >= from)
    this.#read(fetched)
    this.#walk(to)
    const aborted = this.#ends.filter((end) => end.isAborted && end.firstOffset < to)
    const unresolved = [...this.#open].filter(([, firstOffset]) => firstOffset < to).map(([id]) => id)
    return { aborted, unresolved }
  }

  /** What is in memory need not be read from the file again. */
  #read({ buffer, start, end, nextOffset }: FetchedBatches): void {
    for (let at = start; at < end; at += header.sizeAt(buffer, at)) {
      if (header.baseOffsetAt(buffer, at) >= this.#to) this.#visit(buffer, at)
    }
    this.#to = Math.max(this.#to, nextOffset)
  }

  /** On behind it, until all that has data in front of `to` has ended. */
  #walk(to: number): void {
    const isDone = () => [...this.#open.values()].every((firstOffset) => firstOffset >= to)
    if (isDone()) return
    this.#local.walk(this.#to, ({ buffer, at, nextOffset }) => {
      this.#to = nextOffset
      this.#visit(buffer, at)
      return !isDone()
    })
  }

  #visit(buffer: Buffer, at: number): void {
    const attributes = header.attributesAt(buffer, at)
    const isTransactional = (attributes & header.TRANSACTIONAL_FLAG) !== 0
    if (!isTransactional || header.magicAt(buffer, at) !== header.CURRENT_MAGIC) return
    const isControl = (attributes & header.CONTROL_FLAG) !== 0
    const producerId = readInt64(buffer, at + header.PRODUCER_ID_POSITION)
    const firstOffset = this.#open.get(producerId)
    if (!isControl) {
      if (firstOffset === undefined) this.#open.set(producerId, header.baseOffsetAt(buffer, at))
      return
    }
    // Compaction may have emptied the batch; other control records end no transaction.
    const marker = firstOffset === undefined ? undefined : readEndMarker(new RecordBatch(buffer, at))
    if (firstOffset === undefined || marker === undefined) return
    this.#open.delete(producerId)
    const lastOffset = header.lastOffsetAt(buffer, at)
    this.#ends.push({ producerId, firstOffset, lastOffset, isAborted: marker.abort })
  }
}

/** Whether any batch in these bytes is data of a transaction. */
export function hasTransactionalData({ buffer, start, end }: FetchedBatches): boolean {
  for (let at = start; at < end; at += header.sizeAt(buffer, at)) {
    const flags = header.attributesAt(buffer, at) & (header.TRANSACTIONAL_FLAG | header.CONTROL_FLAG)
    if (flags === header.TRANSACTIONAL_FLAG) return true
  }
  return false
}
