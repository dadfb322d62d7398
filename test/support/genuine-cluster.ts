import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { freePort, genuineLibs } from './genuine-kafka.ts'

/**
 * Several genuine brokers (each a controller too) on loopback, on directories that `tkafka storage format` made. Each may be killed,
 * stopped and started again, on its directory and its ports.
 */
const JVM = ['-Xmx400m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xlog:disable', '-Xlog:all=off']

export interface ClusterOptions {
  readonly count: number
  /** The folder of the jars; absent: those of the judge's version. */
  readonly libs?: string
  /** Further lines of server.properties. */
  readonly settings?: readonly string[]
  /** Makes a node's directory by its server.properties (`storage format`). */
  readonly format: (propertiesFile: string) => Promise<unknown>
}

export class GenuineCluster {
  readonly #work = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-cluster-'))
  readonly #children = new Map<number, ChildProcess>()
  readonly #options: ClusterOptions
  #ports: { readonly plain: number; readonly controller: number }[] = []

  private constructor(options: ClusterOptions) {
    this.#options = options
  }

  static async start(options: ClusterOptions): Promise<GenuineCluster> {
    const cluster = new GenuineCluster(options)
    for (let i = 0; i < options.count; i++) {
      cluster.#ports.push({ plain: await freePort(), controller: await freePort() })
    }
    for (const id of cluster.ids) {
      fs.writeFileSync(cluster.#file(id), cluster.#properties(id))
      await options.format(cluster.#file(id))
    }
    for (const id of cluster.ids) cluster.run(id)
    return cluster
  }

  get ids(): number[] {
    return this.#ports.map((_, i) => i + 1)
  }

  /** What `--bootstrap-server` takes: all of them. */
  get bootstrap(): string {
    return this.#ports.map(({ plain }) => `127.0.0.1:${plain}`).join(',')
  }

  /** Starts a node that does not run. */
  run(id: number): void {
    const log = fs.openSync(path.join(this.#work, `${id}.log`), 'a')
    const libs = this.#options.libs ?? genuineLibs()
    const child = spawn('java', [...JVM, '-cp', `${libs}/*`, 'kafka.Kafka', this.#file(id)], {
      cwd: this.#work,
      stdio: ['ignore', log, log],
    })
    fs.closeSync(log)
    this.#children.set(id, child)
  }

  async stop(id: number, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#children.get(id)
    if (child === undefined) return
    this.#children.delete(id)
    const ended = new Promise((resolve) => child.on('exit', resolve))
    child.kill(signal)
    await ended
  }

  async end(): Promise<void> {
    await Promise.all(this.ids.map((id) => this.stop(id, 'SIGKILL')))
    fs.rmSync(this.#work, { recursive: true, force: true })
  }

  log(id: number): string {
    return fs.readFileSync(path.join(this.#work, `${id}.log`), 'utf8')
  }

  #file(id: number): string {
    return path.join(this.#work, `${id}.properties`)
  }

  #properties(id: number): string {
    const { plain, controller } = this.#ports[id - 1]
    const voters = this.#ports.map((ports, i) => `${i + 1}@127.0.0.1:${ports.controller}`)
    const replicas = Math.min(3, this.#options.count)
    return [
      'process.roles=broker,controller',
      `node.id=${id}`,
      `controller.quorum.voters=${voters.join(',')}`,
      `listeners=PLAINTEXT://127.0.0.1:${plain},CONTROLLER://127.0.0.1:${controller}`,
      `advertised.listeners=PLAINTEXT://127.0.0.1:${plain}`,
      'controller.listener.names=CONTROLLER',
      `log.dirs=${path.join(this.#work, `data-${id}`)}`,
      `offsets.topic.replication.factor=${replicas}`,
      'offsets.topic.num.partitions=3',
      `transaction.state.log.replication.factor=${replicas}`,
      'transaction.state.log.min.isr=1',
      'group.initial.rebalance.delay.ms=0',
      'log.cleaner.dedupe.buffer.size=33554432',
      'broker.session.timeout.ms=3000',
      'broker.heartbeat.interval.ms=500',
      'replica.lag.time.max.ms=4000',
      ...(this.#options.settings ?? []),
      '',
    ].join('\n')
  }
}
