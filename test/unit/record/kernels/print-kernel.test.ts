import { describe, expect, test } from 'vitest'
import { PrintKernel } from '../../../../src/record/kernels/print-kernel.ts'
import {
  PRINT_SLACK,
  PRINT_STATE_SIZE,
  PRINTED_END_SIZE,
} from '../../../../src/record/kernels/print-layout.ts'
import type { PrintedForm } from '../../../../src/record/kernels/printed-form.ts'
import { WasmMemory } from '../../../../src/record/kernels/wasm-memory.ts'
import { RecordBatch } from '../../../../src/record/record-batch.ts'
import { RecordBatchBuilder } from '../../../../src/record/record-batch-builder.ts'

const SOURCE_SIZE = 256 * 1024
const OUTPUT_AT = PRINT_STATE_SIZE + SOURCE_SIZE
const OUTPUT_SIZE = 256 * 1024
const MARK = 0xee
/** Where it notes the ends of records. */
const ENDS = { at: (OUTPUT_AT + OUTPUT_SIZE + PRINT_SLACK + 15) & ~15, count: 0 }

const bytes = (text: string) => Buffer.from(text)
const FORM: PrintedForm = {
  value: bytes(''),
  end: bytes('\n'),
  nullLiteral: bytes('null'),
  noHeaders: bytes('NO_HEADERS'),
  headerColon: bytes(':'),
  headerSeparator: bytes(','),
}

/** A batch in a kernel's memory, and a run at its beginning. */
function prepared(form: PrintedForm, fill: (builder: RecordBatchBuilder) => void, baseOffset = 0) {
  const memory = new WasmMemory(ENDS.at + 1000 * PRINTED_END_SIZE)
  const kernel = PrintKernel.on(memory)
  if (kernel === undefined) throw new Error('no WebAssembly with vectors here')
  kernel.setForm(form)
  const builder = new RecordBatchBuilder({ baseOffset })
  fill(builder)
  const stored = builder.build()
  stored.copy(memory.buffer, PRINT_STATE_SIZE)
  memory.buffer.fill(MARK, OUTPUT_AT)
  const batch = new RecordBatch(memory.buffer, PRINT_STATE_SIZE)
  const run = { batch, buffer: memory.buffer, end: batch.end, index: 0, position: 0, taken: 0 }
  return { kernel, memory, run: { ...run, at: PRINT_STATE_SIZE + 61 } }
}

describe('the print kernel', () => {
  test('stops in front of the record that has no room, and goes on with it', () => {
    const values = Array.from({ length: 100 }, (_, i) => String.fromCharCode(65 + (i % 26)).repeat(i * 3))
    const expected = values.map((value) => `${value}\n`).join('')
    for (const room of [400, 1000, 5000]) {
      const { kernel, memory, run } = prepared(FORM, (builder) => {
        for (const value of values) builder.append(1, null, bytes(value))
      })
      let text = ''
      while (run.index < values.length) {
        const before = run.index
        const end = kernel.print(run, 0, OUTPUT_AT, OUTPUT_AT + room, 1000, ENDS)
        expect(end - OUTPUT_AT).toBeLessThanOrEqual(room)
        // Not a byte of the memory behind was touched.
        const behind = memory.buffer.subarray(OUTPUT_AT + room + PRINT_SLACK).subarray(0, 4096)
        expect(behind.every((byte) => byte === MARK)).toBe(true)
        expect(kernel.full).toBe(run.index < values.length)
        expect(run.position).toBe(run.index)
        expect(run.taken).toBe(run.index)
        expect(run.index).toBeGreaterThan(before)
        text += memory.buffer.toString('latin1', OUTPUT_AT, end)
      }
      expect(text).toBe(expected)
    }
  })

  test('takes nothing where even one record has no room, and says that it is full', () => {
    const { kernel, run } = prepared(FORM, (builder) => builder.append(1, null, bytes('x'.repeat(500))))
    expect(kernel.print(run, 0, OUTPUT_AT, OUTPUT_AT + 300, 1000, ENDS)).toBe(OUTPUT_AT)
    expect([run.index, run.taken, kernel.full]).toEqual([0, 0, true])
  })

  test('prints no more than it may', () => {
    const { kernel, memory, run } = prepared(FORM, (builder) => {
      for (const value of ['a', 'b', 'c', 'd']) builder.append(1, null, bytes(value))
    })
    run.position = 1
    const end = kernel.print(run, 0, OUTPUT_AT, OUTPUT_AT + OUTPUT_SIZE, 2, ENDS)
    expect(memory.buffer.toString('latin1', OUTPUT_AT, end)).toBe('b\nc\n')
    expect([run.index, run.taken, run.position, kernel.full]).toEqual([3, 2, 3, false])
  })

  test('prints every number of digits', () => {
    const numbers = [0]
    for (let n = 1; n <= 10 ** 15; n *= 10) numbers.push(n - 1, n, n + 7, n * 4.5, n * 9)
    const form = { ...FORM, timestamp: bytes(''), offset: bytes(' '), value: bytes(' ') }
    for (const number of numbers.map(Math.floor).filter((n) => n <= 2 ** 52)) {
      const { kernel, memory, run } = prepared(
        form,
        (builder) => {
          builder.append(-number, null, null)
          builder.append(-number + 1, null, null)
        },
        number,
      )
      const end = kernel.print(run, 0, OUTPUT_AT, OUTPUT_AT + OUTPUT_SIZE, 10, ENDS)
      expect(memory.buffer.toString('latin1', OUTPUT_AT, end)).toBe(
        `${0 - number} ${number} null\n${1 - number} ${number + 1} null\n`,
      )
    }
  })

  test('leaves numbers to JavaScript with which doubles do not compute exactly, and constants that are too long', () => {
    const fill = (builder: RecordBatchBuilder) => builder.append(1, null, bytes('v'))
    const { kernel, run } = prepared(FORM, fill, 2 ** 52 + 2)
    expect(kernel.print(run, 0, OUTPUT_AT, OUTPUT_AT + OUTPUT_SIZE, 10, ENDS)).toBe(OUTPUT_AT)
    const long = prepared({ ...FORM, end: Buffer.alloc(PRINT_STATE_SIZE) }, fill)
    expect(long.kernel.print(long.run, 0, OUTPUT_AT, OUTPUT_AT + OUTPUT_SIZE, 10, ENDS)).toBe(OUTPUT_AT)
    expect(long.run.index).toBe(0)
  })
})
