import { recordOf } from '../../../src/record/record-slices.ts'
import '../../support/property-seed.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partitionForKey } from '../../../src/client/murmur2.ts'
import { RecordAccumulator } from '../../../src/client/record-accumulator.ts'
import { LineInput } from '../../../src/commands/console-producer/line-input.ts'
import { LineMessageReader } from '../../../src/commands/console-producer/line-reader.ts'
import { KERNEL_MAX_LINE } from '../../../src/record/kernels/line-layout.ts'
import { chunksOf } from '../../support/input-chunks.ts'

interface Run {
  readonly partitions: number
  readonly separator: string
  readonly hashed: boolean
  readonly withKernel: boolean
}

/** What each partition's writer holds in the end, and the numbers of lines without a separator. */
function spread(bytes: Buffer, sizes: readonly number[], { partitions, separator, hashed, withKernel }: Run) {
  const accumulator = new RecordAccumulator(partitions, {
    codec: 'none',
    batchSize: 4000,
    producerId: 5,
    bufferMemory: 33554432,
  })
  const memory = accumulator.inputMemory
  if (memory === undefined) throw new Error('no memory')
  const lines = new LineInput(chunksOf(bytes, sizes), 1024 * 1024)
  lines.useMemory(memory.buffer, memory.size)
  const reader = new LineMessageReader(
    new Map(
      separator === ''
        ? []
        : [
            ['parse.key', 'true'],
            ['key.separator', separator],
          ],
    ),
  )
  const queues = Array.from({ length: partitions }, (_, i) => accumulator.queue(i))
  const way = { separator: reader.keySeparatorByte, hashed, turn: 1 % partitions }
  const refused: number[] = []
  let byKernel = 0
  const many = {
    lines: 0,
    take(buffer: Buffer, start: number, end: number) {
      if (buffer !== memory.buffer) return start
      const behind = accumulator.addLines(queues, 1000, start, end, way)
      many.lines = accumulator.linesTaken
      byKernel += many.lines
      return behind
    },
  }
  const take = (buffer: Buffer, start: number, end: number, lineNumber: number) => {
    try {
      reader.parse(buffer, start, end, lineNumber)
    } catch {
      refused.push(lineNumber)
      return true
    }
    const { keyStart, keyEnd, valueStart, valueEnd } = reader
    let partition = way.turn
    if (hashed && keyEnd >= 0) partition = partitionForKey(buffer, keyStart, keyEnd, partitions)
    else way.turn = (way.turn + 1) % partitions
    const queue = queues[partition]
    const record = recordOf(1000, buffer, buffer)
    queue.writer.appendSlices(Object.assign(record, { keyStart, keyEnd, valueStart, valueEnd }))
    return true
  }
  // The kernel comes in behind half a megabyte: as if that had come.
  accumulator.addLines(queues, 1000, 0, 1024 * 1024, way)
  while (lines.fill() > 0) lines.lines(take, withKernel ? many : undefined)
  lines.last(take)
  accumulator.endBatches()
  const held = queues.map(({ writer }) => writer.buffer.toString('latin1', writer.start, writer.end))
  return { held, refused, byKernel, lineNumber: lines.lineNumber }
}

const key = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.integer({ min: 0, max: 30 }).map((n) => `k${n}`),
)
const size = fc.oneof(
  fc.integer({ min: 0, max: 60 }),
  fc.integer({ min: 60, max: 300 }),
  fc.integer({ min: KERNEL_MAX_LINE - 30, max: KERNEL_MAX_LINE + 5 }),
)
const end = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r')
const between = fc.constantFrom('\t', '\t', '\t', '\t', '')
const input = fc
  .array(fc.tuple(key, between, size, end), { minLength: 1, maxLength: 200 })
  .map((parts) =>
    Buffer.from(
      parts.map(([k, tab, length, lf], i) => `${k}${tab}${`${i % 10}`.repeat(length)}${lf}`).join(''),
    ),
  )
const sizes = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 4 })

describe('lines spread over partitions', () => {
  it('come out the same with the kernel as one by one: keys, partitions, order, batches, numbers of bad lines', () => {
    fc.assert(
      fc.property(
        input,
        sizes,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('\t', ''),
        fc.boolean(),
        (bytes, chunks, partitions, separator, byKey) => {
          const run = { partitions, separator, hashed: byKey && separator !== '', withKernel: true }
          const by = spread(bytes, chunks, run)
          const without = spread(bytes, chunks, { ...run, withKernel: false })
          expect(by.refused).toEqual(without.refused)
          expect(by.lineNumber).toBe(without.lineNumber)
          expect(by.held).toEqual(without.held)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('are nearly all taken by the kernel, with keys and without', () => {
    const bytes = Buffer.from(
      Array.from({ length: 8000 }, (_, i) => `key ${i % 500}\tline ${i} of many\n`).join(''),
    )
    for (const separator of ['\t', '']) {
      const run = { partitions: 8, separator, hashed: separator !== '', withKernel: true }
      const { byKernel, lineNumber, refused } = spread(bytes, [30_000], run)
      expect(lineNumber).toBe(8000)
      expect(refused).toEqual([])
      expect(byKernel).toBeGreaterThan(7500)
    }
  })
})
