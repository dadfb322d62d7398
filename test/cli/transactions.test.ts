import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'
import { FIXTURES_WRITTEN, type Fixture, unpackFixture } from '../support/fixtures.ts'
import { clockAt } from '../support/test-clock.ts'

let story: Story
let fixture: Fixture
beforeEach(() => {
  story = new Story()
  // A producer that was silent for a day is forgotten: the broker's are seen as on the day after.
  const clock = clockAt(FIXTURES_WRITTEN)
  fixture = unpackFixture('transactions', clock)
  story.env('TKAFKA_DATA_DIR', fixture.dir)
  for (const [name, value] of Object.entries(clock.env)) story.env(name, value)
})
afterEach(() => {
  story.end()
  fixture.remove()
})

async function rows(command: string): Promise<Record<string, unknown>[]> {
  return JSON.parse(await story.says(`transactions ${command} --output json`)).data
}

const open = { topic: 'alerts.open', partition: 0 }
const committedOnly =
  'console-consumer --topic alerts.open --partition 0 --offset earliest --until-end --isolation-level read_committed'

describe('transactions', () => {
  test('what a broker listed is listed', async () => {
    const genuine = fixture.manifest.transactions as { transactional_id: string; state: string }[]
    expect((await rows('list')).map(({ transactionalId, state }) => ({ transactionalId, state }))).toEqual(
      genuine.map(({ transactional_id: transactionalId, state }) => ({ transactionalId, state })),
    )
    expect(await rows('list --transactional-id-pattern tx-o.*')).toHaveLength(1)
    expect(await story.says('transactions list --transactional-id-pattern nothing')).toBe(
      'TransactionalId\tCoordinator\tProducerId\tTransactionState\t\n',
    )
  })

  test('an open transaction is described, by its id and by its partition', async () => {
    expect(await rows('describe --transactional-id tx-open')).toMatchObject([
      { producerId: 2, producerEpoch: 0, state: 'Ongoing', partitions: ['alerts.open-0'] },
    ])
    expect(await rows('describe-producers --topic alerts.open --partition 0')).toMatchObject([
      { producerId: 2, coordinatorEpoch: -1, startOffset: 1 },
      { producerId: 3, coordinatorEpoch: 0, startOffset: null },
    ])
    expect(await story.fails('transactions describe --transactional-id nope')).toContain(
      'failed because the ID could not be found',
    )
  })

  test('aborting on disk lets readers of committed records pass', async () => {
    const before = await story.run(committedOnly)
    expect(before.stdout.split('\n').length - 1).toBe(1)
    expect(await story.fails('transactions abort --topic alerts.open --partition 0 --start-offset 2')).toBe(
      'Could not find any open transactions starting at offset 2 on partition alerts.open-0\nOpen ones start at 1.\n',
    )
    await story.says('transactions abort --topic alerts.open --partition 0 --start-offset 1')
    expect(await rows('describe-producers --topic alerts.open --partition 0')).toMatchObject([
      // Its timeout had passed a day ago, so it was ended by whoever came in: with the epoch of its coordinator.
      { producerId: 2, coordinatorEpoch: 1, startOffset: null },
      { producerId: 3 },
    ])
    const offsets = JSON.parse(await story.says('get-offsets --topic alerts.open --output json')).data
    expect(offsets[0]).toMatchObject({ ...open, offset: 9 })
    const after = await story.run(committedOnly)
    expect(after.stdout.split('\n').length).toBeGreaterThan(before.stdout.split('\n').length)
  })

  test('ending by id aborts what is open, and fences the producer', async () => {
    await story.says('transactions forceTerminateTransaction --transactionalId tx-open')
    expect(await rows('describe --transactional-id tx-open')).toMatchObject([
      { producerEpoch: 1, state: 'CompleteAbort', partitions: [] },
    ])
    const [{ producerEpoch, startOffset }] = await rows(
      'describe-producers --topic alerts.open --partition 0',
    )
    expect({ producerEpoch, startOffset }).toEqual({ producerEpoch: 1, startOffset: null })
    const old =
      'transactions abort --topic alerts.open --partition 0 --producer-id 2 --producer-epoch 0 --coordinator-epoch 0'
    expect(await story.fails(old)).toContain('failed due an invalid producer epoch')
  })

  test('one that the coordinator will still end does not hang; one that it does not know of does', async () => {
    expect(await rows('find-hanging --broker-id 1 --max-transaction-timeout 0')).toEqual([])
    expect(await story.fails('transactions find-hanging')).toContain('requires either --topic or --broker-id')
    expect(await story.fails('transactions find-hanging --topic missing')).toContain(
      'Failed to describe 1 topics',
    )
  })
})
