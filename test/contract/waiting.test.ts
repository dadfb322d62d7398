import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../src/local/producer/local-producer.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { bundleProgram } from '../support/bundle-program.ts'

const TKAFKA = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))
const programs: Record<string, string> = {}
const children: ChildProcess[] = []
let dir: string

beforeAll(async () => {
  for (const name of ['lock-child', 'crowd-child']) programs[name] = await bundleProgram(name)
})
afterAll(() => {
  for (const program of Object.values(programs)) rmSync(program, { force: true })
})
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tkafka-waiting-'))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A process with its output; `saw` resolves when its standard error (or output) has that in it. */
class Run {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  #stdout = ''
  #stderr = ''
  #look = () => {}

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    children.push(this.child)
    this.child.stdout?.on('data', (bytes) => {
      this.#stdout += bytes
      this.#look()
    })
    this.child.stderr?.on('data', (bytes) => {
      this.#stderr += bytes
      this.#look()
    })
    this.ended = new Promise((resolve) => {
      this.child.on('close', (status) => resolve({ status, stdout: this.#stdout, stderr: this.#stderr }))
    })
  }

  saw(text: string | RegExp): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (`${this.#stdout}\n${this.#stderr}`.match(text) !== null) resolve()
      }
      this.#look()
    })
  }
}

const tkafkaIn = (path: string, ...args: string[]) =>
  new Run(process.execPath, [TKAFKA, '--data-dir', path, ...args])
const tkafka = (...args: string[]) => tkafkaIn(dir, ...args)

async function hold(file: string, mode = 'exclusive'): Promise<Run> {
  const holder = new Run(process.execPath, [programs['lock-child'], file, mode])
  await holder.saw('held')
  return holder
}

async function produce(count: number, into = dir): Promise<void> {
  const producer = new LocalProducer(systemOs, LocalDirectory.open(systemOs, into), {})
  for (let i = 0; i < count; i++) await producer.send({ topic: 't', value: `v${i}` })
  await producer.close()
}

async function stopHolderOf(path: string, name: string): Promise<void> {
  await produce(1, path)
  const holder = await hold(join(path, name))
  const { pid } = holder.child
  holder.child.kill('SIGSTOP')
  const writer = name.startsWith('__cluster')
    ? tkafkaIn(path, 'topics', '--create', '--topic', 'new')
    : tkafkaIn(path, 'console-producer', '--topic', 't')
  writer.child.stdin?.end('one line\n')
  await writer.saw('waiting for')
  writer.child.kill('SIGTERM')
  const { status, stderr } = await writer.ended
  // null: the tool does not listen for it, and the kernel ended it.
  expect(status ?? 143).toBe(143)
  expect(stderr).toContain(`${join(path, name)}: waiting for process ${pid} (`)
  expect(stderr).toContain('lock-child')
  expect(stderr).toContain(`stopped (kill -CONT ${pid} lets it go on)`)
}

describe('many clients in one process', () => {
  it('do not wait for each other for ever: three members of a group, six times (B1)', async () => {
    const crowd = new Run(process.execPath, [programs['crowd-child'], dir, '6', '3', '1'])
    const { stdout, stderr } = await crowd.ended
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toEqual(Array(6).fill('["0-0","0-1","0-2"]'))
  }, 60_000)

  it('leave the thread pool to syncs: eight producers and eight members (B1)', async () => {
    const crowd = new Run(process.execPath, [programs['crowd-child'], dir, '1', '8', '8'])
    const { stdout } = await crowd.ended
    expect(JSON.parse(stdout)).toHaveLength(24)
  }, 60_000)
})

describe.runIf(process.platform === 'linux')('a lock that a stopped process holds', () => {
  it('is named with pid and command after two seconds, and TERM ends the wait (B3)', async () => {
    const names = [
      '.tkafka-gate',
      '.tkafka-producer-ids',
      '__cluster_metadata-0/.tkafka-lock',
      't-0/.tkafka-lock',
    ]
    await Promise.all(names.map((name, i) => stopHolderOf(join(dir, String(i)), name)))
  }, 60_000)

  it('holds up no other member beyond --timeout-ms, nor its TERM (B2)', async () => {
    writeFileSync(join(dir, 'server.properties'), 'num.partitions=2\n')
    await produce(3)
    const first = tkafka('console-consumer', '--topic', 't', '--group', 'g', '--from-beginning')
    await first.saw('v2')
    // Its first commit is over by then, so it holds nothing but its partitions.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    first.child.kill('SIGSTOP')
    const began = Date.now()
    const late = tkafka('console-consumer', '--topic', 't', '--group', 'g', '--timeout-ms', '2500')
    const ended = await late.ended
    expect(Date.now() - began).toBeLessThan(12_000)
    expect(ended.stderr).toContain('Processed a total of 0 messages')
    expect(ended.stderr).toMatch(
      new RegExp(`partition t-[01] of group g: waiting for process ${first.child.pid} \\(`),
    )

    const other = tkafka('console-consumer', '--topic', 't', '--group', 'g')
    await other.saw('waiting for')
    other.child.kill('SIGTERM')
    expect((await other.ended).status).toBe(143)

    first.child.kill('SIGCONT')
    first.child.kill('SIGTERM')
    expect((await first.ended).status).toBe(143)
  }, 40_000)
})

describe.runIf(process.platform === 'linux')('files that are locked', () => {
  const lockFiles = () =>
    (readdirSync(dir, { recursive: true }) as string[]).filter((name) =>
      /(^|\/)(\.lock|\.tkafka-(gate|lock|producer-ids|cleaner-lock|checkpoints-lock))$/.test(name),
    )
  const mode = (name: string) => statSync(join(dir, name)).mode & 0o777

  it('can be read only by those who may write them, so no mere reader keeps writers out (B3)', async () => {
    rmSync(dir, { recursive: true })
    mkdirSync(dir, { mode: 0o755 })
    chmodSync(dir, 0o755)
    await produce(1)
    const names = lockFiles()
    expect(names).toContain('.tkafka-gate')
    expect(names).toContain('t-0/.tkafka-lock')
    expect(names.map((name) => [name, mode(name)])).toEqual(names.map((name) => [name, 0o600]))
  })

  it('of an older version or a broker are mended by the first writer (B3)', async () => {
    await produce(1)
    for (const name of lockFiles()) chmodSync(join(dir, name), 0o664)
    writeFileSync(join(dir, '.lock'), '')
    chmodSync(join(dir, '.lock'), 0o644)
    await produce(1)
    expect(mode('.lock')).toBe(0o600)
    expect(mode('.tkafka-gate')).toBe(0o660)
  })
})
