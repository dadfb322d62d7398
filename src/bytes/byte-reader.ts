/** Reading numbers, strings and arrays from stored bytes, with no read beyond the end of what is valid. */
import { count as counted } from '../count.ts'
import { CorruptRecordError } from '../errors.ts'
import { readInt16, readInt32, readUInt32 } from './int32.ts'
import { isSafeInt64, readInt64, readInt64Rounded } from './int64.ts'
import { cursor, readUnsignedVarint, readVarint, readVarlong } from './varint.ts'

/**
 * A cursor over stored bytes. Every verb checks that its bytes lie before `end` first, so a length taken from
 * damaged bytes is refused before anything is allocated for it: CorruptRecordError with the position in the buffer.
 */
export class ByteReader {
  readonly buffer: Buffer
  position: number
  readonly end: number

  constructor(buffer: Buffer, position = 0, end = buffer.length) {
    this.buffer = buffer
    this.position = position
    this.end = Math.min(end, buffer.length)
  }

  get remaining(): number {
    return this.end - this.position
  }

  /** Steps over `size` bytes and returns the position they begin at. */
  skip(size: number): number {
    const at = this.position
    if (size < 0 || size > this.end - at) throw this.short(size)
    this.position = at + size
    return at
  }

  bool(): boolean {
    return this.int8() !== 0
  }

  int8(): number {
    return (this.buffer[this.skip(1)] << 24) >> 24
  }

  uint8(): number {
    return this.buffer[this.skip(1)]
  }

  int16(): number {
    return readInt16(this.buffer, this.skip(2))
  }

  uint16(): number {
    return readInt16(this.buffer, this.skip(2)) & 0xffff
  }

  int32(): number {
    return readInt32(this.buffer, this.skip(4))
  }

  uint32(): number {
    return readUInt32(this.buffer, this.skip(4))
  }

  /** Eight bytes as a number; beyond the safe integers it is refused. */
  int64(): number {
    return readInt64(this.buffer, this.skip(8))
  }

  /** Eight bytes as a number, rounded where it is beyond the safe integers (timestamps of odd producers). */
  timestamp(): number {
    const at = this.skip(8)
    return isSafeInt64(this.buffer, at) ? readInt64(this.buffer, at) : readInt64Rounded(this.buffer, at)
  }

  bigint64(): bigint {
    return this.buffer.readBigInt64BE(this.skip(8))
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.skip(8))
  }

  /** Zigzag, 32 bits. */
  varint(): number {
    return this.checked(readVarint(this.buffer, this.position, this.end))
  }

  /** Zigzag, 64 bits; beyond the safe integers it is rounded. */
  varlong(): number {
    return this.checked(readVarlong(this.buffer, this.position, this.end))
  }

  /** Not zigzag, 32 bits. */
  uvarint(): number {
    return this.checked(readUnsignedVarint(this.buffer, this.position, this.end))
  }

  /** A view on the next `size` bytes. */
  bytes(size: number): Buffer {
    const at = this.skip(size)
    return this.buffer.subarray(at, at + size)
  }

  /** The next `size` bytes as UTF-8. */
  utf8(size: number): string {
    const at = this.skip(size)
    return this.buffer.toString('utf8', at, at + size)
  }

  /**
   * A count of items, each at least `minimumSize` bytes long, that must fit into what is left: call it before
   * allocating for `count` items.
   */
  checkCount(count: number, minimumSize = 1): number {
    if (count < 0 || count * minimumSize > this.remaining) {
      throw new CorruptRecordError(
        `count ${count} does not fit into the ${counted(this.remaining, 'byte')} left`,
        this.position,
      )
    }
    return count
  }

  private checked(value: number): number {
    if (Number.isNaN(value)) throw new CorruptRecordError('not a variable-length integer', this.position)
    this.position = cursor.at
    return value
  }

  private short(size: number): CorruptRecordError {
    return new CorruptRecordError(
      size < 0 ? `negative length ${size}` : `${counted(size, 'byte')} expected, ${this.remaining} left`,
      this.position,
    )
  }
}
