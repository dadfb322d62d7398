import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RepairStep } from '../../../../src/client/admin/check-admin.ts'
import { openLocal } from '../../../../src/index.ts'
import { explained } from '../../../../src/local/directory/data-dir.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { type LogDirs, locateLogDirs } from '../../../../src/local/directory/log-dirs.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import { unpackCase } from '../../../support/cases.ts'
import { findings, values, withAdmin } from '../../../support/library.ts'

interface Pair {
  readonly dir: string
  readonly d1: string
  readonly d2: string
  readonly both: string
}

/** `jb` has partitions 1 and 3 in d1, which has the metadata, 0 and 2 in d2; ten records in each. */
function twoLogDirs(): Pair {
  const dir = unpackCase('jbod-two-log-dirs')
  const [d1, d2] = [join(dir, 'd1'), join(dir, 'd2')]
  return { dir, d1, d2, both: `${d1},${d2}` }
}

/** The metadata in a directory of its own (metadata.log.dir), which the node has not registered. */
function metadataElsewhere(): Pair & { readonly m: string } {
  const pair = twoLogDirs()
  const m = join(pair.dir, 'm')
  mkdirSync(m)
  renameSync(join(pair.d1, '__cluster_metadata-0'), join(m, '__cluster_metadata-0'))
  const meta = readFileSync(join(pair.d1, 'meta.properties'), 'latin1')
  writeFileSync(
    join(m, 'meta.properties'),
    meta.replace(/^directory\.id=.*$/m, 'directory.id=AAAAAAAAAAAAAAAAAAAAbQ'),
  )
  return { ...pair, m }
}

const segment = (folder: string): string => join(folder, '00000000000000000000.log')

async function send(
  path: string,
  topic: string,
  partition: number,
  key: string,
  value: string,
): Promise<void> {
  const producer = await openLocal(path).producer()
  await producer.send({ topic, partition, key, value })
  await producer.close()
}

function opened(dirs: LogDirs | undefined): LocalDirectory {
  expect(dirs).toBeDefined()
  return LocalDirectory.open(systemOs, dirs?.primary ?? '', { logDirs: dirs })
}

