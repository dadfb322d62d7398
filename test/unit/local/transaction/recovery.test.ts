import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OffsetStore } from '../../../../src/group/offsets/offset-store.ts'
import { LocalTransactions } from '../../../../src/local/admin/transaction-admin.ts'
import { LocalCleaning } from '../../../../src/local/cleaning/cleaning-run.ts'
import { offsetsSettled } from '../../../../src/local/consumer/settled-offsets.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../../../src/local/producer/local-producer.ts'
import { LocalRepair } from '../../../../src/local/repair/repair.ts'
import type { Os } from '../../../../src/os/os.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import { crashingOs } from '../../../support/crashing-os.ts'
import { unpackFixture } from '../../../support/fixtures.ts'
import { produce } from '../../../support/local-produce.ts'

let root: string
let dir: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tkafka-txn-'))
  dir = join(root, 'data')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const open = (os: Os = systemOs, warn = (_: string) => {}): LocalDirectory =>
  LocalDirectory.open(os, dir, { warn })
const admin = () => new LocalTransactions(systemOs, open())
const stateOf = async (id: string) => (await admin().describeTransaction(id)).state
const committed = () => new OffsetStore(systemOs, open()).fetch('g').get('in-0')?.offset

/** A transaction of one record in topic a and offset 7 of group g, begun and not ended. */
async function begun(os: Os, id: string): Promise<LocalProducer> {
  const producer = new LocalProducer(os, LocalDirectory.open(os, dir), { 'transactional.id': id })
  await producer.initTransactions()
  await producer.beginTransaction()
  await producer.send({ topic: 'a', value: id })
  await producer.sendOffsetsToTransaction([{ topic: 'in', partition: 0, offset: 7 }], { groupId: 'g' })
  return producer
}

/** Killed where `crashAt` says, else at once. */
async function killedIn(id: string, end: 'commit' | 'nothing', crash = crashingOs(Number.POSITIVE_INFINITY)) {
  const producer = await begun(crash.os, id)
  if (end === 'commit') await producer.commitTransaction().catch(() => {})
  crash.kill()
}

function lastStable(topic: string): readonly [number, number] {
  const log = open().logForReading(topic, 0)
  log.refresh()
  return [log.lastStableOffset, log.logEndOffset]
}

