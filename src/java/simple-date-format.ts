/** java.text.SimpleDateFormat, as far as the perf tools' --date-format needs it: English names, the local time zone. */
import { TerseError } from '../errors.ts'

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

const NUMBERS: Readonly<Record<string, (date: Date) => number>> = {
  d: (date) => date.getDate(),
  H: (date) => date.getHours(),
  k: (date) => date.getHours() || 24,
  K: (date) => date.getHours() % 12,
  h: (date) => date.getHours() % 12 || 12,
  m: (date) => date.getMinutes(),
  s: (date) => date.getSeconds(),
  S: (date) => date.getMilliseconds(),
  u: (date) => date.getDay() || 7,
  D: (date) => Math.round((midnight(date) - new Date(date.getFullYear(), 0, 1).getTime()) / 86400000) + 1,
}

/**
 * A function that formats milliseconds.
 * @throws TerseError for a pattern that Java refuses
 */
export function simpleDateFormat(pattern: string): (ms: number) => string {
  const parts: ((date: Date) => string)[] = []
  for (let i = 0; i < pattern.length; ) {
    const letter = pattern[i]
    if (letter === "'") {
      const { text, end } = quoted(pattern, i)
      parts.push(() => text)
      i = end
      continue
    }
    let count = 1
    while (pattern[i + count] === letter) count++
    i += count
    parts.push(/[A-Za-z]/.test(letter) ? field(letter, count) : () => letter.repeat(count))
  }
  return (ms) => {
    const date = new Date(ms)
    return parts.map((part) => part(date)).join('')
  }
}

function field(letter: string, count: number): (date: Date) => string {
  const number = NUMBERS[letter]
  if (number !== undefined) return (date) => String(number(date)).padStart(count, '0')
  switch (letter) {
    case 'y':
    case 'Y':
      return (date) => {
        const year = String(date.getFullYear())
        return count === 2 ? year.slice(-2).padStart(2, '0') : year.padStart(count, '0')
      }
    case 'M':
    case 'L':
      return (date) =>
        count <= 2
          ? String(date.getMonth() + 1).padStart(count, '0')
          : MONTHS[date.getMonth()].slice(0, count === 3 ? 3 : undefined)
    case 'E':
      return (date) => DAYS[date.getDay()].slice(0, count <= 3 ? 3 : undefined)
    case 'a':
      return (date) => (date.getHours() < 12 ? 'AM' : 'PM')
    case 'G':
      return () => 'AD'
    case 'z':
      return (date) => zoneName(date, count)
    case 'Z':
      return (date) => offset(date, '')
    case 'X':
      return (date) =>
        date.getTimezoneOffset() === 0
          ? 'Z'
          : offset(date, count === 3 ? ':' : '').slice(0, count === 1 ? 3 : undefined)
    default:
      throw new TerseError(`Illegal pattern character '${letter}'`)
  }
}

/** `'text'`, where two quotes stand for one, also outside of a text. */
function quoted(pattern: string, start: number): { text: string; end: number } {
  if (pattern[start + 1] === "'") return { text: "'", end: start + 2 }
  let text = ''
  for (let i = start + 1; i < pattern.length; i++) {
    if (pattern[i] !== "'") text += pattern[i]
    else if (pattern[i + 1] === "'") {
      text += "'"
      i++
    } else return { text, end: i + 1 }
  }
  throw new TerseError('Unterminated quote')
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}

function offset(date: Date, separator: string): string {
  const minutes = -date.getTimezoneOffset()
  const two = (n: number) => String(Math.trunc(n)).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}${separator}${two(Math.abs(minutes) % 60)}`
}

function zoneName(date: Date, count: number): string {
  const timeZoneName = count >= 4 ? 'long' : 'short'
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName }).formatToParts(date)
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
}
