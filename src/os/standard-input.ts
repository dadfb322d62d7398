/** Reads standard input in chunks, without blocking the event loop. */
import fs from 'node:fs'
import { TerseError } from '../errors.ts'
import { errorCode } from './error-code.ts'

/**
 * Standard input (or any descriptor) for a reader that wants large chunks in a buffer of its own, never blocks the
 * event loop (a signal must get through to a producer that waits for its next line) and can tell when the pipe has
 * run dry.
 *
 * Reads are synchronous, several times quicker than a stream. A pipe is opened once more through /proc, which gives
 * a description of its own: that one is made non-blocking without changing what other holders of the pipe see.
 * A thread of the pool must not wait in read(2): the process could not end before it.
 */
export interface InputChunks {
  /**
   * Reads into buffer[start, end). Returns the number of bytes, 0 at the end of the input, -1 when there is nothing
   * now. Throws Node's errors.
   */
  read(buffer: Buffer, start: number, end: number): number
  /** Resolves true when `read` has something to say, false after `timeoutMs` or when the signal aborts. */
  ready(timeoutMs?: number, signal?: AbortSignal): Promise<boolean>
  close(): void
}

/**
 * Opens a descriptor that somebody else owns; it is not closed.
 * @throws TerseError for a folder
 */
export function openInput(fd: number): InputChunks {
  let stat: fs.Stats
  try {
    stat = fs.fstatSync(fd)
  } catch (error) {
    // Started with standard input closed (`<&-`): an empty input.
    if (errorCode(error) === 'EBADF') return new FileInput(undefined)
    throw error
  }
  if (stat.isDirectory()) throw new TerseError('standard input is a folder; give a file or a pipe')
  if (stat.isFIFO()) return openPipe(fd)
  if (stat.isSocket()) return new StreamInput(fd, fd)
  if (stat.isCharacterDevice()) {
    const { isatty } = process.getBuiltinModule('node:tty') as typeof import('node:tty')
    if (isatty(fd)) return new StreamInput(undefined, fd)
  }
  return new FileInput(fd)
}

function openPipe(fd: number): InputChunks {
  try {
    return new StreamInput(
      fs.openSync(`/proc/self/fd/${fd}`, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK),
      fd,
    )
  } catch {
    // No /proc, or another user's pipe.
    return new StreamInput(undefined, fd)
  }
}

/** A file or a device that always answers at once. */
class FileInput implements InputChunks {
  readonly #fd: number | undefined

  constructor(fd: number | undefined) {
    this.#fd = fd
  }

  read(buffer: Buffer, start: number, end: number): number {
    if (this.#fd === undefined) return 0
    try {
      return fs.readSync(this.#fd, buffer, start, end - start, null)
    } catch (error) {
      // Else it would look like a failure of the data directory.
      ;(error as NodeJS.ErrnoException).path ??= 'standard input'
      throw error
    }
  }

  ready(): Promise<boolean> {
    return Promise.resolve(true)
  }

  close(): void {}
}

const SIDE_SIZE = 65536

/** A pipe, a socket or a terminal: read directly while there is something, waited for in the event loop. */
class StreamInput implements InputChunks {
  /** Descriptor for direct reads; undefined: everything comes through the stream. */
  readonly #direct: number | undefined
  /** True when #direct can be read before a stream has made it non-blocking. */
  readonly #nonBlocking: boolean
  #stream: { resume(): unknown; destroy(): unknown } | undefined
  /** Bytes that came while waiting. */
  #side: Buffer = Buffer.alloc(0)
  #sideStart = 0
  #sideEnd = 0
  #ended = false
  #error: Error | undefined
  #wake: (() => void) | undefined

  constructor(direct: number | undefined, fd: number) {
    this.#direct = direct
    this.#nonBlocking = direct !== undefined && direct !== fd
  }

  read(buffer: Buffer, start: number, end: number): number {
    if (this.#sideStart < this.#sideEnd) {
      const n = this.#side.copy(
        buffer,
        start,
        this.#sideStart,
        Math.min(this.#sideEnd, this.#sideStart + end - start),
      )
      this.#sideStart += n
      return n
    }
    if (this.#error !== undefined) throw this.#error
    if (this.#ended) return 0
    if (this.#direct === undefined || !(this.#nonBlocking || this.#stream !== undefined)) return -1
    try {
      const n = fs.readSync(this.#direct, buffer, start, end - start, null)
      if (n === 0) this.#ended = true
      return n
    } catch (error) {
      const code = errorCode(error)
      if (code === 'EAGAIN' || code === 'EINTR') return -1
      if (code === 'EOF') return 0
      throw error
    }
  }

  ready(timeoutMs?: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined
      const finish = (answer: boolean) => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        this.#wake = undefined
        resolve(answer)
      }
      const onAbort = () => finish(false)
      this.#wake = () => finish(true)
      signal?.addEventListener('abort', onAbort)
      if (timeoutMs !== undefined) timer = setTimeout(finish, timeoutMs, false)
      if (this.#has()) this.#wake()
      else this.#listen()
    })
  }

  close(): void {
    if (this.#stream !== undefined) this.#stream.destroy()
    else if (this.#nonBlocking && this.#direct !== undefined) fs.closeSync(this.#direct)
  }

  #has(): boolean {
    return this.#ended || this.#error !== undefined || this.#sideStart < this.#sideEnd
  }

  #listen(): void {
    if (this.#stream !== undefined) {
      this.#stream.resume()
      return
    }
    const end = () => {
      this.#ended = true
      this.#wake?.()
    }
    const fail = (error: Error) => {
      this.#error = error
      this.#wake?.()
    }
    if (this.#direct === undefined) {
      const stream = process.stdin
      this.#stream = stream
      stream
        .on('data', (chunk: Buffer) => this.#take(chunk))
        .on('end', end)
        .on('close', end)
        .on('error', fail)
      return
    }
    const net = process.getBuiltinModule('node:net') as typeof import('node:net')
    const side = Buffer.allocUnsafeSlow(SIDE_SIZE)
    const options = {
      fd: this.#direct,
      readable: true,
      writable: false,
      // One chunk, then no more until resume(): the rest is read directly. (Not in the types of a socket made from a fd.)
      onread: {
        buffer: side,
        callback: (n: number) => {
          this.#side = side
          this.#sideStart = 0
          this.#sideEnd = n
          this.#wake?.()
          return false
        },
      },
    }
    const socket = new net.Socket(options)
    this.#stream = socket
    socket.on('end', end).on('close', end).on('error', fail)
    socket.resume()
  }

  #take(chunk: Buffer): void {
    this.#side =
      this.#sideStart < this.#sideEnd
        ? Buffer.concat([this.#side.subarray(this.#sideStart, this.#sideEnd), chunk])
        : chunk
    this.#sideStart = 0
    this.#sideEnd = this.#side.length
    this.#wake?.()
  }
}
