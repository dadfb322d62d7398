import { describe, expect, it } from 'vitest'
import { murmur2, partitionForKey } from '../../../src/client/murmur2.ts'

describe('murmur2', () => {
  // Printed by the genuine org.apache.kafka.common.utils.Utils.murmur2.
  it.each([
    ['', 275646681],
    ['a', -1563381124],
    ['ab', 316155434],
    ['abc', 479470107],
    ['abcd', -1323649548],
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['München', 1814305452],
    ['日本語', 1431860170],
    ['🎉', 2031907914],
    ['0', 971027396],
    ['ORD', 1930652851],
    ['SFO', 232264114],
  ])('hashes %j as the Java client does', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash)
  })

  it('takes bytes that are not UTF-8 as they are', () => {
    expect(murmur2(Buffer.from([0xff, 0x80, 0, 0xfe, 0x81]))).toBe(1700763136)
  })

  it('agrees with Java on every length from 0 to 199', () => {
    let sum = 0
    for (let n = 0; n < 200; n++) {
      const bytes = Buffer.alloc(n)
      for (let i = 0; i < n; i++) bytes[i] = i * 31 + n * 7
      sum = (Math.imul(sum, 31) + murmur2(bytes)) | 0
    }
    expect(sum).toBe(-1673717407)
  })

  it('hashes a slice as it hashes a copy of it', () => {
    const bytes = Buffer.from('xxlittle keyyy')
    expect(murmur2(bytes, 2, 12)).toBe(murmur2(Buffer.from('little key')))
  })

  it('clears the sign bit before the modulus', () => {
    expect(partitionForKey(Buffer.from('21'), 0, 2, 7)).toBe((-973932308 & 0x7fffffff) % 7)
  })
})
