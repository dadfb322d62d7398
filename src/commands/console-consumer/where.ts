/**
 * `--where`: a small language of conditions on one record. Parsed once into closures; nothing is evaluated as code.
 *
 *     or    := and ('||' and)*          and := not ('&&' not)*        not := '!' not | comparison
 *     comparison := operand (('=='|'!='|'<'|'<='|'>'|'>='|'=~'|'!~') operand)?
 *     operand := text | number | true | false | null | path | '(' or ')'
 *     path := (key|value|headers|topic|partition|offset|timestamp) ('.' name | '[' text or number ']')*
 */
import type { Int64 } from '../../bytes/int64.ts'
import { UsageError } from '../../errors.ts'
import { isOneOf } from '../../names/one-of.ts'
import { digitsOf, stringifyExact } from '../console-producer/exact-json.ts'

/** What conditions are asked about; texts are made when they are first asked for. */
export interface RecordFields {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: Int64
  readonly key: string | null
  readonly value: string | null
  /** Parsed; undefined when it is no JSON. */
  readonly keyJson: unknown
  readonly valueJson: unknown
  /** The last one of that name; null without one, and for a null value. */
  header(name: string): string | null
}

export type Condition = (record: RecordFields) => boolean
type Operand = (record: RecordFields) => unknown

const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|([A-Za-z_$][\w$-]*)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(==|!=|<=|>=|=~|!~|&&|\|\||[<>!().[\]-]))/y

interface Token {
  readonly type: 'number' | 'name' | 'text' | 'sign' | 'end'
  readonly text: string
  readonly at: number
}

const ROOTS = ['key', 'value', 'headers', 'topic', 'partition', 'offset', 'timestamp'] as const

/** @throws UsageError that shows the place */
export function parseWhere(expression: string): Condition {
  return new WhereParser(expression).parse()
}

class WhereParser {
  readonly #expression: string
  readonly #tokens: Token[]
  #next = 0

  constructor(expression: string) {
    this.#expression = expression
    this.#tokens = this.#split()
  }

  parse(): Condition {
    const condition = this.#or()
    if (this.#peek().type !== 'end') throw this.#wrong(this.#peek(), 'expected && or || or the end')
    return (record) => truthy(condition(record))
  }

  #split(): Token[] {
    const tokens: Token[] = []
    const end = this.#expression.trimEnd().length
    for (let at = 0; at < end; ) {
      TOKEN.lastIndex = at
      const match = TOKEN.exec(this.#expression)
      if (match === null)
        throw this.#wrong({ type: 'sign', text: '', at: this.#skipSpace(at) }, 'not understood')
      const [whole, number, name, text, sign] = match
      const found = (number ?? name ?? text ?? sign) as string
      let type: Token['type'] = 'sign'
      if (number !== undefined) type = 'number'
      else if (name !== undefined) type = 'name'
      else if (text !== undefined) type = 'text'
      tokens.push({ type, text: found, at: at + whole.length - found.length })
      at += whole.length
    }
    tokens.push({ type: 'end', text: '', at: end })
    return tokens
  }

  #skipSpace(at: number): number {
    return at + (/^\s*/.exec(this.#expression.slice(at))?.[0].length ?? 0)
  }

  #peek(): Token {
    return this.#tokens[this.#next]
  }

  #take(sign: string): boolean {
    const token = this.#peek()
    if (token.type !== 'sign' || token.text !== sign) return false
    this.#next++
    return true
  }

