/**
 * log-cleaner: retention, compaction and expiry of committed offsets without a daemon, made for cron: nothing is printed
 * when nothing was done, stderr stays empty unless something failed, and only that ends with 1.
 */
import { refuseWords } from '../cli/argument-checks.ts'
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag, wholeRow } from '../cli/machine-output.ts'
import { startProgress } from '../cli/progress.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { CleaningOptions, CleaningResult } from '../client/admin/cleaning-admin.ts'
import { onlyTopic, topicFilter } from '../client/topic-filter.ts'
import { KafkaError, UsageError } from '../errors.ts'
import { noSuch } from '../names/near-names.ts'
import { METADATA_TOPIC } from '../names/topic-names.ts'
import { CLEANING_RESULT, cleaningLine, delayLine, parseDuration, unreachedLine } from './log-cleaner/text.ts'
import { BOOTSTRAP_SERVER } from './open/common-flags.ts'

const FLAGS = [
  {
    name: 'topic',
    arg: 'required',
    argName: 'topic',
    repeatable: true,
    addition: true,
    description: 'Only these topics: a name or a regular expression, more of them by commas. Default: all.',
  },
  {
    name: 'retention',
    addition: true,
    description: 'Delete segments that are past retention.ms or retention.bytes, or below the log start.',
  },
  {
    name: 'compaction',
    addition: true,
    description: 'Compact logs that are dirty enough, the dirtiest first.',
  },
  {
    name: 'all',
    addition: true,
    description:
      'Retention, compaction, and expiry of committed offsets (offsets.retention.minutes). This is the default.',
  },
  {
    name: 'dry-run',
    addition: true,
    description: 'Say what would be done and change nothing.',
  },
  {
    name: 'now',
    addition: true,
    description:
      'Compact whatever min.cleanable.dirty.ratio and the compaction lags say, the active segment as well, which is rolled first. For retention, roll an active segment that keeps records past it.',
  },
  {
    name: 'max-time',
    arg: 'required',
    argName: 'duration',
    addition: true,
    description: 'Stop in good order after so long: 30s, 5m, 1h. The next run goes on.',
  },
  {
    name: 'max-bytes-per-second',
    arg: 'required',
    argName: 'bytes',
    type: 'long',
    addition: true,
    description: 'Read and write no more than this. Default: log.cleaner.io.max.bytes.per.second.',
  },
  outputFlag,
  { ...BOOTSTRAP_SERVER, hidden: true },
] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'log-cleaner',
  addition: true,
  summary: "Deletes and compacts what the topics' settings say, once, as a broker does all the time.",
  flags: FLAGS,
  examples: [
    'tkafka log-cleaner',
    'tkafka log-cleaner --topic users --compaction --now',
    'tkafka log-cleaner --retention --dry-run',
  ],
  async run(context) {
    const options = cleaningOptions(context)
    const machine = machineOutput(context, CLEANING_RESULT)
    const { openDirectoryAdmin } = await import('./open/open-client.ts')
    const admin = await openDirectoryAdmin(context)
    await requireTopics(context, admin)
    let results = 0
    let failures = 0
    const unreached: CleaningResult[] = []
    let delayMs = 0
    const progress = startProgress(context, 'cleaning')
    try {
      for await (const result of admin.clean({
        ...options,
        onProgress: ({ topic, partition, phase, doneBytes, totalBytes }) =>
          progress.update(`${topic}-${partition}: ${phase}`, totalBytes > 0 ? doneBytes / totalBytes : 1),
      })) {
        results++
        if (result.status === 'done' && result.bytesAfter < result.bytesBefore)
          delayMs = Math.max(delayMs, result.deleteDelayMs ?? 0)
        if (result.status === 'unreached') unreached.push(result)
        progress.aside(() => {
          if (result.status === 'failed') {
            failures++
            context.stderr.line(`${result.topic}-${result.partition}: ${result.message}`)
          }
          if (machine !== undefined) machine.row(wholeRow(CLEANING_RESULT, result))
          else if (result.status !== 'failed' && result.status !== 'unreached') {
            context.stdout.line(cleaningLine(result))
          }
        })
        context.stdout.flush()
      }
      progress.stop()
      machine?.end(failures === 0)
      if (machine === undefined && unreached.length > 0) context.stdout.line(unreachedLine(unreached))
      if (machine === undefined && results === 0) await reassure(context, options)
      // Out of the log, but on the disk for a while: readers may still be in these files.
      if (machine === undefined && delayMs > 0) context.stdout.line(delayLine(delayMs))
    } finally {
      progress.stop()
      await admin.close()
    }
    return failures > 0 ? 1 : 0
  },
})

function cleaningOptions(context: Context): CleaningOptions {
  const { options } = context
  refuseWords('log-cleaner', options, 'topic')
  const all = options.has('all') || !(options.has('retention') || options.has('compaction'))
  const topics = options.values('topic').map((text) => topicFilter(text))
  const maxTime = options.value('max-time')
  const maxBytesPerSecond = options.long('max-bytes-per-second')
  if (maxBytesPerSecond !== undefined && maxBytesPerSecond <= 0) {
    throw new UsageError('--max-bytes-per-second must be above 0', false)
  }
  context.handleSignals()
  return {
    ...(topics.length === 0 ? {} : { topics: (name) => topics.some((matches) => matches(name)) }),
    retention: all || options.has('retention'),
    compaction: all || options.has('compaction'),
    compactionAsked: options.has('compaction') || options.has('now'),
    offsets: all,
    dryRun: options.has('dry-run'),
    now: options.has('now'),
    ...(maxTime === undefined ? {} : { maxTimeMs: parseDuration(maxTime) }),
    ...(maxBytesPerSecond === undefined ? {} : { maxBytesPerSecond }),
    signal: context.signal,
  }
}

/** @throws KafkaError for a name that there is no topic of; a pattern may match none, as from cron it often will */
async function requireTopics({ options }: Context, admin: Admin): Promise<void> {
  const names = options
    .values('topic')
    .map((list) => onlyTopic(list))
    .filter((name) => name !== undefined)
  if (names.length === 0) return
  const there = [METADATA_TOPIC, ...(await admin.listTopics()).map(({ name }) => name)]
  const absent = names.find((name) => !there.includes(name))
  if (absent === undefined) return
  await admin.close()
  throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', noSuch('topic', absent, there))
}

/** A person at a terminal gets an answer in any case; cron gets none when there was nothing to do. */
async function reassure(context: Context, { dryRun }: CleaningOptions): Promise<void> {
  const { options, stdout, stderr } = context
  if (!stdout.isTerminal || !stderr.isTerminal) return
  if (options.has('topic')) await (await import('./hints/near-name-hint.ts')).hintNearNames(context)
  stderr.line(
    `there is nothing to clean${dryRun === true ? ' (a dry run: nothing was changed)' : ''}; tkafka explain --topic NAME says why`,
  )
}
