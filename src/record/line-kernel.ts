/**
 * Lines into records, as a WebAssembly function: looks for line ends 16 bytes at a time and moves each line behind its
 * record's head, within one memory. In JavaScript a line of 100 bytes costs two calls (indexOf, copyWithin) and the
 * bookkeeping around them, some 170 ns; here 20 to 30.
 *
 * Only for what nearly every line is: a value and nothing else, one more record of an open batch, with varints of at
 * most two bytes. It stops in front of everything else, and JavaScript goes on from there; where there is no
 * WebAssembly (or no SIMD), JavaScript does all.
 */

/** Lines up to this long, and batches up to so many records, are the kernel's. */
export const KERNEL_MAX_LINE = 0x2000 - 16
/** It writes whole vectors: up to this many bytes behind a record are overwritten with anything. */
export const KERNEL_SLACK = 16
/** Where it leaves its result: int32 position behind the last record, int32 records of the batch. */
export const KERNEL_RESULT_SIZE = 16

const PAGE = 65536

/**
 * Takes the lines of memory[from, end) into records at `to`; memory[end] must be a line feed (a sentinel).
 * `limit`: no record ends behind it. `count`: records that the batch has; `delta`: their timestamp's, 0 to 63.
 * Returns the position behind the last line taken; the rest stands at `result`.
 */
type TakeLines = (
  from: number,
  end: number,
  to: number,
  limit: number,
  count: number,
  delta: number,
  result: number,
) => number

export interface LineKernel {
  /** The memory's last bytes, as int32s: see KERNEL_RESULT_SIZE. */
  readonly result: Int32Array
  readonly resultAt: number
  readonly take: TakeLines
}

/** What there is of WebAssembly's types without the DOM's. */
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> }
}

/** Memory that a kernel can work on. */
export class KernelMemory {
  readonly buffer: Buffer
  readonly #memory: object | undefined
  #kernel: LineKernel | undefined
  #tried = false

  /** At least `size` bytes; plain memory where WebAssembly has none to give (a limit on address space). */
  constructor(size: number) {
    const pages = Math.ceil((size + KERNEL_RESULT_SIZE) / PAGE)
    try {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
      this.#memory = memory
      this.buffer = Buffer.from(memory.buffer)
    } catch {
      this.buffer = Buffer.allocUnsafeSlow(size)
    }
  }

  /** Compiled when first asked for; undefined where that cannot be. */
  get kernel(): LineKernel | undefined {
    if (!this.#tried) {
      this.#tried = true
      this.#kernel = this.#compile()
    }
    return this.#kernel
  }

