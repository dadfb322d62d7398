// `node bench/groups.mjs [ROUNDS]`: how soon a killed member's partitions have another owner, and how soon one that
// joins has its share, seen from outside: by what stands in the claims. Members are console-consumers, and programs that use
// the library. Also what members and consumers cost that have nothing to do.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { env, machine, median } from './bench.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const PARTITIONS = 4
/** Nothing here takes so long, whatever the load: then something is wrong, and is said. */
const PATIENCE_MS = 30_000
/**
 * @typedef {import('node:child_process').ChildProcess} Child
 * @typedef {{ least: number, p50: number, p90: number, max: number }} Times in ms
 */

const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Looks again and again, at most so long.
 * @param {string} what
 * @param {() => boolean} seen
 */
async function until(what, seen) {
  const deadline = performance.now() + PATIENCE_MS
  while (!seen()) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`)
    await sleep(1)
  }
}

/**
 * Kills what is left of them and waits for their end, so that nobody writes any more where the folder is removed.
 * @param {readonly Child[]} children
 */
async function end(children) {
  for (const child of children) child.kill('SIGKILL')
  for (const child of children)
    if (child.exitCode === null && child.signalCode === null)
      await new Promise((resolve) => child.on('exit', resolve))
}

const LIBRARY_MEMBER = `
import { openLocal } from ${JSON.stringify(pathToFileURL(path.join(root, 'dist/index.mjs')).href)}
const consumer = await openLocal(process.argv[1]).consumer({ groupId: process.argv[2] })
await consumer.subscribe(['groups'])
for (;;) await consumer.poll(1000)
`

/**
 * Milliseconds of each round: `death` and `join`, of one kind of member.
 * @param {{ dir: string, tkafka: string, kind: string, rounds: number }} options
 */
export async function groupTimings({ dir, tkafka, kind, rounds }) {
  const group = `timed-${kind}`
  /** @type {Child[]} */
  const children = []
  const start = () => {
    const child = spawn(
      process.execPath,
      kind === 'tool'
        ? [tkafka, 'console-consumer', '--topic', 'groups', '--group', group, '--data-dir', dir]
        : ['--input-type=module', '-e', LIBRARY_MEMBER, dir, group],
      { env, stdio: 'ignore' },
    )
    children.push(child)
    return child
  }
  const files = (/** @type {string} */ mark) =>
    fs.readdirSync(dir).filter((name) => name.startsWith('.tkafka-group-') && name.includes(mark))
  const owners = () => files('-p-').map((name) => read(path.join(dir, name)))
  /** @type {(pid: number | undefined) => { pid: number, memberId: string } | undefined} */
  const memberOf = (pid) =>
    files('-m-')
      .map((name) => read(path.join(dir, name)))
      .map((text) => (text.endsWith('\n') ? JSON.parse(text) : undefined))
      .find((member) => member?.pid === pid)
  const shareOf = (/** @type {Child} */ child, /** @type {number} */ partitions) =>
    until(`${kind}, ${partitions} partitions`, () => {
      const member = memberOf(child.pid)
      return member !== undefined && owners().filter((id) => id === member.memberId).length >= partitions
    })
  /** @type {number[]} */
  const death = []
  /** @type {number[]} */
  const join = []
  try {
    const first = start()
    await shareOf(first, PARTITIONS)
    // The first commit of a directory makes `__consumer_offsets`, fifty folders: that is no part of a join.
    await until('the first commit', () => fs.existsSync(path.join(dir, '__consumer_offsets-49')))
    await sleep(500)
    for (let i = 0; i < rounds; i++) {
      const other = start()
      await until(`${kind}, a member`, () => memberOf(other.pid) !== undefined)
      const joined = performance.now()
      await shareOf(other, PARTITIONS / 2)
      join.push(performance.now() - joined)
      await sleep(300)
      const killed = performance.now()
      other.kill('SIGKILL')
      await shareOf(first, PARTITIONS)
      death.push(performance.now() - killed)
      await sleep(100)
    }
  } finally {
    await end(children)
  }
  /** @type {(values: readonly number[]) => Times} */
  const summary = (values) => {
    const sorted = [...values].sort((a, b) => a - b)
    return {
      least: sorted[0],
      p50: median(values),
      p90: sorted[Math.floor(sorted.length * 0.9)],
      max: sorted[sorted.length - 1],
    }
  }
  return { death: summary(death), join: summary(join) }
}

/**
 * Percent of a core that each takes while nothing happens, over some seconds: user and system time of the process.
 * @param {{ dir: string, tkafka: string, seconds?: number }} options
 */
export async function idleCosts({ dir, tkafka, seconds = 20 }) {
  const args = ['console-consumer', '--topic', 'groups', '--data-dir', dir]
  const start = (/** @type {readonly string[]} */ more) =>
    spawn(process.execPath, [tkafka, ...args, ...more], { env, stdio: 'ignore' })
  const children = {
    plain: start([]),
    member: start(['--group', 'idle']),
    second: start(['--group', 'idle']),
  }
  try {
    await sleep(4000)
    const used = () => Object.values(children).map(({ pid }) => ticks(pid))
    const before = used()
    await sleep(seconds * 1000)
    const percents = used()
      .map((now, i) => now - before[i])
      .map((ms) => ms / 10 / seconds)
    return Object.fromEntries(Object.keys(children).map((name, i) => [name, percents[i]]))
  } finally {
    await end(Object.values(children))
  }
}

/**
 * CPU time of a process in ms; in ticks of 10 ms.
 * @param {number | undefined} pid
 */
function ticks(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** @param {string} file */
function read(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const tkafka = path.join(root, 'bin/tkafka')
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-bench-groups-'))
  process.on('exit', () => fs.rmSync(dir, { recursive: true, force: true }))
  const topics = [
    'topics',
    '--create',
    '--topic',
    'groups',
    '--partitions',
    `${PARTITIONS}`,
    '--data-dir',
    dir,
  ]
  await new Promise((resolve) => spawn(process.execPath, [tkafka, ...topics], { env }).on('close', resolve))
  const rounds = Number(process.argv[2] ?? 20)
  console.log(`machine: ${machine()}, load ${os.loadavg()[0].toFixed(1)}`)
  for (const kind of ['tool', 'library']) {
    const { death, join } = await groupTimings({ dir, tkafka, kind, rounds })
    const told = (/** @type {Times} */ { least, p50, p90, max }) =>
      `least ${least.toFixed(0)}, p50 ${p50.toFixed(0)}, p90 ${p90.toFixed(0)}, max ${max.toFixed(0)} ms`
    console.log(`${kind}: killed -> taken over ${told(death)}; joined -> its share ${told(join)}`)
  }
  const idle = await idleCosts({ dir, tkafka })
  console.log(
    `idle, % of a core: ${Object.entries(idle)
      .map(([name, p]) => `${name} ${p.toFixed(2)}`)
      .join(', ')}`,
  )
}
