import '../../../../support/property-seed.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KernelMemory, type LineKernel } from '../../../../../src/record/kernels/line-kernel.ts'
import {
  KERNEL_MAX_LINE,
  KERNEL_MAX_ROWS,
  KERNEL_SLACK,
} from '../../../../../src/record/kernels/line-layout.ts'
import { PlainLineMemory } from '../../../../support/plain-kernels.ts'

const INPUT_SIZE = 128 * 1024
const ROW_ROOM = 4096

const memories = [KernelMemory, PlainLineMemory].map(
  (Memory) => new Memory(INPUT_SIZE + KERNEL_MAX_ROWS * ROW_ROOM),
)
const [kernel, plain] = memories.map((memory) => {
  if (memory.kernel === undefined) throw new Error('no WebAssembly with vectors here')
  return { buffer: memory.buffer, lines: memory.kernel }
})

/** Around what a vector holds, a varint of one byte, the longest line. */
const lengths = fc.oneof(
  fc.integer({ min: 0, max: 70 }),
  fc.constantFrom(1, 15, 16, 17, 31, 32, 33, 62, 63, 64, 65),
  fc.integer({ min: 100, max: 300 }),
)
const longest = fc.integer({ min: KERNEL_MAX_LINE - 2, max: KERNEL_MAX_LINE + 2 })
/** A separator at any place, none, or several; bytes above 0x7f, too. */
const line = fc
  .tuple(fc.oneof({ weight: 100, arbitrary: lengths }, longest), fc.infiniteStream(fc.nat(255)))
  .chain(([length, bytes]) =>
    fc
      .oneof(
        { weight: 30, arbitrary: fc.array(fc.nat(Math.max(length - 1, 0)), { minLength: 1, maxLength: 2 }) },
        fc.constant([]),
      )
      .map((tabs) => {
        const text = Buffer.alloc(length)
        for (let i = 0; i < length; i++) {
          const byte = bytes.next().value as number
          text[i] = byte === 0x0a || byte === 0x0d || byte === 0x09 ? 0x20 : byte
        }
        for (const tab of tabs) if (tab < length) text[tab] = 0x09
        return text
      }),
  )
const lineEnd = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r', '\n\r', '\r\r\n')
/** Batches that have plenty of room and few records, or are near full in bytes or in records. */
const roomyRow = fc.record({
  room: fc.constant(ROW_ROOM - KERNEL_SLACK),
  count: fc.nat(100),
  delta: fc.nat(63),
})
const fullRow = fc.record({
  room: fc.oneof(fc.nat(400), fc.constant(-1)),
  count: fc.oneof(
    fc.constantFrom(62, 63, 64),
    fc.integer({ min: KERNEL_MAX_LINE - 3, max: KERNEL_MAX_LINE + 1 }),
  ),
  delta: fc.nat(63),
})
const rowsOf = (row: typeof roomyRow) => fc.array(row, { minLength: 1, maxLength: KERNEL_MAX_ROWS })
const rows = fc.oneof(
  rowsOf(roomyRow),
  rowsOf(roomyRow),
  rowsOf(fc.oneof({ weight: 10, arbitrary: roomyRow }, fullRow)),
)
const call = fc.record({
  input: fc.array(fc.tuple(line, lineEnd), { minLength: 1, maxLength: 60, size: 'max' }),
  from: fc.nat(40),
  rows,
  turn: fc.nat(1000),
  keys: fc.constantFrom('none', 'turns', 'hashed'),
  /** Cut off the input's end, so that lines and their ends are there in part. */
  cut: fc.nat(3),
})

type Call = typeof call extends fc.Arbitrary<infer T> ? T : never

/** Does the call in such a memory; returns what came of it and the memory, without what a kernel may overwrite. */
function taken(on: { buffer: Buffer; lines: LineKernel }, { input, from, rows, turn, keys, cut }: Call) {
  const { buffer, lines } = on
  buffer.fill(0xee)
  const text = Buffer.concat(input.flatMap(([line, end]) => [line, Buffer.from(end)]))
  const end = from + Math.max(text.copy(buffer, from) - cut, 0)
  buffer[end] = 0x0a
  const startOf = (row: number) => INPUT_SIZE + row * ROW_ROOM
  rows.forEach(({ room, count, delta }, row) => {
    lines.setRow(row, startOf(row), room < 0 ? 0 : startOf(row) + room, count, delta)
  })
  lines.turn = turn % rows.length
  const separator = keys === 'none' ? -1 : 0x09
  const behind = lines.take(from, end, rows.length, separator, keys === 'hashed')
  const ends = rows.map((_, row) => lines.atOf(row))
  for (const at of ends) buffer.fill(0, at, at + KERNEL_SLACK)
  return { behind, turn: lines.turn, ends, counts: rows.map((_, row) => lines.countOf(row)) }
}

describe('the line kernel in AssemblyScript', () => {
  it('leaves the memory that the plain version leaves, whatever lines, keys, rows and room', () => {
    let records = 0
    fc.assert(
      fc.property(call, (call) => {
        const expected = taken(plain, call)
        expect(taken(kernel, call)).toEqual(expected)
        expect(kernel.buffer.equals(plain.buffer)).toBe(true)
        records += expected.counts.reduce((sum, count, row) => sum + count - call.rows[row].count, 0)
      }),
      { numRuns: 300 },
    )
    expect(records).toBeGreaterThan(2000)
  })
})
