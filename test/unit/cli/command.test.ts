import { describe, expect, test } from 'vitest'
import { checkInvalidArguments } from '../../../src/cli/argument-checks.ts'
import { type CommandContext, defineCommand, type Flag, type Options } from '../../../src/cli/command.ts'
import { option } from '../../../src/cli/flags.ts'
import { machineOutput, outputFlag } from '../../../src/cli/machine-output.ts'
import { parseArguments } from '../../../src/cli/parse.ts'

const ROWS = [
  { name: 'list', description: 'List.' },
  option('topic', 'topic', 'The topic.'),
  outputFlag,
] as const satisfies readonly Flag[]

const SUBCOMMANDS = [
  { name: 'one', summary: 'One.', flags: [{ name: 'depth', description: 'Depth.' }] },
] as const

const readsTopic = ({ options }: CommandContext<'topic'>): string | undefined => options.value('topic')
const readsGroup = ({ options }: CommandContext<'group'>): string | undefined => options.value('group')

/** tsc looks at these: an expected error that does not come is an error. */
describe('flags typed from rows (issue 12, item 4)', () => {
  test('a handler reads what has a row, and nothing else compiles', () => {
    const command = defineCommand({
      name: 'tool',
      summary: 'A tool.',
      flags: ROWS,
      subcommands: SUBCOMMANDS,
      run(context) {
        const { options } = context
        options.has('list')
        options.values('topic')
        options.has('depth')
        // @ts-expect-error there is no such row
        options.has('topics')
        // @ts-expect-error nor of any other question
        options.long('group')
        readsTopic(context)
        // @ts-expect-error a helper that reads --group is for tools that have it
        readsGroup(context)
        machineOutput(context, { kind: 'row', columns: [] })
        checkInvalidArguments(options, 'list', ['topic'])
        // @ts-expect-error names that are handed on are checked as well
        checkInvalidArguments(options, 'list', ['tpoic'])
        return 0
      },
    })
    expect(command.flags).toBe(ROWS)
  })

  test('a handler that reads more than the rows have does not compile', () => {
    const tool = { name: 'tool', summary: 'A tool.', flags: ROWS }
    defineCommand({ ...tool, run: (context) => Number(readsTopic(context)) })
    // @ts-expect-error ROWS has no --group
    defineCommand({ ...tool, run: (context: CommandContext<'group'>) => Number(readsGroup(context)) })
    expect(tool.flags).toBe(ROWS)
  })

  test('rows that forgot their names give a handler that can read none', () => {
    const forgotten: readonly Flag[] = ROWS
    const command = defineCommand({
      name: 'tool',
      summary: 'A tool.',
      flags: forgotten,
      run({ options }) {
        // @ts-expect-error the compiler does not know the names
        options.has('list')
        return 0
      },
    })
    expect(command.flags).toBe(ROWS)
  })

  test('options of more names serve where fewer are read; the other way round does not compile', async () => {
    const command = defineCommand({ name: 'tool', summary: 'A tool.', flags: ROWS, run: () => 0 })
    const all: Options<string> = await parseArguments(command, ['--topic', 'a'])
    const few: Options<'topic'> = all
    // @ts-expect-error these know of --topic alone
    const more: Options<'topic' | 'list'> = few
    expect(more.value('topic')).toBe('a')
    expect(few.ofAnyTool.has('no-such-row')).toBe(false)
  })
})
