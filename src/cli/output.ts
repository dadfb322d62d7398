/**
 * Standard output and error of a tool: buffered writing, and what is thrown when the other end takes no more.
 */
import type { StandardOutput } from './command.ts'
import { terminalText } from './terminal-text.ts'

/** Standard output takes no more: its disk is full, its file may not grow, its device failed. A tool ends, whatever it was doing. */
export class OutputError extends Error {
  override name = 'OutputError'
}

/** The reader of our standard output went away (`| head`). main ends quietly with 0; `finally` blocks run before. */
export class BrokenPipeError extends OutputError {
  override name = 'BrokenPipeError'
}

/** What an output needs from the machine; the real ones are in os/standard-streams.ts. */
export interface StreamPort {
  /** One call of write(2) for bytes[start, end of bytes). Returns how many were taken; throws Node's errors. */
  write(fd: number, bytes: Uint8Array, start: number): number
  /** Blocks this thread. */
  nap(ms: number): void
  /** A descriptor for the same pipe whose writes never block; undefined where `fd` is no pipe. */
  neverBlocking(fd: number): number | undefined
  /** Waits for room in that pipe. True when it has taken the byte, false when the signal aborted first; rejects with Node's errors. */
  putFirst(fd: number, byte: Uint8Array, stop?: AbortSignal): Promise<boolean>
  isTerminal(fd: number): boolean
  columns(fd: number): number
}

const CAPACITY = 64 * 1024
/** A quick reader empties a full pipe within these: cheaper than a turn of the event loop. */
const SHORT_NAPS = 4
const SHORT_NAP_MS = 0.05
const LONGEST_NAP_MS = 20
/** After a signal, the reader of a full pipe has so long to take what is printed already. */
const GRACE_MS = 300

/**
 * Buffered output on a file descriptor. Text and bytes are gathered up to 64 KB and written at once; order is kept.
 * Text (not bytes) for a terminal is made harmless to it.
 *
 * Invariant: `taken` is the number of bytes that write(2) has taken, short writes and the bytes in front of a failure
 * included; `given` counts all that was handed over. What lies in front of `taken` is delivered, nothing else is.
 *
 * The first failure of standard output throws, BrokenPipeError for a reader that went away, else OutputError; everything
 * after that is dropped. Standard error fails in silence: there is nobody to tell.
 */
export class FdOutput implements StandardOutput {
  breakOff?: () => void
  taken = 0
  readonly #fd: number
  readonly #port: StreamPort
  #text = ''
  #bytes: Uint8Array[] = []
  #size = 0
  #dropped = 0
  #broken = false
  #terminal: boolean | undefined
  /** Where bytes are written: another one than #fd once we are patient. */
  #target: number
  #patient = false
  readonly #last = new Set<string>()
  /** What a full pipe has not taken yet. */
  #kept: Buffer | undefined

  constructor(fd: number, port: StreamPort) {
    this.#fd = fd
    this.#target = fd
    this.#port = port
  }

  get isTerminal(): boolean {
    this.#terminal ??= this.#port.isTerminal(this.#fd)
    return this.#terminal
  }

  get columns(): number {
    return this.#port.columns(this.#fd)
  }

