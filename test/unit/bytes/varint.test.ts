import { describe, expect, test } from 'vitest'
import {
  cursor,
  readUnsignedVarint,
  readVarint,
  readVarlong,
  sizeOfUnsignedVarint,
  sizeOfVarint,
  sizeOfVarlong,
  writeUnsignedVarint,
  writeVarint,
  writeVarlong,
} from '../../../src/bytes/varint.ts'

const hex = (write: (buffer: Buffer, at: number, value: number) => number, value: number): string => {
  const buffer = Buffer.alloc(12)
  return buffer.toString('hex', 0, write(buffer, 0, value))
}

describe('varint', () => {
  // Vectors of Kafka's ByteUtilsTest.
  test.each([
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [63, '7e'],
    [-64, '7f'],
    [64, '8001'],
    [-65, '8101'],
    [8191, 'fe7f'],
    [-8192, 'ff7f'],
    [8192, '808001'],
    [-8193, '818001'],
    [1048575, 'feff7f'],
    [1048576, '80808001'],
    [134217727, 'feffff7f'],
    [134217728, '8080808001'],
    [2147483647, 'feffffff0f'],
    [-2147483648, 'ffffffff0f'],
  ])('%i is %s', (value, bytes) => {
    expect(hex(writeVarint, value)).toBe(bytes)
    expect(sizeOfVarint(value)).toBe(bytes.length / 2)
    const buffer = Buffer.from(bytes, 'hex')
    expect(readVarint(buffer, 0, buffer.length)).toBe(value)
    expect(cursor.at).toBe(buffer.length)
  })

  test.each([
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [16383, 'ff7f'],
    [16384, '808001'],
    [4294967295, 'ffffffff0f'],
  ])('unsigned %i is %s', (value, bytes) => {
    expect(hex(writeUnsignedVarint, value)).toBe(bytes)
    expect(sizeOfUnsignedVarint(value)).toBe(bytes.length / 2)
    const buffer = Buffer.from(bytes, 'hex')
    expect(readUnsignedVarint(buffer, 0, buffer.length)).toBe(value)
  })

  test.each([
    [0, '00'],
    [-1, '01'],
    [2147483648, '8080808010'],
    [-2147483649, '8180808010'],
    [17179869183, 'feffffff7f'],
    [17179869184, '808080808001'],
    [2199023255551, 'feffffffff7f'],
    [281474976710655, 'feffffffffff7f'],
    [281474976710656, '8080808080808001'],
    [-281474976710657, '8180808080808001'],
    [Number.MAX_SAFE_INTEGER, 'feffffffffffff1f'],
    [Number.MIN_SAFE_INTEGER, 'fdffffffffffff1f'],
  ])('long %i is %s', (value, bytes) => {
    expect(hex(writeVarlong, value)).toBe(bytes)
    expect(sizeOfVarlong(value)).toBe(bytes.length / 2)
    const buffer = Buffer.from(bytes, 'hex')
    expect(readVarlong(buffer, 0, buffer.length)).toBe(value)
    expect(cursor.at).toBe(buffer.length)
  })

  test('a long beyond 2^53 is rounded, not refused', () => {
    const buffer = Buffer.from('feffffffffffffffff01', 'hex')
    expect(readVarlong(buffer, 0, buffer.length)).toBe(Number(2n ** 63n - 1n))
  })

  test.each(['', '80', 'ffffffffff0f', 'ffffffff1f', '8080808080'])('%s is no 32-bit varint', (bytes) => {
    const buffer = Buffer.from(bytes, 'hex')
    expect(readUnsignedVarint(buffer, 0, buffer.length)).toBeNaN()
    expect(readVarint(buffer, 0, buffer.length)).toBeNaN()
  })

  test.each(['', '8080', 'ffffffffffffffffffff01', 'ffffffffffffffffff02'])(
    '%s is no 64-bit varint',
    (bytes) => {
      const buffer = Buffer.from(bytes, 'hex')
      expect(readVarlong(buffer, 0, buffer.length)).toBeNaN()
    },
  )

  test('the end given is not passed although the buffer goes on', () => {
    const buffer = Buffer.from('8001', 'hex')
    expect(readVarint(buffer, 0, 1)).toBeNaN()
    expect(readVarlong(buffer, 0, 1)).toBeNaN()
  })
})
