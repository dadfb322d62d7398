/** The batches of one partition that are not acknowledged: in order, each sent again as it was, none behind a hole. */
import { crc32c } from '../../bytes/crc32c.ts'
import { writeInt16, writeInt32 } from '../../bytes/int32.ts'
import { writeInt64 } from '../../bytes/int64.ts'
import type { PendingSend } from '../../client/record-accumulator.ts'
import {
  ATTRIBUTES_POSITION,
  BASE_SEQUENCE_POSITION,
  CRC_POSITION,
  countAt,
  PRODUCER_EPOCH_POSITION,
  PRODUCER_ID_POSITION,
} from '../../record/batch-header.ts'
import { incrementSequence } from '../../record/record.ts'
import { RecordBatch } from '../../record/record-batch.ts'

/** A broker knows its last five batches of a producer again. */
const REMEMBERED = 5
const LAST_EPOCH = 32767

export interface BatchOrigin {
  readonly partition: PartitionBatches
  /** Counted over all partitions of the producer, in the order in which batches were ended. */
  readonly order: number
  readonly createdAt: number
}

export class ProducerBatch {
  readonly origin: BatchOrigin
  readonly bytes: Buffer
  readonly count: number
  /** Of its first record, counted from the first one that went to this partition. */
  readonly firstIndex: number
  /** Of its records, in order; fewer than records: who streams does not wait. */
  readonly sends: readonly PendingSend[]
  /** Bytes of the producer's memory that it takes. */
  reserved: number
  /** Requests that failed with it. */
  failures = 0
  /** It was sent, and may be in the log: it is sent again as it is, or not at all. */
  uncertain = false
  /** By which its sequences were given; -1: not yet. */
  epoch = -1
  /** Counted over those that were sent; -1: was not yet. */
  ordinal = -1
  lastError: Error | undefined

  constructor(origin: BatchOrigin, bytes: Buffer, firstIndex: number, sends: readonly PendingSend[]) {
    this.origin = origin
    this.bytes = bytes
    this.count = countAt(bytes, 0)
    this.reserved = bytes.length
    this.firstIndex = firstIndex
    this.sends = sends
  }

  get partition(): PartitionBatches {
    return this.origin.partition
  }

  /** The identity under which a broker knows it. The accumulator's guess is right as long as nothing was lost. */
  stamp(producerId: number, epoch: number, sequence: number): void {
    const batch = new RecordBatch(this.bytes)
    if (batch.producerId === producerId && batch.producerEpoch === epoch && batch.baseSequence === sequence)
      return
    writeInt64(this.bytes, PRODUCER_ID_POSITION, producerId)
    writeInt16(this.bytes, PRODUCER_EPOCH_POSITION, epoch)
    writeInt32(this.bytes, BASE_SEQUENCE_POSITION, sequence)
    writeInt32(this.bytes, CRC_POSITION, crc32c(this.bytes, ATTRIBUTES_POSITION, this.bytes.length))
  }

  /** Its records are in the log, from `offset` on (-1: nobody said). */
  stored(offset: number, logAppendTime: number): void {
    for (const send of this.sends) {
      send.resolve(offset < 0 ? -1 : offset + send.index - this.firstIndex, logAppendTime)
    }
  }
}

/** Where more batches come from: the open batch of the partition, when it is wanted before it is full. */
export interface BatchSource {
  readonly topic: string
  /** Ends the open batch and adds what there is. */
  endOpen(partition: PartitionBatches): void
  /** Two batches in place of this one. */
  split(batch: ProducerBatch): readonly ProducerBatch[]
}

export class PartitionBatches {
  readonly source: BatchSource
  readonly partition: number
  /** -1: none is known. */
  leader = -1
  /** Not sent before. */
  notBefore = 0
  /** The open batch is to be sent, full or not. */
  wanted = false
  /** In order; none is in flight. */
  readonly #waiting: ProducerBatch[] = []
  readonly #inFlight: ProducerBatch[] = []
  /** -1: not idempotent. */
  #producerId: number
  /** Its sequences are where its batches belong: it never begins anew. */
  #isFixed = false
  #epoch = 0
  #nextSequence = 0
  #sentCount = 0
  /**
   * The broker knows this producer and epoch. Until then it takes a batch of any sequence, so that one which comes through while those
   * before it do not would end their way into the log.
   */
  #known: boolean
  /** A batch is missing: what comes behind it begins an epoch of its own, once each batch's fate is known. */
  #hole = false
  /** The size of a batch that the broker found too large. */
  #tooLarge = Number.POSITIVE_INFINITY

  constructor(source: BatchSource, partition: number, producerId: number) {
    this.source = source
    this.partition = partition
    this.#producerId = producerId
    this.#known = producerId < 0
  }

  /** Before its first batch: goes on, under this producer id, where another process may have ended. */
  goOn(producerId: number, sequence: number): void {
    this.#producerId = producerId
    this.#nextSequence = sequence
    this.#known = false
    this.#isFixed = true
  }

