/** The buffer that formatters print into: bytes, constants and integers, flushed in large blocks. */
import type { PrintKernel } from '../../record/kernels/print-kernel.ts'
import { PRINT_SLACK, PRINT_STATE_SIZE } from '../../record/kernels/print-layout.ts'
import { WasmMemory } from '../../record/kernels/wasm-memory.ts'
import type { RecordRun } from '../../record/record-walk.ts'
import { RECORD_ENDS_SIZE, RecordEnds } from './record-ends.ts'

/** Where printed bytes go; part of StandardOutput. */
export interface RecordSink {
  /** Gets a view that is overwritten later: it writes or copies at once. */
  send(bytes: Uint8Array): void
  /** Bytes that were sent, and those of them that the operating system has taken. */
  readonly given: number
  readonly taken: number
  /** A full pipe: print no more than what is in hand. */
  readonly stalled: boolean
}

/**
 * Where formatters write: one block of memory, emptied into standard output whenever it is full.
 *
 * The block holds what is being printed, too: stored chunks are read into its second part (behind the print kernel's
 * state), and what comes from elsewhere, as inflated batches do, is copied into the third (`adopt`: one copy of many
 * kilobytes). Pieces of it then move within the same block, and `copyWithin` is by far the quickest way in JavaScript to
 * move a hundred bytes: 36 ns, against 135 ns for `set` with a view made for each piece (measured on Node 20). The block
 * is WebAssembly's memory, so that the kernel can take over.
 */
const CHUNK_CAPACITY = 512 * 1024
const SOURCE_CAPACITY = 1280 * 1024
const OUTPUT_CAPACITY = 512 * 1024
/** Smaller batches are not worth a copy. */
const ADOPT_SIZE = 4096
/**
 * Written at once: what an empty pipe of Linux holds. A longer write would wait for the reader and wake it twice, while
 * this one comes back at once and the next one is made while the reader reads (three quarters of the time at 256 KB).
 */
const WRITE_SIZE = 64 * 1024
/** Shorter pieces are moved byte by byte. */
const SHORT = 24
/** Digits of a safe integer and its sign. */
export const INTEGER_SIZE = 17

export class OutputBuffer {
  readonly block: Buffer
  /** Where the next byte goes in the block; whoever writes there himself asks `reserve` first and moves it on. */
  position: number
  /** Memory for stored chunks: what lies in it prints quickly without being copied first. */
  readonly chunk: Buffer
  readonly #memory: WasmMemory
  readonly #sourceAt: number
  readonly #sourceCapacity: number
  /** The output's part of the block. */
  readonly #base: number
  readonly #end: number
  #source: Buffer | undefined
  #shift = 0
  readonly #sink: RecordSink
  /** Which of the records are out. */
  readonly ends: RecordEnds

