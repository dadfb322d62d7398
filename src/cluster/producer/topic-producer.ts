/** The records of one topic on their way to its leaders: gathered into batches, which the sender takes. */
import { sizeOfVarint } from '../../bytes/varint.ts'
import { AFTER_CLOSE } from '../../client/base-producer.ts'
import { LineSpreader } from '../../client/line-spreader.ts'
import type { SlicePartitioner } from '../../client/partitioner.ts'
import type {
  DeliveryListener,
  ProducerRecord,
  RecordMetadata,
  TopicProducer,
} from '../../client/producer.ts'
import { type PartitionQueue, RecordAccumulator } from '../../client/record-accumulator.ts'
import { RecordLimits } from '../../client/record-limits.ts'
import type { Header } from '../../client/types.ts'
import type { ProducerSettings } from '../../config/producer-configs.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import type { Clock } from '../../os/clock.ts'
import { countAt, setBaseOffsetAt, sizeAt } from '../../record/batch-header.ts'
import type { CompressionQueue } from '../../record/compression/compression-queue.ts'
import { timestampFields } from '../../record/exact-timestamp.ts'
import { KERNEL_MAX_LINE } from '../../record/kernels/line-layout.ts'
import { keyLengthOf, type RecordSlices, recordOf, valueLengthOf } from '../../record/record-slices.ts'
import { sizeOfHeaders } from '../../record/record-writer.ts'
import type { TopicMetadata } from '../cluster-metadata.ts'
import { type RecordErrors, tellLost } from './lost-batch.ts'
import { type BatchOrigin, PartitionBatches, ProducerBatch } from './partition-batches.ts'
import type { TopicRef } from './produce-request.ts'
import type { ProducingTopic, Sender } from './sender.ts'
import { halves } from './split-batch.ts'

export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

/**
 * Of a stream, where nobody asked for a batch.size: each batch is a request's worth of work for the broker, and only a batch that fills up
 * at once gets so large; whoever pauses has what there is sent.
 */
const LARGE_BATCH = 128 * 1024

export interface ClusterTopicProducerOptions {
  readonly clock: Clock
  readonly sender: Sender
  readonly settings: ProducerSettings
  readonly partitioner: SlicePartitioner
  /** -1: not idempotent. */
  readonly producerId: number
  readonly compression: CompressionQueue
  /** Hears what was lost of a transaction. Absent: there are none. */
  readonly transaction?: { failed(error: Error): void } | undefined
}

const NOBODY: DeliveryListener = { stored: () => {}, lost: () => {} }

export class ClusterTopicProducer implements TopicProducer, ProducingTopic {
  readonly topic: string
  readonly partitionCount: number
  readonly partitions: readonly PartitionBatches[]
  ref: TopicRef
  taken = 0
  readonly #options: ClusterTopicProducerOptions
  readonly #sender: Sender
  readonly #accumulator: RecordAccumulator
  readonly #limits: RecordLimits
  #spreader: LineSpreader
  /** No line that `appendLines` takes could be refused. */
  readonly #takesLines: boolean
  /** The partition chosen for a record that was not taken yet. */
  #chosen = -1
  /** Bytes that the record waits for, which was not taken for want of room. */
  #lacking = 0
  /** Records of `append` that were lost, where nobody listens: told by the next drain. */
  #failure: Error | undefined
  #listener: DeliveryListener | undefined
  /** Aborted: nobody waits for room any longer. */
  #waiting = new AbortController()
  #handOverIsDue = false
  /** Why nothing is taken: closed, or no transaction is open. */
  #refusal: Error | undefined