  #or(): Operand {
    let left = this.#and()
    while (this.#take('||')) {
      const first = left
      const second = this.#and()
      left = (record) => truthy(first(record)) || truthy(second(record))
    }
    return left
  }

  #and(): Operand {
    let left = this.#not()
    while (this.#take('&&')) {
      const first = left
      const second = this.#not()
      left = (record) => truthy(first(record)) && truthy(second(record))
    }
    return left
  }

  #not(): Operand {
    if (!this.#take('!')) return this.#comparison()
    const inner = this.#not()
    return (record) => !truthy(inner(record))
  }

  #comparison(): Operand {
    const left = this.#operand()
    const token = this.#peek()
    if (token.type !== 'sign' || !['==', '!=', '<', '<=', '>', '>=', '=~', '!~'].includes(token.text))
      return left
    this.#next++
    if (token.text === '=~' || token.text === '!~') return this.#match(left, token.text === '=~')
    const right = this.#operand()
    switch (token.text) {
      case '==':
        return (record) => same(left(record), right(record))
      case '!=':
        return (record) => !same(left(record), right(record))
      case '<':
        return (record) => order(left(record), right(record)) < 0
      case '<=':
        return (record) => order(left(record), right(record)) <= 0
      case '>':
        return (record) => order(left(record), right(record)) > 0
      default:
        return (record) => order(left(record), right(record)) >= 0
    }
  }

  #match(left: Operand, wanted: boolean): Operand {
    const token = this.#peek()
    if (token.type !== 'text') throw this.#wrong(token, 'expected a regular expression in quotes')
    this.#next++
    const regex = regexOf('--where', unquoted(token.text, true))
    return (record) => {
      const value = left(record)
      const found = value !== null && value !== undefined && regex.test(textOf(value))
      return found === wanted
    }
  }

  #operand(): Operand {
    const token = this.#peek()
    this.#next++
    if (token.type === 'number') return constant(numberIn(token.text))
    if (token.type === 'text') return constant(unquoted(token.text, false))
    if (token.type === 'name') return this.#word(token)
    if (token.text === '-' && this.#peek().type === 'number') {
      return constant(numberIn(`-${this.#tokens[this.#next++].text}`))
    }
    if (token.text === '(' && token.type === 'sign') {
      const inner = this.#or()
      if (!this.#take(')')) throw this.#wrong(this.#peek(), "expected ')'")
      return inner
    }
    throw this.#wrong(token, 'expected a field, text in quotes or a number')
  }

  #word(token: Token): Operand {
    if (token.text === 'true') return constant(true)
    if (token.text === 'false') return constant(false)
    if (token.text === 'null') return constant(null)
    const root = token.text
    if (!isOneOf(ROOTS, root)) throw this.#wrong(token, `no such field; there are ${ROOTS.join(', ')}`)
    const steps = this.#steps()
    if (root === 'headers') {
      const [name, ...rest] = steps
      if (name === undefined || rest.length > 0)
        throw this.#wrong(token, "headers takes one name: headers['x']")
      return (record) => record.header(String(name))
    }
    if (steps.length === 0) return (record) => record[root]
    if (root !== 'key' && root !== 'value') throw this.#wrong(token, `${root} has no fields`)
    const json = root === 'key' ? 'keyJson' : 'valueJson'
    return (record) => {
      let at = record[json]
      for (const step of steps) {
        if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return null
        at = (at as Record<string | number, unknown>)[step]
      }
      const digits = digitsOf(at)
      return digits === undefined ? at : numberIn(digits)
    }
  }

  #steps(): (string | number)[] {
    const steps: (string | number)[] = []
    for (;;) {
      if (this.#take('.')) {
        const token = this.#peek()
        if (token.type !== 'name') throw this.#wrong(token, 'expected a name')
        steps.push(token.text)
        this.#next++
      } else if (this.#take('[')) {
        const token = this.#peek()
        if (token.type === 'text') steps.push(unquoted(token.text, false))
        else if (token.type === 'number') steps.push(Number(token.text))
        else throw this.#wrong(token, "expected a name in quotes or a number in '[ ]'")
        this.#next++
        if (!this.#take(']')) throw this.#wrong(this.#peek(), "expected ']'")
      } else return steps
    }
  }

  #wrong(token: Token, what: string): UsageError {
    const single = token.text === '=' || this.#expression[token.at] === '='
    const hint = single ? ' (equal is ==)' : ''
    return new UsageError(
      `--where: ${what}${hint}, at character ${token.at + 1}:\n  ${this.#expression}\n  ${' '.repeat(token.at)}^`,
      false,
    )
  }
}

/** A regular expression; `(?i)` in front ignores case. @throws UsageError naming the flag */
export function regexOf(flag: string, pattern: string): RegExp {
  const insensitive = pattern.startsWith('(?i)')
  const plain = insensitive ? pattern.slice(4) : pattern
  try {
    return new RegExp(plain, insensitive ? 'iu' : 'u')
  } catch {
    try {
      return new RegExp(plain, insensitive ? 'i' : '')
    } catch (error) {
      const reason = (error as Error).message.replace(/^Invalid regular expression: /, '')
      throw new UsageError(`${flag}: no regular expression: ${reason}`, false)
    }
  }
}

const constant =
  (value: unknown): Operand =>
  () =>
    value

/** Text in quotes; in a regular expression only the quote is escaped, other backslashes are its own. */
function unquoted(text: string, regex: boolean): string {
  const inner = text.slice(1, -1)
  if (regex) return inner.replace(/\\(["'])/g, '$1')
  return inner.replace(/\\(.)/g, (_all, char: string) => ({ n: '\n', t: '\t', r: '\r' })[char] ?? char)
}

function truthy(value: unknown): boolean {
  return value !== null && value !== undefined && value !== false && value !== ''
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'bigint' ? String(value) : stringifyExact(value)
}

/** A number and the text of a number are the same; a missing field is null. */
function same(left: unknown, right: unknown): boolean {
  const a = left ?? null
  const b = right ?? null
  if (a === b) return true
  if (a === null || b === null || typeof a === typeof b) {
    return typeof a === 'object' && a !== null && stringifyExact(a) === stringifyExact(b)
  }
  const numbers = numbersOf(a, b)
  return numbers !== undefined && compare(numbers[0], numbers[1]) === 0
}

/** Below, at, above 0; NaN when the two cannot be compared. */
function order(a: unknown, b: unknown): number {
  const numbers = numbersOf(a, b)
  if (numbers !== undefined) return compare(numbers[0], numbers[1])
  if (typeof a !== 'string' || typeof b !== 'string') return Number.NaN
  return compare(a, b)
}

function compare<T extends string | Int64>(a: T, b: T): number {
  // Of a bigint and a double, too, by their exact values.
  if (a < b) return -1
  return a > b ? 1 : 0
}

/** Both as numbers, when at least one is a number and the other one is or looks like one. */
function numbersOf(a: unknown, b: unknown): [Int64, Int64] | undefined {
  if (!isNumber(a) && !isNumber(b)) return undefined
  const [x, y] = [numberOf(a), numberOf(b)]
  return Number.isNaN(x) || Number.isNaN(y) ? undefined : [x, y]
}

const isNumber = (value: unknown): value is Int64 => typeof value === 'number' || typeof value === 'bigint'

function numberOf(value: unknown): Int64 {
  if (isNumber(value)) return value
  return typeof value === 'string' && value.trim() !== '' ? numberIn(value) : Number.NaN
}

/** Whole numbers beyond 2^53 with all their digits. */
function numberIn(text: string): Int64 {
  const number = Number(text)
  if (Number.isSafeInteger(number) || !/^\s*-?\d{1,1000}\s*$/.test(text.trim())) return number
  return BigInt(text)
}
