import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { run } from '../../scripts/workload.mjs'
import { unpackCase } from '../support/cases.ts'
import { unpackFixture } from '../support/fixtures.ts'
import { GenuineBroker, judge } from '../support/genuine-kafka.ts'

/** Two rounds of turns: tkafka, a genuine broker, tkafka, the broker again, each with what the other left. */
const cli = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))
/** At a level that 4.4 came with. A minute each, so the others only where they are asked for. */
const fixtures = ['groups-4.4']
if (process.env.TKAFKA_ROUNDS === 'all') fixtures.push('metadata-4.4', 'killed-4.4', 'transactions-4.4')
if ((process.env.KAFKA_VERSION ?? '4.4') < '4.4') fixtures.length = 0

const TOOLS = 'org.apache.kafka.tools'
const trash: string[] = []
afterAll(() => {
  for (const dir of trash) fs.rmSync(dir, { recursive: true, force: true })
})

async function tk(dirs: readonly string[], args: readonly string[], stdin = ''): Promise<string> {
  const result = await run(cli, args, { dataDir: dirs.join(','), stdin })
  expect(result.code, `${args.join(' ')}: ${result.stderr}`).toBe(0)
  return result.stdout
}

const sorted = (text: string): string[] => text.trim().split('\n').sort()
const lines = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name}-${i}`)

/** Lines of a broker's log that tell of trouble. */
function trouble(log: string): string[] {
  return log
    .split('\n')
    .filter((line) => / ERROR |corrupt|Recovering|stray|torn|truncat|offline/i.test(line))
    .filter(
      (line) => !/CONTROLLER_REGISTRATION|NotController|__cluster_metadata-0|"offline|offline\./.test(line),
    )
}

async function tkafkaTurn(dirs: readonly string[], round: number): Promise<string[]> {
  const topic = `round-${round}`
  await tk(dirs, ['topics', '--create', '--topic', topic, '--partitions', '4'])
  const written = lines(`tkafka-${round}`, 12)
  await tk(dirs, ['console-producer', '--topic', topic], `${written.join('\n')}\n`)
  const change = `segment.ms=60000,max.message.bytes=${20_000 + round}`
  await tk(dirs, [
    'configs',
    '--alter',
    '--entity-type',
    'topics',
    '--entity-name',
    topic,
    '--add-config',
    change,
  ])
  const consume = [
    'console-consumer',
    '--topic',
    topic,
    '--group',
    'turns',
    '--from-beginning',
    '--max-messages',
    '5',
  ]
  expect(sorted(await tk(dirs, consume))).toHaveLength(5)
  await compactedTurn(dirs)
  expect(await tk(dirs, ['check'])).toMatch(/^ok: /m)
  return written
}

/** A compacted topic, rolled at each record: two of a key, of which the cleaner leaves one. */
async function compactedTurn(dirs: readonly string[]): Promise<void> {
  const create = ['topics', '--create', '--if-not-exists', '--topic', 'keyed', '--partitions', '3']
  const configs = ['cleanup.policy=compact', 'segment.ms=1', 'min.cleanable.dirty.ratio=0']
  await tk(dirs, [...create, ...configs.flatMap((config) => ['--config', config])])
  const keyed = ['console-producer', '--topic', 'keyed', '--reader-property', 'parse.key=true']
  for (const value of ['v', 'w', 'x']) await tk(dirs, keyed, `k\t${value}\nl\t${value}\n`)
  await tk(dirs, ['log-cleaner'])
  const left = await tk(dirs, ['console-consumer', '--topic', 'keyed', '--from-beginning', '--until-end'])
  expect(sorted(left).filter((value) => value === 'x')).toHaveLength(2)
  expect(sorted(left).length).toBeLessThan(6)
}

async function brokerTurn(dirs: readonly string[], round: number, written: string[]): Promise<void> {
  const topic = `round-${round}`
  const ours = await tk(dirs, ['get-offsets', '--exclude-internal-topics'])
  const groups = ['consumer-groups', '--describe', '--all-groups', '--offsets']
  const committed = offsetsOf(await tk(dirs, groups))
  const broker = await GenuineBroker.start(dirs)
  try {
    const theirs = await broker.tool(`${TOOLS}.GetOffsetShell`, ['--exclude-internal-topics'])
    expect(sorted(theirs.stdout)).toEqual(sorted(ours))
    const described = await broker.tool(`${TOOLS}.consumer.group.ConsumerGroupCommand`, groups.slice(1))
    expect(offsetsOf(described.stdout)).toEqual(committed)
    const consume = ['--topic', topic, '--group', 'turns', '--from-beginning', '--max-messages', '7']
    const rest = await broker.tool(`${TOOLS}.consumer.ConsoleConsumer`, [...consume, '--timeout-ms', '60000'])
    expect(sorted(rest.stdout), rest.stderr).toHaveLength(7)
    const more = lines(`broker-${round}`, 9)
    await broker.tool(`${TOOLS}.ConsoleProducer`, ['--topic', topic], `${more.join('\n')}\n`)
    written.push(...more)
    expect(trouble(broker.log())).toEqual([])
  } finally {
    await broker.stop()
  }
}

/** Group, topic, partition, committed offset, end and lag of every line. */
function offsetsOf(text: string): string[] {
  const rows = text.split('\n').map((line) => line.split(/\s+/).slice(0, 6).join(' '))
  return rows.filter((row) => / \d+ \d+ /.test(row)).sort()
}

async function rounds(dirs: readonly string[]): Promise<void> {
  for (const round of [1, 2]) {
    const written = await tkafkaTurn(dirs, round)
    await brokerTurn(dirs, round, written)
    const read = ['console-consumer', '--topic', `round-${round}`, '--from-beginning', '--until-end']
    expect(sorted(await tk(dirs, read))).toEqual(written.sort())
  }
  await tk(dirs, ['console-producer', '--topic', 'round-2'], 'last\n')
  expect(await tk(dirs, ['check'])).toMatch(/^ok: /m)
}

/** The two as one directory, which is what the judge takes; it is not booted, as its metadata names two. */
function merged([first, second]: readonly string[]): string {
  for (const name of fs.readdirSync(second)) {
    const [from, to] = [path.join(second, name), path.join(first, name)]
    if (fs.statSync(from).isDirectory()) fs.renameSync(from, to)
    else if (name.endsWith('-checkpoint') && fs.existsSync(to)) {
      const entries = [to, from].flatMap((file) => fs.readFileSync(file, 'utf8').trim().split('\n').slice(2))
      fs.writeFileSync(to, ['0', entries.length, ...entries, ''].join('\n'))
    }
  }
  return first
}

describe('two rounds of turns with a genuine broker (issue 13)', () => {
  test.each(fixtures)('on the fixture %s', async (name) => {
    const { dir } = unpackFixture(name)
    trash.push(dir)
    await rounds([dir])
    const verdict = await judge(dir)
    expect(verdict.output).toContain('judge: ok')
  })

  test('on two log.dirs that a genuine broker made', async () => {
    const dir = unpackCase('jbod-two-log-dirs')
    const dirs = [path.join(dir, 'd1'), path.join(dir, 'd2')]
    await rounds(dirs)
    const verdict = await judge(merged(dirs), '--no-boot')
    expect(verdict.output).toContain('judge: ok')
  })
})
