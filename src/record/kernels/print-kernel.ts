/**
 * Records into what is printed of them by WebAssembly: a kernel (assembly/print.ts) walks over the stored records of a
 * batch, checks what record-walk.ts checks, and moves the fields, each behind its constant bytes, to the output, all
 * within one memory. In JavaScript a record of 100 bytes costs 80 ns, with its offset and timestamp in digits 250; here
 * 18, and 35.
 *
 * The kernel takes nothing that record-walk.ts would not take. It stops in front of everything that is not ordinary
 * (lengths of more than four bytes, damage) and in front of a record that there is no room for. JavaScript goes on from
 * there, which also says what is wrong.
 */

import type { RecordRun } from '../record-walk.ts'
import { PRINT_WASM } from './generated/print.ts'
import * as STATE from './print-layout.ts'
import type { PrintedEnds, PrintedForm } from './printed-form.ts'
import type { KernelFunction, WasmMemory } from './wasm-memory.ts'

/** Digits of a number and its sign, and what is overwritten behind them. */
const NUMBER_SIZE = 24
/** Numbers up to here and sums of two of them are whole in doubles, and have at most 16 digits. */
const MAX_NUMBER = 2 ** 52

export class PrintKernel {
  readonly #state: Int32Array
  readonly #bytes: Buffer
  readonly #print: KernelFunction
  /** False before a form was set, and where one has too many constant bytes. */
  #ready = false
  /** Whether the last call stopped since there was no room. */
  full = false

  private constructor(bytes: Buffer, print: KernelFunction) {
    this.#bytes = bytes
    this.#state = new Int32Array(bytes.buffer, bytes.byteOffset, STATE.PRINT_STATE_SIZE / 4)
    this.#print = print
  }

  /** Compiles it; undefined where that cannot be. */
  static on(memory: WasmMemory): PrintKernel | undefined {
    const print = memory.link(PRINT_WASM, 'printRecords')
    return print === undefined ? undefined : new PrintKernel(memory.buffer, print)
  }

  /** For all records from now on. */
  setForm(form: PrintedForm): void {
    const { timestamp, offset, headers, key, value } = form
    const none = Buffer.alloc(0)
    const constants: (readonly [state: number, bytes: Buffer])[] = [
      [STATE.TIMESTAMP_LEAD, timestamp ?? none],
      [STATE.OFFSET_LEAD, offset ?? none],
      [STATE.NO_HEADERS, headers === undefined ? none : Buffer.concat([headers, form.noHeaders])],
      [STATE.HEADERS_LEAD, headers ?? none],
      [STATE.HEADER_COLON, form.headerColon],
      [STATE.HEADER_SEPARATOR, form.headerSeparator],
      [STATE.NULL_LITERAL, form.nullLiteral],
      [STATE.KEY_LEAD, key ?? none],
      [STATE.VALUE_LEAD, value ?? none],
      [STATE.ENDING, form.end],
    ]
    const size = constants.reduce((sum, [, bytes]) => sum + bytes.length, 0)
    const prefixSize = (timestamp?.length ?? 0) + (offset?.length ?? 0) + NUMBER_SIZE + STATE.PRINT_SLACK
    this.#ready = STATE.FIELDS_SIZE + size + prefixSize <= STATE.PRINT_STATE_SIZE
    if (!this.#ready) return
    let at: number = STATE.FIELDS_SIZE
    for (const [state, bytes] of constants) {
      this.#set(state, at)
      this.#set(state + 4, bytes.length)
      at += bytes.copy(this.#bytes, at)
    }
    this.#set(STATE.HAS_TIMESTAMP, timestamp === undefined ? 0 : 1)
    this.#set(STATE.HAS_OFFSET, offset === undefined ? 0 : 1)
    this.#set(STATE.HAS_HEADERS, headers === undefined ? 0 : 1)
    this.#set(STATE.HAS_KEY, key === undefined ? 0 : 1)
    this.#set(STATE.HAS_VALUE, value === undefined ? 0 : 1)
    // Where there is a timestamp, the kernel puts together there what stands in front of the offset.
    this.#set(STATE.PREFIX_AT, timestamp === undefined ? this.#get(STATE.OFFSET_LEAD) : at)
    this.#set(STATE.PREFIX_LENGTH, offset?.length ?? 0)
    this.#set(STATE.FIXED_SIZE, size + 2 * form.nullLiteral.length + 2 * NUMBER_SIZE)
    this.#set(
      STATE.HEADER_SIZE,
      form.headerColon.length + form.headerSeparator.length + form.nullLiteral.length,
    )
  }

  /**
   * Prints up to `most` records of a run to memory[to, limit) and moves the run on. The run's buffer lies `shift` bytes
   * further on in memory. Returns where the output ends; the end of each record goes into `ends`, which has room for them.
   */
  print(run: RecordRun, shift: number, to: number, limit: number, most: number, ends: PrintedEnds): number {
    this.full = false
    if (!this.#ready) return to
    const { batch } = run
    const { baseOffset, baseTimestamp } = batch
    const appendTime = batch.timestampType === 'LogAppendTime' ? batch.maxTimestamp : undefined
    if (!(isSmall(baseOffset) && isSmall(baseTimestamp) && isSmall(appendTime ?? 0))) return to
    this.#setLong(STATE.POSITION, run.position)
    this.#setLong(STATE.BASE_OFFSET, baseOffset)
    this.#setLong(STATE.BASE_TIMESTAMP, baseTimestamp)
    this.#setLong(STATE.APPEND_TIME, appendTime ?? 0)
    this.#set(STATE.HAS_APPEND_TIME, appendTime === undefined ? 0 : 1)
    this.#set(STATE.LAST_OFFSET_DELTA, batch.lastOffsetDelta)
    this.#set(STATE.COUNT, batch.count)
    this.#set(STATE.INDEX, run.index)
    this.#set(STATE.AT, run.at + shift)
    this.#set(STATE.END, run.end + shift)
    this.#set(STATE.TO, to)
    this.#set(STATE.ENDS, ends.at + ends.count * STATE.PRINTED_END_SIZE)
    this.#set(STATE.LIMIT, limit)
    this.#set(STATE.MOST, Math.min(most, 0x7fffffff))
    this.#print()
    run.index = this.#get(STATE.INDEX)
    run.at = this.#get(STATE.AT) - shift
    run.taken += this.#get(STATE.TAKEN)
    run.position = this.#get(STATE.POSITION + 4) * 0x100000000 + (this.#get(STATE.POSITION) >>> 0)
    this.full = this.#get(STATE.FULL) !== 0
    return this.#get(STATE.TO)
  }

  #get(state: number): number {
    return this.#state[state >> 2]
  }

  #set(state: number, value: number): void {
    this.#state[state >> 2] = value
  }

  /** A safe integer as an int64. */
  #setLong(state: number, value: number): void {
    this.#state[state >> 2] = value
    this.#state[(state >> 2) + 1] = Math.floor(value / 0x100000000)
  }
}

function isSmall(value: number): boolean {
  return value >= -MAX_NUMBER && value <= MAX_NUMBER
}
