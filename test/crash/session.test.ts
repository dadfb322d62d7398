import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { LogDirSession } from '../../src/local/directory/log-dir-session.ts'
import { readOpenPartitions } from '../../src/local/directory/open-partitions.ts'
import type { Os } from '../../src/os/os.ts'
import { osWithLockFiles, systemOs } from '../../src/os/system-os.ts'
import { crashingOs } from '../support/crashing-os.ts'
import {
  dirty,
  EPOCH,
  ModelWork,
  makeModelDir,
  marker,
  RIGHT_MARKER,
  touch,
} from '../support/session-model.ts'

const dirs: string[] = []
function modelDir(): string {
  const dir = makeModelDir()
  dirs.push(dir)
  return dir
}
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true })
})

async function produce(os: Os, dir: string, ...names: string[]): Promise<void> {
  const session = new LogDirSession(os, dir, new ModelWork(dir))
  await session.enter()
  for (const name of names) {
    session.writing(name)
    touch(dir, name)
  }
  await session.leave()
}

/** What must hold at every moment, whoever was killed. */
function expectSafe(dir: string): void {
  if (marker(dir) !== undefined) expect(dirty(dir), 'open partitions beside a clean marker').toEqual([])
  else {
    const list = readOpenPartitions(systemOs, dir)
    if (list !== undefined) expect([...list.names]).toEqual(expect.arrayContaining(dirty(dir)))
  }
}

async function reopen(dir: string): Promise<ModelWork> {
  const work = new ModelWork(dir)
  const session = new LogDirSession(systemOs, dir, work)
  await session.enter()
  await session.leave()
  expect(marker(dir)).toBe(RIGHT_MARKER)
  expect(dirty(dir)).toEqual([])
  return work
}

async function crashEverywhere(prepare: (dir: string) => Promise<void>, wholeChecks: number): Promise<void> {
  for (let crashAt = 0; ; crashAt++) {
    const dir = modelDir()
    await prepare(dir)
    const { os, killed } = crashingOs(crashAt)
    const died = await produce(os, dir, 'a-0', 'b-1').then(
      () => false,
      (error) => {
        if (!killed()) throw error
        return true
      },
    )
    expectSafe(dir)
    const work = await reopen(dir)
    expect(work.checkedWhole, `whole checks after step ${crashAt}`).toBeLessThanOrEqual(wholeChecks)
    if (!died) {
      expect(crashAt).toBeGreaterThan(3)
      return
    }
  }
}

describe('a writer killed before any step of entering, writing and leaving', () => {
  it('leaves a clean directory that the next one closes without checking all of it', () =>
    crashEverywhere(async () => {}, 0))

  it('leaves the same where another one had been killed before', () =>
    crashEverywhere(async (dir) => {
      const { os, kill } = crashingOs(Number.POSITIVE_INFINITY)
      const session = new LogDirSession(os, dir, new ModelWork(dir))
      await session.enter()
      session.writing('killed-0')
      touch(dir, 'killed-0')
      kill()
    }, 0))

  it('leaves the same where a broker had been killed before, at the cost of one more whole check', () =>
    crashEverywhere(async (dir) => {
      rmSync(join(dir, '.kafka_cleanshutdown'))
      touch(dir, 'broker-0')
    }, 1))

  it('leaves the same where the marker names a broker epoch of long ago', () =>
    crashEverywhere(async (dir) => {
      writeFileSync(join(dir, '.kafka_cleanshutdown'), '{"version":0,"brokerEpoch":7}')
    }, 0))
})

describe('what a killed writer left', () => {
  it('is not trusted after the machine was started anew', async () => {
    const dir = modelDir()
    const { os, kill } = crashingOs(Number.POSITIVE_INFINITY)
    const session = new LogDirSession({ ...os, bootId: () => 'yesterday' }, dir, new ModelWork(dir))
    await session.enter()
    session.writing('a-0')
    touch(dir, 'a-0')
    kill()
    expect((await reopen(dir)).checkedWhole).toBe(1)
  })

  it('is not trusted when a broker has registered since', async () => {
    const dir = modelDir()
    const { os, kill } = crashingOs(Number.POSITIVE_INFINITY)
    const old = new ModelWork(dir)
    old.epoch = EPOCH - 1
    const session = new LogDirSession(os, dir, old)
    await session.enter()
    session.writing('a-0')
    kill()
    touch(dir, 'written-by-the-broker-0')
    expect((await reopen(dir)).checkedWhole).toBe(1)
  })

  it('is closed by one who only came for the metadata', async () => {
    const dir = modelDir()
    const { os, kill } = crashingOs(Number.POSITIVE_INFINITY)
    const session = new LogDirSession(os, dir, new ModelWork(dir))
    await session.enter()
    session.writing('a-0')
    touch(dir, 'a-0')
    kill()
    expect((await reopen(dir)).closedByUs).toEqual(['a-0'])
  })
})

