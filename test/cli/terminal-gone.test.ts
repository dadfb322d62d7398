import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

/** What only a real terminal and a real signal can show. */
const bin = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))
let story: Story

beforeAll(async () => {
  story = new Story()
  await story.says('console-producer --topic few', { stdin: 'a\nb\n' })
}, 60_000)
afterAll(() => story.end())

const consumer = (group: string) => [
  process.execPath,
  bin,
  '--data-dir',
  story.data,
  'console-consumer',
  '--topic',
  'few',
  '--group',
  group,
  '--from-beginning',
]
const env = () => ({ PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`, HOME: story.dir })

async function appears(file: string, content: string): Promise<string> {
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
  if (text.includes(content)) return text
  await new Promise((resolve) => setTimeout(resolve, 20))
  return appears(file, content)
}

// script(1) of util-linux gives a terminal, which goes with it.
test.skipIf(spawnSync('script', ['--version']).status !== 0)(
  'a consumer whose terminal is gone ends with 129, and no abort of Node',
  async () => {
    const at = (name: string) => path.join(story.dir, name)
    fs.writeFileSync(
      at('session.sh'),
      `trap '' HUP\n${consumer('hup').join(' ')} 2> ${at('errors')}\necho "status $?" > ${at('status')}\n`,
    )
    const terminal = spawn('script', ['-qfc', `sh ${at('session.sh')}`, at('typescript')], {
      env: env(),
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    await appears(at('typescript'), 'b')
    terminal.kill('SIGKILL')
    expect(await appears(at('status'), 'status')).toBe('status 129\n')
    expect(fs.readFileSync(at('errors'), 'utf8')).toBe('Processed a total of 2 messages\n')
  },
  30_000,
)

test('SIGUSR1 ends a consumer, and opens no debugger that every user of the machine could reach', async () => {
  const [command, ...args] = consumer('usr1')
  const child = spawn(command, args, {
    env: env(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr.on('data', (data) => {
    errors += data
  })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  child.kill('SIGUSR1')
  const signal = await new Promise((resolve) => child.on('exit', (_, name) => resolve(name)))
  expect({ signal, errors }).toEqual({ signal: 'SIGUSR1', errors: '' })
}, 30_000)
