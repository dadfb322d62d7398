/** Records are deleted where the disk has no byte free (11.2), and the process is killed at any step of that. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { UnifiedLog } from '../../src/log/unified-log.ts'
import type { Os } from '../../src/os/os.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { Crash, crashingOs } from '../support/crashing-os.ts'
import { appendUnderLock, batchOf, openLog, readAll, temporaryDir } from '../unit/log/log-helpers.ts'

/** A file's first byte needs a block, and none is free until one that has bytes is emptied or goes. */
function onFullDisk(os: Os): Os {
  let free = 0
  const takes = (path: string) => (systemOs.fs.stat(path)?.size ?? 0) > 0
  const fs: Os['fs'] = {
    ...os.fs,
    write: (fd, ...rest) => {
      const needed = systemOs.fs.fstat(fd).size === 0 ? 1 : 0
      if (needed > free)
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
      free -= needed
      return os.fs.write(fd, ...rest)
    },
    ftruncate: (fd, size) => {
      const frees = size === 0 && systemOs.fs.fstat(fd).size > 0
      os.fs.ftruncate(fd, size)
      if (frees) free++
    },
    unlink: (path) => {
      const frees = takes(path)
      os.fs.unlink(path)
      if (frees) free++
    },
  }
  return { ...os, fs }
}

const RECORDS = Array.from({ length: 8 }, (_, i) => `${i}:v${i}`)

const TIME = Date.now()
const batch = (n: number) =>
  batchOf([{ value: `v${n}`, timestamp: TIME }], { producerId: 7, producerEpoch: 0, baseSequence: n })

/** Eight batches of one producer in two segments of four. */
function filled(indexIntervalBytes: number): { dir: string; changes: object } {
  const dir = temporaryDir()
  const size = batch(0).length
  const changes = { indexIntervalBytes, segmentBytes: 4 * size, fileDeleteDelayMs: 60_000 }
  const log = openLog(dir, { changes })
  for (let i = 0; i < 8; i++) appendUnderLock(log, batch(i))
  log.close()
  return { dir, changes }
}

function deleteBefore(log: UnifiedLog, offset: number): number {
  log.lockSync()
  try {
    return log.deleteRecordsBefore(offset)
  } finally {
    log.unlock()
  }
}

describe.each([
  ['in the middle of the last segment', 6],
  ['where the last segment begins', 4],
  ['in the first segment', 2],
  ['at the end', 8],
])('no byte is free, and records go up to an offset %s', (_, target) => {
  it('they go, and the log goes on', () => {
    const { dir, changes } = filled(1)
    expect(deleteBefore(openLog(dir, { os: onFullDisk(systemOs), changes }), target)).toBe(target)
    const log = openLog(dir, { changes })
    expect(log.logStartOffset).toBe(target)
    expect(readAll(log)).toEqual(RECORDS.slice(target))
    expect(
      log.producers.map(({ producerId, batches }) => [producerId, batches.at(-1)?.lastSequence]),
    ).toEqual([[7, 7]])
    appendUnderLock(log, batch(8))
    expect(readAll(log)).toEqual([...RECORDS.slice(target), '8:v8'])
  })

  it('killed at any step: what is left is the end of the log, and the same command does the rest', () => {
    for (let at = 0, done = false; !done; at++) {
      const { dir, changes } = filled(1)
      const { os, kill, killed } = crashingOs(at)
      try {
        deleteBefore(openLog(dir, { os: onFullDisk(os), changes }), target)
      } catch (error) {
        if (!killed()) throw error
        expect(error).toBeInstanceOf(Crash)
      }
      done = !killed()
      kill()
      const reader = openLog(dir, { readOnly: true, changes })
      expect(RECORDS, `step ${at}`).toEqual([
        ...RECORDS.slice(0, 8 - readAll(reader).length),
        ...readAll(reader),
      ])
      expect(reader.logStartOffset).toBeLessThanOrEqual(target)
      const log = openLog(dir, { changes })
      expect(deleteBefore(log, target)).toBe(target)
      expect(readAll(log), `step ${at}`).toEqual(RECORDS.slice(target))
      appendUnderLock(log, batchOf(['v8']))
      expect(readAll(log)).toEqual([...RECORDS.slice(target), '8:v8'])
    }
  })
})

it('where nothing can make room the message names the full disk and the way out, and nothing is changed', () => {
  const { dir, changes } = filled(1 << 20)
  const names = readdirSync(join(dir, 't-0'))
  const log = openLog(dir, { os: onFullDisk(systemOs), changes })
  expect(() => deleteBefore(log, 2)).toThrow(
    /t-0: no space left on the disk to note that it begins at offset 2, and no segment lies wholly below that; delete up to the end \(offset -1\), delete a topic, or free space elsewhere$/,
  )
  expect(readdirSync(join(dir, 't-0'))).toEqual(names)
  expect(readAll(openLog(dir, { changes }))).toEqual(RECORDS)
  expect(deleteBefore(log, -1)).toBe(8)
  expect(readAll(openLog(dir, { changes }))).toEqual([])
})