describe('a directory found unclean with damage in the middle of a log', () => {
  it('stays unclean, without a second whole check, until the damage is repaired', async () => {
    const dir = modelDir()
    rmSync(join(dir, '.kafka_cleanshutdown'))
    const work = new ModelWork(dir)
    work.damaged.add('hurt-0')
    const visit = async () => {
      const session = new LogDirSession(systemOs, dir, work)
      await session.enter()
      session.writing('sound-0')
      await session.leave()
    }
    await visit()
    expect(marker(dir)).toBeUndefined()
    await visit()
    expect(marker(dir)).toBeUndefined()
    expect(work.checkedWhole).toBe(1)
    expect(work.closedByUs).not.toContain('!hurt-0')
    work.damaged.clear()
    await visit()
    expect(marker(dir)).toMatch(/"brokerEpoch"/)
  })
})

describe('on a disk with no byte free', () => {
  function fullDisk(from: { full: boolean }): Os {
    const write: Os['fs']['write'] = (...args) => {
      if (from.full) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
      return systemOs.fs.write(...args)
    }
    return { ...systemOs, fs: { ...systemOs.fs, write } }
  }

  it('a writer gets in and out, and the directory is checked whole afterwards', async () => {
    const dir = modelDir()
    await produce(fullDisk({ full: true }), dir, 'a-0')
    expect(marker(dir)).toBeUndefined()
    expect(readOpenPartitions(systemOs, dir)).toBeUndefined()
    expect((await reopen(dir)).checkedWhole).toBe(1)
  })

  it('a writer that could not list its partition makes the list of all others worthless', async () => {
    const dir = modelDir()
    const first = new LogDirSession(systemOs, dir, new ModelWork(dir))
    await first.enter()
    first.writing('a-0')
    touch(dir, 'a-0')
    await produce(fullDisk({ full: true }), dir, 'b-0')
    expect(dirty(dir)).toEqual(['a-0', 'b-0'])
    await first.leave()
    expect(marker(dir)).toBeUndefined()
    expect((await reopen(dir)).checkedWhole).toBe(1)
  })
})

describe('several writers', () => {
  it('keep the marker away until the last one is out, who closes what the others wrote', async () => {
    const dir = modelDir()
    const works = [new ModelWork(dir), new ModelWork(dir)]
    const [a, b] = works.map((work) => new LogDirSession(systemOs, dir, work))
    await Promise.all([a.enter(), b.enter()])
    a.writing('a-0')
    touch(dir, 'a-0')
    expect(marker(dir)).toBeUndefined()
    await a.leave()
    expect(marker(dir)).toBeUndefined()
    await b.leave()
    expect(works[1].closedByUs).toEqual(['a-0'])
    expect(marker(dir)).toBe(RIGHT_MARKER)
  })

  it('cost no fsync but one of the folder when nobody else wrote', async () => {
    const dir = modelDir()
    const syncs: string[] = []
    const fs = {
      ...systemOs.fs,
      fsync: () => syncs.push('fsync'),
      fdatasync: () => syncs.push('fdatasync'),
      fsyncDir: () => syncs.push('fsyncDir'),
    }
    await produce({ ...systemOs, fs }, dir, 'a-0', 'b-0')
    expect(syncs).toEqual(['fsyncDir'])
    expect(marker(dir)).toBe(RIGHT_MARKER)
  })

  it('leave the marker alone when they only change the metadata', async () => {
    const dir = modelDir()
    const session = new LogDirSession(systemOs, dir, new ModelWork(dir))
    await session.enter()
    expect(marker(dir)).toBe(RIGHT_MARKER)
    await session.leave()
    expect(marker(dir)).toBe(RIGHT_MARKER)
  })

  it('follow a .lock that a stopping broker deleted under them', async () => {
    const dir = modelDir()
    const session = new LogDirSession(systemOs, dir, new ModelWork(dir))
    await session.enter()
    rmSync(join(dir, '.lock'))
    session.writing('a-0')
    const fd = systemOs.fs.open(join(dir, '.lock'), 'a+')
    expect(systemOs.locks.tryLock(fd, 'exclusive')).toBe(false)
    systemOs.fs.close(fd)
    await session.leave()
    expect(marker(dir)).toBe(RIGHT_MARKER)
  })

  it('are refused, once and for all calls, when a broker took the new .lock', async () => {
    const dir = modelDir()
    const session = new LogDirSession(systemOs, dir, new ModelWork(dir))
    await session.enter()
    rmSync(join(dir, '.lock'))
    const fd = systemOs.fs.open(join(dir, '.lock'), 'a+')
    systemOs.locks.tryLock(fd, 'exclusive')
    expect(() => session.writing('a-0')).toThrow(/is running on this directory/)
    expect(() => session.writing('a-0')).toThrow(/is running on this directory/)
    systemOs.fs.close(fd)
    await session.leave()
  })
})

describe('a writer with lock files in place of kernel locks', () => {
  it('keeps out one with kernel locks while it is in, and leaves a clean directory', async () => {
    const dir = modelDir()
    const session = new LogDirSession(osWithLockFiles(), dir, new ModelWork(dir))
    await session.enter()
    session.writing('a-0')
    touch(dir, 'a-0')
    const native = new LogDirSession(systemOs, dir, new ModelWork(dir))
    await expect(native.enter()).rejects.toThrow(/TKAFKA_FALLBACK_LOCKS/)
    await session.leave()
    expect(marker(dir)).toBe(RIGHT_MARKER)
    await native.enter()
    await native.leave()
  })
})
