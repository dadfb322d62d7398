import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ProducerStop } from '../../../src/local/producer/producer-stop.ts'
import { PartitionLock, withLock, withPartitionLock } from '../../../src/log/partition-lock.ts'
import type { Os } from '../../../src/os/os.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { temporaryDir } from './log-helpers.ts'

function partitionFolder(): string {
  const dir = join(temporaryDir(), 't-0')
  mkdirSync(dir)
  return dir
}

describe('withLock (issue 12, "one way to hold")', () => {
  it('gives the lock back in the very turn in which work without a promise ends', async () => {
    const lock = new PartitionLock(systemOs, partitionFolder())
    const held: boolean[] = []
    const work = withLock(lock, () => {
      held.push(lock.held)
      queueMicrotask(() => held.push(lock.held))
      return 7
    })
    expect(await work).toBe(7)
    expect(held).toEqual([true, false])
    lock.close()
  })

  it('holds the lock until a promise is settled, and gives it back when that fails', async () => {
    const lock = new PartitionLock(systemOs, partitionFolder())
    const held: boolean[] = []
    const work = withLock(lock, async () => {
      await Promise.resolve()
      held.push(lock.held)
      throw new Error('the disk failed')
    })
    await expect(work).rejects.toThrow('the disk failed')
    expect([...held, lock.held]).toEqual([true, false])
    lock.close()
  })

  it('lets others take a folder lock after work that failed', async () => {
    const dir = partitionFolder()
    const failing = withPartitionLock(systemOs, dir, () => {
      throw new Error('no space left')
    })
    await expect(failing).rejects.toThrow('no space left')
    const other = new PartitionLock(systemOs, dir)
    expect(other.tryLock()).toBe(true)
    other.close()
  })
})

describe('a lock file that cannot be opened', () => {
  /** Whose first open fails as if nothing were there. */
  function failingOnce(): Os {
    let failed = false
    const fs = Object.create(systemOs.fs, {
      open: {
        value: (...args: Parameters<typeof systemOs.fs.open>) => {
          if (failed) return systemOs.fs.open(...args)
          failed = true
          throw Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', syscall: 'open' })
        },
      },
    })
    return { ...systemOs, fs }
  }

  it('in a folder that is there is a disk that fails, behind which a producer writes nothing (A6)', () => {
    const lock = new PartitionLock(failingOnce(), partitionFolder())
    const locking = () => lock.tryLock()
    expect(locking).toThrow('ENOENT: no such file')
    expect(locking()).toBe(true)
    lock.close()
    const stop = new ProducerStop('t', 1)
    stop.failed(0, Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' }))
    expect(() => stop.refuse(0)).toThrow('t-0: this producer lost a record there')
  })

  it('in a folder that is gone is a topic that was deleted', () => {
    const lock = new PartitionLock(systemOs, join(temporaryDir(), 'gone-0'))
    expect(() => lock.tryLock()).toThrow("the partition's folder is gone")
  })
})
