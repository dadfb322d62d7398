import { describe, expect, it } from 'vitest'
import { LineInput } from '../../../../src/commands/console-producer/line-input.ts'
import { LineMessageReader } from '../../../../src/commands/console-producer/line-reader.ts'
import type { InputChunks } from '../../../../src/os/standard-input.ts'
import { readHeaders } from '../../../../src/record/record-walk.ts'

function parse(properties: Record<string, string>, line: string | Buffer) {
  const reader = new LineMessageReader(new Map(Object.entries(properties)))
  // Stands in the middle of other bytes, as a line of a chunk does.
  const bytes = Buffer.concat([Buffer.from('xx\ty\n'), Buffer.from(line), Buffer.from('\tzz')])
  const start = 5
  const end = start + Buffer.from(line).length
  reader.parse(bytes, start, end, 3)
  const text = (from: number, to: number) => (to < 0 ? null : bytes.toString('latin1', from, to))
  return {
    key: text(reader.keyStart, reader.keyEnd),
    value: text(reader.valueStart, reader.valueEnd),
    headers: readHeaders(reader.headers, 0, reader.headersCount, reader.headersEnd).map((header) => [
      header.key,
      header.value === null ? null : header.value.toString('latin1'),
    ]),
  }
}
const KEYED = { 'parse.key': 'true', 'key.separator': ':' }
const HEADERS = { 'parse.headers': 'true' }

describe('a line', () => {
  it('is a value and nothing else unless told otherwise', () => {
    expect(parse({}, 'a\tb')).toEqual({ key: null, value: 'a\tb', headers: [] })
    expect(new LineMessageReader(new Map()).plain).toBe(true)
    expect(new LineMessageReader(new Map([['parse.key', 'yes']])).plain).toBe(true)
  })

  it.each([
    ['k:v', 'k', 'v'],
    ['k:v:more', 'k', 'v:more'],
    [':v', '', 'v'],
    ['k:', 'k', ''],
  ])('is parted at the first separator: %s', (line, key, value) => {
    expect(parse(KEYED, line)).toEqual({ key, value, headers: [] })
  })

  it('may have a separator of several bytes, or an empty one that leaves the key empty', () => {
    expect(parse({ ...KEYED, 'key.separator': '->' }, 'a-b->c')).toMatchObject({ key: 'a-b', value: 'c' })
    expect(parse({ ...KEYED, 'key.separator': '' }, 'k:v')).toMatchObject({ key: '', value: 'k:v' })
    expect(parse({ ...KEYED, 'key.separator': '→' }, 'a→b').key).toBe('a')
  })

  it('keeps bytes that are not UTF-8 as they are', () => {
    const line = Buffer.from([0xff, 0x3a, 0x80, 0xfe])
    expect(parse(KEYED, line)).toMatchObject({ key: '\xff', value: '\x80\xfe' })
    const headers = Buffer.from('h:\xff\x80\tv', 'latin1')
    expect(parse(HEADERS, headers).headers).toEqual([['h', '\xff\x80']])
  })

  it('without its separator is refused with its number; a separator in the next line does not count', () => {
    expect(() => parse({ 'parse.key': 'true' }, 'none here')).toThrow(
      "No key separator found on line number 3: 'none here'",
    )
    expect(() => parse(HEADERS, 'none here')).toThrow(
      "No headers delimiter found on line number 3: 'none here'",
    )
  })

  it('without its separator is a value whole when errors are to be ignored', () => {
    expect(parse({ ...KEYED, 'ignore.error': 'true' }, 'none')).toEqual({
      key: null,
      value: 'none',
      headers: [],
    })
    expect(parse({ ...HEADERS, ...KEYED, 'ignore.error': 'true' }, 'k:v')).toEqual({
      key: 'k',
      value: 'v',
      headers: [],
    })
  })

  it('has headers in front of the key', () => {
    const both = { ...HEADERS, 'parse.key': 'true' }
    expect(parse(both, 'h1:v1,h2:v2\tkey\tvalue')).toEqual({
      key: 'key',
      value: 'value',
      headers: [
        ['h1', 'v1'],
        ['h2', 'v2'],
      ],
    })
    expect(parse(HEADERS, 'h1:a:b,h2:\tv').headers).toEqual([
      ['h1', 'a:b'],
      ['h2', ''],
    ])
  })

  it('has long headers with their lengths in two bytes', () => {
    const long = 'x'.repeat(300)
    expect(parse(HEADERS, `${long}:${long}\tv`).headers).toEqual([[long, long]])
  })

  it('reads headers.separator as the regular expression that it is in Kafka', () => {
    expect(parse({ ...HEADERS, 'headers.separator': '[;&]' }, 'a:1;b:2&c:3\tv').headers).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ])
    expect(() => parse({ ...HEADERS, 'headers.separator': '|' }, 'a:1|b:2\tv')).toThrow(
      "No header key separator found in pair 'a' on line number 3",
    )
  })

  it('with a header that cannot be parted is refused, or has a header without a value', () => {
    expect(() => parse(HEADERS, 'h1:v1,h2\tv')).toThrow(
      "No header key separator found in pair 'h2' on line number 3",
    )
    expect(() => parse(HEADERS, '\tv')).toThrow("No header key separator found in pair '' on line number 3")
    expect(parse({ ...HEADERS, 'ignore.error': 'true' }, 'h1\tv').headers).toEqual([['h1', null]])
  })

  it('turns what equals the null marker into null: key, value, header value, all headers', () => {
    const marked = { ...HEADERS, ...KEYED, 'null.marker': 'NIL' }
    expect(parse(marked, 'h:NIL\tNIL:NIL')).toEqual({ key: null, value: null, headers: [['h', null]] })
    expect(parse(marked, 'NIL\tk:NILS')).toEqual({ key: 'k', value: 'NILS', headers: [] })
    expect(() => parse(marked, 'NIL:v\tk:v')).toThrow(
      "Header keys should not be equal to the null marker 'NIL' as they can't be null",
    )
    expect(parse({ 'null.marker': '' }, '').value).toBeNull()
  })

  it.each([
    [{ 'headers.delimiter': ',' }, 'headers.delimiter and headers.separator may not be equal'],
    [{ 'headers.delimiter': ':' }, 'headers.delimiter and headers.key.separator may not be equal'],
    [{ 'headers.separator': ':' }, 'headers.separator and headers.key.separator may not be equal'],
    [{ 'null.marker': '\t' }, 'null.marker and key.separator may not be equal'],
    [{ 'null.marker': ',' }, 'null.marker and headers.separator may not be equal'],
    [{ 'null.marker': ':' }, 'null.marker and headers.key.separator may not be equal'],
  ])('cannot be read with %j', (properties, message) => {
    expect(
      () => new LineMessageReader(new Map(Object.entries(properties as Record<string, string>))),
    ).toThrow(message)
  })
})

