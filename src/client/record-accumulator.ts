/**
 * Records on their way into the log: gathered into batches per partition until a batch is full or linger.ms
 * is over.
 */
import { BatchWriter } from '../record/batch-writer.ts'
import { CompressionQueue, plainSizeLimit } from '../record/compression/compression-queue.ts'
import { KernelMemory } from '../record/kernels/line-kernel.ts'
import { KERNEL_MAX_ROWS } from '../record/kernels/line-layout.ts'
import type { Codec } from '../record/record.ts'

/** Bytes that one partition gathers before they are written: large writes are what makes a file fast. */
const WRITE_SIZE = 1024 * 1024
/** Bytes that all partitions of a topic may gather together; half of it where the codecs need memory, too. */
const MAX_GATHERED = 16 * 1024 * 1024
/** With more partitions than this, the memory of one that was written is given back. */
const KEEP_MEMORY_UP_TO = KERNEL_MAX_ROWS
/** With more than this, what is gathered is counted record by record: a first batch in each is too much already. */
const COUNT_FROM = 64

/** What a caller may read input into. */
const INPUT_SIZE = 256 * 1024
/** A batch.size beyond this takes memory when it comes to that. */
const MAX_BATCH_IN_PIECE = 256 * 1024
/** Memory in which the open batches of all partitions are gathered before they are compressed. */
const MAX_UNCOMPRESSED = 16 * 1024 * 1024
/** Lines of which the kernel takes over what it can once so many bytes came: it must be compiled first. */
const KERNEL_FROM = 512 * 1024

const NOBODY: readonly PendingSend[] = []

export interface AccumulatorOptions {
  readonly codec: Codec
  readonly level?: number
  readonly batchSize: number
  /** -1: not idempotent. */
  readonly producerId: number
  /** Batches are of a transaction. */
  readonly transactional?: boolean
  /** buffer.memory */
  readonly bufferMemory: number
  /** Closed bytes of a partition behind which it is due; absent: much, for large writes. */
  readonly writeSize?: number
  /** What compresses, shared with other topics. */
  readonly compression?: CompressionQueue
}

/** A record whose sender waits for its offset. */
export interface PendingSend {
  /** Counted from the first record that the queue ever held. */
  readonly index: number
  resolve(offset: number, logAppendTime: number): void
  reject(error: unknown): void
}

/** How lines go over the queues. */
export interface LineSpread {
  /** The byte between key and value; -1: lines have no keys. */
  readonly separator: number
  /** By the keys' murmur2, else in turn. */
  readonly hashed: boolean
  /** Which queue comes next where they take turns. */
  turn: number
}

/** What one partition has gathered. */
export interface PartitionQueue {
  readonly partition: number
  readonly writer: BatchWriter
  /** Records that left the queue. */
  taken: number
  /** In order of index; empty on the bulk path. */
  pending: PendingSend[]
  /** True when it holds enough for a write of its own. */
  due: boolean
  /** Bytes of keys and values in it, where they are counted. */
  gathered: number
}

/**
 * Batches of one topic's partitions, encoded as the records come (KafkaProducer's RecordAccumulator). It knows no
 * disk and no network: whoever owns it takes queues and writes them. Its memory is bounded; a producer id's sequences
 * count up per partition for as long as it lives.
 */
export class RecordAccumulator {
  readonly #options: AccumulatorOptions
  readonly #queues: (PartitionQueue | undefined)[] = []
  /** Bytes after which a queue is due. */
  readonly #writeSize: number
  readonly #maxGathered: number
  readonly #keepMemory: boolean
  readonly #firstSize: number
  readonly #counting: boolean
  /** For up to KEEP_MEMORY_UP_TO partitions: the caller's input, then a piece for each partition. */
  readonly #memory: KernelMemory | undefined
  readonly #piece: number
  readonly #compression: CompressionQueue | undefined
  #producerId: number
  #producerEpoch = 0
  #gathered = 0
  #untilKernel = KERNEL_FROM

