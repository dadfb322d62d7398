/**
 * Memory that two threads share: the one that makes batches puts plain records into a slot, the other one compresses
 * them where they lie. Slots are used in turn, and each is written by one side at a time, which its state tells:
 * FREE (maker's) -> QUEUED -> RUNNING (worker's) -> DONE or FAILED (maker's) -> FREE. What is queued the maker may
 * take back (TAKEN). The plain records stay until the slot is free again, so that a worker that died in the midst of
 * them loses nothing.
 */
import { CODECS, type Codec } from '../record.ts'

const FREE = 0
const QUEUED = 1
const RUNNING = 2
const DONE = 3
const FAILED = 4
const TAKEN = 5

/** Of int32s: jobs ever queued, whether there will be no more, then for each slot its five. */
const SUBMITTED = 0
const ENDED = 1
const HEAD = 2
const STATE = 0
const CODEC = 1
const LEVEL = 2
const PLAIN_SIZE = 3
const RESULT_SIZE = 4
const SLOT_INTS = 5

const NO_LEVEL = 0x7fffffff
/** A cache line, so that neither side's writes slow the other's reads. */
const ALIGNMENT = 64
/** What cannot be compressed gets longer, by less than this and a 64th. */
const GROWTH = 4096

export type Compress = (codec: Codec, bytes: Buffer, level: number | undefined) => Uint8Array

/** What the other thread is given to begin with; it can be cloned. */
export interface SharedSlots {
  readonly memory: SharedArrayBuffer
  readonly count: number
  readonly plainCapacity: number
}

/** What is to be compressed, and how: buffer[start, end). */
export interface PlainRecords {
  readonly codec: Codec
  readonly level: number | undefined
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
}

export class CompressionSlots {
  readonly shared: SharedSlots
  readonly #ints: Int32Array
  readonly #bytes: Buffer
  readonly #slotSize: number

  constructor(shared: SharedSlots) {
    this.shared = shared
    this.#ints = new Int32Array(shared.memory, 0, HEAD + shared.count * SLOT_INTS)
    this.#slotSize = slotSize(shared.plainCapacity)
    this.#bytes = Buffer.from(shared.memory, shared.memory.byteLength - shared.count * this.#slotSize)
  }

  /** Pages that are never touched cost nothing. */
  static create(count: number, plainCapacity: number): CompressionSlots {
    const head = aligned((HEAD + count * SLOT_INTS) * 4)
    const memory = new SharedArrayBuffer(head + count * slotSize(plainCapacity))
    return new CompressionSlots({ memory, count, plainCapacity })
  }

