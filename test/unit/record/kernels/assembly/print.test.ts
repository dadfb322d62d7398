import '../../../../support/property-seed.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PrintKernel } from '../../../../../src/record/kernels/print-kernel.ts'
import {
  FIELDS_SIZE,
  PREFIX_AT,
  PRINT_SLACK,
  PRINT_STATE_SIZE,
  PRINTED_END_SIZE,
} from '../../../../../src/record/kernels/print-layout.ts'
import type { PrintedForm } from '../../../../../src/record/kernels/printed-form.ts'
import { WasmMemory } from '../../../../../src/record/kernels/wasm-memory.ts'
import { RecordBatch } from '../../../../../src/record/record-batch.ts'
import { RecordBatchBuilder } from '../../../../../src/record/record-batch-builder.ts'
import { PlainPrintMemory } from '../../../../support/plain-kernels.ts'

const SOURCE_SIZE = 192 * 1024
const OUTPUT_AT = PRINT_STATE_SIZE + SOURCE_SIZE
const OUTPUT_SIZE = 256 * 1024
const ENDS_AT = OUTPUT_AT + OUTPUT_SIZE + 64
const MOST_RECORDS = 60
/** Of a batch, in front of its records. */
const HEAD_SIZE = 61

const [kernel, plain] = [WasmMemory, PlainPrintMemory].map((Memory) => {
  const memory = new Memory(ENDS_AT + MOST_RECORDS * PRINTED_END_SIZE)
  const printer = PrintKernel.on(memory)
  if (printer === undefined) throw new Error('no WebAssembly with vectors here')
  return { buffer: memory.buffer, printer }
})

/** Around a vector, two of them, and varints of one, two and three bytes. */
const field = fc
  .oneof(
    { weight: 20, arbitrary: fc.nat(70) },
    { weight: 20, arbitrary: fc.constantFrom(0, 15, 16, 17, 31, 32, 33, 63, 64, 65) },
    { weight: 5, arbitrary: fc.nat(400) },
    { weight: 1, arbitrary: fc.integer({ min: 8186, max: 8196 }) },
  )
  .chain((length) => fc.nat(255).map((byte) => Buffer.alloc(length, byte)))
const fieldOrNull = fc.option(field, { freq: 5 })
const record = fc.record({
  delta: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: -70, max: 70 }) },
    { weight: 20, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -(2 ** 28), max: 2 ** 28 }) },
  ),
  gap: fc.oneof(
    { weight: 5, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
  ),
  key: fieldOrNull,
  value: fieldOrNull,
  headers: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(fc.record({ key: fc.string({ maxLength: 20 }), value: fieldOrNull }), {
        maxLength: 4,
      }),
    },
  ),
})
const constant = fc.string({ maxLength: 40 }).map((text) => Buffer.from(text))
const column = fc.option(constant, { nil: undefined })
const form: fc.Arbitrary<PrintedForm> = fc.record({
  timestamp: column,
  offset: column,
  headers: column,
  key: column,
  value: column,
  end: constant,
  nullLiteral: constant,
  noHeaders: constant,
  headerColon: constant,
  headerSeparator: constant,
})
const call = fc.record({
  form,
  records: fc.array(record, { minLength: 1, maxLength: MOST_RECORDS, size: 'max' }),
  baseOffset: fc.oneof(
    fc.nat(1000),
    fc.maxSafeNat().map((n) => n % 2 ** 51),
  ),
  baseTimestamp: fc.oneof(
    fc.integer({ min: -1, max: 5 }),
    fc.maxSafeInteger().map((n) => n % 2 ** 51),
  ),
  logAppendTime: fc.oneof(fc.constant(undefined), fc.constant(undefined), fc.nat()),
  /** Share of the records' offsets that is passed over; room for output; records that may be printed. */
  passedOver: fc.constantFrom(0, 0, 0, 0, 0.3, 1),
  room: fc.oneof({ weight: 3, arbitrary: fc.constant(OUTPUT_SIZE) }, fc.nat(8000)),
  most: fc.oneof({ weight: 4, arbitrary: fc.constant(MOST_RECORDS) }, fc.nat(10)),
  /** Bytes of the stored records that are other ones, and how many at the end are missing. */
  damage: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }) },
  ),
  missing: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(20) }),
})

type Call = typeof call extends fc.Arbitrary<infer T> ? T : never

function storedBatch({ records, baseOffset, baseTimestamp, logAppendTime, damage }: Call): Buffer {
  const builder = new RecordBatchBuilder({ baseOffset, logAppendTime })
  let offset = baseOffset
  records.forEach(({ delta, gap, key, value, headers }, i) => {
    builder.appendWithOffset(offset, i === 0 ? baseTimestamp : baseTimestamp + delta, key, value, headers)
    offset += gap
  })
  const stored = builder.build()
  for (const [at, byte] of damage) stored[HEAD_SIZE + (at % (stored.length - HEAD_SIZE))] = byte
  return stored
}

/** Prints the batch in such a memory; returns what came of it and blanks what a kernel may overwrite. */
function printed({ buffer, printer }: { buffer: Buffer; printer: PrintKernel }, stored: Buffer, call: Call) {
  buffer.fill(0xee)
  printer.setForm(call.form)
  stored.copy(buffer, PRINT_STATE_SIZE)
  const batch = new RecordBatch(buffer, PRINT_STATE_SIZE)
  const passedOver = Math.floor(batch.lastOffsetDelta * call.passedOver)
  const run = {
    batch,
    buffer,
    at: PRINT_STATE_SIZE + HEAD_SIZE,
    end: batch.end - Math.min(call.missing, stored.length - HEAD_SIZE),
    index: 0,
    position: call.baseOffset + passedOver,
    taken: 0,
  }
  const limit = OUTPUT_AT + call.room
  const to = printer.print(run, 0, OUTPUT_AT, limit, call.most, { at: ENDS_AT, count: 0 })
  // Behind the output, and behind the prefix, which only a timestamp makes.
  buffer.fill(0, to, limit + PRINT_SLACK)
  if (call.form.timestamp !== undefined) buffer.fill(0, prefixAt(buffer), PRINT_STATE_SIZE)
  const { index, at, position, taken } = run
  return { to, index, at, position, taken, full: printer.full }
}

const prefixAt = (buffer: Buffer) => {
  const at = buffer.readInt32LE(PREFIX_AT)
  expect(at).toBeGreaterThanOrEqual(FIELDS_SIZE)
  return at
}

describe('the print kernel in AssemblyScript', () => {
  it('leaves the memory that the plain version leaves, whatever records, damage, columns and room', () => {
    const seen = { printed: 0, full: 0, stopped: 0 }
    fc.assert(
      fc.property(call, (call) => {
        const stored = storedBatch(call)
        fc.pre(stored.length <= SOURCE_SIZE - 64)
        const expected = printed(plain, stored, call)
        expect(printed(kernel, stored, call)).toEqual(expected)
        expect(kernel.buffer.equals(plain.buffer)).toBe(true)
        seen.printed += expected.taken
        if (expected.full) seen.full++
        else if (expected.index < call.records.length && expected.taken < call.most) seen.stopped++
      }),
      { numRuns: 300 },
    )
    expect(seen.printed).toBeGreaterThan(3000)
    expect(seen.full).toBeGreaterThan(20)
    expect(seen.stopped).toBeGreaterThan(20)
  })
})
