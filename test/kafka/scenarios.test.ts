import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { freePort, genuineLibs } from '../support/genuine-kafka.ts'

/**
 * A choice of the recorded scenarios with --bootstrap-server, each against a fresh genuine broker: every step has to be as the genuine
 * tools' was. All of them: `node test/parity/replay.mjs --cluster --libs JARS --cli bin/tkafka`.
 */
const CHOICE = [
  'topics-create-describe',
  'topics-create-bad-configs',
  'topics-alter',
  'producer-keys',
  'producer-headers',
  'consumer-offsets',
  'consumer-print',
  'delete-records-errors',
  'get-offsets-times',
  'groups-describe-active',
  'reset-offset-shift',
  'groups-delete',
  'more-quotas',
  'log-dirs',
]

interface Replayed {
  readonly steps: number
  readonly equal: number
  readonly scenarios: number
  readonly failing: readonly { readonly scenario: string; readonly cmd: string; readonly diffs: unknown }[]
}

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))

test('the recorded scenarios are equal on a genuine broker', async () => {
  const args = [
    path('test/parity/replay.mjs'),
    '--cluster',
    ...['--libs', genuineLibs()],
    ...['--port', String(await freePort())],
    ...['--cli', path('bin/tkafka')],
    ...['--only', `^(${CHOICE.join('|')})$`],
    ...['--jobs', '2'],
    '--json',
  ]
  const run = promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 })
  // With another status where something differs: the differences themselves are what to look at.
  const { stdout } = await run.catch((failed: { stdout: string }) => failed)
  const { steps, equal, scenarios, failing } = JSON.parse(stdout) as Replayed
  expect(failing.map(({ scenario, cmd, diffs }) => ({ scenario, cmd, diffs }))).toEqual([])
  expect({ scenarios, equal }).toEqual({ scenarios: CHOICE.length, equal: steps })
  expect(steps).toBeGreaterThan(50)
})