  constructor(partitionCount: number, options: AccumulatorOptions) {
    this.#options = options
    this.#producerId = options.producerId
    if (options.codec !== 'none') this.#compression = options.compression ?? new CompressionQueue()
    this.#maxGathered = Math.min(options.bufferMemory, MAX_GATHERED / (options.codec === 'none' ? 1 : 2))
    const share = Math.floor(this.#maxGathered / partitionCount)
    this.#writeSize = Math.max(1, Math.min(options.writeSize ?? WRITE_SIZE, share))
    // The batch that is open when a write is due, and the record that found it full.
    this.#piece = this.#writeSize + 2 * Math.min(options.batchSize, MAX_BATCH_IN_PIECE) + 4096
    // Of what is compressed, the open batch alone is in its piece.
    if (options.codec !== 'none') {
      this.#piece = Math.min(plainSizeLimit(options.batchSize), Math.floor(MAX_UNCOMPRESSED / partitionCount))
    }
    this.#memory =
      partitionCount <= KEEP_MEMORY_UP_TO
        ? new KernelMemory(INPUT_SIZE + partitionCount * this.#piece)
        : undefined
    this.#keepMemory = partitionCount <= KEEP_MEMORY_UP_TO
    this.#counting = partitionCount > COUNT_FROM
    this.#firstSize = this.#counting ? 4096 : 20 * 1024
  }

  /**
   * Memory to read input into, [0, size): records in it are taken over fastest. Untouched pages of all this memory
   * cost nothing.
   */
  get inputMemory(): { readonly buffer: Buffer; readonly size: number } | undefined {
    return this.#memory === undefined ? undefined : { buffer: this.#memory.buffer, size: INPUT_SIZE }
  }

  queue(partition: number): PartitionQueue {
    return this.#queues[partition] ?? this.#newQueue(partition)
  }

  /** Queues that hold records, in order of partition. */
  filled(): PartitionQueue[] {
    return this.#queues.filter((queue) => queue !== undefined && !queue.writer.isEmpty) as PartitionQueue[]
  }

  /**
   * For an accumulator that is empty: sequences begin anew, of this producer, and queues that were handed out are not its own any
   * more. False: it is of this producer already, and goes on.
   */
  restart(producerId: number, producerEpoch: number): boolean {
    if (producerId === this.#producerId && producerEpoch === this.#producerEpoch) return false
    this.#producerId = producerId
    this.#producerEpoch = producerEpoch
    this.#queues.length = 0
    this.#gathered = 0
    return true
  }

  get isEmpty(): boolean {
    return this.#queues.every((queue) => queue === undefined || queue.writer.isEmpty)
  }

  /** True when the partitions together hold more than they may: write all of them. */
  get isFull(): boolean {
    return this.#gathered > this.#maxGathered
  }

  /**
   * To be called behind each record.
   * @param batchFull what the writer answered
   */
  added(queue: PartitionQueue, batchFull: boolean, bytes: number): void {
    if (batchFull && queue.writer.end - queue.writer.start >= this.#writeSize) queue.due = true
    if (!this.#counting) return
    this.#gathered += bytes
    queue.gathered += bytes
  }

  /**
   * Takes lines of the input memory's [from, end) over, one after the other, into one queue or spread over all of
   * them; see LineSpread and BatchWriter.appendLines. Returns the position behind the last one; `linesTaken` tells how
   * many. Call `added` with the record that it stopped at.
   */
  addLines(
    queues: readonly PartitionQueue[],
    timestamp: number,
    from: number,
    end: number,
    spread: LineSpread,
  ) {
    this.linesTaken = 0
    if (this.#untilKernel > 0) {
      this.#untilKernel -= end - from
      return from
    }
    const memory = this.#memory as KernelMemory
    const { kernel } = memory
    if (kernel === undefined) return from
    for (let row = 0; row < queues.length; row++) {
      const { due, writer } = queues[row]
      if (due || writer.openBuffer !== memory.buffer) kernel.setRow(row, 0, 0, 0, 0)
      else writer.offer(kernel, row, timestamp)
    }
    kernel.turn = spread.turn
    const behind = kernel.take(from, end, queues.length, spread.separator, spread.hashed)
    if (behind === from) return from
    spread.turn = kernel.turn
    let taken = 0
    for (let row = 0; row < queues.length; row++) {
      const { due, writer } = queues[row]
      if (!due && writer.openBuffer === memory.buffer) taken += writer.accept(kernel, row, timestamp)
    }
    this.linesTaken = taken
    return behind
  }

  /** Lines that the last `addLines` took. */
  linesTaken = 0

  /** Ends every open batch. */
  endBatches(): void {
    const queues = this.filled()
    if (queues.length > 1) for (const { writer } of queues) writer.endBatch()
    for (const { writer } of queues) writer.closeBatch()
  }

  /** The closed batches are with the log: tells their senders and forgets them. */
  delivered(queue: PartitionQueue, firstOffset: number, logAppendTime: number): void {
    this.#forget(queue, (send, first) => send.resolve(firstOffset + send.index - first, logAppendTime))
  }

  /** The closed batches are lost, but for the first `stored` records. */
  failed(queue: PartitionQueue, error: unknown, stored = 0, firstOffset = -1, logAppendTime = -1): void {
    this.#forget(queue, (send, first) => {
      const behind = send.index - first
      if (behind < stored) send.resolve(firstOffset + behind, logAppendTime)
      else send.reject(error)
    })
  }

  #forget(queue: PartitionQueue, tell: (send: PendingSend, first: number) => void): void {
    const first = queue.taken
    for (const send of this.take(queue)) tell(send, first)
  }

  /** Forgets the closed batches, which the caller has copied. Returns those who wait for their records, in order. */
  take(queue: PartitionQueue): readonly PendingSend[] {
    const { writer } = queue
    queue.taken += writer.closedRecordCount
    queue.due = false
    writer.dropClosed()
    // Nearly all of what is left is in the open batch.
    const left = Math.min(queue.gathered, writer.sizeInBytes)
    this.#gathered -= queue.gathered - left
    queue.gathered = left
    if (!this.#keepMemory && writer.isEmpty) writer.releaseMemory()
    if (queue.pending.length === 0) return NOBODY
    const told = queue.pending.filter((send) => send.index < queue.taken)
    queue.pending = queue.pending.slice(told.length)
    return told
  }

  #newQueue(partition: number): PartitionQueue {
    const { codec, level, batchSize, transactional } = this.#options
    const producerId = this.#producerId
    const queue: PartitionQueue = {
      partition,
      writer: new BatchWriter({
        codec,
        level,
        batchSize,
        producerId,
        producerEpoch: producerId < 0 ? -1 : this.#producerEpoch,
        baseSequence: producerId < 0 ? -1 : 0,
        ...(transactional === undefined ? {} : { transactional }),
        compression: this.#compression,
        // The batch that makes it due, and those that are being compressed then.
        closedSize: this.#counting ? 4096 : this.#writeSize + 6 * Math.min(batchSize, MAX_BATCH_IN_PIECE),
        initialSize: this.#firstSize,
        memory: this.#pieceOf(partition),
      }),
      taken: 0,
      pending: [],
      due: false,
      gathered: 0,
    }
    this.#queues[partition] = queue
    return queue
  }

  #pieceOf(partition: number) {
    const buffer = this.#memory?.buffer
    if (buffer === undefined) return undefined
    const start = INPUT_SIZE + partition * this.#piece
    return { buffer, start, end: start + this.#piece }
  }
}
