// `npm run test:parity`: replays the recordings of the genuine tools (test/parity). What differs is replayed once more,
// alone and in full words: some recordings have waits in them, which a machine that others keep busy can overrun. Both
// runs are told; only what differs twice fails. `node scripts/parity.mjs PATTERN` takes the scenarios of that name alone.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Scenarios that cannot be equal, and why. */
const LEFT_OUT = [
  'share-consumer', // share consumers are left for later
  'streams-reset', // kafka-streams-application-reset is left for later
  'dump-log-indexes', // a time index with an entry for each of four lines, which here share a millisecond
  'verifiable-producer', // one step asks which of four records had the last millisecond; more-verifiable-producer has the rest
  'cluster-features-quorum', // one step: a directory made unasked has level 30 (4.3-IV0), the recorded broker 33
  'features-more', // six steps, for the same level
]

/** @type {(pattern: string, ...flags: string[]) => string} */
const replay = (pattern, ...flags) =>
  spawnSync(
    process.execPath,
    [
      path.join(root, 'test/parity/replay.mjs'),
      ...[
        '--cli',
        path.join(root, 'bin/tkafka'),
        '--corpus',
        path.join(root, 'test/parity'),
        '--only',
        pattern,
      ],
      ...flags,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 1 << 28 },
  ).stdout

/**
 * @type {{ steps: number, tools?: { tool: string, steps: number, equal: number }[], equal: number, scenarios: number, scenariosEqual: number, failing?: { scenario: string, step: number, cmd: string, diffs: unknown }[] }}
 */
const first = JSON.parse(
  replay(process.argv[2] ?? `^(?!(${LEFT_OUT.join('|')})$)`, '--json', '--jobs', '4') || '{"steps":0}',
)
const again = [...new Set((first.failing ?? []).map((step) => step.scenario))]
let failed = first.steps === 0
for (const scenario of again) {
  const text = replay(`^${scenario}$`)
  const equal = text.startsWith('ok ')
  failed ||= !equal
  console.log(`${scenario} differed${equal ? ' once, and was equal when replayed alone:' : ' twice:'}`)
  for (const step of (first.failing ?? []).filter((step) => step.scenario === scenario))
    console.log(`  step ${step.step}: ${step.cmd}\n    ${JSON.stringify(step.diffs)}`)
  if (!equal) console.log(text)
}
for (const { tool, steps, equal } of first.tools ?? []) console.log(`${tool.padEnd(22)} ${equal} of ${steps}`)
console.log(
  `parity: ${first.equal} of ${first.steps} steps equal (${first.scenariosEqual} of ${first.scenarios} scenarios)` +
    (again.length === 0 ? '' : `; replayed again: ${again.join(', ')}`),
)
process.exit(failed ? 1 : 0)
