import { describe, expect, test } from 'vitest'
import { CorruptRecordError, TerseError } from '../../../../src/errors.ts'
import { loadLibrary, requireFromHere } from '../../../../src/record/compression/codec-module.ts'
import { compress, decompress, prepareCodec } from '../../../../src/record/compression/compression.ts'
import { inflatedSizeBound } from '../../../../src/record/compression/lz4-codec.ts'
import type { Codec } from '../../../../src/record/record.ts'

const CODECS: readonly Codec[] = ['gzip', 'snappy', 'lz4', 'zstd']
const text = Buffer.from('orders carts audit invoices '.repeat(8000))

describe.each(CODECS)('%s', (codec) => {
  test.each([0, 1, 100, 32 * 1024, 32 * 1024 + 1, text.length])('%i bytes come back', (size) => {
    const bytes = text.subarray(0, size)
    const compressed = compress(codec, bytes)
    expect(decompress(codec, compressed).equals(bytes)).toBe(true)
    if (size >= 1000) expect(compressed.length).toBeLessThan(size)
  })

  test('no more is inflated than allowed', () => {
    const bomb = compress(codec, Buffer.alloc(8 * 1024 * 1024))
    expect(() => decompress(codec, bomb, { maxSize: 1024 * 1024 })).toThrow(
      'would inflate to more than 1048576 bytes',
    )
    expect(decompress(codec, bomb, { maxSize: 9 * 1024 * 1024 })).toHaveLength(8 * 1024 * 1024)
  })

  test('damaged and cut data ends in a CorruptRecordError', () => {
    const compressed = compress(codec, text)
    expect(() => decompress(codec, Buffer.from('no such thing at all'))).toThrow(CorruptRecordError)
    expect(() => decompress(codec, compressed.subarray(0, compressed.length >> 1))).toThrow(
      CorruptRecordError,
    )
    expect(() => decompress(codec, Buffer.alloc(0))).toThrow(CorruptRecordError)
  })
})

describe('cut data (E7)', () => {
  // Nothing in it repeats: blocks of every codec are as long as they get, and there are several.
  const noise = Buffer.from(Array.from({ length: 400_000 }, (_, i) => (i * i * 2654435761) >>> 13))

  test.each(['gzip', 'lz4', 'zstd'] as const)('%s: cut anywhere, it is damaged, never shorter', (codec) => {
    const compressed = compress(codec, noise)
    const step = Math.ceil(compressed.length / 50)
    const cuts = Array.from({ length: 60 }, (_, i) => (i < 50 ? i * step : compressed.length - 60 + i))
    for (const at of cuts) {
      expect(() => decompress(codec, compressed.subarray(0, at)), `cut at ${at}`).toThrow(CorruptRecordError)
    }
  })

  // The framing has no end: what is cut between two chunks shows only in the number of records.
  test('snappy: cut within a chunk, it is damaged; cut between two, the batch says how many records are missing', () => {
    const compressed = compress('snappy', noise)
    const second = 16 + 4 + compressed.readInt32BE(16)
    for (const at of [0, 8, 17, 18, 25, second - 1, second + 1, compressed.length - 1]) {
      expect(() => decompress('snappy', compressed.subarray(0, at)), `cut at ${at}`).toThrow(
        CorruptRecordError,
      )
    }
    expect(decompress('snappy', compressed.subarray(0, second)).equals(noise.subarray(0, 32768))).toBe(true)
  })
})

describe('zstd', () => {
  const frame = (text: string) => compress('zstd', Buffer.from(text))
  const skipped = Buffer.from('502a4d1803000000616263', 'hex')

  test('frames one behind the other are one, and those to be skipped are skipped (E7)', () => {
    const twice = Buffer.concat([frame('ab'), skipped, frame('cd')])
    expect(decompress('zstd', twice).toString()).toBe('abcd')
    expect(() => decompress('zstd', twice, { maxSize: 3 })).toThrow('would inflate to more than 3 bytes')
  })

  test.each([
    ['bytes behind the last frame', Buffer.concat([frame('ab'), Buffer.from('garbage')])],
    ['less than a magic number behind it', Buffer.concat([frame('ab'), Buffer.from('ab')])],
    ['a frame to be skipped that is cut', skipped.subarray(0, 9)],
    ['a block of no known type', Buffer.from('28b52ffd2002070000', 'hex')],
  ])('%s: damaged (E7)', (_, bytes) => {
    expect(() => decompress('zstd', bytes)).toThrow(CorruptRecordError)
  })
})

