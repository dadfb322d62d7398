/** Reads one partition for a consumer: from its position to its end, past aborted transactions and damage. */
import { CorruptRecordError } from '../../errors.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { FetchedData } from '../../record/fetched-data.ts'
import { RecordBatch } from '../../record/record-batch.ts'
import type { RecordVisitor } from '../../record/record-view.ts'
import type { RunTaker } from '../../record/record-walk.ts'
import type { ConsumerVisitor, CorruptBatch, WholeBatchTaker } from '../consumer.ts'
import type { IsolationLevel } from '../types.ts'
import { AbortedBatches } from './aborted-batches.ts'
import type { PartitionLog } from './partition-log.ts'

export interface FetcherOptions {
  readonly isolation: IsolationLevel
  /** How much to fetch at once. */
  readonly maxBytes: () => number
  readonly skipCorrupt: boolean
  /** Told once of each corrupt batch. */
  readonly onCorrupt: (corrupt: CorruptBatch) => void
}

/** Less than this is left for the partition's next turn. */
const SMALLEST_PIECE = 64 * 1024

/** Why a partition hands out nothing any more. */
export type FetchEnd = 'read' | 'corrupt'

/**
 * Reading one partition: where we are, and from stored batches to the visitor. Control batches and aborted
 * transactions are left out, offsets that compaction took away are passed over.
 */
export class PartitionFetcher<L extends PartitionLog = PartitionLog> implements TopicPartition {
  readonly topic: string
  readonly partition: number
  readonly topicId: string
  /** Another one when its folder came to be elsewhere. */
  log: L
  /** Next offset to fetch; NaN until it is known where to start. */
  position = Number.NaN
  /** Read no further than here. */
  endOffset: number | undefined
  ended: FetchEnd | undefined
  /** True after a fetch that found nothing, until something may have changed. */
  idle = false
  /** Leader epoch of the last batch handed out; -1 before. */
  leaderEpoch = -1
  /** Bytes that are left of its turn among the partitions, where a visit was cut short. */
  turnLeft = 0

  readonly #options: FetcherOptions
  readonly #record: RecordVisitor
  readonly #takeRun: RunTaker
  #visitor: ConsumerVisitor | undefined
  #batch: RecordBatch | undefined
  #announced = false
  #handedOut = 0

  constructor(topic: string, partition: number, topicId: string, log: L, options: FetcherOptions) {
    this.topic = topic
    this.partition = partition
    this.topicId = topicId
    this.log = log
    this.#options = options
    this.#record = (record) => {
      const { offset } = record
      if (offset < this.position) return true
      const visitor = this.#visitor as ConsumerVisitor
      if (!this.#announced) this.#announce(visitor, record.buffer)
      this.position = offset + 1
      this.#handedOut++
      return visitor.record(record)
    }
    this.#takeRun = (run) => {
      const visitor = this.#visitor as ConsumerVisitor
      if (!this.#announced) this.#announce(visitor, run.buffer)
      run.position = this.position
      run.taken = 0
      try {
        return visitor.records?.(run) ?? true
      } finally {
        this.position = run.position
        this.#handedOut += run.taken
      }
    }
  }

  /** End of what may be read under the isolation level. */
  get readableEnd(): number {
    return this.#options.isolation === 'read_committed' ? this.log.lastStableOffset : this.log.logEndOffset
  }

  /** Remembers the end as it is now: reading stops there. */
  stopAtPresentEnd(): void {
    this.endOffset = this.readableEnd
    // A position beyond the log is out of range, which the fetch says: it is no end that was reached.
    if (this.position <= this.log.logEndOffset) this.#checkEnd()
  }

