import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'
import { ownClock } from '../support/test-clock.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

let story: Story
beforeAll(async () => {
  story = new Story()
  await story.says('topics --create --topic quakes')
  await story.says('console-producer --topic quakes', { stdin: 'x\n' })
  for (const group of ['readers', 'my\\ group'])
    await story.run(`console-consumer --topic quakes --group ${group} --from-beginning --max-messages 1`)
})
afterAll(() => story.end())

const bin = path.join(root, 'bin')
const script = (shell: string) => path.join(root, 'completions', `tkafka.${shell}`)

function shellEnv(): NodeJS.ProcessEnv {
  const PATH = `${bin}:${path.dirname(process.execPath)}:${process.env.PATH}`
  return {
    PATH,
    TERM: 'dumb',
    TKAFKA_DATA_DIR: story.data,
    HOME: story.dir,
    XDG_CACHE_HOME: story.dir,
    ...ownClock().env,
  }
}

/** What each shell itself offers at the end of a line, sorted, by the script that `tkafka completion` prints. */
const SHELLS: Readonly<Record<string, (lines: readonly string[]) => string[]>> = {
  bash(lines) {
    // As readline splits: at spaces, and around =.
    const words = (line: string) => line.split(/ |(?<==)|(?==)/).map((word) => `'${word}'`)
    const text = `source '${script('bash')}'
      offer() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _tkafka; echo "\${COMPREPLY[*]}"; }
      ${lines.map((line) => `offer ${words(line).join(' ')}`).join('\n')}`
    return execFileSync('bash', ['--norc', '-c', text], { env: shellEnv(), encoding: 'utf8' }).split('\n')
  },
  zsh(lines) {
    const COMPLETIONS = path.join(story.dir, 'zsh')
    fs.mkdirSync(COMPLETIONS, { recursive: true })
    fs.copyFileSync(script('zsh'), path.join(COMPLETIONS, '_tkafka'))
    const env = { ...shellEnv(), COMPLETIONS, HITS: path.join(story.dir, 'hits') }
    const ask = path.join(root, 'test/support/zsh/complete.zsh')
    return execFileSync('zsh', ['-f', ask, ...lines], { env, encoding: 'utf8' }).split('\n')
  },
  fish(lines) {
    const asks = lines.map((line) => `echo (complete -C '${line}' | string split -f1 \\t)`)
    const text = [`source '${script('fish')}'`, ...asks].join('\n')
    return execFileSync('fish', ['--no-config', '-c', text], { env: shellEnv(), encoding: 'utf8' }).split(
      '\n',
    )
  },
}

/** Every line in one go; fish puts back the flag before a value, zsh quotes. */
function offers(shell: string, lines: readonly string[]): string[] {
  const said = SHELLS[shell](lines)
  return lines.map((_line, i) =>
    said[i]
      .replaceAll('--topic=', '')
      .replaceAll('\\ ', ' ')
      .split(/ (?!group)/)
      .sort()
      .join(' '),
  )
}

const OFFERED: readonly (readonly [line: string, offers: string])[] = [
  ['tkafka topi', 'topics'],
  ['tkafka topics --desc', '--describe'],
  ['tkafka topics --describe --topic qu', 'quakes'],
  ['tkafka topics --topic=qu', 'quakes'],
  ['tkafka consumer-groups --describe --group ', 'my group readers'],
  ['tkafka console-consumer --value-format int', 'int16 int32 int64'],
  ['kafka-topics.sh --if-', '--if-exists --if-not-exists'],
  ['tkafka --data-dir /nowhere topics --topic ', ''],
  ['tkafka topics --data-dir /nowhere --li', '--list'],
  ['tkafka --dat', '--data-dir'],
]

describe('completion', () => {
  for (const shell of Object.keys(SHELLS)) {
    const isHere = spawnSync(shell, ['--version']).status === 0
    if (!isHere) console.warn(`SKIPPED: there is no ${shell} here, its completion is not tried`)
    test.skipIf(!isHere)(`${shell} itself: tools, flags, words, and names from the directory`, () => {
      // Each line is a terminal of its own for zsh: fewer of them.
      const asked = shell === 'zsh' ? OFFERED.filter((_, i) => i > 0 && i < 8) : OFFERED
      const got = offers(
        shell,
        asked.map(([line]) => line),
      )
      expect(asked.map(([line], i) => [line, got[i]])).toEqual(asked)
    })
  }

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
