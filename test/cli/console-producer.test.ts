import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RecordBatch } from '../../src/record/record-batch.ts'

const bin = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))
let dir: string

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-console-producer-'))
})
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }))

const data = () => path.join(dir, 'data')

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [bin, ...args], {
    env: { ...process.env, TKAFKA_DATA_DIR: data(), TKAFKA_LOCAL_BOOTSTRAP: undefined },
    cwd: dir,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  child.stdin.on('error', () => {})
  const ended = new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (status) => resolve({ status, stdout, stderr }))
  })
  return { child, ended }
}

async function produce(args: string, input: string | Uint8Array = '') {
  const { child, ended } = start(['console-producer', ...args.split(' ')])
  child.stdin.end(input)
  return ended
}

const OK = { status: 0, stdout: '', stderr: '' }

function batches(topic: string, partition = 0): RecordBatch[] {
  const file = path.join(data(), `${topic}-${partition}`, '00000000000000000000.log')
  if (!fs.existsSync(file)) return []
  const bytes = fs.readFileSync(file)
  const found: RecordBatch[] = []
  for (let at = 0; at + 61 <= bytes.length; ) {
    const batch = new RecordBatch(bytes, at)
    if (!batch.isValid()) break
    found.push(batch)
    at = batch.end
  }
  return found
}

const records = (topic: string, partition = 0) =>
  batches(topic, partition).flatMap((batch) =>
    [...batch.records()].map((r) => [r.key?.toString('latin1') ?? null, r.value?.toString('latin1') ?? null]),
  )
const values = (topic: string, partition = 0) => records(topic, partition).map(([, value]) => value)

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 10))
}

describe('lines', () => {
  test('become records in one batch, whatever their ends, and the last needs none', async () => {
    expect(await produce('--topic a', 'one\r\ntwo\nthree\rfour\n\nlast')).toEqual(OK)
    expect(values('a')).toEqual(['one', 'two', 'three', 'four', '', 'last'])
    expect(batches('a').map((b) => [b.baseSequence, b.producerEpoch])).toContainEqual([0, 0])
  })

  test('that are not there make nothing', async () => {
    expect(await produce('--topic a')).toEqual(OK)
    expect(fs.existsSync(data())).toBe(false)
  })

  test('are sent while the pipe stays open', async () => {
    const { child, ended } = start(['console-producer', '--topic', 'a'])
    child.stdin.write('first\nsec')
    await until(() => values('a').length === 1)
    child.stdin.end('ond\n')
    expect(await ended).toEqual(OK)
    expect(values('a')).toEqual(['first', 'second'])
  })

  test('keep bytes that are not UTF-8', async () => {
    const bytes = Buffer.from([0xff, 0x09, 0x80, 0xc3, 0x0a])
    expect(await produce('--topic a --reader-property parse.key=true', bytes)).toEqual(OK)
    expect(records('a')).toEqual([['\xff', '\x80\xc3']])
  })

  test('of a megabyte and more go through when max.request.size and the topic allow it', async () => {
    const line = 'x'.repeat(1_500_000)
    const limit = '--command-property max.request.size=3000000'
    const refused = await produce(`--topic a ${limit}`, `${line}\nsmall\n`)
    expect(refused).toMatchObject({ status: 1, stdout: '' })
    expect(refused.stderr.split('\n')).toEqual([
      'Error when sending message to topic a with key: null, value: 1500000 bytes with error: The request included a message larger than the max message size the server will accept.',
      'Line 1 was not sent.',
      '',
    ])
    expect(values('a')).toEqual(['small'])
  })
})

describe('several producers at once', () => {
  test('make directory and topic together on first use, and none loses a line', async () => {
    const lines = (p: number) => Array.from({ length: 2000 }, (_, i) => `${p}:${i}\n`).join('')
    const outcomes = await Promise.all([0, 1, 2, 3].map((p) => produce('--topic a', lines(p))))
    expect(outcomes).toEqual([OK, OK, OK, OK])
    const stored = values('a') as string[]
    for (const p of [0, 1, 2, 3]) {
      expect(stored.filter((value) => value.startsWith(`${p}:`))).toEqual(lines(p).trim().split('\n'))
    }
  })
})

