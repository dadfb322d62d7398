/**
 * Sends the lines that console-producer reads: when a batch is closed, when a dry pipe is sent from, and what
 * an error loses.
 */
import type { Output } from '../../cli/command.ts'
import type { DeliveryListener, Producer, TopicProducer } from '../../client/producer.ts'
import { count } from '../../count.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import { systemClock } from '../../os/clock.ts'
import type { InputChunks } from '../../os/standard-input.ts'
import { keyLengthOf, RecordSlices, valueLengthOf } from '../../record/record-slices.ts'
import { LineInput, type LineTaker, type ManyLinesTaker } from './line-input.ts'
import type { LineMessageReader } from './line-reader.ts'
import type { LineTransactions } from './transactions.ts'

/** How long a pipe must be silent before what was read is sent. */
const DRY_MS = 1
/** After so long without a send a dry pipe is sent from at once: no stream that more of is to be waited for. */
const QUIET_MS = 4
/** Nothing is held longer than this because a little more keeps coming. */
const HOLD_MS = 5
/**
 * With so much in hand a dry pipe is a writer that waits for its turn (eight of them on two cores): so long, and so
 * many times, more is waited for before what there is gets written, in batches that are not full.
 */
const BULK_BYTES = 64 * 1024
const BULK_DRY_MS = 5
const BULK_DRY_WAITS = 10
/**
 * An input that is never dry lets signals, background syncs and the release of what codecs made have their turn this
 * often: at 20 ms, buffers of lz4 stood up to 125 MB high.
 */
const TURN_MS = 5
/** Refused lines that are reported one by one. */
const REPORTED = 10
/** Kafka's own words end here; a line beyond this it could not even hold. */
const ABSURD = 256 * 1024 * 1024
/** What a line may have beyond its record: separators and the like. */
const SLACK = 64 * 1024

export interface LineProducerOptions {
  readonly producer: Producer
  readonly topic: string
  /** -1: the partitioner chooses. */
  readonly partition: number
  readonly reader: LineMessageReader
  readonly input: InputChunks
  readonly maxRequestSize: number
  readonly sync: boolean
  /** Ends the reading: whether it has come, and (made only by whoever waits) something that tells. */
  readonly stop: { readonly interrupted: boolean; readonly signal: AbortSignal }
  /** Where `>` goes; undefined: no terminal. */
  readonly prompt: Output | undefined
  readonly diagnostics: Output
  /** Lines go into transactions. */
  readonly transactions?: LineTransactions | undefined
  /** How many times longer than its record a line may be; a longer one ends it all. Absent: lines are cut. */
  readonly growth?: number
}

/** Reads lines to the end of the input (or a signal) and hands them to the producer. */
export class LineProducer {
  readonly #options: LineProducerOptions
  readonly #lines: LineInput
  #topic: TopicProducer | undefined
  /** The line in hand. */
  readonly #record = new RecordSlices()
  #many: ManyLinesTaker | undefined
  #now = 0
  /** The same moment by the clock that nobody sets back. */
  #time = 0
  /** When the oldest line came that was not sent yet; 0: none. */
  #heldSince = 0
  /** When lines were last sent because the pipe was dry; the first ones wait as in a stream. */
  #sentAt = Number.POSITIVE_INFINITY
  /** What came since then, and how often it was waited for. */
  #heldBytes = 0
  #waits = 0
  #refused = 0
  /** With --sync, where the producer tells later: the line before this one is waited for. */
  #unacknowledged = false

  constructor(options: LineProducerOptions) {
    this.#options = options
    this.#lines = new LineInput(options.input, (options.growth ?? 1) * options.maxRequestSize + SLACK)
  }

  /** A failure of the disk, with how far the lines got; any other as it is. To be asked when the producer is closed. */
  told(error: unknown): unknown {
    const stopped = this.#topic?.stopped
    return stopped?.first === undefined || stopped.first !== error ? error : stopped.afterLines()
  }

  /** Resolves once all lines are with the producer; what cannot be parsed or written throws. */
  async run(): Promise<void> {
    const { input, stop } = this.#options
    let turn = systemClock.monotonic()
    this.#prompt()
    while (!stop.interrupted) {
      const n = this.#lines.fill()
      this.#now = systemClock.now()
      this.#time = systemClock.monotonic()
      if (n === 0) {
        await this.#takeLines(this.#lines.last.bind(this.#lines))
        break
      }
      if (n < 0) {
        await this.#wait()
        turn = systemClock.monotonic()
        continue
      }
      this.#heldBytes += n
      await this.#takeLines((take) => this.#lines.lines(take, this.#many))
      if (this.#time - turn >= TURN_MS) {
        await new Promise(setImmediate)
        turn = systemClock.monotonic()
      }
    }
    input.close()
  }

