import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { logFile } from '../../src/log/segment/log-files.ts'
import { cleanLog, unsyncedOs } from '../support/clean-log.ts'
import { type DumpResult, dumpLog, genuineDumpLog } from '../support/dump-log.ts'
import { oldMessage, oldWrapper, randomSets, seeded, storedSet } from '../support/old-messages.ts'
import { oldOffsetsLog } from '../support/old-offsets.ts'
import { openLog, temporaryDir } from '../unit/log/log-helpers.ts'

const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1)
const real = join(import.meta.dirname, '../../../shared/cases/magic1-kafka-0.10.0.1')

const MODES = [[], ['--deep-iteration'], ['--print-data-log'], ['--max-bytes', '700']]
const runs: { readonly title: string; readonly args: readonly string[] }[] = []
let genuine: DumpResult[] = []

function add(title: string, file: string): void {
  for (const mode of MODES) runs.push({ title, args: ['--files', file, ...mode] })
}

function written(sets: readonly Buffer[]): string {
  const dir = join(temporaryDir(), 't-0')
  fs.mkdirSync(dir)
  fs.writeFileSync(logFile(dir, 0), Buffer.concat(sets))
  return logFile(dir, 0)
}

const BASE = { offset: 3, timestamp: 5, key: null, value: Buffer.from('v') }
/** What genuine Kafka reads or refuses, too. */
const ODD: Record<string, () => Buffer> = {
  'a wrong checksum': () => oldMessage(1, BASE, { isWrong: true }),
  'a wrong checksum in a wrapper': () =>
    oldWrapper(1, 3, 5, oldMessage(1, { ...BASE, offset: 0 }, { isWrong: true }), { codec: 'gzip' }),
  'a wrapper in a wrapper': () => {
    const inner = oldWrapper(1, 0, 5, oldMessage(1, { ...BASE, offset: 0 }), { codec: 'gzip' })
    return oldWrapper(1, 3, 5, inner, { codec: 'snappy' })
  },
  'a wrapper of the other format (KAFKA-4298)': () =>
    oldWrapper(1, 3, 5, oldMessage(0, { ...BASE, offset: 0 }), { codec: 'gzip' }),
  'inner offsets beyond the wrapper': () =>
    oldWrapper(1, 3, 5, oldMessage(1, { ...BASE, offset: 7 }), { codec: 'lz4' }),
  'an empty wrapper': () => oldWrapper(1, 3, 5, Buffer.alloc(0), { codec: 'gzip' }),
  'a last inner message that is cut off': () => {
    const inner = Buffer.concat([oldMessage(1, { ...BASE, offset: 0 }), oldMessage(1, BASE).subarray(0, 20)])
    return oldWrapper(1, 3, 5, inner, { codec: 'gzip' })
  },
  'a message cut off': () => oldMessage(1, BASE).subarray(0, 30),
}

beforeAll(async () => {
  for (const seed of SEEDS) {
    const sets = randomSets(seeded(seed), { sets: 40, hasGaps: seed % 2 === 0 })
    const file = written(sets.map(storedSet))
    const logDir = dirname(dirname(file))
    const log = openLog(logDir, { os: unsyncedOs, changes: { indexIntervalBytes: 500 } })
    log.lockSync()
    await log.recover()
    log.closeAsBroker()
    log.close()
    add('random', file)
    for (const suffix of ['.index', '.timeindex']) {
      const index = file.replace(/\.log$/, suffix)
      runs.push({ title: 'indexes', args: ['--files', index] })
      runs.push({ title: 'indexes', args: ['--files', index, '--index-sanity-check'] })
    }
  }
  for (const seed of SEEDS) add('compacted', await compacted(seed))
  for (const make of Object.values(ODD)) {
    const first = oldMessage(1, { ...BASE, offset: 0 })
    add('odd', written([first, make(), oldMessage(1, { ...BASE, offset: 9 })]))
  }
  for (const mode of [[], ['--offsets-decoder'], ['--offsets-decoder', '--skip-record-metadata']])
    runs.push({
      title: 'offsets',
      args: ['--files', written([oldOffsetsLog()]), '--deep-iteration', ...mode],
    })
  if (fs.existsSync(real)) {
    const name = (fs.readdirSync(real, { recursive: true }) as string[]).find((file) => file.endsWith('.log'))
    add('real', join(real, name ?? ''))
  }
  genuine = await genuineDumpLog(runs.map(({ args }) => args))
})

/** The first of two segments, without what the second replaces. */
async function compacted(seed: number): Promise<string> {
  const sets = randomSets(seeded(seed), { sets: 30, keys: 4 })
  const file = written(sets.slice(0, 25).map(storedSet))
  const next = sets[25].records[0].offset
  fs.writeFileSync(logFile(dirname(file), next), Buffer.concat(sets.slice(25).map(storedSet)))
  const logDir = dirname(dirname(file))
  const log = openLog(logDir, { os: unsyncedOs, changes: { compact: true, indexIntervalBytes: 500 } })
  await cleanLog(log, logDir, { os: unsyncedOs })
  log.close()
  return file
}

afterAll(() => {
  runs.length = 0
})

test.each(['random', 'indexes', 'compacted', 'odd', 'offsets', 'real'])(
  'logs of formats 0, 1 and 2 (%s) are dumped as by genuine Kafka',
  async (title) => {
    const differences: unknown[] = []
    for (const [i, { args }] of runs.entries()) {
      if (runs[i].title !== title) continue
      const want = genuine[i]
      const got = await dumpLog(args).catch((error: Error) => ({
        status: 1,
        stdout: '',
        stderr: error.message,
      }))
      const same =
        want.status === 0
          ? got.status === 0 && got.stdout === want.stdout && got.stderr === want.stderr
          : got.status !== 0
      if (same) continue
      const [wanted, printed] = [want, got].map(({ stdout, stderr }) => `${stdout}${stderr}`.split('\n'))
      const line = wanted.findIndex((text, n) => text !== printed[n])
      differences.push({
        args: args.join(' '),
        want: [want.status, wanted[line]],
        got: [got.status, printed[line]],
      })
    }
    expect(differences.slice(0, 3)).toEqual([])
  },
)