describe('what a dead owner left open', () => {
  it('is aborted by the next writer at once, and no file of it stays; a living one’s is left alone', async () => {
    const living = await begun(systemOs, 'living')
    await killedIn('dead', 'nothing')
    await produce(dir, 'other', 0, 'x')
    expect(await stateOf('dead')).toBe('CompleteAbort')
    expect(await stateOf('living')).toBe('Ongoing')
    await living.commitTransaction()
    await living.close()
    expect(committed()).toBe(7)
    expect(readdirSync(dir).filter((name) => name.startsWith('.tkafka-transaction-'))).toEqual([])
    const [stable, end] = lastStable('a')
    expect(stable).toBe(end)
  })

  it('is ended by repair, once what tells of it is mended', async () => {
    await killedIn('dead', 'nothing')
    const file = readdirSync(dir)
      .filter((name) => name.startsWith('__transaction_state-'))
      .map((name) => join(dir, name, '00000000000000000000.log'))
      .find((log) => statSync(log).size > 0)
    const bytes = readFileSync(file!)
    bytes[20] ^= 1
    writeFileSync(file!, bytes)
    const told: string[] = []
    const directory = open(systemOs, (line) => told.push(line))
    await new LocalRepair(systemOs, directory).repair({ dryRun: false, done: () => {}, left: () => {} })
    expect(told).toEqual([])
    const [end, next] = lastStable('a')
    expect(end).toBe(next)
  })

  it('is completed where it was decided: a killed owner’s PrepareCommit, none of its markers there', async () => {
    // Its offsets came with the first write there, the marker would come with the second.
    let writes = 0
    await killedIn(
      'tx',
      'commit',
      crashingOs((call, path) => {
        return call === 'write' && /__consumer_offsets-\d+.0+.log$/.test(path) && ++writes === 2
      }),
    )
    expect(await stateOf('tx')).toBe('PrepareCommit')
    expect(committed()).toBeUndefined()
    expect(await admin().abortDeadTransactions({ dryRun: true })).toMatchObject([
      { transactionalId: 'tx', state: 'PrepareCommit', end: 'COMMIT' },
    ])
    expect(await stateOf('tx')).toBe('PrepareCommit')
    await produce(dir, 'other', 0, 'x')
    expect(await stateOf('tx')).toBe('CompleteCommit')
    expect(committed()).toBe(7)
  })

  it('is shown and ended by abort-dead, also where the list of open ones is gone', async () => {
    await killedIn('dead', 'nothing')
    rmSync(join(dir, '.tkafka-transactions'))
    expect(await admin().abortDeadTransactions({ dryRun: true })).toMatchObject([
      { transactionalId: 'dead', state: 'Ongoing', end: 'ABORT' },
    ])
    expect(await stateOf('dead')).toBe('Ongoing')
    await admin().abortDeadTransactions({ dryRun: false })
    expect(await stateOf('dead')).toBe('CompleteAbort')
  })

  it('of a broker that was killed stays until its timeout is over (15)', async () => {
    const fixture = unpackFixture('transactions-4.4')
    try {
      dir = fixture.dir
      const before = await admin().listTransactions()
      const ongoing = before.find(({ state }) => state === 'Ongoing')?.transactionalId ?? ''
      const { startTimeMs = 0, timeoutMs } = await admin().describeTransaction(ongoing)
      const at = (ms: number): Os => ({ ...systemOs, clock: { ...systemOs.clock, now: () => ms } })
      for (const [ms, state] of [
        [startTimeMs + timeoutMs - 1, 'Ongoing'],
        [startTimeMs + timeoutMs + 1, 'CompleteAbort'],
      ] as const) {
        const directory = open(at(ms))
        await directory.session(async () => {})
        await directory.close()
        expect(await stateOf(ongoing)).toBe(state)
      }
    } finally {
      fixture.remove()
    }
  })
})

describe('a group that starts', () => {
  it('waits for a living transaction that has offsets of it, and goes on behind them (A9)', async () => {
    const producer = await begun(systemOs, 'tx')
    const directory = open()
    let settled = false
    const waiting = offsetsSettled(systemOs, directory, 'g').then(() => {
      settled = true
    })
    await offsetsSettled(systemOs, directory, 'another group')
    expect(settled).toBe(false)
    await producer.commitTransaction()
    await waiting
    expect(committed()).toBe(7)
    await producer.close()
    await directory.close()
  })
})

describe('log-cleaner', () => {
  it('ends what dead owners left, and forgets ids that nobody used for transactional.id.expiration.ms (15)', async () => {
    const done = await begun(systemOs, 'done')
    await done.commitTransaction()
    await done.close()
    const living = await begun(systemOs, 'living')
    await living.abortTransaction()
    await killedIn('dead', 'nothing')
    const clean = async (now: number) => {
      const os: Os = { ...systemOs, clock: { ...systemOs.clock, now: () => now } }
      const directory = open(os)
      for await (const _ of new LocalCleaning(os, directory).clean({ compaction: false, retention: false }));
      await directory.close()
      return (await admin().listTransactions()).map(({ transactionalId, state }) => [transactionalId, state])
    }
    expect(await clean(Date.now())).toEqual([
      ['dead', 'CompleteAbort'],
      ['done', 'CompleteCommit'],
      ['living', 'CompleteAbort'],
    ])
    expect(await clean(Date.now() + 8 * 86_400_000)).toEqual([['living', 'CompleteAbort']])
    await living.close()
    const again = await begun(systemOs, 'done')
    await again.commitTransaction()
    await again.close()
    expect(await stateOf('done')).toBe('CompleteCommit')
  })
})
