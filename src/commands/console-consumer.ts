/** kafka-console-consumer.sh: prints the records of topics. */
import { defineCommand } from '../cli/command.ts'
import { BrokenPipeError, OutputError } from '../cli/output.ts'
import type { Progress } from '../cli/progress.ts'
import type { Consumer, CorruptBatch } from '../client/consumer.ts'
import { consumerSettings } from '../client/consumer-config.ts'
import { javaPattern } from '../client/topic-filter.ts'
import { count as counted } from '../count.ts'
import { KafkaError, TerseError } from '../errors.ts'
import type { TopicPartition } from '../names/topic-partition.ts'
import { ADDED_NAMES } from './console-consumer/added-flags.ts'
import type { ConsumerAdditions } from './console-consumer/additions.ts'
import { CONSOLE_CONSUMER_FLAGS, type Context } from './console-consumer/flags.ts'
import { type ConsoleConsumerOptions, consoleConsumerOptions } from './console-consumer/options.ts'
import { RecordPrinter } from './console-consumer/record-printer.ts'
import { messageFormatter } from './formatters/formatter-loader.ts'
import type { MessageFormatter } from './formatters/message-formatter.ts'
import { openConsumer } from './open/open-client.ts'

export const command = defineCommand({
  name: 'console-consumer',
  summary: 'This tool helps to read data from Kafka topics and outputs it to standard output.',
  flags: CONSOLE_CONSUMER_FLAGS,
  parseErrors: { usage: true },
  examples: [
    'console-consumer --topic orders --from-beginning --until-end',
    'console-consumer --topic orders --group billing --from-beginning',
    'console-consumer --topic orders --from-beginning --max-messages 5 --formatter-property print.key=true',
  ],
  async run(context) {
    const options = await consoleConsumerOptions(context.options, context.stderr)
    const additions = ADDED_NAMES.some((name) => context.options.has(name))
      ? new (await import('./console-consumer/additions.ts')).ConsumerAdditions(context, options)
      : undefined
    const formatter =
      additions?.formatter ?? (await messageFormatter(options.formatterClass, options.formatterProperties))
    return await new ConsoleConsumer(context, options, formatter, additions).run()
  },
})

/** With --timeout-ms, what may pass behind it while others hold what the last commit needs. */
const CLOSE_MS = 2000
/** Who waits no longer than this need not be told. */
const TOLD_FROM_MS = 2000
/** So long in silence behind an open transaction: most are over by then. */
const TOLD_OF_TRANSACTION_MS = 2000

/** One run of the tool: reads, prints, commits, counts. */
class ConsoleConsumer {
  readonly #context: Context
  readonly #options: ConsoleConsumerOptions
  readonly #formatter: MessageFormatter
  readonly #printer: RecordPrinter
  readonly #additions: ConsumerAdditions | undefined
  /** For a person whose records go into a file. */
  #progress: Progress | undefined
  #unprintable = false
  #status = 0
  /** What was said of the failure that ended the reading. */
  #failure: string | undefined
  /** Reading began: from here on the genuine tool counts, however it ends. */
  #begun = false
  #toldOfWaiting = false
  #toldOfTransaction = false
  /** Said behind the closing count, where the genuine tool is silent. */
  readonly #afterwards: string[] = []

  constructor(
    context: Context,
    options: ConsoleConsumerOptions,
    formatter: MessageFormatter,
    additions: ConsumerAdditions | undefined,
  ) {
    this.#context = context
    this.#additions = additions
    this.#options = options
    this.#formatter = formatter
    this.#printer = new RecordPrinter(formatter, options.skipMessageOnError, context.stdout)
  }

