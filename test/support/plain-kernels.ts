/**
 * The contracts of the WebAssembly kernels (src/record/kernels/assembly) in plain TypeScript: slow, one step a line, and
 * written from the contract. Tests run both on the same memory.
 */
import { writeVarint } from '../../src/bytes/varint.ts'
import { partitionForKey } from '../../src/client/murmur2.ts'
import { KernelMemory } from '../../src/record/kernels/line-kernel.ts'
import * as LINES from '../../src/record/kernels/line-layout.ts'
import * as PRINT from '../../src/record/kernels/print-layout.ts'
import { type KernelFunction, WasmMemory } from '../../src/record/kernels/wasm-memory.ts'

/** Memory whose line kernel is the plain one. */
export class PlainLineMemory extends KernelMemory {
  override link(): KernelFunction {
    return (from, end, stateAt, rows, separator, hashed) =>
      plainTakeLines(
        this.buffer,
        from,
        end,
        new LineState(this.buffer, stateAt, rows),
        separator,
        hashed === 1,
      )
  }
}

/** Memory whose print kernel is the plain one. */
export class PlainPrintMemory extends WasmMemory {
  override link(): KernelFunction {
    return () => plainPrint(this.buffer)
  }
}

const varint = (value: number): Buffer => {
  const bytes = Buffer.alloc(5)
  return bytes.subarray(0, writeVarint(bytes, 0, value))
}

class LineState {
  readonly #memory: Buffer
  readonly #at: number
  readonly rows: number

  constructor(memory: Buffer, at: number, rows: number) {
    this.#memory = memory
    this.#at = at
    this.rows = rows
  }

  get turn(): number {
    return this.#memory.readInt32LE(this.#at + LINES.TURN_POSITION)
  }

  set turn(row: number) {
    this.#memory.writeInt32LE(row, this.#at + LINES.TURN_POSITION)
  }

  of(row: number) {
    const at = this.#at + LINES.ROWS_POSITION + row * LINES.ROW_SIZE
    return {
      at: this.#memory.readInt32LE(at + LINES.ROW_AT),
      limit: this.#memory.readInt32LE(at + LINES.ROW_LIMIT),
      count: this.#memory.readInt32LE(at + LINES.ROW_COUNT),
      attributes: this.#memory.subarray(at + LINES.ROW_ATTRIBUTES, at + LINES.ROW_ATTRIBUTES + 2),
    }
  }

  move(row: number, at: number, count: number): void {
    const rowAt = this.#at + LINES.ROWS_POSITION + row * LINES.ROW_SIZE
    this.#memory.writeInt32LE(at, rowAt + LINES.ROW_AT)
    this.#memory.writeInt32LE(count, rowAt + LINES.ROW_COUNT)
  }
}

function plainTakeLines(
  memory: Buffer,
  from: number,
  end: number,
  state: LineState,
  separator: number,
  hashed: boolean,
): number {
  for (let at = from; ; ) {
    let lineEnd = at
    while (memory[lineEnd] !== 0x0a && memory[lineEnd] !== 0x0d) lineEnd++
    let next = lineEnd + 1
    if (lineEnd >= end) return at
    if (memory[lineEnd] === 0x0d) {
      if (next >= end) return at
      if (memory[next] === 0x0a) next++
    }
    const line = memory.subarray(at, lineEnd)
    if (line.length > LINES.KERNEL_MAX_LINE) return at
    const keyLength = separator < 0 ? 0 : line.indexOf(separator)
    if (keyLength < 0) return at
    const key = separator < 0 ? [varint(-1)] : [varint(keyLength), line.subarray(0, keyLength)]
    const value = separator < 0 ? line : line.subarray(keyLength + 1)
    const row = hashed ? partitionForKey(line, 0, keyLength, state.rows) : state.turn
    const { at: to, limit, count, attributes } = state.of(row)
    if (count > LINES.KERNEL_MAX_LINE) return at
    const fields = [attributes, varint(count), ...key, varint(value.length), value, varint(0)]
    const body = Buffer.concat(fields)
    const record = Buffer.concat([varint(body.length), body])
    if (to + record.length > limit) return at
    record.copy(memory, to)
    state.move(row, to + record.length, count + 1)
    if (!hashed) state.turn = (state.turn + 1) % state.rows
    at = next
  }
}

class NotOrdinary extends Error {}

/** What stands in memory[at, end), field by field. */
class Fields {
  readonly #memory: Buffer
  readonly end: number
  at: number

  constructor(memory: Buffer, at: number, end: number) {
    this.#memory = memory
    this.at = at
    this.end = end
  }

  /** An unsigned varint of at most four bytes. */
  unsigned(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#memory[this.skip(1)]
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new NotOrdinary()
  }

  signed(): number {
    const raw = this.unsigned()
    return raw & 1 ? -(raw + 1) / 2 : raw / 2
  }

  count(): number {
    const value = this.signed()
    if (value < 0) throw new NotOrdinary()
    return value
  }

