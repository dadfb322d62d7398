/**
 * The attack bench. `npm test` runs a short form, always the same; `npm run test:attacks` runs three seeds with 5,000 attacks in all.
 * TKAFKA_SEED=7 takes one seed, TKAFKA_ATTACKS how many there are, TKAFKA_FAMILY one family, TKAFKA_ATTACK='mutate:17' one attack.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AttackBench, repetition, type Violation } from './bench.ts'

/** Of a hundred attacks: those with real processes take fifty times as long. */
const SHARES: Readonly<Record<string, number>> = {
  mutate: 35,
  'fail calls': 36,
  plant: 13,
  forge: 11,
  outputs: 2,
  signals: 2,
  waits: 1,
}
const { TKAFKA_SEED, TKAFKA_ATTACKS, TKAFKA_FAMILY, TKAFKA_ATTACK, TKAFKA_BENCH } = process.env
const isFull = TKAFKA_BENCH === 'attacks'
const one = TKAFKA_ATTACK?.split(':')
const ownSeeds = isFull ? [101, 202, 303] : [1]
const seeds = TKAFKA_SEED === undefined ? ownSeeds : [Number(TKAFKA_SEED)]
const total = Number(TKAFKA_ATTACKS ?? 5000)
/** In `npm test`: the first ones of seed 1, as many as a few seconds take; chosen by time alone. */
const SHORT: Readonly<Record<string, number>> = {
  mutate: 5,
  'fail calls': 5,
  plant: 3,
  forge: 3,
  outputs: 1,
  signals: 1,
  waits: 0,
}
const families = Object.keys(SHARES).filter((name) => name === (one?.[0] ?? TKAFKA_FAMILY ?? name))

let bench: AttackBench
const figures = new Map<string, { attacks: number; violations: number }>()

beforeAll(async () => {
  bench = await AttackBench.start()
})
afterAll(() => {
  bench.end()
  if (!isFull) return
  console.log('family        attacks  violations')
  for (const [name, { attacks, violations }] of figures) {
    console.log(`${name.padEnd(12)} ${String(attacks).padStart(8)}  ${String(violations).padStart(10)}`)
  }
})

/** Each with the command that repeats it. */
function report(violations: readonly Violation[]): string[] {
  return violations.map((violation) =>
    [`${violation.what}`, ...violation.broken, `again: ${repetition(violation)}`].join('\n    '),
  )
}

describe.each(seeds)('seed %i', (seed) => {
  it.concurrent.each(families)('%s: every promise is kept', async (family) => {
    const share = TKAFKA_FAMILY === undefined ? SHARES[family] / 100 : 1
    const count = isFull ? Math.max(1, Math.ceil((total / seeds.length) * share)) : SHORT[family]
    const [from, to] = one === undefined ? [0, count] : [Number(one[1]), Number(one[1]) + 1]
    const { attacks, violations } = await bench.run(family, seed, from, to)
    const sum = figures.get(family) ?? { attacks: 0, violations: 0 }
    figures.set(family, { attacks: sum.attacks + attacks, violations: sum.violations + violations.length })
    if (isFull) console.log(`seed ${seed}, ${family}: ${attacks} attacks, ${violations.length} violations`)
    expect(report(violations)).toEqual([])
  })
})
