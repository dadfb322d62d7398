/**
 * Batches on their way through a codec, here or on another thread, in the order in which they came.
 */
import type { Int64 } from '../../bytes/int64.ts'
import type { Codec } from '../record.ts'
import { compress } from './compression.ts'
import type { CompressionSlots, PlainRecords } from './compression-slots.ts'

/** Plain bytes that are compressed here before another thread is asked for: starting one takes some 30 ms of CPU. */
const THREAD_FROM = 4 * 1024 * 1024
/** Codecs that take less time than handing a batch over saves: 1 GB/s and more. */
const QUICK: readonly Codec[] = ['none', 'snappy']
/** A thread that is not through with one batch after so long is taken for dead. */
const DEAD_AFTER_MS = 5000

/** A batch whose records are complete. */
export interface EndedBatch {
  readonly count: number
  readonly baseTimestamp: Int64
  readonly maxTimestamp: Int64
  /** Of its records before they are compressed. */
  readonly plainSize: number
}

/** Whoever hands batches in. */
export interface BatchOwner {
  /** Called for each of its batches, in the order in which they were handed in. `compressed` is good for this call. */
  place(batch: EndedBatch, compressed: Uint8Array): void
}

interface Entry {
  readonly owner: BatchOwner
  readonly batch: EndedBatch
  readonly codec: Codec
  readonly level: number | undefined
  /** Its number with the other thread; -1: `compressed` is there. */
  job: number
  compressed: Uint8Array | undefined
}

/** Another thread that compresses. */
export interface CompressionHelper {
  readonly slots: CompressionSlots
  /** True once it is known to be gone. */
  readonly gone: boolean
  /** Lets it go; it is not to begin anything more. */
  end(): void
}

/**
 * Compresses batches in the order in which they come, for any number of owners: here, or, once enough came to pay for
 * it, on another thread as well. Whatever becomes of that thread, each batch is compressed, and nobody waits for it
 * while there is a batch that can be compressed here.
 */
export class CompressionQueue {
  readonly #startHelper: (() => Promise<CompressionHelper | undefined>) | undefined
  #helper: CompressionHelper | undefined
  #untilHelper: number
  readonly #deadAfterMs: number
  readonly #entries: Entry[] = []
  /** Jobs that the helper was given so far. */
  #jobs = 0
  /** The first of them that is not placed yet. */
  #firstJob = 0
  #ended = false

  /**
   * @param startHelper called once at most; absent, or with undefined as its result: all is compressed here
   * @param from bytes to be compressed here before
   */
  constructor(
    startHelper?: () => Promise<CompressionHelper | undefined>,
    from = THREAD_FROM,
    deadAfterMs = DEAD_AFTER_MS,
  ) {
    this.#startHelper = startHelper
    this.#untilHelper = startHelper === undefined ? Number.POSITIVE_INFINITY : from
    this.#deadAfterMs = deadAfterMs
  }

  /**
   * Has the records of a batch compressed; their memory may be used again at once.
   * @param here the owner waits for it: another thread would not be quicker
   * @throws TerseError where the codec's library does not load; then the batch was not handed in
   */
  compress(owner: BatchOwner, batch: EndedBatch, plain: PlainRecords, here: boolean): void {
    const { codec, level, buffer, start, end } = plain
    if (this.#helper?.gone) this.#giveUp()
    this.#placeDone()
    const entry: Entry = { owner, batch, codec, level, job: -1, compressed: undefined }
    const slots = this.#helper?.slots
    if (slots !== undefined) {
      const { count, plainCapacity } = slots.shared
      if (
        !here &&
        !QUICK.includes(codec) &&
        this.#jobs - this.#firstJob < count &&
        end - start <= plainCapacity
      ) {
        entry.job = this.#jobs++
        slots.put(entry.job, this.#jobs - this.#firstJob, plain)
        this.#entries.push(entry)
        return
      }
      // What is made here while the helper is at one batch has to be kept: not without bound.
      while (this.#entries.length >= 2 * count) this.#placeFirst()
    }
    entry.compressed = compress(codec, buffer.subarray(start, end), level)
    if (this.#entries.length > 0) this.#entries.push(entry)
    else owner.place(batch, entry.compressed)
    if (!QUICK.includes(codec)) this.#count(end - start)
  }

  /** Returns when all batches of one owner are placed. */
  finish(owner: BatchOwner): void {
    while (this.#entries.some((entry) => entry.owner === owner)) this.#placeFirst()
  }

  /** No more batches will come for now: the other thread is let go, if there is one. */
  end(): void {
    this.#ended = true
    try {
      while (this.#entries.length > 0) this.#placeFirst()
    } finally {
      this.#helper?.end()
    }
    this.#helper = undefined
  }

  #count(bytes: number): void {
    this.#untilHelper -= bytes
    if (this.#untilHelper > 0) return
    this.#untilHelper = Number.POSITIVE_INFINITY
    this.#startHelper?.().then(
      (helper) => {
        if (this.#ended) helper?.end()
        else this.#helper = helper
      },
      () => {},
    )
  }

  #placeDone(): void {
    while (this.#entries.length > 0 && this.#isDone(this.#entries[0])) this.#placeFirst()
  }

  #isDone({ job, compressed }: Entry): boolean {
    return compressed !== undefined || this.#helper?.slots.isDone(job) === true
  }

  /** Places the first batch; until it is compressed, others are compressed here. */
  #placeFirst(): void {
    const first = this.#entries[0]
    while (!this.#isDone(first)) {
      const { slots } = this.#helper as CompressionHelper
      const idle = this.#entries.find(
        ({ job, compressed }) => compressed === undefined && slots.takeBack(job),
      )
      if (idle !== undefined) idle.compressed = compress(idle.codec, slots.plain(idle.job), idle.level)
      else if (!slots.waitFor(first.job, this.#deadAfterMs)) this.#giveUp()
    }
    if (first.compressed === undefined && this.#helper?.slots.result(first.job) === undefined) this.#giveUp()
    const { job } = first
    const slots = this.#helper?.slots
    first.owner.place(first.batch, first.compressed ?? (slots?.result(job) as Buffer))
    this.#entries.shift()
    if (job < 0) return
    slots?.free(job)
    this.#firstJob = job + 1
  }

  /** Goes on without the helper; what it was given and has not done is done here. */
  #giveUp(): void {
    const { slots } = this.#helper as CompressionHelper
    this.#helper?.end()
    for (const entry of this.#entries) {
      if (entry.job < 0) continue
      const { job, codec, level } = entry
      const done = slots.result(job)
      entry.compressed ??= done === undefined ? compress(codec, slots.plain(job), level) : Buffer.from(done)
      entry.job = -1
    }
    this.#helper = undefined
  }
}

/** Bytes of records that one batch may gather before they are compressed, unless one record is longer: 512 KB or more. */
export function plainSizeLimit(batchSize: number): number {
  return Math.max(batchSize, Math.min(4 * batchSize, 4 * 1024 * 1024), 512 * 1024)
}
