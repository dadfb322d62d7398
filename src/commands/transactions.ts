/** transactions: lists and describes transactions, finds those that hang, and ends them. */
import { defineCommand, type ToolContext } from '../cli/command.ts'
import { machineOutput, type Row, type RowShape, wholeRow } from '../cli/machine-output.ts'
import { OutputError } from '../cli/output.ts'
import { prettyTable } from '../cli/pretty-table.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { AbortTransactionSpec, ProducerState } from '../client/admin/transaction-admin.ts'
import { KafkaError, TerseError } from '../errors.ts'
import { type TopicPartition, topicPartitionKey } from '../names/topic-partition.ts'
import { openAdmin } from './open/open-client.ts'
import { TRANSACTIONS_FLAGS, TRANSACTIONS_SUBCOMMANDS } from './transactions/flags.ts'

type Context = ToolContext<typeof TRANSACTIONS_FLAGS, typeof TRANSACTIONS_SUBCOMMANDS>

export const command = defineCommand({
  name: 'transactions',
  prog: 'kafka-transactions.sh',
  summary:
    'This tool is used to analyze the transactional state of producers in the cluster. It can be used to detect and recover from hanging transactions.',
  parser: 'argparse',
  flags: TRANSACTIONS_FLAGS,
  subcommands: TRANSACTIONS_SUBCOMMANDS,
  examples: [
    'tkafka transactions list',
    'tkafka transactions find-hanging --broker-id 1',
    'tkafka transactions abort --topic orders --partition 0 --start-offset 17',
  ],
  async run(context) {
    const run = SUBCOMMANDS[context.options.subcommand ?? '']
    check(context)
    const admin = await openAdmin(context)
    try {
      await run(context, admin)
    } finally {
      await admin.close()
    }
    return 0
  },
})

type Run = (context: Context, admin: Admin) => Promise<void>

const SUBCOMMANDS: Readonly<Record<string, Run>> = {
  list,
  describe,
  'describe-producers': describeProducers,
  abort,
  'find-hanging': findHanging,
  'abort-dead': abortDead,
  forceTerminateTransaction: forceTerminate,
}

/** What is wrong without a look at anything. */
function check({ options }: Context): void {
  if (options.subcommand === 'abort' && !options.has('start-offset')) {
    if (!options.has('producer-id')) {
      throw new TerseError(
        'The transaction to abort must be identified either with --start-offset (for brokers on 3.0 or above) or with --producer-id, --producer-epoch, and --coordinator-epoch (for older brokers)',
      )
    }
    for (const name of ['producer-epoch', 'coordinator-epoch'] as const)
      if (!options.has(name)) throw new TerseError(`Missing required argument --${name}`)
  }
  if (options.subcommand === 'find-hanging') {
    if (!options.has('topic') && !options.has('broker-id')) {
      throw new TerseError(
        'The `find-hanging` command requires either --topic or --broker-id to limit the scope of the search',
      )
    }
    if (options.has('partition') && !options.has('topic'))
      throw new TerseError('The --partition argument requires --topic to be provided')
  }
}

/** Headers of the text, and of them the names for programs. */
interface Table {
  readonly headers: readonly string[]
  readonly shape: RowShape
}

function table(kind: string, ...columns: readonly (readonly [header: string, name: string])[]): Table {
  return {
    headers: columns.map(([header]) => header),
    shape: { kind, columns: columns.map(([, name]) => name) },
  }
}

/** Prints the rows as a table (null is `none`), or for programs. */
async function print(context: Context, { headers, shape }: Table, rows: readonly Row[], none = 'None') {
  const machine = machineOutput(context, shape)
  if (machine !== undefined) return await machine.all(rows.map((row) => wholeRow(shape, row)))
  const cells = rows.map((row) => shape.columns.map((name) => text(row[name], none)))
  for (const line of prettyTable(headers, cells)) context.stdout.line(line)
}

function text(cell: Row[string], none: string): string {
  if (cell === null || cell === undefined) return none
  return Array.isArray(cell) ? cell.join(',') : String(cell)
}

/** Runs a part whose failure the genuine tool tells behind these words. */
async function orFail<T>(words: string, part: () => Promise<T>): Promise<T> {
  try {
    return await part()
  } catch (error) {
    if (!(error instanceof TerseError) || error instanceof OutputError) throw error
    if (!(error instanceof KafkaError)) throw error
    throw new TerseError(failure(words, error.message))
  }
}

/** With the genuine tool's advice; here TKAFKA_DEBUG=1 shows more. */
function failure(words: string, message: string): string {
  return `${words}: ${message}. Enable debug logging for additional detail.`
}

const LISTING = table(
  'transaction',
  ['TransactionalId', 'transactionalId'],
  ['Coordinator', 'coordinator'],
  ['ProducerId', 'producerId'],
  ['TransactionState', 'state'],
)

