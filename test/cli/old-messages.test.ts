import fs from 'node:fs'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'
import { oldMessage, oldWrapper } from '../support/old-messages.ts'

const story = new Story()
afterAll(() => story.end())

const record = (offset: number, value: string) => ({
  offset,
  timestamp: 5,
  key: null,
  value: Buffer.from(value),
})
const plain = (offset: number, value: string): Buffer => oldMessage(1, record(offset, value))

function withMagic3(): Buffer {
  const message = plain(1, 'x')
  message[16] = 3
  return message
}

/** An LZ4 frame that says it inflates to a gigabyte. */
function bomb(): Buffer {
  const frame = Buffer.alloc(19)
  frame.writeUInt32LE(0x184d2204, 0)
  frame[4] = 0x68
  frame[5] = 0x40
  frame.writeUInt32LE(1 << 30, 6)
  return oldMessage(1, { offset: 1, timestamp: 5, key: null, value: frame }, { codec: 'lz4' })
}

/** What stands behind a good message of 36 bytes, and what is told of it. */
const DAMAGE: Record<string, readonly [() => Buffer, RegExp]> = {
  'a wrong CRC-32': [
    () => oldMessage(1, record(1, 'x'), { isWrong: true }),
    /its checksum is 0x[0-9a-f]+, stored is 0x[0-9a-f]+/,
  ],
  'a wrong CRC-32 in a wrapper': [
    () => oldWrapper(1, 1, 5, oldMessage(1, record(0, 'x'), { isWrong: true }), { codec: 'gzip' }),
    /message 1 in it: /,
  ],
  'inner offsets that end beyond the wrapper’s': [
    () => oldWrapper(1, 1, 5, oldMessage(1, record(7, 'x')), { codec: 'snappy' }),
    /the offsets in it end at 7, its own is 1/,
  ],
  'a decompression bomb in a wrapper': [bomb, /would inflate to more than 536870912 bytes/],
  'magic 3': [withMagic3, /format 3, newer than this tkafka knows/],
  'a message cut off in front of another': [
    () => Buffer.concat([plain(1, 'x'.repeat(50)).subarray(0, 40), plain(2, 'y')]),
    /./,
  ],
}

test('bad old messages are a line each with file and position, and other partitions go on (issue 13)', async () => {
  const cases = Object.entries(DAMAGE)
  await story.says(`topics --create --topic t --partitions ${cases.length + 1}`)
  const file = (partition: number) => path.join(story.data, `t-${partition}`, '00000000000000000000.log')
  cases.forEach(([, [make]], i) => {
    fs.writeFileSync(file(i), Buffer.concat([plain(0, `first-${i}`), make()]))
  })
  fs.writeFileSync(file(cases.length), Buffer.concat([plain(0, 'good'), plain(1, 'good, too')]))
  const { status, stdout, stderr } = await story.run(
    'console-consumer --topic t --from-beginning --until-end',
  )
  const firsts = cases.map((_, i) => `first-${i}`)
  expect([status, stdout.trim().split('\n').sort()]).toEqual([1, [...firsts, 'good', 'good, too'].sort()])
  cases.forEach(([title, [, told]], i) => {
    const lines = stderr.split('\n').filter((line) => line.includes(file(i)))
    expect([title, lines.length]).toEqual([title, 1])
    expect(lines[0]).toMatch(told)
    expect(lines[0]).toMatch(/position 41\b/)
  })
  expect(stderr).not.toContain(file(cases.length))
})
