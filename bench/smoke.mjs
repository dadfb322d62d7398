// `npm run bench:smoke`: has anything become twice as slow? Each command runs in turn with bare Node or with cat in the
// same minute. Compared are the least times of both and their CPU time; what is too slow gets two more chances, and on a
// machine that others keep busy the CPU time alone decides. The limits are some twice what a quiet machine showed when
// they were last set; the bars stand in docs/performance.md.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { env, machine, timed } from './bench.mjs'

const tkafka = path.join(fileURLToPath(new URL('..', import.meta.url)), 'bin/tkafka')
const LINES = 1_000_000

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-smoke-'))
process.on('exit', () => fs.rmSync(work, { recursive: true, force: true }))
const extraEnv = { TKAFKA_DATA_DIR: path.join(work, 'data'), XDG_CACHE_HOME: path.join(work, 'cache') }
const tk = (/** @type {string[]} */ ...args) =>
  execFileSync(process.execPath, [tkafka, ...args], { env: { ...env, ...extraEnv }, stdio: 'ignore' })

const lines = path.join(work, 'lines')
fs.writeFileSync(lines, `${'x'.repeat(99)}\n`.repeat(LINES))
for (const topic of ['small', 'in', 'out']) tk('topics', '--create', '--topic', topic, '--partitions', '1')
const produce = (/** @type {string} */ topic) => `cat ${lines} | ${tkafka} console-producer --topic ${topic}`
await timed(produce('out'), extraEnv)

const node = { name: 'node -e 0', command: `${process.execPath} -e 0` }
const cat = { name: 'cat > file', command: `cat ${lines} | cat > ${work}/copy` }
const rows = [
  {
    name: 'topics --list',
    ours: `${tkafka} topics --list`,
    beside: node,
    runs: 11,
    limit: { wall: 2.7, cpu: 2.7 },
  },
  {
    name: 'echo x | console-producer',
    ours: `echo x | ${tkafka} console-producer --topic small`,
    beside: node,
    runs: 11,
    limit: { wall: 4.2, cpu: 4.4 },
  },
  {
    name: '1 M lines in',
    ours: produce('in'),
    beside: cat,
    runs: 3,
    limit: { wall: 8, cpu: 10 },
    clean: () => {
      tk('topics', '--delete', '--topic', 'in')
      tk('topics', '--create', '--topic', 'in', '--partitions', '1')
    },
  },
  {
    name: '1 M records out',
    ours: `${tkafka} console-consumer --topic out --from-beginning --max-messages ${LINES} | cat > ${work}/copy`,
    beside: cat,
    runs: 3,
    limit: { wall: 5, cpu: 9 },
  },
]

/** CPU seconds of all children that ended, in steps of 10 ms; undefined where the kernel does not tell like this. */
function childrenCpu() {
  try {
    const fields = fs
      .readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /, '')
      .split(' ')
    return (Number(fields[13]) + Number(fields[14])) / 100
  } catch {
    return undefined
  }
}

/**
 * @typedef {{ least: number, cpu: number }} Sum in seconds
 * @typedef {{ wall: number, cpu: number }} Ratios
 */

/**
 * @param {string} command
 * @param {Sum} sum
 */
async function measured(command, sum) {
  const before = childrenCpu()
  sum.least = Math.min(sum.least, (await timed(command, extraEnv)).seconds)
  if (before !== undefined) sum.cpu += (childrenCpu() ?? before) - before
}

/**
 * Both in turn; one run of both first, untimed.
 * @param {{ ours: string, beside: { command: string }, runs: number, clean?: () => void }} row
 * @param {{ least: number, cpu: number }} mine
 * @param {{ least: number, cpu: number }} theirs
 */
async function compare({ ours, beside, runs, clean }, mine, theirs) {
  for (let i = -1; i < runs; i++) {
    clean?.()
    const untimed = { least: 0, cpu: 0 }
    await measured(ours, i < 0 ? untimed : mine)
    await measured(beside.command, i < 0 ? untimed : theirs)
  }
  const wall = mine.least / theirs.least
  return { wall, cpu: theirs.cpu > 0 ? mine.cpu / theirs.cpu : wall }
}

const busy = () => os.loadavg()[0] > os.cpus().length
/** @type {(ratios: Ratios, limit: Ratios) => boolean} */
const tooSlow = ({ wall, cpu }, limit) => cpu > limit.cpu || (wall > limit.wall && !busy())

console.log(`machine: ${machine()}, load ${os.loadavg()[0].toFixed(1)}\n`)
console.log('| what | ours | beside | ratio | CPU ratio | limits |\n|---|---|---|---|---|---|')
const slow = []
for (const row of rows) {
  const mine = { least: Infinity, cpu: 0 }
  const theirs = { least: Infinity, cpu: 0 }
  let ratios = await compare(row, mine, theirs)
  for (let again = 0; again < 2 && tooSlow(ratios, row.limit); again++) {
    ratios = await compare(row, mine, theirs)
  }
  const ms = (/** @type {Sum} */ { least }) => `${(least * 1000).toFixed(0)} ms`
  console.log(
    `| ${row.name} | ${ms(mine)} | ${row.beside.name} ${ms(theirs)} | ${ratios.wall.toFixed(2)} | ${ratios.cpu.toFixed(2)} | ${row.limit.wall}, ${row.limit.cpu} |`,
  )
  if (tooSlow(ratios, row.limit)) slow.push(row.name)
}
if (slow.length > 0) {
  console.log(`\nslower than twice what it was: ${slow.join('; ')}`)
  process.exit(1)
}
console.log('\nnothing has become twice as slow')
