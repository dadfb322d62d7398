/** Plans of offset resets: where each partition of each group goes, and their CSV form (`--export`, `--from-file`). */

import { TerseError, UsageError } from '../../errors.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'

export interface PlannedOffset extends TopicPartition {
  readonly offset: number
}

export type ResetPlan = ReadonlyMap<string, readonly PlannedOffset[]>

/** Rows without the group when there is only one group to act on. */
export function exportResetPlan(plan: ResetPlan, withGroup: boolean): string {
  let text = ''
  for (const [group, offsets] of plan) {
    for (const { topic, partition, offset } of offsets) {
      text += `${withGroup ? `${csvField(group)},` : ''}${csvField(topic)},${partition},${offset}\n`
    }
  }
  return text
}

/** Quoted where it is long or has characters that might be special, as the genuine tool's CSV writer does. */
function csvField(text: string): string {
  const plain = text.length <= 24 && ![...text].some((char) => char < '-')
  return plain ? text : `"${text.replaceAll('"', '""')}"`
}

/**
 * Reads `topic,partition,offset`, or `group,topic,partition,offset`. The first form counts when there is one group on the command line and
 * the first line is of that form. Missing columns are 0. Throws TerseError.
 */
export function parseResetPlan(csv: string, groups: readonly string[]): ResetPlan {
  const lines = csv.split('\n').map((line) => line.replace(/\r$/, ''))
  while (lines.length > 0 && lines.at(-1) === '') lines.pop()
  const plan = new Map<string, PlannedOffset[]>()
  const group = groups[0]
  const withoutGroup =
    groups.length === 1 && group !== undefined && lines[0] !== undefined && isRowWithoutGroup(lines[0])
  for (const line of lines) {
    if (line === '') throw new TerseError('No content to map due to end-of-input')
    const fields = withoutBlankEnd(csvFields(line), withoutGroup ? 3 : 4)
    const [id, topic = '', partition, offset] = withoutGroup ? [group, ...fields] : fields
    const planned = { topic, partition: wholeNumber(partition, 'int'), offset: wholeNumber(offset, 'long') }
    if (fields.length > (withoutGroup ? 3 : 4)) {
      const limit = withoutGroup ? 3 : 4
      throw new TerseError(
        `Too many entries: expected at most ${limit} (value #${limit} (${fields[limit]?.length} chars) "${fields[limit]}")`,
      )
    }
    if (planned.offset < 0) throw new UsageError('Invalid negative offset')
    const offsets = plan.get(id as string) ?? []
    plan.set(id as string, [
      ...offsets.filter((p) => p.topic !== topic || p.partition !== planned.partition),
      planned,
    ])
  }
  return plan
}

function isRowWithoutGroup(line: string): boolean {
  const [, partition, offset, ...more] = withoutBlankEnd(csvFields(line), 3)
  try {
    wholeNumber(partition, 'int')
    wholeNumber(offset, 'long')
  } catch {
    return false
  }
  return more.length === 0
}

const BOUNDS = {
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
} as const

function wholeNumber(field: string | undefined, type: keyof typeof BOUNDS): number {
  const text = (field ?? '').trim()
  if (text === '') return 0
  if (!/^[-+]?\d+$/.test(text)) {
    throw new TerseError(
      `Cannot deserialize value of type \`${type}\` from String "${text}": not a valid \`${type}\` value`,
    )
  }
  const number = BigInt(text.replace(/^\+/, ''))
  const [least, most] = BOUNDS[type]
  if (number < least || number > most)
    throw new TerseError(`Numeric value (${text}) out of range of ${type} (${least} - ${most})`)
  return Number(number)
}

/** The genuine tool's CSV reader lets one blank field pass behind the last column: what a comma at the line's end makes. */
function withoutBlankEnd(fields: string[], columns: number): string[] {
  return fields.length === columns + 1 && fields[columns].trim() === '' ? fields.slice(0, columns) : fields
}

/** One line's fields; quoted ones may hold commas and doubled quotes. */
function csvFields(line: string): string[] {
  const fields: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/y
  for (let match = field.exec(line); match !== null; match = field.exec(line)) {
    fields.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'))
    if (match[3] === '') break
  }
  return fields
}
