/** The print kernel's WebAssembly and where in memory its state stands. See print-kernel.ts. */
import { PRINTED_END_SIZE } from '../printed-form.ts'
import {
  ADD,
  ADD_64,
  AND,
  AND_64,
  BLOCK,
  br,
  brIf,
  type Code,
  CTZ,
  CTZ_64,
  call,
  copyVectors,
  DIV_U,
  DIV_U_64,
  ELSE,
  END,
  EQZ,
  EXTEND_S,
  EXTEND_U,
  GE_U,
  GT_S,
  GT_U,
  get,
  I32,
  I64,
  IF,
  i32,
  i64,
  LOOP,
  LT_S,
  LT_S_64,
  LT_U,
  LT_U_64,
  load32,
  load64,
  MUL,
  MUL_64,
  NE,
  NE_64,
  OR,
  OR_64,
  RETURN,
  SELECT,
  SHL_64,
  SHR_U,
  SHR_U_64,
  SUB,
  SUB_64,
  set,
  store8,
  store32,
  store64,
  storeDouble,
  TO_DOUBLE,
  tee,
  WRAP,
  wasmModule,
  XOR,
} from './wasm-assembler.ts'

/** Addresses. The first four are int64, all else int32, and constants are two of them, address and length. */
export const STATE = {
  /** In and out: offsets below it are passed over; behind the last one printed. */
  position: 0,
  baseOffset: 8,
  baseTimestamp: 16,
  appendTime: 24,
  hasAppendTime: 32,
  lastOffsetDelta: 36,
  /** In and out: number and address of the next record, and where it is printed to. */
  index: 40,
  at: 44,
  to: 48,
  /** Records of the batch, the end of their bytes, the end of the room, how many may be printed. */
  count: 52,
  end: 56,
  limit: 60,
  most: 64,
  /** Out: how many were printed; 1 when the next one has no room. */
  taken: 68,
  full: 72,
  /** Bytes printed of a record that are not its own, at most, without headers; and those of a header. */
  fixedSize: 76,
  headerSize: 80,
  hasTimestamp: 84,
  hasOffset: 88,
  hasHeaders: 92,
  hasKey: 96,
  hasValue: 100,
  /** What is printed in front of the offset. */
  prefixAt: 104,
  prefixLength: 108,
  timestampLead: 112,
  offsetLead: 120,
  /** With what stands in front of headers. */
  noHeaders: 128,
  headersLead: 136,
  headerColon: 144,
  headerSeparator: 152,
  nullLiteral: 160,
  keyLead: 168,
  valueLead: 176,
  ending: 184,
  /** Where the end of the next record is noted. */
  ends: 192,
  /** Constant bytes from here on. */
  size: 200,
} as const

/** attributes, timestamp, offset, key length, value length, header count. */
const MIN_BODY_SIZE = 6
const MIN_HEADER_SIZE = 2
/** More headers are nothing ordinary. */
const MAX_HEADERS = 1000

/** The module's functions. */
const [DECIMAL, EIGHT_DIGITS, VARINT, CONSTANT, PREFIX_OF, HEADERS_END, PUT_HEADERS] = [1, 2, 3, 4, 5, 6, 7]

const [AT, END_OF_ALL, INDEX, COUNT, TO, LIMIT, TAKEN, MOST, LAST_DELTA] = [0, 1, 2, 3, 4, 5, 6, 7, 8]
const [P, WORD, RAW, DELTA, RECORD_END, FULL, COPIED] = [9, 10, 11, 12, 13, 14, 15]
const [KEY, KEY_LENGTH, VALUE, VALUE_LENGTH, HEADERS, HEADERS_COUNT] = [16, 17, 18, 19, 20, 21]
const [FROM, LENGTH, PREFIX, PREFIX_LENGTH, ENDS] = [22, 23, 24, 25, 26]
const INT_LOCALS = 27
const [POSITION, BASE_OFFSET, OFFSET, TIMESTAMP, LAST_TIMESTAMP] = [27, 28, 29, 30, 31]
const LONG_LOCALS = 5

const state = (at: number) => [i32(0), load32(at)]
const stateLong = (at: number) => [i32(0), load64(at)]

/** RAW: the unsigned varint at P, and P behind it; a longer one than of four bytes leaves P behind the end of everything. */
const readVarint = () => [
  [get(P), load32(0), tee(WORD), i32(0x7f), AND, set(RAW)],
  [get(WORD), i32(0x80), AND, EQZ],
  [IF, get(P), i32(1), ADD, set(P), ELSE],
  [get(WORD), i32(0x8000), AND, EQZ],
  [IF, get(WORD), i32(1), SHR_U, i32(0x3f80), AND, get(RAW), OR, set(RAW)],
  [get(P), i32(2), ADD, set(P)],
  [ELSE, get(P), get(END_OF_ALL), call(VARINT), set(P), set(RAW), END],
  END,
]
const isOdd = (local: number) => [get(local), i32(1), AND]
const halfOf = (local: number) => [get(local), i32(1), SHR_U]
const zigzag = (local: number) => [halfOf(local), i32(0), isOdd(local), SUB, XOR]

