/**
 * Where the records end in what was printed of them, so that whatever ends the output it is known which of them are out.
 *
 * A table in the formatters' block of memory, so that the print kernel fills it, too; 16 bytes a record, little-endian:
 *
 *     float64  offset behind the record
 *     int32    address in the block behind its last byte; what was handed over moves out in front of the block, so it may be negative
 *     int32    unused
 *
 * Only records that are not known to be delivered stand in it. All of them are of one partition: that of the visit under way.
 */
import { PRINTED_END_SIZE } from '../../record/kernels/print-layout.ts'

/** How many fit. Where lines are so short that these are not enough for one write, writes are shorter. */
const CAPACITY = 8192
/** A record that is in hand when the table is full still finds its place. */
const SPARE = 16
export const RECORD_ENDS_SIZE = (CAPACITY + SPARE) * PRINTED_END_SIZE

export class RecordEnds {
  /** Address of the table. */
  readonly at: number
  /** Records in the table. */
  count = 0
  /** Records delivered since the beginning. */
  delivered = 0
  /** Offset behind the last record that was delivered since `begin`; NaN while there is none. */
  position = Number.NaN
  readonly #offsets: Float64Array
  readonly #addresses: Int32Array
  /** By how much the addresses in the table are too high. */
  #moved = 0

  /** `at` is a multiple of 16. */
  constructor(block: Buffer, at: number) {
    this.at = at
    const start = block.byteOffset + at
    this.#offsets = new Float64Array(block.buffer, start, RECORD_ENDS_SIZE / 8)
    this.#addresses = new Int32Array(block.buffer, start, RECORD_ENDS_SIZE / 4)
  }

  /** How many more fit. */
  get room(): number {
    return Math.max(0, CAPACITY - this.count)
  }

  /** Before the records of another partition; all before are delivered. */
  begin(): void {
    this.position = Number.NaN
  }

  add(nextOffset: number, address: number): void {
    const i = this.count++
    this.#offsets[2 * i] = nextOffset
    this.#addresses[4 * i + 2] = address
  }

  /** All that was printed so far moved down by so many bytes: they were handed over. `deliveredTo` follows before the next record. */
  moved(bytes: number): void {
    this.#moved += bytes
  }

  /** What lies in front of this address is delivered: those records leave the table. */
  deliveredTo(address: number): void {
    const taken = this.#taken(address + this.#moved)
    if (taken > 0) {
      this.position = this.#offsets[2 * taken - 2]
      this.delivered += taken
      this.#offsets.copyWithin(0, 2 * taken, 2 * this.count)
      this.count -= taken
    }
    if (this.#moved === 0) return
    for (let i = 0; i < this.count; i++) this.#addresses[4 * i + 2] -= this.#moved
    this.#moved = 0
  }

  /** How many records end at or in front of this address. */
  #taken(address: number): number {
    let low = 0
    let high = this.count
    // Mostly it is all of them.
    if (high > 0 && this.#addresses[4 * high - 2] <= address) return high
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#addresses[4 * middle + 2] <= address) low = middle + 1
      else high = middle
    }
    return low
  }
}
