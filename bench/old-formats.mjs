// Reading logs of format 1 beside one of format 2 with the same records, by console-consumer into /dev/null.
//   node bench/old-formats.mjs [--mb 200] [--runs 5] [--only 'none|snappy'] [--dir DIR] [--keep] [--cli PATH]
// CPU time (user and system) of the whole process, each log in turn with the plain one of format 2; the median of the
// ratios pair by pair. The records are of 100 bytes, 150 in a wrapper or batch (16 KB, a producer's default).
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { env, machine, median } from './bench.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
/** @type {<T>(name: string, otherwise: T) => string | T} */
const flag = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : process.argv[at + 1]
}
const RECORDS_IN_SET = 150
const RECORDS_IN_BLOCK = 10_050
const SEGMENT = 2 ** 30
const megabytes = Number(flag('mb', 200))
const runs = Number(flag('runs', 5))
const only = new RegExp(flag('only', '.'))
const cli = path.resolve(flag('cli', path.join(root, 'bin/tkafka')))
const isMade = !process.argv.includes('--dir')
const dir = flag('dir', '') || fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-old-'))
process.on('exit', () => {
  if (isMade && !process.argv.includes('--keep')) fs.rmSync(dir, { recursive: true, force: true })
})

/** @type {typeof import('../test/support/old-messages.ts')} */
const { seeded, storedSet } = await oldMessages()
const began = Date.now() - 3_600_000
const records = sampleRecords()
const count = Math.ceil((megabytes * 1e6) / 100 / RECORDS_IN_BLOCK) * RECORDS_IN_BLOCK
/** @type {{ topic: string, magic: 1 | 2, codec: 'none' | 'gzip' | 'snappy' | 'lz4' }[]} */
const kinds = /** @type {const} */ (['none', 'gzip', 'snappy', 'lz4']).flatMap((codec) =>
  /** @type {const} */ ([1, 2]).map((magic) => ({ topic: `v${magic}-${codec}`, magic, codec })),
)
const chosen = kinds.filter(({ topic }) => topic === 'v2-none' || only.test(topic))
const admin = await createRequire(import.meta.url)(path.join(root, 'dist/index.cjs'))
  .openLocal(dir)
  .admin()
const missing = chosen.filter(({ topic }) => !fs.existsSync(path.join(dir, `${topic}-0`)))
for (const { topic } of missing) await admin.createTopic({ name: topic, partitions: 1 })
await admin.close()
for (const kind of missing) writeLog(kind)
console.log(`machine: ${machine()}; load ${os.loadavg()[0].toFixed(1)}`)
console.log(`${count} records, ${(count / 10_000).toFixed(0)} MB; seconds of CPU`)
compare()

function compare() {
  const beside = chosen.filter(({ topic }) => topic !== 'v2-none')
  /** @type {Map<string, number[]>} */
  const taken = new Map(chosen.map(({ topic }) => [topic, []]))
  for (let i = -1; i < runs; i++) {
    for (const { topic } of chosen) {
      const seconds = cpuOf(topic)
      if (i >= 0) taken.get(topic)?.push(seconds)
    }
  }
  const of = (/** @type {string} */ topic) => taken.get(topic) ?? []
  const plain = of('v2-none')
  console.log(`v2-none    ${median(plain).toFixed(2)} s`)
  for (const { topic, codec } of beside) {
    const ratioTo = (/** @type {readonly number[]} */ others) =>
      median(of(topic).map((own, i) => own / others[i])).toFixed(2)
    const same = of(`v2-${codec}`)
    const peer = same.length === runs ? `, ${ratioTo(same)} times v2-${codec}` : ''
    console.log(
      `${topic.padEnd(10)} ${median(of(topic)).toFixed(2)} s, ${ratioTo(plain)} times v2-none${peer}`,
    )
  }
}

/**
 * Of a whole run, start-up included.
 * @param {string} topic
 */