/** Length at P to `length` (-1: null), bytes at `from`, P behind them. Stops the loop. */
const readField = (from: number, length: number) => [
  readVarint(),
  [zigzag(RAW), tee(length), i32(-1), LT_S, brIf(1)],
  [get(P), tee(from), get(length), i32(0), get(length), i32(0), LT_S, EQZ, SELECT, ADD, tee(P)],
  [get(RECORD_END), GT_U, brIf(1)],
]

const putConstant = (at: number) => [
  [state(at + 4), tee(LENGTH)],
  [IF, state(at), set(FROM), copyVectors(TO, FROM, LENGTH, COPIED), END],
]
/** A field's bytes or the null literal. */
const putField = (from: number, length: number) => [
  [get(length), i32(0), LT_S],
  [IF, get(TO), i32(STATE.nullLiteral), call(CONSTANT), set(TO)],
  [ELSE, copyVectors(TO, from, length, COPIED, 2), END],
]

const print = () => [
  [state(STATE.at), set(AT), state(STATE.end), set(END_OF_ALL)],
  [state(STATE.index), set(INDEX), state(STATE.count), set(COUNT)],
  [state(STATE.to), set(TO), state(STATE.limit), set(LIMIT)],
  [state(STATE.most), set(MOST), state(STATE.lastOffsetDelta), set(LAST_DELTA)],
  [stateLong(STATE.position), set(POSITION), stateLong(STATE.baseOffset), set(BASE_OFFSET)],
  [state(STATE.prefixAt), set(PREFIX), state(STATE.ends), set(ENDS)],
  // Not known before the first timestamp.
  [i32(-1), state(STATE.prefixLength), state(STATE.hasTimestamp), SELECT, set(PREFIX_LENGTH)],
  BLOCK,
  LOOP,
  [get(INDEX), get(COUNT), GE_U, brIf(1)],
  [get(TAKEN), get(MOST), GE_U, brIf(1)],
  [get(AT), set(P)],
  [readVarint(), isOdd(RAW), brIf(1)],
  [halfOf(RAW), i32(MIN_BODY_SIZE), LT_U, brIf(1)],
  [get(P), halfOf(RAW), ADD, tee(RECORD_END), get(END_OF_ALL), GT_U, brIf(1)],
  [get(P), i32(1), ADD, set(P)],
  [readVarint(), get(RAW), set(DELTA)],
  [readVarint(), isOdd(RAW), brIf(1)],
  [halfOf(RAW), get(LAST_DELTA), GT_S, brIf(1)],
  [get(BASE_OFFSET), halfOf(RAW), EXTEND_U, ADD_64, set(OFFSET)],
  readField(KEY, KEY_LENGTH),
  readField(VALUE, VALUE_LENGTH),
  [readVarint(), isOdd(RAW), brIf(1)],
  [halfOf(RAW), tee(HEADERS_COUNT)],
  IF,
  [get(HEADERS_COUNT), i32(MAX_HEADERS), GT_U, brIf(2)],
  [get(P), get(RECORD_END), GT_U, brIf(2)],
  [get(HEADERS_COUNT), i32(MIN_HEADER_SIZE), MUL, get(RECORD_END), get(P), SUB, GT_U, brIf(2)],
  [get(P), tee(HEADERS), get(HEADERS_COUNT), get(RECORD_END), call(HEADERS_END), set(P)],
  END,
  [get(P), get(RECORD_END), NE, brIf(1)],
  // It is whole. Passed over?
  [get(OFFSET), get(POSITION), LT_S_64],
  [IF, get(RECORD_END), set(AT), get(INDEX), i32(1), ADD, set(INDEX), br(1), END],
  [get(TO), get(RECORD_END), ADD, get(AT), SUB, state(STATE.fixedSize), ADD],
  [get(HEADERS_COUNT), state(STATE.headerSize), MUL, ADD, get(LIMIT), GT_U, tee(FULL), brIf(1)],
  [get(OFFSET), i64(1n), ADD_64, set(POSITION)],
  state(STATE.hasTimestamp),
  IF,
  [state(STATE.hasAppendTime), IF, stateLong(STATE.appendTime), set(TIMESTAMP)],
  [ELSE, stateLong(STATE.baseTimestamp), zigzag(DELTA), EXTEND_S, ADD_64, set(TIMESTAMP), END],
  // Another timestamp than that of the record before?
  [get(PREFIX_LENGTH), i32(0), LT_S, get(TIMESTAMP), get(LAST_TIMESTAMP), NE_64, OR],
  [IF, get(TIMESTAMP), tee(LAST_TIMESTAMP), call(PREFIX_OF), set(PREFIX_LENGTH), END],
  END,
  [get(PREFIX_LENGTH), IF, copyVectors(TO, PREFIX, PREFIX_LENGTH, COPIED), END],
  [state(STATE.hasOffset), IF, get(TO), get(OFFSET), call(DECIMAL), set(TO), END],
  state(STATE.hasHeaders),
  IF,
  [get(HEADERS_COUNT), IF, get(TO), get(HEADERS), get(HEADERS_COUNT), call(PUT_HEADERS), set(TO)],
  [ELSE, putConstant(STATE.noHeaders), END],
  END,
  [state(STATE.hasKey), IF, putConstant(STATE.keyLead), putField(KEY, KEY_LENGTH), END],
  [state(STATE.hasValue), IF, putConstant(STATE.valueLead), putField(VALUE, VALUE_LENGTH), END],
  putConstant(STATE.ending),
  [get(ENDS), get(POSITION), TO_DOUBLE, storeDouble(0), get(ENDS), get(TO), store32(8)],
  [get(ENDS), i32(PRINTED_END_SIZE), ADD, set(ENDS)],
  [get(RECORD_END), set(AT), get(INDEX), i32(1), ADD, set(INDEX)],
  [get(TAKEN), i32(1), ADD, set(TAKEN), br(0)],
  END,
  END,
  [i32(0), get(POSITION), store64(STATE.position), i32(0), get(AT), store32(STATE.at)],
  [i32(0), get(INDEX), store32(STATE.index), i32(0), get(TO), store32(STATE.to)],
  [i32(0), get(TAKEN), store32(STATE.taken), i32(0), get(FULL), store32(STATE.full)],
]

