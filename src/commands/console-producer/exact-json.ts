/**
 * JSON whose numbers stay as they were written. JavaScript would round 12345678901234567890 and make null of 1e999; such a number
 * travels as text under a mark that no input can know, and is put back where JSON is written.
 */
import { randomBytes } from 'node:crypto'

const TOKENS = /"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/g
/** Digits that a double always holds. */
const SAFE_DIGITS = 15

let mark: string | undefined

/** @throws SyntaxError for what is no JSON */
export function parseExact(text: string): unknown {
  if (!/\d[\d.]{15}|\d[eE][+-]?\d/.test(text)) return JSON.parse(text)
  mark ??= `number ${randomBytes(16).toString('hex')} `
  const marked = text.replace(TOKENS, (token) => (isKept(token) ? token : `"${mark}${token}"`))
  try {
    return JSON.parse(marked)
  } catch {
    // What is wrong is told of the text as it was given.
    return JSON.parse(text)
  }
}

export function stringifyExact(value: unknown): string {
  const json = JSON.stringify(value)
  return mark === undefined ? json : json.replace(new RegExp(`"${mark}([^"]*)"`, 'g'), '$1')
}

/** The digits of a number that JavaScript cannot hold; undefined for all else. */
export function digitsOf(value: unknown): string | undefined {
  return mark !== undefined && typeof value === 'string' && value.startsWith(mark)
    ? value.slice(mark.length)
    : undefined
}

function isKept(token: string): boolean {
  if (token.startsWith('"')) return true
  const number = Number(token)
  if (Number.isSafeInteger(number) && /^-?\d+$/.test(token)) return true
  const digits = token
    .replace(/[eE].*/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '')
  return Number.isFinite(number) && digits.length <= SAFE_DIGITS && (number !== 0 || digits === '')
}
