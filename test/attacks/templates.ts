/** The directories that are attacked, each with a book of what tkafka acknowledged in it. */
import fs from 'node:fs'
import path from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { openLocal } from '../../src/index.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { readTree, type Tree, writeTree } from './tree.ts'
import { GROUP, recordText } from './use.ts'

/** A stored batch, and where its bytes are. */
export interface BookBatch {
  readonly file: string
  readonly start: number
  readonly end: number
  readonly baseOffset: number
  readonly lastOffset: number
}

export interface BookPartition {
  readonly topic: string
  readonly partition: number
  readonly end: number
  /** Offset -> key and value, as text. */
  readonly records: ReadonlyMap<number, string>
  readonly batches: readonly BookBatch[]
}

export interface Template {
  readonly name: string
  readonly tree: Tree
  /** The same directory some time before: what an old copy brings back. */
  readonly older: Tree
  /** It was left in order. */
  readonly clean: boolean
  /** A genuine broker wrote it. */
  readonly genuine: boolean
  readonly partitions: readonly BookPartition[]
  /** Partition -> committed offset of the group `g`. */
  readonly commits: ReadonlyMap<string, number>
}

const HOUR_MS = 3_600_000
/** In the bench's scratch folder; hidden, as nothing of the bench counts as made by an attack. */
const KEPT = '.templates'

async function fill(dir: string, from: number, to: number): Promise<void> {
  const producer = await openLocal(dir).producer()
  const zipped = await openLocal(dir).producer({ 'compression.type': 'zstd' })
  const start = Date.now() - 5 * HOUR_MS
  for (let i = from; i < to; i++) {
    await producer.send({
      topic: 't',
      partition: i % 2,
      key: `k${i}`,
      value: `value ${i} ${'x'.repeat(i * 7)}`,
    })
    await producer.send({ topic: 'c', key: `k${i % 3}`, value: `${i}` })
    await zipped.send({ topic: 'z', value: `zipped ${i} ${'y'.repeat(50)}` })
    // An hour apart, so that each second one begins a segment.
    await producer.send({ topic: 'm', value: `m${i}`, timestamp: start + i * (HOUR_MS / 20) })
    if (i % 4 === 3) {
      await producer.flush()
      await zipped.flush()
    }
  }
  await producer.close()
  await zipped.close()
}

async function commit(dir: string): Promise<void> {
  const consumer = await openLocal(dir).consumer({
    groupId: GROUP,
    config: { 'auto.offset.reset': 'earliest' },
  })
  await consumer.subscribe(['t'])
  let seen = 0
  while (seen < 6) seen += (await consumer.poll(2000)).length
  await consumer.close()
}

async function own(dir: string, clean: boolean): Promise<Tree> {
  fs.mkdirSync(dir, { recursive: true })
  fs.writeFileSync(path.join(dir, 'server.properties'), 'offsets.topic.num.partitions=2\n')
  const admin = await openLocal(dir).admin()
  await admin.createTopic({ name: 't', partitions: 2 })
  await admin.createTopic({ name: 'z', partitions: 1 })
  await admin.createTopic({ name: 'm', partitions: 1, configs: { 'segment.ms': `${HOUR_MS / 12}` } })
  await admin.createTopic({ name: 'c', partitions: 1, configs: { 'cleanup.policy': 'compact' } })
  await admin.close()
  await fill(dir, 0, 12)
  await commit(dir)
  const cleaner = await openLocal(dir).admin()
  for await (const { status, message } of cleaner.clean({ topics: (name) => name === 'c', now: true })) {
    if (status === 'failed') throw new Error(message)
  }
  await cleaner.close()
  const older = readTree(dir)
  await fill(dir, 12, 24)
  await commit(dir)
  if (clean) return older
  // As a machine that stopped leaves it: the marker is gone, and nobody closed what was written.
  const last = await openLocal(dir).producer()
  for (const topic of ['t', 'z', 'c'])
    await last.send({ topic, partition: 0, key: 'k1', value: 'the last one' })
  await last.flush()
  const now = readTree(dir)
  await last.close()
  fs.rmSync(dir, { recursive: true })
  writeTree(dir, now)
  return older
}

function batchesOf(tree: Tree, folder: string): BookBatch[] {
  const found: BookBatch[] = []
  const logs = [...tree.keys()].filter((name) => name.startsWith(`${folder}/`) && name.endsWith('.log'))
  for (const file of logs.sort()) {
    const bytes = tree.get(file) as Buffer
    for (let start = 0; start < bytes.length; ) {
      const batch = new RecordBatch(bytes, start)
      if (bytes.readInt32BE(start + 8) <= 0) break
      found.push({ file, start, end: batch.end, baseOffset: batch.baseOffset, lastOffset: batch.lastOffset })
      start = batch.end
    }
  }
  return found
}

/** Reads it to the last record, as its owner did before anybody attacked it. */
async function write(name: string, dir: string, tree: Tree, older: Tree, clean: boolean): Promise<Template> {
  const genuine = name === 'genuine'
  const admin = await openLocal(dir).admin()
  const partitions: BookPartition[] = []
  for (const { name: topic, internal } of await admin.listTopics()) {
    if (internal) continue
    const [description] = await admin.describeTopics([topic])
    for (const { partition } of description.partitions) {
      const { offset: end = 0 } = await admin.listOffset({ topic, partition }, 'latest')
      const consumer = await openLocal(dir).consumer({
        untilEnd: true,
        config: { 'auto.offset.reset': 'earliest' },
      })
      await consumer.assign([{ topic, partition }])
      const records = new Map<number, string>()
      while (!consumer.finished) {
        for (const { offset, key, value } of await consumer.poll(1000))
          records.set(offset, recordText(key, value))
      }
      await consumer.close()
      partitions.push({ topic, partition, end, records, batches: batchesOf(tree, `${topic}-${partition}`) })
    }
  }
  const commits = new Map<string, number>()
  const committed = genuine ? [] : (await admin.listConsumerGroupOffsets(GROUP)).values()
  for (const { partition: at, offset } of committed) commits.set(`${at.topic}-${at.partition}`, offset.offset)
  await admin.close()
  return { name, tree, older, clean, genuine, partitions, commits }
}

/** Makes them all and keeps them in a file, as every process of the bench needs them. @param genuine a directory that a broker wrote */
export async function keepTemplates(scratch: string, genuine: string): Promise<void> {
  const theirs = readTree(genuine)
  const made = [await write('genuine', genuine, theirs, theirs, true)]
  for (const name of ['clean', 'killed']) {
    const dir = path.join(scratch, `template-${name}`)
    const older = await own(dir, name === 'clean')
    made.push(await write(name, dir, readTree(dir), older, name === 'clean'))
    fs.rmSync(dir, { recursive: true })
  }
  fs.writeFileSync(path.join(scratch, KEPT), serialize(made))
}

export function keptTemplates(scratch: string, only: RegExp): Template[] {
  const made: Template[] = deserialize(fs.readFileSync(path.join(scratch, KEPT)))
  return made.filter(({ name }) => only.test(name))
}
