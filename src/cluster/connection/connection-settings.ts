/** What a connection to a broker is made with: who asks, how long what may take, and what makes it a trusted one. */
import type { Fields, Message, MessageInput, MessageSchema } from '../../message/schema.ts'
import type { SocketAddress, TlsOptions } from '../../os/sockets.ts'
import type { ConnectionError } from './connection-error.ts'

/** Who connects, and how long what may take. */
export interface ConnectionSettings {
  readonly clientId: string
  readonly requestTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly security?: ConnectionSecurity | undefined
  /** Told of a connection whose other end is silent for long. */
  readonly slow?: (line: string) => void
  /** Sees every answer that is decoded here, with what was asked. */
  readonly answered?: ((request: string, body: unknown, answer: unknown) => void) | undefined
}

/** What makes a connection a trusted one; absent for security.protocol=PLAINTEXT. */
export interface ConnectionSecurity {
  /** `SSL`, `SASL_PLAINTEXT`, `SASL_SSL`. */
  readonly protocol: string
  readonly tls?: TlsOptions | undefined
  /** `User:alice`; undefined where only the broker knows who we are to it. */
  readonly principal?: string | undefined
  /**
   * Runs before any other request but ApiVersions, and again before the session is over.
   * @returns milliseconds that the session lives; 0: as long as the connection
   * @throws ConnectionError that names the address
   */
  authenticate?(connection: Authenticating): Promise<number>
  /** What a TLS handshake's failure means. */
  explain?(address: SocketAddress, error: unknown): ConnectionError | undefined
}

/** A connection while it authenticates. */
export interface Authenticating {
  readonly address: SocketAddress
  readonly ask: Ask
  /** Which mechanism is to be spoken. With an error the broker names those that it offers. */
  handshake(
    mechanism: string,
  ): Promise<{ readonly errorCode: number; readonly mechanisms: readonly string[] }>
}

export interface AskOptions {
  /** The request is part of authenticating, during which all others wait. */
  readonly authenticates?: true
  readonly timeoutMs?: number
  /** Default: the newest that both sides know. */
  readonly version?: number
  /** Of a body encoded by the caller: so many bytes at its front are free, so that the header can stand there and all goes out at once. */
  readonly headroom?: number
}

/** Sends a request and gives its response back, which has no error in it. */
export type Ask = <Q extends Fields, A extends Fields>(
  request: MessageSchema<Q>,
  response: MessageSchema<A>,
  body: MessageInput<Q>,
  options?: AskOptions,
) => Promise<Message<A>>