async function list(context: Context, admin: Admin): Promise<void> {
  const { options } = context
  const pattern = options.value('transactional-id-pattern')
  const found = await orFail('Failed to list transactions', () =>
    admin.listTransactions({
      longerThanMs: options.long('duration-filter') ?? -1,
      ...(pattern === undefined || pattern === '' ? {} : { idPattern: pattern }),
    }),
  )
  await print(
    context,
    LISTING,
    found.map(({ transactionalId, coordinator, producerId, state }) => ({
      transactionalId,
      coordinator,
      producerId,
      state,
    })),
  )
}

const DESCRIPTION = table(
  'transaction-description',
  ['CoordinatorId', 'coordinator'],
  ['TransactionalId', 'transactionalId'],
  ['ProducerId', 'producerId'],
  ['ProducerEpoch', 'producerEpoch'],
  ['TransactionState', 'state'],
  ['TransactionTimeoutMs', 'timeoutMs'],
  ['CurrentTransactionStartTimeMs', 'startTimeMs'],
  ['TransactionDurationMs', 'durationMs'],
  ['TopicPartitions', 'partitions'],
)

async function describe(context: Context, admin: Admin): Promise<void> {
  const id = context.options.value('transactional-id') ?? ''
  const found = await orFail(`Failed to describe transaction state of transactional-id \`${id}\``, () =>
    admin.describeTransaction(id),
  )
  const startTimeMs = found.startTimeMs ?? null
  const row = {
    ...found,
    startTimeMs,
    durationMs: startTimeMs === null ? null : Date.now() - startTimeMs,
    partitions: found.partitions.map(({ topic, partition }) => topicPartitionKey(topic, partition)),
  }
  await print(context, DESCRIPTION, [row])
}

const PRODUCERS = table(
  'producer',
  ['ProducerId', 'producerId'],
  ['ProducerEpoch', 'producerEpoch'],
  ['LatestCoordinatorEpoch', 'coordinatorEpoch'],
  ['LastSequence', 'lastSequence'],
  ['LastTimestamp', 'lastTimestamp'],
  ['CurrentTransactionStartOffset', 'startOffset'],
)

async function describeProducers(context: Context, admin: Admin): Promise<void> {
  const { options } = context
  const partition = { topic: options.value('topic') ?? '', partition: options.int('partition') ?? 0 }
  const broker = options.int('broker-id')
  const words = `Failed to describe producers for partition ${key(partition)} on ${broker === undefined ? 'leader' : `broker ${broker}`}`
  if (broker !== undefined) await checkBroker(admin, broker, words)
  const producers = await orFail(words, () => admin.describeProducers(partition, broker))
  await print(context, PRODUCERS, producers.map(producerRow))
}

function producerRow({ currentTransactionStartOffset, ...state }: ProducerState): Row {
  return { ...state, startOffset: currentTransactionStartOffset ?? null }
}

function key({ topic, partition }: TopicPartition): string {
  return topicPartitionKey(topic, partition)
}

/** A directory has one broker. @throws TerseError */
async function checkBroker(admin: Admin, broker: number, words: string): Promise<void> {
  const { brokers } = await admin.describeCluster()
  if (!brokers.some(({ id }) => id === broker))
    throw new TerseError(failure(words, `there is no broker ${broker}`))
}

async function abort({ options }: Context, admin: Admin): Promise<void> {
  const partition = { topic: options.value('topic') ?? '', partition: options.int('partition') ?? 0 }
  const start = options.long('start-offset')
  const spec =
    start === undefined
      ? {
          partition,
          producerId: options.long('producer-id') ?? -1,
          producerEpoch: options.int('producer-epoch') ?? -1,
          // Before its first marker a producer's is -1; 0 is at or below every epoch that can be.
          coordinatorEpoch: Math.max(0, options.int('coordinator-epoch') ?? 0),
        }
      : await specAt(admin, partition, start)
  await orFail(`Failed to abort transaction ${specText(spec)}`, () => admin.abortTransaction(spec))
}

async function specAt(admin: Admin, partition: TopicPartition, start: number): Promise<AbortTransactionSpec> {
  const producers = await orFail(`Failed to validate producer state for partition ${key(partition)}`, () =>
    admin.describeProducers(partition),
  )
  const found = producers.find((state) => state.currentTransactionStartOffset === start)
  if (found === undefined) {
    const open = producers.flatMap(({ currentTransactionStartOffset: offset }) => offset ?? [])
    const hint = open.length === 0 ? '' : `\nOpen ones start at ${open.join(', ')}.`
    throw new TerseError(
      `Could not find any open transactions starting at offset ${start} on partition ${key(partition)}${hint}`,
    )
  }
  const { producerId, producerEpoch, coordinatorEpoch } = found
  return { partition, producerId, producerEpoch, coordinatorEpoch: Math.max(0, coordinatorEpoch) }
}

