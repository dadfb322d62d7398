import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

let story: Story
beforeAll(async () => {
  story = new Story()
  await story.says('topics --create --topic quakes')
  await story.says('console-producer --topic quakes', { stdin: 'x\n' })
  await story.run('console-consumer --topic quakes --group readers --from-beginning --max-messages 1')
})
afterAll(() => story.end())

/** What bash offers for each command line, by the script that `tkafka completion bash` prints. */
function offers(...lines: string[]): string[][] {
  const calls = lines.map(
    (line) =>
      `offer ${line
        .split(' ')
        .map((word) => `'${word}'`)
        .join(' ')}`,
  )
  const script = `
    tkafka() { '${process.execPath}' '${root}/bin/tkafka' "$@"; }
    command() { "$@"; }
    source '${root}/completions/tkafka.bash'
    offer() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _tkafka; echo "\${COMPREPLY[*]}"; }
    ${calls.join('\n')}`
  const env = { ...process.env, TKAFKA_DATA_DIR: story.data, HOME: story.dir, XDG_CACHE_HOME: story.dir }
  const text = execFileSync('bash', ['--norc', '-c', script], { env, encoding: 'utf8' })
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' ').filter((word) => word !== ''))
}

describe('completion', () => {
  test('bash: tools, flags, words, and names from the directory', () => {
    const [tools, flags, topics, groups, formats, equals, script, elsewhere, other] = offers(
      'tkafka topi',
      'tkafka topics --desc',
      'tkafka topics --describe --topic qu',
      'tkafka consumer-groups --describe --group ',
      'tkafka console-consumer --value-format int',
      'tkafka topics --topic = qu',
      'kafka-topics.sh --if-',
      'tkafka --data-dir /nowhere topics --topic ',
      'tkafka topics --data-dir /nowhere --li',
    )
    expect(tools).toEqual(['topics'])
    expect(flags).toEqual(['--describe'])
    expect(topics).toEqual(['quakes'])
    expect(groups).toEqual(['readers'])
    expect(formats).toEqual(['int16', 'int32', 'int64'])
    expect(equals).toEqual(['quakes'])
    expect(script).toEqual(['--if-exists', '--if-not-exists'])
    expect(elsewhere).toEqual([])
    expect(other).toEqual(['--list'])
  })

  test('the scripts are what the tool prints, and bash finds nothing wrong with its own', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const script = fs.readFileSync(path.join(root, 'completions', `tkafka.${shell}`), 'utf8')
      expect(await story.says(`completion ${shell}`)).toBe(script)
    }
    expect(spawnSync('bash', ['-n', path.join(root, 'completions/tkafka.bash')]).status).toBe(0)
    expect(await story.fails('completion tcsh')).toBe(
      'No completion for tcsh: tkafka completion bash|zsh|fish\n',
    )
  })

  test('names of a directory that is not there, or cannot be read, are silently none', async () => {
    expect(await story.says('--data-dir /nowhere/at/all completion names topics')).toBe('')
    expect(await story.says('--data-dir /dev/null completion names groups')).toBe('')
  })
})

describe('help for programs', () => {
  test('--help-json of a tool, and of all', async () => {
    const one = JSON.parse(await story.says('topics --help-json'))
    expect(one).toMatchObject({ version: 1, tool: 'topics' })
    expect(one.flags).toContainEqual(
      expect.objectContaining({ name: 'partitions', argument: 'required', type: 'int', addition: false }),
    )
    expect(one.flags).toContainEqual(expect.objectContaining({ name: 'output', addition: true }))
    const all = JSON.parse(await story.says('--help-json'))
    expect(all.tools.find(({ tool }: { tool: string }) => tool === 'topics').flags).toEqual(one.flags)
    const argparse = JSON.parse(await story.says('cluster --help-json'))
    expect(argparse.subcommands.map(({ name }: { name: string }) => name)).toContain('cluster-id')
  })

  test('every tool that lists or describes takes --output', () => {
    const { tools } = JSON.parse(fs.readFileSync(path.join(root, 'completions/commands.json'), 'utf8'))
    const shows = (flags: { name: string }[]) =>
      flags.some(({ name }) => name === 'list' || name === 'describe')
    // A data directory has no delegation tokens: describing them is refused, and there is no row.
    const without = tools
      .filter(({ tool }: { tool: string }) => tool !== 'delegation-tokens')
      .filter(({ flags }: { flags: { name: string }[] }) => shows(flags))
      .filter(({ flags }: { flags: { name: string }[] }) => !flags.some(({ name }) => name === 'output'))
      .map(({ tool }: { tool: string }) => tool)
    expect(without).toEqual([])
  })

  test('docs/commands, man and completions are not stale (npm run docs:commands makes them)', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/make-docs.mjs', '--check'], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })
})
