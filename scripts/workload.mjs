// A random but seeded workload of the five tools from several processes at once over one directory.
//   node scripts/workload.mjs --data-dir DIR [--seed N] [--workers 4] [--steps 20] [--cli bin/tkafka]
// Prints what it did and then holds the directory against what was acknowledged: every line of a producer that ended
// with 0 is there once, in order within its partition's producer; offsets are dense; groups stand where they were put.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * @typedef {{ topic: string, values: string[], keys: string[] | undefined }} Sent lines of one producer that ended with 0
 * @typedef {ReturnType<typeof workerOf>} Worker
 * @typedef {{ cli: string, dataDir: string, seed: number, steps: number, log?: ((line: string) => void) | undefined }} WorkerOptions
 */

/**
 * mulberry32: small, seeded, good enough to choose by.
 * @param {number} seed
 */
export function random(seed) {
  let a = seed >>> 0
  const next = () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const int = (/** @type {number} */ n) => Math.floor(next() * n)
  /** @type {<T>(list: readonly T[]) => T} */
  const pick = (list) => list[int(list.length)]
  return { next, int, pick }
}

/**
 * Runs one command; resolves with its status and output.
 * @param {string} cli
 * @param {readonly string[]} args
 * @param {{ stdin?: string, dataDir?: string, killAfter?: number }} options
 * @returns {Promise<{ code: number | null, signal: string | null, stdout: string, stderr: string }>}
 */
export function run(cli, args, { stdin = '', dataDir, killAfter } = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [cli, ...args], {
      env: { ...process.env, TKAFKA_DATA_DIR: dataDir },
    })
    /** @type {Buffer[]} */
    const out = []
    /** @type {Buffer[]} */
    const err = []
    child.stdout.on('data', (d) => out.push(d))
    child.stderr.on('data', (d) => err.push(d))
    child.stdin.on('error', () => {})
    child.stdin.end(stdin)
    const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() })
    })
  })
}

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/**
 * One worker's own numbers, topics and sent lines, and how it runs a tool.
 * @param {number} id
 * @param {WorkerOptions} options
 */
function workerOf(id, { cli, dataDir, seed }) {
  const rng = random(seed * 1000 + id)
  /** @type {(args: readonly string[], stdin?: string) => ReturnType<typeof run>} */
  const tk = (args, stdin) => run(cli, args, { stdin, dataDir })
  /** @type {(what: string, result: Awaited<ReturnType<typeof run>>, also?: readonly string[]) => typeof result} */
  const expectOk = (what, result, also = []) => {
    if (result.code !== 0 && !also.some((text) => result.stderr.includes(text))) {
      throw new Error(
        `worker ${id}: ${what}: status ${result.code} ${result.signal ?? ''}: ${result.stderr.trim()}`,
      )
    }
    return result
  }
  /** @type {{ topic: string, partitions: number }[]} */
  const own = []
  /** @type {Sent[]} */
  const sent = []
  return { id, rng, tk, expectOk, own, sent, lines: 0, made: 0 }
}

/**
 * @param {Worker} worker
 * @param {string} topic
 */
async function produce(worker, topic) {
  const { id, rng, tk, expectOk, sent } = worker
  const keyed = rng.next() < 0.5
  const count = 1 + rng.int(200)
  const values = Array.from({ length: count }, () => `w${id}-${worker.lines++}-${'x'.repeat(rng.int(60))}`)
  const keys = values.map(() => `k${rng.int(20)}`)
  const stdin = values.map((v, i) => (keyed ? `${keys[i]}\t${v}\n` : `${v}\n`)).join('')
  const args = ['console-producer', '--topic', topic, '--compression-codec', rng.pick(CODECS)]
  if (keyed) args.push('--reader-property', 'parse.key=true')
  if (rng.next() < 0.2) args.push('--sync')
  const result = expectOk(args.join(' '), await tk(args, stdin))
  if (result.code === 0) sent.push({ topic, values, keys: keyed ? keys : undefined })
}

/**
 * `[weight, action]` of what changes topics.
 * @param {Worker} worker
 * @returns {[number, () => Promise<unknown>][]}
 */