/** Hands out the given pieces, one a read. */
function inputOf(pieces: Buffer[]): InputChunks {
  const left = [...pieces]
  return {
    read(buffer, start, end) {
      const piece = left.shift()
      if (piece === undefined) return 0
      const n = piece.copy(buffer, start, 0, end - start)
      if (n < piece.length) left.unshift(piece.subarray(n))
      return n
    },
    ready: () => Promise.resolve(true),
    close() {},
  }
}

interface Taken {
  text: string
  number: number
  length: number
}

function split(pieces: (string | Buffer)[], maxLine = 1 << 20, take = (_line: Taken) => true) {
  const lines: Taken[] = []
  const input = new LineInput(inputOf(pieces.map((piece) => Buffer.from(piece))), maxLine)
  const taker = (buffer: Buffer, start: number, end: number, number: number, length: number) => {
    const line = { text: buffer.toString('latin1', start, end), number, length }
    const taken = take(line)
    if (taken) lines.push(line)
    return taken
  }
  while (input.fill() > 0) while (!input.lines(taker));
  while (!input.last(taker));
  return lines
}
const texts = (lines: Taken[]) => lines.map((line) => line.text)

/** What Java's BufferedReader.readLine makes of it. */
function javaLines(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/)
  if (lines[lines.length - 1] === '') lines.pop()
  return lines
}

