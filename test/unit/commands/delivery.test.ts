import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Command, CommandContext } from '../../../src/cli/command.ts'
import { BrokenPipeError, FdOutput } from '../../../src/cli/output.ts'
import { parseArguments } from '../../../src/cli/parse.ts'
import { command as consoleConsumer } from '../../../src/commands/console-consumer.ts'
import { command as verifiableConsumer } from '../../../src/commands/verifiable-consumer.ts'
import { openLocal } from '../../../src/index.ts'
import { fakeStreams, systemError } from '../../support/fake-streams.ts'

/**
 * The rule of delivery: a commit never passes a record whose bytes the operating system has not taken. Whatever ends the
 * output, the next run of the group prints exactly what is not whole in the first one's output.
 */
const RECORDS = 2400
const PARTITIONS = [1, 3]
let data: string

beforeAll(async () => {
  data = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-delivery-'))
  const kafka = openLocal(data)
  const admin = await kafka.admin()
  for (const partitions of PARTITIONS) await admin.createTopic({ name: `p${partitions}`, partitions })
  await admin.close()
  const producer = await kafka.producer()
  for (const partitions of PARTITIONS) {
    for (let i = 0; i < RECORDS; i++) {
      const value = `${i}${'.'.repeat((i * 7) % 150)}`
      await Promise.all(
        Array.from({ length: partitions }, (_, partition) =>
          producer.send({ topic: `p${partitions}`, partition, key: `${partition}`, value }),
        ),
      )
    }
  }
  await producer.close()
}, 60_000)

afterAll(() => fs.rmSync(data, { recursive: true, force: true }))

interface Ending {
  /** Bytes that are taken before the failure. */
  readonly room?: number
  readonly failure?: string
  /** At most so many at once. */
  readonly short?: number
}

/** Runs a tool in this process on an output that ends as told. */
async function run(command: Command, args: readonly string[], { room, failure, short }: Ending = {}) {
  let left = room ?? Number.POSITIVE_INFINITY
  const pieces: Buffer[] = []
  const { port } = fakeStreams([], {
    write(_fd, bytes, start) {
      if (left === 0) throw systemError(failure ?? 'ENOSPC')
      const taken = bytes.subarray(start, start + Math.min(left, short ?? bytes.length))
      pieces.push(Buffer.from(taken))
      left -= taken.length
      return taken.length
    },
  })
  const errors = fakeStreams()
  const stdout = new FdOutput(1, port)
  const stderr = new FdOutput(2, errors.port)
  const context: CommandContext<string> = {
    command,
    options: await parseArguments(command, args),
    dataDir: data,
    env: {},
    stdout,
    stderr,
    stdin: 0,
    stdinIsTerminal: false,
    signal: new AbortController().signal,
    interrupted: false,
    handleSignals: () => {},
    watchReader: () => {},
  }
  let status: number | undefined
  try {
    status = await command.run(context)
  } catch (error) {
    if (!(error instanceof BrokenPipeError)) throw error
    status = 0
  }
  stderr.flush()
  stdout.end(true)
  return { status, text: Buffer.concat(pieces).toString('latin1'), errors: errors.text() }
}

const consume = (partitions: number, group: string, more: readonly string[], ending: Ending = {}) =>
  run(
    consoleConsumer,
    ['--topic', `p${partitions}`, '--group', group, '--from-beginning', '--until-end', ...more],
    ending,
  )

/** Whole lines, each a record. */
const wholeLines = (text: string) => text.split('\n').slice(0, -1)
/** Rows of a JSON object; the last one is whole when its bracket is closed. */
const jsonRows = (text: string) =>
  text
    .split('\n')
    .map((line) => line.replace(/,$/, ''))
    .filter((line) => line.startsWith('{"topic"') && line.endsWith('}'))
const tsvRows = (text: string) => wholeLines(text).filter((line) => !line.startsWith('topic\t'))

const properties = (...pairs: readonly string[]) => pairs.flatMap((pair) => ['--formatter-property', pair])
const FORMATS: readonly (readonly [string, readonly string[], (text: string) => string[]])[] = [
  ['text', [], wholeLines],
  [
    'all columns',
    properties('print.key=true', 'print.partition=true', 'print.offset=true', 'print.timestamp=true'),
    wholeLines,
  ],
  [
    'a deserializer',
    properties('value.deserializer=org.apache.kafka.common.serialization.StringDeserializer'),
    wholeLines,
  ],
  ['--value-format hex', ['--value-format', 'hex'], wholeLines],
  ['--where', ['--where', 'value =~ "^[0-9]*[0-8]\\."'], wholeLines],
  ['--skip-message-on-error', ['--skip-message-on-error', '--value-format', 'utf8'], wholeLines],
  ['jsonl', ['--output', 'jsonl'], wholeLines],
  ['json', ['--output', 'json'], jsonRows],
  ['tsv', ['--output', 'tsv'], tsvRows],
]
const ENDINGS: readonly Ending[] = [
  { room: 0, failure: 'ENOSPC' },
  { room: 1, failure: 'EPIPE' },
  { room: 1999, failure: 'EFBIG', short: 700 },
  { room: 65_536, failure: 'EIO' },
  { room: 100_003, failure: 'ENOSPC', short: 4096 },
  { room: 150_000, failure: 'EPIPE', short: 30_001 },
]

