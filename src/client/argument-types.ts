/**
 * Checks the arguments that a program hands to Admin, Producer and Consumer. The compiler checks only programs in TypeScript:
 * without these checks a number given as a value would be stored as no value, and a string given as a list of topics would be
 * read as a list of letters. Each message names the field and says what stands in it.
 */

/** @throws TypeError that names the field */
export type Check = (value: unknown, name: string) => void

export function wrong(name: string, must: string, value: unknown): TypeError {
  return new TypeError(`${name} must be ${must}, and is ${describe(value)}`)
}

/** `a number (5)`, `an object`, `undefined`. */
function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'string') return `a string (${JSON.stringify(value.slice(0, 40))})`
  if (typeof value === 'object')
    return value.constructor === Object ? 'an object' : `a ${value.constructor?.name}`
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  return `a ${typeof value} (${String(value)})`
}

const is =
  (must: string, right: (value: unknown) => boolean): Check =>
  (value, name) => {
    if (!right(value)) throw wrong(name, must, value)
  }

export const text = is('a string', (value) => typeof value === 'string')
export const nameOf = is('a string that is not empty', (value) => typeof value === 'string' && value !== '')
export const flag = is('true or false', (value) => typeof value === 'boolean')
export const callback = is('a function', (value) => typeof value === 'function')
export const anything: Check = () => {}
export const bytes = is('a Buffer or null', (value) => value === null || Buffer.isBuffer(value))
export const key = is(
  'a string, a Buffer or null',
  (value) => value === null || typeof value === 'string' || value instanceof Uint8Array,
)
export const value = is(
  'a string, a Buffer or null (a tombstone)',
  (given) => given === null || typeof given === 'string' || given instanceof Uint8Array,
)
export const count = is(
  'a whole number from 0 on',
  (given) => typeof given === 'number' && Number.isSafeInteger(given) && given >= 0,
)
export const whole = is('a whole number', (given) => Number.isSafeInteger(given))
export const milliseconds = is(
  'a number of milliseconds',
  (given) => typeof given === 'number' && !Number.isNaN(given),
)
export const timestamp = is(
  'a whole number of milliseconds (a bigint above 2^53)',
  (given) => Number.isSafeInteger(given) || (typeof given === 'bigint' && BigInt.asIntN(64, given) === given),
)

export const oneOf = (...words: readonly string[]): Check =>
  is(`one of ${words.join(', ')}`, (given) => typeof given === 'string' && words.includes(given))

/** undefined and, as in the Java clients, null: not given. */
export const optional =
  (check: Check): Check =>
  (given, name) => {
    if (given !== undefined && given !== null) check(given, name)
  }

export const list =
  (check: Check, must = 'an array'): Check =>
  (given, name) => {
    if (!Array.isArray(given)) throw wrong(name, must, given)
    for (const [i, one] of given.entries()) check(one, `${name}[${i}]`)
  }

export const shape =
  (fields: Readonly<Record<string, Check>>, must = 'an object'): Check =>
  (given, name) => {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong(name, must, given)
    for (const field in fields) fields[field]((given as Record<string, unknown>)[field], `${name}.${field}`)
  }

export const mapOf =
  (ofKey: Check, ofValue: Check): Check =>
  (given, name) => {
    if (!(given instanceof Map)) throw wrong(name, 'a Map', given)
    for (const [one, its] of given) {
      ofKey(one, `${name}.keys()`)
      ofValue(its, `${name}.get()`)
    }
  }

/** Kafka's settings: text, as in a properties file. Numbers and booleans are written out; undefined is left out. */
export function settings(given: unknown, name: string): Record<string, string> {
  if (given === undefined) return {}
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw wrong(name, 'an object', given)
  const found: Record<string, string> = {}
  for (const [setting, its] of Object.entries(given)) {
    if (its === undefined) continue
    if (typeof its !== 'string' && typeof its !== 'number' && typeof its !== 'boolean')
      throw wrong(`${name}['${setting}']`, 'a string', its)
    found[setting] = String(its)
  }
  return found
}

export const config: Check = (given, name) => {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw wrong(name, 'an object', given)
  for (const [setting, its] of Object.entries(given)) text(its, `${name}['${setting}']`)
}
