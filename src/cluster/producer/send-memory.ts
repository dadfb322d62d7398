/** Memory of batches that are not acknowledged: bounded, and used again. */

const SMALLEST = 1024
const LARGEST_KEPT = 1024 * 1024

export class SendMemory {
  readonly #limit: number
  #used = 0
  /** By size: pieces that nobody needs now. */
  readonly #free = new Map<number, Buffer[]>()
  #freeBytes = 0
  #waiters: { readonly size: number; readonly wake: () => void }[] = []

  /** Who waits for room waits for as much. */
  readonly step: number

  constructor(limit: number) {
    this.#limit = limit
    this.step = limit >> 3
  }

  /** One that is too large for all of it goes in alone. */
  hasRoom(size: number): boolean {
    return this.#used === 0 || this.#used + size <= this.#limit
  }

  /** A copy of bytes[start, end), to be given back. */
  copy(bytes: Buffer, start: number, end: number): Buffer {
    const size = end - start
    let piece = this.#pieces(size).pop()
    if (piece === undefined) piece = Buffer.allocUnsafeSlow(pieceSize(size))
    else this.#freeBytes -= piece.length
    this.#used += size
    bytes.copy(piece, 0, start, end)
    return piece.length === size ? piece : piece.subarray(0, size)
  }

  /** @param reserved how much of what `copy` counted is free again */
  giveBack(bytes: Buffer, reserved: number): void {
    this.#used -= reserved
    const size = pieceSize(bytes.length)
    const isPiece = bytes.byteOffset === 0 && bytes.buffer.byteLength === size
    if (isPiece && size <= LARGEST_KEPT && this.#freeBytes + size <= this.#limit) {
      this.#pieces(bytes.length).push(Buffer.from(bytes.buffer as ArrayBuffer))
      this.#freeBytes += size
    }
    if (this.#waiters.length === 0) return
    const served = this.#waiters.filter((waiter) => this.hasRoom(waiter.size))
    this.#waiters = this.#waiters.filter((waiter) => !served.includes(waiter))
    for (const { wake } of served) wake()
  }

  /** Resolves when there is room, or when whoever waits is not to wait any longer. */
  room(size: number, over: AbortSignal): Promise<void> {
    return new Promise((wake) => {
      if (this.hasRoom(size) || over.aborted) return wake()
      this.#waiters.push({ size, wake })
      over.addEventListener('abort', () => wake(), { once: true })
    })
  }

  #pieces(size: number): Buffer[] {
    const pieces = pieceSize(size)
    let list = this.#free.get(pieces)
    if (list === undefined) {
      list = []
      this.#free.set(pieces, list)
    }
    return list
  }
}

/** The next power of two. */
function pieceSize(size: number): number {
  return Math.max(SMALLEST, 2 ** (32 - Math.clz32(size - 1)))
}
