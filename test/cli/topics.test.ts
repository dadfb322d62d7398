import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

let story: Story
beforeEach(() => {
  story = new Story()
})
afterEach(() => story.end())

describe('topics', () => {
  test('a topic is created, listed, described, altered and deleted', async () => {
    expect(await story.says('topics --create --topic quakes --partitions 2')).toBe('Created topic quakes.\n')
    expect(await story.says('topics --list')).toBe('quakes\n')
    await story.says('topics --alter --topic quakes --partitions 3')
    const lines = (await story.says('topics --describe --topic quakes')).split('\n')
    expect(lines[0]).toMatch(
      /^Topic: quakes\tTopicId: [\w-]{22}\tPartitionCount: 3\tReplicationFactor: 1\tConfigs: min\.insync\.replicas=1$/,
    )
    expect(lines.slice(1)).toEqual([
      ...[0, 1, 2].map(
        (n) => `\tTopic: quakes\tPartition: ${n}\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: `,
      ),
      '',
    ])
    await story.says('topics --delete --topic quakes')
    expect(await story.says('topics --list')).toBe('\n')
  })

  test('listing makes no directory', async () => {
    expect(await story.says('topics --list')).toBe('\n')
    const { default: fs } = await import('node:fs')
    expect(fs.existsSync(story.data)).toBe(false)
  })

  test('a wrong topic leaves no directory behind and says why in one line', async () => {
    expect(await story.fails('topics --create --topic a/b')).toBe(
      "Error while executing topic command : Topic name is invalid: 'a/b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'\n",
    )
    expect(await story.fails('topics --create --topic a --config segment.bytes=5')).toBe(
      'Error while executing topic command : Invalid value 5 for configuration segment.bytes: Value must be at least 1048576\n',
    )
    expect(await story.fails('topics --create --topic a --replication-factor 2')).toContain(
      'The target replication factor of 2 cannot be reached because only 1 broker(s) are registered',
    )
    const { default: fs } = await import('node:fs')
    expect(fs.existsSync(story.data)).toBe(false)
  })

  test('names that differ only in dots and underscores collide', async () => {
    await story.run('topics --create --topic a_b')
    const second = await story.run('topics --create --topic a.b')
    expect(second.status).toBe(1)
    expect(second.stderr).toBe(
      "Error while executing topic command : Topic 'a.b' collides with existing topic: a_b\n",
    )
  })

  test('topics are chosen by pattern, and internal ones left out on request', async () => {
    for (const topic of ['log-a', 'log-b', 'other']) await story.says(`topics --create --topic ${topic}`)
    expect(await story.says('topics --list --topic log-.*')).toBe('log-a\nlog-b\n')
    expect(await story.says('topics --list --topic log-a,other')).toBe('log-a\nother\n')
    expect(await story.fails('topics --list --topic [')).toContain('[ is an invalid regex.')
    await story.run('topics --create --topic __transaction_state')
    expect(await story.says('topics --list --exclude-internal')).toBe('log-a\nlog-b\nother\n')
  })

  test('partition counts only grow', async () => {
    await story.says('topics --create --topic a --partitions 4')
    expect(await story.fails('topics --alter --topic a --partitions 4')).toBe(
      'Error while executing topic command : Topic already has 4 partition(s).\n',
    )
    expect(await story.fails('topics --alter --topic a --partitions 2')).toContain(
      '2 would not be an increase',
    )
    expect(
      await story.fails('topics --alter --topic a --partitions 6 --replica-assignment 1,1,1,1,1,2'),
    ).toContain('includes broker 2, but no such broker is registered')
  })

  test('a missing topic is an error unless --if-exists is given', async () => {
    const words = "Error while executing topic command : Topic 'x' does not exist as expected\n"
    for (const action of ['describe', 'delete', 'alter --partitions 2']) {
      expect(await story.fails(`topics --${action} --topic x`)).toBe(words)
      expect(await story.says(`topics --${action} --topic x --if-exists`)).toBe('')
    }
  })

  test('num.partitions of server.properties counts at creation', async () => {
    await story.says('topics --create --topic a')
    const { default: fs } = await import('node:fs')
    fs.writeFileSync(`${story.data}/server.properties`, 'num.partitions=3\nlog.retention.hours=2\n')
    await story.says('topics --create --topic b')
    const described = await story.says('topics --describe --topic b')
    expect(described).toContain('PartitionCount: 3')
    expect(await story.says('configs --describe --topic b --all')).toContain('  retention.ms=7200000 ')
  })
})
