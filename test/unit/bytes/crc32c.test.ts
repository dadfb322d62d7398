import { describe, expect, test } from 'vitest'
import { crc32c, crc32cInJavaScript, loadNative } from '../../../src/bytes/crc32c.ts'

// RFC 3720, B.4, and the usual check value.
const VECTORS: readonly (readonly [string, Buffer, number])[] = [
  ['nothing', Buffer.alloc(0), 0],
  ['123456789', Buffer.from('123456789'), 0xe3069283],
  ['32 zero bytes', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ff', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ['31 to 0', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
]

function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let i = 0, x = 1; i < size; i++) {
    x = (x * 1103515245 + 12345) & 0x7fffffff
    bytes[i] = x >>> 16
  }
  return bytes
}

describe('CRC-32C', () => {
  test.each(VECTORS)('of %s', (_what, bytes, crc) => {
    expect(crc32c(bytes)).toBe(crc)
    expect(crc32cInJavaScript(bytes, 0, bytes.length)).toBe(crc)
  })

  test('goes on from the CRC of what came before', () => {
    const bytes = noise(1000)
    for (const cut of [0, 1, 7, 8, 9, 500, 999, 1000]) {
      expect(crc32c(bytes, cut, 1000, crc32c(bytes, 0, cut))).toBe(crc32c(bytes))
    }
  })

  test('of a slice is that of the slice copied out', () => {
    const bytes = noise(100)
    for (let start = 0; start < 20; start++) {
      expect(crc32c(bytes, start, 100 - start)).toBe(crc32c(Buffer.from(bytes.subarray(start, 100 - start))))
    }
  })

  test('native and JavaScript agree, with seeds, on sizes around where one takes over', () => {
    expect(loadNative()).toBe(true)
    const bytes = noise(100_000)
    for (const end of [149, 150, 151, 4096, 65_537, 100_000]) {
      for (const seed of [0, 1, 0xffffffff, 0xe3069283]) {
        expect(crc32c(bytes, 3, end, seed)).toBe(crc32cInJavaScript(bytes, 3, end, seed))
      }
    }
  })
})