  /**
   * Hands the next chunk to the visitor. Returns how many records it got; 0 means idle, ended, or a chunk without a
   * record to show (then `idle` is false: call again).
   * @throws KafkaError OFFSET_OUT_OF_RANGE, and whatever the visitor throws
   */
  visit(visitor: ConsumerVisitor): number {
    if (this.ended !== undefined) return 0
    // At the end of the log, read looks at the disk by itself.
    if (this.position < this.log.logEndOffset) this.log.refresh()
    const before = this.position
    const maxBytes = this.turnLeft > 0 ? this.turnLeft : this.#options.maxBytes()
    this.turnLeft = 0
    this.#visitor = visitor
    this.#handedOut = 0
    // A visitor's own memory is small, so that what was read is still in the processor's cache when it is printed.
    for (let size = 0; ; ) {
      let data: FetchedData | undefined
      try {
        data = this.log.read(this.position, maxBytes - size, {
          isolation: this.#options.isolation,
          into: visitor.chunk,
        })
      } catch (error) {
        // What is wrong behind records that were handed out is told next time.
        if (this.#handedOut > 0) break
        if (!(error instanceof CorruptRecordError)) throw error
        this.#corrupt(error, () => this.log.skipCorrupt(this.position))
        return 0
      }
      if (data === undefined) break
      const goOn = this.#walk(data)
      this.#checkEnd()
      size += data.end - data.start
      if (!goOn || this.#handedOut === 0 || this.ended !== undefined) break
      if (visitor.chunk === undefined || maxBytes - size < SMALLEST_PIECE) break
      if (this.position >= this.log.logEndOffset) break
      // What takes many records at once is being loaded.
      if (visitor.records === undefined) {
        this.turnLeft = maxBytes - size
        break
      }
    }
    this.idle = this.#handedOut === 0 && this.position === before
    return this.#handedOut
  }

  /** Returns false when the visitor stopped it, and where there is nothing more to read. */
  #walk(data: FetchedData): boolean {
    const hidden = data.aborted.length === 0 ? undefined : new AbortedBatches(data.aborted)
    for (let at = data.start; at < data.end; ) {
      const batch = new RecordBatch(data.buffer, at, data.end)
      at = batch.end
      const nextOffset = batch.nextOffset
      if (nextOffset <= this.position) continue
      if (this.endOffset !== undefined && batch.baseOffset >= this.endOffset) {
        this.position = Math.max(this.position, this.endOffset)
        return false
      }
      const isHidden = hidden?.hides(batch) === true
      const whole = this.#visitor?.whole
      if (whole !== undefined) this.#handWhole(whole, batch, isHidden)
      else if (!isHidden && !batch.isControl && !this.#walkBatch(batch, data)) return false
      // Also when the last records of the batch are gone by compaction.
      this.position = nextOffset
    }
    if (data.nextOffset > this.position) this.position = data.nextOffset
    return true
  }

  #handWhole(whole: WholeBatchTaker, batch: RecordBatch, isHidden: boolean): void {
    if (isHidden) whole.aborted(batch, this)
    else if (!batch.isControl && batch.count > 0) {
      this.#handedOut += batch.count
      this.leaderEpoch = batch.partitionLeaderEpoch
      whole.batch(batch, this.position, this)
    }
  }

  /** Returns false when the visitor stopped it, or the batch is damaged. */
  #walkBatch(batch: RecordBatch, data: FetchedData): boolean {
    const takeRun = this.#visitor?.records === undefined ? undefined : this.#takeRun
    this.#batch = batch
    this.#announced = false
    try {
      // The log has checked the CRC.
      if (batch.walk(this.#record, takeRun)) {
        this.leaderEpoch = batch.partitionLeaderEpoch
        return true
      }
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error
      this.#corrupt(error.inFile(data.file, data.position - data.start), () => batch.nextOffset)
      return false
    }
    // Kafka's tool goes back to what it did not print, and a position that was sought has no epoch.
    if (this.#handedOut > 0)
      this.leaderEpoch = this.position >= data.nextOffset ? batch.partitionLeaderEpoch : -1
    return false
  }

  #announce(visitor: ConsumerVisitor, buffer: Buffer): void {
    const batch = this.#batch as RecordBatch
    const stored = buffer === batch.buffer
    visitor.batch({
      topic: this.topic,
      partition: this.partition,
      timestampType: batch.timestampType,
      leaderEpoch: batch.partitionLeaderEpoch,
      buffer,
      start: stored ? batch.position : 0,
      end: stored ? batch.end : buffer.length,
    })
    this.#announced = true
  }

  #corrupt(error: CorruptRecordError, next: () => number): void {
    this.#options.onCorrupt({ partition: this, offset: this.position, error })
    if (this.#options.skipCorrupt) {
      // Forward whatever the damaged header says, else we would come here for ever.
      this.position = Math.max(next(), this.position + 1)
      this.#checkEnd()
    } else this.ended = 'corrupt'
  }

  #checkEnd(): void {
    if (this.endOffset !== undefined && this.position >= this.endOffset) this.ended ??= 'read'
  }
}
