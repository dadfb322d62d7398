/** A crowd of processes on one directory, killed at random; what they told becomes a history, which is then checked as Jepsen does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { OffsetStore } from '../../src/group/offsets/offset-store.ts'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { decodeOffsetCommitValue, decodeOffsetsKey } from '../../src/message/offset-messages.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import type { Random } from '../support/crash-memory-file-system.ts'

export const PARTITIONS = 4
const TOPIC = 'h'
/** Longest life of a process behind its first word, ms, for each process of the crowd: they share the machine. */
const LIFE_MS = 30
const STUCK_MS = 60_000
/** On a slow machine fewer die: the bench ends in bounded time. */
const LIMIT_MS = 12 * 60_000

export interface CrowdOptions {
  readonly program: string
  readonly dir: string
  readonly random: Random
  /** How many processes are killed in all. */
  readonly kills: number
  /** Processes at a time, by role. */
  readonly roles: Readonly<Record<string, number>>
  readonly mutation?: string
}

export interface Worker {
  readonly id: string
  readonly role: string
  readonly lines: string[]
  /** Monotonic time in ns. */
  killedAt: bigint
}

export async function makeTopics(dir: string): Promise<void> {
  const admin = new LocalAdmin(systemOs, LocalDirectory.open(systemOs, dir))
  await admin.createTopic({ name: TOPIC, partitions: PARTITIONS, configs: { 'segment.bytes': '1048576' } })
  await admin.createTopic({ name: 'd', partitions: 1 })
  await admin.close()
}

/** Keeps the crowd going until so many were killed. */
export async function runCrowd(options: CrowdOptions): Promise<Worker[]> {
  const { program, dir, random, kills, roles, mutation } = options
  const workers: Worker[] = []
  let begun = 0
  const until = Date.now() + LIMIT_MS
  const longest = LIFE_MS * Object.values(roles).reduce((sum, n) => sum + n, 0)
  const life = async (role: string): Promise<void> => {
    while (begun < kills && Date.now() < until) {
      const worker: Worker = { id: `${role}${begun++}`, role, lines: [], killedAt: 0n }
      workers.push(worker)
      const child = spawn(process.execPath, [program, dir, role, worker.id], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...(mutation === undefined ? {} : { TKAFKA_MUTATE: mutation }) },
      })
      // From the start on: one that fails closes before it is killed.
      const end = closed(child)
      // Some die while they start.
      const early = random(10) === 0
      await Promise.race([early ? sleep(random(150)) : firstWord(child, worker), sleep(STUCK_MS)])
      // On a slow machine a member would be killed before it was given anything: half of them wait for that.
      if (role === 'consume' && !early && random(2) === 0) {
        for (let waited = 0; waited < 4000 && !worker.lines.some((l) => l.startsWith('R')); waited += 10)
          await sleep(10)
      }
      if (!early) await sleep(random(longest))
      worker.killedAt = process.hrtime.bigint()
      child.kill('SIGKILL')
      // One that told nothing so far: nobody may be reading its pipes.
      child.stdout?.resume()
      child.stderr?.resume()
      await end
    }
  }
  await Promise.all(Object.entries(roles).flatMap(([role, n]) => Array.from({ length: n }, () => life(role))))
  return workers
}

function firstWord(child: ChildProcess, worker: Worker): Promise<void> {
  let rest = ''
  return new Promise((resolve) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      worker.lines.push(...lines)
      resolve()
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => worker.lines.push(`E ${text.trim()}`))
    child.once('exit', () => resolve())
  })
}

const closed = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('close', () => resolve())
  })

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export interface History {
  readonly violations: string[]
  readonly acknowledged: number
  readonly stored: number
  readonly delivered: number
  readonly committed: number
}

/** Looks at the directory after the crowd and holds it against what was told. */
export async function checkHistory(dir: string, workers: readonly Worker[]): Promise<History> {
  const violations: string[] = []
  const directory = LocalDirectory.open(systemOs, dir, { warn: (line) => violations.push(`warned: ${line}`) })
  await directory.enter()
  await directory.leave()
  const stored = Array.from({ length: PARTITIONS }, (_, p) => read(directory, TOPIC, p, violations))
  read(directory, 'd', 0, violations)
  let acknowledged = 0
  for (const { id, lines } of workers) {
    for (const line of lines) {
      const [what, partition, offset, value] = line.split(' ')
      if (what === 'E') violations.push(`${id}: ${line}`)
      if (what !== 'A') continue
      acknowledged++
      const found = stored[Number(partition)][Number(offset)]
      if (found !== value)
        violations.push(`lost: ${value} was acknowledged at ${partition}:${offset}, there is ${found}`)
    }
  }
  stored.forEach((values, p) => {
    const last = new Map<string, number>()
    for (const value of values) {
      const [id, n] = value.split(':')
      if (Number(n) <= (last.get(id) ?? -1)) {
        violations.push(`twice or out of order in ${p}: ${value} behind ${last.get(id)}`)
      }
      last.set(id, Number(n))
    }
  })
  const delivered = checkDelivery(workers, stored, violations)
  checkClaims(workers, violations)
  const committed = checkCommits(directory, delivered, violations)
  await directory.close()
  const admin = new LocalAdmin(systemOs, LocalDirectory.open(systemOs, dir))
  await admin.check({
    found: ({ severity, file, problem }) => {
      if (severity === 'error') violations.push(`check: ${file}: ${problem}`)
    },
  })
  await admin.close()
  return {
    violations,
    acknowledged,
    stored: stored.reduce((sum, values) => sum + values.length, 0),
    delivered: delivered.reduce((sum, offsets) => sum + offsets.size, 0),
    committed,
  }
}