describe('levels', () => {
  test('gzip 1 and 9, zstd -5 and 19 differ and come back', () => {
    const noisy = Buffer.from(Array.from({ length: 50_000 }, (_, i) => ((i * i) % 251) & (i % 17)))
    for (const [codec, low, high] of [
      ['gzip', 1, 9],
      ['zstd', -5, 19],
    ] as const) {
      const fast = compress(codec, noisy, low)
      const small = compress(codec, noisy, high)
      expect(small.length).toBeLessThan(fast.length)
      expect(decompress(codec, fast).equals(noisy) && decompress(codec, small).equals(noisy)).toBe(true)
    }
  })
})

describe('snappy', () => {
  test('is written in the framing of Java’s stream, chunks of 32 KiB', () => {
    const compressed = compress('snappy', text)
    expect(compressed.toString('hex', 0, 16)).toBe('82534e41505059000000000100000001')
    let chunks = 0
    for (let at = 16; at < compressed.length; at += 4 + compressed.readInt32BE(at)) chunks++
    expect(chunks).toBe(Math.ceil(text.length / 32768))
  })

  test('a raw block, as other clients write it, is read', () => {
    // "Wikipedia" as one literal: length 9, tag (9 - 1) << 2.
    const raw = Buffer.concat([Buffer.from([9, 8 << 2]), Buffer.from('Wikipedia')])
    expect(decompress('snappy', raw).toString()).toBe('Wikipedia')
  })

  test('streams one behind the other are one', () => {
    const twice = Buffer.concat([
      compress('snappy', Buffer.from('ab')),
      compress('snappy', Buffer.from('cd')),
    ])
    expect(decompress('snappy', twice).toString()).toBe('abcd')
  })

  test('a block that states a length it cannot have is refused before memory is taken for it', () => {
    expect(() => decompress('snappy', Buffer.from('ffffffff0f0061', 'hex'))).toThrow('cannot have the length')
    const framed = compress('snappy', Buffer.from('abc'))
    framed.writeInt32BE(-4, 16)
    expect(() => decompress('snappy', framed)).toThrow('chunk of -4 bytes')
  })
})

describe('lz4', () => {
  test('frames begin as Kafka’s: independent blocks, no checksums', () => {
    expect(compress('lz4', text.subarray(0, 60_000)).toString('hex', 0, 7)).toBe('04224d18604082')
    expect(compress('lz4', text).toString('hex', 0, 5)).toBe('04224d1860')
  })

  test('what a frame can inflate to is known beforehand', () => {
    expect(inflatedSizeBound(compress('lz4', Buffer.alloc(200_000)))).toBeGreaterThanOrEqual(200_000)
    expect(inflatedSizeBound(compress('lz4', Buffer.alloc(200_000)))).toBeLessThanOrEqual(4 * 65536)
  })
})

describe('a codec that does not load', () => {
  test('is one line that names the codec and the reason', () => {
    const load = () => loadLibrary('snappy', () => requireFromHere('no-such-package'))
    expect(load).toThrow(TerseError)
    expect(load).toThrow(
      /^snappy compression cannot be used here: its library did not load \(.*no-such-package.*\)\./,
    )
    expect(load).not.toThrow(/\n/)
  })

  test('preparing one that loads by itself changes nothing', async () => {
    await prepareCodec('zstd')
    await prepareCodec('none')
    expect(decompress('zstd', compress('zstd', Buffer.from('a'))).toString()).toBe('a')
  })
})
