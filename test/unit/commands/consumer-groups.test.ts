import { describe, expect, test } from 'vitest'
import { re2Problem } from '../../../src/commands/consumer-groups/re2-syntax.ts'
import { createFilter, parseOffsetSpec } from '../../../src/commands/get-offsets/arguments.ts'
import { exportResetPlan, parseResetPlan } from '../../../src/commands/group-tools/reset-plan.ts'

describe('reset plans', () => {
  test('what is exported is read back, with groups and without', () => {
    const offsets = [
      { topic: 'a', partition: 0, offset: 7 },
      { topic: 'a "name", quoted', partition: 12, offset: 0 },
      { topic: 'a-topic-name-longer-than-24-characters', partition: 1, offset: 2 ** 40 },
    ]
    const one = new Map([['g', offsets]])
    const two = new Map([
      ['g', offsets],
      ['group, h', offsets.slice(1)],
    ])
    expect(parseResetPlan(exportResetPlan(one, false), ['g'])).toEqual(one)
    expect(parseResetPlan(exportResetPlan(two, true), ['g', 'group, h'])).toEqual(two)
  })

  test('only names that are long or have odd characters are quoted', () => {
    const row = (topic: string) =>
      exportResetPlan(new Map([['g', [{ topic, partition: 2, offset: 1 }]]]), false)
    expect(row('plain.name_1-x')).toBe('plain.name_1-x,2,1\n')
    expect(row('x'.repeat(25))).toBe(`"${'x'.repeat(25)}",2,1\n`)
  })

  test('rows with a group are told from rows without by the first line', () => {
    expect(parseResetPlan('g,a,0,1\nh,a,1,0\n', ['g']).get('h')).toEqual([
      { topic: 'a', partition: 1, offset: 0 },
    ])
    expect(parseResetPlan('rubbish\n', ['g']).get('g')).toEqual([
      { topic: 'rubbish', partition: 0, offset: 0 },
    ])
    expect(() => parseResetPlan('g,a,x,1\n', ['g'])).toThrow(/"x": not a valid `int` value/)
  })

  test.each([
    ['e1,0,1,\n', ['ge']],
    ['e1,0,1, \n', ['ge']],
    ['ge,e1,0,1,\n', ['ge']],
    ['ge,e1,0,1,\n', ['ge', 'other']],
  ])(
    'a blank field behind the last column is passed over, as by the genuine reader (E1): %j',
    (csv, groups) => {
      expect(parseResetPlan(csv, groups).get('ge')).toEqual([{ topic: 'e1', partition: 0, offset: 1 }])
    },
  )

  test('a field behind the last column that says something is told (E1)', () => {
    expect(() => parseResetPlan('ge,e1,0,1,x\n', ['ge'])).toThrow(/Too many entries: expected at most 4/)
  })
})

describe('regular expressions, as RE2/J judges them', () => {
  test.each([
    ['foo.*', undefined],
    ['(?i)(?P<name>a|b)+?[^a-z\\d[:alpha:]]{2,3}\\Qa(\\E$', undefined],
    ['a{2', undefined],
    ['[]a]', undefined],
    ['\\p{Greek}\\x{10FFFF}', undefined],
    ['[', 'missing closing ]'],
    ['(a', 'missing closing )'],
    ['*a', 'missing argument to repetition operator'],
    ['(?<=a)b', 'invalid named capture'],
    ['(?P<n', 'invalid named capture'],
    ['a{1001}', 'invalid repeat count'],
    ['a)', 'regexp/syntax: internal error'],
    ['[z-a]', 'invalid character class range'],
    ['[[:foo:]]', 'invalid character class range'],
    ['\\y', 'invalid escape sequence'],
    ['a**', 'invalid nested repetition operator'],
    ['a\\', 'trailing backslash at end of expression'],
  ])('%s', (regex, problem) => expect(re2Problem(regex)).toBe(problem))
})

describe('what get-offsets is asked for', () => {
  test('times are words, their numbers, or milliseconds', () => {
    expect(['-1', '-2', '-3', '-4', '-5', '-6'].map(parseOffsetSpec)).toEqual(
      [
        'latest',
        'earliest',
        'max-timestamp',
        'earliest-local',
        'latest-tiered',
        'earliest-pending-upload',
      ].map(parseOffsetSpec),
    )
    expect([parseOffsetSpec('0'), parseOffsetSpec('-9')]).toEqual([0, -9])
    expect(() => parseOffsetSpec('tomorrow')).toThrow(
      /^Malformed time argument tomorrow\. Please use -1 or latest \/ -2/,
    )
    expect(() => parseOffsetSpec('9223372036854775808')).toThrow(/^Malformed/)
  })

  test.each([
    ['a:1,b', ['a-1', 'b-0', 'b-1', 'b-2', 'b-3']],
    ['a:1-3', ['a-1', 'a-2']],
    ['a:-2', ['a-0', 'a-1']],
    ['a:2-', ['a-2', 'a-3']],
    [':3', ['a-3', 'b-3']],
    ['[ab]:0', ['a-0', 'b-0']],
  ])('patterns of topics and partitions: %s', (patterns, wanted) => {
    const matches = createFilter(patterns, undefined, undefined)
    const all = ['a', 'b'].flatMap((topic) => [0, 1, 2, 3].map((partition) => ({ topic, partition })))
    expect(
      all.filter((tp) => matches(tp.topic, tp.partition)).map((tp) => `${tp.topic}-${tp.partition}`),
    ).toEqual(wanted)
  })
})
