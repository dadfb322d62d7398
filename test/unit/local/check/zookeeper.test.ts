import { readdirSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readIndexBytes } from '../../../../src/local/check/index-bytes.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import { unpackCase } from '../../../support/cases.ts'
import { findings } from '../../../support/library.ts'

it('before Kafka 2.8 no folder says whose it is: check finds nothing wrong (E4)', async () => {
  expect(await findings(unpackCase('zookeeper-0.11'))).toEqual([])
})

it('of an index of 10 MB of zeros nothing is kept, and it is no fault beside an unclean end (E4)', async () => {
  const dir = unpackCase('transactions-cut')
  rmSync(join(dir, '.kafka_cleanshutdown'))
  const folder = join(dir, 't1-0')
  for (const name of readdirSync(folder)) {
    if (/\.(time)?index$/.test(name)) truncateSync(join(folder, name), 10485756)
  }
  const index = join(folder, '00000000000000000000.index')
  const read = readIndexBytes(systemOs.fs, index, 8)
  expect(read?.size).toBe(10485756)
  expect(read?.bytes.length).toBeLessThanOrEqual(8)
  const kinds = (await findings(dir)).filter(({ topic }) => topic === 't1').map(({ kind }) => kind)
  expect(kinds).toEqual([])
})
