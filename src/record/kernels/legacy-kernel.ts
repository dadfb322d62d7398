/**
 * Messages of formats 0 and 1 into records of format 2 by WebAssembly: a kernel (assembly/legacy.ts) checks each, its
 * CRC-32 as well, and writes its record. In JavaScript a message of 100 bytes costs 350 ns, more than all else that is
 * done for it.
 *
 * The kernel takes nothing that legacy-reader.ts would not take, and stops in front of everything that is not ordinary.
 * JavaScript goes on from there, which also says what is wrong.
 */
import { crcTables } from '../../bytes/crc32c.ts'
import { LEGACY_WASM } from './generated/legacy.ts'
import * as STATE from './legacy-layout.ts'
import { type KernelFunction, WasmMemory } from './wasm-memory.ts'

/** Before so many bytes were asked for, compiling it costs more than it wins. */
const PAYS_FROM_BYTES = 96 * 1024
const CRC32 = 0xedb88320

/** What may come next, and the batch that it goes into. All plain numbers. */
export interface LegacyRunRequest {
  readonly magic: 0 | 1
  readonly nextOffset: number
  /** May be infinite. */
  readonly limitOffset: number
  readonly hasGaps: boolean
  readonly checkCrcs: boolean
  readonly baseOffset: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
}

export class LegacyKernel {
  readonly #bytes: Buffer
  readonly #state: Int32Array
  readonly #take: KernelFunction
  /** What stands in the first window: source[#from, #to). */
  #source: Buffer | undefined
  #from = 0
  #to = 0
  // Of the last call.
  taken = 0
  nextOffset = 0
  maxTimestamp = 0
  /** Bytes of messages, and of their records. */
  sourceSize = 0
  recordsSize = 0

  private constructor(bytes: Buffer, take: KernelFunction) {
    this.#bytes = bytes
    this.#state = new Int32Array(bytes.buffer, bytes.byteOffset, STATE.TABLES / 4)
    this.#take = take
    const tables = crcTables(CRC32)
    new Int32Array(bytes.buffer, bytes.byteOffset + STATE.TABLES, tables.length).set(tables)
  }

  /** Compiles it; undefined where that cannot be. */
  static compile(): LegacyKernel | undefined {
    const memory = new WasmMemory(STATE.LEGACY_MEMORY_SIZE)
    const take = memory.link(LEGACY_WASM, 'takeMessages')
    return take === undefined ? undefined : new LegacyKernel(memory.buffer, take)
  }

  /** Other bytes may stand in the same buffers from now on. */
  forget(): void {
    this.#source = undefined
  }

  /** Takes what it can of the messages in source[at, end), as far as one window holds. */
  take(source: Buffer, at: number, end: number, request: LegacyRunRequest): void {
    // Where it stops at each second message, the window is not filled anew for each.
    const isThere = source === this.#source && at >= this.#from && (end <= this.#to || at < this.#middle)
    if (!isThere) {
      this.#source = source
      this.#from = at
      this.#to = Math.min(at + STATE.WINDOW_SIZE, end)
      source.copy(this.#bytes, STATE.SOURCE, at, this.#to)
    }
    const begin = STATE.SOURCE + at - this.#from
    this.#setLong(STATE.NEXT_OFFSET, request.nextOffset)
    this.#setLong(STATE.LIMIT_OFFSET, Math.min(request.limitOffset, Number.MAX_SAFE_INTEGER))
    this.#setLong(STATE.BASE_OFFSET, request.baseOffset)
    this.#setLong(STATE.BASE_TIMESTAMP, request.baseTimestamp)
    this.#setLong(STATE.MAX_TIMESTAMP, request.maxTimestamp)
    this.#set(STATE.AT, begin)
    this.#set(STATE.TO, STATE.TARGET)
    this.#set(STATE.END, STATE.SOURCE + Math.min(this.#to, end) - this.#from)
    this.#set(STATE.MAGIC, request.magic)
    this.#set(STATE.HAS_GAPS, request.hasGaps ? 1 : 0)
    this.#set(STATE.CHECK_CRCS, request.checkCrcs ? 1 : 0)
    this.#take()
    this.taken = this.#get(STATE.TAKEN)
    this.nextOffset = this.#getLong(STATE.NEXT_OFFSET)
    this.maxTimestamp = this.#getLong(STATE.MAX_TIMESTAMP)
    this.sourceSize = this.#get(STATE.AT) - begin
    this.recordsSize = this.#get(STATE.TO) - STATE.TARGET
  }

  /** Copies the records of the last call; the room must be there. */
  copyRecords(target: Buffer, at: number): void {
    this.#bytes.copy(target, at, STATE.TARGET, STATE.TARGET + this.recordsSize)
  }

  /** Behind it less than half a window is left, in which a message may be cut off. */
  get #middle(): number {
    return this.#from + STATE.WINDOW_SIZE / 2
  }

  #get(state: number): number {
    return this.#state[state >> 2]
  }

  #getLong(state: number): number {
    return this.#get(state + 4) * 0x100000000 + (this.#get(state) >>> 0)
  }

  #set(state: number, value: number): void {
    this.#state[state >> 2] = value
  }

  /** A safe integer as an int64. */
  #setLong(state: number, value: number): void {
    this.#set(state, value)
    this.#set(state + 4, Math.floor(value / 0x100000000))
  }
}

let shared: LegacyKernel | undefined
let bytesUntilCompiled = PAYS_FROM_BYTES

/** The process's one, once that many bytes were asked for that it pays. */
export function legacyKernelFor(size: number): LegacyKernel | undefined {
  if (bytesUntilCompiled <= 0) return shared
  bytesUntilCompiled -= size
  if (bytesUntilCompiled <= 0) shared = LegacyKernel.compile()
  return shared
}