  /** Bytes behind their length; null for -1. */
  bytes(): Buffer | null {
    const length = this.signed()
    if (length < -1) throw new NotOrdinary()
    return length === -1 ? null : this.#memory.subarray(this.skip(length), this.at)
  }

  skip(length: number): number {
    this.at += length
    if (this.at > this.end) throw new NotOrdinary()
    return this.at - length
  }
}

function recordAt(memory: Buffer, at: number, end: number) {
  const all = new Fields(memory, at, end)
  const size = all.count()
  if (size < 6) throw new NotOrdinary()
  const fields = new Fields(memory, all.skip(size), all.at)
  fields.skip(1)
  const timestampDelta = fields.signed()
  const offsetDelta = fields.count()
  const key = fields.bytes()
  const value = fields.bytes()
  const headerCount = fields.count()
  if (headerCount > 1000) throw new NotOrdinary()
  const headers = Array.from({ length: headerCount }, () => {
    const name = fields.bytes()
    if (name === null) throw new NotOrdinary()
    return { name, value: fields.bytes() }
  })
  if (fields.at !== fields.end) throw new NotOrdinary()
  return { timestampDelta, offsetDelta, key, value, headers, end: fields.end }
}

type StoredRecord = ReturnType<typeof recordAt>

function ordinaryRecord(memory: Buffer, at: number, end: number): StoredRecord | undefined {
  try {
    return recordAt(memory, at, end)
  } catch (error) {
    if (error instanceof NotOrdinary) return undefined
    throw error
  }
}

function plainPrint(memory: Buffer): number {
  const int = (field: number) => memory.readInt32LE(field)
  let position = memory.readBigInt64LE(PRINT.POSITION)
  let at = int(PRINT.AT)
  let index = int(PRINT.INDEX)
  let to = int(PRINT.TO)
  let ends = int(PRINT.ENDS)
  let taken = 0
  let full = false
  while (index < int(PRINT.COUNT) && taken < int(PRINT.MOST)) {
    const record = ordinaryRecord(memory, at, int(PRINT.END))
    if (record === undefined || record.offsetDelta > int(PRINT.LAST_OFFSET_DELTA)) break
    const offset = memory.readBigInt64LE(PRINT.BASE_OFFSET) + BigInt(record.offsetDelta)
    if (offset >= position) {
      const most = record.end - at + int(PRINT.FIXED_SIZE) + record.headers.length * int(PRINT.HEADER_SIZE)
      full = to + most > int(PRINT.LIMIT)
      if (full) break
      position = offset + 1n
      to += printed(memory, record, offset).copy(memory, to)
      memory.writeDoubleLE(Number(position), ends)
      memory.writeInt32LE(to, ends + PRINT.END_ADDRESS)
      ends += PRINT.PRINTED_END_SIZE
      taken++
    }
    at = record.end
    index++
  }
  memory.writeBigInt64LE(position, PRINT.POSITION)
  memory.writeInt32LE(at, PRINT.AT)
  memory.writeInt32LE(index, PRINT.INDEX)
  memory.writeInt32LE(to, PRINT.TO)
  memory.writeInt32LE(taken, PRINT.TAKEN)
  memory.writeInt32LE(full ? 1 : 0, PRINT.FULL)
  return 0
}

function printed(memory: Buffer, record: StoredRecord, offset: bigint): Buffer {
  const has = (field: number) => memory.readInt32LE(field) === 1
  const constant = (field: number) => {
    const at = memory.readInt32LE(field)
    return memory.subarray(at, at + memory.readInt32LE(field + 4))
  }
  const field = (bytes: Buffer | null) => bytes ?? constant(PRINT.NULL_LITERAL)
  const parts: Buffer[] = []
  if (has(PRINT.HAS_TIMESTAMP)) {
    const timestamp = has(PRINT.HAS_APPEND_TIME)
      ? memory.readBigInt64LE(PRINT.APPEND_TIME)
      : memory.readBigInt64LE(PRINT.BASE_TIMESTAMP) + BigInt(record.timestampDelta)
    parts.push(constant(PRINT.TIMESTAMP_LEAD), Buffer.from(String(timestamp)))
  }
  if (has(PRINT.HAS_OFFSET)) parts.push(constant(PRINT.OFFSET_LEAD), Buffer.from(String(offset)))
  if (has(PRINT.HAS_HEADERS)) {
    parts.push(constant(record.headers.length === 0 ? PRINT.NO_HEADERS : PRINT.HEADERS_LEAD))
    record.headers.forEach(({ name, value }, i) => {
      if (i > 0) parts.push(constant(PRINT.HEADER_SEPARATOR))
      parts.push(name, constant(PRINT.HEADER_COLON), field(value))
    })
  }
  if (has(PRINT.HAS_KEY)) parts.push(constant(PRINT.KEY_LEAD), field(record.key))
  if (has(PRINT.HAS_VALUE)) parts.push(constant(PRINT.VALUE_LEAD), field(record.value))
  return Buffer.concat([...parts, constant(PRINT.ENDING)])
}