describe('console-consumer: whatever ends the output, what was not taken is read again, and nothing else (A7)', () => {
  /** The plain format meets every ending, each other one two of them. */
  const rows = FORMATS.flatMap(([name, args, recordsOf], i) =>
    PARTITIONS.map((partitions, j) => {
      const endings = ENDINGS.filter((_, k) => i === 0 || k === (2 * i + j) % 6 || k === (2 * i + j + 3) % 6)
      return [name, partitions, args, recordsOf, endings] as const
    }),
  )
  test.each(rows)(
    '%s, partitions: %i',
    async (name, partitions, args, recordsOf, endings) => {
      const all = recordsOf((await consume(partitions, `all ${name}`, args)).text)
      expect(all.length).toBeGreaterThan(RECORDS / 3)
      for (const ending of endings) {
        const group = `${name} ${JSON.stringify(ending)}`
        const first = await consume(partitions, group, args, ending)
        expect(first.status).toBe(ending.failure === 'EPIPE' ? 0 : 1)
        expect(first.text).toHaveLength(ending.room ?? 0)
        const rest = await consume(partitions, group, args)
        expect(rest.status).toBe(0)
        const found = [...recordsOf(first.text), ...recordsOf(rest.text)]
        expect(found.sort(), group).toEqual([...all].sort())
      }
    },
    60_000,
  )

  test('the message names standard output, and counts what was delivered', async () => {
    const { text, errors } = await consume(1, 'message', [], { room: 5000 })
    expect(errors).toBe(
      `standard output: No space left on device\nProcessed a total of ${wholeLines(text).length} messages\n`,
    )
  })

  test('a record that cannot be printed is not passed over either', async () => {
    const args = ['--value-format', 'int32']
    const first = await consume(1, 'unprintable', args)
    expect([first.status, first.text]).toEqual([1, ''])
    expect(wholeLines((await consume(1, 'unprintable', [])).text)).toHaveLength(RECORDS)
  })

  test('NoOpMessageFormatter prints nothing, and all of it is delivered', async () => {
    const args = ['--formatter', 'org.apache.kafka.tools.consumer.NoOpMessageFormatter']
    expect((await consume(3, 'nothing', args)).errors).toBe(`Processed a total of ${3 * RECORDS} messages\n`)
    expect((await consume(3, 'nothing', [])).text).toBe('')
  })
})

describe('verifiable-consumer: what it did not tell of is not committed (A7)', () => {
  const told = (text: string) =>
    wholeLines(text)
      .map((line) => JSON.parse(line))
      .filter(({ name }) => name === 'records_consumed')
      .flatMap(({ partitions }) => partitions as { count: number }[])
      .reduce((sum, { count }) => sum + count, 0)

  test.each([
    ['by itself', ['--enable-autocommit']],
    ['by hand', []],
  ])(
    'committing %s',
    async (name, args) => {
      for (const ending of ENDINGS) {
        const group = ['--topic', 'p3', '--group-id', `v ${name} ${ending.room}`]
        const most = (count: number) => ['--max-messages', String(count)]
        const verbose = [...group, ...args, '--verbose', ...most(2000)]
        const first = await run(verifiableConsumer, verbose, ending)
        expect(first.status).toBe(ending.failure === 'EPIPE' ? 0 : 1)
        const before = told(first.text)
        const rest = await run(verifiableConsumer, [...group, ...args, ...most(3 * RECORDS - before)])
        expect([rest.status, before + told(rest.text)]).toEqual([0, 3 * RECORDS])
      }
    },
    60_000,
  )

  test('of a poll that brings more than --max-messages only these are committed', async () => {
    const group = ['--topic', 'p3', '--group-id', 'most', '--enable-autocommit']
    const first = await run(verifiableConsumer, [...group, '--max-messages', '7'])
    const rest = await run(verifiableConsumer, [...group, '--max-messages', String(3 * RECORDS - 7)])
    expect([told(first.text), told(rest.text)]).toEqual([7, 3 * RECORDS - 7])
  })
})
