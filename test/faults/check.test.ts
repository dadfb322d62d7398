import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Finding } from '../../src/client/admin/check-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { check, quickOs, repair } from '../support/damaged-directory.ts'
import { fixtureNames, unpackFixture } from '../support/fixtures.ts'
import { isFull } from './bench.ts'

const made: { remove(): void }[] = []
afterEach(() => {
  for (const fixture of made.splice(0)) fixture.remove()
})

function unpack(name: string): string {
  const fixture = unpackFixture(name)
  made.push(fixture)
  return fixture.dir
}

const errors = (found: readonly Finding[]) =>
  found.filter((f) => f.severity === 'error').map(({ kind, file }) => `${kind} ${file.split('/').at(-1)}`)

/** Bytes of every file, to see that nothing changed. */
function snapshot(dir: string): string[] {
  return (fs.readdirSync(dir, { recursive: true }) as string[])
    .filter((name) => fs.statSync(join(dir, name)).isFile())
    .map((name) => {
      // Whatever changes a file changes its ctime; the brokers' indexes are 10 MB each, mostly holes.
      const { size, mtimeMs, ctimeMs } = fs.statSync(join(dir, name))
      return `${name} ${size} ${mtimeMs} ${ctimeMs}`
    })
    .sort()
}

const DAMAGED: Record<string, string[]> = {
  torn: ['torn-tail 00000000000000000000.log', 'torn-tail 00000000000000000000.log'],
  'corrupt-clean': ['bad-batch 00000000000000000000.log'],
  'corrupt-killed': ['bad-batch 00000000000000000000.log'],
}

describe('check of what genuine brokers wrote', () => {
  it.each(fixtureNames())(
    '%s: is silent on the healthy, right on the corrupt, and changes nothing',
    async (name) => {
      const dir = unpack(name)
      const before = snapshot(dir)
      const found = await check(dir)
      expect(errors(found)).toEqual(DAMAGED[name] ?? [])
      const unclosed = !fs.existsSync(join(dir, '.kafka_cleanshutdown'))
      expect(found.filter((f) => f.severity === 'note').map(({ kind }) => kind)).toEqual(
        unclosed ? ['not-closed'] : [],
      )
      expect(snapshot(dir)).toEqual(before)
    },
  )

  it('says file, position and offsets of a flipped byte, and the command that mends it', async () => {
    const [finding] = await check(unpack('corrupt-clean'))
    expect(finding).toMatchObject({ topic: 'alerts_a', partition: 0, position: 1281 })
    expect(finding.meaning).toMatch(/^offsets 12 to 13 cannot be read/)
    expect(finding.mend).toBe('tkafka repair --topic alerts_a')
  })
})

describe('repair', () => {
  it.each(Object.keys(DAMAGED))('%s: mends it, keeps the bytes, and check is silent', async (name) => {
    const dir = unpack(name)
    const before = snapshot(dir)
    const planned = await repair(dir, true)
    expect(snapshot(dir)).toEqual(before)
    const { done, left } = await repair(dir)
    expect(left).toEqual([])
    expect(done.map(({ file }) => file)).toEqual(planned.done.map(({ file }) => file))
    for (const { kept, file } of done.filter(({ file }) => file.endsWith('.log'))) {
      // 37 zeros are no one's data.
      if (file.includes('mail-a-1')) continue
      expect(kept).toMatch(/\.broken$/)
      expect(dirname(kept ?? '')).toBe(dirname(file))
      expect(fs.statSync(kept ?? '').size).toBeGreaterThan(30)
    }
    expect(await check(dir)).toEqual([])
    expect(await repair(dir)).toEqual({ done: [], left: [] })
  })

  it('leaves good records behind the damage at their offsets', async () => {
    const dir = unpack('corrupt-clean')
    await repair(dir)
    const directory = LocalDirectory.open(quickOs, dir)
    const log = directory.logForReading('alerts_a', 0)
    expect(log.read(14, 1).start).toBeDefined()
    expect(log.corruption).toBeUndefined()
    expect(fs.readdirSync(join(dir, 'alerts_a-0')).filter((n) => n.endsWith('.broken'))).toHaveLength(1)
    await directory.close()
  })
})

/** First file of the kind with at least so many bytes. */
function fileLike(dir: string, pattern: RegExp, atLeast = 1): string {
  const name = (fs.readdirSync(dir, { recursive: true }) as string[])
    .sort()
    .find((n) => pattern.test(n) && fs.statSync(join(dir, n)).size >= atLeast)
  if (name === undefined) throw new Error(`no file like ${pattern}`)
  return join(dir, name)
}

const change = (file: string, edit: (bytes: Buffer) => Buffer): void => {
  const { mode } = fs.statSync(file)
  fs.chmodSync(file, 0o600)
  fs.writeFileSync(file, edit(fs.readFileSync(file)))
  fs.chmodSync(file, mode)
}
const flip = (at: number) => (bytes: Buffer) => {
  bytes[at < 0 ? bytes.length + at : at] ^= 0x5a
  return bytes
}
const cut = (bytes: number) => (all: Buffer) => all.subarray(0, all.length - bytes)
const add = (bytes: Buffer) => (all: Buffer) => Buffer.concat([all, bytes])

const DATA = /^(?!__)[^/]+-\d+\//.source
const data = (name: string): RegExp => new RegExp(`${DATA}${name}$`)

interface Case {
  readonly what: string
  readonly fixture: string
  readonly damage: (dir: string) => void
  readonly kinds: readonly string[]
}

