import type { Output } from './command.ts'
import { terminalText } from './terminal-text.ts'

/** The reader of our standard output went away (`| head`). main ends quietly with 0; `finally` blocks run before. */
export class BrokenPipeError extends Error {
  override name = 'BrokenPipeError'
}

/** What an output needs from the machine; the real ones are in os/standard-streams.ts. */
export interface StreamPort {
  /** Synchronous and complete; throws Node's errors. */
  write(fd: number, bytes: Uint8Array): void
  isTerminal(fd: number): boolean
  columns(fd: number): number
}

const CAPACITY = 64 * 1024

/**
 * Buffered output on a file descriptor. Text and bytes are gathered up to 64 KB and written at once; order is kept.
 * Text (not bytes) for a terminal is made harmless to it. A closed pipe throws BrokenPipeError once; everything after that is dropped.
 */
export class FdOutput implements Output {
  breakOff?: () => void
  readonly #fd: number
  readonly #port: StreamPort
  #text = ''
  #bytes: Uint8Array[] = []
  #size = 0
  #broken = false
  #terminal: boolean | undefined

  constructor(fd: number, port: StreamPort) {
    this.#fd = fd
    this.#port = port
  }

  get isTerminal(): boolean {
    this.#terminal ??= this.#port.isTerminal(this.#fd)
    return this.#terminal
  }

  get columns(): number {
    return this.#port.columns(this.#fd)
  }

  write(text: string | Uint8Array): void {
    if (typeof text === 'string') {
      this.#text += this.isTerminal ? terminalText(text) : text
      if (this.#text.length + this.#size >= CAPACITY) this.flush()
      return
    }
    this.#takeText()
    if (text.length + this.#size >= CAPACITY) {
      this.flush()
      this.#put(text)
      return
    }
    // The caller may use its buffer again before we write.
    this.#bytes.push(Uint8Array.from(text))
    this.#size += text.length
  }

  line(text: string): void {
    this.write(text + '\n')
  }

  flush(): void {
    this.#takeText()
    if (this.#size === 0) return
    const bytes = this.#bytes.length === 1 ? this.#bytes[0] : Buffer.concat(this.#bytes, this.#size)
    this.#bytes = []
    this.#size = 0
    this.#put(bytes)
  }

  #takeText(): void {
    if (this.#text === '') return
    const bytes = Buffer.from(this.#text, 'utf8')
    this.#text = ''
    this.#bytes.push(bytes)
    this.#size += bytes.length
  }

  #put(bytes: Uint8Array): void {
    if (this.#broken) return
    try {
      this.#port.write(this.#fd, bytes)
    } catch (error) {
      this.#broken = true
      const code = (error as NodeJS.ErrnoException).code
      if (this.#fd !== 1) return
      if (code === 'EPIPE') throw new BrokenPipeError('standard output was closed')
      throw error
    }
  }
}
