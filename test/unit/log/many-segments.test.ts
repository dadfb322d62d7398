import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appendUnderLock, batchOf, openLog, readAll, temporaryDir } from './log-helpers.ts'

/** Descriptors of this process that name a file in the folder. */
function openFilesIn(dir: string): number {
  let count = 0
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(join('/proc/self/fd', fd)).startsWith(dir)) count++
    } catch {
      // Closed meanwhile: the listing's own.
    }
  }
  return count
}

describe.skipIf(process.platform !== 'linux')('a log that is written into many segments (E5)', () => {
  it('holds open no files of those that were rolled, nor when it was closed as a broker does', () => {
    const dir = temporaryDir()
    const log = openLog(dir, { changes: { segmentBytes: 100 } })
    for (let i = 0; i < 60; i++) appendUnderLock(log, batchOf([`value ${i}`]))
    expect(readdirSync(join(dir, 't-0')).filter((name) => name.endsWith('.log'))).toHaveLength(60)
    expect(openFilesIn(join(dir, 't-0'))).toBeLessThan(12)
    log.flush()
    log.lockSync()
    log.closeAsBroker()
    expect(openFilesIn(join(dir, 't-0'))).toBeLessThan(12)
    log.unlock()
    expect(readAll(log)).toHaveLength(60)
  })
})
