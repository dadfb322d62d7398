/** `__cluster_metadata-0` damaged in every way: what check says, what repair saves, and that the directory works afterwards. */
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Finding, RepairStep } from '../../src/client/admin/check-admin.ts'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { MetadataLog } from '../../src/metadata/metadata-log.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { produce } from '../support/local-produce.ts'

const made: string[] = []
afterAll(() => {
  for (const dir of made) fs.rmSync(dir, { recursive: true, force: true })
})

const LOG = '__cluster_metadata-0/00000000000000000000.log'
const TOPICS = ['a', 'b', 'c', 'd']

async function withAdmin<T>(dir: string, work: (admin: LocalAdmin) => Promise<T>): Promise<T> {
  const admin = new LocalAdmin(systemOs, LocalDirectory.open(systemOs, dir))
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

/** Four topics, a record in each; a checkpoint behind the second where asked for, beside all of the log. */
async function directory(checkpoint: boolean, wholeLog = true): Promise<string> {
  const dir = fs.mkdtempSync(join(tmpdir(), 'tkafka-metadata-'))
  made.push(dir)
  let before: Buffer | undefined
  for (const name of TOPICS) {
    await withAdmin(dir, (admin) => admin.createTopic({ name, partitions: 1 }))
    await produce(dir, name, 0, `record of ${name}`)
    if (!checkpoint || name !== 'b') continue
    before = fs.readFileSync(join(dir, LOG))
    const log = MetadataLog.open(systemOs, dir)
    await log.writeCheckpoint()
    log.close()
  }
  if (before !== undefined && wholeLog) fs.writeFileSync(join(dir, LOG), before)
  return dir
}

const checkpointOf = (dir: string): string => {
  const folder = join(dir, '__cluster_metadata-0')
  const name = fs
    .readdirSync(folder)
    .filter((n) => n.endsWith('.checkpoint'))
    .sort()
    .at(-1)
  return join(folder, name ?? 'none')
}

/** Position of the batch that holds a topic's name, of batches that hold any. */
function batchOf(bytes: Buffer, topic: string): number {
  for (let at = 0; at < bytes.length; ) {
    const batch = new RecordBatch(bytes, at)
    // TopicRecord: frame 1, type 2, version 0, then the name with its length + 1.
    if (!batch.isControl && batch.bytes().includes(Buffer.from([1, 2, 0, 2, topic.charCodeAt(0)]))) return at
    at = batch.end
  }
  throw new Error(`no batch for ${topic}`)
}

function change(file: string, edit: (bytes: Buffer) => Buffer): void {
  fs.writeFileSync(file, edit(fs.readFileSync(file)))
}
const flipped = (bytes: Buffer, at: number): Buffer => {
  bytes[at] ^= 0x5a
  return bytes
}

interface Case {
  readonly what: string
  readonly checkpoint?: true
  readonly damage: (dir: string) => void
  /** `kind file-suffix`, notes among them. */
  readonly kinds: readonly string[]
}

const CASES: readonly Case[] = [
  {
    what: 'a torn tail',
    damage: (dir) => change(join(dir, LOG), (all) => Buffer.concat([all, all.subarray(200, 270)])),
    kinds: ['torn-tail'],
  },
  {
    what: 'a tail of zeros',
    damage: (dir) => change(join(dir, LOG), (all) => Buffer.concat([all, Buffer.alloc(100)])),
    kinds: ['torn-tail'],
  },
  {
    what: 'the last change torn',
    damage: (dir) => change(join(dir, LOG), (all) => all.subarray(0, batchOf(all, 'd') + 100)),
    // It was synced, as a snapshot's name tells; the topic's folder gives its name back.
    kinds: ['torn-tail', 'lost-end'],
  },
  {
    what: 'a flipped byte',
    damage: (dir) => change(join(dir, LOG), (all) => flipped(all, batchOf(all, 'c') + 80)),
    kinds: ['bad-batch'],
    // What stands behind the damage is good, and the topic's folder gives its name back.
  },
  {
    what: 'bytes cut out of the middle',
    damage: (dir) =>
      change(join(dir, LOG), (all) => {
        const at = batchOf(all, 'c')
        return Buffer.concat([all.subarray(0, at + 30), all.subarray(at + 75)])
      }),
    kinds: ['bad-batch'],
    // What stands behind the damage is good, and the topic's folder gives its name back.
  },
  {
    what: 'a missing checkpoint, with all of the log there',
    checkpoint: true,
    damage: (dir) => fs.rmSync(checkpointOf(dir)),
    kinds: [],
  },
  {
    what: 'a flipped byte in the checkpoint',
    checkpoint: true,
    damage: (dir) => change(checkpointOf(dir), (all) => flipped(all, all.length >> 1)),
    kinds: ['bad-metadata-checkpoint'],
  },
  {
    what: 'a checkpoint cut short',
    checkpoint: true,
    damage: (dir) => change(checkpointOf(dir), (all) => all.subarray(0, all.length - 40)),
    kinds: ['bad-metadata-checkpoint'],
  },
]

async function check(dir: string): Promise<Finding[]> {
  const found: Finding[] = []
  await withAdmin(dir, (admin) => admin.check({ found: (finding) => found.push(finding) }))
  return found
}

describe('metadata', () => {
  it.each(CASES)('with $what is told of, mended, and goes on', async ({ checkpoint, damage, kinds }) => {
    const dir = await directory(checkpoint === true)
    damage(dir)
    expect([...new Set((await check(dir)).map(({ kind }) => kind))]).toEqual(kinds)
    const done: RepairStep[] = []
    const left: Finding[] = []
    await withAdmin(dir, (admin) =>
      admin.repair({
        dryRun: false,
        done: (step) => done.push(step),
        left: (finding) => left.push(finding),
      }),
    )
    expect(left).toEqual([])
    expect((await check(dir)).filter(({ severity }) => severity === 'error')).toEqual([])
    const topics = await withAdmin(dir, (admin) => admin.listTopics())
    expect(topics.map(({ name }) => name).sort()).toEqual(TOPICS)
    for (const topic of TOPICS) {
      const log = fs.readFileSync(join(dir, `${topic}-0`, '00000000000000000000.log'), 'latin1')
      expect(log).toContain(`record of ${topic}`)
    }
    await withAdmin(dir, (admin) => admin.createTopic({ name: 'new', partitions: 1 }))
    await produce(dir, 'new', 0, 'x')
    await produce(dir, 'a', 0, 'y')
    const all = LocalDirectory.open(systemOs, dir)
    expect(['a', 'new'].map((name) => all.logForReading(name, 0).logEndOffset)).toEqual([2, 1])
    await all.close()
    expect((await check(dir)).filter(({ severity }) => severity === 'error')).toEqual([])
  })

  it.each([
    ['missing', (file: string) => fs.rmSync(file)],
    ['damaged', (file: string) => change(file, (all) => flipped(all, all.length >> 1))],
  ] as const)(
    'whose only checkpoint is %s is left as it is, and said in one line: nothing else holds what it held',
    async (_what, damage) => {
      const dir = await directory(true, false)
      damage(checkpointOf(dir))
      const state = () =>
        fs
          .readdirSync(join(dir, '__cluster_metadata-0'))
          .sort()
          .map((name) => `${name} ${fs.readFileSync(join(dir, '__cluster_metadata-0', name), 'hex')}`)
      const before = state().filter((line) => /^\d/.test(line))
      expect((await check(dir)).filter(({ severity }) => severity === 'error').length).toBeGreaterThan(0)
      const left: string[] = []
      const failure = await withAdmin(dir, (admin) =>
        admin.repair({ dryRun: false, done: () => {}, left: ({ problem }) => left.push(problem) }),
      ).then(
        () => undefined,
        (error: Error) => error,
      )
      const said = failure?.message ?? left.join('; ')
      expect(said).toMatch(/checkpoint|__cluster_metadata-0/)
      expect(said).not.toMatch(/\n/)
      expect(state().filter((line) => /^\d/.test(line))).toEqual(before)
      expect(TOPICS.every((name) => fs.existsSync(join(dir, `${name}-0`)))).toBe(true)
    },
  )
})