  get given(): number {
    this.#takeText()
    return this.taken + (this.#kept?.length ?? 0) + this.#size + this.#dropped
  }

  get stalled(): boolean {
    return this.#kept !== undefined
  }

  write(text: string | Uint8Array): void {
    if (typeof text === 'string') {
      this.#text += this.isTerminal ? terminalText(text) : text
      if (this.#text.length + this.#size >= CAPACITY) this.flush()
      return
    }
    this.#takeText()
    if (text.length + this.#size >= CAPACITY) {
      this.send(text)
      return
    }
    // The caller may use its buffer again before we write.
    this.#bytes.push(Uint8Array.from(text))
    this.#size += text.length
  }

  line(text: string): void {
    this.write(text + '\n')
  }

  last(text: string): void {
    this.#last.add(text)
  }

  /** Writes what was kept for the end. */
  conclude(): void {
    for (const text of this.#last) this.line(text)
    this.#last.clear()
    this.flush()
  }

  send(bytes: Uint8Array): void {
    this.flush()
    this.#put(bytes)
  }

  flush(): void {
    this.#takeText()
    if (this.#size === 0) return
    const bytes = this.#bytes.length === 1 ? this.#bytes[0] : Buffer.concat(this.#bytes, this.#size)
    this.#bytes = []
    this.#size = 0
    this.#put(bytes)
  }

  get pipe(): number | undefined {
    return this.#patient ? this.#target : undefined
  }

  /** What is left, waiting in place for a full pipe; `patient` false: only what it takes now. */
  end(waiting: boolean): void {
    const kept = this.#kept
    this.#patient &&= !waiting
    if (kept !== undefined && waiting) {
      this.#kept = undefined
      this.#put(kept)
    }
    this.flush()
  }

  bePatient(): void {
    const target = this.#port.neverBlocking(this.#fd)
    if (target === undefined) return
    this.#target = target
    this.#patient = true
  }

  async drain(stop?: AbortSignal): Promise<boolean> {
    this.flush()
    if (this.#kept === undefined) return true
    const late = new AbortController()
    const onStop = () => setTimeout(() => late.abort(), GRACE_MS)
    if (stop?.aborted) onStop()
    else stop?.addEventListener('abort', onStop)
    try {
      while (this.#kept !== undefined) {
        if (!(await this.#putFirst(this.#kept, late.signal))) {
          this.abandon()
          return false
        }
        const rest = this.#kept.subarray(1)
        this.#kept = undefined
        this.#put(rest)
      }
      return true
    } finally {
      stop?.removeEventListener('abort', onStop)
    }
  }

  async #putFirst(kept: Buffer, late: AbortSignal): Promise<boolean> {
    try {
      if (!(await this.#port.putFirst(this.#target, kept.subarray(0, 1), late))) return false
    } catch (error) {
      this.abandon()
      this.#fail(error as NodeJS.ErrnoException)
    }
    this.taken++
    return true
  }

  abandon(): void {
    this.#broken = true
    this.#dropped += this.#kept?.length ?? 0
    this.#kept = undefined
    this.breakOff = undefined
  }

  #takeText(): void {
    if (this.#text === '') return
    const bytes = Buffer.from(this.#text, 'utf8')
    this.#text = ''
    this.#bytes.push(bytes)
    this.#size += bytes.length
  }

  #put(bytes: Uint8Array): void {
    if (this.#broken) {
      this.#dropped += bytes.length
      return
    }
    if (this.#kept !== undefined) {
      this.#kept = Buffer.concat([this.#kept, bytes])
      return
    }
    let done = 0
    let naps = 0
    while (done < bytes.length) {
      try {
        const taken = this.#port.write(this.#target, bytes, done)
        done += taken
        this.taken += taken
        naps = 0
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EINTR') continue
        if (code === 'EAGAIN') {
          naps++
          if (!this.#patient) this.#port.nap(Math.min(2 ** (naps - 1), LONGEST_NAP_MS))
          else if (naps <= SHORT_NAPS) this.#port.nap(SHORT_NAP_MS)
          else {
            this.#kept = Buffer.from(bytes.subarray(done))
            return
          }
          continue
        }
        this.#dropped += bytes.length - done
        this.#fail(error as NodeJS.ErrnoException)
        return
      }
    }
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#broken = true
    this.breakOff = undefined
    if (this.#fd !== 1) return
    // A terminal that hung up is a reader that went away.
    if (error.code === 'EPIPE' || (error.code === 'EIO' && this.isTerminal)) {
      throw new BrokenPipeError('standard output was closed')
    }
    throw new OutputError(`standard output: ${reason(error)}`)
  }
}

/** `No space left on device` of Node's `ENOSPC: no space left on device, write`. */
function reason({ code, message }: NodeJS.ErrnoException): string {
  const words = message.match(/^\w+: (.*), \w+$/)?.[1] ?? code ?? message
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}
