// What producing costs beside plain copying: `node bench/produce.mjs [--lines N] [--runs N]`. Lines of 100 bytes, from a
// pipe. Needs a quiet machine; the ratios are what counts.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { machine, paired } from './bench.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const tkafka = path.join(root, 'bin/tkafka')
const option = (/** @type {string} */ name, /** @type {number} */ fallback) => {
  const at = process.argv.indexOf(name)
  return at < 0 ? fallback : Number(process.argv[at + 1])
}
const LINES = option('--lines', 3_000_000)
const RUNS = option('--runs', 5)

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-bench-produce-'))
process.on('exit', () => fs.rmSync(work, { recursive: true, force: true }))
const extraEnv = { TKAFKA_DATA_DIR: path.join(work, 'data') }
const topics = (/** @type {string[]} */ ...args) =>
  execFileSync(process.execPath, [tkafka, 'topics', ...args], {
    env: { ...process.env, ...extraEnv },
    stdio: 'ignore',
  })

/**
 * @param {string} file
 * @param {(i: number) => string} head what a line begins with
 */
function write(file, head) {
  const filler = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(4)
  const fd = fs.openSync(file, 'w')
  for (let done = 0; done < LINES; done += 10_000) {
    let text = ''
    for (let i = done; i < Math.min(LINES, done + 10_000); i++) {
      const start = head(i)
      text += `${start}${filler.slice(0, 99 - start.length)}\n`
    }
    fs.writeSync(fd, text)
  }
  fs.closeSync(fd)
}

const plain = path.join(work, 'plain')
const keyed = path.join(work, 'keyed')
write(plain, (i) => `${i}-`)
write(keyed, (i) => `k${i % 10_000}\t${i}-`)

/** @type {[name: string, partitions: number, file: string, flags: string, source?: string][]} */
const rows = [
  ['one partition', 1, plain, ''],
  ['no key, 8 partitions in turn', 8, plain, ''],
  ['keys, 8 partitions', 8, keyed, '--reader-property parse.key=true'],
  ['one partition, lz4', 1, plain, '--compression-codec lz4'],
  ['one partition, zstd', 1, plain, '--compression-codec zstd'],
  ['carriage returns, one partition', 1, plain, '', `sed 's/$/\\r/' ${plain}`],
]

process.stdout.write(`${machine()}; ${LINES} lines of 100 bytes, ${RUNS} runs\n`)
let made = 0
for (const [name, partitions, file, flags, source = `cat ${file}`] of rows) {
  let topic = ''
  const script = path.join(work, 'produce.sh')
  const result = await paired({
    ours: `sh ${script}`,
    peers: [
      { name: 'cat > file', command: `${source} | cat > ${work}/copy` },
      { name: 'cat > file, sync -d', command: `${source} | cat > ${work}/copy && sync -d ${work}/copy` },
    ],
    runs: RUNS,
    extraEnv,
    prepare: () => {
      if (topic !== '') topics('--delete', '--topic', topic)
      topic = `bench-${made++}`
      topics('--create', '--topic', topic, '--partitions', `${partitions}`)
      fs.writeFileSync(script, `${source} | ${tkafka} console-producer --topic ${topic} ${flags}\n`)
    },
  })
  topics('--delete', '--topic', topic)
  const ratios = result.peers.map((p) => `${p.ratio.toFixed(2)} x ${p.name} (${p.seconds.toFixed(2)} s)`)
  process.stdout.write(
    `${`${name}`.padEnd(34)}${result.seconds.toFixed(2)} s  ${(LINES / result.seconds / 1e6).toFixed(2)} M/s  ${ratios.join(', ')}  peak ${result.peakMb} MB\n`,
  )
}
