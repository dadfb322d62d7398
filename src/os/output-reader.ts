/**
 * Who reads what we write: whether a full pipe has room again, and whether its reader went away while we had nothing to write.
 * A write that fails tells both, but a consumer that waits for records writes nothing.
 *
 * - A pipe: epoll reports an error on the writing end once the last reader closed it. libuv asks epoll only for what it reads
 *   or writes, and it reads no pipe that was opened for writing. But it does not ask how a TCP handle was opened: on such a
 *   handle it waits for something to read, and wakes up with EBADF when the reader is gone.
 * - A socket (another Node program's `spawn`) or a terminal: writing no bytes at all fails with EPIPE or EIO once the other
 *   side is gone, and does nothing before. Asked four times a second.
 * - Anything else has no reader that could go.
 */
import fs from 'node:fs'
import type { Socket } from 'node:net'
import { errorCode } from './error-code.ts'

const ASK_MS = 250
const NOTHING = new Uint8Array(1)

/** What there is of it in Node; there are no types. */
interface TcpWrap {
  readonly TCP: new (type: number) => { open(fd: number): number }
  readonly constants: { readonly SOCKET: number }
}

let pipe: PipeWriter | undefined

/** The writing end of a pipe in the event loop, on a descriptor of its own: libuv closes it when the reader is gone. */
class PipeWriter {
  readonly #socket: Socket
  #failure: Error | undefined
  #gone = false
  #onGone: (() => void) | undefined
  #onFailure: ((error: Error) => void) | undefined

  /** @throws Node's errors: ENXIO for a FIFO without a reader */
  constructor(pipeFd: number) {
    const { Socket } = process.getBuiltinModule('node:net') as typeof import('node:net')
    const fd = fs.openSync(`/proc/self/fd/${pipeFd}`, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK)
    const handle = tcpHandle(fd)
    this.#socket =
      handle === undefined
        ? new Socket({ fd, readable: false, writable: true })
        : new Socket({ handle, readable: true, writable: true } as object)
    this.#socket.unref()
    // Without a handle that can be read this comes only behind a write that failed.
    this.#socket.on('error', (error) => {
      this.#gone = true
      this.#failure = errorCode(error) === 'EBADF' ? brokenPipe() : error
      this.#onFailure?.(this.#failure)
      this.#onGone?.()
    })
    if (handle !== undefined) this.#socket.resume()
  }

  onGone(told: () => void): void {
    this.#onGone = told
    if (this.#gone) told()
  }

  /** Resolves with true when the byte is in the pipe, with false when the signal aborted first: then it never comes there. */
  put(byte: Uint8Array, stop: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const end = () => {
        stop?.removeEventListener('abort', onAbort)
        this.#onFailure = undefined
        this.#socket.unref()
      }
      const onAbort = () => {
        end()
        // What waits inside of libuv is forgotten.
        this.#socket.destroy()
        resolve(false)
      }
      const onFailure = (error: Error) => {
        end()
        reject(error)
      }
      if (this.#failure !== undefined) return onFailure(this.#failure)
      if (stop?.aborted) return onAbort()
      stop?.addEventListener('abort', onAbort)
      this.#onFailure = onFailure
      this.#socket.ref()
      this.#socket.write(byte, (error) => {
        if (error) return
        end()
        resolve(true)
      })
    })
  }
}

function tcpHandle(fd: number): object | undefined {
  try {
    const { binding } = process as unknown as { binding(name: string): unknown }
    const { TCP, constants } = binding.call(process, 'tcp_wrap') as TcpWrap
    const handle = new TCP(constants.SOCKET)
    return handle.open(fd) === 0 ? handle : undefined
  } catch {
    // A Node without it: then a reader that went away is found by the next record.
    return undefined
  }
}

function brokenPipe(): Error {
  return Object.assign(new Error('EPIPE: broken pipe, write'), { code: 'EPIPE' })
}

/** See PipeWriter.put; `pipeFd` comes from neverBlocking. Rejects with EPIPE when the reader is gone. */
export async function putFirst(pipeFd: number, byte: Uint8Array, stop?: AbortSignal): Promise<boolean> {
  try {
    pipe ??= new PipeWriter(pipeFd)
  } catch {
    throw brokenPipe()
  }
  return await pipe.put(byte, stop)
}

/** Calls `gone` once, when nobody can read any more what is written to `fd`. `pipeFd` comes from neverBlocking, if it is a pipe. */
export function watchReader(fd: number, pipeFd: number | undefined, gone: () => void): void {
  try {
    if (pipeFd !== undefined) {
      pipe ??= new PipeWriter(pipeFd)
      pipe.onGone(gone)
    } else if (canHangUp(fd)) askNowAndThen(fd, gone)
  } catch {
    gone()
  }
}

function canHangUp(fd: number): boolean {
  const stat = fs.fstatSync(fd)
  return stat.isSocket() || stat.isCharacterDevice()
}

function askNowAndThen(fd: number, gone: () => void): void {
  const timer = setInterval(() => {
    try {
      fs.writeSync(fd, NOTHING, 0, 0)
    } catch (error) {
      const code = errorCode(error)
      if (code !== 'EPIPE' && code !== 'EIO') return
      clearInterval(timer)
      gone()
    }
  }, ASK_MS).unref()
}
