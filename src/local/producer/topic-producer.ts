/** Appends the batches of one topic to its partitions' logs, and syncs them. */
import { sizeOfVarint } from '../../bytes/varint.ts'
import { LineSpreader } from '../../client/line-spreader.ts'
import type { ProducerRecord, RecordMetadata, TopicProducer } from '../../client/producer.ts'
import { type PartitionQueue, RecordAccumulator } from '../../client/record-accumulator.ts'
import type { Header } from '../../client/types.ts'
import { KafkaError } from '../../errors.ts'
import type { LogConfig } from '../../log/log-config.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import { LockBusyError, whenFree } from '../../os/lock-wait.ts'
import { timestampFields } from '../../record/exact-timestamp.ts'
import { KERNEL_MAX_LINE } from '../../record/kernels/line-layout.ts'
import { keyLengthOf, type RecordSlices, recordOf, valueLengthOf } from '../../record/record-slices.ts'
import { sizeOfHeaders } from '../../record/record-writer.ts'
import { ProducedLog } from './produced-log.ts'
import { codecOf, ProducerLimits } from './producer-limits.ts'
import { ProducerStop, storedPart } from './producer-stop.ts'
import type { LocalTopicProducerOptions, ProducerIdentity } from './topic-producer-options.ts'

/** Written bytes of a partition behind which the disk is set to work, so that little is left for the sync at the end. */
const SYNC_BEHIND = 32 * 1024 * 1024
/** The metadata may have changed (topic deleted, configs altered): looked at again after so long. */
const LOOK_AGAIN_MS = 200

/**
 * The records of one topic on their way into its logs. Appending happens in this call stack, one write for about a
 * megabyte under one hold of the partition's lock; only a lock that somebody else holds makes it wait.
 */
export class LocalTopicProducer implements TopicProducer {
  readonly topic: string
  readonly partitionCount: number
  readonly stopped: ProducerStop
  readonly #options: LocalTopicProducerOptions
  readonly #accumulator: RecordAccumulator
  readonly #config: LogConfig
  readonly #logs: (ProducedLog | undefined)[] = []
  readonly #limits: ProducerLimits
  /** No line that `appendLines` takes could be refused, but for want of a key. */
  readonly #takesLines: boolean
  #spreader: LineSpreader
  /** The partition chosen for a record that was not taken yet. */
  #chosen = -1
  #draining: Promise<void> = Promise.resolve()
  #waitingForLock = false
  #drainScheduled = false
  /** No log can know its producer id: of what was sent, nothing is to be checked. */
  readonly #isFresh: boolean
  /** A write or a sync that failed: told by the next drain, and nothing more is taken until then. */
  #failure: Error | undefined

