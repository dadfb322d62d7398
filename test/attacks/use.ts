/** What people do with a directory that was attacked: look, read, write, commit, clean, mend. Nothing here throws; all is told. */
import type { Finding } from '../../src/client/admin/check-admin.ts'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalConsumer } from '../../src/local/consumer/local-consumer.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../src/local/producer/local-producer.ts'
import type { TopicPartition } from '../../src/names/topic-partition.ts'
import type { Os } from '../../src/os/os.ts'
import { systemOs } from '../../src/os/system-os.ts'

/** Whose commits are held against what was delivered. */
export const GROUP = 'g'

export function recordText(key: Buffer | null, value: Buffer | null): string {
  return `${key?.toString('latin1') ?? '-'}=${value?.toString('latin1') ?? '-'}`
}

/** The machine without waits for its disk, as nothing here loses power, and without a search for strangers' locks, as there are none. */
export const quickOs: Os = {
  ...systemOs,
  locks: { ...systemOs.locks, holders: () => [] },
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
interface Reading {
  readonly records: { readonly offset: number; readonly text: string }[]
  /** Where something could not be read, or why not. */
  readonly errors: string[]
}

/** Reads partitions from their beginnings to their ends, over damage, as `--skip-corrupt` does. */
async function readTogether(
  os: Os,
  dir: string,
  partitions: readonly TopicPartition[],
  told: Told,
  read: Map<string, Reading>,
): Promise<void> {
  for (const at of partitions) read.set(nameOf(at), { records: [], errors: [] })
  const consumer = new LocalConsumer(os, directory(os, dir, told), {
    untilEnd: true,
    skipCorrupt: true,
    onCorrupt: ({ partition, error }) => read.get(nameOf(partition))?.errors.push(error.message),
    config: { 'auto.offset.reset': 'earliest' },
  })
  try {
    await consumer.assign(partitions)
    for (let idle = 0; !consumer.finished && idle < 3; ) {
      const some = await consumer.poll(200)
      idle = some.length === 0 ? idle + 1 : 0
      for (const record of some) {
        const text = recordText(record.key, record.value)
        read.get(nameOf(record))?.records.push({ offset: record.offset, text })
      }
    }
  } finally {
    await consumer.close()
  }
}

const nameOf = ({ topic, partition }: TopicPartition) => `${topic}-${partition}`

/** With one consumer; where that fails, each partition with one of its own, so that it is known which is at fault. */
async function readAll(os: Os, dir: string, partitions: readonly TopicPartition[], told: Told) {
  const read = new Map<string, Reading>()
  const before = told.failures.length
  await told.by('read', () => readTogether(os, dir, partitions, told, read))
  if (told.failures.length === before) return read
  for (const at of partitions) {
    const known = told.failures.length
    await told.by(`read ${nameOf(at)}`, () => readTogether(os, dir, [at], told, read))
    for (const { error } of told.failures.slice(known))
      read.get(nameOf(at))?.errors.push(String((error as Error).message))
  }
  return read
}

export interface Look {
  readonly findings: readonly Finding[]
  readonly read: ReadonlyMap<string, Reading>
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
  return { findings, read: await readAll(os, dir, partitions, told), commits }
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

/** One new record for each partition, by one producer; partition -> offset and text of what was acknowledged. */
export async function produce(
  os: Os,
  dir: string,
  partitions: readonly TopicPartition[],
  told: Told,
  word: string,
) {
  const acknowledged = new Map<string, { offset: number; text: string }>()
  await told.by('produce', async () => {
    const producer = new LocalProducer(os, directory(os, dir, told), {})
    try {
      for (const { topic, partition } of partitions) {
        const name = `${topic}-${partition}`
        await told.by(`produce ${name}`, async () => {
          const value = `${word} ${name}`
          const sent = producer.send({ topic, partition, key: 'new', value })
          const [{ offset }] = await Promise.all([sent, producer.flush()])
          acknowledged.set(name, { offset, text: recordText(Buffer.from('new'), Buffer.from(value)) })
        })
      }
    } finally {
      await producer.close()
    }
  })
  return acknowledged
}

/** Of records that are handed over one behind the other, without waiting. */
export const STREAMED = 'streamed'
const STREAM_LENGTH = 8

/**
 * Several batches for each partition; partition -> the last one that was acknowledged. What is refused as its topic cannot be opened was
 * never taken: the next send tries again, as with Kafka, and counts on from the last record that was taken.
 */
export async function stream(os: Os, dir: string, partitions: readonly TopicPartition[], told: Told) {
  const acknowledged = new Map<string, { offset: number; text: string }>()
  await told.by('produce', async () => {
    const config = { 'batch.size': '150', 'linger.ms': '5' }
    const producer = new LocalProducer(os, directory(os, dir, told), config)
    const sends: Promise<void>[] = []
    const taken = new Map<string, number>()
    try {
      for (let i = 0; i < STREAM_LENGTH; i++) {
        for (const at of partitions) {
          const send = async () => {
            await producer.openTopic(at.topic)
            const number = taken.get(nameOf(at)) ?? 0
            taken.set(nameOf(at), number + 1)
            const { offset } = await producer.send({ ...at, key: STREAMED, value: `${number}` })
            acknowledged.set(nameOf(at), { offset, text: `${STREAMED}=${number}` })
          }
          sends.push(told.by(`produce ${nameOf(at)}`, send) as Promise<void>)
        }
        // A program has other things to do, too.
        if (i % 3 === 2) await new Promise((resolve) => setTimeout(resolve, 6))
      }
      await Promise.all(sends)
    } finally {
      await producer.close()
    }
  })
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
