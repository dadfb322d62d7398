/**
 * copy: topics with their settings, records and group offsets from a directory into a cluster and back, or between two of a kind.
 * What is there is never copied twice: it can be killed at any time and run again.
 */
import { refuseWords } from '../cli/argument-checks.ts'
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { outputFlag } from '../cli/machine-output.ts'
import { startProgress } from '../cli/progress.ts'
import { OutOfPlaceError } from '../client/batch-sink.ts'
import { count } from '../count.ts'
import { KafkaError, TerseError, UsageError } from '../errors.ts'
import { GroupOffsets } from './copy/group-offsets.ts'
import { type Run, runCopy, writeDown } from './copy/run.ts'
import { openSides } from './copy/sides.ts'
import { type CopiedTopic, readersOf, type Sides, startTopics } from './copy/start.ts'
import { printSummary, sumsOf } from './copy/summary.ts'
import { planTopics, release } from './copy/topics.ts'
import { bytes, grouped } from './log-cleaner/text.ts'

const FLAGS = [
  {
    name: 'from-dir',
    arg: 'required',
    argName: 'directory',
    addition: true,
    description: 'Copy from this data directory.',
  },
  {
    name: 'from-server',
    arg: 'required',
    argName: 'server to connect to',
    addition: true,
    description: 'Copy from the cluster of these brokers, host:port,host:port.',
  },
  {
    name: 'from-config',
    arg: 'required',
    argName: 'config file',
    addition: true,
    description: 'Client settings for --from-server (security and the like), a properties file.',
  },
  {
    name: 'to-dir',
    arg: 'required',
    argName: 'directory',
    addition: true,
    description: 'Copy into this data directory; it is made where there is none.',
  },
  {
    name: 'to-server',
    arg: 'required',
    argName: 'server to connect to',
    addition: true,
    description: 'Copy into the cluster of these brokers.',
  },
  {
    name: 'to-config',
    arg: 'required',
    argName: 'config file',
    addition: true,
    description: 'Client settings for --to-server, a properties file.',
  },
  {
    name: 'topic',
    arg: 'required',
    argName: 'topic',
    addition: true,
    description:
      'Which topics: a name or a regular expression, more of them by commas. Internal topics are never copied.',
  },
  {
    name: 'as',
    arg: 'required',
    argName: 'topic',
    addition: true,
    description: 'The name of the topic in the target, where only one is copied.',
  },
  {
    name: 'follow',
    addition: true,
    description: 'Go on with what comes, records and group offsets, until interrupted.',
  },
  outputFlag,
] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'copy',
  addition: true,
  summary:
    'Copies topics with their settings, records and group offsets between a data directory and a cluster, either way; run again, it goes on where it stopped.',
  flags: FLAGS,
  examples: [
    "tkafka copy --from-dir ./my-kafka --to-server broker1:9092 --topic '.*'",
    'tkafka copy --from-server broker1:9092 --to-dir ./my-kafka --topic orders --follow',
    'tkafka copy --from-dir a --to-dir b --topic orders --as orders-2026',
  ],
  async run(context) {
    const { options } = context
    refuseWords('copy', options, 'topic')
    const pattern = options.value('topic')
    if (pattern === undefined || pattern.trim() === '')
      throw new UsageError("say which topics to copy: --topic NAME, or --topic '.*' for all", false)
    context.handleSignals()
    const sides = await openSides(context)
    try {
      return await copyTopics(context, sides, pattern)
    } finally {
      await Promise.allSettled([sides.from.admin.close(), sides.to.admin.close()])
    }
  },
})

async function copyTopics(context: Context, sides: Sides, pattern: string): Promise<number> {
  const plans = await planTopics(sides, pattern, context.options.value('as'))
  const progress = startProgress(context, 'copying')
  const sink = await sides.to.sink()
  let troubles = 0
  try {
    const topics = await startTopics(sides, plans, sink, (text) => progress.update(text))
    const copies = topics.flatMap((topic) => topic.copies)
    const groups = new GroupOffsets({ from: sides.from.admin, to: sides.to.admin }, copies, readersOf(sides))
    const run: Run = {
      ...sides,
      copies,
      groups,
      follow: context.options.has('follow'),
      signal: context.signal,
      flush: () => sink.flush(),
      moved: () => progress.update(textOf(topics)),
      trouble: (line) => {
        troubles++
        progress.aside(() => context.stderr.line(line))
      },
      now: () => performance.now(),
    }
    const failure = await runCopy(run).catch((error: unknown) => error)
    const ended = await endCopy(run, topics, failure)
    progress.stop()
    const complete = ended === undefined && troubles === 0
    printSummary(context, topics, groups.results, complete)
    if (ended !== undefined) throw stopped(ended, topics)
    return complete ? 0 : 1
  } finally {
    progress.stop()
    await sink.close()
  }
}

/** What is stored is written down, whatever happened; the rest only where nothing did. Returns the first failure. */
async function endCopy(run: Run, topics: readonly CopiedTopic[], failure: unknown): Promise<unknown> {
  let first = failure
  const tried = async (work: () => Promise<void>) => {
    try {
      await work()
    } catch (error) {
      first ??= error
    }
  }
  await tried(() => run.flush())
  await tried(() => writeDown(run))
  if (first === undefined) await tried(() => run.groups.sync())
  if (first !== undefined) return first
  for (const { plan, made, replicas, notes } of topics) {
    if (made) await tried(() => release(run.to, plan, replicas, (line) => notes.push(line)))
  }
  return first
}

/** The same error, and how to go on. */
function stopped(error: unknown, topics: readonly CopiedTopic[]): unknown {
  if (!(error instanceof TerseError)) return error
  if (error instanceof OutOfPlaceError)
    return new TerseError(
      `${error.message}; if another copy is at work, run this again when it has ended; else delete the topic there and copy it anew, or copy to another name with --as`,
    )
  const at = topics
    .flatMap(({ copies }) => copies)
    .filter((copy) => copy.stored.target < copy.map.end.target)
    .slice(0, 3)
    .map(({ plan, stored }) => `${plan.source.topic}-${plan.source.partition} at offset ${stored.source}`)
  const where = at.length === 0 ? '' : ` (${at.join(', ')})`
  const line = `${error.message}; the copy stopped${where}, the same command goes on from there`
  return error instanceof KafkaError ? new KafkaError(error.code, line) : new TerseError(line)
}

function textOf(topics: readonly CopiedTopic[]): string {
  let records = 0
  let size = 0
  for (const topic of topics) {
    const sums = sumsOf(topic)
    records += sums.records
    size += sums.bytes
  }
  return `${grouped(records)} records of ${count(topics.length, 'topic')} copied (${bytes(size)})`
}