const CASES: readonly Case[] = [
  {
    what: 'an offset index that points into a batch',
    fixture: 'segments',
    damage: (dir) => change(fileLike(dir, data(String.raw`\d+\.index`), 16), flip(7)),
    kinds: ['bad-index'],
  },
  {
    what: 'an offset index with a torn last entry',
    fixture: 'segments',
    damage: (dir) => change(fileLike(dir, data(String.raw`\d+\.index`), 16), cut(3)),
    kinds: ['bad-index'],
  },
  {
    what: 'a time index padded with zeros beside the clean marker (KAFKA-10207)',
    fixture: 'segments',
    damage: (dir) => change(fileLike(dir, data(String.raw`\d+\.timeindex`), 12), add(Buffer.alloc(1200))),
    kinds: ['bad-time-index'],
  },
  {
    what: 'a time index with a timestamp of its own',
    fixture: 'segments',
    damage: (dir) => change(fileLike(dir, data(String.raw`\d+\.timeindex`), 12), flip(6)),
    kinds: ['bad-time-index'],
  },
  {
    what: 'a segment without its indexes',
    fixture: 'segments',
    damage: (dir) => fs.rmSync(fileLike(dir, data(String.raw`\d+\.index`), 8)),
    kinds: ['missing-index'],
  },
  {
    what: 'a damaged producer snapshot',
    fixture: 'transactions',
    damage: (dir) => change(fileLike(dir, data(String.raw`\d+\.snapshot`), 56), flip(12)),
    kinds: ['bad-snapshot'],
  },
  {
    what: 'a torn index of aborted transactions',
    fixture: 'transactions',
    damage: (dir) => change(fileLike(dir, data(String.raw`\d+\.txnindex`), 34), cut(5)),
    kinds: ['bad-txn-index'],
  },
  {
    what: 'an index of aborted transactions that lost one',
    fixture: 'transactions',
    damage: (dir) => change(fileLike(dir, data(String.raw`\d+\.txnindex`), 34), cut(34)),
    kinds: ['bad-txn-index'],
  },
  {
    what: 'a leader epoch checkpoint of zeros',
    fixture: 'records',
    damage: (dir) =>
      change(fileLike(dir, data('leader-epoch-checkpoint'), 5), (all) => Buffer.alloc(all.length)),
    kinds: ['bad-epochs'],
  },
  {
    what: 'a missing partition.metadata',
    fixture: 'records',
    damage: (dir) => fs.rmSync(fileLike(dir, data(String.raw`partition\.metadata`))),
    kinds: ['bad-partition-metadata'],
  },
  {
    what: 'a mark of damage that was left behind',
    fixture: 'records',
    damage: (dir) => {
      const log = fileLike(dir, data(String.raw`\d+\.log`))
      fs.writeFileSync(join(dirname(log), '.tkafka-damaged'), `${log.split('/').at(-1)}\nsomething\n`)
    },
    kinds: ['damage-mark'],
  },
  {
    what: 'a torn tail beside the clean marker',
    fixture: 'records',
    damage: (dir) => change(fileLike(dir, data(String.raw`\d+\.log`), 200), cut(9)),
    // One finding, since one thing happened: the checkpoint and the snapshot are how it is known.
    kinds: ['lost-end'],
  },
  {
    what: 'a batch torn at the end of a segment with others behind it',
    fixture: 'segments',
    damage: (dir) => {
      const folder = dirname(fileLike(dir, data(String.raw`0*[1-9]\d*\.log`), 100))
      const first = fs
        .readdirSync(folder)
        .filter((n) => n.endsWith('.log'))
        .sort()[0]
      change(join(folder, first), cut(10))
    },
    kinds: ['bad-batch'],
  },
  {
    what: 'a root checkpoint that is none',
    fixture: 'records',
    damage: (dir) => fs.writeFileSync(join(dir, 'recovery-point-offset-checkpoint'), '0\n7\nx 0 1\n'),
    kinds: ['bad-checkpoint'],
  },
  {
    what: 'a log start offset beyond the log end',
    fixture: 'records',
    damage: (dir) => {
      const [topic, partition] = /([^/]+)-(\d+)\/[^/]+$/
        .exec(fileLike(dir, data(String.raw`\d+\.log`)))!
        .slice(1)
      fs.writeFileSync(join(dir, 'log-start-offset-checkpoint'), `0\n1\n${topic} ${partition} 999999\n`)
    },
    kinds: ['checkpoint-beyond-end'],
  },
  {
    what: 'a clean marker of another epoch',
    fixture: 'records',
    damage: (dir) => fs.writeFileSync(join(dir, '.kafka_cleanshutdown'), '{"version":0,"brokerEpoch":1}'),
    kinds: ['bad-marker'],
  },
  {
    what: 'a folder of a topic that is not there',
    fixture: 'records',
    damage: (dir) => {
      fs.mkdirSync(join(dir, 'nobody-0'))
      fs.writeFileSync(join(dir, 'nobody-0', '00000000000000000000.log'), '')
    },
    kinds: ['stray-folder'],
  },
  {
    what: 'a flipped byte in the middle of the metadata log',
    fixture: 'records',
    damage: (dir) => change(fileLike(dir, /^__cluster_metadata-0\/\d+\.log$/, 2000), flip(-100)),
    kinds: ['bad-batch'],
  },
]

describe('damage of every kind', () => {
  // The short form takes every third.
  it.each(CASES.filter((_, i) => isFull || i % 3 === 0))(
    '$what is found, mended, and gone',
    async ({ fixture, damage, kinds }) => {
      const dir = unpack(fixture)
      damage(dir)
      const found = (await check(dir)).filter((f) => f.severity === 'error')
      expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(kinds))
      for (const { problem, meaning, mend } of found) {
        expect(problem.length * meaning.length * mend.length).toBeGreaterThan(0)
      }
      const { left } = await repair(dir)
      expect(left).toEqual([])
      expect(errors(await check(dir))).toEqual([])
    },
  )
})
