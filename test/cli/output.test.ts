import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'
import { type Fixture, unpackFixture } from '../support/fixtures.ts'
import { LOG_ENTRIES, rowProblem, SHAPES } from '../support/output-shapes.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

let story: Story
const fixtures = new Map<string, Fixture>()
beforeAll(async () => {
  story = new Story()
  for (const name of ['transactions', 'groups', 'corrupt-clean', 'metadata', 'killed'])
    fixtures.set(name, unpackFixture(name))
  fs.mkdirSync(story.data)
  const authorizer = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'
  fs.writeFileSync(path.join(story.data, 'server.properties'), `authorizer.class.name=${authorizer}\n`)
  await story.says('acls --add --allow-principal User:alice --operation Read --topic quakes')
  await story.says('topics --create --topic quakes --partitions 2 --config retention.ms=86400000')
  await story.says('topics --create --topic users --config cleanup.policy=compact')
  await story.says('console-producer --topic quakes --reader-property parse.key=true', {
    stdin: 'a\t{"mag":1}\nb\t{"mag":5}\nc\t{"mag":7}\n',
  })
  await story.says('console-producer --topic users --reader-property parse.key=true', {
    stdin: 'a\t1\na\t2\n',
  })
  await story.run('console-consumer --topic quakes --group readers --from-beginning --max-messages 3')
  await story.says('configs --alter --client loader --add-config producer_byte_rate=1024')
  await story.says('client-metrics --alter --name slow --interval 60000')
  story.file(
    'broker.properties',
    `process.roles=broker\nnode.id=1\nlog.dirs=${story.data},${story.dir}/none\n`,
  )
  story.file(
    'plan.json',
    JSON.stringify({ partitions: [{ topic: 'quakes', partition: 0, offset: 0 }], version: 1 }),
  )
})
afterAll(() => {
  story.end()
  for (const fixture of fixtures.values()) fixture.remove()
})

const log = (folder: string, file = '00000000000000000000.log') => `dump-log --files {DATA}/${folder}/${file}`

/** Each kind of row with commands that print it; in a fixture that is named, else in the story's directory. */
const COMMANDS: readonly (readonly [kind: string, command: string, fixture?: string])[] = [
  ['topic', 'topics --list'],
  ['topic-partition', 'topics --describe'],
  ['partition-offset', 'get-offsets --topic quakes'],
  ['partition-offset', 'get-offsets --topic quakes --time max-timestamp'],
  ['config-entry', 'configs --describe --topic quakes'],
  ['config-entry', 'configs --describe --topic quakes --all'],
  ['config-entry', 'configs --describe --entity-type clients'],
  ['group', 'consumer-groups --list'],
  ['group', 'groups --list'],
  ['group', 'share-groups --list', 'groups'],
  ['group', 'streams-groups --list', 'groups'],
  ['group-offset', 'consumer-groups --describe --group readers'],
  ['group-offset', 'consumer-groups --describe --all-groups', 'groups'],
  ['group-member', 'consumer-groups --describe --group readers --members'],
  ['group-state', 'consumer-groups --describe --group readers --state'],
  ['offset-reset', 'consumer-groups --reset-offsets --group readers --topic quakes --to-earliest --dry-run'],
  ['offset-deletion', 'consumer-groups --delete-offsets --group readers --topic nowhere'],
  ['share-group-offset', 'share-groups --describe --group share-stock', 'groups'],
  ['share-group-state', 'share-groups --describe --group share-stock --state', 'groups'],
  ['share-group-member', 'share-groups --describe --group share-stock --members', 'groups'],
  ['streams-group-offset', 'streams-groups --describe --all-groups', 'groups'],
  ['streams-group-state', 'streams-groups --describe --all-groups --state', 'groups'],
  ['streams-group-member', 'streams-groups --describe --all-groups --members', 'groups'],
  ['record', 'console-consumer --topic quakes --from-beginning --until-end'],
  [
    'record',
    'console-consumer --topic quakes --from-beginning --until-end --key-format hex --value-format json',
  ],
  ['log-entry', log('quakes-0')],
  ['log-entry', `${log('quakes-0')} --print-data-log`],
  ['log-entry', log('__cluster_metadata-0')],
  ['log-entry', `${log('__transaction_state-0')} --transaction-log-decoder`, 'transactions'],
  ['log-entry', log('alerts.open-0', '00000000000000000000.timeindex'), 'transactions'],
  ['log-dir-replica', 'log-dirs --describe'],
  ['acl', 'acls --list'],
  ['cluster', 'cluster cluster-id'],
  ['endpoint', 'cluster list-endpoints'],
  ['broker-api', 'broker-api-versions'],
  ['broker-api', 'cluster api-versions'],
  ['feature', 'features describe'],
  ['feature-level', 'features version-mapping'],
  ['feature-level', 'storage version-mapping --release-version 4.0'],
  ['feature-dependency', 'features feature-dependencies --feature eligible.leader.replicas.version=1'],
  ['feature-dependency', 'storage feature-dependencies --feature eligible.leader.replicas.version=1'],
  ['log-directory', 'storage info --config {DIR}/broker.properties'],
  ['quorum', 'metadata-quorum describe --status'],
  ['quorum-replica', 'metadata-quorum describe --replication'],
  ['reassignment', 'reassign-partitions --list'],
  ['leader-election', 'leader-election --election-type preferred --all-topic-partitions'],
  ['record-deletion', 'delete-records --offset-json-file {DIR}/plan.json'],
  ['client-metrics', 'client-metrics --list'],
  ['client-metrics-config', 'client-metrics --describe'],
  ['transaction', 'transactions list', 'transactions'],
  ['transaction-description', 'transactions describe --transactional-id tx-open', 'transactions'],
  ['producer', 'transactions describe-producers --topic alerts.open --partition 0', 'transactions'],
  ['hanging-transaction', 'transactions find-hanging --broker-id 1', 'transactions'],
  ['ended-transaction', 'transactions abort-dead --dry-run', 'transactions'],
  ['directory', 'status'],
  ['directory', 'status', 'killed'],
  ['finding', 'check', 'corrupt-clean'],
  ['repair-step', 'repair --dry-run', 'corrupt-clean'],
  ['cleaning-result', 'log-cleaner --now'],
  ['copied-topic', 'copy --from-dir {DATA} --to-dir {DATA}-copied --topic quakes|users'],
  ['partition-cleaning', 'explain --topic quakes|users'],
  ['producer-performance', 'producer-perf-test --topic p --num-records 9 --record-size 5 --throughput -1'],
  ['consumer-performance', 'consumer-perf-test --topic quakes --num-records 3'],
  ['end-to-end-latency', 'e2e-latency --topic p --num-records 2 --producer-acks all --record-size 5'],
]