  constructor({ name, topicId, partitions }: TopicMetadata, options: ClusterTopicProducerOptions) {
    const { settings, producerId } = options
    this.topic = name
    this.ref = { name, id: topicId }
    this.partitionCount = partitions.length
    this.partitions = partitions.map(({ partition }) => new PartitionBatches(this, partition, producerId))
    this.#options = options
    this.#sender = options.sender
    this.#accumulator = new RecordAccumulator(partitions.length, {
      codec: settings.codec,
      level: settings.level,
      batchSize: settings.batchSizeGiven ? settings.batchSize : Math.max(settings.batchSize, LARGE_BATCH),
      producerId,
      bufferMemory: settings.bufferMemory,
      // Each batch is sent by itself: the sooner the better.
      writeSize: 1,
      compression: options.compression,
      ...(options.transaction === undefined ? {} : { transactional: true }),
    })
    this.#limits = new RecordLimits(settings)
    this.#spreader = new LineSpreader(this.#accumulator, options.partitioner, partitions.length)
    this.#takesLines = this.#accumulator.inputMemory !== undefined && this.#limits.fits > KERNEL_MAX_LINE
  }

  /** A transaction begins, under this identity. */
  begin({ producerId, producerEpoch }: ProducerIdentity): void {
    this.#failure = undefined
    this.#chosen = -1
    this.#lacking = 0
    if (this.#accumulator.restart(producerId, producerEpoch)) {
      this.#spreader = new LineSpreader(this.#accumulator, this.#options.partitioner, this.partitionCount)
    }
    for (const partition of this.partitions) partition.restart(producerId, producerEpoch)
    this.#refusal = undefined
  }

  /** Nothing more is taken, for this reason. */
  hold(why: Error): void {
    this.#refusal = why
  }

  /** What is not on its way is dropped; those who wait for it are told. */
  discard(why: Error): void {
    const listener = this.#listener
    this.#listener = NOBODY
    this.#accumulator.endBatches()
    for (const queue of this.#accumulator.filled()) this.#take(queue)
    this.#sender.discard(this.partitions, why)
    this.#listener = listener
    this.#failure = undefined
  }

  append(partition: number, record: RecordSlices): boolean {
    const keyLength = keyLengthOf(record)
    const valueLength = valueLengthOf(record)
    const headersLength = record.headersEnd - record.headersStart
    const bytes = keyLength + valueLength + headersLength
    if (bytes > this.#limits.fits) {
      const refusal = this.refusalOf(keyLength, valueLength, headersLength, record.headersCount)
      if (refusal !== undefined) throw refusal
    }
    if (this.#refusal !== undefined) throw this.#refusal
    if (this.#failure !== undefined) return false
    let chosen = partition
    if (chosen < 0) {
      chosen = this.#chosen
      if (chosen < 0) chosen = this.#options.partitioner.choose(record, this.partitionCount)
    }
    const queue = this.#accumulator.queue(chosen)
    if (queue.due && !this.#tryHandOver(queue)) {
      this.#chosen = chosen
      this.#lacking = queue.writer.end - queue.writer.start
      return false
    }
    this.#chosen = -1
    this.#accumulator.added(queue, queue.writer.appendSlices(record), bytes)
    if (queue.due) this.#tryHandOver(queue)
    else if (this.#accumulator.isFull) this.#tryHandOverAll()
    return true
  }

  appendLines(partition: number, timestamp: number, from: number, end: number, separator: number): number {
    this.taken = 0
    // A record that waits for its partition goes first.
    if (!this.#takesLines || this.#failure !== undefined || this.#chosen >= 0 || this.#refusal !== undefined)
      return from
    const behind = this.#spreader.append(partition, timestamp, from, end, separator)
    this.taken = this.#spreader.taken
    return behind
  }

  listen(listener: DeliveryListener): void {
    this.#listener = listener
  }

  refusalOf(
    keyLength: number,
    valueLength: number,
    headersLength: number,
    headersCount: number,
  ): KafkaError | undefined {
    return this.#limits.tooLarge(keyLength, valueLength, sizeOfVarint(headersCount) + headersLength)
  }

  get inputMemory(): { readonly buffer: Buffer; readonly size: number } | undefined {
    return this.#accumulator.inputMemory
  }

  endBatches(): void {
    this.#accumulator.endBatches()
  }

  /** The promise's result is where the record went; see Producer.send. */
  async send(record: ProducerRecord): Promise<RecordMetadata> {
    const key = bytesOf(record.key ?? null)
    const value = bytesOf(record.value)
    const headers = record.headers ?? []
    const keyLength = key?.length ?? -1
    const valueLength = value?.length ?? -1
    const headersSize = sizeOfHeaders(headers)
    const refusal = this.#limits.tooLarge(keyLength, valueLength, headersSize)
    if (refusal !== undefined) throw refusal
    const partition =
      record.partition ??
      this.#options.partitioner.choose(recordOf(Number.NaN, key, value), this.partitionCount)
    this.#checkPartition(partition)
    const timestamp = this.#limits.timestampOf(record.timestamp, this.#options.clock.now())
    const queue = this.#accumulator.queue(partition)
    while (queue.due && !this.#tryHandOver(queue)) await this.#room()
    if (this.#refusal !== undefined) throw this.#refusal
    return new Promise((resolve, reject) => {
      queue.pending.push({
        index: queue.taken + queue.writer.recordCount,
        resolve: (offset, logAppendTime) =>
          resolve({
            topic: this.topic,
            partition,
            offset,
            ...timestampFields(logAppendTime < 0 ? timestamp : logAppendTime),
          }),
        reject,
      })
      const full = queue.writer.append(timestamp, key, value, headers as Header[])
      this.#accumulator.added(queue, full, keyLength + valueLength + headersSize)
      if (queue.due) this.#tryHandOver(queue)
      this.#scheduleHandOver()
    })
  }

  /** Waits for room where that is wanting, else has everything sent that was taken so far. */
  async drain(): Promise<void> {
    this.#throwFailure()
    if (this.#lacking > 0) await this.#room()
    else this.#handOver()
  }

  /** All that was taken so far is acknowledged, or lost. */
  async flush(): Promise<void> {
    this.endAll()
    await this.#sender.flush()
    this.#throwFailure()
  }

  /** Has all that was taken so far sent, in whole batches: nothing more is waited for. */
  endAll(): void {
    this.#accumulator.endBatches()
    for (const queue of this.#accumulator.filled()) this.#take(queue)
    this.#sender.pump()
  }

  close(): void {
    this.#refusal = new TerseError(AFTER_CLOSE)
  }

  endOpen({ partition }: PartitionBatches): void {
    const queue = this.#accumulator.queue(partition)
    queue.writer.closeBatch()
    this.#take(queue)
  }

  split(batch: ProducerBatch): readonly ProducerBatch[] {
    const parts = halves(batch)
    this.#sender.replaced(batch, parts)
    return parts
  }

  stored(batch: ProducerBatch, offset: number, logAppendTime: number): void {
    batch.stored(offset, logAppendTime)
    const untold = batch.count - batch.sends.length
    if (untold > 0) this.#listener?.stored(untold)
  }

  lost(batch: ProducerBatch, errorOf: RecordErrors): void {
    this.#options.transaction?.failed(errorOf(0))
    this.#failure ??= tellLost(batch, errorOf, this.#listener)
    if (this.#failure !== undefined) this.#waiting.abort()
  }

  #throwFailure(): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }

  /** @throws KafkaError when the topic has no such partition */
  #checkPartition(partition: number): void {
    if (Number.isInteger(partition) && partition >= 0 && partition < this.partitionCount) return
    throw new KafkaError(
      'UNKNOWN_TOPIC_OR_PARTITION',
      `Partition ${partition} of topic ${this.topic} with partition count ${this.partitionCount} is not present in metadata.`,
    )
  }

  #scheduleHandOver(): void {
    if (this.#handOverIsDue) return
    this.#handOverIsDue = true
    const due = () => {
      this.#handOverIsDue = false
      this.#handOver()
    }
    // Where nobody asked for a linger, more is gathered only while enough is in flight.
    const { lingerMs = 0 } = this.#options.settings
    if (lingerMs === 0) setImmediate(due)
    else void this.#options.clock.sleep(lingerMs).then(due)
  }

  /** Open batches are ended when their turn comes: until then more may come into them. */
  #handOver(): void {
    for (const { partition } of this.#accumulator.filled()) {
      this.partitions[partition].wanted = true
      this.#sender.ready(this.partitions[partition])
    }
    this.#sender.pump()
  }

  #tryHandOverAll(): void {
    this.#accumulator.endBatches()
    for (const queue of this.#accumulator.filled()) if (!this.#tryHandOver(queue)) queue.due = true
  }

  /** False: there is no room for what was not sent yet. */
  #tryHandOver(queue: PartitionQueue): boolean {
    const { writer } = queue
    const size = writer.end - writer.start
    if (size > 0) {
      if (!this.#sender.memory.hasRoom(size)) return false
      this.#take(queue)
      this.#sender.wake(this.partitions[queue.partition])
    }
    queue.due = false
    return true
  }

  /** The closed batches become batches on their way. */
  #take(queue: PartitionQueue): void {
    const { memory } = this.#sender
    const { buffer, start, end } = queue.writer
    const partition = this.partitions[queue.partition]
    const origin: BatchOrigin = {
      partition,
      order: this.#sender.nextOrder(),
      createdAt: this.#options.clock.monotonic(),
    }
    const copies: Buffer[] = []
    for (let at = start; at < end; at += sizeAt(buffer, at)) {
      copies.push(memory.copy(buffer, at, at + sizeAt(buffer, at)))
    }
    let index = queue.taken
    const sends = this.#accumulator.take(queue)
    for (const bytes of copies) {
      const from = index
      setBaseOffsetAt(bytes, 0, 0)
      index += countAt(bytes, 0)
      const until = index
      const waiting = sends.filter((send) => send.index >= from && send.index < until)
      const batch = new ProducerBatch(origin, bytes, from, waiting)
      partition.add(batch)
      this.#sender.expect(batch)
    }
    this.#sender.ready(partition)
  }

  /** @throws KafkaError where max.block.ms is over before there is room */
  async #room(): Promise<void> {
    const { clock, settings } = this.#options
    const { memory } = this.#sender
    const waiting = new AbortController()
    this.#waiting = waiting
    void clock.sleep(settings.maxBlockMs, waiting.signal).then(() => waiting.abort())
    const size = Math.max(this.#lacking, memory.step)
    await memory.room(size, waiting.signal)
    waiting.abort()
    const lacking = this.#lacking
    this.#lacking = 0
    if (!memory.hasRoom(size) && this.#failure === undefined) {
      throw new KafkaError(
        'REQUEST_TIMED_OUT',
        `Failed to allocate ${lacking} bytes within the configured max blocking time ${settings.maxBlockMs} ms.`,
      )
    }
    this.#throwFailure()
  }
}

const bytesOf = (value: Buffer | string | null): Buffer | null =>
  typeof value === 'string' ? Buffer.from(value) : value
