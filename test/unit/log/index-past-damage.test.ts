import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { rebuildIndexes } from '../../../src/log/log-repair.ts'
import { LogSegment } from '../../../src/log/segment/log-segment.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import * as header from '../../../src/record/batch-header.ts'
import { appendUnderLock, batchOf, openLog, temporaryDir } from './log-helpers.ts'

it.each([
  ['magic', header.MAGIC_POSITION],
  ['size', header.LENGTH_POSITION],
])('indexes that are made anew go on behind a batch with a wrong %s (second wave)', (_what, at) => {
  const dir = temporaryDir()
  const log = openLog(dir)
  const sizes = [1, 2, 3, 4, 5].map((n) => {
    const batch = batchOf([{ value: `v${n}`, timestamp: 1000 + n }])
    appendUnderLock(log, batch)
    return batch.length
  })
  log.close()
  const path = join(dir, 't-0', '00000000000000000000.log')
  const bytes = readFileSync(path)
  bytes[sizes[0] + at] ^= 0x40
  writeFileSync(path, bytes)
  const segment = new LogSegment(systemOs.fs, join(dir, 't-0'), 0)
  rebuildIndexes(segment, bytes.length, 1, true)
  expect(segment.offsetIndex.lastEntry()).toEqual({ offset: 4, position: bytes.length - sizes[4] })
  expect(segment.timeIndex.lastEntry()).toEqual({ timestamp: 1005, offset: 4 })
  segment.close()
})
