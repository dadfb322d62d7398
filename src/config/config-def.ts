/**
 * Typed, validated settings under Kafka's names, with Kafka's messages. A definition is a table of rows; the tables
 * are facts about Kafka 4.4 (names, types, defaults, bounds), see topic-configs.ts and broker-configs.ts.
 */
import { KafkaError } from '../errors.ts'
import { javaDouble } from '../java/java-number.ts'

export type ConfigType =
  | 'BOOLEAN'
  | 'STRING'
  | 'INT'
  | 'SHORT'
  | 'LONG'
  | 'DOUBLE'
  | 'LIST'
  | 'CLASS'
  | 'PASSWORD'

/** A parsed value. LONGs are bigint only beyond 2^53, where they always mean "no limit". */
export type ConfigValue = boolean | string | number | bigint | readonly string[] | null

/** Says what is wrong with a parsed value, or undefined. */
export type Validator = (name: string, value: ConfigValue) => string | undefined

export interface ConfigKey {
  readonly name: string
  readonly type: ConfigType
  /** As describe prints it; null: none set; undefined: the setting has no default and must be given. */
  readonly default: string | null | undefined
  readonly validator?: Validator
  /** Left out of listings, still accepted. */
  readonly internal?: boolean
}

export class ConfigDef {
  readonly #keys = new Map<string, ConfigKey>()

  constructor(keys: readonly ConfigKey[]) {
    for (const key of keys) this.#keys.set(key.name, key)
  }

  get(name: string): ConfigKey | undefined {
    return this.#keys.get(name)
  }

  /** In the table's order (by name), without internal ones. */
  keys(): ConfigKey[] {
    return [...this.#keys.values()].filter((key) => !key.internal)
  }

  names(): string[] {
    return this.keys().map(({ name }) => name)
  }

  /**
   * The value of a known setting.
   * @throws KafkaError INVALID_CONFIG `Invalid value x for configuration y: why`
   */
  parse(name: string, text: string): ConfigValue {
    const key = this.#keys.get(name)
    if (key === undefined) throw new KafkaError('INVALID_CONFIG', `Unknown configuration ${name}`)
    const value = parseValue(key, text)
    const problem = key.validator?.(name, value)
    if (problem !== undefined) throw new KafkaError('INVALID_CONFIG', problem)
    return value
  }
}

/** Reads tables of the form `name TYPE default validator`, `-` for null, `''` for an empty default, `!` for none. */
export function readConfigTable(table: string): ConfigKey[] {
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [name, type, text, rule = ''] = line.split(' ')
      return {
        name,
        type: type as ConfigType,
        default: defaultFrom(text),
        validator: validatorFrom(rule, type === 'DOUBLE'),
        internal: rule.endsWith('#') || undefined,
      }
    })
}

function defaultFrom(text: string): string | null | undefined {
  if (text === '!') return undefined
  if (text === '-') return null
  return text === "''" ? '' : text
}

