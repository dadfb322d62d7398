/** kafka-console-producer.sh: writes lines of standard input as records. */
import { defineCommand } from '../cli/command.ts'
import type { Producer } from '../client/producer.ts'
import type { SourceProcess } from '../os/source-process.ts'
import { type InputChunks, openInput } from '../os/standard-input.ts'
import { CONSOLE_PRODUCER_FLAGS, type Context } from './console-producer/flags.ts'
import { LineProducer } from './console-producer/line-producer.ts'
import { checkFlags, lineReader, producerConfig } from './console-producer/options.ts'
import type { LineTransactions } from './console-producer/transactions.ts'
import { openProducer } from './open/open-client.ts'

const TRANSACTION_FLAGS = [
  'transaction',
  'transactional-id',
  'transaction-duration-ms',
  'transaction-records',
] as const

/** Lines of standard input become records. Exit 0 means: every one of them is in the log and on disk. */
export const command = defineCommand({
  name: 'console-producer',
  summary: 'This tool helps to read data from standard input and publish it to Kafka.',
  parser: 'jopt',
  parseErrors: { usage: true },
  flags: CONSOLE_PRODUCER_FLAGS,
  examples: [
    'echo hello | tkafka console-producer --topic greetings',
    'tkafka console-producer --topic orders --reader-property parse.key=true --reader-property key.separator=: < orders.txt',
    'tkafka console-producer --topic events --compression-codec zstd --sync < events.jsonl',
    'tkafka console-producer --topic events --transaction -- zcat events.gz',
  ],
  run,
})

async function run(context: Context): Promise<number> {
  const { options } = context
  checkFlags(context)
  const reader = await lineReader(options)
  const { config, waitLimit } = await producerConfig(options)
  const inTransactions = wantsTransactions(options, config)
    ? await import('./console-producer/transactions.ts')
    : undefined
  const isTransactional = inTransactions?.transactional(options, config) === true
  const limits = isTransactional ? inTransactions?.limitsOf(options) : undefined
  const partition = options.int('partition') ?? -1
  const topic = options.value('topic') as string
  if (context.stderr.isTerminal) {
    const { hintNearName } = await import('./hints/near-name-hint.ts')
    await hintNearName(context, 'topic', topic, `There is no topic ${topic} yet. `)
    context.stderr.flush()
  }
  const producer = await openProducer(context, config, { limit: waitLimit })
  // From here on a signal ends the reading, and what was read is written.
  context.handleSignals()
  const source = isTransactional && options.words.length > 0 ? await startSource(options.words) : undefined
  const transactions = limits && new inTransactions!.LineTransactions(producer, limits)
  const lines = new LineProducer({
    producer,
    topic,
    partition,
    reader,
    input: source ?? (await input(context)),
    transactions,
    maxRequestSize: Number(config['max.request.size'] ?? 1048576),
    sync: options.has('sync'),
    stop: context,
    prompt: context.stdout.isTerminal && context.stdinIsTerminal ? context.stdout : undefined,
    diagnostics: context.stderr,
    growth: reader.growth,
  })
  if (transactions === undefined) return closing(producer, lines)
  return ending(context, { producer, lines, transactions, source })
}

/** Nothing of transactions is loaded by those who have none. */
function wantsTransactions(options: Context['options'], config: Record<string, string>): boolean {
  return TRANSACTION_FLAGS.some((flag) => options.has(flag)) || config['transactional.id'] !== undefined
}

async function startSource([command, ...args]: readonly string[]): Promise<SourceProcess> {
  const { SourceProcess: Source } = await import('../os/source-process.ts')
  return new Source(command, args)
}

interface Transacted {
  readonly producer: Producer
  readonly lines: LineProducer
  readonly transactions: LineTransactions
  readonly source: SourceProcess | undefined
}

/** Committed only where all lines came, and came whole; the first failure is the one that is told. */
async function ending(
  context: Context,
  { producer, lines, transactions, source }: Transacted,
): Promise<number> {
  try {
    await lines.run()
    if (!context.interrupted) {
      await source?.endedWell()
      await transactions.commit()
    }
  } catch (error) {
    source?.close()
    const told = await transactions.abort(error)
    await producer.close().catch(() => {})
    throw told
  }
  const failure = await transactions.abort(undefined)
  await producer.close().catch((error: unknown) => {
    throw transactions.behindCommit(error)
  })
  if (failure !== undefined) throw failure
  return lines.end()
}

async function input(context: Context): Promise<InputChunks> {
  const chunks = openInput(context.stdin)
  if (!context.stdinIsTerminal) return chunks
  const { TerminalLines } = await import('./console-producer/terminal-lines.ts')
  return new TerminalLines(chunks, context.stderr)
}

/** The producer is closed whatever happens; the first failure is the one that is told. */
async function closing(producer: Producer, lines: LineProducer): Promise<number> {
  try {
    await lines.run()
  } catch (error) {
    await producer.close().catch(() => {})
    throw lines.told(error)
  }
  try {
    await producer.close()
  } catch (error) {
    throw lines.told(error)
  }
  return lines.end()
}
