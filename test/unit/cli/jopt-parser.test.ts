import { describe, expect, test } from 'vitest'
import type { Command, Flag, Options } from '../../../src/cli/command.ts'
import { parseArguments } from '../../../src/cli/parse.ts'

const flags: Flag[] = [
  { name: 'topic', arg: 'required', description: '' },
  { name: 'offset', arg: 'required', type: 'long', description: '' },
  { name: 'partitions', arg: 'required', type: 'int', description: '' },
  { name: 'state', arg: 'optional', description: '' },
  { name: 'producer.config', arg: 'required', description: '' },
  { name: 'timeout', arg: 'required', type: 'int', default: '1000', description: '' },
  { name: 'list', description: '' },
]
const command: Command = { name: 't', summary: '', flags, run: () => 0 }
const parse = (...args: string[]): Promise<Options<string>> => parseArguments(command, args)

describe('arguments of a jopt tool', () => {
  test('a value stands behind a space or an equals sign, behind one dash or two', async () => {
    for (const args of [['--topic', 'a'], ['--topic=a'], ['-topic', 'a'], ['-topic=a']]) {
      expect((await parse(...args)).value('topic')).toBe('a')
    }
    expect((await parse('--producer.config', 'x')).value('producer.config')).toBe('x')
  })

  test('an empty value is a value', async () => {
    expect((await parse('--topic=')).value('topic')).toBe('')
    expect((await parse('--topic', '')).value('topic')).toBe('')
  })

  test('a required argument is taken whatever it looks like', async () => {
    expect((await parse('--offset', '-1')).long('offset')).toBe(-1)
    const options = await parse('--topic', '--list')
    expect(options.value('topic')).toBe('--list')
    expect(options.has('list')).toBe(false)
  })

  test('an optional argument is not taken when it looks like a flag', async () => {
    const options = await parse('--state', '--list')
    expect(options.has('state')).toBe(true)
    expect(options.values('state')).toEqual([])
    expect(options.has('list')).toBe(true)
    expect((await parse('--state', 'Stable')).values('state')).toEqual(['Stable'])
  })

  test('a switch ignores a value', async () => {
    expect((await parse('--list=no')).has('list')).toBe(true)
  })

  test('words that belong to no flag are kept apart, and -- ends the flags', async () => {
    const options = await parse('stray', '--list', '-', '--', '--topic', 'a')
    expect(options.words).toEqual(['stray', '-', '--topic', 'a'])
    expect(options.has('topic')).toBe(false)
  })

  test('an argument that is missing, a flag that is unknown or shortened', async () => {
    await expect(parse('--topic')).rejects.toThrow('Option topic requires an argument')
    await expect(parse('--top', 'a')).rejects.toThrow(/^top is not a recognized option/)
    await expect(parse('--TOPIC', 'a')).rejects.toThrow(/^TOPIC is not a recognized option/)
    await expect(parse('-x')).rejects.toThrow(/^x is not a recognized option/)
    await expect(parse('-xyz')).rejects.toThrow(/^x is not a recognized option/)
    await expect(parse('--zookeeper=localhost:2181')).rejects.toThrow(/^zookeeper is not a recognized option/)
  })

  test('a single value that was given twice is refused when it is asked for', async () => {
    const options = await parse('--topic', 'a', '--topic=b')
    expect(options.values('topic')).toEqual(['a', 'b'])
    expect(() => options.value('topic')).toThrow(
      'Found multiple arguments for option topic, but you asked for only one',
    )
  })

  test('numbers are checked when they are asked for, with the bounds of Java', async () => {
    expect((await parse('--partitions', '+5')).int('partitions')).toBe(5)
    for (const text of ['x', '1.5', '', ' 1', '2147483648']) {
      const options = await parse('--partitions', text)
      expect(() => options.int('partitions')).toThrow(`Cannot parse argument '${text}' of option partitions`)
    }
    expect((await parse('--offset', '9223372036854775807')).long('offset')).toBe(Number.MAX_SAFE_INTEGER)
    const tooLong = await parse('--offset', '9223372036854775808')
    expect(() => tooLong.long('offset')).toThrow('Cannot parse argument')
  })

  test('a default holds when the flag is absent, without making it present', async () => {
    const options = await parse()
    expect(options.int('timeout')).toBe(1000)
    expect(options.has('timeout')).toBe(false)
    expect(options.value('topic')).toBeUndefined()
  })
})
