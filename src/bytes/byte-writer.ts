/** Writing numbers, strings and arrays into a buffer that grows. */
import { writeInt64 } from './int64.ts'
import {
  MAX_VARINT_BYTES,
  MAX_VARLONG_BYTES,
  writeUnsignedVarint,
  writeVarint,
  writeVarlong,
} from './varint.ts'

/** A growing buffer that is written front to back; lengths that are known later are reserved and patched. */
export class ByteWriter {
  private buffer: Buffer
  private at = 0

  constructor(initialSize = 256) {
    this.buffer = Buffer.allocUnsafe(Math.max(initialSize, 16))
  }

  /** Bytes written so far; also the position of the next one. */
  get position(): number {
    return this.at
  }

  bool(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  int8(value: number): this {
    // The reservation may replace the buffer, so it comes first.
    const at = this.reserve(1)
    this.buffer[at] = value
    return this
  }

  int16(value: number): this {
    this.patchInt16(this.reserve(2), value)
    return this
  }

  uint16(value: number): this {
    return this.int16(value)
  }

  int32(value: number): this {
    this.patchInt32(this.reserve(4), value)
    return this
  }

  uint32(value: number): this {
    return this.int32(value)
  }

  int64(value: number | bigint): this {
    this.patchInt64(this.reserve(8), value)
    return this
  }

  float64(value: number): this {
    const at = this.reserve(8)
    this.buffer.writeDoubleBE(value, at)
    return this
  }

  varint(value: number): this {
    this.ensure(MAX_VARINT_BYTES)
    this.at = writeVarint(this.buffer, this.at, value)
    return this
  }

  varlong(value: number): this {
    this.ensure(MAX_VARLONG_BYTES)
    this.at = writeVarlong(this.buffer, this.at, value)
    return this
  }

  uvarint(value: number): this {
    this.ensure(MAX_VARINT_BYTES)
    this.at = writeUnsignedVarint(this.buffer, this.at, value)
    return this
  }

  bytes(source: Uint8Array, start = 0, end = source.length): this {
    const at = this.reserve(end - start)
    this.buffer.set(start === 0 && end === source.length ? source : source.subarray(start, end), at)
    return this
  }

  /** The text's UTF-8 bytes, without a length. */
  utf8(text: string): this {
    const at = this.reserve(Buffer.byteLength(text))
    this.buffer.write(text, at)
    return this
  }

  /** Leaves `size` bytes (their content undefined) and returns where they begin, to be patched. */
  reserve(size: number): number {
    this.ensure(size)
    const at = this.at
    this.at += size
    return at
  }

  patchInt8(position: number, value: number): void {
    this.buffer[position] = value
  }

  patchInt16(position: number, value: number): void {
    this.buffer[position] = value >>> 8
    this.buffer[position + 1] = value
  }

  patchInt32(position: number, value: number): void {
    this.buffer[position] = value >>> 24
    this.buffer[position + 1] = value >>> 16
    this.buffer[position + 2] = value >>> 8
    this.buffer[position + 3] = value
  }

  patchInt64(position: number, value: number | bigint): void {
    if (typeof value === 'bigint') this.buffer.writeBigInt64BE(value, position)
    else writeInt64(this.buffer, position, value)
  }

  /** What was written: a view, good until the next write or reset. */
  view(): Buffer {
    return this.buffer.subarray(0, this.at)
  }

  /** What was written, as a buffer of its own. */
  toBuffer(): Buffer {
    return Buffer.from(this.view())
  }

  /** Starts over in the same memory. */
  reset(): void {
    this.at = 0
  }

  private ensure(size: number): void {
    const needed = this.at + size
    if (needed <= this.buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2))
    larger.set(this.view())
    this.buffer = larger
  }
}
