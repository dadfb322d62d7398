import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

let story: Story
beforeEach(() => {
  story = new Story()
})
afterEach(() => story.end())

describe('help', () => {
  test('tkafka --help shows the suite at a glance', async () => {
    const help = await story.says('--help')
    for (const tool of ['topics', 'configs', 'console-producer', 'console-consumer', 'consumer-groups']) {
      expect(help).toMatch(new RegExp(`^  ${tool} +[a-z]`, 'm'))
    }
    expect(help).toContain('tkafka topics --create')
  })

  test('--help of a tool goes to stdout and begins as in the genuine tool', async () => {
    const help = await story.says('topics --list --help')
    expect(help.split('\n')[0]).toBe('This tool helps to create, delete, describe, or change a topic.')
    expect(help).toMatch(/^Option +Description$/m)
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test("--version of a tool is Kafka's, tkafka's own tells both (E3)", async () => {
    expect(await story.says('transactions --version')).toMatch(/^4\.4\.0 \(Commit:[0-9a-f]{16}\)\n$/)
    expect(await story.says('topics --list --version')).toBe('4.4.0\n')
    expect(await story.says('--version')).toMatch(/^tkafka \d+\.\d+\.\d+ \(tools of Kafka 4\.4\.0\)\n$/)
  })

  test('help, help with a tool and version do what they say, and a stray word is named (F3)', async () => {
    const [overview, topics] = [await story.says('--help'), await story.says('topics --help')]
    expect(await story.says('help')).toBe(overview)
    expect(await story.says('help topics')).toBe(topics)
    expect(await story.says('version')).toBe(await story.says('--version'))
    expect(await story.fails('topics ls')).toMatch(/\bls\b/)
    expect(await story.fails('check x')).toMatch(/\bx\b/)
  })

  test('one partition is not "1 partitions", and no help of a tool says that it is not in Kafka but of those (F10)', async () => {
    await story.says('topics --create --topic one')
    const said = [
      await story.says('status'),
      await story.says('check'),
      await story.says('log-cleaner --all --dry-run'),
    ]
    for (const text of said) {
      expect(text).not.toMatch(/\b1 (partitions|topics|groups|records|batches|segments|files)\b/)
      expect(text).not.toMatch(/would be to be|\bkB\b/)
    }
    const help = await story.says('--help')
    expect(help).not.toMatch(/^ {2}(topics|configs|transactions|features) .*not in Kafka/m)
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  })

  test('an unknown tool is answered with what was meant', async () => {
    expect(await story.fails('topcs --list')).toBe('tkafka: no tool topcs; did you mean topics?\n')
    expect(await story.fails('kafka-topics.sh --list')).toContain('tkafka topics is its name here')
    expect(await story.fails('')).toContain('Usage: tkafka')
  })

  test('--help of an argparse tool stays within 80 columns and ends with right uses', async () => {
    const text = await story.says('metadata-quorum describe --help')
    expect(text).toMatch(/^usage: kafka-metadata-quorum describe \[-h\]/)
    expect(text).toMatch(/\nExamples:\n {2}tkafka metadata-quorum describe --status\n/)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test.each(['check', 'repair', 'explain', 'log-cleaner', 'status'])(
    '%s refuses a word that is no flag',
    async (tool) => {
      expect(await story.fails(`${tool} quakes`)).toMatch(
        new RegExp(`^${tool} takes no words, only flags: what is 'quakes'`),
      )
    },
  )
})
