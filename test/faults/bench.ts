/** How much of the fault bench runs: the short form in `npm test`, the full one in `npm run test:faults`; and its seed. */
export const isFull = process.env.TKAFKA_FAULTS === 'full'

export function sized<T>(short: T, full: T): T {
  return isFull ? full : short
}

/** TKAFKA_SEED repeats a run. */
export const benchSeed = Number(process.env.TKAFKA_SEED ?? (isFull ? Date.now() % 1_000_000_007 : 1))

export function printSeed(what: string): void {
  if (isFull) console.log(`${what}: TKAFKA_SEED=${benchSeed}`)
}
