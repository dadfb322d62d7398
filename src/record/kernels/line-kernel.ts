/**
 * Lines into records, as a WebAssembly function: looks for line ends 16 bytes at a time, splits a key off, hashes it,
 * and moves each line behind its record's head in its partition's open batch, all within one memory. In JavaScript a
 * line of 100 bytes costs two calls (indexOf, copyWithin) and the bookkeeping around them, some 170 ns, with a key
 * 400; here 20 to 30, and 40.
 *
 * Only for what nearly every line is: one more record of an open batch, with varints of at most two bytes. It stops in
 * front of everything else, and JavaScript goes on from there; where there is no WebAssembly (or no SIMD), JavaScript
 * does all.
 */

import {
  ADD,
  AND,
  BITMASK,
  BLOCK,
  br,
  brIf,
  CTZ,
  copyVectors,
  ELSE,
  END,
  EQ,
  EQ_BYTES,
  EQZ,
  GE_S,
  GE_U,
  GT_U,
  get,
  I32,
  IF,
  i32,
  LOAD_VECTOR,
  LOOP,
  LT_U,
  load8,
  load32,
  MUL,
  OR,
  OR_VECTOR,
  REM_U,
  SHL,
  SHR_U,
  SPLAT_BYTE,
  SUB,
  set,
  store8,
  store16,
  store32,
  tee,
  V128,
  wasmModule,
  XOR,
} from './assembly/wasm-assembler.ts'
import { WasmMemory } from './wasm-memory.ts'

/** Lines up to this long, and batches up to so many records, are the kernel's. */
export const KERNEL_MAX_LINE = 0x2000 - 16
/** It writes whole vectors: up to this many bytes behind a record are overwritten with anything. */
export const KERNEL_SLACK = 16
/** Partitions that one call can spread lines over. */
export const KERNEL_MAX_ROWS = 64

/** Of int32s: the row that takes the next line, three that are not used, then for each row its four (see KernelRow). */
const STATE_HEAD = 4
const ROW_SIZE = 4
const STATE_SIZE = (STATE_HEAD + KERNEL_MAX_ROWS * ROW_SIZE) * 4

/**
 * Takes the lines of memory[from, end) into the rows' batches; memory[end] must be a line feed (a sentinel).
 * `separator`: the byte between key and value, -1 for lines without keys. `hashed`: 1 to choose the row by the key's
 * murmur2, 0 to take the rows in turn. Returns the position behind the last line taken; the rest stands in the state.
 */
type TakeLines = (
  from: number,
  end: number,
  stateAt: number,
  rows: number,
  separator: number,
  hashed: number,
) => number

/** An open batch that lines may go into. */
export interface KernelRow {
  /** Where the next record goes. */
  readonly at: number
  /** No record ends behind it. */
  readonly limit: number
  /** Records that the batch has. */
  readonly count: number
  /** The timestamp's, 0 to 63. */
  readonly delta: number
}

/** The function with its state, which is the memory's end. */
export class LineKernel {
  readonly #state: Int32Array
  readonly #stateAt: number
  readonly #take: TakeLines

  constructor(memory: Buffer, take: TakeLines) {
    this.#stateAt = memory.length - STATE_SIZE
    this.#state = new Int32Array(memory.buffer, this.#stateAt, STATE_SIZE / 4)
    this.#take = take
  }

  /** See KernelRow; a limit of 0 is a row that takes nothing: the kernel stops at a line that would go there. */
  setRow(row: number, at: number, limit: number, count: number, delta: number): void {
    const state = this.#state
    const i = STATE_HEAD + row * ROW_SIZE
    state[i] = at
    state[i + 1] = limit
    state[i + 2] = count
    state[i + 3] = delta << 9
  }

  atOf(row: number): number {
    return this.#state[STATE_HEAD + row * ROW_SIZE]
  }

  countOf(row: number): number {
    return this.#state[STATE_HEAD + row * ROW_SIZE + 2]
  }

  /** The row that comes next where they take turns. */
  get turn(): number {
    return this.#state[0]
  }

  set turn(row: number) {
    this.#state[0] = row
  }

  /** See TakeLines. */
  take(from: number, end: number, rows: number, separator: number, hashed: boolean): number {
    return this.#take(from, end, this.#stateAt, rows, separator, hashed ? 1 : 0)
  }
}

