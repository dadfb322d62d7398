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
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const LIBRARY_MEMBER = `
import { openLocal } from ${JSON.stringify(pathToFileURL(path.join(root, 'dist/index.mjs')).href)}
const consumer = await openLocal(process.argv[1]).consumer({ groupId: process.argv[2] })
await consumer.subscribe(['groups'])
for (;;) await consumer.poll(1000)
`

/** Milliseconds of each round: `death` and `join`, of one kind of member. */
export async function groupTimings({ dir, tkafka, kind, rounds }) {
  const group = `timed-${kind}`
  const start = () =>
    spawn(
      process.execPath,
      kind === 'tool'
        ? [tkafka, 'console-consumer', '--topic', 'groups', '--group', group, '--data-dir', dir]
        : ['--input-type=module', '-e', LIBRARY_MEMBER, dir, group],
      { env, stdio: 'ignore' },
    )
  const files = (mark) =>
    fs.readdirSync(dir).filter((name) => name.startsWith('.tkafka-group-') && name.includes(mark))
  const owners = () => files('-p-').map((name) => read(path.join(dir, name)))
  const memberOf = (pid) =>
    files('-m-')
      .map((name) => read(path.join(dir, name)))
      .map((text) => (text.endsWith('\n') ? JSON.parse(text) : undefined))
      .find((member) => member?.pid === pid)
  const shareOf = async (child, partitions) => {
    for (;;) {
      const member = memberOf(child.pid)
      if (member !== undefined && owners().filter((id) => id === member.memberId).length >= partitions) return
      await sleep(1)
    }
  }
  const death = []
  const join = []
  const first = start()
  await shareOf(first, PARTITIONS)
  for (let i = 0; i < rounds; i++) {
    const other = start()
    while (memberOf(other.pid) === undefined) await sleep(1)
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
  first.kill('SIGKILL')
  const summary = (values) => ({ p50: median(values), max: Math.max(...values) })
  return { death: summary(death), join: summary(join) }
}

/** Percent of a core that each takes while nothing happens, over some seconds: user and system time of the process. */
export async function idleCosts({ dir, tkafka, seconds = 20 }) {
  const args = ['console-consumer', '--topic', 'groups', '--data-dir', dir]
  const start = (more) => spawn(process.execPath, [tkafka, ...args, ...more], { env, stdio: 'ignore' })
  const children = {
    plain: start([]),
    member: start(['--group', 'idle']),
    second: start(['--group', 'idle']),
  }
  await sleep(4000)
  const used = () => Object.values(children).map(({ pid }) => ticks(pid))
  const before = used()
  await sleep(seconds * 1000)
  const percents = used()
    .map((now, i) => now - before[i])
    .map((ms) => ms / 10 / seconds)
  for (const child of Object.values(children)) child.kill('SIGKILL')
  return Object.fromEntries(Object.keys(children).map((name, i) => [name, percents[i]]))
}

/** CPU time of a process in ms; in ticks of 10 ms. */
function ticks(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

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
    const told = ({ p50, max }) => `p50 ${p50.toFixed(0)}, max ${max.toFixed(0)} ms`
    console.log(`${kind}: killed -> taken over ${told(death)}; joined -> its share ${told(join)}`)
  }
  const idle = await idleCosts({ dir, tkafka })
  console.log(
    `idle, % of a core: ${Object.entries(idle)
      .map(([name, p]) => `${name} ${p.toFixed(2)}`)
      .join(', ')}`,
  )
}
