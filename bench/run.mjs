// `npm run bench [-- --quick] [--only REGEX] [--growth] [--save]`: the table of docs/performance.md, each figure beside what it
// stands against, in one run; --growth adds how cost grows. --save writes bench/results/<date>.json, and with --growth the
// plot docs/growth.svg. Ratios are what counts; absolute figures belong to the machine that is named.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { machine, paired, settle, versions } from './bench.mjs'
import { clusterMeasures, clusterRows } from './cluster-rows.mjs'
import { growth, growthPlot, growthTable } from './growth.mjs'
import { startKafka } from './kafka.mjs'
import { lookups, startRows } from './start-rows.mjs'
import { makeLines, throughputMeasures, throughputRows } from './throughput-rows.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const tkafka = path.join(root, 'bin/tkafka')
const quick = process.argv.includes('--quick')
const only = new RegExp(
  process.argv[process.argv.indexOf('--only') + 1] && process.argv.includes('--only')
    ? process.argv[process.argv.indexOf('--only') + 1]
    : '',
)
const LINES = quick ? 300_000 : 3_000_000
const RUNS = quick ? 3 : 5

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-bench-'))
process.on('exit', () => fs.rmSync(work, { recursive: true, force: true }))
const dataDir = path.join(work, 'data')
const extraEnv = { TKAFKA_DATA_DIR: dataDir }
const tk = (/** @type {string[]} */ ...args) =>
  execFileSync(process.execPath, [tkafka, ...args], {
    env: { ...process.env, ...extraEnv },
    stdio: ['ignore', 'pipe', 'inherit'],
  })

const kafka = await startKafka(work)
const topics = (/** @type {string[]} */ ...args) => tk('topics', ...args)

const rows = [
  ...startRows({ work, tkafka, kafka, ...(quick && { topics: 500, commits: 20_000 }) }),
  ...throughputRows({ work, tkafka, lines: LINES, topics, kafka, extraEnv }),
  ...clusterRows({ work, tkafka, lines: LINES, kafka, makeLines: (file) => makeLines(file, LINES, false) }),
]

console.log(`machine: ${machine()}, load ${os.loadavg()[0].toFixed(1)}`)
console.log(`versions: ${versions(kafka)}`)
console.log(`absent: ${kafka.absent.join(', ') || 'nothing'}\n`)
console.log('| what | ours | peak MB | beside | ratio | bar |\n|---|---|---|---|---|---|')
const results = []
for (const row of rows) {
  if (!only.test(row.name)) continue
  await row.setup?.()
  settle()
  const result = await paired({ ...row, runs: row.runs ?? RUNS, extraEnv: { ...extraEnv, ...row.env } })
  results.push({ name: row.name, bar: row.bar, ...result })
  result.peers.forEach((peer, i) => {
    const most = i === 0 ? row.bar : peer.bar
    const bar = most === undefined ? '' : `<= ${most} ${peer.ratio <= most ? '' : 'MISSED'}`
    const mine = i === 0 ? `${(result.seconds * 1000).toFixed(0)} ms | ${result.peakMb}` : ' | '
    console.log(
      `| ${i === 0 ? row.name : ''} | ${mine} | ${peer.name} ${(peer.seconds * 1000).toFixed(0)} ms | ${peer.ratio.toFixed(2)} | ${bar} |`,
    )
  })
}

const LOOKUP = 'lookup in 100 GB, in process'
if (only.test(LOOKUP)) {
  settle()
  const found = await lookups({ work, tkafka })
  for (const [by, { first, p50, p99 }] of Object.entries(found)) {
    const bar = p50 <= 5 ? '' : 'MISSED'
    console.log(
      `| ${LOOKUP}, by ${by} | p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms | | first, code cold ${first.toFixed(1)} ms | | p50 <= 5 ${bar} |`,
    )
  }
  results.push({ name: LOOKUP, ...found })
}
const measures = [
  ...throughputMeasures({ work, tkafka, lines: LINES, topics, kafka, extraEnv, quick }),
  ...clusterMeasures({ tkafka, kafka, quick }),
]
for (const measure of measures) {
  if (!only.test(measure.name)) continue
  settle()
  const { cells, result } = await measure.run(measure.name)
  const [what, ours, beside, ratio, bar] = cells
  console.log(`| ${what} | ${ours} | | ${beside} | ${ratio} | ${bar} |`)
  results.push({ name: what, ...result })
}
kafka.stop()
let grown
if (process.argv.includes('--growth')) {
  grown = await growth({ work, tkafka, ...(quick && { runs: 3, most: 1000 }) })
  console.log(`\n${growthTable(grown)}`)
}
if (process.argv.includes('--save')) {
  const file = path.join(root, 'bench/results', `${new Date().toISOString().slice(0, 10)}.json`)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(
    file,
    `${JSON.stringify({ machine: machine(), load: os.loadavg(), versions: versions(kafka), absent: kafka.absent, results, growth: grown }, null, 2)}\n`,
  )
  if (grown !== undefined) {
    const caption = `times bare node -e 0, least of several runs in turn; ${machine()}`
    fs.writeFileSync(path.join(root, 'docs/growth.svg'), growthPlot(grown, caption))
  }
}