/** Only a broker knows members, moves partitions and has streams groups; none of the fixtures has one. */
const WITHOUT_ROWS = /member$|^reassignment$|^hanging-transaction$|^streams-group|^group$/

describe('--output', () => {
  const tried = COMMANDS.map(([kind, command, fixture = '']) => [kind, command, fixture] as const)
  test.each(tried)('%s: %s', async (kind, command, fixture) => {
    const dir = fixtures.get(fixture)?.dir ?? story.data
    const env = { TKAFKA_DATA_DIR: dir }
    const { stdout } = await story.run(`${command.replaceAll('{DATA}', dir)} --output json`, { env })
    const one = JSON.parse(stdout)
    expect(one).toMatchObject({ tool: command.split(' ')[0], kind, version: 1 })
    // A dump or a run that meets damage, or what is not there, tells it on stderr and says that it is not whole.
    expect(one.complete).toBe(kind !== 'offset-deletion')
    if (!WITHOUT_ROWS.test(kind)) expect(one.data.length).toBeGreaterThan(0)
    for (const row of one.data) expect(rowProblem(kind, row)).toBeUndefined()
  })

  test('jsonl is the same rows, one a line; tsv has a head and a field for each column', async () => {
    const command = 'topics --describe --topic quakes'
    const { data } = JSON.parse(await story.says(`${command} --output json`))
    const lines = (await story.says(`${command} --output jsonl`)).split('\n').slice(0, -1)
    expect(lines.map((line) => JSON.parse(line))).toEqual(data)
    const rows = (await story.says(`${command} --output tsv`)).split('\n').slice(0, -1)
    expect(rows[0].split('\t')).toEqual(Object.keys(SHAPES['topic-partition']))
    expect(rows).toHaveLength(1 + data.length)
    for (const row of rows) expect(row.split('\t')).toHaveLength(12)
  })

  test('every shape is written down, and every kind in the source has a shape', () => {
    const page = fs.readFileSync(path.join(ROOT, 'docs/output.md'), 'utf8')
    for (const [kind, shape] of [...Object.entries(SHAPES), ...Object.entries(LOG_ENTRIES)]) {
      expect(page).toContain(`\`${kind}\``)
      for (const field of Object.keys(shape)) expect(page).toContain(`\`${field}\``)
    }
    const folder = path.join(ROOT, 'src/commands')
    const source = (fs.readdirSync(folder, { recursive: true }) as string[])
      .filter((file) => file.endsWith('.ts'))
      .map((file) => fs.readFileSync(path.join(folder, file), 'utf8'))
      .join('\n')
    const shapes = [...source.matchAll(/kind: '([a-z-]+)',\s*columns: \[([^\]]*)\]/g)]
    const listed = shapes.map(([, kind, columns]) => [kind, columns.match(/\w+/g)] as const)
    const tables = [...source.matchAll(/table\(\s*'([a-z-]+)',((?:\s*\['[^']*', '\w+'\],?)*)/g)].map(
      ([, kind, columns]) => [kind, [...columns.matchAll(/'(\w+)'\]/g)].map(([, name]) => name)] as const,
    )
    for (const [kind, columns] of [...listed, ...tables]) {
      if (kind !== 'log-entry')
        expect({ kind, columns }).toEqual({ kind, columns: Object.keys(SHAPES[kind] ?? {}) })
    }
    const kinds = new Set([...listed, ...tables].map(([kind]) => kind))
    expect(Object.keys(SHAPES).filter((kind) => !kinds.has(kind))).toEqual(['finding'])
  })

  test('every tool that has --output is tried here', () => {
    const { tools } = JSON.parse(fs.readFileSync(path.join(ROOT, 'completions/commands.json'), 'utf8'))
    type Flags = readonly { readonly name: string }[]
    type Tool = { tool: string; flags: Flags; subcommands: readonly { name: string; flags: Flags }[] }
    const has = (flags: Flags) => flags.some(({ name }) => name === 'output')
    // A directory that has tokens is made in delegation-tokens.test.ts; what goes on until stopped is in one-broker.test.ts.
    const elsewhere = ['delegation-tokens', 'replica-verification']
    const tried = (words: string) =>
      elsewhere.includes(words) || COMMANDS.some(([, command]) => `${command} `.startsWith(`${words} `))
    const untried = (tools as Tool[]).flatMap(({ tool, flags, subcommands }) => [
      ...(has(flags) && !tried(tool) ? [tool] : []),
      ...subcommands
        .filter((sub) => has(sub.flags) && !tried(`${tool} ${sub.name}`))
        .map(({ name }) => `${tool} ${name}`),
    ])
    expect(untried).toEqual([])
  })

  test('what breaks off midway is an object all the same, and says that it is not complete', async () => {
    const { stdout, stderr, status } = await story.run(
      'features feature-dependencies --feature eligible.leader.replicas.version=1 --feature nothing=1 --output json',
    )
    expect({ ...JSON.parse(stdout), data: undefined }).toMatchObject({ complete: false })
    expect({ stderr, status }).toEqual({ stderr: 'Unknown feature: nothing\n', status: 1 })
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

  test('numbers of --input jsonl are stored with every digit, however long', async () => {
    await story.says('console-producer --topic exact --input jsonl', {
      stdin: [
        '{"value":{"id":12345678901234567890,"p":0.1234567890123456789,"n":5,"s":"12345678901234567890"}}',
        '{"value":12345678901234567890}',
        '{"value":[1e999,-0.0000000000000001]}',
        '{"value":9007199254740993,"valueEncoding":"int64"}',
      ].join('\n'),
    })
    const { stdout } = await story.run('console-consumer --topic exact --from-beginning --max-messages 3')
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      '{"id":12345678901234567890,"p":0.1234567890123456789,"n":5,"s":"12345678901234567890"}',
      '12345678901234567890',
      '[1e999,-1e-16]',
    ])
    const number = await story.run('console-consumer --topic exact --from 3 --until-end --value-format int64')
    expect(number.stdout).toBe('9007199254740993\n')
  })

  test.each([
    [
      '{"value":"x","timestamp":12345678901234567890}',
      'Line 1: timestamp: 12345678901234567890 is no timestamp',
    ],
    [
      '{"value":12345678901234567890,"valueEncoding":"utf8"}',
      'Line 1: value: must be text for utf8, not a number',
    ],
    ['{"value":012345678901234567890}', 'Line 1: no JSON: '],
    ['{"value":12345678901234567890.}', 'Line 1: no JSON: '],
  ])('%s is refused as it was written', async (stdin, message) => {
    const { status, stderr } = await story.run('console-producer --topic exact --input jsonl', { stdin })
    expect(status).toBe(1)
    expect(stderr).toContain(message)
    expect(stderr).not.toMatch(/number [0-9a-f]{32}/)
  })
})
