/**
 * What a partition knows of its producers: last batches of each (for duplicates and gaps), open transactions (for the
 * last stable offset). All of it follows from the log: the newest snapshot plus the batch headers behind it.
 */
import { type Int64, readInt64 } from '../../bytes/int64.ts'
import { KafkaError } from '../../errors.ts'
import type { FileSystem } from '../../os/file-system.ts'
import * as header from '../../record/batch-header.ts'
import { incrementSequence } from '../../record/record.ts'
import { RecordBatch } from '../../record/record-batch.ts'
import type { AbortedTxn } from '../segment/transaction-index.ts'
import { readEndMarker } from './end-marker.ts'
import type { ProducerStateEntry } from './producer-snapshot.ts'
import { readSnapshot, writeSnapshot } from './producer-snapshot.ts'

/** As many batches of a producer are remembered as a client may have in flight. */
const BATCHES_TO_RETAIN = 5

export interface SequenceCheck {
  /** Set when every batch was appended before: the offsets they got then. */
  readonly duplicate?: {
    readonly firstOffset: number
    readonly lastOffset: number
    readonly timestamp: Int64
  }
}

export class ProducerStateManager {
  readonly producers = new Map<number, ProducerStateEntry>()
  readonly #topicPartition: string
  readonly #expirationMs: number
  /** The state is that behind the batch before this offset. */
  endOffset = 0

  constructor(topicPartition: string, expirationMs: number) {
    this.#topicPartition = topicPartition
    this.#expirationMs = expirationMs
  }

  /**
   * Starts from the newest good snapshot among `snapshots` at or below `endOffset`; the caller then applies the batches
   * from `this.endOffset` on. Damaged ones are passed over (a rebuild reads more of the log, never all snapshots
   * again: KAFKA-5829).
   */
  loadSnapshot(
    fs: FileSystem,
    dir: string,
    snapshots: readonly number[],
    logStartOffset: number,
    endOffset: number,
    now: number,
  ): void {
    this.producers.clear()
    this.endOffset = logStartOffset
    for (let i = snapshots.length - 1; i >= 0; i--) {
      const offset = snapshots[i]
      if (offset > endOffset || offset < logStartOffset) continue
      const entries = readSnapshot(fs, dir, offset)
      if (entries === undefined) continue
      for (const entry of entries)
        if (!this.#isExpired(entry, now)) this.producers.set(entry.producerId, entry)
      this.endOffset = offset
      return
    }
  }

  /** First offset of the oldest open transaction, undefined when none is open. */
  get firstUnstableOffset(): number | undefined {
    let first: number | undefined
    for (const { currentTxnFirstOffset: offset } of this.producers.values()) {
      if (offset >= 0 && (first === undefined || offset < first)) first = offset
    }
    return first
  }

  /** Open transactions as [producerId, first offset]. */
  openTransactions(): [number, number][] {
    const open: [number, number][] = []
    for (const entry of this.producers.values()) {
      if (entry.currentTxnFirstOffset >= 0) open.push([entry.producerId, entry.currentTxnFirstOffset])
    }
    return open
  }

  /** Drops producers that were silent for too long and have no open transaction. */
  expire(now: number): void {
    for (const [id, entry] of this.producers) if (this.#isExpired(entry, now)) this.producers.delete(id)
  }

  /**
   * Checks epochs and sequences of the batches of buffer[start, end) in their order. Throws KafkaError
   * (INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER) and changes nothing. A producer that is not known may begin
   * with any sequence (its records may have been deleted).
   */
  check(buffer: Buffer, start: number, end: number, nextOffset: number): SequenceCheck {
    const seen = new Map<number, { epoch: number; lastSequence: number }>()
    let duplicates = 0
    let batches = 0
    let first: ReturnType<typeof this.findDuplicate>
    let last: ReturnType<typeof this.findDuplicate>
    let offset = nextOffset
    for (let at = start; at < end; at += header.sizeAt(buffer, at)) {
      batches++
      const batch = new RecordBatch(buffer, at, end)
      const firstOffset = offset
      offset += batch.lastOffsetDelta + 1
      const producerId = batch.producerId
      if (producerId < 0) continue
      const entry = this.producers.get(producerId)
      const current = seen.get(producerId) ?? {
        epoch: entry?.epoch ?? -1,
        lastSequence: entry?.batches[entry.batches.length - 1]?.lastSequence ?? -1,
      }
      this.#checkEpoch(batch, current.epoch, firstOffset)
      if (batch.isControl) {
        seen.set(producerId, {
          epoch: batch.producerEpoch,
          lastSequence: batch.producerEpoch > current.epoch ? -1 : current.lastSequence,
        })
        continue
      }
      const duplicate = entry === undefined ? undefined : this.findDuplicate(batch, entry)
      if (duplicate !== undefined) {
        duplicates++
        first ??= duplicate
        last = duplicate
        continue
      }
      this.#checkSequence(batch, current, firstOffset)
      seen.set(producerId, { epoch: batch.producerEpoch, lastSequence: batch.lastSequence })
    }
    if (duplicates === 0 || first === undefined || last === undefined) return {}
    if (duplicates < batches) {
      throw new KafkaError(
        'DUPLICATE_SEQUENCE_NUMBER',
        `Some batches for partition ${this.#topicPartition} were appended before, others were not`,
      )
    }
    return {
      duplicate: {
        firstOffset: first.lastOffset - first.offsetDelta,
        lastOffset: last.lastOffset,
        timestamp: last.timestamp,
      },
    }
  }

  findDuplicate(batch: RecordBatch, entry: ProducerStateEntry) {
    if (batch.producerEpoch !== entry.epoch || batch.baseSequence < 0) return undefined
    const lastSequence = batch.lastSequence
    const delta = batch.lastOffsetDelta
    return entry.batches.find(
      (old) =>
        old.lastSequence === lastSequence &&
        old.offsetDelta === delta &&
        incrementSequence(batch.baseSequence, delta) === old.lastSequence,
    )
  }

  /**
   * Takes in a batch that stands in the log. Returns the aborted transaction that it ended, if it is an ABORT marker
   * (with the last stable offset behind it). The whole of a control batch must be in `buffer`, of others the header.
   */
  update(buffer: Buffer, at: number): AbortedTxn | undefined {
    const baseOffset = header.baseOffsetAt(buffer, at)
    const lastOffset = header.lastOffsetAt(buffer, at)
    this.endOffset = lastOffset + 1
    const producerId = readInt64(buffer, at + header.PRODUCER_ID_POSITION)
    if (producerId < 0) return undefined
    const batch = new RecordBatch(buffer, at)
    if (batch.isControl) return this.#endTransaction(batch, baseOffset)
    const entry = this.#entry(producerId)
    if (batch.producerEpoch > entry.epoch) entry.batches = []
    if (batch.producerEpoch >= entry.epoch) entry.epoch = batch.producerEpoch
    if (entry.batches.length === BATCHES_TO_RETAIN) entry.batches.shift()
    entry.batches.push({
      lastSequence: batch.lastSequence,
      lastOffset,
      offsetDelta: lastOffset - baseOffset,
      timestamp: batch.exactMaxTimestamp,
    })
    entry.lastTimestamp = batch.exactMaxTimestamp
    if (batch.isTransactional && entry.currentTxnFirstOffset < 0) entry.currentTxnFirstOffset = baseOffset
    return undefined
  }

  writeSnapshot(fs: FileSystem, dir: string): void {
    writeSnapshot(fs, dir, this.endOffset, this.producers)
  }

  #endTransaction(batch: RecordBatch, offset: number): AbortedTxn | undefined {
    const marker = readEndMarker(batch)
    // Compaction may have emptied the batch; other control records end no transaction.
    if (marker === undefined) return undefined
    const entry = this.#entry(batch.producerId)
    const firstOffset = entry.currentTxnFirstOffset
    if (batch.producerEpoch > entry.epoch) {
      entry.batches = []
      entry.epoch = batch.producerEpoch
    }
    entry.coordinatorEpoch = marker.coordinatorEpoch
    entry.lastTimestamp = marker.timestamp
    entry.currentTxnFirstOffset = -1
    if (firstOffset < 0 || !marker.abort) return undefined
    return {
      producerId: batch.producerId,
      firstOffset,
      lastOffset: offset,
      lastStableOffset: this.firstUnstableOffset ?? offset + 1,
    }
  }

  #entry(producerId: number): ProducerStateEntry {
    let entry = this.producers.get(producerId)
    if (entry === undefined) {
      entry = {
        producerId,
        epoch: -1,
        coordinatorEpoch: -1,
        lastTimestamp: -1,
        currentTxnFirstOffset: -1,
        batches: [],
      }
      this.producers.set(producerId, entry)
    }
    return entry
  }

