// Paired timings of whole commands: A B A B ..., medians and the ratio pair by pair, so that a machine whose speed
// drifts does not flatter one side. NODE_EXTRA_CA_CERTS is unset: it triples the start-up of Node 20 and with it
// would hide what is being measured.
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'

export const env = { ...process.env }
delete env.NODE_EXTRA_CA_CERTS

/**
 * One run through `sh -c`; wall seconds, processor time of all in it, and the peak memory (MB) of the largest process.
 * @param {string} command
 * @param {NodeJS.ProcessEnv} extraEnv
 * @returns {Promise<{ seconds: number, cpu: number, peak: number }>}
 */
export function timed(command, extraEnv = {}) {
  return new Promise((resolve, reject) => {
    const started = process.hrtime.bigint()
    const child = spawn(
      'sh',
      [
        '-c',
        `${command}
status=$?; times >&2; exit $status`,
      ],
      {
        env: { ...env, ...extraEnv },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    /** @type {Buffer[]} */
    const err = []
    let peak = 0
    const poll = setInterval(() => {
      peak = Math.max(peak, peakOfGroup(child.pid))
    }, 20)
    child.stderr.on('data', (d) => err.push(d))
    child.on('error', reject)
    child.on('close', (code) => {
      clearInterval(poll)
      const seconds = Number(process.hrtime.bigint() - started) / 1e9
      if (code !== 0) reject(new Error(`${command}: status ${code}: ${Buffer.concat(err)}`))
      else resolve({ seconds, cpu: childTimes(`${Buffer.concat(err)}`), peak })
    })
  })
}

/**
 * Of what the shell's `times` says, the second line: user and system time of its children.
 * @param {string} said
 */
function childTimes(said) {
  const last = said.trimEnd().split('\n').pop() ?? ''
  return [...last.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + 60 * Number(m) + Number(s), 0)
}

/**
 * VmHWM of the shell's descendants; each process keeps its own high-water mark, so a poll misses little.
 * @param {string | number | undefined} pid
 */
function peakOfGroup(pid) {
  let peak = 0
  try {
    for (const child of fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')) {
      if (child === '') continue
      const match = /VmHWM:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${child}/status`, 'utf8'))
      peak = Math.max(peak, match ? Number(match[1]) / 1024 : 0, peakOfGroup(child))
    }
  } catch {}
  return peak
}

/** What was left to be written before is no burden to what comes. */
export function settle() {
  execFileSync('sync')
}

/** @param {readonly number[]} values */
export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

/**
 * Runs ours and the peers in turn. `prepare` runs before each of ours, untimed. A peer with `runs` of its own (one that takes
 * a minute) is left out of the rounds behind them.
 * @param {{ ours: string, peers: readonly { name: string, command: string, runs?: number, bar?: number }[], runs?: number, warmup?: number,
 *   prepare?: () => unknown, cpu?: true, extraEnv?: Record<string, string> }} row cpu: processor time counts, not the clock
 * @returns medians, peak memory of ours, and per peer the median of the ratios pair by pair and the ratio of the least
 */
export async function paired({ ours, peers, runs = 5, warmup = 1, prepare, cpu, extraEnv }) {
  const taken = (/** @type {{ seconds: number, cpu: number }} */ run) => (cpu ? run.cpu : run.seconds)
  /** @type {number[]} */
  const mine = []
  /** @type {number[][]} in seconds */
  const theirs = peers.map(() => [])
  let peak = 0
  for (let i = -warmup; i < runs; i++) {
    await prepare?.()
    const a = await timed(ours, extraEnv)
    const b = []
    for (const peer of peers) {
      const skipped = peer.runs !== undefined && (i < 0 || i >= peer.runs)
      b.push(skipped ? undefined : await timed(peer.command, extraEnv))
    }
    if (i < 0) continue
    mine.push(taken(a))
    peak = Math.max(peak, a.peak)
    b.forEach((r, k) => {
      if (r !== undefined) theirs[k].push(taken(r))
    })
  }
  return {
    seconds: median(mine),
    spread: [Math.min(...mine), Math.max(...mine)],
    peakMb: Math.round(peak),
    peers: peers.map((peer, k) => ({
      name: peer.name,
      bar: peer.bar,
      seconds: median(theirs[k]),
      ratio: median(theirs[k].map((their, i) => mine[i] / their)),
      ratioOfLeast: Math.min(...mine) / Math.min(...theirs[k]),
    })),
  }
}

export const machine = () =>
  `${os.cpus().length} x ${os.cpus()[0]?.model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}, Node ${process.version}`

/**
 * What was compared with what.
 * @param {{ readonly versions: readonly string[] }} kafka
 */
export const versions = (kafka) => ['tkafka ' + tkafkaVersion(), ...kafka.versions].join(', ')

const tkafkaVersion = () =>
  JSON.parse(fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
