// How long a record takes from one process to the line that another prints.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { env, median } from './bench.mjs'

const require = createRequire(import.meta.url)
const library = fileURLToPath(new URL('../dist/index.cjs', import.meta.url))
const LATENCY = 'latency'

/**
 * @typedef {import('node:child_process').ChildProcess} Child
 * @typedef {{ send: (text: string) => unknown, end: () => unknown, children: Child[] }} Source of lines
 * @typedef {['pipe' | 'ignore', 'pipe' | 'ignore', 'ignore']} Stdio
 * @typedef {{ lines: number, p50: number, p99: number }} Latency in ms
 */

/**
 * From a record's append to its line out of a waiting consumer's pipe, in ms, at 200 a second. Appended by this process
 * with the library, or (`fromLine`) by a console-producer to which the line is written.
 * @param {{ tkafka: string, extraEnv: Record<string, string>, count?: number, fromLine?: boolean }} options
 */
export async function latency({ tkafka, extraEnv, count = 600, fromLine }) {
  const start = (/** @type {readonly string[]} */ args, /** @type {Stdio} */ stdio) =>
    spawn(process.execPath, [tkafka, ...args], { env: { ...env, ...extraEnv }, stdio })
  const startConsumer = () => start(['console-consumer', '--topic', LATENCY], ['ignore', 'pipe', 'ignore'])
  if (fromLine) {
    const producer = () => start(['console-producer', '--topic', LATENCY], ['pipe', 'ignore', 'ignore'])
    return lineTimes(() => lineSource(producer()), startConsumer, { count, settle: 1500 })
  }
  const producer = await require(library).openLocal(extraEnv.TKAFKA_DATA_DIR).producer()
  /** @type {Source} */
  const source = {
    send: (value) => producer.send({ topic: LATENCY, value }),
    end: () => producer.close(),
    children: [],
  }
  return lineTimes(() => source, startConsumer, { count, settle: 1500 })
}

/**
 * The same through a genuine broker; undefined when there is none.
 * @param {import('./kafka.mjs').Kafka} kafka
 */
export async function kafkaLatency(kafka) {
  const server = `--bootstrap-server {server} --topic ${LATENCY}`
  const producer = kafka.tool('ConsoleProducer', `${server} --timeout 0`)
  const consumer = kafka.tool('consumer.ConsoleConsumer', server)
  if (producer === undefined || consumer === undefined) return undefined
  kafka.topic?.(LATENCY, 1)
  const start = (/** @type {string} */ command, /** @type {Stdio} */ stdio) =>
    spawn('sh', ['-c', `exec ${command}`], { env, stdio })
  return lineTimes(
    () => lineSource(start(producer, ['pipe', 'ignore', 'ignore'])),
    () => start(consumer, ['ignore', 'pipe', 'ignore']),
    { count: 300, settle: 15_000 },
  )
}

/**
 * Through a broker: a console-producer of ours writes, a consumer of ours and `kcat -C -u` read, one after the other.
 * @param {{ tkafka: string, server: string, topic: string, count: number }} options
 */
export async function clusterLatency({ tkafka, server, topic, count }) {
  const at = ['--bootstrap-server', server, '--topic', topic]
  /** @type {(args: readonly string[], stdio: Stdio) => Child} */
  const start = ([command, ...args], stdio) => spawn(command, args, { env, stdio })
  const times = async (/** @type {readonly string[]} */ consumer) => {
    const producer = () =>
      start([process.execPath, tkafka, 'console-producer', ...at], ['pipe', 'ignore', 'ignore'])
    const taken = await lineTimes(
      () => lineSource(producer()),
      () => start(consumer, ['ignore', 'pipe', 'ignore']),
      { count, settle: 2000 },
    )
    if (taken === undefined) throw new Error(`no line came out of ${consumer.join(' ')}`)
    return taken
  }
  const ours = await times([process.execPath, tkafka, 'console-consumer', ...at])
  const theirs = await times(['kcat', '-q', '-b', server, '-C', '-u', '-t', topic, '-o', 'end'])
  return { ours, theirs }
}

/**
 * A producing tool that takes lines.
 * @param {Child} child
 * @returns {Source}
 */
function lineSource(child) {
  // One that died is seen by the number of lines.
  child.stdin?.on('error', () => {})
  return { send: (text) => child.stdin?.write(`${text}\n`), end: () => child.stdin?.end(), children: [child] }
}

/**
 * @param {() => Source} startSource
 * @param {() => Child} startConsumer
 * @param {{ count: number, settle: number }} options settle: ms until the consumer waits
 * @returns {Promise<Latency | undefined>}
 */
async function lineTimes(startSource, startConsumer, { count, settle }) {
  const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms))
  const now = () => performance.timeOrigin + performance.now()
  /** @type {Child[]} */
  const children = []
  /** @type {number[]} */
  const taken = []
  try {
    const source = startSource()
    children.push(...source.children)
    source.send('0')
    await sleep(1000)
    const consumer = startConsumer()
    children.push(consumer)
    let rest = ''
    consumer.stdout?.on('data', (data) => {
      const at = now()
      const lines = (rest + data).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.length > 9) taken.push(at - Number(line))
    })
    await sleep(settle)
    for (let i = 0; i < count; i++) {
      source.send(`${now()}`)
      await sleep(5)
    }
    await sleep(1000)
    await source.end()
    consumer.kill('SIGTERM')
  } finally {
    await ended(children, 5000)
  }
  if (taken.length === 0) return undefined
  taken.sort((a, b) => a - b)
  return { lines: taken.length, p50: median(taken), p99: taken[Math.floor(taken.length * 0.99)] }
}

/**
 * Resolves when all have ended; those that have not after so long are killed.
 * @param {readonly Child[]} children
 * @param {number} patienceMs
 */
async function ended(children, patienceMs) {
  const timer = setTimeout(() => {
    for (const child of children) child.kill('SIGKILL')
  }, patienceMs)
  for (const child of children)
    if (child.exitCode === null && child.signalCode === null)
      await new Promise((resolve) => child.on('exit', resolve))
  clearTimeout(timer)
}
