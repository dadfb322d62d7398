import { describe, expect, it } from 'vitest'
import { MOST_INDEX_BYTES, readIndexBytes } from '../../../../src/local/check/index-bytes.ts'
import type { FileSystem } from '../../../../src/os/file-system.ts'

/** One file: `bytes`, and behind them zeros up to `size`. `readTo` tells how far it was read. */
function sparse(bytes: Buffer, size: number) {
  const seen = { readTo: 0 }
  const fs = {
    open: () => 3,
    close: () => {},
    fstat: () => ({ size }),
    read(_: number, buffer: Uint8Array, offset: number, length: number, position: number) {
      const n = Math.max(0, Math.min(length, size - position))
      buffer.fill(0, offset, offset + n)
      if (position < bytes.length) bytes.copy(buffer, offset, position, position + n)
      seen.readTo = Math.max(seen.readTo, position + n)
      return n
    },
  }
  return { fs: fs as unknown as FileSystem, seen }
}

describe('an index as the check reads it', () => {
  const entry = Buffer.from([0, 0, 0, 5, 0, 0, 0, 9])

  it('is read in its first part alone where it is longer than any index, a terabyte of nothing too (B4)', () => {
    const { fs, seen } = sparse(entry, 2 ** 40)
    expect(readIndexBytes(fs, 'x.index', 8)).toEqual({ bytes: entry, size: 2 ** 40 })
    expect(seen.readTo).toBe(MOST_INDEX_BYTES)
  })

  it.each([8, 4096, 10 << 20, 3 * 2 ** 20])('keeps its size, %i bytes, and its entries', (size) => {
    expect(readIndexBytes(sparse(entry, size).fs, 'x.index', 8)).toEqual({ bytes: entry, size })
  })
})
