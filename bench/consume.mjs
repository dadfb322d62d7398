// `node bench/consume.mjs [--rate MS]`: how long a line takes from a producer's standard input to a following consumer's standard
// output, both as separate processes. Throughput is in run.mjs.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { env, machine } from './bench.mjs'

const tkafka = fileURLToPath(new URL('../bin/tkafka', import.meta.url))
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-bench-'))
process.on('exit', () => fs.rmSync(work, { recursive: true, force: true }))
const given = process.argv.indexOf('--rate')
const pause = given < 0 ? 10 : Number(process.argv[given + 1])
const LINES = 300

/**
 * @param {readonly string[]} args
 * @param {['pipe' | 'ignore', 'pipe' | 'inherit', 'inherit' | 'ignore']} stdio
 */
const start = (args, stdio) => spawn(process.execPath, [tkafka, '--data-dir', work, ...args], { env, stdio })
const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms))
const now = () => performance.timeOrigin + performance.now()

const producer = start(['console-producer', '--topic', 'a'], ['pipe', 'inherit', 'inherit'])
producer.stdin?.write('0\n')
await sleep(1000)
const consumer = start(['console-consumer', '--topic', 'a'], ['ignore', 'pipe', 'ignore'])
/** @type {number[]} */
const taken = []
let rest = ''
consumer.stdout?.on('data', (data) => {
  const at = now()
  const lines = (rest + data).split('\n')
  rest = lines.pop() ?? ''
  for (const line of lines) taken.push(at - Number(line))
})
await sleep(1500)
for (let i = 0; i < LINES; i++) {
  producer.stdin?.write(`${now()}\n`)
  await sleep(pause)
}
await sleep(500)
producer.stdin?.end()
consumer.kill('SIGTERM')
taken.sort((a, b) => a - b)
const at = (/** @type {number} */ part) => taken[Math.floor(taken.length * part)].toFixed(2)
console.log(`machine: ${machine()}`)
console.log(
  `${taken.length} of ${LINES} lines, one each ${pause} ms; ms from line in to line out: p50 ${at(0.5)}, p95 ${at(0.95)}, max ${at(0.999)}`,
)
