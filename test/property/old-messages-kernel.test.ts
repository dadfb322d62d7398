import '../support/property-seed.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LegacyKernel } from '../../src/record/kernels/legacy-kernel.ts'
import { LegacyBatches } from '../../src/record/legacy-batches.ts'
import { readLegacy } from '../../src/record/legacy-reader.ts'
import { type OldSet, randomSets, seeded, storedSet } from '../support/old-messages.ts'

const kernel = LegacyKernel.compile()

/** All that comes out of reading stored[from] on, as one piece. */
function read(batches: LegacyBatches, stored: Buffer, offset: number, limit: number | undefined) {
  batches.begin()
  const piece = {
    buffer: stored,
    length: stored.length,
    position: 0,
    end: stored.length,
    baseOffset: 0,
    nextBase: Number.POSITIVE_INFINITY,
  }
  const behindGap = (at: number, expected: number) => `offset ${expected} is missing before position ${at}`
  const request = { offset, limit, checkCrcs: true, hasNoGaps: () => true, behindGap }
  const run = readLegacy(piece, request, batches)
  return { ...run, batches: batches.buffer.subarray(0, batches.end).toString('hex') }
}

describe('messages of formats 0 and 1 taken by WebAssembly (issue 13)', () => {
  it('give the very bytes that JavaScript alone makes, also where one is damaged or unusual', () => {
    expect(kernel).toBeDefined()
    const seed = fc.integer({ min: 0, max: 1_000_000 })
    const flip = fc.option(
      fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 255 })),
    )
    fc.assert(
      fc.property(seed, flip, fc.boolean(), fc.boolean(), (at, damage, hasGaps, isLimited) => {
        const sets = randomSets(seeded(at), { magics: at % 3 === 0 ? [0, 1] : [1], hasGaps, sets: 12 })
        const stored = Buffer.concat(sets.map(storedSet))
        if (damage !== null) stored[Math.floor(damage[0] * (stored.length - 1))] ^= damage[1]
        const offset = sets[0].records[0].offset
        const limit = isLimited ? offset + 20 : undefined
        const quick = read(new LegacyBatches(() => kernel), stored, offset, limit)
        expect(quick).toEqual(read(new LegacyBatches(() => undefined), stored, offset, limit))
      }),
      { numRuns: 150 },
    )
  })

  it('are all taken, whatever their sizes, in more than one window', () => {
    const sizes = [0, 1, 63, 64, 100, 8191, 8192, 40_000, 70_000, 15, 16, 17]
    const records = Array.from({ length: 150 }, (_, i) => ({
      offset: i,
      timestamp: 1_400_000_000_000 + (i % 7) * 100_000_000,
      key: i % 5 === 0 ? null : Buffer.alloc(i % 130, 'k'),
      value: i % 11 === 0 ? null : Buffer.alloc(sizes[i % sizes.length], 'v'),
    }))
    for (const codec of ['none', 'snappy', 'lz4', 'gzip'] as const) {
      for (const magic of [0, 1] as const) {
        const set: OldSet = { magic, codec, records }
        const stored = storedSet(set)
        const quick = read(new LegacyBatches(() => kernel), stored, 0, undefined)
        expect(quick).toEqual(read(new LegacyBatches(() => undefined), stored, 0, undefined))
        expect(quick.nextOffset).toBe(150)
      }
    }
  })
})
