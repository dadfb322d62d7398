import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { run, workload } from '../../scripts/workload.mjs'
import { fixtureNames, unpackFixture } from '../support/fixtures.ts'
import { GenuineBroker, judge } from '../support/genuine-kafka.ts'

/** Genuine Kafka's word on directories that tkafka wrote. */
const cli = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))
const seed = Number(process.env.TKAFKA_SEED ?? 20261121)

const dirs: string[] = []
function tempDir(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-judged-'))
  dirs.push(dir)
  return dir
}
afterEach(() => {
  for (const dir of dirs.splice(0)) fs.rmSync(dir, { recursive: true, force: true })
})

async function tk(dataDir: string, args: string[], stdin = ''): Promise<string> {
  const result = await run(cli, args, { dataDir, stdin })
  expect(result.stderr + result.stdout, args.join(' ')).not.toMatch(/at .*\.cjs:/)
  expect(result.code, `${args.join(' ')}: ${result.stderr}`).toBe(0)
  return result.stdout
}

describe('the judge accepts', () => {
  test('the directory of the demo', async () => {
    const dir = path.join(tempDir(), 'demo')
    const { demo } = await import('../../scripts/demo.mjs')
    await demo({ dataDir: dir, say: () => {} })
    const verdict = await judge(dir)
    expect(verdict.ok, verdict.output).toBe(true)
  })

  test('a directory after a random workload of four processes, and finds every acknowledged record', async () => {
    const dir = tempDir()
    const summary = await workload({ dataDir: dir, seed, workers: 4, steps: 20 })
    const verdict = await judge(dir)
    expect(verdict.ok, `seed ${seed}\n${verdict.output}`).toBe(true)
    const records = Object.values(verdict.found.topics)
      .flatMap((t) => t.partitions)
      .reduce((n, p) => n + (p.records?.length ?? 0), 0)
    expect(records).toBeGreaterThanOrEqual(summary.records)
  })

  test.each(['groups', 'metadata', 'killed', 'upgraded-3.9'])(
    'the adopted broker directory %s after the same workload',
    async (name) => {
      const { dir } = unpackFixture(name)
      dirs.push(dir)
      const result = await run(cli, ['topics', '--list'], { dataDir: dir })
      const untouched = result.stdout.split('\n').filter((t: string) => t !== '' && !t.startsWith('__'))
      await workload({ dataDir: dir, seed: seed + 1, workers: 4, steps: 6 })
      const verdict = await judge(dir)
      expect(verdict.ok, `seed ${seed + 1}\n${verdict.output}`).toBe(true)
      expect(Object.keys(verdict.found.topics)).toEqual(expect.arrayContaining(untouched))
    },
  )

  test.each(fixtureNames())(
    'fixture %s after one more record in each sound partition, as its manifest says',
    async (name) => {
      const { dir, manifest } = unpackFixture(name)
      dirs.push(dir)
      if (manifest.judge !== 'ok' && manifest.judge_recover !== 'ok') return
      if (name === 'zookeeper-3.9') return
      const topics = Object.entries(manifest.topics).filter(([, t]) => !t.internal)
      const appended = new Set<string>()
      for (const [topic, { partition_count }] of topics) {
        for (let p = 0; p < partition_count; p++) {
          const args = [
            'console-producer',
            '--topic',
            topic,
            '--partition',
            `${p}`,
            '--reader-property',
            'parse.key=true',
          ]
          const result = await run(cli, args, { dataDir: dir, stdin: 'key\tappended\n' })
          if (result.code === 0) appended.add(`${topic}-${p}`)
          else
            expect(result.stderr, 'only damage refuses an append').toMatch(
              /corrupt record batch at offset \d+.*\(at position \d+\); nothing is appended/,
            )
        }
      }
      if (name !== 'corrupt-killed')
        expect(appended.size).toBe(topics.reduce((n, [, t]) => n + t.partition_count, 0))
      // Found unclean and damaged, a directory stays unclean until a repair: the broker does then what it would have done.
      const verdict = await judge(dir, ...(name === 'corrupt-killed' ? ['--recover'] : []))
      expect(verdict.ok, verdict.output).toBe(true)
      for (const [topic, { partitions }] of topics) {
        const found = verdict.found.topics[topic].partitions.map((p) => p.high_watermark)
        // Who enters ends open transactions that are past their timeout, with a marker each.
        const wanted = partitions.map(
          (p, i) =>
            p.high_watermark +
            ((p.open_transactions as unknown[] | undefined)?.length ?? 0) +
            (appended.has(`${topic}-${i}`) ? 1 : 0),
        )
        expect(found, topic).toEqual(wanted)
      }
    },
  )

  test.each(['killed', 'torn', 'corrupt-clean', 'corrupt-killed'])(
    'fixture %s once it is repaired, with all that check called sound',
    async (name) => {
      const { dir } = unpackFixture(name)
      dirs.push(dir)
      const damaged = name !== 'killed'
      expect((await judge(dir, '--no-boot')).ok, 'before').toBe(false)
      const before = await run(cli, ['check'], { dataDir: dir })
      expect(before.code, before.stdout).toBe(damaged ? 1 : 0)
      await tk(dir, ['repair'])
      await tk(dir, ['check'])
      const verdict = await judge(dir)
      expect(verdict.ok, verdict.output).toBe(true)
      const ends = Object.entries(verdict.found.topics).flatMap(([topic, { partitions }]) =>
        partitions.map((p: { high_watermark: number }, i: number) => `${topic}:${i}:${p.high_watermark}`),
      )
      const ours = (await tk(dir, ['get-offsets'])).trim().split('\n')
      expect(ends).toEqual(expect.arrayContaining(ours))
    },
  )
})

