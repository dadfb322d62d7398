/** Prints the records that console-consumer reads, and counts those that reached the reader of its output. */
import { loadNative } from '../../bytes/crc32c.ts'
import { OutputError } from '../../cli/output.ts'
import type { ConsumerVisitor, VisitedBatch } from '../../client/consumer.ts'
import { count } from '../../count.ts'
import type { PrintedForm } from '../../record/kernels/printed-form.ts'
import type { RecordView } from '../../record/record-view.ts'
import type { RunTaker } from '../../record/record-walk.ts'
import type { MessageFormatter } from '../formatters/message-formatter.ts'
import { OutputBuffer, type RecordSink } from '../formatters/output-buffer.ts'

/**
 * Once so many bytes came, what takes many records at once pays for being loaded and compiled: before V8 spends as much
 * on compiling what takes them one by one. The first chunk is hardly larger.
 */
const KERNEL_FROM = 96 * 1024
const FIRST_CHUNK = 128 * 1024

/** What of a visit was delivered when it was cut short: records of one partition up to this offset; NaN: none of them. */
export interface Delivered {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Counts records and has them formatted, up to a limit, and knows which of them are delivered. */
export class RecordPrinter implements ConsumerVisitor {
  /** Records taken, also those that could not be printed. */
  count = 0
  limit = Number.POSITIVE_INFINITY
  readonly #formatter: MessageFormatter
  readonly #skipOnError: boolean
  readonly #output: OutputBuffer
  #skipped = 0
  #firstProblem = ''
  #batch: VisitedBatch | undefined
  /** See ConsumerVisitor. */
  records: RunTaker | undefined
  #untilKernel = KERNEL_FROM
  #tried = false

  constructor(
    formatter: MessageFormatter,
    skipOnError: boolean,
    sink: RecordSink,
    output = new OutputBuffer(sink),
  ) {
    this.#formatter = formatter
    this.#skipOnError = skipOnError
    this.#output = output
  }

  /** See ConsumerVisitor. */
  get chunk(): Buffer | undefined {
    if (this.#formatter.form === undefined) return undefined
    return this.#tried ? this.#output.chunk : this.#output.chunk.subarray(0, FIRST_CHUNK)
  }

  batch(batch: VisitedBatch): void {
    this.#batch = batch
    this.#untilKernel -= batch.end - batch.start
    this.#output.flush(false)
    this.#formatter.batch(batch, this.#output)
  }

  record(record: RecordView): boolean {
    this.count++
    if (this.#skipOnError) {
      try {
        this.#formatter.record(record, this.#output)
      } catch (error) {
        this.#skip(record.offset, error as Error)
      }
    } else this.#formatter.record(record, this.#output)
    this.#output.recordEnds(record.offset + 1)
    return this.count < this.limit && !this.#output.stalled
  }

  /** True once when there is reason to call `useKernel`, between two batches. */
  get wantsKernel(): boolean {
    return !this.#tried && this.#untilKernel <= 0 && this.#formatter.form?.() !== undefined
  }

  /** Has many records printed at once from now on, where that can be. */
  async useKernel(): Promise<void> {
    this.#tried = true
    // What checks the batches as they are read.
    loadNative()
    const kernel = await this.#output.kernel()
    if (kernel === undefined) return
    let shown: PrintedForm | undefined
    this.records = (run) => {
      const form = this.#formatter.form?.()
      const left = this.limit - this.count
      if (form === undefined || left <= 0) return true
      if (form !== shown) kernel.setForm(form)
      shown = form
      try {
        this.#output.printRun(kernel, run, left)
      } finally {
        this.count += run.taken
      }
      return this.count < this.limit && !this.#output.stalled
    }
  }

  /** Everything formatted so far to the sink. */
  flush(): void {
    this.#output.flush(true)
  }

  /** Before each visit; what was printed before is delivered. */
  begin(): void {
    this.#output.settle()
    this.#output.ends.begin()
  }

  /** Records delivered so far. */
  get delivered(): number {
    this.#output.settle()
    return this.#output.ends.delivered
  }

  /** Undefined when all that was handed out is delivered, also what prints nothing. */
  cut(): Delivered | undefined {
    if (this.delivered === this.count) return undefined
    const { topic, partition } = this.#batch as VisitedBatch
    return { topic, partition, offset: this.#output.ends.position }
  }

  /** A line about the records that could not be printed, if any. */
  skipped(): string[] {
    if (this.#skipped === 0) return []
    return [
      `Skipped ${count(this.#skipped, 'message')} that could not be printed, first ${this.#firstProblem}`,
    ]
  }

  #skip(offset: number, error: Error): void {
    if (error instanceof OutputError) throw error
    if (this.#skipped++ > 0) return
    const batch = this.#batch as VisitedBatch
    const where = `${batch.topic}-${batch.partition}, offset ${offset}: `
    // Where the message says so itself it tells the way out, too, and that is the one that was taken.
    this.#firstProblem = error.message.startsWith(where)
      ? error.message.replace(/; --skip-message-on-error.*/, '')
      : where + error.message
  }
}
