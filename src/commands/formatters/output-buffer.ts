/**
 * Where formatters write: one block of memory, emptied into standard output whenever it is full.
 *
 * The block's first part holds a copy of the stored batch that is being printed (`adopt`: one copy of many kilobytes).
 * Pieces of it then move within the same block, and `copyWithin` is by far the quickest way to move a hundred bytes:
 * 36 ns, against 135 ns for `set` with a view made for each piece (measured on Node 20).
 */
const SOURCE_CAPACITY = 1280 * 1024
const OUTPUT_CAPACITY = 512 * 1024
/** A full block is written from here on: big writes, and room for the next record. */
const WRITE_SIZE = 256 * 1024
/** Shorter pieces are moved byte by byte. */
const SHORT = 24

export class OutputBuffer {
  readonly #block: Buffer
  /** Where the output begins in the block; the source lies before. */
  readonly #base: number
  #position: number
  #source: Buffer | undefined
  #shift = 0
  readonly #sink: (bytes: Uint8Array) => void

  /** `sink` gets a view that is overwritten later: it writes or copies at once. */
  constructor(
    sink: (bytes: Uint8Array) => void,
    sourceCapacity = SOURCE_CAPACITY,
    outputCapacity = OUTPUT_CAPACITY,
  ) {
    this.#sink = sink
    this.#base = sourceCapacity
    this.#block = Buffer.from(new ArrayBuffer(sourceCapacity + outputCapacity))
    this.#position = sourceCapacity
  }

  /** Takes a copy of buffer[start, end), so that pieces of it print quickly. Bigger ones than the block are left. */
  adopt(buffer: Buffer, start: number, end: number): void {
    if (end - start > this.#base) {
      this.#source = undefined
      return
    }
    this.#block.set(buffer.subarray(start, end), 0)
    this.#source = buffer
    this.#shift = -start
  }

  /** The buffer's content is about to change. */
  abandon(): void {
    this.#source = undefined
  }

  /** buffer[start, end). */
  bytes(buffer: Buffer, start: number, end: number): void {
    const length = end - start
    const block = this.#block
    if (length > block.length - this.#position) {
      if (!this.#makeRoom(length)) {
        this.#sink(buffer.subarray(start, end))
        return
      }
    }
    if (buffer === this.#source) block.copyWithin(this.#position, start + this.#shift, end + this.#shift)
    else if (length < SHORT) for (let i = 0; i < length; i++) block[this.#position + i] = buffer[start + i]
    else block.set(new Uint8Array(buffer.buffer, buffer.byteOffset + start, length), this.#position)
    this.#position += length
  }

  /** A whole constant. */
  constant(bytes: Buffer): void {
    const length = bytes.length
    if (length >= SHORT || length > this.#block.length - this.#position) {
      this.bytes(bytes, 0, length)
      return
    }
    const block = this.#block
    const position = this.#position
    for (let i = 0; i < length; i++) block[position + i] = bytes[i]
    this.#position = position + length
  }

  /** Text as UTF-8. */
  text(text: string): void {
    const bytes = Buffer.from(text, 'utf8')
    this.bytes(bytes, 0, bytes.length)
  }

  /** A safe integer in decimal. */
  integer(value: number): void {
    if (20 > this.#block.length - this.#position) this.#makeRoom(20)
    if (value < 0) {
      this.#block[this.#position++] = 0x2d
      value = -value
    }
    if (value < 1e9) this.#position += writeDigits(this.#block, this.#position, value, digitsOf(value))
    else {
      const high = Math.floor(value / 1e9)
      const low = value - high * 1e9
      // A safe integer has at most 16 digits, so that high has at most 7.
      this.#position += writeDigits(this.#block, this.#position, high, digitsOf(high))
      this.#position += writeDigits(this.#block, this.#position, low, 9)
    }
  }

  /** To the sink when a write is worth it (or `all`). */
  flush(all: boolean): void {
    const size = this.#position - this.#base
    if (size === 0 || (!all && size < WRITE_SIZE)) return
    this.#position = this.#base
    this.#sink(this.#block.subarray(this.#base, this.#base + size))
  }

  #makeRoom(length: number): boolean {
    this.flush(true)
    return length <= this.#block.length - this.#position
  }
}

function digitsOf(value: number): number {
  if (value < 1e4) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4
  if (value < 1e6) return value < 1e5 ? 5 : 6
  return value < 1e8 ? (value < 1e7 ? 7 : 8) : 9
}

/** Writes `count` digits of a number below 1e9. */
function writeDigits(block: Buffer, position: number, value: number, count: number): number {
  let rest = value | 0
  for (let at = position + count - 1; at >= position; at--) {
    const quotient = (rest / 10) | 0
    block[at] = 0x30 + rest - quotient * 10
    rest = quotient
  }
  return count
}
