/**
 * Records into what is printed of them, as a WebAssembly function: walks over the stored records of a batch, checks
 * what record-walk.ts checks, and moves the fields, each behind its constant bytes, to the output, all within one
 * memory. In JavaScript a record of 100 bytes costs 80 ns, with its offset and timestamp in digits 250; here 18, and 42.
 *
 * It takes nothing that record-walk.ts would not take. In front of everything that is not ordinary (lengths of more
 * than four bytes, damage) and in front of a record that there is no room for it stops, and JavaScript goes on from
 * there, which also says what is wrong.
 */

import type { RecordRun } from '../record-walk.ts'
import { printModule, STATE } from './assembly/print.ts'
import {
  PRINT_SLACK,
  PRINT_STATE_SIZE,
  PRINTED_END_SIZE,
  type PrintedEnds,
  type PrintedForm,
} from './printed-form.ts'
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
    this.#state = new Int32Array(bytes.buffer, bytes.byteOffset, PRINT_STATE_SIZE / 4)
    this.#print = print
  }

  /** Compiles it; undefined where that cannot be. */
  static on(memory: WasmMemory): PrintKernel | undefined {
    const print = memory.link(printModule)
    return print === undefined ? undefined : new PrintKernel(memory.buffer, print)
  }

  /** For all records from now on. */
  setForm(form: PrintedForm): void {
    const { timestamp, offset, headers, key, value } = form
    const none = Buffer.alloc(0)
    const constants: (readonly [state: number, bytes: Buffer])[] = [
      [STATE.timestampLead, timestamp ?? none],
      [STATE.offsetLead, offset ?? none],
      [STATE.noHeaders, headers === undefined ? none : Buffer.concat([headers, form.noHeaders])],
      [STATE.headersLead, headers ?? none],
      [STATE.headerColon, form.headerColon],
      [STATE.headerSeparator, form.headerSeparator],
      [STATE.nullLiteral, form.nullLiteral],
      [STATE.keyLead, key ?? none],
      [STATE.valueLead, value ?? none],
      [STATE.ending, form.end],
    ]
    const size = constants.reduce((sum, [, bytes]) => sum + bytes.length, 0)
    const prefixSize = (timestamp?.length ?? 0) + (offset?.length ?? 0) + NUMBER_SIZE + PRINT_SLACK
    this.#ready = STATE.size + size + prefixSize <= PRINT_STATE_SIZE
    if (!this.#ready) return
    let at: number = STATE.size
    for (const [state, bytes] of constants) {
      this.#set(state, at)
      this.#set(state + 4, bytes.length)
      at += bytes.copy(this.#bytes, at)
    }
    this.#set(STATE.hasTimestamp, timestamp === undefined ? 0 : 1)
    this.#set(STATE.hasOffset, offset === undefined ? 0 : 1)
    this.#set(STATE.hasHeaders, headers === undefined ? 0 : 1)
    this.#set(STATE.hasKey, key === undefined ? 0 : 1)
    this.#set(STATE.hasValue, value === undefined ? 0 : 1)
    // Where there is a timestamp, the kernel puts together there what stands in front of the offset.
    this.#set(STATE.prefixAt, timestamp === undefined ? this.#get(STATE.offsetLead) : at)
    this.#set(STATE.prefixLength, offset?.length ?? 0)
    this.#set(STATE.fixedSize, size + 2 * form.nullLiteral.length + 2 * NUMBER_SIZE)
    this.#set(
      STATE.headerSize,
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
    this.#setLong(STATE.position, run.position)
    this.#setLong(STATE.baseOffset, baseOffset)
    this.#setLong(STATE.baseTimestamp, baseTimestamp)
    this.#setLong(STATE.appendTime, appendTime ?? 0)
    this.#set(STATE.hasAppendTime, appendTime === undefined ? 0 : 1)
    this.#set(STATE.lastOffsetDelta, batch.lastOffsetDelta)
    this.#set(STATE.count, batch.count)
    this.#set(STATE.index, run.index)
    this.#set(STATE.at, run.at + shift)
    this.#set(STATE.end, run.end + shift)
    this.#set(STATE.to, to)
    this.#set(STATE.ends, ends.at + ends.count * PRINTED_END_SIZE)
    this.#set(STATE.limit, limit)
    this.#set(STATE.most, Math.min(most, 0x7fffffff))
    this.#print()
    run.index = this.#get(STATE.index)
    run.at = this.#get(STATE.at) - shift
    run.taken += this.#get(STATE.taken)
    run.position = this.#get(STATE.position + 4) * 0x100000000 + (this.#get(STATE.position) >>> 0)
    this.full = this.#get(STATE.full) !== 0
    return this.#get(STATE.to)
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
