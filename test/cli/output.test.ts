import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'
import { unpackFixture } from '../support/fixtures.ts'
import { SHAPES, shapeProblem } from '../support/output-shapes.ts'

let story: Story
beforeAll(async () => {
  story = new Story()
  await story.says('topics --create --topic quakes --partitions 2 --config retention.ms=86400000')
  await story.says('console-producer --topic quakes --reader-property parse.key=true', {
    stdin: 'a\t{"mag":1}\nb\t{"mag":5}\nc\t{"mag":7}\n',
  })
  await story.run('console-consumer --topic quakes --group readers --from-beginning --max-messages 3')
  await story.says('configs --alter --client loader --add-config producer_byte_rate=1024')
})
afterAll(() => story.end())

/** Each kind of row with a command that prints it. */
const COMMANDS: readonly (readonly [string, string])[] = [
  ['topic', 'topics --list'],
  ['topic-partition', 'topics --describe'],
  ['partition-offset', 'get-offsets --topic quakes'],
  ['partition-offset', 'get-offsets --topic quakes --time max-timestamp'],
  ['config-entry', 'configs --describe --topic quakes'],
  ['config-entry', 'configs --describe --topic quakes --all'],
  ['config-entry', 'configs --describe --entity-type clients'],
  ['group', 'consumer-groups --list'],
  ['group-offset', 'consumer-groups --describe --group readers'],
  ['group-member', 'consumer-groups --describe --group readers --members'],
  ['group-state', 'consumer-groups --describe --group readers --state'],
  ['offset-reset', 'consumer-groups --reset-offsets --group readers --topic quakes --to-earliest --dry-run'],
  ['record', 'console-consumer --topic quakes --from-beginning --until-end'],
]

describe('--output', () => {
  test.each(COMMANDS)('%s: %s', async (kind, command) => {
    const one = JSON.parse((await story.run(`${command} --output json`)).stdout)
    expect(one).toMatchObject({ tool: command.split(' ')[0], kind, version: 1, complete: true })
    if (kind !== 'group-member') expect(one.data.length).toBeGreaterThan(0)
    for (const row of one.data) expect(shapeProblem(row, SHAPES[kind])).toBeUndefined()

    const lines = (await story.run(`${command} --output jsonl`)).stdout.split('\n').slice(0, -1)
    expect(lines.map((line) => JSON.parse(line))).toEqual(one.data)

    const [head, ...rows] = (await story.run(`${command} --output tsv`)).stdout.split('\n').slice(0, -1)
    expect(head.split('\t').sort()).toEqual(Object.keys(SHAPES[kind]).sort())
    expect(rows).toHaveLength(one.data.length)
    for (const row of rows) expect(row.split('\t')).toHaveLength(head.split('\t').length)
  })

  test('every shape is written down', () => {
    const page = fs.readFileSync(new URL('../../docs/output.md', import.meta.url), 'utf8')
    for (const [kind, shape] of Object.entries(SHAPES)) {
      expect(page).toContain(`\`${kind}\``)
      for (const field of Object.keys(shape)) expect(page).toContain(`\`${field}\``)
    }
  })

  test('a format that does not exist is refused before anything is done', async () => {
    expect(await story.fails('topics --list --output yaml')).toBe(
      '--output yaml is unknown: choose json, jsonl, tsv or text\n',
    )
  })

  test('what is not there is told on stderr, and stdout stays empty', async () => {
    expect(await story.fails('topics --describe --topic nowhere --output json')).toContain("Topic 'nowhere'")
  })

  test('--output text is what Kafka prints', async () => {
    expect(await story.says('topics --list --output text')).toBe(await story.says('topics --list'))
  })

  test('a piped reader never gets colours', async () => {
    const described = await story.says('topics --describe --topic quakes')
    expect(described).not.toContain('\u001b')
    expect(described).toMatch(/^Topic: quakes\tTopicId: /)
  })
})

describe('ranges and filters', () => {
  test('--where and --grep choose, --max-messages counts what was chosen', async () => {
    const read = async (flags: readonly string[]) =>
      (
        await story.run([
          'console-consumer',
          '--topic',
          'quakes',
          '--from-beginning',
          '--until-end',
          ...flags,
        ])
      ).stdout
    expect((await read(['--where', 'value.mag >= 5 && key =~ "[bc]"'])).split('\n').sort()).toEqual([
      '',
      '{"mag":5}',
      '{"mag":7}',
    ])
    expect(await read(['--grep', '[17]', '--where', 'value.mag > 1', '--max-messages', '1'])).toBe(
      '{"mag":7}\n',
    )
    expect(await read(['--where', 'key == "b"', '--value-format', 'hex'])).toBe('7b226d6167223a357d\n')
    expect(await story.fails('console-consumer --topic quakes --where value.mag=5')).toContain('equal is ==')
    expect(await story.fails('console-consumer --topic quakes --from soon')).toContain(
      '--from soon is no point',
    )
    expect(await story.fails('console-consumer --topic quakes --value-format xml')).toContain(
      'choose one of utf8',
    )
    expect(await story.fails('console-consumer --topic quakes --group g --from 1')).toContain(
      'without --group',
    )
  })

  test.each([
    ['transactions', 'read_uncommitted'],
    ['transactions', 'read_committed'],
    ['compacted', 'read_uncommitted'],
  ])('end-N counts records in a log with gaps (%s, %s)', async (name, isolation) => {
    const fixture = unpackFixture(name)
    try {
      const { topic, partition } = Object.entries(fixture.manifest.topics)
        .flatMap(([topic, { partitions }]) =>
          partitions.map(({ partition, records = [] }) => ({ topic, partition, count: records.length })),
        )
        .sort((a, b) => b.count - a.count)[0]
      const read = async (flags: string) => {
        const { stdout } = await story.run(
          `--data-dir ${fixture.dir} console-consumer --topic ${topic} --partition ${partition} --isolation-level ${isolation} --output jsonl ${flags}`,
        )
        return stdout.split('\n').slice(0, -1)
      }
      const all = await read('--offset earliest --until-end')
      expect(all.length).toBeGreaterThan(3)
      for (const count of [2, Math.floor(all.length / 2), all.length + 5]) {
        expect(await read(`--from end-${count} --to end`)).toEqual(all.slice(-count))
      }
      const middle = JSON.parse(all[Math.floor(all.length / 2)]).offset
      const offset = (line: string) => JSON.parse(line).offset as number
      expect(await read(`--from ${middle}  --to end-1`)).toEqual(
        all.slice(0, -1).filter((line) => offset(line) >= middle),
      )
      expect(await read(`--from earliest --to ${middle}`)).toEqual(
        all.filter((line) => offset(line) < middle),
      )
    } finally {
      fixture.remove()
    }
  })

  test('times choose by the timestamps of records', async () => {
    await story.says('console-producer --topic timed --input jsonl', {
      stdin: [1000, 2000, 3000]
        .map((timestamp) => `{"timestamp":${timestamp},"value":"${timestamp}"}`)
        .join('\n'),
    })
    const read = async (flags: string) => (await story.run(`console-consumer --topic timed ${flags}`)).stdout
    expect(await read('--from 1970-01-01T00:00:02Z --to end')).toBe('2000\n3000\n')
    expect(await read('--from earliest --to 1970-01-01T00:00:02')).toBe('1000\n')
    expect(await read('--from -5m --to now')).toBe('')
    expect(await read('--from @1500 --to @2500')).toBe('2000\n')
  })
})