  async run(): Promise<number> {
    const { stderr, stdout } = this.#context
    this.#afterwards.push(...this.#formatter.problems)
    const consumer = await this.#open()
    if (consumer === undefined) return 1
    stdout.bePatient()
    let brokenPipe = await this.#unlessClosed(() => this.#process(consumer))
    this.#progress?.stop()
    brokenPipe ??= await this.#unlessClosed(async () => {
      this.#printer.flush()
      if (await stdout.drain(this.#context.signal)) this.#formatter.end?.(this.#status === 0)
    })
    await this.#close(consumer)
    // The reader has what it wanted (`| head`): nothing more to say.
    if (brokenPipe !== undefined) throw brokenPipe
    if (this.#context.signal.aborted && this.#context.signal.reason === 'EPIPE') return this.#status
    if (!this.#begun) return this.#status
    const { delivered } = this.#printer
    if (delivered === 0 && this.#status === 0 && this.#afterwards.length === 0) await this.#tellAbsent()
    // Kafka's tool counts the record that it could not print.
    stderr.line(`Processed a total of ${this.#unprintable ? delivered + 1 : delivered} messages`)
    for (const line of [...this.#afterwards, ...this.#printer.skipped()]) stderr.line(line)
    if (this.#options.systestEvents) stdout.line('shutdown_complete')
    return this.#status
  }

  get #untilEnd(): boolean {
    return this.#options.untilEnd || this.#additions?.untilEnd === true
  }

  /** The time ran out on a topic that is not there: Kafka's tool counts 0 and says no more. */
  async #tellAbsent(): Promise<void> {
    const { topic, partition, timeoutMs } = this.#options
    if (topic === undefined || timeoutMs === Number.POSITIVE_INFINITY) return
    const { absentTopic } = await import('./hints/near-name-hint.ts')
    const line = await absentTopic(this.#context, topic, partition)
    if (line !== undefined) this.#afterwards.push(line)
  }

  /** Returns what says that nobody reads our output any more; any other failure is told. */
  async #unlessClosed(action: () => Promise<void>): Promise<BrokenPipeError | undefined> {
    try {
      await action()
    } catch (error) {
      if (error instanceof BrokenPipeError) return error
      this.#failed(error)
    }
    return undefined
  }

  /** However it came to the end: what is committed goes as far as what was delivered, and no further. */
  async #close(consumer: Consumer): Promise<void> {
    const cut = this.#printer.cut()
    const isOurs = ({ topic, partition }: TopicPartition) =>
      topic === cut?.topic && partition === cut.partition
    try {
      // The group may have taken the partition while a full pipe kept us.
      if (cut !== undefined && !Number.isNaN(cut.offset) && consumer.assignment().some(isOurs)) {
        consumer.seek(cut, cut.offset)
        await consumer.close()
      } else await consumer.close({ processed: cut === undefined })
    } catch (error) {
      const { message } = error as Error
      if (message !== this.#failure) this.#context.stderr.line(message)
      this.#status = 1
    }
  }

  async #open(): Promise<Consumer | undefined> {
    const { config, groupId, skipCorrupt, timeoutMs } = this.#options
    try {
      consumerSettings(config, groupId)
      checkSubscription(this.#options)
    } catch (error) {
      this.#context.stderr.line(unknownError(error))
      return undefined
    }
    this.#context.handleSignals()
    return await openConsumer(this.#context, {
      groupId,
      config,
      signal: this.#context.signal,
      untilEnd: this.#untilEnd,
      skipCorrupt,
      patienceMs: timeoutMs === Number.POSITIVE_INFINITY ? undefined : Math.min(timeoutMs, CLOSE_MS),
      onCorrupt: (corrupt) => this.#corrupt(corrupt),
      onElsewhere: (line) => this.#notAll(line),
      onWait: () => this.#waits(),
    })
  }

  async #process(consumer: Consumer): Promise<void> {
    const { topic, partition, timeoutMs } = this.#options
    const printer = this.#printer
    // Who reads to the end does not wait: the consumer itself says what is absent.
    if (this.#context.stderr.isTerminal && !this.#untilEnd) {
      const { tellOfWaiting } = await import('./hints/near-name-hint.ts')
      await tellOfWaiting(this.#context, topic, partition)
    }
    if (this.#context.stderr.isTerminal && !this.#context.stdout.isTerminal) {
      const { startProgress } = await import('../cli/progress.ts')
      this.#progress = startProgress(this.#context, 'waiting for records')
    }
    const additions = this.#additions
    const visitor = additions?.visitor(printer) ?? printer
    // The additions assign partitions and go to where reading begins; else the tool's own flags say it.
    if (!(await additions?.assign(consumer))) await this.#assign(consumer)
    this.#begun = true
    printer.limit = this.#maxMessages()
    // The genuine tool asks once, and nothing can come that quickly.
    if (timeoutMs === 0) return
    while (printer.count < printer.limit) {
      printer.begin()
      const count = await consumer.visit(visitor, timeoutMs)
      printer.flush()
      if (!(await this.#context.stdout.drain(this.#context.signal))) return
      this.#progress?.update(
        counted(printer.count, 'record'),
        printer.limit === Number.POSITIVE_INFINITY ? undefined : printer.count / printer.limit,
      )
      // Nothing came in time, a signal came, or nothing can come any more.
      if (count === 0 || additions?.finished(consumer)) return
      if (visitor === printer && printer.wantsKernel) await printer.useKernel()
    }
  }

  async #assign(consumer: Consumer): Promise<void> {
    const { topic, include, partition, offset } = this.#options
    if (topic === undefined || partition === undefined) {
      await consumer.subscribe(include === undefined ? [topic ?? ''] : this.#pattern(include))
      return
    }
    const topicPartition = { topic, partition }
    await consumer.assign([topicPartition])
    if (offset === 'earliest') consumer.seekToBeginning()
    else if (offset === 'latest') consumer.seekToEnd()
    else consumer.seek(topicPartition, offset)
  }

  /** As late as the genuine tool looks at it, with its words. */
  #maxMessages(): number {
    const most = this.#context.options.has('max-messages') ? this.#context.options.int('max-messages') : -1
    return most === undefined || most === -1 ? Number.POSITIVE_INFINITY : most
  }

  #pattern(include: string): RegExp {
    try {
      return javaPattern(include)
    } catch {
      throw new TerseError(`${include} is an invalid regex.`)
    }
  }

  #failed(error: unknown): void {
    // The genuine tool logs a topic name that cannot be, and a missing offset where none may be chosen, behind its count.
    const invalidName = error instanceof KafkaError && error.code === 'INVALID_TOPIC_EXCEPTION'
    if (invalidName || (error instanceof TerseError && error.name === 'NoOffsetForPartition')) {
      this.#begun = true
      // Whoever gave a time waits in vain for such a topic, as for any that is not there (D1).
      const waitedFor = invalidName && !this.#untilEnd && this.#options.timeoutMs < Number.POSITIVE_INFINITY
      if (!waitedFor) this.#status = 1
      this.#afterwards.push(error.message)
      return
    }
    this.#status = 1
    this.#unprintable = !(error instanceof OutputError) && this.#printer.count > this.#printer.delivered
    this.#failure = error instanceof Error ? error.message : undefined
    const absent = error instanceof KafkaError && error.code === 'UNKNOWN_TOPIC_OR_PARTITION'
    const plain = absent || error instanceof OutputError
    this.#context.stderr.line(plain ? error.message : unknownError(error))
  }

  #corrupt({ partition, offset, error }: CorruptBatch): void {
    const wayOut = this.#options.skipCorrupt
      ? 'skipped'
      : 'reading it ends here, --skip-corrupt goes on behind it'
    this.#notAll(`${partition.topic}-${partition.partition}, offset ${offset}: ${error.message}; ${wayOut}`)
  }

