/** `tkafka repair`: mends what `tkafka check` finds, and keeps what it takes out in `.broken` files. */
import { refuseWords } from '../cli/argument-checks.ts'
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import { startProgress } from '../cli/progress.ts'
import type { RepairStep } from '../client/admin/check-admin.ts'
import { topicFilter } from '../client/topic-filter.ts'
import { findingLines, TOPIC } from './check/findings.ts'
import { openDirectoryAdmin } from './open/open-client.ts'

const FLAGS = [
  { name: 'dry-run', description: 'Tell what would be done, and change nothing.' },
  TOPIC,
  outputFlag,
] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'repair',
  addition: true,
  summary:
    'Mends what check finds: torn ends are cut, damage is taken out, indexes and checkpoints are built anew. Bytes that are taken out are kept in files that end in .broken. Exit status 1 when something is left that it cannot mend.',
  flags: FLAGS,
  examples: ['tkafka repair --dry-run', 'tkafka repair --topic quakes'],
  run,
})

async function run(context: Context): Promise<number> {
  const { options, stdout, stderr } = context
  refuseWords('repair', options, 'topic')
  const dryRun = options.has('dry-run')
  const topic = options.value('topic')
  const machine = machineOutput(context, {
    kind: 'repair-step',
    columns: ['action', 'topic', 'partition', 'file', 'position', 'what', 'kept', 'dryRun'],
  })
  const admin = await openDirectoryAdmin(context)
  const progress = startProgress(context, 'looking for what is to be mended')
  let steps = 0
  let left = 0
  try {
    await admin.repair({
      ...(topic === undefined ? {} : { topics: topicFilter(topic), asked: topic }),
      dryRun,
      progress: (what, done, total) => progress.update(what, done / Math.max(total, 1)),
      done(step) {
        steps++
        progress.aside(() => {
          if (machine !== undefined) machine.row({ ...step, dryRun })
          else stdout.line(stepLine(step, dryRun))
        })
      },
      left(finding) {
        left++
        progress.aside(() => {
          stdout.flush()
          for (const line of findingLines(finding)) stderr.line(line)
        })
      },
    })
    progress.stop()
    if (machine !== undefined) machine.end(left === 0)
    else if (steps + left === 0) stdout.line('ok: nothing to repair')
    return left > 0 ? 1 : 0
  } finally {
    progress.stop()
    await admin.close()
  }
}

const WORDS: Readonly<Record<string, readonly [did: string, would: string]>> = {
  cut: ['cut', 'would cut'],
  filled: ['taken out', 'would take out'],
  rebuilt: ['built anew', 'would build anew'],
  'removed-topic': ['removed from the metadata', 'would remove from the metadata'],
  'set-aside': ['set aside', 'would set aside'],
  written: ['written anew', 'would write anew'],
  'given-up': ['given up, the log begins behind it', 'would give up, to begin the log behind it'],
  'removed-mark': ['removed', 'would remove'],
  finished: ['finished', 'would finish'],
  checked: ['checked and closed', 'would check and close'],
}

function stepLine({ action, file, position, what, kept }: RepairStep, dryRun: boolean): string {
  const word = WORDS[action]?.[dryRun ? 1 : 0] ?? 'mended'
  const where = position === null ? file : `${file}, position ${position}`
  return `${word}: ${where}: ${what}${kept === null ? '' : ` (kept in ${kept})`}`
}