  constructor(options: LocalTopicProducerOptions) {
    const { settings, directory, topic } = options
    this.topic = topic
    this.stopped = new ProducerStop(topic, options.partitionCount)
    this.partitionCount = options.partitionCount
    this.#options = options
    const config = directory.logConfig(topic)
    this.#config = config
    const [codec, level] = codecOf(config, settings)
    const { transaction } = options
    this.#isFresh = options.producerId >= 0 && transaction === undefined
    this.#accumulator = new RecordAccumulator(options.partitionCount, {
      codec,
      level,
      batchSize: Math.min(settings.batchSize, config.maxMessageBytes),
      producerId: options.producerId,
      bufferMemory: settings.bufferMemory,
      compression: options.compression,
      ...(transaction === undefined ? {} : { transactional: true }),
    })
    this.#spreader = new LineSpreader(this.#accumulator, options.partitioner, options.partitionCount)
    this.#limits = new ProducerLimits(topic, settings, config, codec)
    this.#takesLines = this.#accumulator.inputMemory !== undefined && this.#limits.fits > KERNEL_MAX_LINE
  }

  /** A transaction begins; see TransactedTopic. */
  begin(identity: ProducerIdentity): void {
    const { producerId, producerEpoch } = identity
    this.#failure = undefined
    this.#chosen = -1
    if (this.#accumulator.restart(producerId, producerEpoch)) {
      this.#spreader = new LineSpreader(this.#accumulator, this.#options.partitioner, this.partitionCount)
    }
    this.stopped.reopen()
  }

  hold(why: Error): void {
    this.stopped.hold(why)
  }

  discard(why: Error): void {
    this.#failure = undefined
    this.#accumulator.endBatches()
    for (const queue of this.#accumulator.filled()) this.#accumulator.failed(queue, why)
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
    if (this.stopped.first !== undefined) throw this.stopped.first
    if (this.#failure !== undefined) return false
    let chosen = partition
    if (chosen < 0) {
      chosen = this.#chosen
      if (chosen < 0) chosen = this.#options.partitioner.choose(record, this.partitionCount)
    }
    if (keyLength < 0 && this.#config.compact) throw this.#limits.keyMissing(chosen)
    const queue = this.#accumulator.queue(chosen)
    if (queue.due && !this.#tryWrite(queue)) {
      this.#chosen = chosen
      return false
    }
    this.#chosen = -1
    this.#accumulator.added(queue, queue.writer.appendSlices(record), bytes)
    if (queue.due) this.#tryWrite(queue)
    else if (this.#accumulator.isFull) this.#tryWriteAll()
    return true
  }

  taken = 0

  appendLines(partition: number, timestamp: number, from: number, end: number, separator: number): number {
    this.taken = 0
    // A record that waits for its partition goes first.
    if (!this.#takesLines || this.#failure !== undefined || this.#chosen >= 0) return from
    if (this.stopped.first !== undefined) return from
    if (separator < 0 && this.#config.compact) return from
    const behind = this.#spreader.append(partition, timestamp, from, end, separator)
    this.taken = this.#spreader.taken
    return behind
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
    try {
      return await this.#send(record)
    } catch (error) {
      throw this.#options.transaction?.failed(error) ?? error
    }
  }

  async #send(record: ProducerRecord): Promise<RecordMetadata> {
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
    this.checkPartition(partition)
    if (key === null && this.#config.compact) throw this.#limits.keyMissing(partition)
    const timestamp = this.#limits.timestampOf(record.timestamp, this.#options.clock.now())
    this.stopped.refuse(partition, true)
    let queue = this.#accumulator.queue(partition)
    while (queue.due && !this.#tryWrite(queue)) {
      await this.drain().catch(() => {})
      // Its transaction may have ended meanwhile.
      this.stopped.refuse(partition, true)
      queue = this.#accumulator.queue(partition)
    }
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
      this.#scheduleDrain()
    })
  }

  /** @throws KafkaError when the topic has no such partition */
  checkPartition(partition: number): void {
    if (Number.isInteger(partition) && partition >= 0 && partition < this.partitionCount) return
    throw new KafkaError(
      'UNKNOWN_TOPIC_OR_PARTITION',
      `Partition ${partition} of topic ${this.topic} with partition count ${this.partitionCount} is not present in metadata.`,
    )
  }

  drain(): Promise<void> {
    this.#draining = this.#draining.catch(() => {}).then(() => this.#drain())
    return this.#draining
  }

  /** drain, then everything that was written is on disk. */
  async flush(): Promise<void> {
    await this.drain()
    const dirty = this.#logs.filter((entry) => entry !== undefined && entry.unsynced > 0) as ProducedLog[]
    await Promise.all(this.#logs.map((entry) => entry?.syncing))
    this.#throwFailure()
    try {
      // One sync is quickest right here; many go side by side.
      if (dirty.length <= 2) for (const { log } of dirty) log.flush()
      else await Promise.all(dirty.map(({ log }) => log.flushInBackground()))
    } catch (error) {
      for (const { log } of dirty) this.stopped.failed(log.partition, error)
      // Somebody deleted the topic, and with it what was to be kept.
      if (this.#options.directory.image().topic(this.topic) !== undefined) throw error
    }
    for (const entry of dirty) entry.unsynced = 0
  }

  /** Retention of what was written to, where that is due: after a flush, or every so many bytes. */
  keepHouse(): void {
    for (const entry of this.#logs) {
      if (entry === undefined || entry.sinceOffset < 0) continue
      this.#options.keepHouse?.(entry.log, entry.sinceOffset)
    }
  }

  async #drain(): Promise<void> {
    this.#throwFailure()
    this.#accumulator.endBatches()
    let failure: Error | undefined
    for (const queue of this.#accumulator.filled()) {
      try {
        if (this.#tryWrite(queue)) continue
        this.#throwFailure()
        await this.#options.transaction?.join(this.topic, this.#filledPartitions())
        this.#writeLocked(queue, await this.#lockedLog(queue.partition))
      } catch (error) {
        failure ??= this.#lost(queue, error)
      }
    }
    if (failure !== undefined) throw failure
  }

  #scheduleDrain(): void {
    if (this.#drainScheduled) return
    this.#drainScheduled = true
    setImmediate(() => {
      this.#drainScheduled = false
      // The callers whose records are lost hear of it through the promise of their send.
      this.drain().catch(() => {})
    })
  }

  #tryWriteAll(): void {
    this.#accumulator.endBatches()
    for (const queue of this.#accumulator.filled()) if (!this.#tryWrite(queue)) queue.due = true
  }

  /** Writes the closed batches unless somebody else holds the partition. */
  #tryWrite(queue: PartitionQueue): boolean {
    if (this.#waitingForLock) return false
    if (queue.writer.end === queue.writer.start) return true
    try {
      const { log } = this.#log(queue.partition)
      // All that have records: so the state is written once, not once for each.
      if (this.#options.transaction?.tryJoin(this.topic, this.#filledPartitions()) === false) return false
      if (!log.tryLock()) return false
      this.#writeLocked(queue, log)
      return true
    } catch (error) {
      if (error instanceof LockBusyError) return false
      const lost = this.#lost(queue, error)
      this.#failure ??= lost
      return false
    }
  }

  async #lockedLog(partition: number): Promise<UnifiedLog> {
    this.#waitingForLock = true
    try {
      const { log } = await whenFree(() => this.#log(partition))
      await log.lock()
      return log
    } finally {
      this.#waitingForLock = false
    }
  }

  #writeLocked(queue: PartitionQueue, log: UnifiedLog): void {
    const { writer } = queue
    const bytes = writer.end - writer.start
    let firstOffset = -1
    try {
      this.stopped.refuse(queue.partition)
      const info = log.append(writer.buffer, writer.start, writer.end, {
        freshProducerId: this.#isFresh,
        validate: this.#config.timestampType === 'LogAppendTime',
      })
      firstOffset = info.firstOffset
      this.stopped.stored += writer.closedRecordCount
      this.#options.directory.waits.progressed()
      this.#accumulator.delivered(queue, info.firstOffset, info.logAppendTime)
    } finally {
      log.unlock()
    }
    const entry = this.#logs[queue.partition] as ProducedLog
    if (entry.sinceOffset < 0) entry.sinceOffset = firstOffset
    entry.unsynced += bytes
    if (entry.unsynced < SYNC_BEHIND || entry.syncing !== undefined) return
    this.#options.keepHouse?.(log, entry.sinceOffset)
    entry.syncBehind((error) => {
      this.stopped.failed(queue.partition, error)
      this.#options.transaction?.failed(error)
      this.#failure ??= error
    })
  }

  /** The closed batches are not in the log, or only the first of them; thrown again to whoever tries again. Returns what is to be told. */
  #lost(queue: PartitionQueue, failure: unknown): Error {
    const { transaction } = this.#options
    const error = (transaction === undefined ? failure : transaction.failed(failure)) as Error
    if (queue.writer.closedRecordCount === 0) return error
    const { firstOffset, records, acknowledged, logAppendTime } = storedPart(failure)
    this.stopped.stored += records
    this.stopped.failed(queue.partition, error)
    this.#accumulator.failed(queue, error, acknowledged, firstOffset, logAppendTime)
    return error
  }

  #filledPartitions(): number[] {
    return this.#accumulator.filled().map(({ partition }) => partition)
  }

  #throwFailure(): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }

  /** The partition's log; the metadata is looked at again now and then, so that a deleted topic is noticed. */
  #log(partition: number): ProducedLog {
    const { clock, directory } = this.#options
    const now = clock.monotonic()
    const known = this.#logs[partition]
    if (known !== undefined && now - known.lookedAt < LOOK_AGAIN_MS) return known
    const log = directory.logForWriting(this.topic, partition)
    if (known !== undefined && known.log === log) {
      known.lookedAt = now
      return known
    }
    const entry = new ProducedLog(log, now)
    this.#logs[partition] = entry
    return entry
  }
}

const bytesOf = (value: Buffer | string | null): Buffer | null =>
  typeof value === 'string' ? Buffer.from(value) : value
