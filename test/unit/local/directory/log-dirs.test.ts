import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openLocal } from '../../../../src/index.ts'
import { locateLogDirs } from '../../../../src/local/directory/log-dirs.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import { unpackCase } from '../../../support/cases.ts'
import { findings, values, withAdmin } from '../../../support/library.ts'

interface Pair {
  readonly d1: string
  readonly d2: string
  /** As `--data-dir` takes them. */
  readonly both: string
}

/** `jb` has partitions 1 and 3 in d1, which has the metadata, 0 and 2 in d2. */
function twoLogDirs(): Pair {
  const dir = unpackCase('jbod-two-log-dirs')
  const [d1, d2] = [join(dir, 'd1'), join(dir, 'd2')]
  return { d1, d2, both: `${d1},${d2}` }
}

async function send(path: string, topic: string, partitions: number, value: string): Promise<void> {
  const producer = await openLocal(path).producer()
  try {
    for (let partition = 0; partition < partitions; partition++)
      await producer.send({ topic, partition, value })
  } finally {
    await producer.close()
  }
}

const partitionsIn = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => /^[a-z]+-\d+$/.test(name))
    .sort()
const hasMarker = (dir: string): boolean => existsSync(join(dir, '.kafka_cleanshutdown'))

describe('two log.dirs of one node (issue 13, 4)', () => {
  it('the records of both are read, whichever is named first', async () => {
    const { d1, d2, both } = twoLogDirs()
    expect(await values(both, 'jb')).toHaveLength(40)
    expect(await values(`${d2},${d1}`, 'jb')).toHaveLength(40)
    expect(await findings(both)).toEqual([])
    const dirs = await withAdmin(both, (admin) => admin.describeLogDirs())
    expect(dirs.map(({ logDir, replicas }) => [logDir, replicas.map(({ partition }) => partition)])).toEqual([
      [d1, [1, 3]],
      [d2, [0, 2]],
    ])
  })

  it('records go to the directory of their partition, and both are closed in order', async () => {
    const { d1, d2, both } = twoLogDirs()
    await send(both, 'jb', 4, 'new')
    expect([partitionsIn(d1), partitionsIn(d2)]).toEqual([
      ['jb-1', 'jb-3'],
      ['jb-0', 'jb-2'],
    ])
    expect([hasMarker(d1), hasMarker(d2)]).toEqual([true, true])
    expect((await values(both, 'jb')).filter((value) => value === 'new')).toHaveLength(4)
    expect(await findings(both)).toEqual([])
    await send(both, 'jb', 4, 'newer')
    expect(await values(both, 'jb')).toHaveLength(48)
  })

  it('new partitions go where there are fewest, as the metadata says; deleting finds them', async () => {
    const { d1, d2, both } = twoLogDirs()
    await withAdmin(both, (admin) => admin.createTopic({ name: 'q', partitions: 3 }))
    await withAdmin(both, (admin) => admin.createPartitions('q', 4))
    expect(partitionsIn(d1)).toEqual(['jb-1', 'jb-3', 'q-0', 'q-2'])
    expect(partitionsIn(d2)).toEqual(['jb-0', 'jb-2', 'q-1', 'q-3'])
    await send(both, 'q', 4, 'x')
    await withAdmin(both, (admin) => admin.deleteTopic('jb'))
    await withAdmin(both, (admin) => admin.createTopic({ name: 'r', partitions: 2 }))
    expect(partitionsIn(d1)).toEqual(['q-0', 'q-2', 'r-0'])
    expect(partitionsIn(d2)).toEqual(['q-1', 'q-3', 'r-1'])
    expect(await values(both, 'q')).toHaveLength(4)
    expect(await findings(both)).toEqual([])
  })

  it('a line of a checkpoint stands in the directory of its partition alone', async () => {
    const { d1, d2, both } = twoLogDirs()
    await withAdmin(both, async (admin) => {
      for (let partition = 0; partition < 4; partition++)
        await admin.deleteRecords({ topic: 'jb', partition }, 4)
    })
    const lines = (dir: string) =>
      readFileSync(join(dir, 'log-start-offset-checkpoint'), 'utf8').trim().split('\n').slice(2).sort()
    expect(lines(d1)).toEqual(['jb 1 4', 'jb 3 4'])
    expect(lines(d2)).toEqual(['jb 0 4', 'jb 2 4'])
    expect(await values(both, 'jb')).toHaveLength(24)
  })

  it.each([
    ['the first', 'd1'],
    ['the second', 'd2'],
  ] as const)('where only %s has its marker, neither is believed, and both come back', async (_, kept) => {
    const pair = twoLogDirs()
    rmSync(join(kept === 'd1' ? pair.d2 : pair.d1, '.kafka_cleanshutdown'))
    const torn = join(pair[kept], kept === 'd1' ? 'jb-1' : 'jb-0', '00000000000000000000.log')
    const whole = readFileSync(torn)
    writeFileSync(torn, Buffer.concat([whole, Buffer.alloc(20, 7)]))
    await send(pair.both, 'jb', 4, 'new')
    expect([hasMarker(pair.d1), hasMarker(pair.d2)]).toEqual([true, true])
    expect(await values(pair.both, 'jb')).toHaveLength(44)
    await send(pair.both, 'jb', 4, 'newer')
    expect(await values(pair.both, 'jb')).toHaveLength(48)
  })

  it('what does not belong together is refused by name', async () => {
    const { d1, d2, both } = twoLogDirs()
    const open = (list: string) => () => locateLogDirs(systemOs, list, list)
    const copy = `${d1}-copy`
    cpSync(d1, copy, { recursive: true })
    expect(open(`${d1},${copy}`)).toThrow('more than one of these log directories has __cluster_metadata-0')
    rmSync(join(copy, '__cluster_metadata-0'), { recursive: true })
    expect(open(`${d1},${copy}`)).toThrow('have the same directory.id: one is a copy of the other')
    writeFileSync(join(copy, 'meta.properties'), 'version=1\ncluster.id=other\nnode.id=1\ndirectory.id=x\n')
    expect(open(`${d1},${copy}`)).toThrow('are not log.dirs of one node: cluster.id other and ')
    expect(open(`${d1},${d1}-none`)).toThrow(`${d1}-none: there is no such log directory`)
    expect(open(`${d2},${copy}`)).toThrow('none of these log directories has __cluster_metadata-0')
    cpSync(join(d1, 'jb-1'), join(d2, 'jb-1'), { recursive: true })
    await expect(values(both, 'jb')).rejects.toThrow('a partition stands in two log directories')
  })

  it('server.properties in one names the other; a comma in a name is no list', () => {
    const { d1, d2 } = twoLogDirs()
    writeFileSync(join(d1, 'server.properties'), 'log.dirs=d1,d2\n')
    expect(locateLogDirs(systemOs, undefined, d1)?.paths).toEqual([d1, d2])
    writeFileSync(join(d1, 'server.properties'), `log.dirs=${d1},${d2}-gone\n`)
    expect(locateLogDirs(systemOs, undefined, d1)).toBeUndefined()
    mkdirSync(`${d1},x`)
    expect(locateLogDirs(systemOs, `${d1},x`, d1)).toBeUndefined()
  })
})
