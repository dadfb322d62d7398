// Compaction, against the genuine cleaner where Java and the judge's Kafka are there.
//   node bench/clean.mjs [--mb 1070] [--record 1000] [--keys 675000] [--genuine] [--dir DIR]
// A compacted topic is produced, copied, cleaned with `log-cleaner --now`; the genuine broker cleans the copy (started
// only with --genuine) and its own log says how fast. Figures are of one run each: use a quiet machine.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const cli = fileURLToPath(new URL('../bin/tkafka', import.meta.url))
/** @type {<T>(name: string, otherwise: T) => string | T} */
const flag = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : process.argv[at + 1]
}
const megabytes = Number(flag('mb', 1070))
const recordSize = Number(flag('record', 1000))
const keys = Number(flag('keys', 675_000))
const root = flag('dir', fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-clean-')))
const ours = path.join(root, 'ours')
const theirs = path.join(root, 'theirs')
const tk = (/** @type {string[]} */ ...args) => {
  const result = spawnSync(cli, ['--data-dir', ours, ...args], { encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`${args.join(' ')}: ${result.stderr}`)
  return result.stdout
}

const records = Math.floor((megabytes * 1e6) / recordSize)
tk(
  'topics',
  '--create',
  '--topic',
  'c',
  '--config',
  'cleanup.policy=compact',
  '--config',
  'min.cleanable.dirty.ratio=0.01',
)
await produce()
tk('configs', '--alter', '--topic', 'c', '--add-config', 'segment.ms=1')
// The next record rolls what was written, so that both cleaners find the same closed segments.
spawnSync(
  cli,
  ['--data-dir', ours, 'console-producer', '--topic', 'c', '--reader-property', 'parse.key=true'],
  { input: 'end\tx\n' },
)
const size = fs
  .readdirSync(path.join(ours, 'c-0'))
  .filter((name) => name.endsWith('.log'))
  .reduce((sum, name) => sum + fs.statSync(path.join(ours, 'c-0', name)).size, 0)
console.log(`${records} records of about ${recordSize} B, up to ${keys} keys: ${(size / 1e6).toFixed(0)} MB`)
if (process.argv.includes('--genuine')) fs.cpSync(ours, theirs, { recursive: true, preserveTimestamps: true })

const started = performance.now()
const [row] = JSON.parse(tk('log-cleaner', '--topic', 'c', '--compaction', '--output', 'json')).data
const wall = (performance.now() - started) / 1000
const seconds = row.durationMs / 1000
console.log(
  `tkafka:  ${seconds.toFixed(2)} s cleaning (${wall.toFixed(2)} s with the process), ${(size / 1e6 / seconds).toFixed(0)} MB/s, ${row.recordsBefore} -> ${row.recordsAfter} records, ${row.keys} keys, ${row.passes} pass(es), map ${(row.mapUse * 100).toFixed(1)} % full`,
)

if (process.argv.includes('--genuine')) console.log(await genuine())
if (flag('dir', undefined) === undefined) fs.rmSync(root, { recursive: true, force: true })

/** Lines `key<TAB>value` straight into the producer's pipe. */
async function produce() {
  const producer = spawn(
    cli,
    ['--data-dir', ours, 'console-producer', '--topic', 'c', '--reader-property', 'parse.key=true'],
    {
      stdio: ['pipe', 'ignore', 'inherit'],
    },
  )
  const filler = 'v'.repeat(Math.max(recordSize - 30, 1))
  let seed = 1
  let chunk = []
  for (let i = 0; i < records; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    chunk.push(`key-${String(Math.floor((seed / 2 ** 32) * keys)).padStart(8, '0')}\t${filler}\n`)
    if (chunk.length === 2000 || i === records - 1) {
      const text = chunk.join('')
      chunk = []
      if (!producer.stdin.write(text)) await new Promise((resolve) => producer.stdin.once('drain', resolve))
    }
  }
  producer.stdin.end()
  await /** @type {Promise<void>} */ (
    new Promise((resolve, reject) =>
      producer.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`producer: ${code}`)))),
    )
  )
}

/** Boots a broker with Kafka's defaults on the copy and waits for the report of its log cleaner. */
async function genuine() {
  const libs = process.env.TKAFKA_BENCH_KAFKA_LIBS ?? findLibs()
  if (libs === undefined || spawnSync('java', ['-version']).status !== 0)
    return 'genuine: no Java, or no jars of Kafka'
  const logging = path.join(root, 'log4j2.properties')
  fs.writeFileSync(
    logging,
    'appender.c.type=Console\nappender.c.name=C\nrootLogger.level=INFO\nrootLogger.appenderRef.c.ref=C\n',
  )
  const properties = path.join(root, 'server.properties')
  fs.writeFileSync(
    properties,
    [
      'process.roles=broker,controller',
      'node.id=1',
      'controller.quorum.voters=1@127.0.0.1:19192',
      'listeners=PLAINTEXT://127.0.0.1:19191,CONTROLLER://127.0.0.1:19192',
      'controller.listener.names=CONTROLLER',
      `log.dirs=${theirs}`,
      'log.cleaner.backoff.ms=500',
      '',
    ].join('\n'),
  )
  const java = [
    '-Xmx1g',
    '-XX:+UseG1GC',
    `-Dlog4j2.configurationFile=${logging}`,
    '-cp',
    `${libs}/*`,
    'kafka.Kafka',
    properties,
  ]
  const broker = spawn('java', java, { stdio: ['ignore', 'pipe', 'ignore'] })
  let log = ''
  /** @type {string | undefined} */
  const report = await new Promise((resolve) => {
    broker.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      log += text
      const found = /Indexed [\s\S]*?Cleaned [\d,.]+ MB in .*/.exec(log)?.[0]
      if (found !== undefined) resolve(found)
    })
    broker.on('exit', () => resolve(undefined))
    setTimeout(() => resolve(undefined), 180_000).unref()
  })
  broker.kill('SIGKILL')
  const lines = (report ?? `no report: ${log.slice(-2000)}`).split('\n').map((line) => line.trim())
  return `genuine: ${lines.filter((line) => line !== '').join('; ')}`
}

function findLibs() {
  const cache = path.join(os.homedir(), '.cache/tkafka-judge')
  if (!fs.existsSync(cache)) return undefined
  return fs
    .readdirSync(cache)
    .flatMap((name) => {
      const dir = path.join(cache, name)
      return fs.statSync(dir).isDirectory() ? fs.readdirSync(dir).map((sub) => path.join(dir, sub)) : []
    })
    .find((dir) => path.basename(dir).startsWith('libs-'))
}