/** `0..` `0..1` `{a,b}` `i{A,B}` (any case) `list` `list{a,b}` `list+` (not empty) `gzip` `nonempty`. */
function validatorFrom(rule: string, double: boolean): Validator | undefined {
  const text = rule.replace(/#$/, '')
  const range = /^(-?[\d.]+?)\.\.(-?[\d.]+)?$/.exec(text)
  if (range !== null)
    return inRange(Number(range[1]), range[2] === undefined ? undefined : Number(range[2]), double)
  const list = /^list(\+?)(?:\{(.*)\})?$/.exec(text)
  if (list !== null) return listOf(list[2]?.split(',') ?? [], list[1] === '')
  const names = /^(i?)\{(.*)\}$/.exec(text)
  if (names !== null) return names[1] === 'i' ? oneOfAnyCase(names[2].split(',')) : oneOf(names[2].split(','))
  if (text === 'nonempty')
    return (name, value) => (value === '' ? invalid(name, '', 'String must be non-empty') : undefined)
  if (text === 'gzip') return gzipLevel
  return undefined
}

export function invalid(name: string, value: string | null, why: string): string {
  return `Invalid value ${value} for configuration ${name}: ${why}`
}

export function inRange(min: number, max?: number, double = false): Validator {
  return (name, value) => {
    const text = () => (double ? javaDouble(value as number) : configText(value))
    if (value === null) return invalid(name, null, 'Value must be non-null')
    if ((value as number) < min) return invalid(name, text(), `Value must be at least ${min}`)
    if (max !== undefined && (value as number) > max)
      return invalid(name, text(), `Value must be no more than ${max}`)
    return undefined
  }
}

export function oneOf(allowed: readonly string[]): Validator {
  return (name, value) =>
    allowed.includes(value as string)
      ? undefined
      : invalid(name, configText(value), `String must be one of: ${allowed.join(', ')}`)
}

function oneOfAnyCase(allowed: readonly string[]): Validator {
  return (name, value) =>
    allowed.includes(String(value).toUpperCase())
      ? undefined
      : invalid(name, configText(value), `String must be one of (case insensitive): ${allowed.join(', ')}`)
}

/** Lists without duplicates and without empty entries, of the allowed words (any when none are named). */
export function listOf(allowed: readonly string[], emptyAllowed: boolean): Validator {
  return (name, value) => {
    const list = (value ?? []) as readonly string[]
    if (list.length === 0 && !emptyAllowed && value !== null) {
      return `Configuration '${name}' must not be empty. Valid values include: ${allowed.length === 0 ? 'any non-empty value' : `[${allowed.join(', ')}]`}`
    }
    if (new Set(list).size !== list.length) return `Configuration '${name}' values must not be duplicated.`
    for (const word of list) {
      if (word === '') return `Configuration '${name}' values must not be empty.`
      if (allowed.length > 0 && !allowed.includes(word))
        return invalid(name, word, `String must be one of: ${allowed.join(', ')}`)
    }
    return undefined
  }
}

const gzipLevel: Validator = (name, value) =>
  value === -1 || ((value as number) >= 1 && (value as number) <= 9)
    ? undefined
    : invalid(name, configText(value), 'Value must be between 1 and 9 or equal to -1')

/** The value as Kafka's toString shows it. */
export function configText(value: ConfigValue): string {
  if (value === null) return 'null'
  if (typeof value === 'object') return value.join(',')
  return String(value)
}

/** The value as describe shows it: parsed and written again (`.7` is 0.7, `+5` is 5); as it stands when it is wrong. */
export function describedValue(key: ConfigKey, text: string): string {
  let value: ConfigValue
  try {
    value = parseValue(key, text)
  } catch {
    return text
  }
  return key.type === 'DOUBLE' ? javaDouble(value as number) : configText(value)
}

const INTEGERS: Partial<Record<ConfigType, { min: bigint; max: bigint }>> = {
  SHORT: { min: -(2n ** 15n), max: 2n ** 15n - 1n },
  INT: { min: -(2n ** 31n), max: 2n ** 31n - 1n },
  LONG: { min: -(2n ** 63n), max: 2n ** 63n - 1n },
}

function parseValue(key: ConfigKey, text: string): ConfigValue {
  const trimmed = text.trim()
  const integers = INTEGERS[key.type]
  if (integers !== undefined) {
    const big = /^[+-]?\d{1,40}$/.test(trimmed) ? BigInt(trimmed.replace('+', '')) : undefined
    if (big === undefined || big < integers.min || big > integers.max) refuse(key, text)
    const number = Number(big)
    return Number.isSafeInteger(number) ? number : big
  }
  switch (key.type) {
    case 'BOOLEAN':
      if (/^true$/i.test(trimmed)) return true
      if (/^false$/i.test(trimmed)) return false
      throw new KafkaError(
        'INVALID_CONFIG',
        invalid(key.name, text, 'Expected value to be either true or false'),
      )
    case 'DOUBLE':
      if (
        !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?[fd]?$/i.test(trimmed) &&
        !/^[+-]?(NaN|Infinity)$/.test(trimmed)
      )
        refuse(key, text)
      return Number(trimmed.replace(/[fd]$/i, ''))
    case 'LIST':
      return trimmed === '' ? [] : trimmed.split(/\s*,\s*/)
    default:
      return trimmed
  }
}

function refuse(key: ConfigKey, text: string): never {
  throw new KafkaError('INVALID_CONFIG', invalid(key.name, text, `Not a number of type ${key.type}`))
}
