import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

/** What only a real process, a real pipe and real signals can show of the rule of delivery. */
const bin = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))
const LINES = 30_000
let story: Story

beforeAll(async () => {
  story = new Story()
  const lines = Array.from({ length: LINES }, (_, i) => `${i}\n`).join('')
  await story.says('console-producer --topic many', { stdin: lines })
  await story.says('console-producer --topic few', { stdin: 'a\nb\n' })
}, 60_000)
afterAll(() => story.end())

const env = () => ({
  PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`,
  HOME: story.dir,
  TKAFKA_DATA_DIR: story.data,
})

/** A line of sh; `tkafka` in it is the binary. */
function shell(line: string) {
  const script = line.replaceAll('tkafka ', `'${process.execPath}' '${bin}' `)
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script], { env: env(), cwd: story.dir })
  return { stdout: stdout.toString(), stderr: stderr.toString(), status }
}

/** A tool whose output nobody reads until `read`. */
function start(...args: readonly string[]): ChildProcess {
  return spawn(
    'bash',
    ['-c', `"$@" | (read go < '${story.dir}/go'; cat)`, 'x', process.execPath, bin, ...args],
    {
      env: env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
}

const ended = (child: ChildProcess) =>
  new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) => {
    let stdout = ''
    let stderr = ''
    child.stdout?.on('data', (data) => {
      stdout += data
    })
    child.stderr?.on('data', (data) => {
      stderr += data
    })
    child.on('close', (status) => resolve({ status, stdout, stderr }))
  })

const rest = async (group: string) =>
  (await story.run(`console-consumer --topic many --group ${group} --from-beginning --until-end`)).stdout
const wholeLines = (text: string) => text.split('\n').slice(0, -1)

describe('standard output that takes no more (A7, F5)', () => {
  test.each(['/dev/full', 'a file that may not grow'])(
    '%s: what is not in it is read again',
    async (where) => {
      const group = where === '/dev/full' ? 'full' : 'limited'
      const consume = `tkafka console-consumer --topic many --group ${group} --from-beginning --until-end`
      const { status, stderr } = shell(
        where === '/dev/full' ? `${consume} > /dev/full` : `ulimit -f 32; ${consume} > out-${group}`,
      )
      const out = where === '/dev/full' ? '' : fs.readFileSync(path.join(story.dir, `out-${group}`), 'latin1')
      const first = wholeLines(out)
      const reason = where === '/dev/full' ? 'No space left on device' : 'File too large'
      expect([status, stderr]).toEqual([
        1,
        `standard output: ${reason}\nProcessed a total of ${first.length} messages\n`,
      ])
      const found = [...first, ...wholeLines(await rest(group))]
      expect(found).toEqual(Array.from({ length: LINES }, (_, i) => `${i}`))
    },
  )

  test.each([
    'tkafka --help',
    'tkafka --help-json',
    'tkafka topics --help',
    'tkafka topics --list',
    'tkafka topics --describe --output json',
    'tkafka status',
    'tkafka check',
    'tkafka completion bash',
    'tkafka get-offsets --topic few',
    'tkafka consumer-groups --version',
    'tkafka verifiable-producer --topic other --max-messages 3',
  ])('%s > /dev/full is one line and 1', (command) => {
    expect(shell(`${command} > /dev/full`)).toEqual({
      status: 1,
      stdout: '',
      stderr: 'standard output: No space left on device\n',
    })
  })
})

describe('a reader that goes away while nothing is written (B4)', () => {
  test.each([
    ['a pipe', 'tkafka console-consumer --topic few --from-beginning --group pipe | head -1', 'a\n'],
    [
      'a FIFO',
      'mkfifo f; head -1 f & tkafka console-consumer --topic few --from-beginning --group fifo > f; s=$?; wait; exit $s',
      'a\n',
    ],
    ['a pipe, without a group', 'tkafka console-consumer --topic few --from-beginning | head -1', 'a\n'],
  ])('%s', (_what, line, stdout) => {
    expect(shell(`set -o pipefail; ${line}`)).toEqual({ status: 0, stdout, stderr: '' })
  })

  test.each([
    ['console-consumer', ['--topic', 'few', '--from-beginning', '--group', 'socket']],
    ['verifiable-consumer', ['--topic', 'few', '--group-id', 'socket2']],
  ])('a socket: %s', async (tool, args) => {
    const child = spawn(process.execPath, [bin, tool, ...args], {
      env: env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.on('data', (data: Buffer) => {
      if (/b\n|records_consumed/.test(data.toString())) child.stdout.destroy()
    })
    expect(await ended(child)).toMatchObject({ status: 0, stderr: '' })
  })
})

describe('signals', () => {
  test('SIGHUP ends a consumer as SIGTERM does, with what was printed committed and 129 (A7)', async () => {
    const child = spawn(
      process.execPath,
      [bin, 'console-consumer', '--topic', 'few', '--from-beginning', '--group', 'hup'],
      { env: env(), stdio: ['ignore', 'pipe', 'pipe'] },
    )
    child.stdout.once('data', () => child.kill('SIGHUP'))
    expect(await ended(child)).toEqual({
      status: 129,
      stdout: 'a\nb\n',
      stderr: 'Processed a total of 2 messages\n',
    })
    const after = await story.run('console-consumer --topic few --group hup --until-end')
    expect(after.stdout).toBe('')
  })

  test('SIGHUP ends a producer: the lines read so far are in the log', async () => {
    const child = spawn(process.execPath, [bin, 'console-producer', '--topic', 'hung'], {
      env: env(),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdin.write('one\ntwo\n')
    const log = path.join(story.data, 'hung-0', '00000000000000000000.log')
    while (!fs.existsSync(log) || fs.statSync(log).size === 0) await new Promise((r) => setTimeout(r, 20))
    child.kill('SIGHUP')
    expect((await ended(child)).status).toBe(129)
    expect(await story.says('get-offsets --topic hung')).toBe('hung:0:2\n')
  })

  test('a consumer that a full pipe holds up ends on the first signal; what the pipe took is committed (A7, B2)', async () => {
    spawnSync('mkfifo', [path.join(story.dir, 'go')])
    const child = start('console-consumer', '--topic', 'many', '--from-beginning', '--group', 'held')
    const told = ended(child)
    // It is held up once its pipe is full; the count on standard error tells how far it came.
    let pid: number | undefined
    while (pid === undefined) {
      await new Promise((r) => setTimeout(r, 100))
      pid = childOf(child.pid as number)
    }
    await new Promise((r) => setTimeout(r, 1500))
    process.kill(pid, 'SIGTERM')
    while (fs.existsSync(`/proc/${pid}/exe`) && isRunning(pid)) await new Promise((r) => setTimeout(r, 50))
    fs.writeFileSync(path.join(story.dir, 'go'), 'go\n')
    const { stdout, stderr } = await told
    const first = wholeLines(stdout)
    expect(first.length).toBeGreaterThan(1000)
    expect(first.length).toBeLessThan(LINES)
    expect(stderr).toBe(`Processed a total of ${first.length} messages\n`)
    expect([...first, ...wholeLines(await rest('held'))]).toEqual(
      Array.from({ length: LINES }, (_, i) => `${i}`),
    )
  })

  test('producer-perf-test without a limit hears the first signal (B4)', async () => {
    const args = '--topic perf --num-records 1000000000 --record-size 10 --throughput -1'
    const child = spawn(process.execPath, [bin, 'producer-perf-test', ...args.split(' ')], {
      env: env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const log = path.join(story.data, 'perf-0', '00000000000000000000.log')
    while (!fs.existsSync(log) || fs.statSync(log).size === 0) await new Promise((r) => setTimeout(r, 20))
    child.kill('SIGTERM')
    const { status, stdout } = await ended(child)
    expect(status).toBe(143)
    expect(stdout).toMatch(/records sent/)
  })
})

describe('standard input', () => {
  test('a folder is named as such; a closed one is empty', () => {
    expect(shell('tkafka console-producer --topic few < .')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'standard input is a folder; give a file or a pipe\n',
    })
    expect(shell('tkafka console-producer --topic few <&-')).toMatchObject({ status: 0, stderr: '' })
  })
})

/** The tkafka process among the shell's children. */
function childOf(parent: number): number | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'pid=,args=', '--ppid', String(parent)])
  const line = stdout
    .toString()
    .split('\n')
    .find((text) => text.includes('console-consumer') && !text.includes('bash'))
  return line === undefined ? undefined : Number.parseInt(line, 10)
}

function isRunning(pid: number): boolean {
  return !/^\d+ \(.*\) Z/.test(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'))
}
