// A partition of 100 GB that takes few MB of disk, and of which every byte is as it should be: segments of 1 GiB in which
// a record of a few bytes and one of nearly 64 MiB of zeros take turns; the zeros are holes in the file. Offset and time
// index name each batch, as a log's own do. The last segment holds small records, appended by tkafka itself.
//   node bench/large-partition.mjs lookup DIR    times lookups by timestamp and offset in one process, as JSON
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)

export const TOPIC = 'large'
const SEGMENT = 2 ** 30
const STEP = 64 * 2 ** 20
const PAIRS = SEGMENT / STEP
/** Offsets of a pair: the small record has the first; the large one's batch stands for the rest, as after compaction. */
const SPAN = 500_000
const OFFSETS = PAIRS * SPAN

/**
 * Makes DIR with topics `large` of so many segments, and `plain`; both end in a segment of about a megabyte.
 * @param {string} dir
 * @param {number} segments
 * @param {string} tkafka
 */
export async function makeLargePartition(dir, segments, tkafka) {
  if (fs.existsSync(dir)) return
  const { RecordBatchBuilder } = records(path.dirname(dir))
  const admin = await require(path.join(root, 'dist/index.cjs')).openLocal(dir).admin()
  for (const name of [TOPIC, 'plain']) await admin.createTopic({ name, partitions: 1 })
  await admin.close()
  const folder = path.join(dir, `${TOPIC}-0`)
  for (const name of fs.readdirSync(folder)) {
    if (/\.(log|index|timeindex)$/.test(name)) fs.unlinkSync(path.join(folder, name))
  }
  const began = Date.now() - 3_600_000
  const small = (/** @type {number} */ baseOffset) => {
    const builder = new RecordBatchBuilder({ baseOffset, leaderEpoch: 0 })
    builder.append(timeOf(began, baseOffset), null, Buffer.from(`offset ${baseOffset}`.padEnd(24)))
    return builder.build()
  }
  // Its checksum leaves the base offset out, so that all large ones have the same bytes but for that.
  const builder = new RecordBatchBuilder({ baseOffset: 1, leaderEpoch: 0 })
  builder.append(began, null, Buffer.alloc(STEP - small(0).length - LARGE_OVERHEAD))
  builder.lastOffset = SPAN - 1
  const large = builder.build()
  if (small(0).length + large.length !== STEP) throw new Error(`${small(0).length} + ${large.length}`)
  const head = Buffer.from(large.subarray(0, 128))
  for (let segment = 0; segment < segments; segment++) {
    const base = segment * OFFSETS
    const log = fs.openSync(nameOf(folder, base, 'log'), 'w')
    const index = Buffer.alloc(2 * PAIRS * 8)
    const times = Buffer.alloc(PAIRS * 12)
    for (let i = 0; i < PAIRS; i++) {
      const offset = base + i * SPAN
      const batch = small(offset)
      head.writeBigInt64BE(BigInt(offset + 1), 0)
      fs.writeSync(log, Buffer.concat([batch, head]), 0, batch.length + head.length, i * STEP)
      index.writeInt32BE(i * SPAN, i * 16)
      index.writeInt32BE(i * STEP, i * 16 + 4)
      index.writeInt32BE(i * SPAN + SPAN - 1, i * 16 + 8)
      index.writeInt32BE(i * STEP + batch.length, i * 16 + 12)
      times.writeBigInt64BE(BigInt(timeOf(began, offset)), i * 12)
      times.writeInt32BE(i * SPAN, i * 12 + 8)
    }
    fs.ftruncateSync(log, SEGMENT)
    fs.closeSync(log)
    // The batch at position 0 has no entry: index.interval.bytes come first.
    fs.writeFileSync(nameOf(folder, base, 'index'), index.subarray(8))
    fs.writeFileSync(nameOf(folder, base, 'timeindex'), times)
  }
  const end = segments * OFFSETS
  for (const suffix of ['log', 'index', 'timeindex']) fs.writeFileSync(nameOf(folder, end, suffix), '')
  // Version 1, CRC-32C of the four bytes that count no producers.
  fs.writeFileSync(nameOf(folder, end, 'snapshot'), Buffer.from('000148674bc700000000', 'hex'))
  const lines = Buffer.from(`${'x'.repeat(99)}\n`.repeat(10_000))
  for (const topic of [TOPIC, 'plain']) {
    execFileSync(process.execPath, [tkafka, '--data-dir', dir, 'console-producer', '--topic', topic], {
      input: lines,
      stdio: ['pipe', 'ignore', 'inherit'],
    })
  }
}

/** Of a batch of one record with so long a value. */
const LARGE_OVERHEAD = 61 + 4 + 1 + 1 + 1 + 1 + 4 + 1

/** @type {(folder: string, offset: number, suffix: string) => string} */
const nameOf = (folder, offset, suffix) => path.join(folder, `${String(offset).padStart(20, '0')}.${suffix}`)
/**
 * All of it within the hour before it is made, or retention would be due some day.
 * @param {number} began
 * @param {number} offset
 */
const timeOf = (began, offset) => began + Math.floor(offset / 1000)

/**
 * The record codec out of the sources: the public API has none.
 * @param {string} work
 * @returns {typeof import('../src/record/record-batch-builder.ts')}
 */
function records(work) {
  const outfile = path.join(work, 'records.cjs')
  buildSync({
    entryPoints: [path.join(root, 'src/record/record-batch-builder.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
    define: { 'import.meta.url': JSON.stringify(import.meta.url) },
    logLevel: 'error',
  })
  return require(outfile)
}

/**
 * Lookups at random places, by offset (up to the record) and by timestamp; ms.
 * @param {string} dir
 */
async function lookups(dir, count = 200) {
  const kafka = require(path.join(root, 'dist/index.cjs')).openLocal(dir)
  const partition = { topic: TOPIC, partition: 0 }
  const admin = await kafka.admin()
  const consumer = await kafka.consumer()
  await consumer.assign([partition])
  const files = fs.readdirSync(path.join(dir, `${TOPIC}-0`)).filter((name) => name.endsWith('.log'))
  const segments = files.length - 1
  const first = fs.openSync(nameOf(path.join(dir, `${TOPIC}-0`), 0, 'timeindex'), 'r')
  const began = Buffer.alloc(8)
  fs.readSync(first, began, 0, 8, 0)
  const byTime = []
  const byOffset = []
  for (let i = 0; i < count; i++) {
    const batch = Math.floor(Math.random() * segments * PAIRS) * SPAN
    let started = performance.now()
    const { offset } = await admin.listOffset(partition, timeOf(Number(began.readBigInt64BE()), batch))
    byTime.push(performance.now() - started)
    if (offset !== batch) throw new Error(`timestamp of offset ${batch}: found ${offset}`)
    started = performance.now()
    consumer.seek(partition, batch)
    const [record] = await consumer.poll(1000)
    byOffset.push(performance.now() - started)
    if (record?.offset !== batch) throw new Error(`offset ${batch}: found ${record?.offset}`)
  }
  await consumer.close()
  await admin.close()
  const figures = (/** @type {readonly number[]} */ values) => {
    const [begin] = values
    const sorted = [...values].sort((a, b) => a - b)
    return { first: begin, p50: sorted[Math.floor(count / 2)], p99: sorted[Math.floor(count * 0.99)] }
  }
  return { timestamp: figures(byTime), offset: figures(byOffset) }
}

if (process.argv[2] === 'lookup') console.log(JSON.stringify(await lookups(process.argv[3])))
