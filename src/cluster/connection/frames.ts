/** Cuts what a broker sends into responses: int32 size, then as many bytes, of which the first four are the correlation id. */
import type { ByteReader } from '../../bytes/byte-reader.ts'
import { readInt32 } from '../../bytes/int32.ts'

/**
 * What is allocated on the word of a size; beyond, memory grows with the bytes that really come. A fetch of one partition
 * (max.partition.fetch.bytes) is whole in it, with what stands around the records.
 */
const TRUSTED_SIZE = 1024 * 1024 + 64 * 1024
const SIZE_LENGTH = 4
const CORRELATION_LENGTH = 4
const HEAD = SIZE_LENGTH + CORRELATION_LENGTH

export interface FrameListener {
  /** Of a response that begins: false where nobody waits for it, or it cannot be one; then nothing more is read. */
  begins(correlationId: number, size: number, head: Buffer): boolean
  /** A whole response; the bytes are the listener's own. `start` is behind the correlation id. */
  frame(correlationId: number, bytes: Buffer, start: number): void
}

/** One connection's responses, from chunks that end anywhere. */
export class Frames {
  readonly #listener: FrameListener
  readonly #head = Buffer.alloc(HEAD)
  #headLength = 0
  /** The response that is being filled, without its size; undefined while its head is not there. */
  #body: Buffer | undefined
  #size = 0
  #filled = 0
  #over = false

  constructor(listener: FrameListener) {
    this.#listener = listener
  }

  /** Whether a response was begun and is not whole. */
  get isInside(): boolean {
    return this.#headLength > 0
  }

  /** The first bytes of a response whose head is not there yet. */
  get partialHead(): Buffer {
    return this.#head.subarray(0, this.#headLength)
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length && !this.#over) {
      if (this.#body === undefined) at = this.#takeHead(chunk, at)
      else at = this.#takeBody(chunk, at, this.#body)
    }
  }

  #takeHead(chunk: Buffer, from: number): number {
    const taken = Math.min(HEAD - this.#headLength, chunk.length - from)
    chunk.copy(this.#head, this.#headLength, from, from + taken)
    this.#headLength += taken
    if (this.#headLength < HEAD) return from + taken
    this.#size = readInt32(this.#head, 0)
    const correlationId = readInt32(this.#head, SIZE_LENGTH)
    // Too short to be one, it belongs to nobody.
    const whose = this.#size < CORRELATION_LENGTH ? -1 : correlationId
    if (!this.#listener.begins(whose, this.#size, this.#head)) {
      this.#over = true
      return chunk.length
    }
    this.#body = Buffer.allocUnsafe(Math.min(this.#size, TRUSTED_SIZE))
    this.#head.copy(this.#body, 0, SIZE_LENGTH)
    this.#filled = CORRELATION_LENGTH
    this.#deliverWhole()
    return from + taken
  }

  #takeBody(chunk: Buffer, from: number, body: Buffer): number {
    const taken = Math.min(this.#size - this.#filled, chunk.length - from)
    const target = this.#filled + taken <= body.length ? body : this.#grow(body, this.#filled + taken)
    chunk.copy(target, this.#filled, from, from + taken)
    this.#filled += taken
    this.#deliverWhole()
    return from + taken
  }

  #grow(body: Buffer, needed: number): Buffer {
    const larger = Buffer.allocUnsafe(Math.min(this.#size, Math.max(needed, body.length * 4)))
    body.copy(larger, 0, 0, this.#filled)
    this.#body = larger
    return larger
  }

  #deliverWhole(): void {
    if (this.#filled < this.#size || this.#body === undefined) return
    const body = this.#body
    this.#body = undefined
    this.#headLength = 0
    this.#listener.frame(readInt32(body, 0), body, CORRELATION_LENGTH)
  }
}

/** The tagged fields of a response's header: none is known. */
export function skipTags(reader: ByteReader): void {
  for (let count = reader.uvarint(); count > 0; count--) {
    reader.uvarint()
    reader.skip(reader.uvarint())
  }
}
