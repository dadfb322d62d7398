import { afterEach, describe, expect, it } from 'vitest'
import type { FileLocks, LockHolder } from '../../../src/os/file-lock.ts'
import {
  describeHolder,
  interruptLockWaits,
  LockBusyError,
  LockWaitError,
  LockWaits,
  waitForLock,
  whenFree,
} from '../../../src/os/lock-wait.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const PATH = '/data/.tkafka-gate'
const stopped: LockHolder = {
  pid: 4711,
  exclusive: true,
  processLock: false,
  command: 'node tkafka console-consumer --group g',
  stopped: true,
}

function machine(holders: LockHolder[] = [stopped]) {
  const clock = new FakeClock()
  const said: string[] = []
  const waits = new LockWaits((line) => said.push(line))
  const locks: FileLocks = {
    kind: 'kernel',
    tryLock: () => false,
    unlock: () => {},
    holders: () => holders,
  }
  return { os: { clock, locks, waits }, clock, waits, said }
}

/** Free after so many ms. */
const freeAfter = (clock: FakeClock, ms: number) => () => clock.elapsed >= ms

afterEach(() => interruptLockWaits(undefined))

describe('a wait with a limit', () => {
  const limited = (ms: number) => {
    const made = machine()
    made.waits.limit = { ms, by: `--timeout ${ms}` }
    return made
  }

  it('ends when the time is over, and names holder, flag and value (issue 11, waiting)', async () => {
    const { os, clock, said } = limited(1500)
    const waiting = waitForLock(os, PATH, () => false)
    await expect(waiting).rejects.toThrow(
      `${PATH}: gave up waiting for process 4711 (node tkafka console-consumer --group g), ` +
        'stopped (kill -CONT 4711 lets it go on), which holds this lock; the time given is over (--timeout 1500)',
    )
    await expect(waiting).rejects.toBeInstanceOf(LockWaitError)
    expect(clock.elapsed).toBe(1500)
    expect(said).toEqual([])
  })

  it('shares it among locks in a row, and has it anew once something got done (issue 11, waiting)', async () => {
    const { os, clock, waits } = limited(1000)
    await waitForLock(os, PATH, freeAfter(clock, 600))
    await expect(waitForLock(os, PATH, () => false)).rejects.toThrow('--timeout 1000')
    expect(clock.elapsed).toBe(1000)
    await expect(waitForLock(os, PATH, () => false)).rejects.toThrow('--timeout 1000')
    expect(clock.elapsed).toBe(1000)
    waits.progressed()
    await waitForLock(os, PATH, freeAfter(clock, 1900))
  })

  it('counts waits side by side once (issue 11, waiting)', async () => {
    const { os, clock } = limited(1000)
    await Promise.all([1, 2, 3].map(() => waitForLock(os, PATH, freeAfter(clock, 600))))
    await waitForLock(os, PATH, freeAfter(clock, 900))
  })

  it('of 0 ms takes what is free, and waits for nothing (issue 11, waiting)', async () => {
    const { os, clock } = limited(0)
    await waitForLock(os, PATH, () => true)
    await expect(waitForLock(os, PATH, () => false)).rejects.toBeInstanceOf(LockWaitError)
    expect(clock.elapsed).toBe(0)
  })
})

describe('waiting for a lock', () => {
  it('is silent for two seconds (B3)', async () => {
    const { os, clock, said } = machine()
    await waitForLock(os, PATH, freeAfter(clock, 1990))
    expect(said).toEqual([])
    expect(clock.elapsed).toBeLessThan(2020)
  })

  it('then says for whom, once, with pid, command and the way out (B3)', async () => {
    const { os, clock, said } = machine()
    await waitForLock(os, PATH, freeAfter(clock, 60_000))
    await waitForLock(os, '/data/t-0/.tkafka-lock', freeAfter(clock, 120_000))
    expect(said).toEqual([
      `${PATH}: waiting for process 4711 (node tkafka console-consumer --group g), ` +
        'stopped (kill -CONT 4711 lets it go on), which holds this lock',
    ])
  })

  it('says so also when nobody is to be seen (B3)', async () => {
    const { os, clock, said } = machine([])
    await waitForLock(os, PATH, freeAfter(clock, 60_000))
    expect(said).toHaveLength(1)
    expect(said[0]).toContain('another process (of another user or container')
  })

  it('names another process rather than this one, which may hold a shared lock itself', async () => {
    const self = { ...stopped, pid: process.pid }
    const { os, clock, said } = machine([self, { ...stopped, pid: 7, stopped: false }])
    await waitForLock(os, PATH, freeAfter(clock, 5000))
    expect(said[0]).toContain('waiting for process 7 (')
  })

  it('goes by time that passes, not by a wall clock that is set back a day (B5)', async () => {
    const { os, clock, said } = machine()
    await waitForLock(os, PATH, () => {
      if (clock.elapsed > 500) clock.setWall(1_600_000_000_000 - 86_400_000)
      return clock.elapsed >= 2100
    })
    expect(said).toHaveLength(1)
  })

  it('costs one try when the lock is free', async () => {
    const { os, clock } = machine()
    let tries = 0
    await waitForLock(os, PATH, () => ++tries > 0)
    expect([tries, clock.elapsed]).toEqual([1, 0])
  })

  it('ends when its client is closed; a lock that is free can be had all the same', async () => {
    const { os, waits } = machine()
    waits.end()
    await expect(waitForLock(os, PATH, () => false)).rejects.toThrow(/gave up waiting for process 4711/)
    await waitForLock(os, PATH, () => true)
  })

  it('outlives a signal for as long as a lock in good hands takes, and no longer (B2)', async () => {
    const { os, clock } = machine()
    const stuck: Error[] = []
    interruptLockWaits((error) => stuck.push(error))
    await waitForLock(os, PATH, freeAfter(clock, 200))
    expect(stuck).toEqual([])
    clock.pass(1000)
    const began = clock.elapsed
    await expect(waitForLock(os, PATH, () => false)).rejects.toThrow(LockWaitError)
    expect(clock.elapsed - began).toBeLessThan(350)
    expect(stuck).toHaveLength(1)
  })

  it('that has lasted two seconds ends at the signal itself (B2)', async () => {
    const { os, clock } = machine()
    const began = clock.elapsed
    await expect(
      waitForLock(os, PATH, () => {
        if (clock.elapsed >= 5000) interruptLockWaits(() => {})
        return false
      }),
    ).rejects.toThrow(LockWaitError)
    expect(clock.elapsed - began).toBeLessThan(5050)
  })
})

describe('a call that cannot wait', () => {
  it('is made again when the lock is free', async () => {
    let held = 2
    const result = await whenFree(() => {
      if (held > 0)
        throw new LockBusyError(PATH, async () => {
          held--
        })
      return 'done'
    })
    expect([result, held]).toEqual(['done', 0])
  })

  it('passes other errors on', async () => {
    await expect(
      whenFree(() => {
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
  })
})

describe('a holder in words', () => {
  it('is one plain line, whatever its command line holds', () => {
    const command = `evil\n\u001b[31m${'x'.repeat(500)}`
    const text = describeHolder({ pid: 3, command })
    expect(text).toMatch(/^process 3 \(evil \[31mx+\.\.\.\)$/)
    expect(text.length).toBeLessThan(150)
  })
})