  #compile(): LineKernel | undefined {
    if (this.#memory === undefined) return undefined
    try {
      const module = new WebAssembly.Module(moduleBytes(this.buffer.length / PAGE))
      const { take } = new WebAssembly.Instance(module, { '': { '': this.#memory } }).exports
      const resultAt = this.buffer.length - KERNEL_RESULT_SIZE
      return { take: take as TakeLines, resultAt, result: new Int32Array(this.buffer.buffer, resultAt, 4) }
    } catch {
      return undefined
    }
  }
}

const I32 = 0x7f
const V128 = 0x7b
const BLOCK = [0x02, 0x40]
const LOOP = [0x03, 0x40]
const IF = [0x04, 0x40]
const ELSE = 0x05
const END = 0x0b
const br = (depth: number) => [0x0c, depth]
const brIf = (depth: number) => [0x0d, depth]
const get = (local: number) => [0x20, local]
const set = (local: number) => [0x21, local]
const tee = (local: number) => [0x22, local]
const load8 = (offset: number) => [0x2d, 0, offset]
const store8 = (offset: number) => [0x3a, 0, offset]
const store16 = (offset: number) => [0x3b, 0, offset]
const store32 = (offset: number) => [0x36, 0, offset]
const i32 = (value: number) => [0x41, ...signed(value)]
const EQ = 0x46
const LT_U = 0x49
const GT_U = 0x4b
const GE_U = 0x4f
const CTZ = 0x68
const ADD = 0x6a
const SUB = 0x6b
const AND = 0x71
const OR = 0x72
const SHL = 0x74
const SHR_U = 0x76
const LOAD_VECTOR = [0xfd, 0x00, 0, 0]
const STORE_VECTOR = [0xfd, 0x0b, 0, 0]
const SPLAT_BYTE = [0xfd, 0x0f]
const EQ_BYTES = [0xfd, 0x23]
const OR_VECTOR = [0xfd, 0x50]
const BITMASK = [0xfd, 0x64]

// Parameters, then locals.
const [FROM, STOP, TO, LIMIT, COUNT, DELTA, RESULT] = [0, 1, 2, 3, 4, 5, 6]
const [AT, MASK, LENGTH, BODY, NEXT, COPIED, LF_VECTOR, CR_VECTOR, VECTOR] = [7, 8, 9, 10, 11, 12, 13, 14, 15]

/** Stores the zigzag varint of a local below 2^13 at TO, and moves TO behind it. */
const putVarint = (local: number) => [
  ...[...get(local), ...i32(0x40), LT_U],
  ...IF,
  ...[...get(TO), ...get(local), ...i32(1), SHL, ...store8(0)],
  ...[...get(TO), ...i32(1), ADD, ...set(TO)],
  ELSE,
  // Low seven bits of value * 2 with the top bit set, then the rest.
  ...[...get(TO), ...get(local), ...i32(1), SHL, ...i32(0x7f), AND, ...i32(0x80), OR],
  ...[...get(local), ...i32(6), SHR_U, ...i32(8), SHL, OR, ...store16(0)],
  ...[...get(TO), ...i32(2), ADD, ...set(TO)],
  END,
]
/** 1 when the varint of a local takes two bytes, 0 when one. */
const isLong = (local: number) => [...get(local), ...i32(0x40), GE_U]

/** See TakeLines. */
const TAKE = [
  ...[...i32(10), ...SPLAT_BYTE, ...set(LF_VECTOR), ...i32(13), ...SPLAT_BYTE, ...set(CR_VECTOR)],
  ...BLOCK,
  ...LOOP,
  // AT: the line's end, a line feed or a carriage return.
  ...[...get(FROM), ...set(AT)],
  ...BLOCK,
  ...LOOP,
  ...[...get(AT), ...LOAD_VECTOR, ...tee(VECTOR), ...get(LF_VECTOR), ...EQ_BYTES],
  ...[...get(VECTOR), ...get(CR_VECTOR), ...EQ_BYTES, ...OR_VECTOR, ...BITMASK, ...tee(MASK), ...brIf(1)],
  ...[...get(AT), ...i32(16), ADD, ...set(AT), ...br(0)],
  END,
  END,
  ...[...get(AT), ...get(MASK), CTZ, ADD, ...tee(AT)],
  ...[...get(STOP), GE_U, ...brIf(1)],
  ...[...get(AT), ...i32(1), ADD, ...set(NEXT)],
  ...[...get(AT), ...load8(0), ...i32(13), EQ],
  ...IF,
  // What follows a carriage return must be known: a line feed there belongs to it.
  ...[...get(NEXT), ...get(STOP), GE_U, ...brIf(2)],
  ...[...get(NEXT), ...get(NEXT), ...load8(0), ...i32(10), EQ, ADD, ...set(NEXT)],
  END,
  ...[...get(AT), ...get(FROM), SUB, ...tee(LENGTH), ...i32(KERNEL_MAX_LINE), GT_U, ...brIf(1)],
  ...[...get(COUNT), ...i32(KERNEL_MAX_LINE), GT_U, ...brIf(1)],
  // Attributes, timestamp delta, offset delta, null key, length and value, no headers.
  ...[...get(LENGTH), ...i32(6), ADD, ...isLong(LENGTH), ADD, ...isLong(COUNT), ADD, ...set(BODY)],
  ...[...get(TO), ...get(BODY), ADD, ...i32(1), ADD, ...isLong(BODY), ADD, ...get(LIMIT), GT_U, ...brIf(1)],
  ...putVarint(BODY),
  ...[...get(TO), ...get(DELTA), ...i32(9), SHL, ...store16(0), ...get(TO), ...i32(2), ADD, ...set(TO)],
  ...putVarint(COUNT),
  ...[...get(TO), ...i32(1), ...store8(0), ...get(TO), ...i32(1), ADD, ...set(TO)],
  ...putVarint(LENGTH),
  ...[...i32(0), ...set(COPIED)],
  ...LOOP,
  ...[...get(TO), ...get(COPIED), ADD, ...get(FROM), ...get(COPIED), ADD, ...LOAD_VECTOR, ...STORE_VECTOR],
  ...[...get(COPIED), ...i32(16), ADD, ...tee(COPIED), ...get(LENGTH), LT_U, ...brIf(0)],
  END,
  ...[...get(TO), ...get(LENGTH), ADD, ...tee(TO), ...i32(0), ...store8(0)],
  ...[...get(TO), ...i32(1), ADD, ...set(TO)],
  ...[...get(COUNT), ...i32(1), ADD, ...set(COUNT), ...get(NEXT), ...set(FROM), ...br(0)],
  END,
  END,
  ...[...get(RESULT), ...get(TO), ...store32(0), ...get(RESULT), ...get(COUNT), ...store32(4)],
  ...get(FROM),
  END,
]

/** A module of the one function on memory that is handed in. */
function moduleBytes(pages: number): Uint8Array {
  const section = (id: number, content: number[]) => [id, ...unsigned(content.length), ...content]
  const code = [2, 6, I32, 3, V128, ...TAKE]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 7, I32, I32, I32, I32, I32, I32, I32, 1, I32]),
    ...section(2, [1, 0, 0, 2, 1, ...unsigned(pages), ...unsigned(pages)]),
    ...section(3, [1, 0]),
    ...section(7, [1, 4, ...Buffer.from('take'), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ])
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): number[] {
  const isLast = value >= -0x40 && value < 0x40
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)]
}
