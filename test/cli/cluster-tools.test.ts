import fs from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

let story: Story
beforeEach(() => {
  story = new Story()
})
afterEach(() => story.end())

const rows = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('cluster, features, metadata-quorum', () => {
  test('the id of the cluster holds from the moment it was asked for', async () => {
    expect((await story.run('cluster cluster-id')).status).toBe(1)
    fs.mkdirSync(story.data)
    const first = await story.says('cluster cluster-id')
    expect(first).toMatch(/^Cluster ID: [\w-]{22}\n$/)
    await story.says('topics --create --topic q')
    expect(await story.says('cluster cluster-id')).toBe(first)
    expect(await story.says('metadata-quorum describe --status')).toContain(first.slice(12, 34))
  })

  test('the tools of 4.4 list the requests, and unregister no controller (issue 13, 1)', async () => {
    fs.mkdirSync(story.data)
    expect(await story.says('cluster api-versions')).toBe(await story.says('broker-api-versions'))
    const { status, stderr } = await story.run('cluster unregister-controller --id 7')
    expect([status, stderr]).toEqual([
      1,
      'only a running controller can unregister another one (--bootstrap-server)\n',
    ])
  })

  test('levels go down and up where records alone do it', async () => {
    expect(await story.says('features downgrade --feature streams.version=0 --dry-run')).toBe(
      'streams.version can be downgraded to 0.\n',
    )
    const levelOf = async () =>
      rows(await story.says('features describe --output jsonl')).find(
        ({ feature }) => feature === 'streams.version',
      ).finalizedVersionLevel
    expect(await levelOf()).toBe(1)
    await story.says('features disable --feature streams.version')
    expect(await levelOf()).toBe(0)
    await story.says('features upgrade --feature streams.version=1')
    expect(await levelOf()).toBe(1)
  })

  test('what would lose metadata, or partitions at rest, is refused with its reason', async () => {
    await story.says('topics --create --topic q')
    const lost = await story.run('features downgrade --metadata 3.9-IV0')
    expect(lost.status).toBe(1)
    expect(lost.stdout).toContain('Unsupported metadata.version downgrade from 30 to 21.')
    expect(lost.stderr).toBe('1 out of 1 operation(s) failed.\n')
    const elr = await story.run('features downgrade --feature eligible.leader.replicas.version=0')
    expect(elr.status).toBe(1)
    expect(elr.stdout).toContain('Partitions at rest depend on it')
    const quorum = await story.run('features upgrade --feature kraft.version=1')
    expect(quorum.stdout).toContain('Only a running controller')
  })

  test('an unknown release names the known ones', async () => {
    expect(await story.fails('features version-mapping --release-version 9')).toMatch(
      /^Unknown metadata.version '9'. Supported metadata.version are: 3.3-IV3, .*, 4.4-IV2, 4.5-IV0\n$/,
    )
    expect(await story.fails('features nonsense')).toBe(
      "Command line error: invalid choice: 'nonsense' (choose from 'describe', 'upgrade', 'downgrade', 'disable', 'version-mapping', 'feature-dependencies'). Type --help for help.\n",
    )
  })

  test('scripts that wait for a broker get an answer on a declared address, a refusal elsewhere', async () => {
    story.env('TKAFKA_LOCAL_BOOTSTRAP', 'localhost:9092')
    const answer = await story.says('broker-api-versions --bootstrap-server localhost:9092')
    expect(answer.split('\n')[0]).toBe('localhost:9092 (id: 1 rack: null isFenced: false) -> (')
    expect(answer).toContain('\tProduce(0): 0 to 13 [usable: 13],\n')
    expect(await story.fails('broker-api-versions --bootstrap-server far:9092')).toContain('far:9092')
  })
})

describe('log-dirs, delete-records, groups, delegation-tokens', () => {
  test('sizes are those on the disk', async () => {
    await story.says('topics --create --topic b --partitions 2')
    await story.run('console-producer --topic b', { stdin: '12345\n' })
    const lines = (await story.says('log-dirs --describe')).split('\n')
    const [{ broker, logDirs }] = JSON.parse(lines[2]).brokers
    expect(broker).toBe(1)
    expect(logDirs[0].logDir).toBe(story.data)
    const sizes = logDirs[0].partitions.map(({ size }: { size: number }) => size).sort()
    expect(sizes).toEqual([0, 73])
    expect(await story.fails('log-dirs --describe --broker-list 7')).toBe(
      'ERROR: The given brokers do not exist from --broker-list: 7. Current existent brokers: 1\n',
    )
  })

  test('a plan that is wrong names its field or its line', async () => {
    story.file('field.json', '{"partitions": [{"topic": "a", "partition": "x", "offset": 1}]}')
    expect(await story.fails('delete-records --offset-json-file {DIR}/field.json')).toBe(
      'Expected `Integer` value, received "x"\nin partitions[0].partition\n',
    )
    story.file('line.json', '{"partitions": [\n  {"topic": oops}\n]}')
    expect(await story.fails('delete-records --offset-json-file {DIR}/line.json')).toMatch(
      /^The input string is not a valid JSON\nline 2, column 13: /,
    )
  })

  test('one partition that fails does not keep the others from being done', async () => {
    await story.says('topics --create --topic a')
    await story.run('console-producer --topic a', { stdin: '1\n2\n3\n' })
    story.file(
      'plan.json',
      '{"partitions": [{"topic": "a", "partition": 7, "offset": 1}, {"topic": "a", "partition": 0, "offset": 2}]}',
    )
    const { stdout, status } = await story.run('delete-records --offset-json-file {DIR}/plan.json')
    expect(status).toBe(1)
    expect(stdout).toContain('partition: a-0\tlow_watermark: 2\n')
    expect(stdout).toMatch(/partition: a-7\terror: .*This server does not host this topic-partition\.\n/)
    expect(await story.says('get-offsets --topic a --time earliest')).toBe('a:0:2\n')
  })

  test('groups are filtered by kind', async () => {
    await story.says('topics --create --topic a')
    await story.run('console-producer --topic a', { stdin: '1\n' })
    await story.run('console-consumer --topic a --group g --from-beginning --max-messages 1')
    expect(rows(await story.says('groups --list --consumer --output jsonl'))).toEqual([
      { group: 'g', type: 'Classic', protocol: 'consumer', state: 'Empty' },
    ])
    expect((await story.says('groups --list --share')).split('\n')).toHaveLength(2)
    expect(await story.fails('groups --list --group-type nonsense')).toBe(
      '--group-type must be a valid group type.\n',
    )
  })

  test('a token needs a session with a broker', async () => {
    story.file('client.properties', 'client.id=x\n')
    const { stdout, stderr, status } = await story.run(
      'delegation-tokens --create --command-config {DIR}/client.properties --max-life-time-period -1',
    )
    expect(status).toBe(1)
    expect(stdout).toBe('Calling create token operation with renewers :[] , max-life-time-period :-1\n')
    expect(stderr).toContain('Delegation Token requests are not allowed on PLAINTEXT')
  })

  test('a telemetry subscription is kept until it is deleted', async () => {
    await story.says('client-metrics --alter --name m --metrics a.b --interval 60000')
    expect(await story.says('client-metrics --describe --name m')).toBe(
      'Client metrics configs for m are:\n  interval.ms=60000\n  match=\n  metrics=a.b\n',
    )
    await story.says('client-metrics --delete --name m')
    expect(await story.says('client-metrics --list')).toBe('\n')
  })
})
