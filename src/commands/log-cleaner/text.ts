/** What log-cleaner prints: one line a partition, sizes and times for people. */
import type { RowShape } from '../../cli/machine-output.ts'
import type { CleaningResult } from '../../client/admin/cleaning-admin.ts'
import { count } from '../../count.ts'
import { UsageError } from '../../errors.ts'

export const CLEANING_RESULT: RowShape = {
  kind: 'cleaning-result',
  columns: [
    'action',
    'topic',
    'partition',
    'status',
    'bytesBefore',
    'bytesAfter',
    'segmentsBefore',
    'segmentsAfter',
    'logStartOffset',
    'durationMs',
    'reasons',
    'keys',
    'recordsBefore',
    'recordsAfter',
    'bytesRead',
    'bytesWritten',
    'mapUse',
    'passes',
    'group',
    'offsetsExpired',
    'message',
  ],
}

export function cleaningLine(result: CleaningResult): string {
  const { action, status, topic, partition } = result
  const would = status === 'planned'
  const name = `${topic}-${partition}`
  if (action === 'offsets') {
    const verb = would ? 'would expire' : 'expired'
    return `group ${result.group}: ${verb} ${plural(result.offsetsExpired ?? 0, 'committed offset')} (${result.reasons.join(', ')})`
  }
  if (action === 'roll') {
    return `${name}: ${would ? 'would roll' : 'rolled'} the active segment (${result.reasons.join(', ')})`
  }
  const sizes = `${bytes(result.bytesBefore)} -> ${bytes(result.bytesAfter)}, ${bytes(result.bytesBefore - result.bytesAfter)} ${would ? 'to be freed' : 'freed'}`
  if (action === 'retention') {
    const gone = result.segmentsBefore - result.segmentsAfter
    const verb = would ? 'retention would delete' : 'retention deleted'
    const what = gone > 0 ? plural(gone, 'segment') : 'all segments'
    const start = `log ${would ? 'would start' : 'starts'} at offset ${result.logStartOffset}`
    return `${name}: ${verb} ${what} (${result.reasons.join(', ')}), ${sizes}, ${start}`
  }
  const doneVerb = would ? 'compaction would run' : 'compacted'
  const verb = status === 'stopped' ? 'compaction stopped early' : doneVerb
  const head = `${name}: ${verb} (${result.reasons.join(', ')})`
  return [head, sizes, ...compactionFigures(result)].join(', ')
}

function compactionFigures(result: CleaningResult): string[] {
  const parts: string[] = []
  const { recordsBefore, recordsAfter, keys, passes = 0, durationMs } = result
  const isStopped = result.status === 'stopped'
  // A run that was stopped while it indexed has compared no records yet.
  if (recordsBefore !== undefined && recordsAfter !== undefined && (!isStopped || recordsBefore > 0)) {
    parts.push(`${grouped(recordsBefore)} -> ${plural(recordsAfter, 'record')}`)
  }
  if (keys !== undefined && (!isStopped || keys > 0)) parts.push(plural(keys, 'key'))
  if (passes > 1 || (isStopped && passes === 1)) parts.push(plural(passes, 'pass'))
  parts.push(`${(durationMs / 1000).toFixed(1)} s`)
  if (result.bytesRead !== undefined && durationMs > 0) {
    parts.push(`${(result.bytesRead / 1e6 / (durationMs / 1000)).toFixed(1)} MB/s`)
  }
  if (result.message !== undefined) parts.push(result.message)
  if (!isStopped) return parts
  const wayOn = 'no pass was finished: the next run begins it anew, give it more time'
  return [...parts, passes > 0 ? 'the next run goes on' : wayOn]
}

/** Behind the lines of what was freed. */
export function delayLine(delayMs: number): string {
  return `what was freed leaves the disk when file.delete.delay.ms (${count(delayMs / 1000, 'second')}) is over and the next run or writer comes by`
}

/** One line for all that waits for the next run. */
export function unreachedLine(results: readonly CleaningResult[]): string {
  const left = (['retention', 'compaction'] as const).flatMap((action) => {
    const some = results.filter((result) => result.action === action)
    if (some.length === 0) return []
    const first = some[0]
    const which = some.length === 1 ? `${first.topic}-${first.partition}` : plural(some.length, 'partition')
    const size = some.reduce((sum, { bytesBefore }) => sum + bytesBefore, 0)
    return [`${action} of ${which}${size === 0 ? '' : ` (${bytes(size)})`}`]
  })
  return `${results[0].message}; left for the next run: ${left.join(', ')}`
}

/** `30s`, `5m`, `1h30m`, `500ms`; a bare number is seconds. Milliseconds. */
export function parseDuration(text: string): number {
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
  if (/^\d+$/.test(text)) return Number(text) * 1000
  if (!/^(\d+(ms|s|m|h|d))+$/.test(text)) {
    throw new UsageError(`--max-time ${text} is no duration: write 30s, 5m or 1h`, false)
  }
  let total = 0
  for (const [, number, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) total += Number(number) * units[unit]
  return total
}

/** Powers of ten, as disks are sold and df -H counts. */
export function bytes(size: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = Math.abs(size)
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const sign = size < 0 ? '-' : ''
  if (unit === 0) return `${sign}${value} B`
  const digitsAfterPoint = value < 100 ? 1 : 0
  return `${sign}${value.toFixed(value < 10 ? 2 : digitsAfterPoint)} ${units[unit]}`
}

export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',')
}

export function plural(number: number, noun: string): string {
  return count(number, noun).replace(/^\d+/, grouped(number))
}
