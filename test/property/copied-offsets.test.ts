import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OffsetMap } from '../../src/commands/copy/offset-map.ts'

/** Source offsets of records, with holes. */
const sources = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 60 }).map((steps) => {
  let offset = -1
  return steps.map((step) => (offset += step))
})

test('an offset goes to the first copied record at or behind it, and to the end behind all of them', () => {
  fc.assert(
    fc.property(sources, fc.nat(50), fc.nat(60), fc.nat(260), (offsets, base, known, asked) => {
      const split = Math.min(known, offsets.length)
      const begin = split === 0 ? 0 : (offsets[split - 1] ?? 0) + 1
      const map = new OffsetMap(begin, base + split)
      for (const offset of offsets.slice(split)) map.add(offset, 1)
      const expected = offsets.findIndex((offset) => offset >= asked)
      const place = base + (expected < 0 ? offsets.length : expected)
      if (asked < begin) {
        expect(map.translate(asked)).toBeUndefined()
        map.addBefore(
          offsets.slice(0, split).filter((offset) => offset >= asked),
          asked,
        )
      }
      expect(map.translate(asked)).toBe(place)
    }),
  )
})
