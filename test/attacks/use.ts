/** What people do with a directory that was attacked: look, read, write, commit, clean, mend. Nothing here throws; all is told. */
import type { Finding } from '../../src/client/admin-check.ts'
import type { TopicPartition } from '../../src/client/types.ts'
import { LocalAdmin } from '../../src/local/local-admin.ts'
import { LocalConsumer } from '../../src/local/local-consumer.ts'
import { LocalDirectory } from '../../src/local/local-directory.ts'
import { LocalProducer } from '../../src/local/local-producer.ts'
import type { Os } from '../../src/os/os.ts'
import { systemOs } from '../../src/os/system-os.ts'

/** Whose commits are held against what was delivered. */
export const GROUP = 'g'

export function recordText(key: Buffer | null, value: Buffer | null): string {
  return `${key?.toString('latin1') ?? '-'}=${value?.toString('latin1') ?? '-'}`
}

/** The machine without waits for its disk: nothing here loses power. */
export const quickOs: Os = {
  ...systemOs,
  fs: {
    ...systemOs.fs,
    fsync: () => {},
    fdatasync: () => {},
    fdatasyncAsync: async () => {},
    fsyncDir: () => {},
  },
}

export interface Failure {
  /** What was being done. */
  readonly doing: string
  readonly error: unknown
}

/** What was said on the way: errors that ended something, and lines for people. */
export class Told {
  readonly failures: Failure[] = []
  readonly warnings: string[] = []

  async by<T>(doing: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      this.failures.push({ doing, error })
      return undefined
    }
  }

  get texts(): string[] {
    return [...this.warnings, ...this.failures.map(({ error }) => String((error as Error).message ?? error))]
  }
}

/** How somebody opens the directory: warnings are kept. */
function directory(os: Os, dir: string, told: Told): LocalDirectory {
  return LocalDirectory.open(os, dir, { warn: (line) => told.warnings.push(line) })
}

export async function withAdmin<T>(os: Os, dir: string, told: Told, work: (admin: LocalAdmin) => Promise<T>) {
  const admin = new LocalAdmin(os, directory(os, dir, told), { warn: (line) => told.warnings.push(line) })
  try {
    return await work(admin)
  } finally {
    await told.by('close', () => admin.close())
  }
}

/** What one partition had to give. */
export interface ReadPartition {
  readonly records: readonly { readonly offset: number; readonly text: string }[]
  /** Where something could not be read, or why not. */
  readonly errors: readonly string[]
}

/** Reads a partition from its beginning to its end, over damage, as `--skip-corrupt` does. */
export async function readPartition(
  os: Os,
  dir: string,
  at: TopicPartition,
  told: Told,
): Promise<ReadPartition> {
  const records: { offset: number; text: string }[] = []
  const errors: string[] = []
  const before = told.failures.length
  await told.by(`read ${at.topic}-${at.partition}`, async () => {
    const consumer = new LocalConsumer(os, directory(os, dir, told), {
      untilEnd: true,
      skipCorrupt: true,
      onCorrupt: ({ error }) => errors.push(error.message),
      config: { 'auto.offset.reset': 'earliest' },
    })
    try {
      await consumer.assign([at])
      for (let idle = 0; !consumer.finished && idle < 3; ) {
        const some = await consumer.poll(200)
        idle = some.length === 0 ? idle + 1 : 0
        for (const { offset, key, value } of some) records.push({ offset, text: recordText(key, value) })
      }
    } finally {
      await consumer.close()
    }
  })
  for (const { error } of told.failures.slice(before)) errors.push(String((error as Error).message))
  return { records, errors }
}

export interface Look {
  readonly findings: readonly Finding[]
  readonly read: ReadonlyMap<string, ReadPartition>
  readonly commits: ReadonlyMap<string, number> | undefined
}

/** Reading in every way; it may change nothing. */
export async function look(
  os: Os,
  dir: string,
  partitions: readonly TopicPartition[],
  told: Told,
): Promise<Look> {
  const findings: Finding[] = []
  await told.by('check', () =>
    withAdmin(os, dir, told, (admin) => admin.check({ found: (finding) => findings.push(finding) })),
  )
  await told.by('list', () =>
    withAdmin(os, dir, told, async (admin) => {
      await admin.listTopics()
      await admin.listGroups()
    }),
  )
  const commits = await told.by('offsets', () => committed(os, dir, told))
  const read = new Map<string, ReadPartition>()
  for (const at of partitions) read.set(`${at.topic}-${at.partition}`, await readPartition(os, dir, at, told))
  return { findings, read, commits }
}

export async function committed(os: Os, dir: string, told: Told): Promise<ReadonlyMap<string, number>> {
  return withAdmin(os, dir, told, async (admin) => {
    const found = new Map<string, number>()
    for (const { partition, offset } of (await admin.listConsumerGroupOffsets(GROUP)).values()) {
      found.set(`${partition.topic}-${partition.partition}`, offset.offset)
    }
    return found
  })
}

/** One new record for each partition; partition -> offset and text of what was acknowledged. */
export async function produce(
  os: Os,
  dir: string,
  partitions: readonly TopicPartition[],
  told: Told,
  word: string,
) {
  const acknowledged = new Map<string, { offset: number; text: string }>()
  for (const { topic, partition } of partitions) {
    await told.by(`produce ${topic}-${partition}`, async () => {
      const producer = new LocalProducer(os, directory(os, dir, told), {})
      try {
        const value = `${word} ${topic}-${partition}`
        const sent = producer.send({ topic, partition, key: 'new', value })
        const [{ offset }] = await Promise.all([sent, producer.flush()])
        const text = recordText(Buffer.from('new'), Buffer.from(value))
        acknowledged.set(`${topic}-${partition}`, { offset, text })
      } finally {
        await producer.close()
      }
    })
  }
  return acknowledged
}

/** As a member of the group: what it was given, and what it then committed. Topic `t` alone. */
export async function consumeAsGroup(os: Os, dir: string, told: Told): Promise<ReadonlyMap<string, number>> {
  const delivered = new Map<string, number>()
  await told.by('consume as a group', async () => {
    const consumer = new LocalConsumer(os, directory(os, dir, told), {
      groupId: GROUP,
      untilEnd: true,
      config: { 'auto.offset.reset': 'earliest' },
    })
    try {
      await consumer.subscribe(['t'])
      for (let idle = 0; !consumer.finished && idle < 3; ) {
        const some = await consumer.poll(200)
        idle = some.length === 0 ? idle + 1 : 0
        for (const { topic, partition, offset } of some) delivered.set(`${topic}-${partition}`, offset + 1)
      }
    } finally {
      await consumer.close()
    }
  })
  return delivered
}
