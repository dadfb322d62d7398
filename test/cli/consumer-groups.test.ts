import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

let story: Story
beforeEach(async () => {
  story = new Story()
  await story.run('topics --create --topic t --partitions 2')
  await story.run('console-producer --topic t', { stdin: '1\n2\n3\n4\n' })
})
afterEach(() => story.end())

describe('consumer-groups', () => {
  test('a group that is read is not reset or deleted: exit 1, and who reads it', async () => {
    const stop = new AbortController()
    const reading = story.run('console-consumer --topic t --group g --from-beginning', { until: stop.signal })
    let state = ''
    while (!state.includes('Stable')) state = (await story.run('consumer-groups --list --state')).stdout
    const reset = await story.run(
      'consumer-groups --reset-offsets --group g --topic t --to-earliest --execute',
    )
    expect(reset.status).toBe(1)
    expect(reset.stderr).toContain(
      "Error: Assignments can only be reset if the group 'g' is inactive, but the current state is Stable.",
    )
    expect(reset.stderr).toMatch(
      /Group 'g' is read by console-consumer-\S+ \(client id console-consumer, host \/127\.0\.0\.1\)/,
    )
    const deletion = await story.run('consumer-groups --delete --group g')
    expect(deletion.status).toBe(1)
    expect(deletion.stderr).toContain("* Group 'g' could not be deleted due to: The group is not empty.")
    stop.abort()
    await reading
    expect((await story.run('consumer-groups --delete --group g')).status).toBe(0)
    expect((await story.run('consumer-groups --list')).stdout).toBe('')
  })

  test('a plan goes out as CSV and comes back from a file', async () => {
    await story.run('consumer-groups --reset-offsets --group g --topic t --to-latest --execute')
    const plan = await story.run(
      'consumer-groups --reset-offsets --group g --all-topics --to-earliest --dry-run --export',
    )
    // In the order of Java's hash map, as the genuine tool prints it.
    expect(plan.stdout).toBe('t,1,0\nt,0,0\n\n')
    story.file('plan.csv', 't,1,1\n')
    const done = await story.run(
      'consumer-groups --reset-offsets --group g --from-file {DIR}/plan.csv --execute',
    )
    expect(done.stdout).toBe(
      '\nGROUP           TOPIC           PARTITION  NEW-OFFSET\ng               t               1          1\n',
    )
    const described = await story.run('consumer-groups --describe --group g')
    expect(
      described.stdout
        .split('\n')
        .slice(2)
        .map((line) => line.split(/ +/).slice(2, 6).join(' ')),
    ).toEqual(['0 2 2 0', '1 1 2 1', ''])
    expect(described.stderr).toBe("\nConsumer group 'g' has no active members.\n")
  })

  test('what cannot be reset says so and ends with 1', async () => {
    const missing = await story.run(
      'consumer-groups --reset-offsets --group g --topic t:0,7 --to-latest --execute',
    )
    expect([missing.status, missing.stderr]).toEqual([
      1,
      'Error: Executing consumer group command failed due to The partitions "t-7" do not exist\n',
    ])
    const shift = await story.run(
      'consumer-groups --reset-offsets --group g --topic t:0 --shift-by 1 --execute',
    )
    expect([shift.status, shift.stderr.split('\n')[0]]).toEqual([
      1,
      'Cannot shift offset for partition t-0 since there is no current committed offset',
    ])
    expect((await story.run('consumer-groups --list')).stdout).toBe('')
  })
})