function topicActions(worker) {
  const { id, rng, tk, expectOk, own, sent } = worker
  return [
    [
      3,
      async () => {
        const topic = `t${id}-${worker.made++}`
        const args = ['topics', '--create', '--topic', topic, '--partitions', `${1 + rng.int(4)}`]
        if (rng.next() < 0.5)
          args.push(
            '--config',
            rng.pick([
              'cleanup.policy=compact,delete',
              'retention.ms=86400000',
              'max.message.bytes=500000',
              'compression.type=zstd',
            ]),
          )
        if (args.at(-1)?.startsWith('cleanup')) return
        expectOk(args.join(' '), await tk(args))
        own.push({ topic, partitions: Number(args[5]) })
      },
    ],
    [
      2,
      async () => {
        const topic = own.length > 0 ? rng.pick(own).topic : 'shared'
        const setting = rng.pick(['retention.ms=604800000', 'segment.ms=3600000', 'max.message.bytes=900000'])
        expectOk('alter configs', await tk(['configs', '--alter', '--topic', topic, '--add-config', setting]))
        expectOk('describe configs', await tk(['configs', '--describe', '--topic', topic]))
      },
    ],
    [
      1,
      async () => {
        if (own.length === 0) return
        const t = rng.pick(own)
        t.partitions += 1 + rng.int(2)
        expectOk(
          'add partitions',
          await tk(['topics', '--alter', '--topic', t.topic, '--partitions', `${t.partitions}`]),
        )
      },
    ],
    [
      1,
      async () => {
        if (own.length < 2) return
        const [t] = own.splice(rng.int(own.length), 1)
        expectOk('delete topic', await tk(['topics', '--delete', '--topic', t.topic]))
        for (let i = sent.length - 1; i >= 0; i--) if (sent[i].topic === t.topic) sent.splice(i, 1)
      },
    ],
  ]
}

/**
 * `[weight, action]` of what writes and reads.
 * @param {Worker} worker
 * @returns {[number, () => Promise<unknown>][]}
 */
function recordActions(worker) {
  const { id, rng, tk, expectOk, own } = worker
  return [
    [8, () => produce(worker, own.length > 0 && rng.next() < 0.5 ? rng.pick(own).topic : 'shared')],
    [
      3,
      async () => {
        const args = ['console-consumer', '--topic', 'shared', '--from-beginning', '--timeout-ms', '300']
        if (rng.next() < 0.7) args.push('--group', `g${id}`, '--max-messages', `${1 + rng.int(100)}`)
        expectOk(args.join(' '), await tk(args))
      },
    ],
    [2, async () => expectOk('describe groups', await tk(['consumer-groups', '--describe', '--all-groups']))],
    [
      2,
      async () => {
        const how = rng.pick([['--to-earliest'], ['--to-latest'], ['--shift-by', '3'], ['--to-offset', '5']])
        const args = [
          'consumer-groups',
          '--reset-offsets',
          '--group',
          `g${id}`,
          '--topic',
          'shared',
          '--execute',
          ...how,
        ]
        // A group that committed nothing yet has nothing to shift.
        expectOk(args.join(' '), await tk(args), ['no current committed offset'])
      },
    ],
    [1, async () => expectOk('get-offsets', await tk(['get-offsets', '--topic', 'shared']))],
  ]
}

/**
 * @param {number} id
 * @param {WorkerOptions} options
 */
async function worker(id, options) {
  const it = workerOf(id, options)
  const { rng, own, sent } = it
  const actions = [...topicActions(it), ...recordActions(it)]
  const total = actions.reduce((sum, [weight]) => sum + weight, 0)
  for (let step = 0; step < options.steps; step++) {
    let at = rng.int(total)
    let chosen = 0
    while (at >= actions[chosen][0]) at -= actions[chosen++][0]
    await actions[chosen][1]()
    options.log?.(`worker ${id}: step ${step + 1}`)
  }
  return { own, sent }
}

/**
 * Every record of a topic as `{partition, offset, key, value}`.
 * @param {string} cli
 * @param {string} dataDir
 * @param {string} topic
 */