function read(directory: LocalDirectory, topic: string, partition: number, violations: string[]): string[] {
  const values: string[] = []
  try {
    const log = directory.logForReading(topic, partition)
    log.refresh()
    let expected = log.logStartOffset
    for (let next = expected; next < log.logEndOffset; ) {
      const { buffer, start, end, nextOffset } = log.read(next, 1 << 20)
      for (let at = start; at < end; ) {
        const batch = new RecordBatch(buffer, at, end)
        for (const { offset, value } of batch.records()) {
          if (offset < log.logStartOffset) continue
          if (offset !== expected)
            violations.push(`${topic}-${partition}: offset ${offset} where ${expected} is next`)
          expected = offset + 1
          values.push(String(value))
        }
        at = batch.end
      }
      if (nextOffset <= next) throw new Error(`reading stands still at ${next}`)
      next = nextOffset
    }
  } catch (error) {
    violations.push(`${topic}-${partition}: ${(error as Error).message}`)
  }
  return values
}

function checkDelivery(
  workers: readonly Worker[],
  stored: readonly string[][],
  violations: string[],
): Set<number>[] {
  const delivered = stored.map(() => new Set<number>())
  for (const { id, lines } of workers) {
    const last = new Map<string, number>()
    for (const line of lines) {
      const [what, partition, offset, value] = line.split(' ')
      // A partition that was given back and given again begins where it was committed.
      if (what === '+') last.delete(partition)
      if (what !== 'R') continue
      if (stored[Number(partition)][Number(offset)] !== value) {
        violations.push(`${id} was given ${value} at ${partition}:${offset}, which is not there`)
      }
      if (Number(offset) <= (last.get(partition) ?? -1))
        violations.push(`${id}: ${line} behind ${last.get(partition)}`)
      last.set(partition, Number(offset))
      delivered[Number(partition)].add(Number(offset))
    }
  }
  return delivered
}

/** No two members had a partition at one time. */
function checkClaims(workers: readonly Worker[], violations: string[]): void {
  for (let p = 0; p < PARTITIONS; p++) {
    const claims: { id: string; from: bigint; until: bigint }[] = []
    for (const { id, lines, killedAt } of workers) {
      let from: bigint | undefined
      for (const line of lines) {
        const [what, partition, time] = line.split(' ')
        if (partition !== String(p)) continue
        if (what === '+') from = BigInt(time)
        if (what === '-' && from !== undefined) {
          claims.push({ id, from, until: BigInt(time) })
          from = undefined
        }
      }
      if (from !== undefined) claims.push({ id, from, until: killedAt })
    }
    claims.sort((a, b) => (a.from < b.from ? -1 : 1))
    for (let i = 1; i < claims.length; i++) {
      const [one, other] = [claims[i - 1], claims[i]]
      if (other.from < one.until) violations.push(`${one.id} and ${other.id} both had partition ${p}`)
    }
  }
}

/** Commits only grow, and never pass over a record that nobody was given. */
function checkCommits(
  directory: LocalDirectory,
  delivered: readonly Set<number>[],
  violations: string[],
): number {
  const topic = directory.image().topic('__consumer_offsets')
  const last = new Map<number, number>()
  for (const { partition } of topic?.partitions ?? []) {
    const log = directory.logForReading('__consumer_offsets', partition)
    log.refresh()
    for (let next = log.logStartOffset; next < log.logEndOffset; ) {
      const { buffer, start, end, nextOffset } = log.read(next, 1 << 20)
      for (let at = start; at < end; ) {
        const batch = new RecordBatch(buffer, at, end)
        for (const { key, value } of batch.records()) {
          if (key === null || value === null || batch.isControl) continue
          const name = decodeOffsetsKey(key)
          if (name.type !== 'OffsetCommit' || name.group !== 'g') continue
          const { offset } = decodeOffsetCommitValue(value)
          if (offset < (last.get(name.partition) ?? 0)) {
            violations.push(
              `committed ${offset} behind ${last.get(name.partition)} of partition ${name.partition}`,
            )
          }
          last.set(name.partition, offset)
        }
        at = batch.end
      }
      if (nextOffset <= next) break
      next = nextOffset
    }
  }
  const fetched = new OffsetStore(systemOs, directory).fetch('g')
  let sum = 0
  for (const [p, offsets] of delivered.entries()) {
    const committed = fetched.get(`${TOPIC}-${p}`)?.offset ?? 0
    sum += committed
    for (let offset = 0; offset < committed; offset++) {
      if (offsets.has(offset)) continue
      violations.push(`partition ${p}: ${committed} is committed, nobody was given ${offset}`)
      break
    }
  }
  return sum
}
