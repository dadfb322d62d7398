// What stands beside us: a genuine broker on loopback with Kafka's own tools, and kcat. Kafka's jars are those that
// `npm run test:kafka` fetches through Maven (or the folder in TKAFKA_BENCH_KAFKA_LIBS); nothing is installed here,
// what is not there is named as absent.
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'

const TOOLS = 'org.apache.kafka.tools.'
const PORT = 19092

function libs() {
  if (process.env.TKAFKA_BENCH_KAFKA_LIBS) return process.env.TKAFKA_BENCH_KAFKA_LIBS
  const cache = path.join(os.homedir(), '.cache/tkafka-judge')
  if (!fs.existsSync(cache)) return undefined
  return (
    fs
      .readdirSync(cache)
      .filter((name) => name.startsWith('kafka-'))
      // The newest.
      .sort()
      .reverse()
      .flatMap((name) => fs.readdirSync(path.join(cache, name)).map((sub) => path.join(cache, name, sub)))
      .find((dir) => path.basename(dir).startsWith('libs-'))
  )
}

/**
 * @typedef {object} Kafka
 * @property {string[]} absent
 * @property {string[]} versions
 * @property {((name: string, partitions: number) => void) | undefined} topic makes one; undefined without a broker
 * @property {(name: string, args: string) => string | undefined} tool a command line of one of the tools, by class; `{server}` becomes the broker's address
 * @property {(args: string) => string | undefined} kcat
 * @property {string | undefined} server the broker's address; undefined without one
 * @property {() => void} stop
 */

const hasCommand = (/** @type {string} */ name) =>
  (process.env.PATH ?? '').split(':').some((dir) => fs.existsSync(path.join(dir, name)))

function listening() {
  return new Promise((resolve) => {
    const socket = net.connect(PORT, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

/**
 * Starts a broker with its defaults in `work`; `absent` names what there is none of.
 * @param {string} work
 * @returns {Promise<Kafka>}
 */
export async function startKafka(work) {
  const dir = libs()
  const kcat = hasCommand('kcat')
  const absent = []
  if (dir === undefined) absent.push("Kafka's jars")
  else if (!hasCommand('java')) absent.push('java')
  if (!kcat) absent.push('kcat')
  const versions = []
  if (dir !== undefined) versions.push(`Kafka ${path.basename(path.dirname(dir)).replace(/^kafka-/, '')}`)
  if (kcat) {
    const said = execFileSync('kcat', ['-V']).toString()
    versions.push(
      `kcat ${/Version (\S+)/.exec(said)?.[1]} (librdkafka ${/librdkafka (\S+)/.exec(said)?.[1]})`,
    )
  }
  if (dir === undefined || !hasCommand('java')) {
    return {
      absent,
      versions,
      server: undefined,
      topic: undefined,
      kcat: () => undefined,
      tool: () => undefined,
      stop() {},
    }
  }

  const seen = new Set()
  const classPath = fs
    .readdirSync(dir)
    .filter(
      (name) => name.endsWith('.jar') && !name.startsWith('slf4j-nop') && !seen.has(name) && seen.add(name),
    )
    .map((name) => path.join(dir, name))
    .join(':')
  const java = ['java', '-Xmx1g', '-XX:+UseG1GC', '-cp', classPath]
  const properties = path.join(work, 'server.properties')
  fs.writeFileSync(
    properties,
    `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${PORT + 1}
listeners=PLAINTEXT://127.0.0.1:${PORT},CONTROLLER://127.0.0.1:${PORT + 1}
controller.listener.names=CONTROLLER
log.dirs=${path.join(work, 'kafka')}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
`,
  )
  const run = (/** @type {readonly string[]} */ args) =>
    execFileSync(java[0], [...java.slice(1), ...args], { stdio: 'ignore' })
  run(['kafka.tools.StorageTool', 'format', '-t', 'cGFyaXR5LWNvcnB1cy0xMA', '-c', properties])
  if (await listening()) throw new Error(`port ${PORT} is taken`)
  const broker = spawn(java[0], [...java.slice(1), 'kafka.Kafka', properties], { stdio: 'ignore' })
  process.on('exit', () => broker.kill('SIGKILL'))
  for (let tries = 0; !(await listening()); tries++) {
    if (tries > 1200 || broker.exitCode !== null) throw new Error('the broker did not come up')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const server = `127.0.0.1:${PORT}`
  const command = (/** @type {string} */ name, /** @type {string} */ args) =>
    `${java.join(' ')} ${TOOLS}${name} ${args}`
  return {
    absent,
    versions,
    server,
    topic: (name, partitions) =>
      run([
        `${TOOLS}TopicCommand`,
        ...['--bootstrap-server', server, '--create', '--topic', name, '--partitions', `${partitions}`],
      ]),
    tool: (name, args) => command(name, args.replaceAll('{server}', server)),
    kcat: (args) => (kcat ? `kcat -q -b ${server} ${args}` : undefined),
    stop: () => broker.kill('SIGTERM'),
  }
}