/** Memory that a kernel can work on, with the kernel's state at its end. */
export class KernelMemory extends WasmMemory {
  #kernel: LineKernel | undefined
  #tried = false

  /** At least `size` bytes beside the state. */
  constructor(size: number) {
    super(size + STATE_SIZE)
  }

  /** Compiled when first asked for; undefined where that cannot be. */
  get kernel(): LineKernel | undefined {
    if (!this.#tried) {
      this.#tried = true
      const take = this.link(moduleBytes)
      if (take !== undefined) this.#kernel = new LineKernel(this.buffer, take)
    }
    return this.#kernel
  }
}

// Parameters, then locals.
const [FROM, STOP, STATE, ROWS, SEPARATOR, HASHED] = [0, 1, 2, 3, 4, 5]
const [AT, MASK, LENGTH, BODY, NEXT, COPIED, ROW, TURN, TO, COUNT] = [6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
const [KEY_END, KEY_LENGTH, VALUE, HASH, WORD] = [16, 17, 18, 19, 20]
const INT_LOCALS = 15
const [LF_VECTOR, CR_VECTOR, SEPARATOR_VECTOR, VECTOR] = [21, 22, 23, 24]
const VECTOR_LOCALS = 4

/** Stores the zigzag varint of a local below 2^13 at TO, and moves TO behind it. */
const putVarint = (local: number) => [
  [get(local), i32(0x40), LT_U],
  IF,
  [get(TO), get(local), i32(1), SHL, store8(0)],
  [get(TO), i32(1), ADD, set(TO)],
  ELSE,
  // Low seven bits of value * 2 with the top bit set, then the rest.
  [get(TO), get(local), i32(1), SHL, i32(0x7f), AND, i32(0x80), OR],
  [get(local), i32(6), SHR_U, i32(8), SHL, OR, store16(0)],
  [get(TO), i32(2), ADD, set(TO)],
  END,
]
/** 1 when the varint of a local takes two bytes, 0 when one. */
const isLong = (local: number) => [get(local), i32(0x40), GE_U]

/** Copies to TO, and moves TO behind. */
const copy = (from: number, length: number) => copyVectors(TO, from, length, COPIED)

const M = 0x5bd1e995
/** HASH: murmur2 of memory[FROM, KEY_END), as client/murmur2.ts has it. Leaves AT as it is. */
const murmur2 = () => [
  [i32(0x9747b28c | 0), get(KEY_LENGTH), XOR, set(HASH), get(FROM), set(COPIED)],
  BLOCK,
  LOOP,
  [get(COPIED), i32(4), ADD, get(KEY_END), GT_U, brIf(1)],
  [get(COPIED), load32(0), i32(M), MUL, tee(WORD)],
  [get(WORD), i32(24), SHR_U, XOR, i32(M), MUL],
  [get(HASH), i32(M), MUL, XOR, set(HASH)],
  [get(COPIED), i32(4), ADD, set(COPIED), br(0)],
  END,
  END,
  // The one to three bytes that are left, as the low ones of a word.
  [get(KEY_LENGTH), i32(3), AND, tee(WORD)],
  IF,
  [get(COPIED), load32(0), i32(1), get(WORD), i32(3), SHL, SHL, i32(1), SUB, AND],
  [get(HASH), XOR, i32(M), MUL, set(HASH)],
  END,
  [get(HASH), get(HASH), i32(13), SHR_U, XOR, i32(M), MUL, tee(HASH)],
  [get(HASH), i32(15), SHR_U, XOR, set(HASH)],
]

/** See TakeLines. */
const takeLines = () => [
  [i32(10), SPLAT_BYTE, set(LF_VECTOR), i32(13), SPLAT_BYTE, set(CR_VECTOR)],
  [get(SEPARATOR), SPLAT_BYTE, set(SEPARATOR_VECTOR), get(STATE), load32(0), set(TURN)],
  BLOCK,
  LOOP,
  // AT: the line's end, a line feed or a carriage return.
  [get(FROM), set(AT)],
  BLOCK,
  LOOP,
  [get(AT), LOAD_VECTOR, tee(VECTOR), get(LF_VECTOR), EQ_BYTES],
  [get(VECTOR), get(CR_VECTOR), EQ_BYTES, OR_VECTOR, BITMASK, tee(MASK), brIf(1)],
  [get(AT), i32(16), ADD, set(AT), br(0)],
  END,
  END,
  [get(AT), get(MASK), CTZ, ADD, tee(AT)],
  [get(STOP), GE_U, brIf(1)],
  [get(AT), i32(1), ADD, set(NEXT)],
  [get(AT), load8(0), i32(13), EQ],
  IF,
  // What follows a carriage return must be known: a line feed there belongs to it.
  [get(NEXT), get(STOP), GE_U, brIf(2)],
  [get(NEXT), get(NEXT), load8(0), i32(10), EQ, ADD, set(NEXT)],
  END,
  [get(AT), get(FROM), SUB, tee(LENGTH), i32(KERNEL_MAX_LINE), GT_U, brIf(1)],
  [get(FROM), set(VALUE), get(TURN), set(ROW)],
  [get(SEPARATOR), i32(0), GE_S],
  IF,
  [get(FROM), set(KEY_END)],
  BLOCK,
  LOOP,
  [get(KEY_END), LOAD_VECTOR, get(SEPARATOR_VECTOR), EQ_BYTES, BITMASK, tee(MASK)],
  brIf(1),
  [get(KEY_END), i32(16), ADD, tee(KEY_END), get(AT), LT_U, brIf(0), br(4)],
  END,
  END,
  [get(KEY_END), get(MASK), CTZ, ADD, tee(KEY_END), get(AT), GE_U, brIf(2)],
  [get(KEY_END), get(FROM), SUB, set(KEY_LENGTH), get(KEY_END), i32(1), ADD, tee(VALUE)],
  [get(AT), SUB, i32(-1), MUL, set(LENGTH)],
  [get(HASHED), IF, murmur2()],
  [get(HASH), i32(0x7fffffff), AND, get(ROWS), REM_U, set(ROW), END],
  END,
  [get(STATE), i32(STATE_HEAD * 4), ADD, get(ROW), i32(4), SHL, ADD, tee(ROW)],
  [load32(0), set(TO), get(ROW), load32(8), tee(COUNT)],
  [i32(KERNEL_MAX_LINE), GT_U, brIf(1)],
  // Attributes, timestamp delta, offset delta, key's length or null, value's, no headers.
  [get(LENGTH), i32(6), ADD, isLong(LENGTH), ADD, isLong(COUNT), ADD, set(BODY)],
  [get(SEPARATOR), i32(0), GE_S],
  IF,
  [get(BODY), get(KEY_LENGTH), ADD, isLong(KEY_LENGTH), ADD, set(BODY)],
  END,
  [get(TO), get(BODY), ADD, i32(1), ADD, isLong(BODY), ADD],
  [get(ROW), load32(4), GT_U, brIf(1)],
  putVarint(BODY),
  [get(TO), get(ROW), load32(12), store16(0), get(TO), i32(2), ADD, set(TO)],
  putVarint(COUNT),
  [get(SEPARATOR), i32(0), GE_S],
  IF,
  [putVarint(KEY_LENGTH), copy(FROM, KEY_LENGTH)],
  ELSE,
  [get(TO), i32(1), store8(0), get(TO), i32(1), ADD, set(TO)],
  END,
  [putVarint(LENGTH), copy(VALUE, LENGTH)],
  [get(TO), i32(0), store8(0)],
  [get(ROW), get(TO), i32(1), ADD, store32(0)],
  [get(ROW), get(COUNT), i32(1), ADD, store32(8)],
  [get(HASHED), EQZ],
  IF,
  [get(TURN), i32(1), ADD, tee(TURN), get(ROWS), EQ, IF, i32(0), set(TURN), END],
  END,
  [get(NEXT), set(FROM), br(0)],
  END,
  END,
  [get(STATE), get(TURN), store32(0)],
  get(FROM),
]

function moduleBytes(pages: number): Uint8Array {
  return wasmModule(pages, [
    {
      parameters: [I32, I32, I32, I32, I32, I32],
      results: [I32],
      locals: [
        [INT_LOCALS, I32],
        [VECTOR_LOCALS, V128],
      ],
      code: takeLines(),
    },
  ])
}
