/** Transactions on a disk that may fail at any call, with a book of what was promised; and what must hold afterwards. */
import { OffsetStore } from '../../src/group/offsets/offset-store.ts'
import { LocalTransactions } from '../../src/local/admin/transaction-admin.ts'
import { LocalConsumer } from '../../src/local/consumer/local-consumer.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../src/local/producer/local-producer.ts'
import type { Os } from '../../src/os/os.ts'
import { MemoryDisk, seeded } from '../support/crash-memory-file-system.ts'
import { DATA, values } from './disk-scenarios.ts'

export const TOPICS = ['a', 'b'] as const

/** What became of transaction N: it wrote `N` to both topics and offset N of group g. */
export type Fate = 'begun' | 'committing' | 'committed' | 'aborting' | 'aborted'
export type Fates = Map<number, Fate>

/** Few partitions, so that there are few calls to fail. */
export function transactionDisk(): MemoryDisk {
  const disk = new MemoryDisk(seeded(7))
  const settings = ['offsets.topic.num.partitions=2', 'transaction.state.log.num.partitions=2']
  disk.put(`${DATA}/server.properties`, `${settings.join('\n')}\n`)
  return disk
}

export function transactional(os: Os, id = 'tx'): LocalProducer {
  return new LocalProducer(os, LocalDirectory.open(os, DATA), { 'transactional.id': id })
}

export async function writeTransaction(
  producer: LocalProducer,
  fates: Fates,
  n: number,
  end: 'commit' | 'abort',
): Promise<void> {
  await producer.beginTransaction()
  fates.set(n, 'begun')
  for (const topic of TOPICS) await producer.send({ topic, value: String(n) })
  await producer.sendOffsetsToTransaction([{ topic: 'in', partition: 0, offset: n }], { groupId: 'g' })
  if (end === 'commit') {
    fates.set(n, 'committing')
    await producer.commitTransaction()
    fates.set(n, 'committed')
  } else {
    fates.set(n, 'aborting')
    await producer.abortTransaction()
    fates.set(n, 'aborted')
  }
}

/** Commits, aborts, and ends by itself. */
export async function transactions(os: Os, fates: Fates): Promise<void> {
  const producer = transactional(os)
  try {
    await producer.initTransactions()
    await writeTransaction(producer, fates, 1, 'commit')
    await writeTransaction(producer, fates, 2, 'abort')
    await writeTransaction(producer, fates, 3, 'commit')
  } finally {
    await producer.close()
  }
}

async function committedValues(os: Os, topic: string): Promise<number[]> {
  const directory = LocalDirectory.open(os, DATA)
  const config = { 'auto.offset.reset': 'earliest' }
  const consumer = new LocalConsumer(os, directory, {
    isolationLevel: 'read_committed',
    untilEnd: true,
    config,
  })
  const found: number[] = []
  try {
    await consumer.assign([{ topic, partition: 0 }])
    for (let done = false; !done; ) {
      const records = await consumer.poll(1000)
      done = records.length === 0
      for (const { value } of records) found.push(Number(value))
    }
  } finally {
    await consumer.close()
    await directory.close()
  }
  return found
}

/**
 * A writer came by; then each transaction is there whole or not at all, as it was promised, and nothing hangs. `next`: a number for one
 * more transaction of the same id, which must work.
 */
export async function expectAllOrNothing(os: Os, fates: Fates, next: number): Promise<void> {
  const passing = LocalDirectory.open(os, DATA)
  await passing.enter()
  await passing.leave()
  await passing.close()
  expectWhole(await facts(os), fates)
  const producer = transactional(os)
  await producer.initTransactions()
  await writeTransaction(producer, fates, next, 'commit')
  await producer.close()
  expectWhole(await facts(os), fates)
}

interface Facts {
  readonly seen: Map<string, number[]>
  readonly offset: number | undefined
  readonly open: string[]
}

async function facts(os: Os): Promise<Facts> {
  const directory = LocalDirectory.open(os, DATA)
  try {
    const seen = new Map<string, number[]>()
    const open: string[] = []
    for (const topic of TOPICS) {
      const exists = directory.exists() && directory.image().topic(topic) !== undefined
      // Also that offsets are dense.
      if (exists) values(directory, topic)
      seen.set(topic, exists ? await committedValues(os, topic) : [])
      const log = exists ? directory.logForReading(topic, 0) : undefined
      log?.refresh()
      if (log !== undefined && log.lastStableOffset < log.logEndOffset) open.push(topic)
    }
    for (const { transactionalId, state } of await new LocalTransactions(os, directory).listTransactions()) {
      if (!/^Empty|^Complete/.test(state)) open.push(`${transactionalId}: ${state}`)
    }
    return { seen, open, offset: new OffsetStore(os, directory).fetch('g').get('in-0')?.offset }
  } finally {
    await directory.close()
  }
}

function expectWhole({ seen, offset, open }: Facts, fates: Fates): void {
  const wrong: string[] = open.map((what) => `open still: ${what}`)
  const [first, second] = TOPICS.map((topic) => seen.get(topic) ?? [])
  if (first.join() !== second.join()) wrong.push(`half: a has ${first}, b has ${second}`)
  const sorted = [...new Set(first)].sort((x, y) => x - y)
  if (sorted.join() !== first.join()) wrong.push(`twice or out of order: ${first}`)
  for (const [n, fate] of fates) {
    if (fate === 'committed' && !first.includes(n)) wrong.push(`lost: ${n}`)
    if ((fate === 'aborted' || fate === 'aborting' || fate === 'begun') && first.includes(n))
      wrong.push(`shown though it was ${fate}: ${n}`)
  }
  if (offset !== first.at(-1)) wrong.push(`offset ${offset}, values up to ${first.at(-1)}`)
  if (wrong.length > 0) throw new Error(wrong.join('; '))
}
