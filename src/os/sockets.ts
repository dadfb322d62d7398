/** Stream connections as a port: TCP, and TLS over it. */
import type { Socket } from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'

export interface SocketAddress {
  readonly host: string
  readonly port: number
}

/** What a TLS handshake needs; Node's names. */
export type TlsOptions = Pick<
  ConnectionOptions,
  | 'ca'
  | 'cert'
  | 'key'
  | 'passphrase'
  | 'pfx'
  | 'ciphers'
  | 'minVersion'
  | 'maxVersion'
  | 'checkServerIdentity'
> & {
  /** Whether the certificate must be for the name that was connected to. */
  readonly checkName: boolean
}

/** A handshake that ended because of what the other end showed. */
export interface PeerRefusal extends Error {
  readonly peer?: {
    /** `CN=broker1,O=...` */
    readonly subject: string
    readonly issuer: string
    readonly validFrom: string
    readonly validTo: string
    /** Names that it is good for; empty where it has none. */
    readonly names: string
  }
}

/** One connection. Its owner sets the two listeners before the next turn of the event loop. */
export interface StreamConnection {
  /** Bytes as they come; a chunk is good until the listener returns. */
  onData: (chunk: Buffer) => void
  /** Once, when nothing comes any more: with what went wrong, or without an error where the other side hung up. */
  onEnd: (error?: Error) => void
  /** Takes the bytes over: they are not to be changed any more. `taken`: once the kernel has them, or never will (then with the error). */
  write(bytes: Buffer, taken?: (error?: Error | null) => void): void
  /** Bytes that the kernel has not taken yet. */
  readonly unsent: number
  /** What was written goes out, then the connection closes; `onEnd` is not called. */
  end(): void
  /** Closes at once; `onEnd` is not called. */
  destroy(): void
}

export interface ConnectOptions {
  readonly timeoutMs: number
  readonly tls?: TlsOptions | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Sockets {
  /** Rejects with the system's error, with a code; after `timeoutMs` ETIMEDOUT, or TLS_TIMEDOUT where the connection itself was made. */
  connect(address: SocketAddress, options: ConnectOptions): Promise<StreamConnection>
}

/** Node's sockets. The modules are loaded with the first connection; node:tls with the first that needs it. */
export const systemSockets: Sockets = {
  connect(address, options) {
    const { tls } = options
    const inlet: Inlet = { take: () => {} }
    const socket: Socket = tls === undefined ? plainSocket(address, inlet) : tlsSocket(address, tls)
    const ready = tls === undefined ? 'connect' : 'secureConnect'
    return new Promise((resolve, reject) => {
      const failed = (error: Error) => {
        clearTimeout(timer)
        options.signal?.removeEventListener('abort', aborted)
        socket.destroy()
        reject(error)
      }
      const aborted = () => failed(codedError('ABORT_ERR', 'aborted'))
      const timer = setTimeout(() => {
        const code = tls === undefined || socket.connecting ? 'ETIMEDOUT' : 'TLS_TIMEDOUT'
        failed(codedError(code, 'connection timed out'))
      }, options.timeoutMs)
      const closed = () => failed(codedError('ECONNRESET', 'closed during the handshake'))
      options.signal?.addEventListener('abort', aborted, { once: true })
      socket.once('error', failed)
      socket.once('close', closed)
      socket.once(ready, () => {
        clearTimeout(timer)
        options.signal?.removeEventListener('abort', aborted)
        socket.off('error', failed)
        socket.off('close', closed)
        const refusal = tls === undefined ? undefined : refusalOf(socket as TLSSocket)
        if (refusal === undefined) resolve(new NodeConnection(socket, inlet))
        else failed(refusal)
      })
    })
  },
}

/** Where the bytes of a plain socket go. */
interface Inlet {
  take(chunk: Buffer): void
}

/** What one read takes at most. */
const READ_SIZE = 256 * 1024

/** It reads into one memory over and over, which saves a buffer and a stream's work for each read. */
function plainSocket({ host, port }: SocketAddress, inlet: Inlet): Socket {
  const buffer = Buffer.allocUnsafe(READ_SIZE)
  const callback = (size: number) => {
    inlet.take(buffer.subarray(0, size))
    return true
  }
  const onread = { buffer, callback }
  return process.getBuiltinModule('node:net').connect({ host, port, noDelay: true, onread })
}

function tlsSocket({ host, port }: SocketAddress, { checkName, ...tls }: TlsOptions): TLSSocket {
  const { connect } = process.getBuiltinModule('node:tls')
  // A server name must be a name.
  const servername = process.getBuiltinModule('node:net').isIP(host) === 0 ? { servername: host } : {}
  const unchecked = checkName ? {} : { checkServerIdentity: () => undefined }
  // Refused by refusalOf, which can still say what the certificate is.
  const socket = connect({ host, port, ...servername, ...tls, ...unchecked, rejectUnauthorized: false })
  socket.setNoDelay(true)
  return socket
}

/** Why the other end's certificate is not accepted; undefined where it is. */
function refusalOf(socket: TLSSocket): PeerRefusal | undefined {
  if (socket.authorized) return undefined
  const error: unknown = socket.authorizationError
  const { subject, issuer, valid_from, valid_to, subjectaltname } = socket.getPeerCertificate()
  const named = (name: object | undefined) =>
    Object.entries(name ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(',')
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : String(error)
  return Object.assign(codedError(code ?? '', String(error)), {
    peer: {
      subject: named(subject),
      issuer: named(issuer),
      validFrom: valid_from,
      validTo: valid_to,
      names: subjectaltname ?? '',
    },
  })
}

function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

class NodeConnection implements StreamConnection {
  onData: (chunk: Buffer) => void = () => {}
  onEnd: (error?: Error) => void = () => {}
  readonly #socket: Socket
  #over = false

  constructor(socket: Socket, inlet: Inlet) {
    this.#socket = socket
    // A plain socket has no such event.
    socket.on('data', (chunk: Buffer) => this.onData(chunk))
    inlet.take = (chunk) => {
      if (!this.#over) this.onData(chunk)
    }
    socket.once('error', (error) => this.#ended(error))
    socket.once('end', () => this.#ended())
    socket.once('close', () => this.#ended())
  }

  write(bytes: Buffer, taken?: (error?: Error | null) => void): void {
    this.#socket.write(bytes, taken)
  }

  get unsent(): number {
    return this.#socket.writableLength
  }

  end(): void {
    this.#over = true
    this.#socket.on('error', () => {})
    this.#socket.end(() => this.#socket.destroy())
  }

  destroy(): void {
    this.#over = true
    this.#socket.on('error', () => {})
    this.#socket.destroy()
  }

  #ended(error?: Error): void {
    if (this.#over) return
    this.#over = true
    this.#socket.on('error', () => {})
    this.#socket.destroy()
    this.onEnd(error)
  }
}
