/** A broker that cannot be spoken to: which address, why, and whether trying again can help. */
import { TerseError } from '../../errors.ts'
import { errorCode } from '../../os/error-code.ts'
import type { SocketAddress } from '../../os/sockets.ts'

export type HungUp = 'at-once' | 'behind-api-versions'

/**
 * No answer from a broker. `forGood`: nothing that happens outside changes it (unknown host, wrong protocol, wrong password), so it
 * is told at once; else the caller tries again until its time is over.
 */
export class ConnectionError extends TerseError {
  override name = 'ConnectionError'
  readonly address: SocketAddress
  readonly forGood: boolean
  /** `refused`: nothing listens there. `closed`: an open connection broke; what was asked may have been done. */
  readonly kind: 'refused' | 'unreachable' | 'timeout' | 'closed' | 'wrong'
  /**
   * The connection broke at its first request, as TLS listeners do that are asked in plain text, or at the first one behind
   * ApiVersions, as listeners do that want to know first who asks.
   */
  readonly hungUp: HungUp | undefined

  constructor(kind: ConnectionError['kind'], address: SocketAddress, message: string, hungUp?: HungUp) {
    super(message)
    this.kind = kind
    this.address = address
    this.forGood = kind === 'wrong'
    this.hungUp = hungUp
  }
}

/** `host:port`, an IPv6 address in brackets. */
export function addressText({ host, port }: SocketAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

const UNREACHABLE: Readonly<Record<string, string>> = {
  EHOSTUNREACH: 'no route to this host',
  ENETUNREACH: 'no route to this network',
  ETIMEDOUT: 'no answer to the attempt to connect',
  EAI_AGAIN: 'the name server does not answer',
}

/** What a failed attempt to connect means. */
export function connectFailure(address: SocketAddress, error: unknown): ConnectionError {
  const at = addressText(address)
  const code = errorCode(error) ?? ''
  if (code === 'ECONNREFUSED') {
    return new ConnectionError('refused', address, `nothing listens on ${at} (connection refused)`)
  }
  if (code === 'ENOTFOUND') {
    return new ConnectionError('wrong', address, `the host of ${at} is not known (${code})`)
  }
  if (code === 'TLS_TIMEDOUT') {
    const what = 'took the connection and did not answer the TLS handshake: see security.protocol'
    return new ConnectionError('timeout', address, `${at} ${what}`)
  }
  if (code in UNREACHABLE) {
    const kind = code === 'ETIMEDOUT' ? 'timeout' : 'unreachable'
    return new ConnectionError(kind, address, `${at} cannot be reached: ${UNREACHABLE[code]} (${code})`)
  }
  return new ConnectionError('unreachable', address, `${at} cannot be reached: ${(error as Error).message}`)
}

/** No answer in time. `request` undefined: the other side has never shown that it is a broker. */
export function silent(address: SocketAddress, request: string | undefined, ms: number): ConnectionError {
  const what =
    request === undefined
      ? `accepts connections and says nothing: no Kafka broker answered within ${ms} ms`
      : `did not answer ${request} within ${ms} ms`
  const kind = request === undefined ? 'wrong' : 'timeout'
  return new ConnectionError(kind, address, `${addressText(address)} ${what}`)
}

/** The connection ended before the answer came. */
export function connectionClosed(address: SocketAddress, error?: Error, hungUp?: HungUp): ConnectionError {
  const why =
    error === undefined
      ? 'closed the connection'
      : `broke the connection (${errorCode(error) ?? error.message})`
  return new ConnectionError('closed', address, `${addressText(address)} ${why} before it answered`, hungUp)
}
