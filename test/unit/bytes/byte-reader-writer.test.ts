import { describe, expect, it, test } from 'vitest'
import { ByteReader } from '../../../src/bytes/byte-reader.ts'
import { ByteWriter } from '../../../src/bytes/byte-writer.ts'
import { CorruptRecordError } from '../../../src/errors.ts'

describe('ByteReader and ByteWriter', () => {
  test('what is written is read back', () => {
    const writer = new ByteWriter(16)
    writer.bool(true).int8(-1).int16(-2).uint16(65535).int32(-3).uint32(4294967295)
    writer
      .int64(-4)
      .int64(Number.MAX_SAFE_INTEGER)
      .int64(-(2n ** 63n))
      .float64(1.5)
    writer.varint(-5).varlong(-6e12).uvarint(7).utf8('ä€').bytes(Buffer.from('xyz'), 1, 2)
    const reader = new ByteReader(writer.toBuffer())
    expect([reader.bool(), reader.int8(), reader.int16(), reader.uint16()]).toEqual([true, -1, -2, 65535])
    expect([reader.int32(), reader.uint32(), reader.int64()]).toEqual([-3, 4294967295, -4])
    expect([reader.int64(), reader.bigint64(), reader.float64()]).toEqual([
      Number.MAX_SAFE_INTEGER,
      -(2n ** 63n),
      1.5,
    ])
    expect([reader.varint(), reader.varlong(), reader.uvarint()]).toEqual([-5, -6e12, 7])
    expect([reader.utf8(5), reader.bytes(1).toString()]).toEqual(['ä€', 'y'])
    expect(reader.remaining).toBe(0)
  })

  test('a reserved length is patched later', () => {
    const writer = new ByteWriter()
    const at = writer.reserve(4)
    writer.utf8('abc')
    writer.patchInt32(at, writer.position - at - 4)
    expect(writer.view().toString('hex')).toBe('00000003616263')
  })

  test('int64s keep their sign and their bytes', () => {
    for (const value of [
      0,
      1,
      -1,
      0x7fffffff,
      -0x80000000,
      2 ** 32,
      -(2 ** 32) - 1,
      Number.MIN_SAFE_INTEGER,
    ]) {
      const bytes = new ByteWriter().int64(value).toBuffer()
      expect(bytes.readBigInt64BE()).toBe(BigInt(value))
      expect(new ByteReader(bytes).int64()).toBe(value)
    }
  })

  test('an int64 beyond the safe integers is refused, as a timestamp it is rounded', () => {
    const bytes = new ByteWriter().int64(1_700_000_000_123_456_789n).toBuffer()
    expect(() => new ByteReader(bytes).int64()).toThrow('1700000000123456789')
    expect(new ByteReader(bytes).timestamp()).toBe(1_700_000_000_123_456_800)
  })

  test('a short read names the position, and moves nothing', () => {
    const reader = new ByteReader(Buffer.alloc(10), 2, 8)
    reader.int32()
    expect(() => reader.int32()).toThrow(CorruptRecordError)
    expect(() => reader.int32()).toThrow('4 bytes expected, 2 left (at position 6)')
    expect(reader.position).toBe(6)
  })

  test('negative lengths, and counts that cannot fit, are refused before anything is allocated', () => {
    const reader = new ByteReader(Buffer.alloc(10))
    expect(() => reader.bytes(-1)).toThrow('negative length -1')
    expect(() => reader.checkCount(1_000_000, 2)).toThrow('count 1000000 does not fit into the 10 bytes left')
    expect(() => reader.checkCount(-1)).toThrow(CorruptRecordError)
    expect(reader.checkCount(5, 2)).toBe(5)
  })

  test('an end beyond the buffer is the buffer’s end', () => {
    expect(() => new ByteReader(Buffer.alloc(3), 0, 100).int32()).toThrow(CorruptRecordError)
  })
})

describe('a writer whose buffer is full to the byte', () => {
  const WRITES: Record<string, (writer: ByteWriter) => unknown> = {
    bool: (writer) => writer.bool(true),
    int8: (writer) => writer.int8(1),
    int16: (writer) => writer.int16(0x0101),
    int32: (writer) => writer.int32(0x01010101),
    int64: (writer) => writer.int64(0x0101010101010101n),
    float64: (writer) => writer.float64(1.5),
    varint: (writer) => writer.varint(300),
    varlong: (writer) => writer.varlong(300),
    uvarint: (writer) => writer.uvarint(300),
    bytes: (writer) => writer.bytes(Uint8Array.of(1, 2, 3)),
    utf8: (writer) => writer.utf8('abc'),
  }

  it.each(Object.keys(WRITES))('writes %s into the larger buffer, not the one it left', (name) => {
    const write = WRITES[name] as (writer: ByteWriter) => unknown
    const roomy = new ByteWriter(1024)
    write(roomy)
    for (let filled = 1; filled <= 16; filled += 1) {
      const full = new ByteWriter(16)
      full.bytes(Buffer.alloc(filled, 0xff))
      write(full)
      expect(full.view().subarray(filled)).toEqual(roomy.view())
    }
  })
})
