/** What a copy did, for people and for programs. */
import type { CommandContext } from '../../cli/command.ts'
import { machineOutput, type Row, type RowShape } from '../../cli/machine-output.ts'
import { count } from '../../count.ts'
import { bytes } from '../log-cleaner/text.ts'
import type { GroupOffset } from './group-offsets.ts'
import type { CopiedTopic } from './start.ts'

export const COPIED_TOPIC: RowShape = {
  kind: 'copied-topic',
  columns: [
    'topic',
    'target',
    'partitions',
    'made',
    'records',
    'bytes',
    'batches',
    'rebuiltBatches',
    'abortedRecords',
    'openOffsets',
    'notes',
    'groupOffsets',
    'complete',
  ],
}

const OFFSETS_SHOWN = 6

interface Sums {
  readonly records: number
  readonly bytes: number
  readonly batches: number
  readonly rebuilt: number
  readonly abortedRecords: number
  readonly failed: boolean
}

export function sumsOf({ copies }: Pick<CopiedTopic, 'copies'>): Sums {
  const sum = (of: 'records' | 'bytes' | 'batches' | 'rebuilt' | 'abortedRecords') =>
    copies.reduce((all, copy) => all + copy[of], 0)
  return {
    records: sum('records'),
    bytes: sum('bytes'),
    batches: sum('batches'),
    rebuilt: sum('rebuilt'),
    abortedRecords: sum('abortedRecords'),
    failed: copies.some(({ failed }) => failed),
  }
}

/** `complete`: nothing failed on the way. */
export function printSummary(
  context: CommandContext<'output'>,
  topics: readonly CopiedTopic[],
  offsets: readonly GroupOffset[],
  complete: boolean,
): void {
  const machine = machineOutput(context, COPIED_TOPIC)
  if (machine !== undefined) {
    for (const topic of topics) machine.row(rowOf(topic, offsets, complete))
    machine.end(complete)
    return
  }
  const { stdout } = context
  for (const topic of topics) {
    stdout.line(topicLine(topic))
    for (const note of topic.notes) stdout.line(note)
  }
  for (const line of groupLines(offsets)) stdout.line(line)
}

function topicLine(topic: CopiedTopic): string {
  const { plan, copies, unstable } = topic
  const { records, bytes: size, batches, abortedRecords } = sumsOf(topic)
  const name = plan.source.name === plan.target ? plan.target : `${plan.source.name} -> ${plan.target}`
  const made = plan.found === undefined ? `made with ${count(copies.length, 'partition')}; ` : ''
  const aborted = abortedRecords === 0 ? '' : `; ${count(abortedRecords, 'aborted record')} left out`
  const open =
    unstable === 0 ? '' : `; ${count(unstable, 'offset')} behind an open transaction left for later`
  const what =
    records === 0
      ? 'nothing new'
      : `${count(records, 'record')} in ${count(batches, 'batch')} (${bytes(size)}) copied`
  return `${name}: ${made}${what}${aborted}${open}`
}

function groupLines(offsets: readonly GroupOffset[]): string[] {
  const byGroup = new Map<string, GroupOffset[]>()
  for (const offset of offsets) {
    const of = byGroup.get(offset.group)
    if (of === undefined) byGroup.set(offset.group, [offset])
    else of.push(offset)
  }
  return [...byGroup].sort().map(([group, all]) => `group ${group}: ${groupText(all)}`)
}

function groupText(all: readonly GroupOffset[]): string {
  const of = (fate: GroupOffset['fate']) => all.filter((one) => one.fate === fate)
  const parts: string[] = []
  const set = of('set')
  if (set.length > 0) parts.push(`${count(set.length, 'offset')} set (${figures(set)})`)
  if (of('same').length > 0) parts.push(`${of('same').length} there already`)
  if (of('ahead').length > 0)
    parts.push(`${of('ahead').length} further on in the target, left (${figures(of('ahead'))})`)
  if (of('active').length > 0) parts.push(`it has members in the target: ${of('active').length} not set`)
  if (of('unknown').length > 0)
    parts.push(
      `${of('unknown').length} not set, since compaction took the records by which they would be found (${figures(of('unknown'))})`,
    )
  const refused = of('refused')
  if (refused.length > 0) parts.push(`${refused.length} refused: ${refused[0].why ?? ''}`)
  return parts.join('; ')
}

function figures(offsets: readonly GroupOffset[]): string {
  const shown = offsets
    .slice(0, OFFSETS_SHOWN)
    .map(
      ({ target, sourceOffset, targetOffset }) =>
        `${target.topic}-${target.partition} ${sourceOffset} -> ${targetOffset ?? '?'}`,
    )
  const more = offsets.length - shown.length
  return shown.join(', ') + (more > 0 ? `, and ${more} more` : '')
}

function rowOf(topic: CopiedTopic, offsets: readonly GroupOffset[], complete: boolean): Row {
  const { plan, copies, unstable, notes } = topic
  const { rebuilt, failed, ...sums } = sumsOf(topic)
  return {
    topic: plan.source.name,
    target: plan.target,
    partitions: copies.length,
    made: plan.found === undefined,
    records: sums.records,
    bytes: sums.bytes,
    batches: sums.batches,
    rebuiltBatches: rebuilt,
    abortedRecords: sums.abortedRecords,
    openOffsets: unstable,
    notes: [...notes],
    groupOffsets: offsets
      .filter(({ source }) => source.topic === plan.source.name)
      .map(({ group, source, sourceOffset, targetOffset, fate }) => ({
        group,
        partition: source.partition,
        sourceOffset,
        targetOffset: targetOffset ?? null,
        fate,
      })),
    complete: complete && !failed,
  }
}
