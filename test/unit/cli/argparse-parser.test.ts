import { describe, expect, test } from 'vitest'
import { argparseUsage } from '../../../src/cli/argparse-parser.ts'
import type { Command } from '../../../src/cli/command.ts'
import { parseArguments } from '../../../src/cli/parse.ts'

const storage: Command = {
  name: 'storage',
  summary: 'The Kafka storage tool.',
  parser: 'argparse',
  flags: [],
  subcommands: [
    {
      name: 'format',
      summary: 'Format the directories.',
      flags: [
        { name: 'config', short: 'c', arg: 'required', required: true, description: '' },
        { name: 'cluster-id', short: 't', arg: 'required', required: true, description: '' },
        { name: 'level', arg: 'required', type: 'int', description: '' },
        { name: 'acks', arg: 'required', choices: ['0', '1', '-1'], description: '' },
        { name: 'feature', arg: 'required', many: true, description: '' },
        { name: 'standalone', group: { name: 'quorum', required: true }, description: '' },
        { name: 'no-initial-controllers', group: { name: 'quorum' }, description: '' },
      ],
    },
    { name: 'random-uuid', summary: '', flags: [], positionals: [{ name: 'count', description: '' }] },
  ],
  run: () => 0,
}
const parse = (...args: string[]) => parseArguments(storage, args)
const right = ['format', '-c', 'f', '--cluster-id=x', '--standalone']

describe('arguments of an argparse tool', () => {
  test('subcommand, long, short and joined flags', async () => {
    const options = await parse(...right, '--feature', 'a=1', 'b=2')
    expect(options.subcommand).toBe('format')
    expect(options.value('config')).toBe('f')
    expect(options.value('cluster-id')).toBe('x')
    expect(options.values('feature')).toEqual(['a=1', 'b=2'])
    expect((await parse('format', '-cf', '-tx', '--standalone')).value('config')).toBe('f')
  })

  test('a long name may be shortened while it stays clear', async () => {
    expect((await parse('format', '--conf', 'f', '-t', 'x', '--stand')).value('config')).toBe('f')
    await expect(parse('format', '--c', 'f')).rejects.toThrow(
      'ambiguous option: --c could match --config, --cluster-id',
    )
  })

  test('what is wrong is said behind the usage, in argparse words', async () => {
    const cases: [string[], string][] = [
      [[], 'too few arguments'],
      [['random-uuid'], 'too few arguments'],
      [['formt'], "invalid choice: 'formt' (choose from 'format', 'random-uuid')"],
      [['format', '-c', 'f'], 'argument --cluster-id/-t is required'],
      [['format', '-c'], 'argument --config/-c: expected one argument'],
      [
        [...right, '--level', 'x'],
        `argument --level: could not convert 'x' to Integer (For input string: "x")`,
      ],
      [[...right, '--acks', '9'], "argument --acks: invalid choice: '9' (choose from {0,1,-1})"],
      [[...right, '--nope'], "unrecognized arguments: '--nope'"],
      [
        [...right, '--no-initial-controllers'],
        'argument --no-initial-controllers: not allowed with argument --standalone',
      ],
      [
        ['format', '-c', 'f', '-t', 'x'],
        'one of the arguments --standalone --no-initial-controllers is required',
      ],
    ]
    for (const [args, message] of cases) {
      const error: Error = await parse(...args).then(
        () => new Error('was taken'),
        (e) => e,
      )
      expect(error.message).toMatch(/^usage: kafka-storage /)
      const said = error.message.split('\n').filter((line) => line.startsWith('kafka-storage: error: '))
      expect(said).toEqual([`kafka-storage: error: ${message}`])
    }
  })

  test('help asks for nothing else', async () => {
    expect((await parse('format', '-h')).has('help')).toBe(true)
    expect(argparseUsage(storage)).toBe('usage: kafka-storage [-h] {format,random-uuid} ...')
  })
})
