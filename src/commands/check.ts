/** `tkafka check`: what is wrong with the data directory, where, what it means, and what mends it. Reads only. */
import { refuseWords } from '../cli/argument-checks.ts'
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import { startProgress } from '../cli/progress.ts'
import type { CheckSummary } from '../client/admin/check-admin.ts'
import { topicFilter } from '../client/topic-filter.ts'
import { count } from '../count.ts'
import { findingLines, TOPIC } from './check/findings.ts'
import { openDirectoryAdmin } from './open/open-client.ts'

export const FINDING_COLUMNS = [
  'severity',
  'kind',
  'topic',
  'partition',
  'file',
  'position',
  'problem',
  'meaning',
  'mend',
] as const

const FLAGS = [TOPIC, outputFlag] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'check',
  addition: true,
  summary:
    'Reads every batch, index, checkpoint, metadata record and group record of the data directory and tells what is wrong. Changes nothing; exit status 1 when something is wrong.',
  flags: FLAGS,
  examples: ['tkafka check', 'tkafka check --topic quakes --output json'],
  run,
})

async function run(context: Context): Promise<number> {
  const { options, stdout } = context
  refuseWords('check', options, 'topic')
  const topic = options.value('topic')
  const machine = machineOutput(context, { kind: 'finding', columns: FINDING_COLUMNS })
  const admin = await openDirectoryAdmin(context)
  const progress = startProgress(context, 'checking')
  try {
    const summary = await admin.check({
      ...(topic === undefined ? {} : { topics: topicFilter(topic), asked: topic }),
      progress: (what, done, total) => progress.update(what, done / Math.max(total, 1)),
      found: (finding) => {
        progress.aside(() => {
          if (machine !== undefined) machine.row({ ...finding })
          else for (const line of findingLines(finding)) stdout.line(line)
        })
      },
    })
    progress.stop()
    if (machine !== undefined) machine.end()
    else stdout.line(verdict(summary))
    return summary.errors > 0 ? 1 : 0
  } finally {
    progress.stop()
    await admin.close()
  }
}

function verdict({ partitions, batches, records, errors, notes }: CheckSummary): string {
  const looked = `${count(partitions, 'partition')}, ${count(batches, 'batch')}, ${count(records, 'record')}`
  const noted = notes === 0 ? '' : `; ${count(notes, 'note')}`
  return errors === 0 ? `ok: ${looked}${noted}` : `${count(errors, 'problem')} in ${looked}${noted}`
}
