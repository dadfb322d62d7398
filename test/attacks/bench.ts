/** The attack bench: processes that attack, watched by this one, and what came of it by family. */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { bundleProgram } from '../support/bundle-program.ts'
import { FIXTURES_WRITTEN, unpackFixture } from '../support/fixtures.ts'
import { clockAt } from '../support/test-clock.ts'

/** A process that says nothing for so long by the wall clock is blocked in the kernel; what waits otherwise it tells itself (worker.ts). */
const HANG_MS = 60_000

export const treeRoot = fileURLToPath(new URL('../../', import.meta.url))

export interface Violation {
  readonly family: string
  readonly seed: number
  readonly index: number
  readonly what: string
  readonly broken: readonly string[]
}

export interface Figures {
  attacks: number
  readonly violations: Violation[]
}

/** Where attacks take place; `end` removes all of it. */
export class AttackBench {
  readonly #scratch: string
  readonly #clock = clockAt(FIXTURES_WRITTEN)
  readonly #worker: string
  readonly #root: string

  private constructor(worker: string, root: string) {
    this.#worker = worker
    this.#root = root
    // Memory, where there is such a place: thousands of directories are made.
    const base = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()
    this.#scratch = fs.mkdtempSync(path.join(base, 'tkafka-attacks-'))
  }

  /** @param root the tree whose code is attacked */
  static async start(root = treeRoot): Promise<AttackBench> {
    const bench = new AttackBench(await bundleProgram('worker', { folder: 'attacks', root }), root)
    const genuine = unpackFixture('transactions', bench.#clock)
    const child = bench.#start(['templates', genuine.dir])
    const said = await text(child.stderr)
    genuine.remove()
    if (!fs.existsSync(path.join(bench.#scratch, '.templates')))
      throw new Error(`the bench cannot begin: ${said}`)
    return bench
  }

  #start(args: readonly string[]) {
    return spawn(process.execPath, [this.#worker, this.#scratch, ...args], {
      env: { ...process.env, NODE_OPTIONS: '', TKAFKA_ATTACK_ROOT: this.#root, ...this.#clock.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  end(): void {
    fs.rmSync(this.#scratch, { recursive: true, force: true })
  }

  /** Attacks from number `from` up to `to`, in as many processes as it takes. */
  async run(family: string, seed: number, from: number, to: number, firstOnly = false): Promise<Figures> {
    const figures: Figures = { attacks: 0, violations: [] }
    // In pieces where one is enough.
    const step = firstOnly ? 40 : to - from
    for (let next = from; next < to && !(firstOnly && figures.violations.length > 0); )
      next = await this.#process(family, seed, next, Math.min(to, next + step), figures)
    return figures
  }

  /** One process. Returns the number of the attack behind its last one. */
  async #process(family: string, seed: number, from: number, to: number, figures: Figures): Promise<number> {
    const child = this.#start([family, String(seed), String(from), String(to)])
    let said = ''
    child.stderr.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-2000)
    })
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
    const told = { next: from, current: -1, what: '' }
    const watch = new Watch(child)
    for await (const line of createInterface({ input: child.stdout })) {
      const { begin, end, what, broken, stray } = JSON.parse(line)
      watch.feed()
      if (begin !== undefined) told.current = begin
      else if (end !== undefined) {
        figures.attacks++
        told.next = end + 1
        told.current = -1
        if (broken.length > 0) figures.violations.push({ family, seed, index: end, what, broken })
      } else said = stray
    }
    watch.stop()
    await closed
    if (told.next === from && told.current < 0 && !watch.bitten)
      throw new Error(`the bench cannot begin: ${said}`)
    if (told.next < to && (told.current >= 0 || told.next === from)) {
      // It did not come to its end: a hang, or a process that died.
      const index = Math.max(told.current, told.next)
      const why = watch.bitten
        ? `nothing came of it within ${HANG_MS} ms`
        : `the process died: ${said.trim()}`
      figures.attacks++
      figures.violations.push({ family, seed, index, what: 'see below', broken: [why] })
      return index + 1
    }
    return told.next
  }
}

/** Kills a process that says nothing for too long. */
class Watch {
  bitten = false
  readonly #child: ChildProcess
  #timer: NodeJS.Timeout | undefined

  constructor(child: ChildProcess) {
    this.#child = child
    // Templates are made first.
    this.#wait(HANG_MS + 60_000)
  }

  feed(): void {
    this.#wait(HANG_MS)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.bitten = true
      this.#child.kill('SIGKILL')
    }, ms)
  }
}

/** The command that repeats one attack. */
export function repetition({ family, seed, index }: Violation): string {
  return `TKAFKA_SEED=${seed} TKAFKA_ATTACK='${family}:${index}' npm run test:attacks`
}