/** (at, end) -> value and position behind of a varint of up to four bytes; of a longer one, the position end + 1. */
const varint = () => {
  const [at, end, word, stop] = [0, 1, 2, 3]
  return [
    // The top bits, turned round: the first that is set ends the varint.
    [get(at), load32(0), tee(word), i32(0x80808080 | 0), AND, i32(0x80808080 | 0), XOR, tee(stop), EQZ],
    [IF, i32(0), get(end), i32(1), ADD, RETURN, END],
    [get(stop), get(stop), i32(1), SUB, XOR, get(word), AND, tee(word), i32(0x7f), AND],
    [get(word), i32(1), SHR_U, i32(0x3f80), AND, OR],
    [get(word), i32(2), SHR_U, i32(0x1fc000), AND, OR],
    [get(word), i32(3), SHR_U, i32(0xfe00000), AND, OR],
    [get(at), get(stop), CTZ, i32(1), ADD, i32(3), SHR_U, ADD],
  ]
}

/** (to, state) -> the address behind: writes a constant. */
const constant = () => {
  const [to, at, from, length, copied] = [0, 1, 2, 3, 4]
  return [
    [get(at), load32(0), set(from), get(at), load32(4), set(length)],
    [copyVectors(to, from, length, copied), get(to)],
  ]
}

/** (timestamp) -> length: puts together what stands in front of the offset. */
const prefix = () => [
  [state(STATE.prefixAt), i32(STATE.timestampLead), call(CONSTANT), get(0), call(DECIMAL)],
  [i32(STATE.offsetLead), call(CONSTANT), state(STATE.prefixAt), SUB],
]

/** (at, count, end) -> the position behind so many headers; end + 1 where they are no ordinary ones. */
const headersEnd = () => {
  const [at, count, end, raw] = [0, 1, 2, 3]
  const stopIf = (condition: Code) => [condition, IF, get(end), i32(1), ADD, RETURN, END]
  const behind = [get(at), halfOf(raw), ADD, tee(at), get(end), GT_U]
  return [
    LOOP,
    // A header's key is never null.
    [get(at), get(end), call(VARINT), set(at), tee(raw), stopIf([i32(1), AND]), stopIf(behind)],
    // An odd number is negative: -1, which stands for null.
    [get(at), get(end), call(VARINT), set(at), set(raw), stopIf([isOdd(raw), get(raw), i32(1), NE, AND])],
    stopIf(behind),
    [get(count), i32(1), SUB, tee(count), brIf(0)],
    END,
    get(at),
  ]
}

