import '../../../support/property-seed.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Frames } from '../../../../src/cluster/connection/frames.ts'

/** A frame as it is sent. */
function frameOf(correlationId: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.writeInt32BE(4 + body.length, 0)
  head.writeInt32BE(correlationId, 4)
  return Buffer.concat([head, body])
}

test('responses come whole and in order, wherever the chunks end', () => {
  const body = fc.uint8Array({ maxLength: 40 })
  fc.assert(
    fc.property(
      fc.array(body, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 30 })),
      (bodies, cuts) => {
        const got: Buffer[] = []
        const frames = new Frames({
          begins: () => true,
          frame: (correlationId, bytes, start) => {
            expect(correlationId).toBe(got.length)
            got.push(bytes.subarray(start))
          },
        })
        let left = Buffer.concat(bodies.map((bytes, i) => frameOf(i, bytes)))
        for (let i = 0; left.length > 0; i++) {
          const size = cuts[i] ?? left.length
          frames.push(left.subarray(0, size))
          left = left.subarray(size)
        }
        expect(got.map((bytes) => [...bytes])).toEqual(bodies.map((bytes) => [...bytes]))
        expect(frames.isInside).toBe(false)
      },
    ),
  )
})

test('a size is not trusted with memory before the bytes are there', () => {
  const before = process.memoryUsage().arrayBuffers
  const frames = new Frames({ begins: () => true, frame: () => {} })
  const head = Buffer.alloc(8)
  head.writeInt32BE(0x7fffffff, 0)
  frames.push(head)
  frames.push(Buffer.alloc(1000))
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024)
  expect(frames.isInside).toBe(true)
})

test('a response that nobody waits for ends the reading', () => {
  let frames = 0
  const cut = new Frames({ begins: (correlationId) => correlationId !== 7, frame: () => frames++ })
  cut.push(
    Buffer.concat([frameOf(1, Buffer.from('a')), frameOf(7, Buffer.from('b')), frameOf(2, Buffer.from('c'))]),
  )
  expect(frames).toBe(1)
})
