/**
 * Durations and date-times as Kafka's tools read them: java.time.Duration.parse (signs everywhere), and SimpleDateFormat in its strict mode.
 */

export class DurationFormatError extends Error {}

const DURATION =
  /^([-+]?)P(?:([-+]?[0-9]+)D)?(T(?:([-+]?[0-9]+)H)?(?:([-+]?[0-9]+)M)?(?:([-+]?[0-9]+)(?:[.,]([0-9]{0,9}))?S)?)?$/i

/** Milliseconds (may be negative; rounded down as Instant.toEpochMilli does) of an ISO-8601 duration. Throws DurationFormatError. */
export function parseIsoDuration(text: string): number {
  const match = DURATION.exec(text)
  const [, sign, days, time, hours, minutes, seconds, fraction] = match ?? []
  if (match === null || (time !== undefined && time.length === 1) || !(days ?? hours ?? minutes ?? seconds)) {
    throw new DurationFormatError('Text cannot be parsed to a Duration')
  }
  const whole = count(days) * 86_400n + count(hours) * 3600n + count(minutes) * 60n + count(seconds)
  const nanos = BigInt((fraction ?? '').padEnd(9, '0')) * (seconds?.startsWith('-') ? -1n : 1n)
  const total = (whole * 1_000_000_000n + nanos) * (sign === '-' ? -1n : 1n)
  const milliseconds = total / 1_000_000n - (total % 1_000_000n < 0n ? 1n : 0n)
  if (BigInt.asIntN(64, total / 1_000_000_000n) !== total / 1_000_000_000n) {
    throw new DurationFormatError('Text cannot be parsed to a Duration: overflow')
  }
  return Number(milliseconds)
}

function count(digits: string | undefined): bigint {
  return digits === undefined ? 0n : BigInt(digits.replace(/^\+/, ''))
}

export class DateTimeFormatError extends Error {}

/** Java passes over blanks in front of every field. */
const DATE_TIME =
  /^[ \t]*(\d+)-[ \t]*(\d+)-[ \t]*(\d+)T[ \t]*(\d+):[ \t]*(\d+):[ \t]*(\d+)\.[ \t]*(\d+)[ \t]*(Z|[-+](\d\d):(\d\d)|[-+](\d\d))/

/**
 * Milliseconds since the epoch of `2020-01-01T00:00:00.000`, with an optional zone (`Z`, `+02`, `+02:00`, `+0200`); without one it is UTC.
 * As in Kafka, milliseconds must be there and what follows is ignored. Throws DateTimeFormatError.
 */
export function parseDateTime(text: string): number {
  const time = text.split('T')[1]
  if (time === undefined || time === '') {
    throw new DateTimeFormatError(
      "Error parsing timestamp. It does not contain a 'T' according to ISO8601 format",
    )
  }
  const zoned = /[-+Z]/.test(time) ? text : `${text}Z`
  const unparseable = () => new DateTimeFormatError(`Unparseable date: "${zoned}"`)
  const match = DATE_TIME.exec(zoned)
  if (match === null) throw unparseable()
  const [year, month, day, hour, minute, second, ms] = match.slice(1, 8).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const zone = match[8] as string
  const zoneHours = Number(match[9] ?? match[11] ?? 0)
  const zoneMinutes = Number(match[10] ?? 0)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!real || hour > 23 || minute > 59 || second > 59 || ms > 999 || zoneHours > 23 || zoneMinutes > 59)
    throw unparseable()
  const offset = (zoneHours * 60 + zoneMinutes) * 60_000 * (zone.startsWith('-') ? -1 : 1)
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + ms - offset
}