/** (to, at, count) -> the address behind: writes headers that were checked. */
const putHeaders = () => {
  const [to, at, count, raw, length, copied] = [0, 1, 2, 3, 4, 5]
  const put = (constantAt: number) => [get(to), i32(constantAt), call(CONSTANT), set(to)]
  const read = [get(at), i32(0), call(VARINT), set(at), set(raw)]
  const copy = [
    [halfOf(raw), set(length), copyVectors(to, at, length, copied, 2)],
    [get(at), get(length), ADD, set(at)],
  ]
  return [
    [put(STATE.headersLead), LOOP],
    [read, copy, put(STATE.headerColon)],
    [read, isOdd(raw), IF, put(STATE.nullLiteral), ELSE, copy, END],
    [get(count), i32(1), SUB, tee(count), IF, put(STATE.headerSeparator), br(1), END],
    [END, get(to)],
  ]
}

const ASCII_ZEROS = 0x3030303030303030n
const TEN_TO_8 = 100_000_000n

// Of `decimal` and `eightDigits`.
const [NUMBER_TO, NUMBER, HIGH, DIGITS, ZEROS] = [0, 1, 2, 3, 4]
/** The digits of NUMBER, which has at most eight of them, without leading zeros. */
const putShort = () => [
  [get(NUMBER), WRAP, call(EIGHT_DIGITS), tee(DIGITS), i64(1n << 56n), OR_64, CTZ_64],
  [i64(0x38n), AND_64, set(ZEROS)],
  [get(NUMBER_TO), get(DIGITS), i64(ASCII_ZEROS), OR_64, get(ZEROS), SHR_U_64, store64(0)],
  [get(NUMBER_TO), i32(8), ADD, get(ZEROS), WRAP, i32(3), SHR_U, SUB, set(NUMBER_TO)],
]
/** Writes an int64 of at most 16 digits in decimal and returns the address behind; up to 8 bytes behind are overwritten. */
const decimal = () => [
  [get(NUMBER), i64(0n), LT_S_64],
  IF,
  [get(NUMBER_TO), i32(0x2d), store8(0), get(NUMBER_TO), i32(1), ADD, set(NUMBER_TO)],
  [i64(0n), get(NUMBER), SUB_64, set(NUMBER)],
  END,
  [get(NUMBER), i64(TEN_TO_8), LT_U_64],
  IF,
  putShort(),
  ELSE,
  [get(NUMBER), get(NUMBER), i64(TEN_TO_8), DIV_U_64, tee(NUMBER)],
  [i64(TEN_TO_8), MUL_64, SUB_64, set(HIGH)],
  putShort(),
  [get(NUMBER_TO), get(HIGH), WRAP, call(EIGHT_DIGITS), i64(ASCII_ZEROS), OR_64, store64(0)],
  [get(NUMBER_TO), i32(8), ADD, set(NUMBER_TO)],
  END,
  get(NUMBER_TO),
]

const [EIGHT, UPPER, LANES, QUOTIENTS] = [0, 1, 2, 3]
/**
 * A number below 10^8 as its eight digits, the first in the lowest byte: halves of four digits side by side, each
 * divided by 100 with one multiplication for both, then quarters by 10.
 */
const eightDigits = () => [
  [get(EIGHT), i32(10000), DIV_U, tee(UPPER), EXTEND_U],
  [get(EIGHT), get(UPPER), i32(10000), MUL, SUB, EXTEND_U, i64(32n), SHL_64, OR_64],
  [tee(LANES), i64(10486n), MUL_64, i64(20n), SHR_U_64, i64(0x7f0000007fn), AND_64],
  [tee(QUOTIENTS), get(LANES), get(QUOTIENTS), i64(100n), MUL_64, SUB_64],
  [i64(16n), SHL_64, OR_64, tee(LANES)],
  [i64(103n), MUL_64, i64(10n), SHR_U_64, i64(0x000f000f000f000fn), AND_64],
  [tee(QUOTIENTS), get(LANES), get(QUOTIENTS), i64(10n), MUL_64, SUB_64],
  [i64(8n), SHL_64, OR_64],
]

/** A function without parameters and results: all of it stands in the state. */
export function printModule(pages: number): Uint8Array {
  return wasmModule(pages, [
    {
      parameters: [],
      results: [],
      locals: [
        [INT_LOCALS, I32],
        [LONG_LOCALS, I64],
      ],
      code: print(),
    },
    { parameters: [I32, I64], results: [I32], locals: [[3, I64]], code: decimal() },
    {
      parameters: [I32],
      results: [I64],
      locals: [
        [1, I32],
        [2, I64],
      ],
      code: eightDigits(),
    },
    { parameters: [I32, I32], results: [I32, I32], locals: [[2, I32]], code: varint() },
    { parameters: [I32, I32], results: [I32], locals: [[3, I32]], code: constant() },
    { parameters: [I64], results: [I32], locals: [], code: prefix() },
    { parameters: [I32, I32, I32], results: [I32], locals: [[1, I32]], code: headersEnd() },
    { parameters: [I32, I32, I32], results: [I32], locals: [[3, I32]], code: putHeaders() },
  ])
}