function cpuOf(topic) {
  const command = `"${process.execPath}" "${cli}" --data-dir "${dir}" console-consumer --topic ${topic} --from-beginning --max-messages ${count}`
  const { stdout, stderr, status } = spawnSync('sh', ['-c', `${command} > /dev/null; times`], {
    env,
    encoding: 'utf8',
  })
  if (status !== 0 || !stderr.includes(`${count} messages`)) throw new Error(`${topic}: ${stderr}`)
  const [user, system] = stdout.trim().split('\n')[1].split(' ')
  return secondsOf(user) + secondsOf(system)
}

/** @param {string} text as `1m2.5s` */
function secondsOf(text) {
  const [minutes, seconds] = text.split('m')
  return Number(minutes) * 60 + Number.parseFloat(seconds)
}

/**
 * A block of sets again and again, with other offsets: no checksum of formats 1 and 2 covers those.
 * @param {(typeof kinds)[number]} kind
 */
function writeLog({ topic, magic, codec }) {
  const folder = path.join(dir, `${topic}-0`)
  for (const name of fs.readdirSync(folder))
    if (/\.(log|index|timeindex)$/.test(name)) fs.unlinkSync(path.join(folder, name))
  const sets = []
  for (let at = 0; at < records.length; at += RECORDS_IN_SET)
    sets.push(storedSet({ magic, codec, records: records.slice(at, at + RECORDS_IN_SET) }))
  const block = Buffer.concat(sets)
  /** @type {number[]} */
  const positions = []
  for (let at = 0; at < block.length; at += 12 + block.readInt32BE(at + 8)) positions.push(at)
  const offsets = positions.map((at) => Number(block.readBigInt64BE(at)))
  const blocksInSegment = Math.floor(SEGMENT / block.length)
  const blocks = count / RECORDS_IN_BLOCK
  for (let first = 0; first < blocks; first += blocksInSegment) {
    const base = first * RECORDS_IN_BLOCK
    const fd = fs.openSync(nameOf(folder, base, 'log'), 'w')
    const entries = []
    const last = Math.min(first + blocksInSegment, blocks)
    for (let i = first; i < last; i++) {
      const shift = i * RECORDS_IN_BLOCK
      positions.forEach((at, k) => {
        block.writeBigInt64BE(BigInt(offsets[k] + shift), at)
      })
      fs.writeSync(fd, block)
      const entry = Buffer.alloc(8)
      entry.writeInt32BE(shift - base + offsets[0])
      entry.writeInt32BE((i - first) * block.length, 4)
      if (i > first) entries.push(entry)
    }
    fs.closeSync(fd)
    fs.writeFileSync(nameOf(folder, base, 'index'), Buffer.concat(entries))
    const time = Buffer.alloc(12)
    time.writeBigInt64BE(BigInt(records[records.length - 1].timestamp))
    time.writeInt32BE((last - first) * RECORDS_IN_BLOCK - 1, 8)
    fs.writeFileSync(nameOf(folder, base, 'timeindex'), time)
  }
  execFileSync('sync')
}

/** @type {(folder: string, offset: number, suffix: string) => string} */
function nameOf(folder, offset, suffix) {
  return path.join(folder, `${String(offset).padStart(20, '0')}.${suffix}`)
}

/** Lines of JSON with numbers that a codec cannot guess. */
function sampleRecords() {
  const random = seeded(1)
  const below = (/** @type {number} */ n) => Math.floor(random() * n)
  return Array.from({ length: RECORDS_IN_BLOCK }, (_, offset) => {
    const line = `{"order":${below(1e9)},"user":"u${below(1e5)}","amount":${below(1e6) / 100},"city":"Zurich","at":${began + offset}`
    const value = Buffer.from(`${`${line},"note":"`.padEnd(98, 'on the way ')}"}`.slice(0, 100))
    return { offset, timestamp: began + offset, key: null, value }
  })
}

async function oldMessages() {
  const outfile = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-old-')), 'old-messages.cjs')
  buildSync({
    entryPoints: [path.join(root, 'test/support/old-messages.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
    define: { 'import.meta.url': JSON.stringify(import.meta.url) },
    logLevel: 'error',
  })
  const module = createRequire(import.meta.url)(outfile)
  fs.rmSync(path.dirname(outfile), { recursive: true })
  return module
}
