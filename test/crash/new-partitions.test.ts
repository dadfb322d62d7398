import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OffsetStore } from '../../src/group/offsets/offset-store.ts'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import type { Os } from '../../src/os/os.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { crashingOs } from '../support/crashing-os.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tkafka-making-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const FILES = [
  '00000000000000000000.index',
  '00000000000000000000.log',
  '00000000000000000000.timeindex',
  'leader-epoch-checkpoint',
  'partition.metadata',
]
const quick = (): Os => crashingOs(Number.POSITIVE_INFINITY).os

/** A directory with few partitions of `__consumer_offsets`. */
async function prepare(dir: string): Promise<void> {
  const directory = LocalDirectory.open(quick(), dir)
  await directory.enter()
  await directory.leave()
  await directory.close()
  writeFileSync(join(dir, 'server.properties'), 'offsets.topic.num.partitions=3\n')
}

/** What the judge asks of the folders: one for each partition of the metadata and no other, each with all its files. */
function expectWholeFolders(dir: string, directory: LocalDirectory): void {
  const named = [...directory.image().topicImages()].flatMap((topic) =>
    topic.partitions.map(({ partition }) => ({ folder: `${topic.name}-${partition}`, id: topic.id })),
  )
  const folders = readdirSync(dir).filter((n) => statSync(join(dir, n)).isDirectory())
  expect(folders.sort()).toEqual([...named.map(({ folder }) => folder), '__cluster_metadata-0'].sort())
  for (const { folder, id } of named) {
    const names = readdirSync(join(dir, folder)).filter(
      (n) => !n.startsWith('.tkafka') && !n.endsWith('.snapshot'),
    )
    expect(names.sort(), folder).toEqual(FILES)
    expect(readFileSync(join(dir, folder, 'partition.metadata'), 'utf8')).toContain(id)
    // A log that was checked and holds nothing begins no epoch.
    expect(readFileSync(join(dir, folder, 'leader-epoch-checkpoint'), 'utf8')).toMatch(/^0\n(1\n0 0|0)\n$/)
  }
}

async function enterAndLeave(dir: string): Promise<LocalDirectory> {
  const warnings: string[] = []
  const directory = LocalDirectory.open(quick(), dir, { warn: (line) => warnings.push(line) })
  await directory.enter()
  await directory.leave()
  expect(warnings).toEqual([])
  return directory
}

type Work = (os: Os, dir: string) => Promise<unknown>

const withAdmin =
  (work: (admin: LocalAdmin) => Promise<unknown>): Work =>
  async (os, dir) => {
    const admin = new LocalAdmin(os, LocalDirectory.open(os, dir))
    await work(admin)
    await admin.close()
  }

const SCENARIOS: readonly [string, Work, Work?][] = [
  [
    'a topic, one set of files linked into all folders',
    withAdmin((admin) => admin.createTopic({ name: 't', partitions: 3 })),
  ],
  [
    'more partitions',
    withAdmin((admin) => admin.createPartitions('t', 4)),
    withAdmin((admin) => admin.createTopic({ name: 't', partitions: 2 })),
  ],
  [
    '__consumer_offsets, on the first commit',
    async (os, dir) => {
      const directory = LocalDirectory.open(os, dir)
      await new OffsetStore(os, directory).commit('g', [{ topic: 't', partition: 0, offset: 0 }])
      await directory.close()
    },
    withAdmin((admin) => admin.createTopic({ name: 't' })),
  ],
]

describe('a process killed before any change of the disk while it makes', () => {
  for (const [name, work, before] of SCENARIOS) {
    it(`${name}: the next writer leaves whole folders, or none`, async () => {
      let crashAt = 0
      for (let died = true; died; crashAt++) {
        const dir = join(root, String(crashAt))
        await prepare(dir)
        await before?.(quick(), dir)
        const { os, kill, killed } = crashingOs(crashAt)
        died = await work(os, dir).then(
          () => false,
          (error) => {
            if (!killed()) throw new Error(`before step ${crashAt}`, { cause: error })
            return true
          },
        )
        kill()
        const directory = await enterAndLeave(dir)
        try {
          expectWholeFolders(dir, directory)
          expect(readFileSync(join(dir, '.tkafka-making'), 'utf8')).toBe('')
        } catch (error) {
          const { message, code } = error as NodeJS.ErrnoException
          // Killed before anything was announced.
          if (code !== 'ENOENT') throw new Error(`killed before step ${crashAt}: ${message}`)
        }
        await directory.close()
        rmSync(dir, { recursive: true, force: true })
      }
      expect(crashAt).toBeGreaterThan(15)
    }, 120_000)
  }
})

describe('folders that are half-made', () => {
  async function made(dir: string): Promise<void> {
    await prepare(dir)
    await withAdmin((admin) => admin.createTopic({ name: 't', partitions: 4 }))(quick(), dir)
  }
  function spoil(dir: string): void {
    rmSync(join(dir, 't-0'), { recursive: true })
    rmSync(join(dir, 't-1/partition.metadata'))
    rmSync(join(dir, 't-2/00000000000000000000.log'))
    writeFileSync(join(dir, 't-3/leader-epoch-checkpoint.tmp'), '0\n')
  }

  it('are finished by the one who enters a directory that nobody closed', async () => {
    const dir = join(root, 'unclean')
    await made(dir)
    spoil(dir)
    rmSync(join(dir, '.kafka_cleanshutdown'))
    expectWholeFolders(dir, await enterAndLeave(dir))
  })

  it('are told by check, and finished by repair', async () => {
    const dir = join(root, 'repair')
    await made(dir)
    spoil(dir)
    const admin = new LocalAdmin(systemOs, LocalDirectory.open(systemOs, dir))
    const found: string[] = []
    await admin.check({ found: ({ kind, partition }) => found.push(`${partition} ${kind}`) })
    expect(found.sort()).toEqual([
      '0 unfinished-folder',
      '1 unfinished-folder',
      '2 unfinished-folder',
      '3 leftover',
    ])
    const left: string[] = []
    const done: string[] = []
    await admin.repair({
      dryRun: false,
      done: ({ partition, action }) => done.push(`${partition} ${action}`),
      left: ({ file }) => left.push(file),
    })
    expect(left).toEqual([])
    expect(done.length).toBe(4)
    await admin.close()
    const directory = LocalDirectory.open(systemOs, dir)
    expectWholeFolders(dir, directory)
    await directory.close()
  })
})
