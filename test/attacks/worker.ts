/**
 * One process of the attack bench: worker SCRATCH FAMILY SEED FROM TO. Attacks by number, and says of each as a line of JSON when it
 * begins and what came of it. The bench ends it when an attack takes too long, and starts another behind that one.
 * worker SCRATCH templates GENUINE makes what is attacked.
 */
import fs from 'node:fs'
import path from 'node:path'
import { enter } from './arena.ts'
import { attackSeed, Chance } from './chance.ts'
import { FAMILIES } from './families.ts'
import { keepTemplates, keptTemplates } from './templates.ts'

const [scratch, family, seed, from, to] = process.argv.slice(2)
const MOST_MEMORY_KB = 500 * 1024
/** What waits for so long waits for ever. */
const HANG_MS = Number(process.env.TKAFKA_ATTACK_MS ?? 10_000)
const TICK_MS = 100

class Hang extends Error {}

/**
 * Counted in ticks of this process, and its CPU time, not by the wall clock: on a machine that is busy with other things a process that
 * is not served does not hang.
 */
class Patience {
  readonly #timer: NodeJS.Timeout
  readonly over: Promise<never>

  constructor() {
    let ticks = 0
    let reject: (error: Hang) => void
    this.over = new Promise<never>((_, no) => {
      reject = no
    })
    this.#timer = setInterval(() => {
      if (++ticks * TICK_MS < HANG_MS) return
      reject(new Hang(`it waits for ever: nothing came of it within ${HANG_MS} ms`))
    }, TICK_MS)
  }

  end(): void {
    clearInterval(this.#timer)
  }
}

function say(line: object): void {
  fs.writeSync(1, `${JSON.stringify(line)}\n`)
}

async function main(): Promise<void> {
  if (family === 'templates') return keepTemplates(scratch, seed)
  const base = path.join(scratch, `${family}-${process.pid}`)
  const { attack, templates: only = /./ } = FAMILIES[family]
  const templates = keptTemplates(scratch, only)
  for (let index = Number(from); index < Number(to); index++) {
    say({ begin: index })
    const arena = enter(
      path.join(base, `arena-${index}`),
      new Chance(attackSeed(Number(seed), family, index)),
      templates,
    )
    let hangs = false
    const patience = new Patience()
    const cpu = process.cpuUsage()
    let verdict: { what: string; broken: readonly string[] }
    try {
      verdict = await Promise.race([attack(arena), patience.over])
    } catch (error) {
      const { message, stack } = error as Error
      hangs = error instanceof Hang
      verdict =
        error instanceof Hang
          ? { what: arena.doing, broken: [message] }
          : { what: 'the bench itself', broken: [String(stack)] }
    }
    patience.end()
    const { maxRSS } = process.resourceUsage()
    const { user, system } = process.cpuUsage(cpu)
    const broken = [...verdict.broken]
    if (maxRSS > MOST_MEMORY_KB) broken.push(`${maxRSS >> 10} MB of memory`)
    if (user + system > HANG_MS * 1000) broken.push(`${Math.round((user + system) / 1e6)} s of CPU`)
    say({ end: index, what: verdict.what, broken })
    // What hangs still holds locks, and may go on later.
    if (maxRSS > MOST_MEMORY_KB || hangs) break
    fs.rmSync(path.dirname(arena.dir), { recursive: true, force: true })
  }
  fs.rmSync(base, { recursive: true, force: true })
}

process.on('unhandledRejection', (error) => {
  say({ stray: String((error as Error).stack) })
  process.exit(1)
})
main().then(
  () => process.exit(0),
  (error) => {
    say({ stray: String(error.stack) })
    process.exit(1)
  },
)