  /** What is printed will not be all that was asked for. */
  #notAll(told: string): void {
    this.#status = 1
    const { stderr } = this.#context
    if (this.#progress === undefined) stderr.line(told)
    else this.#progress.aside(() => stderr.line(told))
    stderr.flush()
  }

  /** Nothing to read for now. */
  #waits(): void {
    const { stdout, stderr } = this.#context
    this.#context.watchReader()
    this.#tellOfTransaction()
    if (this.#toldOfWaiting || !stdout.isTerminal || !stderr.isTerminal) return
    this.#toldOfWaiting = true
    if (this.#options.timeoutMs < TOLD_FROM_MS) return
    stderr.line('Waiting for new records; Ctrl-C ends.')
    stderr.flush()
  }

  /** Once, on a terminal, where committed records are waited for. */
  #tellOfTransaction(): void {
    const { stderr, signal } = this.#context
    const { topic, config } = this.#options
    if (this.#toldOfTransaction || !stderr.isTerminal || topic === undefined) return
    this.#toldOfTransaction = true
    if (config['isolation.level'] !== 'read_committed') return
    setTimeout(async () => {
      const { openTransactionLines } = await import('./hints/open-transaction-hint.ts')
      for (const line of await openTransactionLines(this.#context, topic))
        if (!signal.aborted) stderr.line(line)
      stderr.flush()
    }, TOLD_OF_TRANSACTION_MS).unref()
  }
}

/** What the genuine consumer refuses to subscribe to. @throws Error in its words */
function checkSubscription({ topic, include, partition }: ConsoleConsumerOptions): void {
  if (include === '') throw new TerseError('Topic pattern to subscribe to cannot be empty')
  if (topic?.trim() !== '') return
  const what = partition === undefined ? 'Topic collection to subscribe to' : 'Topic partitions to assign to'
  throw new TerseError(`${what} cannot ${partition === undefined ? 'contain' : 'have'} null or empty topic`)
}

function unknownError(error: unknown): string {
  return `Unknown error when running consumer: ${error instanceof Error ? error.message : String(error)}`
}