  /**
   * The maker's: queues records as job number `job`, whose slot must be free. A worker that sleeps is woken once
   * half of the slots are taken: waking it for each would cost more than the time that it sleeps.
   *
   * @param waiting jobs that are not placed yet, with this one
   */
  put(job: number, waiting: number, plain: PlainRecords): void {
    const { codec, level, buffer, start, end } = plain
    const at = this.#at(job)
    buffer.copy(this.#bytes, this.#offset(job), start, end)
    this.#ints[at + CODEC] = CODECS.indexOf(codec)
    this.#ints[at + LEVEL] = level ?? NO_LEVEL
    this.#ints[at + PLAIN_SIZE] = end - start
    Atomics.store(this.#ints, at + STATE, QUEUED)
    Atomics.store(this.#ints, SUBMITTED, (job + 1) | 0)
    if (waiting >= this.shared.count / 2) Atomics.notify(this.#ints, SUBMITTED)
  }

  /** The maker's: whether the worker is through with it, in either way. */
  isDone(job: number): boolean {
    const state = Atomics.load(this.#ints, this.#at(job) + STATE)
    return state === DONE || state === FAILED
  }

  /** The maker's: the job's result (a view, until `free`); undefined where the worker could not make it. */
  result(job: number): Buffer | undefined {
    const at = this.#at(job)
    if (Atomics.load(this.#ints, at + STATE) !== DONE) return undefined
    const from = this.#offset(job) + this.#resultOffset(this.#ints[at + PLAIN_SIZE])
    return this.#bytes.subarray(from, from + this.#ints[at + RESULT_SIZE])
  }

  /** The plain records, until `free`. */
  plain(job: number): Buffer {
    const from = this.#offset(job)
    return this.#bytes.subarray(from, from + this.#ints[this.#at(job) + PLAIN_SIZE])
  }

  /** The maker's: takes a job back that the worker has not begun. Whether it is the maker's now. */
  takeBack(job: number): boolean {
    const state = Atomics.compareExchange(this.#ints, this.#at(job) + STATE, QUEUED, TAKEN)
    return state === QUEUED || state === TAKEN
  }

  /** The maker's: waits for a job that the worker has begun. False: it took longer than `ms`. */
  waitFor(job: number, ms: number): boolean {
    return Atomics.wait(this.#ints, this.#at(job) + STATE, RUNNING, ms) !== 'timed-out'
  }

  free(job: number): void {
    Atomics.store(this.#ints, this.#at(job) + STATE, FREE)
  }

  /**
   * The maker's: the worker begins no more jobs; what it had not begun is taken back. Waits for the one that it is at, `ms` at
   * most. True: it is not at any.
   */
  end(ms: number): boolean {
    Atomics.store(this.#ints, ENDED, 1)
    // So that a worker that is about to sleep does not.
    Atomics.sub(this.#ints, SUBMITTED, 1)
    Atomics.notify(this.#ints, SUBMITTED)
    let idle = true
    for (let slot = 0; slot < this.shared.count; slot++) {
      if (!this.takeBack(slot) && !this.waitFor(slot, ms)) idle = false
    }
    return idle
  }

  /**
   * The worker's: does jobs from number `from` on, waiting for them, until they were `most` or came to `mostBytes`.
   * Returns the number of the next one; -1 when there will be none.
   */
  work(from: number, most: number, mostBytes: number, compress: Compress): number {
    const ints = this.#ints
    let bytes = 0
    let job = from
    for (; job < from + most && bytes < mostBytes; job++) {
      for (;;) {
        const submitted = Atomics.load(ints, SUBMITTED)
        if (Atomics.load(ints, ENDED) !== 0) return -1
        if (submitted !== (job | 0)) break
        Atomics.wait(ints, SUBMITTED, submitted)
      }
      bytes += ints[this.#at(job) + PLAIN_SIZE]
      this.#do(job, compress)
    }
    return job
  }

  #do(job: number, compress: Compress): void {
    const ints = this.#ints
    const at = this.#at(job)
    if (Atomics.compareExchange(ints, at + STATE, QUEUED, RUNNING) !== QUEUED) return
    let state = FAILED
    try {
      const level = ints[at + LEVEL]
      const plain = this.plain(job)
      const result = compress(CODECS[ints[at + CODEC]], plain, level === NO_LEVEL ? undefined : level)
      const to = this.#resultOffset(plain.length)
      if (to + result.length <= this.#slotSize) {
        this.#bytes.set(result, this.#offset(job) + to)
        ints[at + RESULT_SIZE] = result.length
        state = DONE
      }
    } catch {
      // The maker compresses it then, and tells what there is to be told.
    }
    Atomics.store(ints, at + STATE, state)
    Atomics.notify(ints, at + STATE)
  }

  #at(job: number): number {
    return HEAD + (job % this.shared.count) * SLOT_INTS
  }

  #offset(job: number): number {
    return (job % this.shared.count) * this.#slotSize
  }

  #resultOffset(plainSize: number): number {
    return aligned(plainSize)
  }
}

function slotSize(plainCapacity: number): number {
  return aligned(plainCapacity) + aligned(plainCapacity + (plainCapacity >> 6) + GROWTH)
}

const aligned = (size: number): number => Math.ceil(size / ALIGNMENT) * ALIGNMENT
