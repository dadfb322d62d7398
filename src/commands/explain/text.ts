/** What explain prints of one partition, and on a terminal a small picture of its segments on a time line. */
import type {
  DecidingSetting,
  ExplainedCause,
  ExplainedPartition,
} from '../../client/admin/cleaning-admin.ts'
import { bytes, plural } from '../log-cleaner/text.ts'

const SOURCES: Readonly<Record<string, string>> = {
  DYNAMIC_TOPIC_CONFIG: 'set for the topic',
  DYNAMIC_BROKER_CONFIG: 'set for the broker',
  DYNAMIC_DEFAULT_BROKER_CONFIG: 'set for all brokers',
  STATIC_BROKER_CONFIG: 'server.properties',
  DEFAULT_CONFIG: 'built in',
}

/** `columns` 0: no terminal, no picture. */
export function explanationLines(partition: ExplainedPartition, columns: number, now = Date.now()): string[] {
  const { topic, segments, retention, compaction, settings } = partition
  const name = `${topic}-${partition.partition}`
  const lines = [
    `${name}: ${bytes(partition.size)} in ${plural(segments.length, 'segment')}, offsets ${partition.logStartOffset} to ${partition.logEndOffset}`,
  ]
  for (const setting of settings) lines.push(`  ${setting.name}=${setting.value} (${origin(setting)})`)
  if (columns > 40) lines.push(...picture(partition, columns, now))
  for (const segment of segments) {
    const state = [
      segment.active ? 'active' : 'closed',
      ...(segment.cleaning === undefined ? [] : [segment.cleaning]),
    ]
    const offsets =
      segment.lastOffset < segment.baseOffset
        ? `no offsets yet from ${segment.baseOffset} on`
        : `offsets ${segment.baseOffset} to ${segment.lastOffset}`
    const largest = segment.size === 0 ? '' : `, largest timestamp ${time(segment.largestTimestamp)}`
    lines.push(
      `  segment ${segment.baseOffset}: ${bytes(segment.size)}, ${offsets}, ${state.join(', ')}${largest}`,
    )
    const at = segment.deletableAt
    const when = segment.deletable || at === undefined || at <= now ? '' : `, by age from ${time(at)} on`
    lines.push(`    ${segment.deletable ? 'deletable now' : `kept${when}`}`)
    for (const cause of segment.causes) lines.push(...causeLines(cause, '    '))
  }
  lines.push(
    `  retention: ${retention.deletableBytes > 0 ? `would free ${bytes(retention.deletableBytes)} now` : 'nothing to free now'}`,
  )
  for (const cause of retention.causes) lines.push(...causeLines(cause, '    '))
  if (compaction !== undefined) {
    const { dirtyRatio, firstDirtyOffset, dirtyBytes, cleanBytes, uncleanableBytes } = compaction
    lines.push(
      `  compaction: ${compaction.due ? 'due' : 'not due'}; dirty ratio ${dirtyRatio.toFixed(2)}, first dirty offset ${firstDirtyOffset}, ` +
        `${bytes(cleanBytes)} clean, ${bytes(dirtyBytes)} dirty (at most that much would be freed), ${bytes(uncleanableBytes)} not cleanable yet`,
    )
    for (const cause of compaction.causes) lines.push(...causeLines(cause, '    '))
  }
  return lines
}

function causeLines({ text, setting, command }: ExplainedCause, indent: string): string[] {
  const decided = setting === undefined ? '' : ` [${setting.name}=${setting.value}, ${origin(setting)}]`
  const lines = [`${indent}- ${text}${decided}`]
  if (command !== undefined) lines.push(`${indent}  ${command}`)
  return lines
}

function origin({ name, source, sourceName }: DecidingSetting): string {
  const where = SOURCES[source] ?? source
  return sourceName === name || source === 'DEFAULT_CONFIG' ? where : `${where} as ${sourceName}`
}

/** One line of time: what each segment covers, by its state; | is where retention.ms ends. */
function picture({ segments, settings }: ExplainedPartition, columns: number, now: number): string[] {
  const shown = segments.filter(({ size }) => size > 0)
  if (shown.length === 0) return []
  const width = Math.min(columns, 120) - 4
  const first = Math.min(...shown.map(({ firstTimestamp }) => firstTimestamp))
  const last = Math.max(now, ...shown.map(({ largestTimestamp }) => largestTimestamp))
  const span = Math.max(last - first, 1)
  const column = (at: number) =>
    Math.min(Math.max(Math.round(((at - first) / span) * (width - 1)), 0), width - 1)
  const line = new Array<string>(width).fill(' ')
  const used = new Set<string>()
  for (const segment of shown) {
    const { firstTimestamp, largestTimestamp } = segment
    const sign = signOf(segment)
    used.add(sign)
    line.fill(sign, column(Math.min(firstTimestamp, largestTimestamp)), column(largestTimestamp) + 1)
  }
  const value = (name: string) => settings.find((setting) => setting.name === name)?.value ?? ''
  const retention = value('retention.ms') === '' ? -1 : Number(value('retention.ms'))
  if (retention >= 0 && now - retention >= first) {
    line[column(now - retention)] = '|'
    used.add('|')
  }
  const left = time(first)
  const right = now >= last ? 'now' : time(last)
  const legend = `${left}${' '.repeat(Math.max(width - left.length - right.length, 1))}${right}`
  return [
    `  ${line.join('').trimEnd()}`,
    `  ${legend}`,
    `  ${[...SIGNS].flatMap(([sign, meaning]) => (used.has(sign) ? [`${sign} ${meaning}`] : [])).join('  ')}`,
  ]
}

const SIGNS: ReadonlyMap<string, string> = new Map([
  ['x', 'deletable'],
  ['-', 'compacted'],
  ['=', 'closed'],
  ['>', 'active'],
  ['|', 'retention.ms ago'],
])

function signOf({ deletable, active, cleaning }: ExplainedPartition['segments'][number]): string {
  if (deletable) return 'x'
  if (active) return '>'
  return cleaning === 'clean' ? '-' : '='
}

/** In the zone of the machine, as people read clocks; seconds are enough. */
export function time(ms: number): string {
  if (ms < 0 || !Number.isFinite(ms)) return 'none'
  const date = new Date(ms)
  // No calendar goes so far. The largest int64 is the one that is written on purpose, and no double holds it.
  if (Number.isNaN(date.getTime())) return ms >= 2 ** 63 ? '9223372036854775807' : String(ms)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
