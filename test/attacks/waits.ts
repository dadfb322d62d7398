/** Family: somebody holds a lock for ever, and real tools come for it. They say for whom they wait, and end when they are told to. */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { systemOs } from '../../src/os/system-os.ts'
import { type Arena, outsideOf, type Verdict, worksAgain } from './arena.ts'
import { binary } from './outputs.ts'
import { differences } from './tree.ts'

const STATUS = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const
const SIGNALS = Object.keys(STATUS) as (keyof typeof STATUS)[]
const FREE = ['the lock is free'] as const
/** By the wall clock, on a machine that is busy: two seconds until it speaks, two until it gives up at a deadline, and what it takes to begin. */
const PATIENCE_MS = 12_000

interface Case {
  readonly lock: string
  readonly words: readonly string[]
  readonly input?: string
  /** It has a deadline of its own. */
  readonly ends?: boolean
  /** It goes on for ever once it has the lock. */
  readonly endless?: boolean
}

const PRODUCE = { words: ['console-producer', '--topic', 'z'], input: 'one\ntwo\nthree\n' }
const CREATE = { words: ['topics', '--create', '--topic', 'new'] }
const JOIN = ['console-consumer', '--topic', 't', '--group', 'late', '--from-beginning']
const CASES: readonly Case[] = [
  { lock: '.tkafka-gate', ...PRODUCE },
  { lock: '.tkafka-producer-ids', ...PRODUCE },
  { lock: 'z-0/.tkafka-lock', ...PRODUCE },
  { lock: '.tkafka-gate', ...CREATE },
  { lock: '__cluster_metadata-0/.tkafka-lock', ...CREATE },
  { lock: '.tkafka-gate', words: JOIN, endless: true },
  { lock: '.tkafka-gate', words: [...JOIN, '--timeout-ms', '500'], ends: true },
]

/** A process that was started, what it says, and its end. */
function start(dir: string, { words, input = '' }: Case) {
  const env = { ...process.env, TKAFKA_DATA_DIR: dir, HOME: path.resolve(dir, '../..') }
  const child = spawn(process.execPath, [binary(), ...words], { env, stdio: ['pipe', 'ignore', 'pipe'] })
  const said = { text: '', status: undefined as number | null | undefined }
  child.stderr.on('data', (chunk) => {
    said.text += chunk
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  // A tool that has nothing to finish leaves signals to the system: shells give both out as the same status.
  child.once('close', (status, signal) => {
    said.status = status ?? STATUS[signal as keyof typeof STATUS]
  })
  return { child, said }
}

/** Whether it came about in time. */
async function comes(about: () => boolean): Promise<boolean> {
  for (const until = performance.now() + PATIENCE_MS; !about(); ) {
    if (performance.now() > until) return false
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return true
}

export async function waitForLocks(arena: Arena): Promise<Verdict> {
  const { chance, dir, template } = arena
  const attack = chance.of(CASES)
  const end = attack.ends ? 'its own deadline' : chance.of([...(attack.endless ? [] : FREE), ...SIGNALS])
  const what = `${template.name}: ${attack.words.slice(0, 1)} waits for ${attack.lock} until ${end}`
  arena.doing = what
  const outside = outsideOf(arena)
  const broken: string[] = []
  const fd = fs.openSync(path.join(dir, attack.lock), 'a+', 0o600)
  if (!systemOs.locks.tryLock(fd, 'exclusive')) throw new Error(`${attack.lock} is held`)
  const { child, said } = start(dir, attack)
  const isOver = () => said.status !== undefined
  const names = () => said.text.includes(`process ${process.pid} (`)

  if (!attack.ends && !(await comes(() => names() || isOver()))) broken.push('it waits in silence')
  if (isOver()) broken.push(`it does not wait: ${said.text.slice(0, 200)}`)
  if (end === FREE[0]) fs.closeSync(fd)
  else if (end !== 'its own deadline') child.kill(end)
  if (!(await comes(isOver))) broken.push(`it goes on behind ${end}`)
  child.kill('SIGKILL')
  if (end !== FREE[0]) fs.closeSync(fd)

  let expected: number | null | undefined = 0
  if (end === 'its own deadline') expected = said.status
  else if (end !== FREE[0]) expected = STATUS[end]
  if (isOver() && said.status !== expected)
    broken.push(`it ends with ${said.status}, not ${expected}: ${said.text.slice(0, 200)}`)
  if (/\n\s+at /.test(said.text)) broken.push(`a stack: ${said.text.slice(0, 300)}`)
  broken.push(...differences(outside, outsideOf(arena)))
  const z = template.partitions.find(({ topic }) => topic === 'z')
  const isWritten = end === FREE[0] && attack.input !== undefined && said.status === 0
  const since = new Map(isWritten ? [['z-0', (z?.end ?? 0) + 2]] : [])
  broken.push(...(await worksAgain(arena, since)).map((line) => `the next run: ${line}`))
  return { what, broken }
}
