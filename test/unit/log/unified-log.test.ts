import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FileSystem } from '../../../src/os/file-system.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { appendUnderLock, batchOf, openLog, readAll, temporaryDir } from './log-helpers.ts'

describe('UnifiedLog', () => {
  it('appends and reads back, in one process and by another instance', () => {
    const dir = temporaryDir()
    const log = openLog(dir)
    const info = appendUnderLock(log, batchOf(['a', 'b']), batchOf(['c']))
    expect(info).toMatchObject({ firstOffset: 0, lastOffset: 2, batches: 2, duplicate: false })
    expect(readAll(log)).toEqual(['0:a', '1:b', '2:c'])
    const reader = openLog(dir, { readOnly: true })
    expect(reader.logEndOffset).toBe(3)
    expect(readAll(reader)).toEqual(['0:a', '1:b', '2:c'])
    appendUnderLock(log, batchOf(['d']))
    expect(readAll(reader, 3)).toEqual(['3:d'])
  })

  it('makes a folder that a broker accepts: partition.metadata, indexes, leader epochs', () => {
    const dir = temporaryDir()
    const log = openLog(dir, { leaderEpoch: 4 })
    appendUnderLock(log, batchOf(['a']))
    const folder = join(dir, 't-0')
    expect(readdirSync(folder).sort()).toEqual([
      '.tkafka-lock',
      '00000000000000000000.index',
      '00000000000000000000.log',
      '00000000000000000000.timeindex',
      'leader-epoch-checkpoint',
      'partition.metadata',
    ])
    expect(readFileSync(join(folder, 'leader-epoch-checkpoint'), 'utf8')).toBe('0\n1\n4 0\n')
    expect(statSync(join(folder, '00000000000000000000.index')).size).toBe(0)
  })
})

describe('a reader that goes through many segments', () => {
  it('holds descriptors of the one that it reads and of the newest, not of all behind it', () => {
    const open = new Map<number, string>()
    const fs: FileSystem = {
      ...systemOs.fs,
      open: (path, flags, ...rest) => {
        const fd = systemOs.fs.open(path, flags, ...rest)
        open.set(fd, path)
        return fd
      },
      close: (fd) => {
        open.delete(fd)
        systemOs.fs.close(fd)
      },
    }
    const dir = temporaryDir()
    const writer = openLog(dir)
    writer.lockSync()
    for (let n = 0; n < 40; n++) {
      const batch = batchOf([`value ${n}`])
      writer.append(batch, 0, batch.length)
      writer.roll()
    }
    writer.unlock()
    const log = openLog(dir, { os: { ...systemOs, fs }, readOnly: true })
    let most = 0
    let records = 0
    for (let next = 0; next < log.logEndOffset; ) {
      const { nextOffset } = log.read(next, 1 << 20)
      records += nextOffset - next
      next = nextOffset
      most = Math.max(most, open.size)
    }
    expect(records).toBe(40)
    expect(most).toBeLessThan(12)
    expect(most).toBeGreaterThan(0)
  })
})
