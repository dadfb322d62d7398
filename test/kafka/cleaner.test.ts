import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { run } from '../../scripts/workload.mjs'
import { GenuineBroker, judge } from '../support/genuine-kafka.ts'

/** Genuine Kafka's own cleaner on a copy of a directory, against ours on the original. */
const cli = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))
const dirs: string[] = []
afterEach(() => {
  for (const dir of dirs.splice(0)) fs.rmSync(dir, { recursive: true, force: true })
})

async function tk(dataDir: string, args: string[], stdin = ''): Promise<string> {
  const result = await run(cli, args, { dataDir, stdin })
  expect(result.code, `${args.join(' ')}: ${result.stderr}`).toBe(0)
  return result.stdout
}

/** offset, key and value of every record. */
function records(dataDir: string, topic: string): Promise<string> {
  const print = ['print.offset=true', 'print.key=true', 'null.literal=NULL', 'print.timestamp=true']
  return tk(dataDir, [
    'console-consumer',
    '--topic',
    topic,
    '--from-beginning',
    '--timeout-ms',
    '3000',
    ...print.flatMap((property) => ['--formatter-property', property]),
  ])
}

/** Text that no codec makes much smaller, or there would be no second segment. */
const noise = (i: number): string =>
  createHash('sha256')
    .update(String(i))
    .digest('base64')
    .repeat(1 + (i % 2))

function cleanedUpTo(dataDir: string, topic: string): number {
  const file = path.join(dataDir, 'cleaner-offset-checkpoint')
  if (!fs.existsSync(file)) return -1
  const line = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${topic} 0 `))
  return line === undefined ? -1 : Number(line.split(' ')[2])
}

describe('compaction', () => {
  test.each(['none', 'lz4', 'zstd'])(
    'leaves the same offsets, keys and values as the genuine cleaner (%s)',
    async (codec) => {
      const root = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-cleaned-'))
      dirs.push(root)
      const ours = path.join(root, 'ours')
      const theirs = path.join(root, 'theirs')
      const configs = ['cleanup.policy=compact', 'segment.bytes=1048576', 'min.cleanable.dirty.ratio=0.01']
      const flags = configs.flatMap((config) => ['--config', config])
      await tk(ours, ['topics', '--create', '--topic', 'c', ...flags])
      const produce = (lines: string[]) =>
        tk(
          ours,
          [
            'console-producer',
            '--topic',
            'c',
            '--compression-codec',
            codec,
            ...['parse.key=true', 'key.separator=:', 'null.marker=NULL'].flatMap((p) => [
              '--reader-property',
              p,
            ]),
          ],
          `${lines.join('\n')}\n`,
        )
      const lines = (first: number, count: number) =>
        Array.from({ length: count }, (_, n) => {
          const i = first + n
          const key = `key-${(i * 7919) % (i % 3 === 0 ? 50 : 20011)}`
          return `${key}:${i % 17 === 0 ? 'NULL' : `value ${i} ${noise(i)}`}`
        })
      await produce(lines(0, 30_000))
      await produce(lines(30_000, 30_000))
      fs.cpSync(ours, theirs, { recursive: true, preserveTimestamps: true })

      const before = await records(ours, 'c')
      const said = await tk(ours, ['log-cleaner'])
      expect(said).toMatch(/^c-0: compacted \(ratio\)/)
      const broker = await GenuineBroker.start(theirs)
      try {
        const end = Date.now() + 60_000
        while (cleanedUpTo(theirs, 'c') < cleanedUpTo(ours, 'c') && Date.now() < end) {
          await new Promise((resolve) => setTimeout(resolve, 200))
        }
      } finally {
        await broker.stop()
      }
      expect(cleanedUpTo(theirs, 'c')).toBe(cleanedUpTo(ours, 'c'))
      const after = await records(ours, 'c')
      expect(after.length).toBeLessThan(before.length / 1.5)
      expect(after).toBe(await records(theirs, 'c'))
      const verdict = await judge(ours)
      expect(verdict.ok, verdict.output).toBe(true)
    },
    300_000,
  )
})
