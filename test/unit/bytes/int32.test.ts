import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  readInt16,
  readInt32,
  readUInt32,
  readUInt32LE,
  writeInt16,
  writeInt32,
} from '../../../src/bytes/int32.ts'

describe('integers of up to four bytes', () => {
  it("are read as Buffer's own methods read them", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 8 }),
        fc.integer({ min: 0, max: 4 }),
        (bytes, at) => {
          const buffer = Buffer.from(bytes)
          expect(readInt16(buffer, at)).toBe(buffer.readInt16BE(at))
          expect(readInt32(buffer, at)).toBe(buffer.readInt32BE(at))
          expect(readUInt32(buffer, at)).toBe(buffer.readUInt32BE(at))
          expect(readUInt32LE(buffer, at)).toBe(buffer.readUInt32LE(at))
        },
      ),
    )
  })

  it('are written so that they read the same, signed or not', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }), (value) => {
        const buffer = Buffer.alloc(6)
        writeInt32(buffer, 1, value)
        expect(readInt32(buffer, 1)).toBe(value | 0)
        expect(readUInt32(buffer, 1)).toBe(value >>> 0)
        writeInt16(buffer, 4, value)
        expect(readInt16(buffer, 4)).toBe((value << 16) >> 16)
      }),
    )
  })
})