describe('an input', () => {
  it.each([
    ['line feeds', 'a\nb\n', ['a', 'b']],
    ['no line feed at the end', 'a\nb', ['a', 'b']],
    ['empty lines', '\n\na\n\n', ['', '', 'a', '']],
    ['both ends', 'a\r\nb\r\n', ['a', 'b']],
    ['a lone carriage return', 'a\rb\n', ['a', 'b']],
    ['carriage returns only', 'a\r\rb\r', ['a', '', 'b']],
    ['nothing', '', []],
  ])('is parted into lines: %s', (_name, text, lines) => {
    expect(texts(split([text]))).toEqual(lines)
    expect(texts(split([...text].map((c) => c)))).toEqual(lines)
  })

  it('gives the same lines however it is cut into reads', () => {
    let seed = 12345
    const random = (n: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
      return (seed >>> 8) % n
    }
    for (let round = 0; round < 300; round++) {
      let text = ''
      for (let i = random(40); i > 0; i--) text += ['\n', '\r', '\r\n', 'a', 'bb', 'ccc'][random(6)]
      const pieces: string[] = []
      for (let at = 0; at < text.length; ) {
        const size = 1 + random(7)
        pieces.push(text.slice(at, at + size))
        at += size
      }
      expect(texts(split(pieces)), JSON.stringify(pieces)).toEqual(javaLines(text))
    }
  })

  it('hands a line out again that was not taken, with the same number', () => {
    let refusals = 0
    const lines = split(['a\nb\r', '\nc'], 1 << 20, () => refusals++ % 2 === 1)
    expect(lines).toEqual([
      { text: 'a', number: 1, length: 1 },
      { text: 'b', number: 2, length: 1 },
      { text: 'c', number: 3, length: 1 },
    ])
  })

  it('goes on behind a line for which the taker threw', () => {
    const input = new LineInput(inputOf([Buffer.from('a\r\nbad\r\nc\n')]), 1000)
    const seen: string[] = []
    const taker = (buffer: Buffer, start: number, end: number, number: number) => {
      const text = buffer.toString('latin1', start, end)
      seen.push(`${number}${text}`)
      if (text === 'bad') throw new Error(text)
      return true
    }
    input.fill()
    expect(() => input.lines(taker)).toThrow('bad')
    expect(input.lines(taker)).toBe(true)
    expect(seen).toEqual(['1a', '2bad', '3c'])
  })

  it('is done with a last line for which the taker threw, though no line end follows it', () => {
    const input = new LineInput(inputOf([Buffer.from('a\nbad')]), 1000)
    const taker = (buffer: Buffer, start: number, end: number) => {
      if (buffer.toString('latin1', start, end) === 'bad') throw new Error('bad')
      return true
    }
    input.fill()
    input.lines(taker)
    expect(() => input.last(taker)).toThrow('bad')
    expect(input.last(taker)).toBe(true)
  })

  it('holds no more of a line than it may, and knows how long it was', () => {
    const long = 'x'.repeat(3_000_000)
    for (const end of ['\n', '\r\n', '\r', '']) {
      const lines = split([`a\n${long}${end}`, ...(end === '' ? [] : ['b\n'])], 100_000)
      expect(lines.map((line) => [line.number, line.length])).toEqual([
        [1, 1],
        [2, 3_000_000],
        ...(end === '' ? [] : [[3, 1]]),
      ])
      expect(lines[1].text.length).toBeLessThan(500_000)
      expect(lines[1].text.length).toBeGreaterThanOrEqual(100_000)
    }
  })

  it('holds a line whole that is as long as it may be', () => {
    const long = 'x'.repeat(1_000_000)
    expect(texts(split([`${long}\n${long}`], 1_000_000))).toEqual([long, long])
  })

  it('goes on in memory that is lent to it, with what it had', () => {
    const input = new LineInput(inputOf([Buffer.from('one\ntw'), Buffer.from('o\nthree')]), 1000)
    const seen: string[] = []
    const memory = Buffer.alloc(70_000)
    const taker = (buffer: Buffer, start: number, end: number) => {
      seen.push(`${buffer === memory} ${buffer.toString('latin1', start, end)}`)
      return true
    }
    input.fill()
    input.useMemory(memory, 65_000)
    input.lines(taker)
    input.fill()
    input.lines(taker)
    input.fill()
    input.last(taker)
    expect(seen).toEqual(['true one', 'true two', 'true three'])
  })
})
