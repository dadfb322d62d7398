import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

let story: Story
beforeEach(() => {
  story = new Story()
})
afterEach(() => story.end())

describe('the command line', () => {
  test('reads flags with the habits of the genuine parser', async () => {
    expect(await story.says('topics -create --topic=a --partitions=2 stray words')).toBe('Created topic a.\n')
    expect(await story.says('topics -list')).toBe('a\n')
    expect(await story.fails('topics --lsit')).toBe('lsit is not a recognized option\nDid you mean --list?\n')
    expect(await story.fails('topics --create --topic')).toBe('Option topic requires an argument\n')
    expect(await story.fails('topics --describe --topic a --topic b')).toContain(
      'Found multiple arguments for option topic, but you asked for only one',
    )
    expect(await story.fails('topics --create --topic b --partitions many')).toContain(
      "Cannot parse argument 'many' of option partitions",
    )
  })

  test('a usage error prints the message and then the usage on stderr', async () => {
    const stderr = await story.fails('topics')
    expect(stderr.split('\n')[0]).toBe(
      'Command must include exactly one action: --list, --describe, --create, --alter or --delete',
    )
    expect(stderr).toMatch(/^Option +Description$/m)
    expect(stderr).toContain('--exclude-internal')
  })

  test('--data-dir stands before or after the tool', async () => {
    story.env('TKAFKA_DATA_DIR', undefined)
    await story.says('--data-dir {DIR}/here topics --create --topic a')
    expect(await story.says('topics --list --data-dir {DIR}/here')).toBe('a\n')
    expect(await story.says('topics --data-dir={DIR}/here --list')).toBe('a\n')
  })

  test('an address that is not declared local is a cluster: one line where nobody listens, and the files are not its', async () => {
    story.file('quick.properties', 'default.api.timeout.ms = 50\n')
    const quick = ['--command-config', '{DIR}/quick.properties']
    const stderr = await story.fails(['topics', '--list', '--bootstrap-server', '127.0.0.1:1', ...quick])
    expect(stderr).toBe(
      'Error while executing topic command : nothing listens on 127.0.0.1:1 (connection refused)\n',
    )
    expect(await story.fails('explain --topic t --bootstrap-server 127.0.0.1:1')).toContain('files')
  })

  test('TKAFKA_LOCAL_BOOTSTRAP declares an address to be the data directory', async () => {
    story.env('TKAFKA_LOCAL_BOOTSTRAP', 'localhost:9092,broker:9092')
    for (const address of ['localhost:9092', '127.0.0.1:9092', '[::1]:9092', 'broker:9092,127.0.0.1:9092']) {
      expect(await story.says(['topics', '--list', '--bootstrap-server', address])).toBe('\n')
    }
    const quick = 'default.api.timeout.ms = 50\n'
    story.file('quick.properties', quick)
    for (const address of ['localhost:1', 'localhost:9092,127.0.0.1:1']) {
      const words = [
        'topics',
        '--list',
        '--bootstrap-server',
        address,
        '--command-config',
        '{DIR}/quick.properties',
      ]
      expect(await story.fails(words)).toContain('nothing listens on')
    }
    story.file('client.properties', `${quick}bootstrap.servers = 127.0.0.1:1\n`)
    expect(await story.fails('topics --list --command-config {DIR}/client.properties')).toContain(
      'nothing listens on 127.0.0.1:1',
    )
  })

  test('--data-dir beside an address that is not declared local is wrong usage', async () => {
    const stderr = await story.fails('topics --list --data-dir {DIR}/x --bootstrap-server other:9092')
    expect(stderr).toContain('cannot be used together')
    expect(stderr).toMatch(/^Option +Description$/m)
  })

  test('a reader that goes away ends the tool quietly with 0', async () => {
    const { execa } = await import('execa')
    const { stdout, stderr } = await execa(
      'bash',
      [
        '-c',
        `"${process.execPath}" bin/tkafka topics --help | (exec <&-; sleep 1; echo gone); echo "\${PIPESTATUS[0]}"`,
      ],
      { env: { TKAFKA_DATA_DIR: story.data } },
    )
    expect(stdout.split('\n')[1]).toBe('0')
    expect(stderr).toBe('')
  })

  test('an unexpected failure is one line, and TKAFKA_DEBUG shows where', async () => {
    story.file('data', 'a file where a folder should be')
    const stderr = await story.fails('topics --list')
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toContain(story.data)
  })
})
