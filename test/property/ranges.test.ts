import '../support/property-seed.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

const RECORDS = 120

interface Read {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
}

/** A point as it is typed, and the offset that it means among the records that are left of a partition. */
type Point = readonly [text: string, offsetIn: (records: readonly Read[]) => number]

const never = Number.POSITIVE_INFINITY
const point: fc.Arbitrary<Point> = fc.oneof(
  fc.constant<Point>(['earliest', () => 0]),
  fc.constant<Point>(['end', () => never]),
  fc
    .nat(RECORDS)
    .map((n): Point => [`end-${n}`, (records) => (n === 0 ? never : (records.at(-n)?.offset ?? 0))]),
  fc.nat(RECORDS).map((offset): Point => [String(offset), () => offset]),
  fc
    .nat(RECORDS * 1000)
    .map(
      (at): Point => [
        `@${at}`,
        (records) => records.find(({ timestamp }) => timestamp >= at)?.offset ?? never,
      ],
    ),
)

test('--from and --to choose what they say in a compacted log full of gaps, end-N by counting records', async () => {
  const sample = fc.record({
    records: fc.array(fc.tuple(fc.nat(1), fc.nat(25)), { minLength: RECORDS, maxLength: RECORDS }),
    ranges: fc.array(fc.tuple(point, point), { minLength: 7, maxLength: 7 }),
  })
  await fc.assert(
    fc.asyncProperty(sample, async ({ records, ranges }) => {
      const story = new Story()
      try {
        const lines = records.map(([partition, key], i) =>
          JSON.stringify({ partition, key: String(key), value: String(i), timestamp: i * 1000 }),
        )
        await story.says('topics --create --topic t --partitions 2 --config cleanup.policy=compact')
        const load = 'console-producer --topic t --input jsonl --keep-partition'
        await story.says(load, { stdin: lines.slice(0, -20).join('\n') })
        await story.says('log-cleaner --now')
        await story.says(load, { stdin: lines.slice(-20).join('\n') })
        const read = async (flags: string): Promise<Read[]> => {
          const { stdout } = await story.run(`console-consumer --topic t --output jsonl ${flags}`)
          const rows = stdout.split('\n').slice(0, -1)
          const picked = rows.map((row) => JSON.parse(row) as Read)
          return picked
            .map(({ partition, offset, timestamp }) => ({ partition, offset, timestamp }))
            .sort((a, b) => a.partition - b.partition || a.offset - b.offset)
        }
        const all = await read('--from-beginning --until-end')
        expect(all.length).toBeLessThan(RECORDS - 20)
        for (const [[from, start], [to, end]] of ranges) {
          const wanted = [0, 1].flatMap((partition) => {
            const here = all.filter((record) => record.partition === partition)
            return here.filter(({ offset }) => offset >= start(here) && offset < end(here))
          })
          expect({ from, to, read: await read(`--from ${from} --to ${to}`) }).toEqual({
            from,
            to,
            read: wanted,
          })
        }
      } finally {
        story.end()
      }
    }),
    { numRuns: 1 },
  )
}, 60_000)