describe('taking turns with a genuine broker', () => {
  test('three rounds, with clean stops and a kill, lose nothing', async () => {
    const dir = tempDir()
    const T = 'org.apache.kafka.tools.'
    await tk(dir, ['topics', '--create', '--topic', 'turns', '--partitions', '2'])
    const expected: string[] = []
    for (const round of [1, 2, 3]) {
      await tk(dir, ['console-producer', '--topic', 'turns'], `ours-${round}-a\nours-${round}-b\n`)
      expected.push(`ours-${round}-a`, `ours-${round}-b`)
      const broker = await GenuineBroker.start(dir)
      try {
        const refused = await run(cli, ['console-producer', '--topic', 'turns'], {
          dataDir: dir,
          stdin: 'no\n',
        })
        expect(refused.code).toBe(1)
        expect(refused.stderr).toMatch(/--bootstrap-server/)
        const sent = await broker.tool(
          `${T}ConsoleProducer`,
          ['--topic', 'turns', '--sync'],
          `theirs-${round}\n`,
        )
        expect(sent.code, sent.stderr).toBe(0)
        expected.push(`theirs-${round}`)
        const read = await broker.tool(`${T}consumer.ConsoleConsumer`, [
          '--topic',
          'turns',
          '--group',
          'g',
          '--from-beginning',
          '--timeout-ms',
          '6000',
        ])
        // A genuine console consumer that timed out logs that on standard output.
        const records = read.stdout.split('\n').filter((line) => /^(ours|theirs)-/.test(line))
        expect(records.length, read.stdout + read.stderr).toBe(3)
      } finally {
        await broker.stop(round === 2 ? 'SIGKILL' : 'SIGTERM')
      }
      const all = await tk(dir, ['console-consumer', '--topic', 'turns', '--from-beginning', '--until-end'])
      expect(all.split('\n').filter(Boolean).sort()).toEqual([...expected].sort())
      const group = await tk(dir, ['consumer-groups', '--describe', '--group', 'g'])
      const lags = group
        .split('\n')
        .filter((line) => line.startsWith('g '))
        .map((line) => line.trim().split(/\s+/)[5])
      expect(lags, group).toEqual(['0', '0'])
    }
    const verdict = await judge(dir)
    expect(verdict.ok, verdict.output).toBe(true)
    expect(verdict.output).toMatch(/9 records/)
  })

  test('a directory of ours boots twice in a row: the clean marker names the registration', async () => {
    const dir = tempDir()
    await tk(dir, ['console-producer', '--topic', 'a'], 'one\n')
    for (const round of [1, 2]) {
      const broker = await GenuineBroker.start(dir)
      const log = broker.log()
      await broker.stop()
      expect(log, `boot ${round}`).not.toMatch(/ ERROR |orrupt|runcat/)
      await tk(dir, ['console-producer', '--topic', 'a'], `more-${round}\n`)
    }
    const all = await tk(dir, ['console-consumer', '--topic', 'a', '--from-beginning', '--until-end'])
    expect(all).toBe('one\nmore-1\nmore-2\n')
  })
})
