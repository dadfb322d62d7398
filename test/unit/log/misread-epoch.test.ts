import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Os } from '../../../src/os/os.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import * as header from '../../../src/record/batch-header.ts'
import { appendUnderLock, batchOf, openLog, readAll, temporaryDir } from './log-helpers.ts'

const EPOCH = header.PARTITION_LEADER_EPOCH_POSITION

/** Read number `at` of the `.log` that has the epoch of the batch at `position` gives another one. */
function misreading(position: number, at: number): { os: Os; reads: () => number } {
  const logs = new Set<number>()
  let reads = 0
  const fs: Os['fs'] = {
    ...systemOs.fs,
    open: (path, ...rest) => {
      const fd = systemOs.fs.open(path, ...rest)
      if (path.endsWith('.log')) logs.add(fd)
      else logs.delete(fd)
      return fd
    },
    read: (fd, buffer, offset, length, from) => {
      const got = systemOs.fs.read(fd, buffer, offset, length, from)
      const epochAt = position + EPOCH + 3 - (from ?? 0)
      if (logs.has(fd) && epochAt >= 0 && epochAt < got && reads++ === at) buffer[offset + epochAt] ^= 4
      return got
    },
  }
  return { os: { ...systemOs, fs }, reads: () => reads }
}

const epochs = (dir: string) => readFileSync(join(dir, 't-0', 'leader-epoch-checkpoint'), 'utf8')

/** Two records in two batches; then one more through a log whose reads go wrong. Returns what the checkpoint says behind it. */
function story(at: number): { said: string; reads: number; failed: boolean; dir: string } {
  const dir = temporaryDir()
  const before = openLog(dir)
  const first = batchOf(['one'])
  appendUnderLock(before, first)
  appendUnderLock(before, batchOf(['two']))
  before.close()
  const { os, reads } = misreading(first.length, at)
  const log = openLog(dir, { os })
  let failed = false
  try {
    appendUnderLock(log, batchOf(['three']))
  } catch (error) {
    expect((error as Error).message).toMatch(/read differently each time/)
    failed = true
  }
  log.close()
  return { said: epochs(dir), reads: reads(), failed, dir }
}

describe('a leader epoch, which no checksum covers (A1)', () => {
  it('that was misread once when a writer looked at the log does not get into the checkpoint; the next append works', () => {
    const { reads } = story(Number.POSITIVE_INFINITY)
    expect(reads).toBeGreaterThan(0)
    let refused = 0
    for (let at = 0; at < reads; at++) {
      const { said, failed, dir } = story(at)
      expect(said).toBe('0\n1\n0 0\n')
      if (failed) refused++
      const log = openLog(dir)
      appendUnderLock(log, batchOf(['next']))
      log.close()
      expect(epochs(dir)).toBe('0\n1\n0 0\n')
      expect(readAll(openLog(dir))).toHaveLength(failed ? 3 : 4)
    }
    expect(refused).toBeGreaterThan(0)
  })
})