function specText({ partition, producerId, producerEpoch, coordinatorEpoch }: AbortTransactionSpec): string {
  return `AbortTransactionSpec(topicPartition=${key(partition)}, producerId=${producerId}, producerEpoch=${producerEpoch}, coordinatorEpoch=${coordinatorEpoch})`
}

const HANGING = table(
  'hanging-transaction',
  ['Topic', 'topic'],
  ['Partition', 'partition'],
  ['ProducerId', 'producerId'],
  ['ProducerEpoch', 'producerEpoch'],
  ['CoordinatorEpoch', 'coordinatorEpoch'],
  ['StartOffset', 'startOffset'],
  ['LastTimestamp', 'lastTimestamp'],
  ['Duration(min)', 'durationMinutes'],
)

/** Open in a partition for longer than allowed, and no id's transaction that the coordinator will still end there. */
async function findHanging(context: Context, admin: Admin): Promise<void> {
  const longerMs = (context.options.int('max-transaction-timeout') ?? 15) * 60000
  const now = Date.now()
  const partitions = await partitionsToSearch(context, admin)
  const broker = context.options.int('broker-id')
  const words = `Failed to describe producers for ${partitions.length} partitions`
  const producers = await orFail(words, () => admin.describeProducersOf(partitions, broker))
  const open: { partition: TopicPartition; state: ProducerState }[] = []
  for (const [i, answer] of producers.entries()) {
    if (answer instanceof Error)
      throw answer instanceof KafkaError ? new TerseError(failure(words, answer.message)) : answer
    for (const state of answer) {
      const isOpen = state.currentTransactionStartOffset !== undefined
      if (isOpen && now - state.lastTimestamp > longerMs) open.push({ partition: partitions[i], state })
    }
  }
  const expected = await expectedEnds(
    admin,
    open.map(({ state }) => state.producerId),
  )
  const rows: Row[] = open
    .filter(({ partition, state }) => !expected.get(state.producerId)?.has(key(partition)))
    .map(({ partition, state }) => ({
      ...partition,
      ...producerRow(state),
      durationMinutes: Math.trunc((now - state.lastTimestamp) / 60000),
    }))
  await print(context, HANGING, rows)
}

/** By producer: the partitions in which the coordinator will still end its transaction. */
async function expectedEnds(admin: Admin, producerIds: readonly number[]): Promise<Map<number, Set<string>>> {
  const expected = new Map<number, Set<string>>()
  if (producerIds.length === 0) return expected
  const listed = await orFail('Failed to list transactions', () =>
    admin.listTransactions({ producerIds: [...new Set(producerIds)] }),
  )
  for (const found of await admin.describeTransactions(
    listed.map(({ transactionalId }) => transactionalId),
  )) {
    // One that ended meanwhile ends nothing any more.
    if (found instanceof Error) continue
    expected.set(found.producerId, new Set(found.partitions.map(key)))
  }
  return expected
}

async function partitionsToSearch({ options }: Context, admin: Admin): Promise<TopicPartition[]> {
  const topic = options.value('topic')
  const partition = options.int('partition')
  const broker = options.int('broker-id')
  if (topic !== undefined && partition !== undefined) return [{ topic, partition }]
  const names = topic === undefined ? (await admin.listTopics()).map(({ name }) => name) : [topic]
  const described = await orFail(`Failed to describe ${names.length} topics`, () =>
    admin.describeTopics(names),
  )
  return described.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ replicas }) => broker === undefined || replicas.includes(broker))
      .map(({ partition: index }) => ({ topic: name, partition: index })),
  )
}

const ENDED = table(
  'ended-transaction',
  ['TransactionalId', 'transactionalId'],
  ['ProducerId', 'producerId'],
  ['TransactionState', 'state'],
  ['Outcome', 'outcome'],
  ['TopicPartitions', 'partitions'],
)

/** The state is that in which the transaction was found. */
async function abortDead(context: Context, admin: Admin): Promise<void> {
  const ended = await admin.abortDeadTransactions({ dryRun: context.options.has('dry-run') })
  const rows = ended.map(({ transactionalId, producerId, state, end, partitions }) => ({
    transactionalId,
    producerId,
    state,
    outcome: end === 'COMMIT' ? 'commit' : 'abort',
    partitions: partitions.map(key),
  }))
  await print(context, ENDED, rows)
}

async function forceTerminate({ options }: Context, admin: Admin): Promise<void> {
  const id = options.value('transactionalId') ?? ''
  await orFail(`Failed to force terminate transactionalId \`${id}\``, () =>
    admin.forceTerminateTransaction(id),
  )
}
