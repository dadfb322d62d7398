/**
 * WebAssembly by hand, for the kernels: opcodes as the bytes they are, helpers for those that take something behind
 * them, and the module around the functions. Names are the specification's.
 */
export const I32 = 0x7f
export const I64 = 0x7e
export const V128 = 0x7b
export const BLOCK = [0x02, 0x40]
export const LOOP = [0x03, 0x40]
export const IF = [0x04, 0x40]
export const ELSE = 0x05
export const END = 0x0b
export const RETURN = 0x0f
export const SELECT = 0x1b
export const br = (depth: number) => [0x0c, depth]
export const brIf = (depth: number) => [0x0d, depth]
export const call = (index: number) => [0x10, index]
export const get = (local: number) => [0x20, local]
export const set = (local: number) => [0x21, local]
export const tee = (local: number) => [0x22, local]
export const i32 = (value: number) => [0x41, ...signed(value)]
export const i64 = (value: bigint) => [0x42, ...signed64(value)]

export const load32 = (offset: number) => [0x28, 0, ...unsigned(offset)]
export const load64 = (offset: number) => [0x29, 0, ...unsigned(offset)]
export const load8 = (offset: number) => [0x2d, 0, ...unsigned(offset)]
export const store32 = (offset: number) => [0x36, 0, ...unsigned(offset)]
export const store64 = (offset: number) => [0x37, 0, ...unsigned(offset)]
export const storeDouble = (offset: number) => [0x39, 0, ...unsigned(offset)]
export const store8 = (offset: number) => [0x3a, 0, ...unsigned(offset)]
export const store16 = (offset: number) => [0x3b, 0, ...unsigned(offset)]

export const EQZ = 0x45
export const EQ = 0x46
export const NE = 0x47
export const LT_S = 0x48
export const LT_U = 0x49
export const GT_S = 0x4a
export const GT_U = 0x4b
export const GE_S = 0x4e
export const GE_U = 0x4f
export const CTZ = 0x68
export const ADD = 0x6a
export const SUB = 0x6b
export const MUL = 0x6c
export const DIV_U = 0x6e
export const REM_U = 0x70
export const AND = 0x71
export const OR = 0x72
export const XOR = 0x73
export const SHL = 0x74
export const SHR_U = 0x76

export const NE_64 = 0x52
export const LT_S_64 = 0x53
export const LT_U_64 = 0x54
export const CTZ_64 = 0x7a
export const ADD_64 = 0x7c
export const SUB_64 = 0x7d
export const MUL_64 = 0x7e
export const DIV_U_64 = 0x80
export const AND_64 = 0x83
export const OR_64 = 0x84
export const SHL_64 = 0x86
export const SHR_U_64 = 0x88
export const WRAP = 0xa7
export const EXTEND_S = 0xac
export const EXTEND_U = 0xad
/** A signed int64 as a float64. */
export const TO_DOUBLE = 0xb9

const loadVector = (offset: number) => [0xfd, 0x00, 0, ...unsigned(offset)]
const storeVector = (offset: number) => [0xfd, 0x0b, 0, ...unsigned(offset)]
export const LOAD_VECTOR = loadVector(0)
export const SPLAT_BYTE = [0xfd, 0x0f]
export const EQ_BYTES = [0xfd, 0x23]
export const OR_VECTOR = [0xfd, 0x50]
export const BITMASK = [0xfd, 0x64]

/**
 * Moves `length` bytes of memory from `from` to `to`, and `to` behind them. All are locals, `counter` one to use. Whole
 * vectors are moved, so many at a time and at least those: up to 16 * `atOnce` bytes behind are overwritten with anything.
 */
export const copyVectors = (to: number, from: number, length: number, counter: number, atOnce = 1): Code => [
  [i32(0), set(counter)],
  LOOP,
  Array.from({ length: atOnce }, (_, i) => [
    [get(to), get(counter), ADD, get(from), get(counter), ADD],
    [loadVector(16 * i), storeVector(16 * i)],
  ]),
  [get(counter), i32(16 * atOnce), ADD, tee(counter), get(length), LT_U, brIf(0)],
  END,
  [get(to), get(length), ADD, set(to)],
]

/** Instructions in order, nested in any way. */
export type Code = number | readonly Code[]

/** A function of a module. Parameters are its first locals. */
export interface WasmFunction {
  readonly parameters: readonly number[]
  readonly results: readonly number[]
  /** How many locals of which type follow the parameters. */
  readonly locals: readonly (readonly [count: number, type: number])[]
  readonly code: Code
}

/** A module on memory that is handed in (of so many pages, no more and no less). It exports the first function as ''. */
export function wasmModule(pages: number, functions: readonly WasmFunction[]): Uint8Array {
  const vector = (items: readonly (readonly number[])[]) => [...unsigned(items.length), ...items.flat()]
  const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content]
  const types = functions.map(({ parameters, results }) => [
    ...[0x60, parameters.length, ...parameters],
    ...[results.length, ...results],
  ])
  const bodies = functions.map(({ locals, code }) => {
    const body = vector(locals)
    flatten([code, END], body)
    return [...unsigned(body.length), ...body]
  })
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, [1, 0, 0, 2, 1, ...unsigned(pages), ...unsigned(pages)]),
    ...section(3, vector(functions.map((_, index) => [index]))),
    ...section(7, [1, 0, 0, 0]),
    ...section(10, vector(bodies)),
  ])
}

/** Without iterators: it runs once, in the interpreter. */
function flatten(code: readonly Code[], to: number[]): void {
  for (let i = 0; i < code.length; i++) {
    const part = code[i]
    if (typeof part === 'number') to.push(part)
    else flatten(part, to)
  }
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): number[] {
  const isLast = value >= -0x40 && value < 0x40
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)]
}

function signed64(value: bigint): number[] {
  const isLast = value >= -0x40n && value < 0x40n
  return isLast ? [Number(value & 0x7fn)] : [Number(value & 0x7fn) | 0x80, ...signed64(value >> 7n)]
}
