import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const tkafka = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))
let dir: string

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-console-consumer-'))
})

afterEach(() => {
  fs.rmSync(dir, { recursive: true, force: true })
})

const env = () => ({
  ...process.env,
  TKAFKA_DATA_DIR: path.join(dir, 'data'),
  TKAFKA_LOCAL_BOOTSTRAP: undefined,
})

function run(args: readonly string[], input = '') {
  const { stdout, stderr, status } = spawnSync(tkafka, args, {
    env: env(),
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return { stdout, stderr, status }
}

const consume = (...args: string[]) => run(['console-consumer', ...args])

function produce(topic: string, lines: readonly string[]): void {
  expect(
    run(['console-producer', '--topic', topic], lines.map((line) => `${line}\n`).join('')),
  ).toMatchObject({
    status: 0,
    stderr: '',
  })
}

/** Names, sizes and times of everything in the data directory. */
function snapshot(): string[] {
  const root = path.join(dir, 'data')
  return (fs.readdirSync(root, { recursive: true }) as string[]).sort().map((name) => {
    const stat = fs.statSync(path.join(root, name))
    return `${name} ${stat.size} ${stat.mtimeMs} ${stat.ino}`
  })
}

describe('console-consumer', () => {
  test('prints to the end as it is, counts on stderr, and changes nothing on the disk', () => {
    produce('a', ['one', 'two', 'three'])
    const before = snapshot()
    expect(consume('--topic', 'a', '--from-beginning', '--until-end')).toEqual({
      stdout: 'one\ntwo\nthree\n',
      stderr: 'Processed a total of 3 messages\n',
      status: 0,
    })
    expect(snapshot()).toEqual(before)
  })

  test('stops at --max-messages, and after --timeout-ms without a record with status 0', () => {
    produce('a', ['one', 'two', 'three'])
    expect(consume('--topic', 'a', '--from-beginning', '--max-messages', '2').stdout).toBe('one\ntwo\n')
    expect(consume('--topic', 'a', '--from-beginning', '--max-messages', '0').stdout).toBe('')
    expect(consume('--topic', 'a', '--timeout-ms', '50')).toEqual({
      stdout: '',
      stderr: 'Processed a total of 0 messages\n',
      status: 0,
    })
  })

  test('a group goes on where it stopped, and a closed pipe commits nothing that was not read', async () => {
    produce('a', ['1', '2', '3', '4'])
    const group = ['--topic', 'a', '--group', 'g', '--from-beginning']
    expect(consume(...group, '--max-messages', '2').stdout).toBe('1\n2\n')
    const child = spawn(tkafka, ['console-consumer', ...group], {
      env: env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.destroy()
    const status = await new Promise((resolve) => child.on('close', resolve))
    expect(status).toBe(0)
    expect(consume(...group, '--until-end').stdout).toBe('3\n4\n')
  })

  test('ends with 143 on TERM and 130 on INT, with what was printed committed and counted', async () => {
    produce('a', ['1', '2'])
    for (const [signal, status] of [
      ['SIGTERM', 143],
      ['SIGINT', 130],
    ] as const) {
      const child = spawn(
        tkafka,
        ['console-consumer', '--topic', 'a', '--group', signal, '--from-beginning'],
        {
          env: env(),
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      )
      let stdout = ''
      let stderr = ''
      child.stdout.on('data', (data) => {
        stdout += data
        if (stdout === '1\n2\n') child.kill(signal)
      })
      child.stderr.on('data', (data) => {
        stderr += data
      })
      expect(await new Promise((resolve) => child.on('close', (code) => resolve(code)))).toBe(status)
      expect(stderr).toBe('Processed a total of 2 messages\n')
      expect(consume('--topic', 'a', '--group', signal, '--until-end').stdout).toBe('')
    }
  })

  test('takes about a megabyte of each partition in turn, as many small records as that may be', () => {
    run(['topics', '--create', '--topic', 'a', '--partitions', '2'])
    const lines = Array.from({ length: 22_000 }, (_, i) => `${i}`.padEnd(99, '.'))
    for (const partition of ['0', '1']) {
      const input = lines.map((line) => `${line}\n`).join('')
      expect(run(['console-producer', '--topic', 'a', '--partition', partition], input).status).toBe(0)
    }
    const runs = (...args: string[]) => {
      const { stdout } = consume('--topic', 'a', '--from-beginning', '--until-end', ...args)
      const found: [string, number][] = []
      for (const line of stdout.trimEnd().split('\n')) {
        const partition = line.slice('Partition:'.length, 'Partition:0'.length)
        const last = found.at(-1)
        if (last?.[0] === partition) last[1]++
        else found.push([partition, 1])
      }
      return found
    }
    const turns = runs('--formatter-property', 'print.partition=true')
    expect(turns.reduce((sum, [, count]) => sum + count, 0)).toBe(2 * lines.length)
    const one = (1024 * 1024) / 109
    for (const [, count] of turns.slice(0, 4)) expect(count).toBeGreaterThan(one * 0.9)
    for (const [, count] of turns.slice(0, 4)) expect(count).toBeLessThan(one * 1.1)
  })

  test('names file, position and offset of a corrupt batch, reads the other partitions, ends with 1', () => {
    run(['topics', '--create', '--topic', 'a', '--partitions', '2'])
    run(['console-producer', '--topic', 'a', '--sync'], 'first\nother\nbad!!\nother\nlast\n')
    const logs = ['a-0', 'a-1'].map((name) => path.join(dir, 'data', name, '00000000000000000000.log'))
    const log = logs.find((name) => fs.readFileSync(name).includes('bad!!')) as string
    const bytes = fs.readFileSync(log)
    bytes[bytes.indexOf('bad!!')] ^= 1
    fs.writeFileSync(log, bytes)
    const read = consume('--topic', 'a', '--from-beginning', '--until-end')
    expect(read.stdout.split('\n').sort()).toEqual(['', 'first', 'other', 'other'])
    expect(read.status).toBe(1)
    expect(read.stderr).toMatch(
      /^a-\d, offset 1: .*00000000000000000000\.log: .*position \d+.*--skip-corrupt.*\n/,
    )
    const skipped = consume('--topic', 'a', '--from-beginning', '--until-end', '--skip-corrupt')
    expect(skipped.stdout.split('\n').sort()).toEqual(['', 'first', 'last', 'other', 'other'])
    expect(skipped.status).toBe(1)
  })

  test('notices about old flags are on stderr, the records alone on stdout', () => {
    produce('a', ['v'])
    expect(
      consume('--topic', 'a', '--from-beginning', '--until-end', '--property', 'print.offset=true'),
    ).toEqual({
      stdout: 'Offset:0\tv\n',
      stderr:
        'Option --property is deprecated and will be removed in a future version. Use --formatter-property instead.\n' +
        'Processed a total of 1 messages\n',
      status: 0,
    })
  })

  test('wrong usage is said in the genuine words, with status 1', () => {
    const wrong: [string[], RegExp][] = [
      [[], /^Exactly one of the following arguments is required: \[include\], \[topic\]\nOption /],
      [['--topic', 'a', '--offset', '1'], /^The partition is required when offset is specified\.\nOption /],
      [['--topic', 'a', '--partition', 'x'], /^Cannot parse argument 'x' of option partition\n$/],
      [
        ['--topic', 'a', '--partition', '0', '--offset', '-1'],
        /^The provided offset value '-1' is incorrect\. /,
      ],
      [
        ['--topic', 'a', '--group', 'g', '--partition', '0'],
        /^Options group and partition cannot be specified/,
      ],
      [['--topic', 'a', '--formatter', 'no.such.Formatter'], /^no\.such\.Formatter\nOption /],
      [
        ['--topic', 'a', '--isolation-level', 'dirty'],
        /^Unknown error when running consumer: Invalid value dirty for configuration isolation\.level: /,
      ],
      [
        ['--topic', 'a', '--from-beginning', '--command-property', 'auto.offset.reset=latest'],
        /^Can't simultaneously specify --from-beginning and 'auto\.offset\.reset=latest'/,
      ],
    ]
    for (const [args, message] of wrong) {
      const { status, stderr, stdout } = consume(...args)
      expect(stderr).toMatch(message)
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    }
    expect(fs.existsSync(path.join(dir, 'data'))).toBe(false)
  })
})
