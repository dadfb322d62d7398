/**
 * Lines into records by WebAssembly: a kernel (assembly/lines.ts) looks for line ends 16 bytes at a time, splits a key off,
 * hashes it, and moves each line behind its record's head in its partition's open batch, all within one memory. In
 * JavaScript a line of 100 bytes costs two calls (indexOf, copyWithin) and the bookkeeping around them, some 170 ns, with
 * a key 400; here 20 to 30, and 40.
 *
 * The kernel does only what nearly every line needs: one more record of an open batch, with varints of at most two bytes.
 * It stops in front of everything else, and JavaScript goes on from there; where there is no WebAssembly (or no SIMD),
 * JavaScript does all.
 */

import { LINES_WASM } from './generated/lines.ts'
import {
  LINE_STATE_SIZE,
  ROW_AT,
  ROW_ATTRIBUTES,
  ROW_COUNT,
  ROW_LIMIT,
  ROW_SIZE,
  ROWS_POSITION,
  TURN_POSITION,
} from './line-layout.ts'
import { WasmMemory } from './wasm-memory.ts'

/** See assembly/lines.ts, which has the contract. */
type TakeLines = (
  from: number,
  end: number,
  stateAt: number,
  rows: number,
  separator: number,
  hashed: number,
) => number

/** The function with its state, which is the memory's end. */
export class LineKernel {
  readonly #state: Int32Array
  readonly #stateAt: number
  readonly #take: TakeLines

  constructor(memory: Buffer, take: TakeLines) {
    this.#stateAt = memory.length - LINE_STATE_SIZE
    this.#state = new Int32Array(memory.buffer, this.#stateAt, LINE_STATE_SIZE / 4)
    this.#take = take
  }

  /**
   * An open batch that lines may go into: the next record goes to `at`, none ends behind `limit`, the batch has `count` records and the
   * timestamp's delta is `delta`, 0 to 63. A limit of 0 is a row that takes nothing: the kernel stops at a line that would go there.
   */
  setRow(row: number, at: number, limit: number, count: number, delta: number): void {
    const rowAt = ROWS_POSITION + row * ROW_SIZE
    this.#set(rowAt + ROW_AT, at)
    this.#set(rowAt + ROW_LIMIT, limit)
    this.#set(rowAt + ROW_COUNT, count)
    // No attributes, then the delta as a zigzag varint of one byte.
    this.#set(rowAt + ROW_ATTRIBUTES, delta << 9)
  }

  atOf(row: number): number {
    return this.#get(ROWS_POSITION + row * ROW_SIZE + ROW_AT)
  }

  countOf(row: number): number {
    return this.#get(ROWS_POSITION + row * ROW_SIZE + ROW_COUNT)
  }

  /** The row that comes next where they take turns. */
  get turn(): number {
    return this.#get(TURN_POSITION)
  }

  set turn(row: number) {
    this.#set(TURN_POSITION, row)
  }

  /**
   * Takes the lines of memory[from, end) into the rows' batches; memory[end] must be a line feed (a sentinel).
   * `separator`: the byte between key and value, -1 for lines without keys. `hashed`: the key's murmur2 chooses the row,
   * otherwise the rows take turns. Returns the position behind the last line taken; the rest stands in the state.
   */
  take(from: number, end: number, rows: number, separator: number, hashed: boolean): number {
    return this.#take(from, end, this.#stateAt, rows, separator, hashed ? 1 : 0)
  }

  #get(position: number): number {
    return this.#state[position >> 2]
  }

  #set(position: number, value: number): void {
    this.#state[position >> 2] = value
  }
}

/** Memory that a kernel can work on, with the kernel's state at its end. */
export class KernelMemory extends WasmMemory {
  #kernel: LineKernel | undefined
  #tried = false

  /** At least `size` bytes beside the state. */
  constructor(size: number) {
    super(size + LINE_STATE_SIZE)
  }

  /** Compiled when first asked for; undefined where that cannot be. */
  get kernel(): LineKernel | undefined {
    if (!this.#tried) {
      this.#tried = true
      const take = this.link(LINES_WASM, 'takeLines')
      if (take !== undefined) this.#kernel = new LineKernel(this.buffer, take)
    }
    return this.#kernel
  }
}
