import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'
import { unpackFixture } from '../support/fixtures.ts'
import { rowProblem } from '../support/output-shapes.ts'
import { ownClock } from '../support/test-clock.ts'

const bin = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))

let story: Story
beforeEach(async () => {
  story = new Story()
  await story.says('topics --create --topic a --partitions 2')
})
afterEach(() => story.end())

const PLAN = '{"version":1,\n "partitions":[\n  {"topic":"a","partition":0,"replicas":[1]},\n  %\n ]}\n'
const plan = (row: string) => PLAN.replace('%', row)

describe('reassign-partitions', () => {
  test('what is where it should be is done', async () => {
    story.file('plan.json', plan('{"topic":"a","partition":1,"replicas":[1]}'))
    const at = '--reassignment-json-file {DIR}/plan.json'
    expect(await story.says(`reassign-partitions ${at} --execute --throttle 5000`)).toContain(
      'Successfully started partition reassignments for a-0,a-1\n',
    )
    expect(await story.says('configs --describe --topic a')).toContain(
      'leader.replication.throttled.replicas=0:1,1:1',
    )
    expect(await story.says(`reassign-partitions ${at} --verify`)).toContain(
      'Reassignment of partition a-1 is completed.\n',
    )
    expect(await story.says('configs --describe --topic a')).not.toContain('throttled')
    expect(await story.says('reassign-partitions --list')).toBe('No partition reassignments found.\n')
  })

  test('a fault in a plan is named with its field and line', async () => {
    const faults: [string, string][] = [
      [
        '{"topic":"a","partition":"x","replicas":[1]}',
        'Expected `Integer` value, received "x"\n{DIR}/plan.json, line 4: partitions[1].partition',
      ],
      [
        '{"topic":"a","replicas":[1]}',
        'No such field exists: `partition`\n{DIR}/plan.json, line 4: partitions[1]',
      ],
      [
        '{"topic":"a","partition":1,"replicas":[]}',
        'Partition replica list cannot be empty\n{DIR}/plan.json, line 4: partitions[1].replicas',
      ],
      ['{"topic":"a","partition":1,"replicas":[7]}', 'Unknown broker id 7'],
    ]
    for (const [row, words] of faults) {
      story.file('plan.json', plan(row))
      expect(
        await story.fails('reassign-partitions --reassignment-json-file {DIR}/plan.json --execute'),
      ).toBe(`Error: ${words.replace('{DIR}', story.dir)}\n`)
    }
    story.file('plan.json', '{"version":1,\n"partitions":[{"topic":')
    expect(
      await story.fails('reassign-partitions --reassignment-json-file {DIR}/plan.json --execute'),
    ).toContain('plan.json, line 2: ')
  })
})

describe('leader-election', () => {
  test('the one replica leads already; what is not there cannot be elected', async () => {
    expect(await story.says('leader-election --election-type preferred --topic a --partition 1')).toBe(
      'Valid replica already elected for partitions a-1\n',
    )
    expect(await story.fails('leader-election --election-type unclean --topic nope --partition 0')).toContain(
      'No such topic as nope\n1 replica(s) could not be elected\n',
    )
    story.file('p.json', '{"partitions":[\n{"topic":"a","partition":0},\n{"topic":"a","partition":0}]}')
    expect(
      await story.fails('leader-election --election-type preferred --path-to-json-file {DIR}/p.json'),
    ).toBe(
      `Replica election data contains duplicate partitions: [a-0]\n${story.dir}/p.json, line 3: partitions[1]\n`,
    )
  })
})

test('leader-election tells programs of each partition, also of those that failed', async () => {
  story.file('p.json', '{"partitions":[{"topic":"a","partition":0},{"topic":"a","partition":9}]}')
  const { stdout, stderr, status } = await story.run(
    'leader-election --election-type preferred --path-to-json-file {DIR}/p.json --output json',
  )
  const { data, complete } = JSON.parse(stdout)
  expect([status, complete, data.length]).toEqual([1, false, 2])
  expect(data[0]).toEqual({
    topic: 'a',
    partition: 0,
    electionType: 'PREFERRED',
    result: 'already-elected',
    error: null,
  })
  expect(data[1]).toMatchObject({ partition: 9, result: 'failed' })
  expect(stderr).toContain('1 replica(s) could not be elected\n')
})

describe('share-groups and streams-groups', () => {
  test('a share group that a broker left is listed and described', async () => {
    const fixture = unpackFixture('groups')
    try {
      story.env('TKAFKA_DATA_DIR', fixture.dir)
      expect(await story.says('share-groups --list')).toBe('share-stock\n')
      expect(await story.says('share-groups --describe --group share-stock')).toBe(
        '\nGROUP           TOPIC           PARTITION  START-OFFSET  LAG\nshare-stock     ledger-events   0          0             0\n',
      )
      expect(await story.fails('share-groups --delete --group share-stock')).toContain(
        'only a broker can delete',
      )
      expect(await story.says('streams-groups --list --state')).toBe('GROUP           STATE\n')
    } finally {
      fixture.remove()
    }
  })

  test('a group that is not there is a failure, also where the genuine tool ends with 0', async () => {
    expect(await story.fails('share-groups --describe --group x')).toContain('Group x not found.')
    expect(await story.fails('streams-groups --delete --group x')).toContain(
      'does not exist or is not a streams group',
    )
  })
})

describe('replica-verification', () => {
  test('one copy has no lag; it goes on until it is stopped', async () => {
    const { stdout, status } = await story.run('replica-verification --report-interval-ms 50', {
      stopAfterMs: 1500,
    })
    expect(status).toBe(143)
    expect(stdout).toMatch(
      /: verification process is started\n.*: max lag is 0 for partition a-0 at offset 0 among 2 partitions\n/,
    )
  })

  test('reports for programs come one a line as they are made', async () => {
    const args = [bin, 'replica-verification', '--report-interval-ms', '1', '--output', 'jsonl']
    const child = spawn(process.execPath, args, {
      env: { TKAFKA_DATA_DIR: story.data, HOME: story.dir, ...ownClock().env },
    })
    let said = ''
    for await (const chunk of child.stdout) {
      said += chunk
      if (said.includes('\n')) child.kill()
    }
    const [row] = said.split('\n').map((line) => line && JSON.parse(line))
    expect(rowProblem('replica-lag', row)).toBeUndefined()
    expect(row).toMatchObject({ maxLag: 0, topic: 'a', partition: 0, offset: 0, partitions: 2 })
  })

  test('an address without a port is refused as in Kafka', async () => {
    expect(await story.fails('replica-verification --broker-list x')).toMatch(
      /^Please provide valid host:port like host1:9091,host2:9092\n/,
    )
  })
})