  constructor(sink: RecordSink, sourceCapacity = SOURCE_CAPACITY, outputCapacity = OUTPUT_CAPACITY) {
    this.#sink = sink
    this.#sourceAt = PRINT_STATE_SIZE + CHUNK_CAPACITY
    this.#sourceCapacity = sourceCapacity
    this.#base = this.#sourceAt + sourceCapacity
    this.#end = this.#base + outputCapacity
    const endsAt = (this.#end + PRINT_SLACK + 15) & ~15
    this.#memory = new WasmMemory(endsAt + RECORD_ENDS_SIZE)
    this.block = this.#memory.buffer
    this.ends = new RecordEnds(this.block, endsAt)
    this.chunk = this.block.subarray(PRINT_STATE_SIZE, this.#sourceAt)
    this.position = this.#base
  }

  /** Loads and compiles what prints many records at once; undefined where that cannot be. */
  async kernel(): Promise<PrintKernel | undefined> {
    const { PrintKernel } = await import('../../record/kernels/print-kernel.ts')
    return PrintKernel.on(this.#memory)
  }

  /** Has the kernel print what it takes of a run, up to `most` records. Takes none of a buffer that is not adopted. */
  printRun(kernel: PrintKernel, run: RecordRun, most: number): void {
    const shift = this.shiftOf(run.buffer)
    if (Number.isNaN(shift)) return
    const { ends } = this
    for (;;) {
      const before = run.taken
      const room = Math.min(most - before, ends.room)
      this.position = kernel.print(run, shift, this.position, this.#end, room, ends)
      const printed = run.taken - before
      ends.count += printed
      if (printed === room && room < most - before) this.flush(true)
      else if (kernel.full && this.position - this.#base >= WRITE_SIZE) this.flush(false)
      else return
      if (this.stalled || ends.room === 0) return
    }
  }

  /** The record in front of this offset was printed. */
  recordEnds(nextOffset: number): void {
    this.ends.add(nextOffset, this.position)
    if (this.ends.room === 0) this.flush(true)
  }

  /** A full pipe has not taken all that it was given: go on printing when it has. */
  get stalled(): boolean {
    return this.#sink.stalled
  }

  /** Looks again at what was taken. */
  settle(): void {
    this.ends.deliveredTo(this.#base + this.#sink.taken - this.#sink.given)
  }

  /** Takes a copy of buffer[start, end), so that pieces of it print quickly. Not of small ones and very large ones. */
  adopt(buffer: Buffer, start: number, end: number): void {
    const size = end - start
    this.#source = buffer
    if (buffer.buffer === this.block.buffer) this.#shift = buffer.byteOffset
    else if (size >= ADOPT_SIZE && size <= this.#sourceCapacity) {
      this.block.set(buffer.subarray(start, end), this.#sourceAt)
      this.#shift = this.#sourceAt - start
    } else this.#source = undefined
  }

  /** Added to a position in this buffer it is one in the block, while the buffer is adopted; NaN when it is not. */
  shiftOf(buffer: Buffer): number {
    return buffer === this.#source ? this.#shift : Number.NaN
  }

  /** True when there is room for so many bytes at `position` now. */
  reserve(length: number): boolean {
    return length <= this.#end - this.position || this.#makeRoom(length)
  }

  /** buffer[start, end). */
  bytes(buffer: Buffer, start: number, end: number): void {
    const length = end - start
    if (!this.reserve(length)) {
      this.#send(buffer.subarray(start, end))
      this.settle()
      return
    }
    const { block } = this
    if (buffer === this.#source) block.copyWithin(this.position, start + this.#shift, end + this.#shift)
    else if (length < SHORT) for (let i = 0; i < length; i++) block[this.position + i] = buffer[start + i]
    else block.set(new Uint8Array(buffer.buffer, buffer.byteOffset + start, length), this.position)
    this.position += length
  }

  /** A whole constant. */
  constant(bytes: Buffer): void {
    if (bytes.length < SHORT && this.reserve(bytes.length)) {
      this.position = putConstant(this.block, this.position, bytes)
    } else this.bytes(bytes, 0, bytes.length)
  }

  /** Text as UTF-8. */
  text(text: string): void {
    const bytes = Buffer.from(text, 'utf8')
    this.bytes(bytes, 0, bytes.length)
  }

  /** A safe integer in decimal. */
  integer(value: number): void {
    if (this.reserve(INTEGER_SIZE)) this.position = putInteger(this.block, this.position, value)
    else this.text(String(value))
  }

  /** To the sink, in writes of full size; `all` the rest, too. */
  flush(all: boolean): void {
    const end = this.position
    let at = this.#base
    if (end - at < WRITE_SIZE && !all) return
    // Nothing is written twice, also where the sink throws.
    this.position = this.#base
    for (; end - at >= WRITE_SIZE; at += WRITE_SIZE) this.#send(this.block.subarray(at, at + WRITE_SIZE))
    if (at < end && all) this.#send(this.block.subarray(at, end))
    else {
      this.block.copyWithin(this.#base, at, end)
      this.position = this.#base + end - at
    }
    this.settle()
  }

  #send(bytes: Uint8Array): void {
    try {
      this.#sink.send(bytes)
    } finally {
      this.ends.moved(bytes.length)
    }
  }

  #makeRoom(length: number): boolean {
    this.flush(true)
    return length <= this.#end - this.position
  }
}

/** The put functions write without looking for room and return the position behind. */
export function putConstant(block: Buffer, at: number, bytes: Buffer): number {
  const { length } = bytes
  for (let i = 0; i < length; i++) block[at + i] = bytes[i]
  return at + length
}

/** block[start, end) to `at`. */
export function putWithin(block: Buffer, at: number, start: number, end: number): number {
  const length = end - start
  if (length < SHORT) for (let i = 0; i < length; i++) block[at + i] = block[start + i]
  else block.copyWithin(at, start, end)
  return at + length
}

export function putInteger(block: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  if (rest < 0) {
    block[at++] = 0x2d
    rest = -rest
  }
  if (rest < 1e9) return putDigits(block, at, rest, digitsOf(rest))
  const high = Math.floor(rest / 1e9)
  at = putDigits(block, at, high, digitsOf(high))
  return putDigits(block, at, rest - high * 1e9, 9)
}

function digitsOf(value: number): number {
  if (value < 100) return value < 10 ? 1 : 2
  if (value < 1e4) return value < 1000 ? 3 : 4
  if (value < 1e6) return value < 1e5 ? 5 : 6
  if (value < 1e8) return value < 1e7 ? 7 : 8
  return 9
}

/** Writes `count` digits of a number below 1e9. */
function putDigits(block: Buffer, start: number, value: number, count: number): number {
  let rest = value | 0
  for (let at = start + count - 1; at >= start; at--) {
    const quotient = (rest / 10) | 0
    block[at] = 0x30 + rest - quotient * 10
    rest = quotient
  }
  return start + count
}
