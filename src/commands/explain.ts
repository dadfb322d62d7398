/** explain: why retention and compaction did or did not clean a topic, per partition and segment, in plain words. */
import { refuseWords } from '../cli/argument-checks.ts'
import { defineCommand, type Flag } from '../cli/command.ts'
import { machineOutput, outputFlag, type Row, wholeRow } from '../cli/machine-output.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { ExplainedCause, ExplainedPartition } from '../client/admin/cleaning-admin.ts'
import { topicFilter } from '../client/topic-filter.ts'
import { TerseError, UsageError } from '../errors.ts'
import { nearNames } from '../names/near-names.ts'
import { systemErrorText } from '../os/system-error.ts'
import { explanationLines } from './explain/text.ts'
import { BOOTSTRAP_SERVER } from './open/common-flags.ts'

const PARTITION_CLEANING = {
  kind: 'partition-cleaning',
  columns: [
    'topic',
    'partition',
    'size',
    'logStartOffset',
    'logEndOffset',
    'segments',
    'retention',
    'compaction',
    'settings',
  ],
}

const FLAGS = [
  {
    name: 'topic',
    arg: 'required',
    argName: 'topic',
    addition: true,
    description: 'A topic, or a regular expression of several.',
  },
  {
    name: 'partition',
    arg: 'required',
    argName: 'partition',
    type: 'int',
    addition: true,
    description: 'Only this partition. Default: all.',
  },
  outputFlag,
  { ...BOOTSTRAP_SERVER, hidden: true },
] as const satisfies readonly Flag[]

export const command = defineCommand({
  name: 'explain',
  addition: true,
  summary: 'Says why retention and compaction did, or did not, clean a topic.',
  flags: FLAGS,
  examples: ['tkafka explain --topic quakes', 'tkafka explain --topic quakes --partition 0 --output json'],
  async run(context) {
    const { options, stdout } = context
    refuseWords('explain', options, 'topic')
    const wanted = options.value('topic')
    if (wanted === undefined) throw new UsageError('Missing required argument "[topic]"')
    const only = options.int('partition')
    const machine = machineOutput(context, PARTITION_CLEANING)
    const { openDirectoryAdmin } = await import('./open/open-client.ts')
    const admin = await openDirectoryAdmin(context)
    try {
      let shown = 0
      let failures = 0
      const printLines = (partition: ExplainedPartition, isFirst: boolean) => {
        const lines = explanationLines(partition, stdout.isTerminal ? stdout.columns : 0)
        for (const line of isFirst ? lines : ['', ...lines]) stdout.line(line)
      }
      const refused = (topic: string, partition: number, error: unknown) => {
        if (only !== undefined && partition !== only) return
        const why = error instanceof TerseError ? error.message : systemErrorText(error)
        if (why === undefined) throw error
        failures++
        context.stderr.line(`${topic}-${partition}: ${why}`)
      }
      for (const topic of await topicsNamed(admin, wanted)) {
        const explained = await admin.explainCleaning(topic, (...failure) => refused(topic, ...failure))
        for (const partition of explained) {
          if (only !== undefined && partition.partition !== only) continue
          if (machine !== undefined) machine.row(wholeRow(PARTITION_CLEANING, explainedRow(partition)))
          else printLines(partition, shown === 0)
          shown++
        }
      }
      if (shown + failures === 0) throw new TerseError(`topic ${wanted} has no partition ${only}`)
      machine?.end(failures === 0)
      return failures > 0 ? 1 : 0
    } finally {
      await admin.close()
    }
  },
})

/** @throws TerseError when no topic has the name or fits the pattern */
async function topicsNamed(admin: Admin, wanted: string): Promise<string[]> {
  const all = (await admin.listTopics()).map(({ name }) => name).sort()
  const matches = topicFilter(wanted)
  const topics = all.includes(wanted) ? [wanted] : all.filter((name) => matches(name))
  if (topics.length > 0) return topics
  const near = nearNames(wanted, all)
  const hint = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`
  throw new TerseError(`there is no topic ${wanted}${hint}`)
}

/** Every field is there; what has no value is null. */
function explainedRow({ segments, retention, compaction, ...partition }: ExplainedPartition): Row {
  return {
    ...partition,
    segments: segments.map(({ deletableAt, causes, cleaning, ...segment }) => ({
      ...segment,
      deletableAt: deletableAt ?? null,
      causes: causes.map(causeRow),
      cleaning: cleaning ?? null,
    })),
    retention: { ...retention, causes: retention.causes.map(causeRow) },
    compaction: compaction === undefined ? null : { ...compaction, causes: compaction.causes.map(causeRow) },
    settings: partition.settings.map((setting) => ({ ...setting })),
  }
}

function causeRow({ code, text, setting, command }: ExplainedCause): Row {
  return { code, text, setting: setting === undefined ? null : { ...setting }, command: command ?? null }
}
