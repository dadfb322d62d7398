import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { readIndexBytes } from '../../../../src/local/check/index-bytes.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import { unpackCase } from '../../../support/cases.ts'
import { findings, withAdmin } from '../../../support/library.ts'

it('before Kafka 2.8 no folder says whose it is: check finds nothing wrong (E4)', async () => {
  expect(await findings(unpackCase('zookeeper-0.11'))).toEqual([])
})

it('no hint names a command that is refused there, and repair says so before it looks like work (issue 13, 3)', async () => {
  const dir = unpackCase('zookeeper-0.11')
  const log = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .find((name) => name.endsWith('.log') && statSync(name).size > 70)
  const bytes = readFileSync(log ?? '')
  bytes[65] ^= 1
  writeFileSync(log ?? '', bytes)
  const found = await findings(dirname(dirname(log ?? '')))
  expect(found.map(({ kind }) => kind)).toEqual(['bad-batch'])
  expect(found[0].mend).toMatch(/^bring it back from a copy; a broker of its own Kafka recovers what it can/)
  const dryRun = { dryRun: true, done: () => {}, left: () => {} }
  await expect(withAdmin(dirname(dirname(log ?? '')), (admin) => admin.repair(dryRun))).rejects.toThrow(
    'so tkafka only reads it',
  )
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
