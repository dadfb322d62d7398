/** Family: real processes are stopped, hung up and killed at any moment. By the clock: a seed repeats such an attack roughly. */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { type Arena, outsideOf, type Verdict, worksAgain } from './arena.ts'
import { binary, commitOf, fillWith } from './outputs.ts'
import { differences } from './tree.ts'

const STATUS = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129, SIGKILL: undefined } as const
type Ending = keyof typeof STATUS

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  'verifiable-producer': ['verifiable-producer', '--topic', 'z', '--max-messages', '200000'],
  'console-producer': ['console-producer', '--topic', 'z', '--sync'],
  'console-consumer': ['console-consumer', '--topic', 'z', '--group', 'sig', '--from-beginning'],
  'log-cleaner': ['log-cleaner', '--now'],
  topics: ['topics', '--create', '--topic', 'new', '--partitions', '20'],
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly hangs: boolean
}

async function runAndEnd(arena: Arena, words: readonly string[], ending: Ending): Promise<Ended> {
  const { chance, dir } = arena
  const out = path.join(path.dirname(dir), 'said')
  const fd = fs.openSync(out, 'w')
  const env = { ...process.env, TKAFKA_DATA_DIR: dir, HOME: path.resolve(dir, '../..') }
  const child = spawn(process.execPath, [binary(), ...words], { env, stdio: ['pipe', fd, 'pipe'] })
  fs.closeSync(fd)
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  child.stdin?.on('error', () => {})
  if (words[0] === 'console-producer')
    child.stdin?.write(Array.from({ length: 3000 }, (_, i) => `line ${i}\n`).join(''))
  let exited = false
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('close', (status, signal) => {
      exited = true
      resolve([status, signal])
    })
  })
  // A third of them before the tool has begun to listen.
  await pause(chance.below(chance.oneIn(3) ? 200 : 900))
  if (chance.oneIn(3)) {
    child.kill('SIGSTOP')
    await pause(chance.below(60))
    child.kill('SIGCONT')
    if (chance.oneIn(2)) await pause(chance.below(50))
  }
  child.kill(ending)
  let hangs = false
  const limit = setTimeout(() => {
    hangs = !exited
    child.kill('SIGKILL')
  }, 6000)
  const [status, signal] = await ended
  clearTimeout(limit)
  const stdout = fs.readFileSync(out, 'latin1')
  fs.rmSync(out)
  return { status, signal, stdout, stderr, hangs }
}

/** Partition -> highest offset that was acknowledged, and how many were. */
function acknowledgedIn(stdout: string): number[] {
  const offsets: number[] = []
  for (const line of stdout.split('\n').slice(0, -1)) {
    const said = JSON.parse(line)
    if (said.name === 'producer_send_success') offsets.push(said.offset)
  }
  return offsets
}

export async function endProcesses(arena: Arena): Promise<Verdict> {
  const { chance, dir } = arena
  const name = chance.of(Object.keys(COMMANDS))
  const ending = chance.of(Object.keys(STATUS) as Ending[])
  const outside = outsideOf(arena)
  if (name === 'console-consumer') await fillWith(dir, 'z', 3000)
  const { status, signal, stdout, stderr, hangs } = await runAndEnd(arena, COMMANDS[name], ending)
  const broken: string[] = []
  if (hangs) broken.push(`it goes on six seconds behind ${ending}`)
  // It may have been through, or not have begun to listen.
  const expected = [0, STATUS[ending]]
  if (!expected.includes(status ?? -1) && signal !== ending)
    broken.push(`it ends with ${status ?? signal}: ${stderr.slice(0, 200)}`)
  if (/\n\s+at /.test(stderr)) broken.push(`a stack: ${stderr.slice(0, 300)}`)

  const since = new Map<string, number>()
  if (name === 'verifiable-producer') {
    const offsets = acknowledgedIn(stdout)
    if (offsets.some((offset, i) => i > 0 && offset <= offsets[i - 1]))
      broken.push('offsets that were acknowledged do not grow')
    if (offsets.length > 0) since.set('z-0', offsets[offsets.length - 1])
  }
  if (name === 'console-consumer') {
    const delivered = stdout.split('\n').length - 1
    const committed = await commitOf(dir, 'sig', 'z-0')
    if (committed > delivered) broken.push(`${committed} committed, ${delivered} delivered`)
  }
  broken.push(...differences(outside, outsideOf(arena)))
  const template = {
    ...arena.template,
    partitions: arena.template.partitions.filter(({ topic }) => name !== 'log-cleaner' || topic !== 'c'),
  }
  broken.push(...(await worksAgain({ ...arena, template }, since)).map((line) => `the next run: ${line}`))
  return { what: `${template.name}: ${name}, ${ending}`, broken }
}
