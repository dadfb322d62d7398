import fs from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * The wall clock of the processes that tests start. `TKAFKA_TEST_CLOCK=+400d npm test` (or -400d, or a date) moves that of
 * the tests themselves and of all their children; a test that needs a date of its own, as one on a directory that a broker wrote long ago,
 * takes `clockAt`. moved-clock.cjs does it, in any Node process that is started with these variables.
 */
export interface TestClock {
  /** What this clock is ahead of the kernel's, ms. */
  readonly offsetMs: number
  /** The environment of a child that goes by it. */
  readonly env: Readonly<Record<string, string>>
}

const DAY_MS = 86_400_000
const preload = fileURLToPath(new URL('moved-clock.cjs', import.meta.url))

function clock(offsetMs: number): TestClock {
  if (offsetMs === 0) return { offsetMs, env: {} }
  const env = { NODE_OPTIONS: `--require=${preload}`, TKAFKA_TEST_CLOCK_OFFSET_MS: String(offsetMs) }
  return { offsetMs, env }
}

/** The clock that this process itself goes by. */
export function ownClock(): TestClock {
  return clock(Number(process.env.TKAFKA_TEST_CLOCK_OFFSET_MS ?? 0))
}

/** A clock that says `date` now. */
export function clockAt(date: string): TestClock {
  return clock(Date.parse(date) - Date.now() + ownClock().offsetMs)
}

/** What TKAFKA_TEST_CLOCK means: `+400d`, `-400d`, or a date. */
export function parseTestClock(text: string): TestClock {
  const days = /^([+-]\d+)d$/.exec(text)
  const offsetMs = days === null ? Date.parse(text) - Date.now() : Number(days[1]) * DAY_MS
  if (!Number.isSafeInteger(offsetMs))
    throw new Error(`TKAFKA_TEST_CLOCK=${text}: give +400d, -400d or a date`)
  return clock(offsetMs)
}

/** Lets all processes that this one starts go by TKAFKA_TEST_CLOCK. */
export function moveClocks(): void {
  const text = process.env.TKAFKA_TEST_CLOCK
  if (text === undefined || text === '') return
  const { env, offsetMs } = parseTestClock(text)
  Object.assign(process.env, env)
  console.log(`tests go by a clock that is ${(offsetMs / DAY_MS).toFixed(1)} days ahead`)
}

/** Gives files the times by `clock` that the kernel has of them: those that an archive brought are dates, no ages. */
export function keepDates(dir: string, clock: TestClock): void {
  const own = ownClock().offsetMs
  if (clock.offsetMs === 0 && own === 0) return
  const entries = fs.readdirSync(dir, { recursive: true, withFileTypes: true })
  // Folders behind what is in them.
  for (const { parentPath, name } of [...entries.reverse()]) {
    const path = `${parentPath}/${name}`
    const { mtimeMs } = fs.lstatSync(path)
    const seconds = (mtimeMs - clock.offsetMs) / 1000
    fs.lutimesSync(path, seconds, seconds)
  }
}