describe('a line that the producer refuses', () => {
  test('is named with its number; the others are sent; the status is 1', async () => {
    const { status, stderr } = await produce('--topic a', `small\n${'x'.repeat(1_200_000)}\nlast\n`)
    expect(status).toBe(1)
    expect(stderr).toBe(
      'Error when sending message to topic a with key: null, value: 1200000 bytes with error: The message is 1200088 bytes when serialized which is larger than 1048576, which is the value of the max.request.size configuration.\nLine 2 was not sent.\n',
    )
    expect(values('a')).toEqual(['small', 'last'])
  })

  test('is not held in memory, however long: its key and its length are told', async () => {
    const line = Buffer.concat([Buffer.from('key:'), Buffer.alloc(30_000_000, 'x'), Buffer.from('\nk:v\n')])
    const { status, stderr } = await produce(
      '--topic a --reader-property parse.key=true --reader-property key.separator=:',
      line,
    )
    expect(status).toBe(1)
    expect(stderr).toContain('with key: 3 bytes, value: 30000000 bytes with error: The message is 30000')
    expect(records('a')).toEqual([['k', 'v']])
  })

  test('ends the run at once with --sync; what came before stays', async () => {
    const { status, stderr } = await produce('--topic a --sync', `small\n${'x'.repeat(1_200_000)}\nlast\n`)
    expect(status).toBe(1)
    expect(stderr).toMatch(/^The message is 1200088 bytes when serialized/)
    expect(values('a')).toEqual(['small'])
  })

  test('is not told a million times', async () => {
    const { child, ended } = start([
      'topics',
      '--create',
      '--topic',
      'c',
      '--config',
      'cleanup.policy=compact',
    ])
    child.stdin.end()
    await ended
    const { status, stderr } = await produce('--topic c', 'no key\n'.repeat(1000))
    expect(status).toBe(1)
    expect(stderr.split('\n')[0]).toBe(
      'Error when sending message to topic c with key: null, value: 6 bytes with error: Compacted topic cannot accept message without key in topic partition c-0',
    )
    expect(stderr).toContain('990 more lines were not sent.')
    expect(stderr.split('\n').length).toBeLessThan(25)
  })

  test('because of its topic ends the run and makes no directory', async () => {
    const { child, ended } = start(['console-producer', '--topic', 'bad name'])
    child.stdin.end('x\ny\n')
    const { status, stderr } = await ended
    expect(status).toBe(1)
    expect(stderr).toBe(
      'Error when sending message to topic bad name with key: null, value: 1 bytes with error: Invalid topics: [bad name]\n',
    )
    expect(fs.existsSync(data())).toBe(false)
  })
})

describe('a line that cannot be parsed', () => {
  test('ends the run with its number; what came before stays', async () => {
    expect(await produce('--topic a --reader-property parse.key=true', 'k\tv\nnothing\nk\tw\n')).toEqual({
      status: 1,
      stdout: '',
      stderr: "No key separator found on line number 2: 'nothing'\n",
    })
    expect(records('a')).toEqual([['k', 'v']])
  })
})

describe('partitions', () => {
  test('are taken in turn, and the next run goes on where this one left off', async () => {
    const { child, ended } = start(['topics', '--create', '--topic', 'r', '--partitions', '10'])
    child.stdin.end()
    await ended
    const lines = (n: number) => Array.from({ length: n }, (_, i) => `${i}\n`).join('')
    expect(await produce('--topic r', lines(15))).toEqual(OK)
    expect(await produce('--topic r', lines(2))).toEqual(OK)
    expect(Array.from({ length: 10 }, (_, p) => values('r', p).length)).toEqual([
      2, 2, 2, 2, 2, 2, 2, 1, 1, 1,
    ])
    expect(values('r', 5)).toEqual(['5', '0'])
  })

  test('are chosen by --partition, by a class of Kafka’s, or by a module of the user', async () => {
    const { child, ended } = start(['topics', '--create', '--topic', 'r', '--partitions', '3'])
    child.stdin.end()
    await ended
    expect(await produce('--topic r --partition 2', 'a\nb\n')).toEqual(OK)
    expect(values('r', 2)).toEqual(['a', 'b'])
    fs.writeFileSync(
      path.join(dir, 'mine.mjs'),
      'export default { partition: (topic, key, value, count) => value.length % count }',
    )
    // Twice: the second run comes from the code cache.
    for (let i = 0; i < 2; i++)
      expect(await produce('--topic r --command-property partitioner.class=./mine.mjs', 'x\nxxx\n')).toEqual(
        OK,
      )
    expect(values('r', 1)).toEqual(['x', 'x'])
    expect(values('r', 0)).toEqual(['xxx', 'xxx'])
    expect(await produce('--topic r --command-property partitioner.class=./none.mjs', 'x\n')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^partitioner.class: cannot load .*none.mjs: .*\n$/),
    })
    expect(await produce('--topic r --partition 3', 'x\n')).toMatchObject({
      status: 1,
      stderr: 'Partition 3 of topic r with partition count 3 is not present in metadata.\n',
    })
  })
})