  /** To be called when the producer is closed: the exit status. */
  end(): number {
    if (this.#refused > REPORTED)
      this.#options.diagnostics.line(
        `${count(this.#refused - REPORTED, 'more line was', 'more lines were')} not sent.`,
      )
    return this.#refused > 0 ? 1 : 0
  }

  /** Hands lines on until the producer has them all, over refused ones and waits for a partition. */
  async #takeLines(lines: (take: LineTaker) => boolean): Promise<void> {
    for (;;) {
      try {
        if (lines(this.#take)) return
        if (this.#topic === undefined) {
          this.#topic = await this.#open()
          if (!this.#options.sync) this.#topic.listen?.(this.#listener)
          const memory = this.#topic.inputMemory
          if (memory !== undefined && this.#lines.useMemory(memory.buffer, memory.size))
            this.#many = this.#takeMany()
        } else if (this.#unacknowledged) {
          this.#unacknowledged = false
          await this.#options.producer.flush()
        } else if (this.#options.transactions?.isDue === true) await this.#options.transactions.next()
        else await this.#topic.drain()
      } catch (error) {
        if (!(error instanceof RefusedLine)) throw error
        // All of them or none.
        if (this.#options.transactions !== undefined) throw new TerseError(this.#inKafkasWords(error))
        this.#report(error)
      }
    }
  }

  /** A line that was lost later than it was taken: nobody knows its number any more. */
  readonly #listener: DeliveryListener = {
    stored: () => {},
    lost: (keyLength, valueLength, reason) => {
      if (++this.#refused > REPORTED) return
      const { diagnostics } = this.#options
      diagnostics.line(this.#inKafkasWords({ keyLength, valueLength, reason }))
      diagnostics.flush()
    },
  }

  /** For lines that are values, or keys and values, of which none is asked for or waited for by itself. */
  #takeMany(): ManyLinesTaker | undefined {
    const { reader, partition, sync, prompt } = this.#options
    const topic = this.#topic as TopicProducer
    const memory = topic.inputMemory?.buffer
    const separator = reader.keySeparatorByte
    if (!reader.plain && separator < 0) return undefined
    if (sync || prompt !== undefined || topic.appendLines === undefined) return undefined
    const { transactions } = this.#options
    if (transactions?.counts === true) return undefined
    const many = {
      lines: 0,
      take: (buffer: Buffer, start: number, end: number): number => {
        if (transactions?.isDue === true) return start
        // Once a line was too long for the producer's memory, input is read elsewhere.
        if (buffer !== memory) return start
        const behind = topic.appendLines?.(partition, this.#now, start, end, separator) ?? start
        if (behind === start) return start
        many.lines = topic.taken ?? 0
        transactions?.taken(many.lines)
        if (this.#heldSince === 0) this.#heldSince = this.#time
        return behind
      },
    }
    return many
  }

  readonly #take: LineTaker = (buffer, start, end, lineNumber, length) => {
    const topic = this.#topic
    const { transactions } = this.#options
    if (topic === undefined || this.#unacknowledged || transactions?.isDue === true) return false
    const { reader, partition } = this.#options
    const record = this.#record
    if (reader.plain) {
      record.value = buffer
      record.valueStart = start
      record.valueEnd = end
    } else {
      if (length > end - start && this.#options.growth !== undefined) throw tooLongToParse(lineNumber, length)
      reader.parse(buffer, start, end, lineNumber)
      if (reader.partition !== undefined) this.#checkPartition(topic, reader.partition, lineNumber)
      setParsed(record, reader, buffer)
    }
    record.timestamp = reader.timestamp ?? this.#now
    try {
      if (length > end - start) throw this.#tooLong(topic, length - (record.valueStart - start))
      if (!topic.append(reader.partition ?? partition, record)) return false
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      let valueLength = valueLengthOf(record)
      // Of a line that is not here as a whole.
      if (valueLength >= 0 && reader.source === undefined) valueLength = length - (record.valueStart - start)
      throw new RefusedLine(lineNumber, keyLengthOf(record), valueLength, error)
    }
    transactions?.taken(1)
    if (this.#options.sync) {
      topic.endBatches()
      this.#unacknowledged = topic.listen !== undefined
    }
    if (this.#heldSince === 0) this.#heldSince = this.#time
    this.#prompt()
    return true
  }

  /** The pipe ran dry: what was read is sent, unless more comes at once. */
  async #wait(): Promise<void> {
    const { input, stop } = this.#options
    if (this.#heldSince === 0) {
      await input.ready(undefined, stop.signal)
      return
    }
    if (this.#heldBytes >= BULK_BYTES && this.#waits < BULK_DRY_WAITS) {
      this.#waits++
      if (await input.ready(BULK_DRY_MS, stop.signal)) return
    }
    if (
      this.#time - this.#sentAt < QUIET_MS &&
      this.#time - this.#heldSince < HOLD_MS &&
      (await input.ready(DRY_MS, stop.signal))
    ) {
      return
    }
    this.#heldSince = 0
    this.#heldBytes = 0
    this.#waits = 0
    this.#sentAt = this.#time
    if (this.#options.sync) await this.#options.producer.flush()
    else await this.#topic?.drain()
  }

  async #open(): Promise<TopicProducer> {
    const { producer, topic, partition } = this.#options
    try {
      const { transactions } = this.#options
      const opened = await (transactions ?? producer).openTopic(topic)
      if (partition !== -1 && (partition < 0 || partition >= opened.partitionCount)) {
        throw new TerseError(
          `Partition ${partition} of topic ${topic} with partition count ${opened.partitionCount} is not present in metadata.`,
        )
      }
      return opened
    } catch (error) {
      // Kafka's tool says this of each line; with us the first one ends it.
      if (error instanceof KafkaError && !this.#options.sync) {
        let first: RefusedLine | undefined
        const lengths: LineTaker = (buffer, start, end, lineNumber, length) => {
          const { reader } = this.#options
          reader.parse(buffer, start, end, lineNumber)
          const valueLength = reader.valueEnd < 0 ? -1 : length - (reader.valueStart - start)
          first = new RefusedLine(
            lineNumber,
            reader.keyEnd < 0 ? -1 : reader.keyEnd - reader.keyStart,
            valueLength,
            error,
          )
          return false
        }
        if (this.#lines.lines(lengths)) this.#lines.last(lengths)
        if (first !== undefined) throw new TerseError(this.#inKafkasWords(first))
      }
      throw error
    }
  }

  #checkPartition({ topic, partitionCount }: TopicProducer, partition: number, lineNumber: number): void {
    if (partition < partitionCount) return
    throw new TerseError(
      `Line ${lineNumber}: partition: ${topic} has only ${partitionCount}, not partition ${partition}; leave out --keep-partition, or add partitions`,
    )
  }

  #tooLong(topic: TopicProducer, valueLength: number): Error {
    const { reader, maxRequestSize } = this.#options
    const { lineNumber } = this.#lines
    if (valueLength > ABSURD) {
      return new KafkaError(
        'MESSAGE_TOO_LARGE',
        `Line ${lineNumber} was not sent: it is longer than ${count(maxRequestSize, 'byte')} (max.request.size), by far: ${valueLength}.`,
      )
    }
    return (
      topic.refusalOf(
        reader.keyEnd < 0 ? -1 : reader.keyEnd - reader.keyStart,
        valueLength,
        reader.headersEnd,
        reader.headersCount,
      ) ?? new TerseError(`Line ${lineNumber} is longer than tkafka can hold.`)
    )
  }

  #report(line: RefusedLine): void {
    if (this.#options.sync) throw new TerseError(line.reason.message)
    if (++this.#refused > REPORTED) return
    const { diagnostics } = this.#options
    if (line.valueLength > ABSURD) diagnostics.line(line.reason.message)
    else {
      diagnostics.line(this.#inKafkasWords(line))
      diagnostics.line(`Line ${line.lineNumber} was not sent.`)
    }
    diagnostics.flush()
  }

  #inKafkasWords({
    keyLength,
    valueLength,
    reason,
  }: Pick<RefusedLine, 'keyLength' | 'valueLength'> & { reason: Error }): string {
    const bytes = (length: number) => (length < 0 ? 'null' : `${length} bytes`)
    return `Error when sending message to topic ${this.#options.topic} with key: ${bytes(keyLength)}, value: ${bytes(valueLength)} with error: ${reason.message}`
  }

  #prompt(): void {
    const { prompt } = this.#options
    if (prompt === undefined) return
    prompt.write('>')
    prompt.flush()
  }
}

/** The parts of the line that the reader took apart; they lie in `buffer` unless it made others. */
function setParsed(record: RecordSlices, reader: LineMessageReader, buffer: Buffer): void {
  const source = reader.source ?? buffer
  record.key = source
  record.keyStart = reader.keyStart
  record.keyEnd = reader.keyEnd
  record.value = source
  record.valueStart = reader.valueStart
  record.valueEnd = reader.valueEnd
  record.headers = reader.headers
  record.headersEnd = reader.headersEnd
  record.headersCount = reader.headersCount
}

function tooLongToParse(lineNumber: number, length: number): TerseError {
  return new TerseError(`Line ${lineNumber}: ${length} bytes are too long for a record of max.request.size`)
}

/** A line that the producer refuses; the others are not affected. */
class RefusedLine extends Error {
  readonly lineNumber: number
  readonly keyLength: number
  readonly valueLength: number
  readonly reason: KafkaError

  constructor(lineNumber: number, keyLength: number, valueLength: number, reason: KafkaError) {
    super(reason.message)
    this.lineNumber = lineNumber
    this.keyLength = keyLength
    this.valueLength = valueLength
    this.reason = reason
  }
}
