/** The findings of `tkafka check` as lines of text. */
import type { Flag } from '../../cli/command.ts'
import type { Finding } from '../../client/admin/check-admin.ts'

export function findingLines({ severity, file, position, problem, meaning, mend }: Finding): string[] {
  const where = position === null ? file : `${file}, position ${position}`
  const note = severity === 'note' ? 'note: ' : ''
  return [`${note}${where}: ${problem}`, `    means: ${meaning}`, `    mend: ${mend}`]
}

export const TOPIC = {
  name: 'topic',
  arg: 'required',
  argName: 'topic',
  description:
    'Only the partitions of these topics: a name, a regular expression, or several with commas between. Without it the whole directory.',
} as const satisfies Flag