  /** A transaction begins, and nothing is left of those before it: in a new epoch sequences begin anew. */
  restart(producerId: number, epoch: number): void {
    this.wanted = false
    if (this.#isFixed && producerId === this.#producerId && epoch === this.#epoch) return
    this.goOn(producerId, 0)
    this.#epoch = epoch
    this.#hole = false
  }

  /** One that is refused is refused for good, with all that is behind it. */
  get isFixed(): boolean {
    return this.#isFixed
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#inFlight.length === 0
  }

  /** Whether there is anything to be sent, now or later. */
  get hasMore(): boolean {
    return this.#waiting.length > 0 || this.wanted
  }

  get waiting(): readonly ProducerBatch[] {
    return this.#waiting
  }

  add(batch: ProducerBatch): void {
    this.#waiting.push(batch)
  }

  /** The batch that may be sent now. */
  next(): ProducerBatch | undefined {
    if (this.#hole) {
      if (this.#inFlight.length > 0) return undefined
      const uncertain = this.#waiting.find((batch) => batch.uncertain)
      if (uncertain !== undefined) return uncertain
      if (this.#isFixed) return undefined
      this.#beginEpoch()
    }
    // What would only be refused behind one that is not there is not sent behind it.
    if (this.#inFlight.length > 0 && (!this.#known || this.#inFlight.some(({ failures }) => failures > 0)))
      return undefined
    if (this.#waiting.length === 0 && this.wanted) {
      this.wanted = false
      this.source.endOpen(this)
    }
    if (this.#waiting.length === 0 || this.#isFarBehind()) return undefined
    this.#splitFirst()
    const first = this.#waiting[0]
    // Again, in order, and behind nothing whose fate is open.
    if (first.failures > 0 || first.uncertain) return this.#inFlight.length > 0 ? undefined : first
    return first
  }

  /** What `next` gave is on its way. */
  sent(batch: ProducerBatch): void {
    this.#waiting.splice(this.#waiting.indexOf(batch), 1)
    this.#inFlight.push(batch)
    if (this.#producerId >= 0 && batch.epoch !== this.#epoch && !batch.uncertain) {
      batch.stamp(this.#producerId, this.#epoch, this.#nextSequence)
      batch.epoch = this.#epoch
      this.#nextSequence = incrementSequence(this.#nextSequence, batch.count)
    }
    if (batch.ordinal < 0) batch.ordinal = this.#sentCount++
    batch.uncertain = true
  }

  /** It is done with: stored, or lost for good. */
  done(batch: ProducerBatch, lost = false): void {
    remove(this.#inFlight, batch)
    remove(this.#waiting, batch)
    if (!lost) this.#known ||= batch.epoch === this.#epoch
    else if (batch.epoch >= 0) this.#hole = true
  }

  /** It comes back and goes out again. */
  returned(batch: ProducerBatch): void {
    remove(this.#inFlight, batch)
    let at = this.#waiting.length
    while (at > 0 && this.#waiting[at - 1].firstIndex > batch.firstIndex) at--
    this.#waiting.splice(at, 0, batch)
  }

  /** Whether nothing in front of it is on its way or waiting. */
  isFirst(batch: ProducerBatch): boolean {
    const before = (other: ProducerBatch) => other.firstIndex < batch.firstIndex
    return !this.#inFlight.some(before) && !this.#waiting.some(before)
  }

  /** The broker has lost what it knew of this producer: it begins anew. */
  beginAnew(): void {
    this.#hole = true
  }

  /** The broker refuses a batch of this size. False: it cannot be made smaller. */
  refusedAsTooLarge(batch: ProducerBatch): boolean {
    if (batch.count === 1) return false
    this.#tooLarge = Math.min(this.#tooLarge, batch.bytes.length)
    return true
  }

  /**
   * Whether one of those in flight would not be known again once more are stored. It may hang at a broker that was the leader while those
   * behind it come through to the one that is.
   */
  #isFarBehind(): boolean {
    const oldest = this.#inFlight.reduce((least, { ordinal }) => Math.min(least, ordinal), this.#sentCount)
    return this.#inFlight.length >= REMEMBERED || this.#sentCount - oldest >= REMEMBERED
  }

  #beginEpoch(): void {
    this.#hole = false
    if (this.#epoch === LAST_EPOCH) return
    this.#epoch++
    this.#nextSequence = 0
    this.#known = false
  }

  /** The first batch is cut until it is one that the broker takes, as far as is known. */
  #splitFirst(): void {
    for (;;) {
      const first = this.#waiting[0]
      if (first.bytes.length < this.#tooLarge || first.count === 1 || first.uncertain) return
      this.#waiting.splice(0, 1, ...this.source.split(first))
    }
  }
}

function remove(list: ProducerBatch[], batch: ProducerBatch): void {
  const at = list.indexOf(batch)
  if (at >= 0) list.splice(at, 1)
}