describe('work on two log.dirs of one node (issue 13, 4)', () => {
  it('repair mends damage in both, and check finds nothing behind it', async () => {
    const { d1, d2, both } = twoLogDirs()
    for (let partition = 0; partition < 4; partition++) await send(both, 'jb', partition, 'k', 'new')
    const damaged = [segment(join(d2, 'jb-0')), segment(join(d1, 'jb-1'))]
    for (const file of damaged) {
      const bytes = readFileSync(file)
      bytes[70] ^= 1
      writeFileSync(file, bytes)
    }
    const done: RepairStep[] = []
    await withAdmin(both, (admin) =>
      admin.repair({ dryRun: false, done: (step) => done.push(step), left: () => {} }),
    )
    expect(done.map(({ file, kept }) => [file, kept])).toEqual(
      damaged.map((file) => [file, `${file}.0.broken`]),
    )
    expect(await findings(both)).toEqual([])
    expect(await values(both, 'jb')).toHaveLength(24)
  })

  it('a group commits what it read in both', async () => {
    const { d1, d2, both } = twoLogDirs()
    const consumer = await openLocal(both).consumer({
      groupId: 'g',
      untilEnd: true,
      config: { 'auto.offset.reset': 'earliest' },
    })
    await consumer.subscribe(['jb'])
    let count = 0
    for await (const _ of consumer) count++
    await consumer.commit()
    await consumer.close()
    expect(count).toBe(40)
    const committed = await withAdmin(both, (admin) => admin.listConsumerGroupOffsets('g'))
    expect([...committed.values()].map(({ offset }) => offset.offset)).toEqual([10, 10, 10, 10])
    const held = (dir: string) => readdirSync(dir).filter((name) => name.startsWith('__consumer_offsets-'))
    expect([held(d1).length, held(d2).length]).toEqual([25, 25])
    await withAdmin(both, (admin) => admin.deleteConsumerGroup('g'))
    expect(await findings(both)).toEqual([])
  })

  it('the cleaner compacts partitions in both', async () => {
    const { d1, d2, both } = twoLogDirs()
    const configs = { 'cleanup.policy': 'compact', 'segment.ms': '1', 'min.cleanable.dirty.ratio': '0' }
    await withAdmin(both, (admin) => admin.createTopic({ name: 'c', partitions: 2, configs }))
    for (const value of ['old', 'older', 'newest'])
      for (const partition of [0, 1]) await send(both, 'c', partition, 'k', value)
    await withAdmin(both, async (admin) => {
      for await (const _ of admin.clean());
    })
    expect(
      readdirSync(d1)
        .concat(readdirSync(d2))
        .filter((name) => name.startsWith('c-'))
        .sort(),
    ).toEqual(['c-0', 'c-1'])
    expect(new Set(await values(both, 'c'))).toEqual(new Set(['newest']))
    for (const dir of [d1, d2])
      expect(
        readFileSync(join(dir, 'cleaner-offset-checkpoint'), 'utf8')
          .split('\n')
          .filter((line) => line.startsWith('c ')),
      ).toHaveLength(1)
    expect(await findings(both)).toEqual([])
  })

  it('the same directory twice, one in another, and those of two nodes are refused in a line', () => {
    const { dir, d1, d2 } = twoLogDirs()
    const open =
      (...list: string[]) =>
      () =>
        locateLogDirs(systemOs, list.join(), list[0])
    const link = join(dir, 'link')
    symlinkSync(d2, link)
    expect(open(d1, d1)).toThrow(`${d1}: the same log directory twice`)
    expect(open(d2, link, d1)).toThrow(`${d2} and ${link}: the same log directory twice`)
    cpSync(d2, join(d1, 'inner'), { recursive: true })
    expect(open(d1, join(d1, 'inner'))).toThrow(`${join(d1, 'inner')} lies in ${d1}: `)
    const meta = join(d2, 'meta.properties')
    writeFileSync(meta, readFileSync(meta, 'latin1').replace('node.id=1', 'node.id=2'))
    expect(open(d1, d2)).toThrow(`${d2} and ${d1} are not log.dirs of one node: node.id 2 and 1`)
  })

  it('a refusal names the one that refused, not the first', () => {
    const refused = Object.assign(new Error('no'), { code: 'EROFS', path: '/data/d2/.lock' })
    const line = (directory: string) => (explained(systemOs, directory, refused) as Error).message
    expect(line('/data/d1')).toBe('/data/d2: the file system is read-only (/data/d2/.lock)')
    expect(line('/data/d2')).toBe('/data/d2: the file system is read-only (/data/d2/.lock)')
    expect(line('/data')).toBe('/data: the file system is read-only (/data/d2/.lock)')
  })
})

describe('a metadata.log.dir beside the log.dirs (issue 13, 4)', () => {
  it('is read with them, clean without a marker of its own, and not written to', async () => {
    const { m, d1, d2 } = metadataElsewhere()
    const all = `${m},${d1},${d2}`
    expect(await values(all, 'jb')).toHaveLength(40)
    expect(await findings(all)).toEqual([])
    expect(opened(locateLogDirs(systemOs, all, m)).status().state).toBe('clean')
    await expect(send(all, 'jb', 0, 'k', 'v')).rejects.toThrow(
      `${m}: a broker keeps the metadata alone there`,
    )
  })

  it.each(['m', 'd1'] as const)('is found by the server.properties in %s', async (place) => {
    const pair = metadataElsewhere()
    writeFileSync(join(pair[place], 'server.properties'), 'log.dirs=d1,d2\nmetadata.log.dir=m\n')
    const found = locateLogDirs(systemOs, undefined, pair[place])
    expect([found?.paths, found?.primary]).toEqual([[pair.d1, pair.d2, pair.m], pair.m])
  })

  it('that is one of the log.dirs is no other', () => {
    const { d1, d2 } = twoLogDirs()
    const put = (text: string) => writeFileSync(join(d1, 'server.properties'), text)
    put(`log.dirs=${d1}\nmetadata.log.dir=${d1}\n`)
    expect(locateLogDirs(systemOs, undefined, d1)).toBeUndefined()
    put(`log.dirs=${d1},${d2}\nmetadata.log.dir=${d1}\n`)
    expect(locateLogDirs(systemOs, undefined, d1)?.paths).toEqual([d1, d2])
  })
})
