/** Work on a data directory, step by step, with a book of what was promised; and what must hold whatever happened to the disk. */
import type { Finding } from '../../src/client/admin/check-admin.ts'
import { OffsetStore } from '../../src/group/offsets/offset-store.ts'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../src/local/producer/local-producer.ts'
import type { Os } from '../../src/os/os.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { MemoryDisk, seeded } from '../support/crash-memory-file-system.ts'

export const DATA = '/data'

/** A disk with an empty directory; few partitions for offsets, so that there are few calls to fail. */
export function newDisk(): MemoryDisk {
  const disk = new MemoryDisk(seeded(7))
  disk.put(`${DATA}/server.properties`, 'offsets.topic.num.partitions=2\n')
  return disk
}

/** What was acknowledged so far. */
export interface Book {
  topics: Set<string>
  /** Values whose sync came back, in order. */
  produced: string[]
  /** What may be there without having been acknowledged. */
  attempted: string[]
  committed: number
  retention: string | undefined
  deleted: Set<string>
}

export function emptyBook(): Book {
  return {
    topics: new Set(),
    produced: [],
    attempted: [],
    committed: 0,
    retention: undefined,
    deleted: new Set(),
  }
}

export type Step = (os: Os, book: Book) => Promise<void>

async function withAdmin(os: Os, work: (admin: LocalAdmin) => Promise<unknown>): Promise<void> {
  const admin = new LocalAdmin(os, LocalDirectory.open(os, DATA))
  try {
    await work(admin)
  } finally {
    await admin.close()
  }
}

export const createTopic =
  (name: string, partitions = 1): Step =>
  async (os, book) => {
    await withAdmin(os, (admin) =>
      admin.createTopic({ name, partitions, configs: { 'segment.bytes': '1048576' } }).catch((error) => {
        // A retry after a failure behind the change itself.
        if (error.code !== 'TOPIC_ALREADY_EXISTS') throw error
      }),
    )
    book.topics.add(name)
  }

/** Each value is synced before the next one. */
export const produce =
  (topic: string, ...values: string[]): Step =>
  async (os, book) => {
    const producer = new LocalProducer(os, LocalDirectory.open(os, DATA), {})
    let failure: unknown
    try {
      for (const value of values) {
        book.attempted.push(value)
        await producer.send({ topic, value, timestamp: 1000 + book.attempted.length })
        await producer.flush()
        book.produced.push(value)
      }
    } catch (error) {
      failure = error
    }
    await producer.close().catch((error) => {
      failure ??= error
    })
    if (failure !== undefined) throw failure
  }

export const commit =
  (group: string, topic: string, offset: number): Step =>
  async (os, book) => {
    const directory = LocalDirectory.open(os, DATA)
    try {
      await new OffsetStore(os, directory).commit(group, [{ topic, partition: 0, offset }])
      book.committed = offset
    } finally {
      await directory.close()
    }
  }

export const alter =
  (topic: string, value: string): Step =>
  async (os, book) => {
    await withAdmin(os, (admin) =>
      admin.incrementalAlterConfigs({ type: 'topic', name: topic }, [
        { name: 'retention.ms', operation: 'set', value },
      ]),
    )
    book.retention = value
  }

export const deleteTopic =
  (name: string): Step =>
  async (os, book) => {
    book.deleted.add(name)
    await withAdmin(os, (admin) =>
      admin.deleteTopic(name).catch((error) => {
        if (error.code !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
      }),
    )
    book.topics.delete(name)
  }

export function values(directory: LocalDirectory, topic: string, partition = 0): string[] {
  if (directory.image().topic(topic) === undefined) return []
  const log = directory.logForReading(topic, partition)
  log.refresh()
  const found: string[] = []
  let expected = log.logStartOffset
  for (let next = expected; next < log.logEndOffset; ) {
    const { buffer, start, end, nextOffset } = log.read(next, 1 << 20)
    for (let at = start; at < end; ) {
      const batch = new RecordBatch(buffer, at, end)
      for (const record of batch.records()) {
        if (record.offset !== expected) throw new Error(`offset ${record.offset} where ${expected} is next`)
        expected++
        if (!batch.isControl) found.push(String(record.value))
      }
      at = batch.end
    }
    next = nextOffset
  }
  return found
}

export async function errorsOf(os: Os): Promise<Finding[]> {
  const found: Finding[] = []
  const directory = LocalDirectory.open(os, DATA)
  if (directory.exists()) {
    const { LocalCheck } = await import('../../src/local/check/check.ts')
    await new LocalCheck(os, directory).check({
      found: (finding) => {
        if (finding.severity === 'error') found.push(finding)
      },
    })
  }
  await directory.close()
  return found
}

/**
 * The next writer enters and leaves, and finds all that was promised: throws where a promise is broken. `durable` false: the
 * machine did not go on, so commits that nobody synced may be gone.
 */
export async function expectPromisesKept(os: Os, book: Book, durable: boolean): Promise<void> {
  const warnings: string[] = []
  const directory = LocalDirectory.open(os, DATA, { warn: (line) => warnings.push(line) })
  await directory.enter()
  await directory.leave()
  const image = directory.image()
  for (const topic of book.topics) {
    if (!book.deleted.has(topic) && image.topic(topic) === undefined)
      throw new Error(`topic ${topic} is lost`)
  }
  const stored = values(directory, 't')
  const gone = book.deleted.has('t') && image.topic('t') === undefined
  if (!gone) {
    let at = 0
    for (const value of book.produced) {
      const found = stored.indexOf(value, at)
      if (found < 0) throw new Error(`acknowledged ${value.slice(0, 20)} is not behind ${at}`)
      at = found + 1
    }
    const extra = stored.filter((value) => !book.attempted.includes(value))
    if (extra.length > 0) throw new Error(`not sent: ${extra}`)
    if (new Set(stored).size !== stored.length) throw new Error(`twice: ${stored}`)
  }
  if (image.topic('t') !== undefined) {
    const committed = new OffsetStore(os, directory).fetch('g').get('t-0')?.offset ?? 0
    if (durable && committed < book.committed)
      throw new Error(`committed ${book.committed}, found ${committed}`)
    if (committed > book.attempted.length)
      throw new Error(`committed ${committed} of ${book.attempted.length}`)
  }
  await directory.close()
  const errors = await errorsOf(os)
  if (errors.length > 0) {
    throw new Error(errors.map(({ file, position, problem }) => `${file} ${position}: ${problem}`).join('\n'))
  }
}
