import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openLocal } from '../../../../src/index.ts'
import { reportDirectory } from '../../../../src/local/admin/directory-report.ts'
import { inspectDataDir } from '../../../../src/local/directory/data-dir.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import { unpackCase } from '../../../support/cases.ts'
import { unpackFixture } from '../../../support/fixtures.ts'
import { findings, values as read } from '../../../support/library.ts'

const values = (dir: string, topic: string, warn?: (line: string) => void) =>
  read(dir, topic, { ...(warn && { warn }), onElsewhere: () => {} })

async function send(dir: string, topic: string): Promise<void> {
  const producer = await openLocal(dir).producer()
  try {
    await producer.send({ topic, value: 'x' })
  } finally {
    await producer.close()
  }
}

const kinds = async (dir: string) => (await findings(dir)).map(({ kind }) => kind)

const LOST = {
  missing: (dir: string) => rmSync(join(dir, 'meta.properties')),
  empty: (dir: string) => writeFileSync(join(dir, 'meta.properties'), ' \n'),
}

describe.each(Object.entries(LOST))('meta.properties is %s (issue 13, 3)', (_, lose) => {
  it.each([
    ['groups-4.4', 'payments-inbox'],
    ['zookeeper-3.9', 'payments-a'],
  ])('the records of %s are read with one line, and nothing is written', async (fixture, topic) => {
    const { dir } = unpackFixture(fixture)
    const before = await values(dir, topic)
    lose(dir)
    const lines: string[] = []
    expect(await values(dir, topic, (line) => lines.push(line))).toEqual(before)
    expect(before.length).toBeGreaterThan(0)
    expect(lines).toEqual([`${dir}: meta.properties is missing or empty: what is here is only read`])
    await expect(send(dir, topic)).rejects.toThrow('so tkafka only reads: bring it back from a copy')
    expect(await kinds(dir)).toEqual(['no-meta-properties'])
    const report = await reportDirectory(systemOs, { path: dir, why: '--data-dir' })
    expect(report.kind).toBe('nameless')
    expect(report.problems).toEqual(lines)
  })

  it('of several log.dirs topics are told by their folders', async () => {
    const dir = join(unpackCase('jbod-two-log-dirs'), 'd1')
    lose(dir)
    expect(await values(dir, 'jb')).toHaveLength(20)
  })

  it('a directory that tkafka made is not begun anew over its topics', async () => {
    const { dir } = unpackFixture('empty')
    writeFileSync(join(dir, '.tkafka'), '')
    await send(dir, 'kept')
    const metadata = join(dir, '__cluster_metadata-0/00000000000000000000.log')
    const bytes = readFileSync(metadata)
    lose(dir)
    await expect(send(dir, 'kept')).rejects.toThrow('meta.properties is missing or empty')
    expect(readFileSync(metadata).equals(bytes)).toBe(true)
    expect(await values(dir, 'kept')).toEqual(['x'])
  })
})

it('what a killed maker left, and folders of somebody else, are no log directory without a name', () => {
  const { dir } = unpackFixture('empty')
  rmSync(join(dir, 'meta.properties'))
  writeFileSync(join(dir, '.tkafka'), '')
  expect(inspectDataDir(systemOs, dir).kind).toBe('unfinished')
  const photos = join(dir, 'photos')
  mkdirSync(join(photos, 'holiday-2019'), { recursive: true })
  writeFileSync(join(photos, 'holiday-2019/server.log'), 'x')
  expect(() => inspectDataDir(systemOs, photos)).toThrow(
    'not a Kafka log directory (it has no meta.properties',
  )
  expect(existsSync(join(photos, 'meta.properties'))).toBe(false)
})
