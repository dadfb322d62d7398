import { recordOf } from '../../../../src/record/record-slices.ts'
import '../../../support/property-seed.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineInput } from '../../../../src/commands/console-producer/line-input.ts'
import { BatchWriter } from '../../../../src/record/batch-writer.ts'
import { KernelMemory } from '../../../../src/record/kernels/line-kernel.ts'
import { KERNEL_MAX_LINE } from '../../../../src/record/kernels/line-layout.ts'
import type { Codec } from '../../../../src/record/record.ts'
import { RecordBatch } from '../../../../src/record/record-batch.ts'
import { chunksOf } from '../../../support/input-chunks.ts'

const INPUT = 64 * 1024
const PIECE = 512 * 1024

/** The batches of all lines, with the kernel (and how many records it took) or without. */
function batchesOf(bytes: Buffer, sizes: readonly number[], codec: Codec, withKernel: boolean) {
  const memory = new KernelMemory(INPUT + PIECE)
  const { kernel, buffer } = memory
  if (kernel === undefined) throw new Error('no WebAssembly with vectors here')
  const writer = new BatchWriter({ codec, memory: { buffer, start: INPUT, end: INPUT + PIECE } })
  const lines = new LineInput(chunksOf(bytes, sizes), 1024 * 1024)
  lines.useMemory(buffer, INPUT)
  let byKernel = 0
  const many = {
    lines: 0,
    take(from: Buffer, start: number, end: number) {
      if (from !== buffer || writer.openBuffer !== buffer) return start
      const before = writer.recordCount
      const behind = writer.appendLines(kernel, 1000, start, end)
      many.lines = writer.recordCount - before
      byKernel += many.lines
      return behind
    },
  }
  const take = (from: Buffer, start: number, end: number) => {
    const record = recordOf(1000, null, from)
    writer.appendSlices(Object.assign(record, { valueStart: start, valueEnd: end }))
    return true
  }
  while (lines.fill() > 0) lines.lines(take, withKernel ? many : undefined)
  lines.last(take)
  writer.closeBatch()
  const bytesOut = Buffer.from(writer.buffer.subarray(writer.start, writer.end))
  return { bytes: bytesOut, byKernel, lineNumber: lines.lineNumber }
}

function valuesOf(batches: Buffer): string[] {
  const values: string[] = []
  for (let at = 0; at < batches.length; ) {
    const batch = new RecordBatch(batches, at)
    batch.ensureValid()
    batch.walk(({ buffer, valueStart, valueEnd }) => {
      values.push(buffer.toString('latin1', valueStart, valueEnd))
      return true
    })
    at = batch.end
  }
  return values
}

const line = fc.oneof(
  fc.integer({ min: 0, max: 70 }),
  fc.integer({ min: 0, max: 70 }),
  fc.integer({ min: 100, max: 300 }),
  fc.integer({ min: KERNEL_MAX_LINE - 3, max: KERNEL_MAX_LINE + 20 }),
  fc.constant(20_000),
)
const end = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r', '\n\r')
const input = fc
  .array(fc.tuple(line, end), { minLength: 1, maxLength: 300 })
  .map((parts) =>
    Buffer.from(
      parts.map(([size, lineEnd], i) => String.fromCharCode(33 + (i % 90)).repeat(size) + lineEnd).join(''),
    ),
  )

describe('the line kernel', () => {
  it('encodes the same batches as JavaScript, whatever the lines, their ends and the chunks', () => {
    fc.assert(
      fc.property(
        input,
        fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 }),
        (bytes, sizes) => {
          const without = batchesOf(bytes, sizes, 'none', false)
          const by = batchesOf(bytes, sizes, 'none', true)
          expect(by.bytes.equals(without.bytes)).toBe(true)
          expect(by.lineNumber).toBe(without.lineNumber)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('takes nearly all of ordinary lines', () => {
    const bytes = Buffer.from(
      Array.from({ length: 5000 }, (_, i) => `line ${i} of many, of ordinary length\n`).join(''),
    )
    const { byKernel, lineNumber } = batchesOf(bytes, [30_000], 'none', true)
    expect(lineNumber).toBe(5000)
    expect(byKernel).toBeGreaterThan(4900)
  })

  it('keeps every line of compressed batches, too', () => {
    const text = Array.from({ length: 20_000 }, (_, i) => `line ${i} of many\n`).join('')
    const { bytes, byKernel } = batchesOf(Buffer.from(text), [50_000], 'lz4', true)
    expect(`${valuesOf(bytes).join('\n')}\n`).toBe(text)
    expect(byKernel).toBeGreaterThan(19_000)
  })

  it('leaves a carriage return at the end of what was read to the next read', () => {
    const bytes = Buffer.from('first\na\r\nb\rc\r\n\r\nlast')
    for (let size = 1; size <= bytes.length; size++) {
      const { bytes: batches } = batchesOf(bytes, [size], 'none', true)
      expect(valuesOf(batches)).toEqual(['first', 'a', 'b', 'c', '', 'last'])
    }
  })
})