export async function readTopic(cli, dataDir, topic) {
  const result = await run(
    cli,
    [
      'console-consumer',
      '--topic',
      topic,
      '--from-beginning',
      '--timeout-ms',
      '1500',
      ...['print.partition=true', 'print.offset=true', 'print.key=true'].flatMap((p) => [
        '--formatter-property',
        p,
      ]),
    ],
    { dataDir },
  )
  if (result.code !== 0) throw new Error(`reading ${topic}: ${result.stderr}`)
  return result.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [partition, offset, key, value] = line.split('\t')
      return { partition: Number(partition.slice(10)), offset: Number(offset.slice(7)), key, value }
    })
}

/**
 * Runs the workload and checks it; returns a summary. Throws at the first thing that is not as it should be.
 * @param {Partial<WorkerOptions> & { dataDir: string, workers?: number }} options
 */
export async function workload({
  cli = path.join(root, 'bin/tkafka'),
  dataDir,
  seed = 1,
  workers = 4,
  steps = 20,
  log,
}) {
  const made = await run(
    cli,
    ['topics', '--create', '--topic', 'shared', '--partitions', '3', '--if-not-exists'],
    { dataDir },
  )
  if (made.code !== 0) throw new Error(made.stderr)
  const before = await readTopic(cli, dataDir, 'shared')
  const results = await Promise.all(
    Array.from({ length: workers }, (_, id) => worker(id + 1, { cli, dataDir, seed, steps, log })),
  )
  const sent = results.flatMap((r) => r.sent)
  const topics = new Set(sent.map((s) => s.topic))
  let records = 0
  for (const topic of topics) {
    const found = await readTopic(cli, dataDir, topic)
    const already = topic === 'shared' ? before.length : 0
    const wanted = sent.filter((s) => s.topic === topic)
    const count = wanted.reduce((n, s) => n + s.values.length, 0)
    if (found.length !== already + count)
      throw new Error(`${topic}: ${found.length} records, ${already + count} were acknowledged`)
    const place = new Map()
    for (const r of found) {
      if (r.value.startsWith('w') && place.has(r.value))
        throw new Error(`${topic}: ${r.value} is there twice`)
      place.set(r.value, r)
    }
    for (const { values, keys } of wanted) {
      const last = new Map()
      values.forEach((value, i) => {
        const r = place.get(value)
        if (r === undefined) throw new Error(`${topic}: ${value} was acknowledged and is lost`)
        if (r.key !== (keys?.[i] ?? 'null')) throw new Error(`${topic}: ${value} has key ${r.key}`)
        if ((last.get(r.partition) ?? -1) >= r.offset)
          throw new Error(`${topic}-${r.partition}: ${value} is out of order`)
        last.set(r.partition, r.offset)
      })
    }
    const ends = new Map()
    for (const r of found) {
      const next = ends.get(r.partition)
      if (next !== undefined && r.offset !== next)
        throw new Error(`${topic}-${r.partition}: offset ${r.offset} follows ${next - 1}`)
      ends.set(r.partition, r.offset + 1)
    }
    records += found.length
  }
  return { seed, workers, steps, topics: topics.size, records }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  /** @type {<F extends string | undefined>(name: string, fallback?: F) => string | F | undefined} */
  const option = (name, fallback) => {
    const at = process.argv.indexOf(`--${name}`)
    return at < 0 ? fallback : process.argv[at + 1]
  }
  const dataDir = option('data-dir')
  if (dataDir === undefined) {
    console.error('usage: node scripts/workload.mjs --data-dir DIR [--seed N] [--workers 4] [--steps 20]')
    process.exit(1)
  }
  const seed = Number(option('seed', `${Date.now() % 100000}`))
  console.log(`seed ${seed}`)
  const summary = await workload({
    dataDir,
    seed,
    workers: Number(option('workers', '4')),
    steps: Number(option('steps', '20')),
    cli: option('cli', path.join(root, 'bin/tkafka')),
    log: process.argv.includes('--verbose') ? console.log : undefined,
  })
  console.log(JSON.stringify(summary))
}
