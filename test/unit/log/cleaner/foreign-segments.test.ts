import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LogSurvey } from '../../../../src/log/cleaner/cleaner-survey.ts'
import { LogDirCheckpoints } from '../../../../src/log/log-dir-checkpoints.ts'
import { unsyncedOs } from '../../../support/clean-log.ts'
import { appendUnderLock, batchOf, openLog, temporaryDir } from '../log-helpers.ts'

describe('what is no file in the place of a .log (11.6)', () => {
  it.each([
    ['a link to nowhere', (file: string) => symlinkSync('/nowhere/at/all', file), /link that leads nowhere/],
    ['a folder', (file: string) => mkdirSync(file), /a folder stands where a file should be/],
  ])('%s is no segment that somebody deleted: retention takes nothing around it', (_t, plant, told) => {
    const dir = temporaryDir()
    const log = openLog(dir, { os: unsyncedOs })
    for (const value of ['1', '2', '3', '4']) {
      appendUnderLock(log, batchOf([value]))
      log.lockSync()
      log.roll()
      log.unlock()
    }
    const file = join(log.dir, '00000000000000000001.log')
    rmSync(file)
    plant(file)
    log.close()
    const checkpoints = new LogDirCheckpoints(unsyncedOs, dir)
    expect(() => new LogSurvey(unsyncedOs, log.dir, checkpoints, 't-0', log.config, 5000)).toThrow(told)
    expect(() => openLog(dir, { os: unsyncedOs }).scanSegments()).toThrow(told)
  })
})