describe('a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends with %i, and what was read is there', async (signal, status) => {
    const { child, ended } = start(['console-producer', '--topic', 'a'])
    child.stdin.write('one\ntwo\nhalf')
    await until(() => values('a').length === 2)
    child.kill(signal)
    expect(await ended).toEqual({ status, stdout: '', stderr: '' })
    expect(values('a')).toEqual(['one', 'two'])
    expect(fs.existsSync(path.join(data(), '.kafka_cleanshutdown'))).toBe(true)
  })
})

describe('settings', () => {
  test.each([
    ['--topic a --batch-size abc', "Cannot parse argument 'abc' of option batch-size"],
    [
      '--topic a --request-required-acks 2',
      'Invalid value 2 for configuration acks: String must be one of: all, -1, 0, 1',
    ],
    [
      '--topic a --compression-codec rar',
      'Invalid value rar for configuration compression.type: String must be one of: none, gzip, snappy, lz4, zstd',
    ],
    ['--topic a --reader-config nothere.properties', 'nothere.properties'],
    ['--topic a --line-reader no.such.Reader', 'no.such.Reader'],
    [
      '--topic a --property a=b --reader-property c=d',
      'Options --reader-property and --property cannot be specified together.',
    ],
    ['--sync', 'Missing required argument "[topic]"'],
  ])('%s is refused before anything is read or made', async (args, message) => {
    const { status, stderr, stdout } = await produce(args, 'x\n')
    expect([status, stdout, stderr.split('\n')[0]]).toEqual([1, '', message])
    expect(fs.existsSync(data())).toBe(false)
  })

  test('come from files, with the command line above them', async () => {
    fs.writeFileSync(path.join(dir, 'reader.properties'), 'parse.key=true\nkey.separator=\\u003a\n')
    fs.writeFileSync(path.join(dir, 'producer.properties'), 'enable.idempotence = false\nacks: 1\n')
    const files = '--topic a --reader-config reader.properties --command-config producer.properties'
    expect(await produce(files, 'k:v\n')).toEqual(OK)
    expect(await produce(`${files} --reader-property key.separator=/`, 'k/w\n')).toEqual(OK)
    expect(records('a')).toEqual([
      ['k', 'v'],
      ['k', 'w'],
    ])
    expect(batches('a').map((b) => b.producerId)).toEqual([-1, -1])
  })

  test('one record is one batch with --sync, and a chunk that fits is one batch without', async () => {
    expect(await produce('--topic a --sync', 'a\nb\nc\n')).toEqual(OK)
    expect(batches('a').map((b) => [b.count, b.baseSequence])).toEqual([
      [1, 0],
      [1, 1],
      [1, 2],
    ])
  })

  test.each(['zstd', 'lz4'])('%s: lines by the hundred thousand are all there, in order', async (codec) => {
    // More than is compressed before another thread is asked to help.
    const lines = Array.from(
      { length: 100_000 },
      (_, i) => `${i} ${(i * 7919) % 10_007} ${'-'.repeat(i % 90)}`,
    )
    expect(await produce(`--topic a --compression-codec ${codec}`, `${lines.join('\n')}\n`)).toEqual(OK)
    expect(values('a').join('\n') === lines.join('\n')).toBe(true)
    let sequence = 0
    for (const batch of batches('a')) {
      expect([batch.baseSequence, batch.baseOffset, batch.compression]).toEqual([sequence, sequence, codec])
      sequence += batch.count
    }
  })
})
