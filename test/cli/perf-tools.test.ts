import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

let story: Story
beforeEach(() => {
  story = new Story()
})
afterEach(() => story.end())

function events(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

describe('perf tools', () => {
  test('what is sent is read: counters, letters, lines of a file', async () => {
    const send = 'producer-perf-test --topic load --throughput -1 --num-records'
    expect(await story.says(`${send} 3 --payload-monotonic`)).toMatch(/^3 records sent, [\d.]+ records\/sec/)
    story.file('lines.txt', 'a;b;;')
    expect(
      await story.says(`${send} 4 --payload-file {DIR}/lines.txt --payload-delimiter ; --warmup-records 1`),
    ).toMatch(
      /^Reading payloads from: .*lines\.txt\nNumber of records read: 2\nWarmup first 1 records\..*\n4 records.*\n3 steady state/,
    )
    await story.says(`${send} 2 --record-size 7`)
    const { stdout } = await story.run('console-consumer --topic load --from-beginning --until-end')
    const lines = stdout.trimEnd().split('\n')
    expect(lines.slice(0, 3)).toEqual(['0', '1', '2'])
    for (const line of lines.slice(3, 7)) expect(line).toMatch(/^[ab]$/)
    for (const line of lines.slice(7)) expect(line).toMatch(/^[A-Z]{7}$/)
    const read = await story.says(
      'consumer-perf-test --topic load --num-records 9 --hide-header --date-format yyyy',
    )
    expect(read.split(', ')[4]).toBe('9')
    expect(read).toMatch(/^\d{4}, \d{4}, /)
  })

  test('a lost record is a failure, and a transactional id writes in transactions', async () => {
    const lost = await story.run(
      'producer-perf-test --topic load --throughput -1 --num-records 2 --record-size 2000000',
    )
    expect(lost).toMatchObject({ status: 1, stderr: expect.stringContaining('max.request.size') })
    await story.says(
      'producer-perf-test --topic load --throughput -1 --num-records 2 --record-size 5 --transactional-id x',
    )
    expect(await story.says('get-offsets --topic load')).toBe('load:0:3\n')
    expect(
      await story.fails('producer-perf-test --topic a --throughput x --num-records 2 --record-size 5'),
    ).toContain("could not convert 'x' to Double")
  })

  test('the verifiable tools tell as JSON what they did, and commit it', async () => {
    const sent = events(
      await story.says('verifiable-producer --topic checks --max-messages 5 --repeating-keys 2'),
    )
    expect(sent.map(({ name }) => name)).toEqual([
      'startup_complete',
      ...Array(5).fill('producer_send_success'),
      'shutdown_complete',
      'tool_data',
    ])
    expect(sent[5]).toMatchObject({ key: '0', value: '4', offset: 4, topic: 'checks', partition: 0 })
    expect(sent.at(-1)).toMatchObject({ sent: 5, acked: 5 })
    const read = events(
      await story.says('verifiable-consumer --topic checks --group-id g --max-messages 3 --verbose'),
    )
    expect(read.filter(({ name }) => name === 'record_data').map(({ value }) => value)).toEqual([
      '0',
      '1',
      '2',
    ])
    expect(read.find(({ name }) => name === 'offsets_committed')).toMatchObject({
      offsets: [{ topic: 'checks', partition: 0, offset: 3 }],
      success: true,
    })
    const { stdout } = await story.run('consumer-groups --describe --group g --output json')
    const groups = JSON.parse(stdout)
    expect(groups.data).toMatchObject([{ currentOffset: 3, lag: 2 }])
  })

  test('latency is measured by flags and by position', async () => {
    const flags =
      'e2e-latency --topic probe --num-records 3 --producer-acks all --record-size 5 --num-headers 1'
    expect(await story.says(flags)).toMatch(
      /^Topic "probe" does not exist\..*\n0\t[\d.e-]+\nAvg latency: [\d.]+ ms\nPercentiles: 50th/,
    )
    story.env('TKAFKA_LOCAL_BOOTSTRAP', 'localhost:9092')
    expect(await story.run('e2e-latency localhost:9092 probe 3 1 5')).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('Positional argument usage is deprecated'),
    })
    expect(
      await story.fails('e2e-latency --topic probe --num-records 3 --producer-acks 0 --record-size 5'),
    ).toContain('requires synchronous acknowledgement')
  })
})
