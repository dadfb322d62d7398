import { describe, expect, test } from 'vitest'
import { parseWhere, type RecordFields, regexOf } from '../../../../src/commands/console-consumer/where.ts'
import { parseExact } from '../../../../src/commands/console-producer/exact-json.ts'

const VALUE = '{"a":{"b":1,"list":[10,{"c":"x"}]},"name":"alpha","mag":5.5,"none":null,"id":"42"}'

const record: RecordFields = {
  topic: 'quakes',
  partition: 2,
  offset: 100,
  timestamp: 1_700_000_000_000,
  key: 'us-7',
  value: VALUE,
  keyJson: undefined,
  valueJson: JSON.parse(VALUE),
  header: (name) => ({ trace: 'abc' })[name] ?? null,
}

const holds = (expression: string) => parseWhere(expression)(record)

describe('--where', () => {
  test.each([
    ['value.a.b == 1 && key =~ "^us"', true],
    ['value.a.b == 2 || key == "us-7"', true],
    ['!(value.a.b == 1)', false],
    ['value.mag >= 5 && value.mag < 6', true],
    ['value.mag > -1e3', true],
    ["value['a']['list'][0] == 10", true],
    ['value.a.list[1].c == "x"', true],
    ['value.missing == null', true],
    ['value.missing.deeper.still == null', true],
    ['value.none == null', true],
    ['value.name != "beta"', true],
    ['value.id == 42', true],
    ['value.id > 41', true],
    ['value.name > 5', false],
    ['value.name < 5', false],
    ["headers['trace'] == 'abc'", true],
    ["headers['other'] == null", true],
    ["headers.trace =~ 'B'", false],
    ["headers.trace =~ '(?i)B'", true],
    ["headers['other'] =~ 'x'", false],
    ["headers['other'] !~ 'x'", true],
    ['partition == 2 && offset >= 100 && topic == "quakes"', true],
    ['timestamp > 1699999999999', true],
    ['value =~ "\\"name\\":\\"alpha\\""', true],
    ['value.name', true],
    ['value.none', false],
    ['key.anything == 1', false],
    ['true && !false', true],
    // Precedence: && before ||.
    ['true || false && false', true],
    ['value.constructor == null', true],
    ['value.__proto__.polluted == null', true],
  ])('%s is %s', (expression, expected) => {
    expect(holds(expression)).toBe(expected)
  })

  test.each([
    ['value.id == 9007199254740993', true],
    ['value.id == 9007199254740992', false],
    ['value.id > 9007199254740992', true],
    ['value.id < 9007199254740994', true],
    ['value.id == "9007199254740993"', true],
    ['value.id =~ "^9007199254740993$"', true],
    ['value.big == 123456789012345678901234567890', true],
    ['value.big > 123456789012345678901234567889', true],
    ['value.big > 1e29', true],
    ['value.big == value.same', true],
    ['value.ids[0] != value.id', true],
    ['value.ids =~ "9007199254740995"', true],
  ])('%s is %s: numbers beyond 2^53 are compared exactly (E2)', (expression, expected) => {
    const text =
      '{"id":9007199254740993,"ids":[9007199254740995],"big":123456789012345678901234567890,"same":123456789012345678901234567890}'
    const fields = { ...record, value: text, valueJson: parseExact(text) }
    expect(parseWhere(expression)(fields)).toBe(expected)
  })

  test.each([
    ['value.n = 3', /equal is ==.*at character 9/s],
    ['value.n ==', /at character 11/],
    ['valu.n == 3', /no such field; there are key, value.*at character 1/s],
    ['(key == "a"', /expected '\)'/],
    ['key =~ "("', /no regular expression: .*Unterminated group/],
    ['key =~ other', /expected a regular expression in quotes/],
    ['key == "a" key', /expected && or \|\|/],
    ['offset.x == 1', /offset has no fields/],
    ['headers == 1', /headers takes one name/],
    ['', /expected a field/],
    ['process.exit(1)', /no such field/],
  ])('%s is refused with its place', (expression, message) => {
    expect(() => parseWhere(expression)).toThrow(message)
  })

  test('a pattern that is only right without the unicode flag is taken all the same', () => {
    expect(regexOf('--grep', 'a\\-b').test('a-b')).toBe(true)
  })
})