  #isExpired(entry: ProducerStateEntry, now: number): boolean {
    return entry.currentTxnFirstOffset < 0 && now - Number(entry.lastTimestamp) >= this.#expirationMs
  }

  #checkEpoch(batch: RecordBatch, current: number, offset: number): void {
    if (batch.producerEpoch >= current) return
    throw new KafkaError(
      'INVALID_PRODUCER_EPOCH',
      `Epoch of producer ${batch.producerId} at offset ${offset} in ${this.#topicPartition} is ` +
        `${batch.producerEpoch}, which is smaller than the last seen epoch ${current}`,
    )
  }

  #checkSequence(batch: RecordBatch, current: { epoch: number; lastSequence: number }, offset: number): void {
    const sequence = batch.baseSequence
    if (current.epoch < 0) return
    const where = `for producer ${batch.producerId} at offset ${offset} in partition ${this.#topicPartition}`
    if (batch.producerEpoch !== current.epoch) {
      if (sequence === 0) return
      throw new KafkaError(
        'OUT_OF_ORDER_SEQUENCE_NUMBER',
        `Invalid sequence number for new epoch ${where}: ${batch.producerEpoch} (request epoch), ${sequence} ` +
          `(seq. number), ${current.epoch} (current producer epoch)`,
      )
    }
    if (sequence === incrementSequence(current.lastSequence, 1)) return
    throw new KafkaError(
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
      `Out of order sequence number ${where}: ${sequence} (incoming seq. number), ${current.lastSequence} ` +
        '(current end sequence number)',
    )
  }
}
