import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** Genuine Kafka for tests: the judge, a broker on a directory, and the genuine tools. Needs a JDK and Maven. */
const judgeDir = fileURLToPath(new URL('../judge', import.meta.url))

export interface Verdict {
  readonly ok: boolean
  readonly output: string
  /** What the genuine broker's clients found, in the shape of a fixture's manifest. */
  readonly found: Found
}

export interface Found {
  readonly topics: Record<string, FoundTopic>
  readonly groups: Record<string, { offsets: { topic: string; partition: number; offset: number }[] }>
}

export interface FoundTopic {
  readonly partition_count: number
  readonly configs: Record<string, string>
  readonly partitions: {
    partition: number
    high_watermark: number
    log_start_offset: number
    records?: { offset: number; key: string | null; value?: string | null }[]
  }[]
}

/** Runs the judge over a copy of `dir`. */
export async function judge(dir: string, ...flags: string[]): Promise<Verdict> {
  const foundFile = path.join(
    os.tmpdir(),
    `tkafka-found-${process.pid}-${Math.random().toString(36).slice(2)}.json`,
  )
  const args =
    flags.includes('--read-only-log') || flags.includes('--no-boot')
      ? flags
      : [...flags, '--found', foundFile]
  const result = await run('bash', [path.join(judgeDir, 'judge'), dir, ...args])
  const found = fs.existsSync(foundFile)
    ? (JSON.parse(fs.readFileSync(foundFile, 'utf8')) as Found)
    : { topics: {}, groups: {} }
  fs.rmSync(foundFile, { force: true })
  return { ok: result.code === 0, output: result.stdout + result.stderr, found }
}

interface Paths {
  readonly libs: string
}

let paths: Paths | undefined
function genuinePaths(): Paths {
  if (paths === undefined) {
    const [libs] = execFileSync('bash', [path.join(judgeDir, 'setup.sh'), '--paths'], {
      encoding: 'utf8',
    }).split('\n')
    paths = { libs }
  }
  return paths
}

/** The folder of genuine Kafka's jars. */
export function genuineLibs(): string {
  return genuinePaths().libs
}

const JVM = ['-Xmx400m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xlog:disable', '-Xlog:all=off']

/** The kernel gives a port again as soon as nobody listens there. */
const given = new Set<number>()

/** A port on which nobody listens, and that nobody else in this process was given. */
export async function freePort(): Promise<number> {
  const port = await new Promise<number>((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port: found } = server.address() as net.AddressInfo
      server.close(() => resolve(found))
    })
  })
  if (given.has(port)) return freePort()
  given.add(port)
  return port
}

/** A genuine broker that runs on the log directories themselves, not on copies. */
export class GenuineBroker {
  readonly port: number
  readonly #child: ChildProcess
  readonly #exited: Promise<number | null>
  readonly #work: string

  private constructor(port: number, child: ChildProcess, work: string) {
    this.port = port
    this.#child = child
    this.#work = work
    this.#exited = new Promise((resolve) => child.on('exit', (code) => resolve(code)))
  }

  /** `settings`: further lines of its server.properties, which go over those here. */
  static async start(
    dirs: string | readonly string[],
    settings: (ports: {
      readonly plain: number
      readonly controller: number
    }) => readonly string[] = () => [],
  ): Promise<GenuineBroker> {
    const logDirs = typeof dirs === 'string' ? [dirs] : dirs
    const port = await freePort()
    const controller = await freePort()
    const work = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-broker-'))
    const nodeId =
      /^node\.id=(\d+)/m.exec(fs.readFileSync(path.join(logDirs[0], 'meta.properties'), 'utf8'))?.[1] ?? '1'
    const file = path.join(work, 'server.properties')
    fs.writeFileSync(
      file,
      [
        'process.roles=broker,controller',
        `node.id=${nodeId}`,
        `controller.quorum.voters=${nodeId}@127.0.0.1:${controller}`,
        `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
        `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
        'controller.listener.names=CONTROLLER',
        `log.dirs=${logDirs.join(',')}`,
        'offsets.topic.replication.factor=1',
        'transaction.state.log.replication.factor=1',
        'transaction.state.log.min.isr=1',
        'share.coordinator.state.topic.replication.factor=1',
        'share.coordinator.state.topic.min.isr=1',
        'group.initial.rebalance.delay.ms=0',
        'log.cleaner.dedupe.buffer.size=33554432',
        'log.initial.task.delay.ms=100000000',
        'broker.session.timeout.ms=3000',
        'broker.heartbeat.interval.ms=500',
        ...settings({ plain: port, controller }),
        '',
      ].join('\n'),
    )
    const log = fs.openSync(path.join(work, 'broker.log'), 'a')
    const child = spawn('java', [...JVM, '-cp', `${genuinePaths().libs}/*`, 'kafka.Kafka', file], {
      cwd: work,
      stdio: ['ignore', log, log],
    })
    fs.closeSync(log)
    const broker = new GenuineBroker(port, child, work)
    await broker.#up()
    return broker
  }

  async #up(): Promise<void> {
    const end = Date.now() + 90_000
    while (Date.now() < end) {
      if (this.#child.exitCode !== null) break
      if (await listening(this.port)) {
        const answer = await this.tool('org.apache.kafka.tools.GetOffsetShell', [])
        if (!/TimeoutException|not available/.test(answer.stderr)) return
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error(`the genuine broker did not come up:\n${this.log()}`)
  }

  log(): string {
    return fs.readFileSync(path.join(this.#work, 'broker.log'), 'utf8')
  }

  /** A genuine tool against this broker. */
  tool(mainClass: string, args: readonly string[], stdin = ''): Promise<RunResult> {
    return genuineTool(mainClass, ['--bootstrap-server', `127.0.0.1:${this.port}`, ...args], stdin)
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.#child.kill(signal)
    await this.#exited
    fs.rmSync(this.#work, { recursive: true, force: true })
  }
}

export function genuineTool(mainClass: string, args: readonly string[], stdin = ''): Promise<RunResult> {
  return run('java', [...JVM, '-cp', `${genuinePaths().libs}/*`, mainClass, ...args], stdin)
}

export interface RunResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(command: string, args: readonly string[], stdin = ''): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (d: Buffer) => out.push(d))
    child.stderr.on('data', (d: Buffer) => err.push(d))
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    )
    child.stdin.on('error', () => {})
    child.stdin.end(stdin)
  })
}

function listening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
