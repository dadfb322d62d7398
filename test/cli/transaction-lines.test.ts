import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

let story: Story
beforeEach(() => {
  story = new Story()
})
afterEach(() => story.end())

const committed = async (): Promise<string[]> => {
  const { stdout } = await story.run(
    'console-consumer --topic t --from-beginning --until-end --isolation-level read_committed',
  )
  return stdout.split('\n').slice(0, -1)
}

describe('console-producer --transaction', () => {
  test('shows all lines at once, or none where one of them is refused', async () => {
    expect(await story.says('console-producer --topic t --transaction', { stdin: 'a\nb\n' })).toBe('')
    const long = `c\n${'x'.repeat(1_100_000)}\nd\n`
    expect(await story.fails('console-producer --topic t --transaction', { stdin: long })).toContain(
      'larger than 1048576',
    )
    expect(await committed()).toEqual(['a', 'b'])
  })

  test('takes the lines of a command behind --, and commits only where that ends with 0', async () => {
    const lines = ['console-producer', '--topic', 't', '--transaction', '--', 'sh', '-c']
    expect(await story.fails([...lines, 'echo half; exit 3'])).toBe('sh ended with status 3\n')
    expect(await story.fails([...lines.slice(0, 5), 'no-such-command'])).toContain('could not be started')
    expect(await story.says([...lines, 'echo whole; printf last'])).toBe('')
    expect(await committed()).toEqual(['whole', 'last'])
  })

  test('commits every N lines, and tells what is in where a later one fails', async () => {
    const flags = 'console-producer --topic t --transaction --transaction-records 2 --transactional-id imp'
    const input = { stdin: `a\nb\nc\nd\ne\n${'x'.repeat(1_100_000)}\n` }
    expect(await story.fails(flags, input)).toContain('; 4 lines are committed before')
    expect(await committed()).toEqual(['a', 'b', 'c', 'd'])
    const [found] = JSON.parse(
      await story.says('transactions describe --transactional-id imp --output json'),
    ).data
    // Of the third transaction nothing had come to a log.
    expect(found).toMatchObject({ state: 'CompleteCommit', producerEpoch: 2 })
  })

  test('flags of transactions without --transaction are told, Kafka’s transactional.id is enough', async () => {
    expect(await story.fails('console-producer --topic t --transaction-records 2')).toContain(
      '--transaction-records goes with --transaction',
    )
    await story.says('console-producer --topic t --command-property transactional.id=own', { stdin: 'a\n' })
    expect(await story.says('transactions list --transactional-id-pattern own')).toContain('CompleteCommit')
  })
})
