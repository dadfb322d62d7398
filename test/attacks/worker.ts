/**
 * One process of the attack bench: worker FAMILY SEED FROM TO SCRATCH GENUINE. Attacks by number, and says of each as a line of JSON when it
 * begins and what came of it. The bench ends it when an attack takes too long, and starts another behind that one.
 */
import fs from 'node:fs'
import path from 'node:path'
import { enter } from './arena.ts'
import { attackSeed, Chance } from './chance.ts'
import { FAMILIES } from './families.ts'
import { makeTemplates } from './templates.ts'

const [family, seed, from, to, scratch, genuine] = process.argv.slice(2)
const MOST_MEMORY_KB = 500 * 1024
/** What waits for so long waits for ever. */
const HANG_MS = Number(process.env.TKAFKA_ATTACK_MS ?? 10_000) * 0.8

class Hang extends Error {}

function hang(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(
      () => reject(new Hang(`it waits for ever: nothing came of it within ${HANG_MS} ms`)),
      HANG_MS,
    ).unref()
  })
}

function say(line: object): void {
  fs.writeSync(1, `${JSON.stringify(line)}\n`)
}

async function main(): Promise<void> {
  const base = path.join(scratch, `${family}-${process.pid}`)
  const { attack, templates: only = /./ } = FAMILIES[family]
  const templates = (await makeTemplates(base, genuine)).filter(({ name }) => only.test(name))
  for (let index = Number(from); index < Number(to); index++) {
    say({ begin: index })
    const arena = enter(
      path.join(base, `arena-${index}`),
      new Chance(attackSeed(Number(seed), family, index)),
      templates,
    )
    let verdict: { what: string; broken: readonly string[] }
    try {
      verdict = await Promise.race([attack(arena), hang()])
    } catch (error) {
      const { message, stack } = error as Error
      verdict =
        error instanceof Hang
          ? { what: arena.template.name, broken: [message] }
          : { what: 'the bench itself', broken: [String(stack)] }
    }
    fs.rmSync(path.dirname(arena.dir), { recursive: true, force: true })
    const { maxRSS } = process.resourceUsage()
    const broken =
      maxRSS > MOST_MEMORY_KB ? [...verdict.broken, `${maxRSS >> 10} MB of memory`] : verdict.broken
    say({ end: index, what: verdict.what, broken })
    if (maxRSS > MOST_MEMORY_KB) break
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
