import '../support/property-seed.ts'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'
import { unpackFixture } from '../support/fixtures.ts'

let story: Story
afterEach(() => story.end())

const bytes = fc.oneof(
  fc.constant(null),
  fc.constant(Buffer.alloc(0)),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text, 'utf8')),
  fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
)
/** Duplicates are likely. */
const headerKey = fc.oneof(
  fc.constantFrom('h', 'h', 'trace', ''),
  fc
    .string({ unit: 'binary', maxLength: 5 })
    .filter((text) => Buffer.from(text, 'utf8').toString('utf8') === text),
)
const record = fc.record({
  partition: fc.nat(2),
  timestamp: fc.oneof(fc.nat(), fc.integer({ min: 0, max: 8_000_000_000_000 })),
  key: bytes,
  value: bytes,
  headers: fc.array(fc.tuple(headerKey, bytes), { maxLength: 4 }),
})

type Field = string | null

function field(name: string, value: Buffer | null): Record<string, Field> {
  if (value === null) return { [name]: null }
  return { [name]: value.toString('base64'), [`${name}Encoding`]: 'base64' }
}

/** The bytes of a record that was read, whatever their encoding. */
function read(line: string) {
  const record = JSON.parse(line)
  const put = (value: Field, encoding: Field) =>
    value === null ? null : Buffer.from(value, encoding as BufferEncoding).toString('hex')
  return {
    partition: record.partition as number,
    offset: record.offset as number,
    timestamp: record.timestamp as number,
    timestampType: record.timestampType as string,
    key: put(record.key, record.keyEncoding),
    value: put(record.value, record.valueEncoding),
    headers: record.headers.map((header: Record<string, Field>) => [
      put(header.key, header.keyEncoding),
      put(header.value, header.valueEncoding),
    ]),
  }
}

test('a topic that is dumped and reloaded is equal record for record', async () => {
  story = new Story()
  // 600 records at a time: two processes each way, whatever is in them.
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 400, maxLength: 600 }), fc.nat(), async (records, run) => {
      const [from, to] = [`from-${run}`, `to-${run}`]
      for (const topic of [from, to])
        await story.run(`topics --create --if-not-exists --topic ${topic} --partitions 3`)
      const lines = records.map(({ partition, timestamp, key, value, headers }) =>
        JSON.stringify({
          partition,
          timestamp,
          ...field('key', key),
          ...field('value', value),
          headers: headers.map(([name, content]) => ({ key: name, ...field('value', content) })),
        }),
      )
      const load = async (topic: string, stdin: string) => {
        await story.says(`console-producer --topic ${topic} --input jsonl --keep-partition`, { stdin })
      }
      const dump = async (topic: string) => {
        const { stdout, status } = await story.run(
          `console-consumer --topic ${topic} --from-beginning --until-end --output jsonl`,
        )
        expect(status).toBe(0)
        return stdout
      }
      const sorted = (text: string) =>
        text
          .split('\n')
          .slice(0, -1)
          .map(read)
          .sort((a, b) => a.partition - b.partition || a.offset - b.offset)
      await load(from, lines.join('\n'))
      const first = await dump(from)
      const got = sorted(first)
      // What went in came out...
      const hex = (buffer: Buffer | null) => buffer?.toString('hex') ?? null
      const wanted = [0, 1, 2].flatMap((partition) =>
        records
          .filter((one) => one.partition === partition)
          .map((one, offset) => ({
            partition,
            offset,
            timestamp: one.timestamp,
            timestampType: 'CreateTime',
            key: hex(one.key),
            value: hex(one.value),
            headers: one.headers.map(([name, content]) => [hex(Buffer.from(name)), hex(content)]),
          })),
      )
      expect(got).toEqual(wanted)
      // ... and what came out goes in again.
      await load(to, first)
      expect(sorted(await dump(to))).toEqual(got)
    }),
    { numRuns: 2 },
  )
}, 60_000)

test('a topic with transactions is reloaded without them, and an empty topic as an empty one', async () => {
  story = new Story()
  const fixture = unpackFixture('transactions')
  try {
    const topics = Object.entries(fixture.manifest.topics).filter(([, { internal }]) => !internal)
    expect(topics.length).toBeGreaterThan(1)
    const flags = '--from-beginning --until-end --isolation-level read_committed --output jsonl'
    let gaps = 0
    for (const [topic, { partition_count: partitions }] of topics.slice(0, 3)) {
      const { stdout } = await story.run(
        `--data-dir ${fixture.dir} console-consumer --topic ${topic} ${flags}`,
      )
      await story.run(`topics --create --topic ${topic} --partitions ${partitions}`)
      await story.says(`console-producer --topic ${topic} --input jsonl --keep-partition`, { stdin: stdout })
      const again = await story.run(`console-consumer --topic ${topic} ${flags}`)
      const inPartitions = (text: string) =>
        text
          .split('\n')
          .slice(0, -1)
          .map(read)
          .sort((a, b) => a.partition - b.partition || a.offset - b.offset)
      const before = inPartitions(stdout)
      gaps += before.filter(
        ({ partition, offset }, i) =>
          partition === before[i - 1]?.partition && offset > before[i - 1].offset + 1,
      ).length
      const withoutOffset = (records: readonly ReturnType<typeof read>[]) =>
        records.map((record) => ({ ...record, offset: undefined }))
      expect(withoutOffset(inPartitions(again.stdout))).toEqual(withoutOffset(before))
    }
    expect(gaps).toBeGreaterThan(0)
    await story.run('topics --create --topic empty')
    const { stdout } = await story.run(`console-consumer --topic empty ${flags}`)
    expect(stdout).toBe('')
    await story.says('console-producer --topic empty --input jsonl', { stdin: stdout })
    expect(await story.says('get-offsets --topic empty')).toBe('empty:0:0\n')
  } finally {
    fixture.remove()
  }
})

test.each([
  ['{"value":"x"', /^Line 3: no JSON: /],
  ['[1]', /^Line 3: must be an object with a value, not a list$/],
  ['{"key":"a"}', /^Line 3: value: is missing/],
  ['{"value":"!","valueEncoding":"base64"}', /^Line 3: value: is no base64$/],
  ['{"value":"x","valueEncoding":"rot13"}', /^Line 3: valueEncoding: "rot13" is unknown/],
  ['{"value":"x","timestamp":"soon"}', /^Line 3: timestamp: "soon" is no timestamp$/],
  [
    '{"value":"x","headers":[{"key":"a","value":1,"valueEncoding":"utf8"}]}',
    /^Line 3: headers\[0\]\.value: must be text/,
  ],
  ['{"value":"x","headers":[{"value":"b"}]}', /^Line 3: headers\[0\]\.key: is missing$/],
])('a malformed line (%s) is named with its field, and what came before stays', async (line, message) => {
  story = new Story()
  const stdin = `{"value":"one"}\n{"value":"two"}\n${line}\n{"value":"four"}\n`
  const error = await story.fails('console-producer --topic t --input jsonl', { stdin })
  expect(error.trimEnd()).toMatch(message)
  const { stdout } = await story.run('console-consumer --topic t --from-beginning --until-end')
  expect(stdout).toBe('one\ntwo\n')
})
